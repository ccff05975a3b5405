/* SPDX-License-Identifier: MIT */
/*
 * What a person types: names, conditions and tables, with good input, bad input and random round
 * trips.
 */
#include "harness.h"

#include "base/mem.h"
#include "base/rng.h"
#include "model/catalogue.h"
#include "rpc/codec.h"
#include "rpc/wfp.pb-c.h"
#include "wfp/people.h"
#include "wfp/show.h"
#include "wfp/table.h"
#include "wfp/typed.h"
#include "wfp/words.h"

#define ROUNDS 2000

static const struct model_layer *layer(const char *name)
{
	return model_layer_by_name(name);
}

static struct typed one(const char *field, const char *value, bool negated)
{
	return (struct typed){.from = "option",
			      .field = field,
			      .match = TYPED_MATCH,
			      .negated = negated,
			      .value = value};
}

/* ---- names ------------------------------------------------------------------------------------
 */

TEST(names_are_found_by_any_unambiguous_part)
{
	static const struct {
		const struct words *words;
		const char *text, *name;
	} rows[] = {
		{&words_layers, "FWPM_LAYER_ALE_AUTH_CONNECT_V4", "FWPM_LAYER_ALE_AUTH_CONNECT_V4"},
		{&words_layers, "ale-auth-connect-v4", "FWPM_LAYER_ALE_AUTH_CONNECT_V4"},
		{&words_layers, "AUTH_CONNECT_V4", "FWPM_LAYER_ALE_AUTH_CONNECT_V4"},
		{&words_layers, "Connect-V6", "FWPM_LAYER_ALE_AUTH_CONNECT_V6"},
		{&words_layers, "stream-v4", "FWPM_LAYER_STREAM_V4"},
		{&words_layers, "recv-accept-v4", "FWPM_LAYER_ALE_AUTH_RECV_ACCEPT_V4"},
		{&words_conditions, "remote-port", "FWPM_CONDITION_IP_REMOTE_PORT"},
		{&words_conditions, "icmp-type", "FWPM_CONDITION_ICMP_TYPE"},
		{&words_actions, "block", "FWP_ACTION_BLOCK"},
		{&words_actions, "callout-inspection", "FWP_ACTION_CALLOUT_INSPECTION"},
		{&words_matches, "flags-all-set", "FWP_MATCH_FLAGS_ALL_SET"},
		{&words_sublayers, "universal", "FWPM_SUBLAYER_UNIVERSAL"},
		{&words_options, "collect-net-events", "FWPM_ENGINE_COLLECT_NET_EVENTS"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_EQ_S(words_find(rows[i].words, rows[i].text, NULL), rows[i].name);
}

TEST(every_name_is_found_whole_and_short)
{
	static const struct words *const lists[] = {
		&words_layers,	  &words_conditions, &words_sublayers,
		&words_providers, &words_callouts,   &words_matches,
		&words_actions,	  &words_options,    &words_context_types};
	struct buf text = {0};
	const char *name;

	for (size_t l = 0; l < ARRAY_LEN(lists); l++)
		for (unsigned i = 0; (name = lists[l]->at(i)) != NULL; i++) {
			CHECK_EQ_S(words_find(lists[l], name, NULL), name);
			buf_reset(&text);
			words_short(lists[l], name, &text);
			CHECK_EQ_S(words_find(lists[l], buf_str(&text), NULL), name);
		}
	buf_free(&text);
}

TEST(a_wrong_name_is_answered_with_what_is_near)
{
	static const struct {
		const struct words *words;
		const char *text, *sentence;
	} rows[] = {
		{&words_layers, "ale-auth-conect-v4",
		 "no such layer: ale-auth-conect-v4; did you mean ale-auth-connect-v4?"},
		{&words_actions, "blok", "no such action: blok; did you mean block?"},
		{&words_layers, "zzzzzzzzzzzzzzzz", "no such layer: zzzzzzzzzzzzzzzz"},
		{&words_layers, "", "no such layer: "},
	};
	struct buf why = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&why);
		CHECK(!words_find(rows[i].words, rows[i].text, &why));
		CHECK_EQ_S(buf_str(&why), rows[i].sentence);
	}
	buf_reset(&why);
	CHECK(!words_find(&words_conditions, "port", &why));
	CHECK(strstr(buf_str(&why), "ip-local-port") && strstr(buf_str(&why), "ip-remote-port"));
	buf_free(&why);
}

/* ---- conditions -------------------------------------------------------------------------------
 */

/* As text, by commas; or "error: " and the sentence. */
static void resolve(const char *at, const struct typed *typed, size_t n, struct buf *out)
{
	struct typed_conditions c = {0};
	struct buf why = {0};
	struct arena a;

	buf_reset(out);
	arena_init(&a, 1 << 20);
	if (typed_resolve(&a, layer(at), typed, n, &c, &why))
		buf_printf(out, "error: %s", buf_str(&why));
	for (size_t i = 0; i < c.n; i++) {
		buf_append_str(out, i ? ", " : "");
		show_condition(c.conditions[i], out);
	}
	buf_free(&why);
	arena_free(&a);
}

TEST(values_take_every_form_that_people_use)
{
	static const struct {
		const char *layer, *field, *value;
		bool negated;
		const char *conditions;
	} rows[] = {
		{"ALE_AUTH_CONNECT_V4", "remote-port", "443", false, "ip-remote-port == 443"},
		{"ALE_AUTH_CONNECT_V4", "remote-port", "0x1bb", false, "ip-remote-port == 443"},
		{"ALE_AUTH_CONNECT_V4", "remote-port", "80-90", false, "ip-remote-port in 80-90"},
		{"ALE_AUTH_CONNECT_V4", "remote-port", "80,443,8000-8080", false,
		 "ip-remote-port == 80, ip-remote-port == 443, ip-remote-port in 8000-8080"},
		{"ALE_AUTH_CONNECT_V4", "remote-port", "22", true, "ip-remote-port != 22"},
		{"ALE_AUTH_CONNECT_V4", "remote-address", "10.0.0.1", false,
		 "ip-remote-address == 10.0.0.1"},
		{"ALE_AUTH_CONNECT_V4", "remote-address", "10.0.0.0/8", false,
		 "ip-remote-address == 10.0.0.0/8"},
		{"ALE_AUTH_CONNECT_V4", "remote-address", "10.0.0.0/255.255.0.0", false,
		 "ip-remote-address == 10.0.0.0/16"},
		{"ALE_AUTH_CONNECT_V4", "remote-address", "10.0.0.1-10.0.0.9", false,
		 "ip-remote-address in 10.0.0.1-10.0.0.9"},
		{"ALE_AUTH_CONNECT_V6", "remote-address", "fe80::/10,::1", false,
		 "ip-remote-address == fe80::/10, ip-remote-address == ::1"},
		{"ALE_AUTH_CONNECT_V6", "remote-address", "fe80::1-fe80::9", false,
		 "ip-remote-address in fe80::1-fe80::9"},
		{"ALE_AUTH_CONNECT_V4", "protocol", "TCP,udp,99", false,
		 "ip-protocol == 6, ip-protocol == 17, ip-protocol == 99"},
		{"ALE_AUTH_CONNECT_V4", "flags", "1", false, "flags all 1"},
		{"ALE_AUTH_CONNECT_V4", "flags", "1", true, "flags none 1"},
		{"ALE_AUTH_CONNECT_V4", "local-address", "empty", false,
		 "ip-local-address == empty"},
		{"ALE_AUTH_CONNECT_V4", "user-id", "1000", false,
		 "ale-user-id == O:SYG:SYD:(A;;CC;;;S-1-22-1-1000)"},
		{"ALE_AUTH_CONNECT_V4", "user-id", "root,@7", false,
		 "ale-user-id == O:SYG:SYD:(A;;CC;;;S-1-22-1-0)(A;;CC;;;S-1-22-2-7)"},
		{"ALE_AUTH_CONNECT_V4", "user-id", "0", true,
		 "ale-user-id == O:SYG:SYD:(D;;CC;;;S-1-22-1-0)(A;;CC;;;WD)"},
		{"ALE_AUTH_CONNECT_V4", "user-id", "D:(A;;CC;;;WD)", false,
		 "ale-user-id == D:(A;;CC;;;WD)"},
		{"ALE_AUTH_CONNECT_V4", "app-id", "/usr/../etc/passwd", false,
		 "ale-app-id == /etc/passwd"},
		{"ALE_AUTH_CONNECT_V4", "app-id", "\\device\\x\\Y.exe", false,
		 "ale-app-id == \\device\\x\\Y.exe"},
		{"ALE_AUTH_CONNECT_V4", "app-id", "hex:00ff", false, "ale-app-id == hex:00ff"},
	};
	struct buf text = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct typed t = one(rows[i].field, rows[i].value, rows[i].negated);

		resolve(rows[i].layer, &t, 1, &text);
		CHECK_EQ_S(buf_str(&text), rows[i].conditions);
	}
	buf_free(&text);
}

TEST(wrong_values_are_answered_with_the_field_and_what_was_expected)
{
	static const struct {
		const char *field, *value;
		bool negated;
		const char *part;
	} rows[] = {
		{"remote-port", "", false, "expected"},
		{"remote-port", "80,", false, "expected"},
		{"remote-port", "http", false, "http"},
		{"remote-port", "65536", false, "65535"},
		{"remote-port", "-1", false, "option"},
		{"remote-port", "80-", false, "expected"},
		{"remote-port", "80-90", true, "a range cannot be negated"},
		{"remote-port", "80,90", true, "a list cannot be negated"},
		{"remote-address", "10.0.0", false, "IPv4 address"},
		{"remote-address", "10.0.0.0/33", false, "IPv4 network"},
		{"remote-address", "fe80::1", false, "IPv4 address"},
		{"protocol", "tpc", false, "tpc"},
		{"protocol", "256", false, "255"},
		{"user-id", "no-such-user", false, "no such user: no-such-user"},
		{"user-id", "", false, "no user named"},
		{"user-id", "D:(A;;CC;;;WD", false, "no security descriptor"},
		{"app-id", "/no/such/program", false, "/no/such/program"},
		{"app-id", "hex:0", false, "hexadecimal"},
		{"mac-local-address", "02:00:00:00:00:01", false, "has no field mac-local-address"},
		{"remote-prot", "80", false, "did you mean"},
		{"port", "80", false, "may be"},
	};
	struct buf text = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct typed t = one(rows[i].field, rows[i].value, rows[i].negated);

		resolve("ALE_AUTH_CONNECT_V4", &t, 1, &text);
		if (strncmp(buf_str(&text), "error: ", 7) != 0 ||
		    !strstr(buf_str(&text), rows[i].part))
			CHECK_SAY("%s %s: \"%s\" does not say \"%s\"", rows[i].field, rows[i].value,
				  buf_str(&text), rows[i].part);
	}
	buf_free(&text);
}

TEST(what_is_negated_stands_alone_on_its_field)
{
	struct typed typed[] = {one("remote-port", "22", true), one("remote-port", "80", false)};
	struct typed apart[] = {one("remote-port", "22", true), one("local-port", "80", false)};
	struct buf text = {0};

	resolve("ALE_AUTH_CONNECT_V4", typed, 2, &text);
	CHECK(strstr(buf_str(&text), "either would be enough"));
	resolve("ALE_AUTH_CONNECT_V4", apart, 2, &text);
	CHECK_EQ_S(buf_str(&text), "ip-remote-port != 22, ip-local-port == 80");
	buf_free(&text);
}

static void split(const char *text, struct buf *out)
{
	struct typed t;
	struct buf why = {0};
	struct arena a;

	buf_reset(out);
	arena_init(&a, 1 << 16);
	if (typed_split(&a, text, &t, &why))
		buf_printf(out, "error: %s", buf_str(&why));
	else
		buf_printf(out, "%s|%u|%s", t.field, t.match, t.value);
	buf_free(&why);
	arena_free(&a);
}

TEST(a_condition_is_field_operation_and_value)
{
	static const struct {
		const char *text, *parts;
	} rows[] = {
		{"ip-remote-port == 443", "ip-remote-port|0|443"},
		{"  port  >=   1 2 ", "port|3|1 2 "},
		{"x flags-none-set 1", "x|8|1"},
		{"x is empty", "x|0|empty"},
		{"x !^= a", "x|12|a"},
		{"x FWP_MATCH_RANGE 1-2", "x|5|1-2"},
	};
	static const char *const bad[] = {"", "x", "x ==", "x == ", "x ?? 1", "== 1"};
	struct buf text = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		split(rows[i].text, &text);
		CHECK_EQ_S(buf_str(&text), rows[i].parts);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		split(bad[i], &text);
		CHECK(strncmp(buf_str(&text), "error: --condition", 18) == 0);
	}
	buf_free(&text);
}

/* ---- round trips ------------------------------------------------------------------------------
 */

static void random_value(struct rng *r, const struct model_field *f, struct buf *out)
{
	uint32_t a = rng_below(r, 60000), b = a + rng_below(r, 5000);
	bool address = f->field_type == MODEL_FIELD_IP_ADDRESS;

	buf_reset(out);
	switch (f->type) {
	case MODEL_UINT8:
		buf_printf(out, "%u", a & 0xff);
		break;
	case MODEL_BYTE_ARRAY16_TYPE:
		buf_printf(out, "fe80::%x", a);
		if (address && rng_below(r, 2))
			buf_printf(out, "/%u", 1 + rng_below(r, 128));
		break;
	case MODEL_UINT32:
		if (!address)
			buf_printf(out, "%u", a);
		else if (rng_below(r, 2))
			buf_printf(out, "10.%u.0.0/%u", a & 0xff, 1 + rng_below(r, 32));
		else
			buf_printf(out, "10.0.0.%u-10.1.0.%u", a & 0xff, b & 0xff);
		break;
	case MODEL_UINT16:
	case MODEL_UINT64:
		buf_printf(out, rng_below(r, 2) ? "%u" : "%u-%u", a, b);
		break;
	default:
		break;
	}
}

/* "field sign value" read again is the same message. */
static void check_again(const struct model_layer *at, const Openwfp__FilterCondition *c)
{
	struct typed_conditions again = {0};
	struct buf text = {0}, why = {0}, x = {0}, y = {0};
	struct typed t;
	struct arena a;

	arena_init(&a, 1 << 20);
	show_condition(c, &text);
	if (typed_split(&a, buf_str(&text), &t, &why) || typed_resolve(&a, at, &t, 1, &again, &why))
		CHECK_SAY("%s: %s", buf_str(&text), buf_str(&why));
	CHECK_EQ_U(again.n, 1);
	rpc_message_pack(&c->base, &x);
	rpc_message_pack(&again.conditions[0]->base, &y);
	if (x.len != y.len || memcmp(x.data, y.data, x.len) != 0)
		CHECK_SAY("%s was read as something else", buf_str(&text));
	buf_free(&text);
	buf_free(&why);
	buf_free(&x);
	buf_free(&y);
	arena_free(&a);
}

TEST(what_is_shown_is_read_back_the_same)
{
	struct buf value = {0}, why = {0};
	struct rng r;

	rng_seed(&r, test_seed());
	for (unsigned i = 0; i < ROUNDS; i++) {
		const struct model_layer *at = model_layer_at(rng_below(&r, model_layer_count()));
		const struct model_field *f =
			at->n_fields ? &at->fields[rng_below(&r, at->n_fields)] : NULL;
		struct typed_conditions c = {0};
		struct typed t;
		struct arena a;

		/* A key may stand twice in a layer, once for each schema; what is reserved has no
		 * form of its own. */
		f = f ? model_field_find(at, f->key) : NULL;
		if (!f || strstr(f->name, "_RESERVED"))
			continue;
		random_value(&r, f, &value);
		if (!value.len)
			continue;
		t = one(f->name, buf_str(&value), false);
		arena_init(&a, 1 << 20);
		buf_reset(&why);
		if (typed_resolve(&a, at, &t, 1, &c, &why))
			CHECK_SAY("%s %s at %s: %s", f->name, t.value, at->name, buf_str(&why));
		check_again(at, c.conditions[0]);
		arena_free(&a);
	}
	buf_free(&value);
	buf_free(&why);
}

TEST(random_text_is_never_more_than_an_error)
{
	static const char letters[] = "abc0189.,:-/@\\()=<>!~ \t\xc3\xa9\xff";
	char text[24];
	struct buf out = {0};
	struct rng r;

	rng_seed(&r, test_seed());
	for (unsigned i = 0; i < ROUNDS; i++) {
		const struct model_layer *at = layer("ALE_AUTH_CONNECT_V4");
		const struct model_field *f = &at->fields[rng_below(&r, at->n_fields)];
		unsigned n = rng_below(&r, sizeof(text));
		struct typed t;

		for (unsigned k = 0; k < n; k++)
			text[k] = letters[rng_below(&r, sizeof(letters) - 1)];
		text[n] = '\0';
		t = one(f->name, text, rng_below(&r, 2));
		resolve(at->name, &t, 1, &out);
		split(text, &out);
	}
	buf_free(&out);
}

TEST(a_lack_of_memory_is_an_error)
{
	static const struct typed typed = {
		.from = "option", .field = "remote-port", .match = TYPED_MATCH, .value = "80,443"};
	wfp_err err = ERR_NO_MEMORY;
	uint64_t live = mem_live();

	for (uint64_t nth = 1; err; nth++) {
		struct typed_conditions c = {0};
		struct buf why = {0};
		struct arena a;

		arena_init(&a, 1 << 20);
		mem_fail_at(nth);
		err = typed_resolve(&a, layer("ALE_AUTH_CONNECT_V4"), &typed, 1, &c, &why);
		mem_fail_at(0);
		buf_free(&why);
		arena_free(&a);
		CHECK_EQ_U(mem_live(), live);
		CHECK(nth < 1000);
	}
}

/* ---- tables -----------------------------------------------------------------------------------
 */

static void write_table(size_t width, struct buf *out)
{
	static const char *const titles[] = {"A", "NAME", "LAST"};
	static const char *const cells[] = {
		"1", "x", "a long cell", "", "gr\xc3\xbc\xc3\x9f\x1b[0m", ""};
	struct table t;

	table_init(&t, titles, 3);
	for (size_t i = 0; i < ARRAY_LEN(cells); i++)
		table_cell(&t, cells[i]);
	CHECK_OK(table_write(&t, width, out));
	table_free(&t);
}

TEST(tables_are_aligned_and_harmless)
{
	struct buf out = {0};

	write_table(0, &out);
	CHECK_EQ_S(buf_str(&out), "A  NAME      LAST\n"
				  "1  x         a long cell\n"
				  "   gr\xc3\xbc\xc3\x9f?[0m\n");
	buf_free(&out);
}

TEST(tables_are_cut_to_the_width)
{
	struct buf out = {0};

	write_table(16, &out);
	CHECK_EQ_S(buf_str(&out), "A  NAME      LAS\n"
				  "1  x         a l\n"
				  "   gr\xc3\xbc\xc3\x9f?[0m\n");
	buf_free(&out);
}
