/* SPDX-License-Identifier: MIT */
/*
 * policy_file - what a policy file may say, and the sentence for everything it may not.
 */
#include "bfe_world.h"

#include "base/file.h"
#include "bfe/policy_file.h"

#include <unistd.h>

static wfp_err load(struct world *w, const char *text, struct buf *why)
{
	buf_reset(why);
	return policy_file_parse(w->s, text, strlen(text), "policy.json", why);
}

#define FILTER(rest)                                                                               \
	"{\"filters\":[{\"name\":\"x\",\"layer\":\"FWPM_LAYER_ALE_AUTH_CONNECT_V4\","              \
	"\"action\":\"FWP_ACTION_BLOCK\"" rest "}]}"
#define CONDITION(field, value)                                                                    \
	FILTER(",\"conditions\":[{\"field\":\"FWPM_CONDITION_" field "\",\"value\":" value "}]")

static void source_path(struct buf *path, const char *file)
{
	const char *root = getenv("SRCROOT");

	buf_reset(path);
	buf_printf(path, "%s/%s", root ? root : ".", file);
}

TEST(the_example_loads)
{
	struct world w = world_open();
	struct buf why = {0}, path = {0};

	source_path(&path, "examples/policy.json");
	if (policy_file_load(w.s, buf_str(&path), &why))
		ck_abort_msg("%s", buf_str(&why));
	CHECK(in_force(&w));
	CHECK(knows_filter(&w, 65537 + 3));
	CHECK(!knows_filter(&w, 65537 + 4));
	buf_free(&path);
	buf_free(&why);
	world_close(&w);
}

static const struct {
	const char *text, *says;
} bad[] = {
	{"{ \"filters\": [ }", "policy.json:1:"},
	{"{\n\n \"filters\": 1,, }", "policy.json:3:"},
	{"[]", "policy.json: expected an object, found a list"},
	{"{\"colour\":1}", "colour"},
	{"{\"filters\":{}}", "policy.json: filters: expected a list"},
	{"{\"filters\":[1]}", "policy.json: filters[0]: expected an object"},
	{"{\"filters\":[],\"filters\":[]}", "duplicate"},
	{"{\"filters\":[{\"name\":\"x\",\"colour\":\"red\"}]}", "filters[0]: no such key: colour"},
	{"{\"filters\":[{}]}", "\"name\" is missing"},
	{"{\"filters\":[{\"name\":\"x\",\"layer\":\"FWPM_LAYER_NOWHERE\","
	 "\"action\":\"FWP_ACTION_BLOCK\"}]}",
	 "filters[0].layer: no such layer: FWPM_LAYER_NOWHERE"},
	{"{\"filters\":[{\"name\":\"x\",\"layer\":\"ALE_AUTH_CONNECT_V4\",\"action\":\"DROP\"}]}",
	 "filters[0].action: no such action: DROP (expected one of FWP_ACTION_BLOCK"},
	{CONDITION("NOTHING", "1"),
	 "filters[0].conditions[0].field: no such condition: FWPM_CONDITION_NOTHING"},
	{CONDITION("ETHER_TYPE", "1"), "has no field FWPM_CONDITION_ETHER_TYPE"},
	{CONDITION("IP_REMOTE_PORT", "65536"), "conditions[0].value: 65536 is too much"},
	{CONDITION("IP_REMOTE_PORT", "-1"), "expected a number from 0 to 65535"},
	{CONDITION("IP_REMOTE_PORT", "{\"type\":\"FWP_FOO\",\"value\":1}"),
	 "value.type: no such data type: FWP_FOO"},
	{CONDITION("IP_REMOTE_PORT", "{\"type\":\"FWP_UINT32\",\"value\":1}"),
	 "FWP_E_TYPE_MISMATCH"},
	{CONDITION("IP_REMOTE_PORT", "\"90-80\""), "FWP_E_INVALID_RANGE"},
	{CONDITION("IP_REMOTE_ADDRESS", "\"10.0.0.300\""), "\"10.0.0.300\" is not an IPv4 address"},
	{CONDITION("IP_REMOTE_ADDRESS", "\"10.0.0.0/33\""),
	 "\"10.0.0.0/33\" is not an IPv4 network"},
	{CONDITION("IP_REMOTE_ADDRESS", "\"10.0.0.0/255.0.255.0\""), "FWP_E_INVALID_NET_MASK"},
	{CONDITION("ALE_USER_ID", "\"rubbish\""), "\"rubbish\" is no security descriptor"},
	{CONDITION("ALE_APP_ID", "\"abc\""), "hexadecimal"},
	{FILTER(",\"conditions\":[{\"field\":\"FWPM_CONDITION_IP_REMOTE_PORT\","
		"\"match\":\"EQUALS\",\"value\":1}]"),
	 "match: no such match type: EQUALS (expected one of FWP_MATCH_EQUAL"},
	{FILTER(",\"subLayer\":\"nothing\""), "filters[0].subLayer: no such sublayer: nothing"},
	{FILTER(",\"subLayer\":\"{00000000-0000-0000-0000-000000000001}\""),
	 "FWP_E_SUBLAYER_NOT_FOUND"},
	{FILTER(",\"weight\":{\"range\":16}"), "filters[0].weight.range: 16 is too much"},
	{FILTER(",\"weight\":\"x\""), "filters[0].weight: expected a number"},
	{FILTER(",\"flags\":[\"FWPM_FILTER_FLAG_PERSISTENT\"]"),
	 "filters[0].flags[0]: no such flag"},
	{FILTER(",\"callout\":\"x\""), "\"callout\" is of no use"},
	{FILTER(",\"key\":\"x\""), "filters[0].key: \"x\" is not a GUID"},
	{"{\"subLayers\":[{\"name\":\"a\"},{\"name\":\"a\"}]}",
	 "subLayers[1]: two of the subLayers are called \"a\""},
	{"{\"subLayers\":[{\"name\":\"a\",\"weight\":65536}]}", "subLayers[0].weight: 65536"},
	{"{\"callouts\":[{\"name\":\"a\"}]}", "callouts[0]: \"layer\" is missing"},
};

TEST(what_is_wrong_is_said_and_nothing_is_added)
{
	struct world w = world_open();
	struct buf why = {0};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CHECK(load(&w, bad[i].text, &why));
		if (!strstr(buf_str(&why), bad[i].says))
			ck_abort_msg("%s: \"%s\", not \"%s\"", bad[i].text, buf_str(&why),
				     bad[i].says);
		CHECK(!in_force(&w));
	}
	buf_free(&why);
	world_close(&w);
}

static const char *const good[] = {
	CONDITION("IP_REMOTE_PORT", "443"),
	CONDITION("IP_REMOTE_PORT", "\"0x1bb\""),
	CONDITION("IP_REMOTE_PORT", "\"80-90\""),
	CONDITION("IP_REMOTE_PORT", "[80, 90]"),
	CONDITION("IP_REMOTE_PORT", "{\"type\":\"FWP_UINT16\",\"value\":443}"),
	CONDITION("IP_REMOTE_PORT",
		  "{\"type\":\"FWP_RANGE_TYPE\",\"value\":{\"low\":80,\"high\":90}}"),
	CONDITION("IP_REMOTE_PORT", "{\"type\":\"FWP_EMPTY\"}"),
	CONDITION("IP_REMOTE_ADDRESS", "\"10.0.0.1\""),
	CONDITION("IP_REMOTE_ADDRESS", "\"10.0.0.0/8\""),
	CONDITION("IP_REMOTE_ADDRESS", "\"10.0.0.0/255.0.0.0\""),
	CONDITION("IP_REMOTE_ADDRESS", "\"0.0.0.0/0\""),
	CONDITION("IP_REMOTE_ADDRESS", "\"10.0.0.1-10.0.0.9\""),
	CONDITION("IP_REMOTE_ADDRESS", "{\"type\":\"FWP_V4_ADDR_MASK\",\"value\":\"10.0.0.0/8\"}"),
	CONDITION("IP_PROTOCOL", "\"tcp\""),
	CONDITION("IP_LOCAL_INTERFACE", "\"0xffffffffffffffff\""),
	CONDITION("ALE_USER_ID", "\"D:(A;;CC;;;S-1-22-1-1000)\""),
	CONDITION("ALE_APP_ID", "\"00ff\""),
	CONDITION("ALE_PACKAGE_ID", "\"S-1-15-2-1\""),
	FILTER(",\"subLayer\":\"FWPM_SUBLAYER_LIPS\",\"provider\":\"FWPM_PROVIDER_IKEEXT\""),
	FILTER(",\"weight\":\"0xffffffffffffffff\",\"context\":7,"
	       "\"flags\":[\"FWPM_FILTER_FLAG_CLEAR_ACTION_RIGHT\"]"),
	"{\"callouts\":[{\"name\":\"c\",\"layer\":\"FWPM_LAYER_ALE_AUTH_CONNECT_V4\"}],"
	"\"filters\":[{\"name\":\"x\",\"layer\":\"FWPM_LAYER_ALE_AUTH_CONNECT_V4\","
	"\"action\":\"FWP_ACTION_CALLOUT_TERMINATING\",\"callout\":\"c\"}]}",
};

TEST(every_form_of_a_value_is_read)
{
	struct buf why = {0};

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct world w = world_open();

		if (load(&w, good[i], &why))
			ck_abort_msg("%s: %s", good[i], buf_str(&why));
		CHECK(in_force(&w));
		buf_free(&why);
		world_close(&w);
	}
}

/* ---- what a value means -----------------------------------------------------------------------
 */

/* The fields of the layer that the rows below set, in the order of its schema. */
struct connection {
	uint32_t remote;
	uint16_t port;
	uint8_t protocol;
};

static bool blocks(struct world *w, const struct connection *c)
{
	struct engine_metadata meta = {0};
	struct model_value values[42] = {{0}};
	struct engine_indication ind = {
		.layer = CONNECT, .n_values = 42, .values = values, .meta = &meta};
	struct engine_verdict v;

	values[5] = (struct model_value){.type = MODEL_UINT8, .u8 = c->protocol};
	values[6] = (struct model_value){.type = MODEL_UINT32, .u32 = c->remote};
	values[7] = (struct model_value){.type = MODEL_UINT16, .u16 = c->port};
	engine_classify(w->engine, &ind, &v);
	return v.outcome == ENGINE_BLOCK;
}

static const struct {
	const char *text;
	struct connection yes, no;
} meanings[] = {
	{CONDITION("IP_REMOTE_PORT", "443"), {.port = 443}, {.port = 442}},
	{CONDITION("IP_REMOTE_PORT", "\"0x1bb\""), {.port = 443}, {.port = 442}},
	{CONDITION("IP_REMOTE_PORT", "\"80-90\""), {.port = 80}, {.port = 79}},
	{CONDITION("IP_REMOTE_PORT", "[80, 90]"), {.port = 90}, {.port = 91}},
	{CONDITION("IP_PROTOCOL", "\"udp\""), {.protocol = 17}, {.protocol = 6}},
	{CONDITION("IP_REMOTE_ADDRESS", "\"10.0.0.1\""), {.remote = 0x0a000001}, {.remote = 1}},
	{CONDITION("IP_REMOTE_ADDRESS", "\"10.0.0.0/8\""),
	 {.remote = 0x0affffff},
	 {.remote = 0x0b000000}},
	{CONDITION("IP_REMOTE_ADDRESS", "\"10.0.0.0/255.255.0.0\""),
	 {.remote = 0x0a00ffff},
	 {.remote = 0x0a010000}},
	{CONDITION("IP_REMOTE_ADDRESS", "\"10.0.0.1-10.0.0.9\""),
	 {.remote = 0x0a000009},
	 {.remote = 0x0a00000a}},
	{FILTER(",\"conditions\":[{\"field\":\"IP_REMOTE_PORT\",\"value\":80},"
		"{\"field\":\"IP_REMOTE_PORT\",\"value\":443},"
		"{\"field\":\"IP_PROTOCOL\",\"value\":\"tcp\"}]"),
	 {.port = 443, .protocol = 6},
	 {.port = 443, .protocol = 17}},
	{FILTER(",\"conditions\":[{\"field\":\"IP_REMOTE_PORT\","
		"\"match\":\"FWP_MATCH_GREATER\",\"value\":1023}]"),
	 {.port = 1024},
	 {.port = 1023}},
};

TEST(a_filter_from_a_file_decides_as_it_is_written)
{
	struct buf why = {0};

	for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
		struct world w = world_open();

		if (load(&w, meanings[i].text, &why))
			ck_abort_msg("%s: %s", meanings[i].text, buf_str(&why));
		if (!blocks(&w, &meanings[i].yes) || blocks(&w, &meanings[i].no))
			ck_abort_msg("%s decides otherwise", meanings[i].text);
		buf_free(&why);
		world_close(&w);
	}
}

/* ---- files ------------------------------------------------------------------------------------
 */

TEST(the_example_of_the_manual_loads)
{
	struct world w = world_open();
	struct buf why = {0}, path = {0}, text = {0};
	const char *begin, *end;

	source_path(&path, "docs/policy.md");
	CHECK_OK(file_read_all(buf_str(&path), 1 << 20, &text));
	begin = strstr(buf_str(&text), "```json\n");
	CHECK(begin);
	begin += strlen("```json\n");
	end = strstr(begin, "```");
	CHECK(end);
	if (policy_file_parse(w.s, begin, (size_t)(end - begin), "policy.md", &why))
		ck_abort_msg("%s", buf_str(&why));
	CHECK(in_force(&w));
	buf_free(&text);
	buf_free(&path);
	buf_free(&why);
	world_close(&w);
}

TEST(a_file_above_16_mib_is_refused)
{
	char path[64];
	struct world w = world_open();
	size_t len = POLICY_FILE_MAX + 1;
	char *spaces = mem_alloc(len);
	struct buf why = {0};

	snprintf(path, sizeof(path), "too_long.%d.json", getpid());
	memset(spaces, ' ', len);
	CHECK_OK(file_write_all(path, spaces, len));
	CHECK_ERR(policy_file_load(w.s, path, &why), ERR_INSUFFICIENT_BUFFER);
	CHECK(strstr(buf_str(&why), "json: longer than 16777216 bytes"));
	CHECK_OK(file_remove(path));
	mem_free(spaces);
	buf_free(&why);
	world_close(&w);
}

TEST(a_file_that_is_not_there_is_named)
{
	struct world w = world_open();
	struct buf why = {0};

	CHECK_ERR(policy_file_load(w.s, "no/where.json", &why), ERR_FILE_NOT_FOUND);
	CHECK(strstr(buf_str(&why), "no/where.json: "));
	buf_free(&why);
	world_close(&w);
}

TEST(a_session_that_is_in_a_transaction_is_refused)
{
	struct world w = world_open();
	struct buf why = {0};

	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_ERR(load(&w, "{}", &why), ERR_TXN_IN_PROGRESS);
	CHECK(why.len > 0);
	buf_free(&why);
	world_close(&w);
}

/* Every allocation but those of the JSON library fails once. */
TEST(without_memory_nothing_is_added)
{
	struct world w = world_open();
	struct buf why = {0};
	bool done = false;

	if (!MEM_TRACKED)
		return world_close(&w);
	buf_printf(&why, "%200s", "");
	for (uint64_t n = 1; !done; n++) {
		buf_reset(&why);
		mem_fail_at(n);
		done = !load(&w, good[8], &why);
		mem_fail_at(0);
		CHECK(done || !in_force(&w));
		CHECK(n < 10000);
	}
	CHECK(in_force(&w));
	buf_free(&why);
	world_close(&w);
}
