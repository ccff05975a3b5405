/* SPDX-License-Identifier: MIT */
/*
 * Keys and boxes against the matcher: whatever a filter matches lies in one of its boxes, and what
 * lies in an exact one is matched unless the key is loose.
 *
 * KEY_ROUNDS is the number of random filters (fewer under the simulator), each asked about 60
 * packets that are close to its conditions.
 */
#include "harness.h"

#include "base/mem.h"
#include "base/rng.h"
#include "engine/key.h"
#include "engine/rule.h"
#include "model/compare.h"
#include "model/sddl.h"
#include "model/sid.h"
#include "model/token.h"

#ifdef BASE_SIM
#define ROUNDS 2000u
#else
#define ROUNDS 40000u
#endif
#define PACKETS	   60u
#define VALUES	   80u
#define CONDITIONS 40u
#define POOL	   8u

static struct rng rng;

/* ---- values: few, with the ends of each type among them -------------------------------------- */

static const uint64_t numbers[POOL] = {0,	  1, 2, 6, 17, 255, UINT64_C(0x8000000000008080),
				       UINT64_MAX};
static const struct model_bytes16 addresses[POOL] = {
	{{0}},
	{{[15] = 1}},
	{{[3] = 1}},
	{{0x20, 0x01, 0x0d, 0xb8}},
	{{0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff}},
	{{0x20, 0x01, 0x0d, 0xb9}},
	{{0xff, 2, [15] = 0xfb}},
	{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff}},
};
static const struct model_bytes6 macs[POOL] = {
	{{0}}, {{[5] = 1}}, {{[4] = 1}}, {{2, 0, 0, 0, 0, 1}},
	{{2}}, {{3}},	    {{255}},	 {{255, 255, 255, 255, 255, 255}},
};
static const uint16_t strings[POOL][8] = {
	{0},
	{'a'},
	{'A'},
	{'b', 'i', 'n'},
	{'b', 'i', 'N'},
	{'n', '/', 'b'},
	{'b', 'i', 'n', 'a'},
	{0xffff, 0xffff},
};
static const char *const sddls[2] = {"D:(A;;CC;;;WD)", "D:(A;;CC;;;S-1-22-1-1000)"};
static struct model_blob blobs[POOL];
static struct sid sids[POOL];
static struct model_blob *sds[2], *tokens[2];

static void make_pools(void)
{
	for (unsigned i = 0; i < POOL; i++) {
		unsigned n = 0;

		while (strings[i][n])
			n++;
		blobs[i] = (struct model_blob){2 * n, n ? (uint8_t *)(uintptr_t)strings[i] : NULL};
		sid_make(&sids[i], 5, 1 + i % 3, (const uint32_t[]){18, i, 7});
	}
	for (unsigned i = 0; i < 2; i++) {
		CHECK_OK(model_sddl_parse(&sds[i], sddls[i], NULL));
		CHECK_OK(model_token_make_unix(&tokens[i], 1000 + i, NULL, 0));
	}
}

static void free_pools(void)
{
	for (unsigned i = 0; i < 2; i++) {
		mem_free(sds[i]);
		mem_free(tokens[i]);
	}
}

/* The bytes that do not belong to a short number are noise. */
static struct model_value value_at(uint32_t type, unsigned i)
{
	struct model_value v = {.type = type, .raw = rng_u64(&rng)};

	switch (type) {
	case MODEL_UINT8:
		v.u8 = (uint8_t)numbers[i];
		break;
	case MODEL_UINT16:
		v.u16 = (uint16_t)numbers[i];
		break;
	case MODEL_UINT32:
		v.u32 = (uint32_t)numbers[i];
		break;
	case MODEL_UINT64:
		v.u64 = &numbers[i];
		break;
	case MODEL_BYTE_ARRAY16_TYPE:
		v.bytes16 = &addresses[i];
		break;
	case MODEL_BYTE_ARRAY6_TYPE:
		v.bytes6 = &macs[i];
		break;
	case MODEL_BYTE_BLOB_TYPE:
		v.blob = &blobs[i];
		break;
	case MODEL_SID:
		v.sid = &sids[i];
		break;
	case MODEL_UNICODE_STRING_TYPE:
		v.wstr = strings[i];
		break;
	case MODEL_TOKEN_ACCESS_INFORMATION_TYPE:
		v.blob = tokens[i % 2];
		break;
	default:
		v = (struct model_value){.type = MODEL_EMPTY};
		break;
	}
	return v;
}

static struct model_value any_value(uint32_t type)
{
	return value_at(type, rng_below(&rng, POOL));
}

/* ---- conditions and filters ------------------------------------------------------------------ */

static struct model_range ranges[CONDITIONS];
static struct model_v4_mask masks4[CONDITIONS];
static struct model_v6_mask masks6[CONDITIONS];

static struct model_value any_range(uint32_t type, unsigned slot)
{
	struct model_range *r = &ranges[slot];

	r->low = any_value(type);
	r->high = any_value(type);
	if (model_value_compare(&r->low, &r->high) > 0)
		*r = (struct model_range){r->high, r->low};
	return (struct model_value){MODEL_RANGE_TYPE, {.range = r}};
}

static struct model_value any_mask(uint32_t type, unsigned slot)
{
	unsigned bits = rng_below(&rng, type == MODEL_UINT32 ? 33 : 129);

	if (type == MODEL_UINT32) {
		masks4[slot] = (struct model_v4_mask){any_value(type).u32,
						      bits ? UINT32_MAX << (32 - bits) : 0};
		return (struct model_value){MODEL_V4_ADDR_MASK, {.v4mask = &masks4[slot]}};
	}
	memcpy(masks6[slot].addr, any_value(type).bytes16->b, 16);
	masks6[slot].prefix = (uint8_t)bits;
	return (struct model_value){MODEL_V6_ADDR_MASK, {.v6mask = &masks6[slot]}};
}

/* Often not allowed; the caller asks until one is. */
static struct model_condition any_condition(uint32_t type, unsigned slot)
{
	struct model_condition c = {.match = (uint8_t)rng_below(&rng, MODEL_MATCHES)};

	if (rng_below(&rng, 20) == 0)
		c.match = MODEL_MATCH_EQUAL; /* EMPTY */
	else if (type == MODEL_TOKEN_ACCESS_INFORMATION_TYPE)
		c.value = (struct model_value){MODEL_SECURITY_DESCRIPTOR_TYPE,
					       {.blob = sds[rng_below(&rng, 2)]}};
	else if (c.match == MODEL_MATCH_RANGE)
		c.value = any_range(type, slot);
	else if (rng_below(&rng, 3) == 0 &&
		 (type == MODEL_UINT32 || type == MODEL_BYTE_ARRAY16_TYPE))
		c.value = any_mask(type, slot);
	else
		c.value = any_value(type);
	return c;
}

static void add_conditions(struct model_filter *draft, const struct model_field *f, unsigned n)
{
	while (n > 0 && draft->n_conditions < CONDITIONS) {
		struct model_condition c = any_condition(f->type, draft->n_conditions);

		c.field_key = *f->key;
		if (model_condition_check(f, &c))
			continue;
		draft->conditions[draft->n_conditions++] = c;
		n--;
	}
}

static bool has_values(const struct model_field *f)
{
	return f->index[MODEL_SCHEMA_2026] >= 0 && f->type != MODEL_TOKEN_INFORMATION_TYPE;
}

static struct model_filter *make_filter(const struct model_layer *layer,
					const struct model_condition *conditions, uint32_t n)
{
	const struct model_filter draft = {
		.id = 1,
		.layer = layer->id,
		.action = MODEL_ACTION_PERMIT,
		.name = (char *)(uintptr_t) "key",
		.n_conditions = n,
		.conditions = (struct model_condition *)(uintptr_t)conditions,
	};
	struct model_filter *f;

	CHECK_OK(model_filter_create(&f, &draft));
	return f;
}

static struct model_filter *any_filter(const struct model_layer *layer)
{
	struct model_condition conditions[CONDITIONS];
	struct model_filter draft = {.conditions = conditions};

	for (unsigned i = rng_below(&rng, 4); i > 0 && layer->n_fields; i--) {
		const struct model_field *f = &layer->fields[rng_below(&rng, layer->n_fields)];

		if (has_values(f))
			add_conditions(&draft, f, rng_below(&rng, 3) ? 1 : rng_below(&rng, 24));
	}
	return make_filter(layer, conditions, draft.n_conditions);
}

/* ---- packets --------------------------------------------------------------------------------- */

static struct model_value values[VALUES];
static uint64_t near_numbers[VALUES];
static struct model_bytes16 near_addresses[VALUES];

/* One more or one less than something in the pool. */
static struct model_value near_value(uint32_t type, unsigned slot)
{
	struct model_value v = any_value(type);

	switch (type) {
	case MODEL_UINT8:
	case MODEL_UINT16:
	case MODEL_UINT32:
		v.raw += rng_below(&rng, 2) ? 1 : UINT64_MAX;
		break;
	case MODEL_UINT64:
		near_numbers[slot] = *v.u64 + (rng_below(&rng, 2) ? 1 : UINT64_MAX);
		v.u64 = &near_numbers[slot];
		break;
	case MODEL_BYTE_ARRAY16_TYPE:
		near_addresses[slot] = *v.bytes16;
		near_addresses[slot].b[rng_below(&rng, 16)] ^= (uint8_t)(1u << rng_below(&rng, 8));
		v.bytes16 = &near_addresses[slot];
		break;
	default:
		break;
	}
	return v;
}

static void next_packet(const struct model_layer *layer, bool complete)
{
	memset(values, 0, sizeof(values));
	for (unsigned i = 0; i < layer->n_fields; i++) {
		const struct model_field *f = &layer->fields[i];
		int at = f->index[MODEL_SCHEMA_2026];

		if (at < 0 || (!complete && rng_below(&rng, 6) == 0))
			continue;
		if (!complete && rng_below(&rng, 12) == 0)
			values[at] = any_value(MODEL_UINT8 + rng_below(&rng, 4));
		else if (rng_below(&rng, 3) == 0)
			values[at] = near_value(f->type, (unsigned)at);
		else
			values[at] = any_value(f->type);
	}
}

/* ---- what is compared ------------------------------------------------------------------------ */

static bool holds(const struct key_box *box, const struct key *key)
{
	for (unsigned i = 0; i < KEY_WORDS_MAX; i++)
		if (key->words[i] < box->lo[i] || key->words[i] > box->hi[i])
			return false;
	return true;
}

struct tally {
	uint64_t matched, exact, loose, split;
};

static void compare(const struct key_plan *plan, const struct model_filter *f,
		    const struct key_box *boxes, unsigned n, unsigned n_values, struct tally *t)
{
	const bool matches = engine_match_filter(f, values, n_values);
	bool in_any = false;
	struct key key;

	key_make(&key, plan, values, n_values);
	for (unsigned i = 0; i < n; i++) {
		if (!holds(&boxes[i], &key))
			continue;
		in_any = true;
		if (boxes[i].exact && !key.loose && !matches)
			CHECK_SAY("an exact box of layer %u holds what its filter does not match",
				  plan->layer);
		t->exact += boxes[i].exact && !key.loose;
	}
	if (matches && !in_any)
		CHECK_SAY("no box of layer %u holds what its filter matches", plan->layer);
	t->matched += matches;
	t->loose += key.loose;
}

static void any_uses(uint32_t *uses, unsigned n)
{
	unsigned rare = rng_below(&rng, 2);

	for (unsigned i = 0; i < n; i++)
		uses[i] = rare || rng_below(&rng, 3) ? rng_below(&rng, 40) : 0;
}

TEST(boxes_hold_what_a_random_filter_matches_and_exact_ones_nothing_else)
{
	const char *text = getenv("KEY_ROUNDS");
	unsigned rounds = text ? (unsigned)strtoul(text, NULL, 0) : ROUNDS;
	struct tally t = {0};
	struct key_box boxes[KEY_BOXES_MAX];
	uint32_t uses[VALUES];
	struct key_plan plan;

	rng_seed(&rng, test_seed());
	make_pools();
	for (unsigned round = 0; round < rounds; round++) {
		const struct model_layer *layer =
			model_layer_at(rng_below(&rng, model_layer_count()));
		struct model_filter *f = any_filter(layer);
		unsigned n;

		any_uses(uses, VALUES);
		key_plan_make(&plan, layer->id, uses, VALUES);
		n = key_boxes(boxes, &plan, f);
		CHECK(n >= 1 && n <= KEY_BOXES_MAX);
		t.split += n > 1;
		for (unsigned i = 0; i < PACKETS; i++) {
			next_packet(layer, i % 2);
			compare(&plan, f, boxes, n, i % 7 ? VALUES : rng_below(&rng, VALUES), &t);
		}
		model_filter_put(f);
	}
	/* The dice must not have left a case out. */
	CHECK(t.matched > rounds && t.exact > rounds && t.loose > rounds && t.split > rounds / 200);
	free_pools();
}

/* Strings are in no layer, so a plan for them is made by hand. */
TEST(boxes_hold_what_a_filter_on_strings_matches)
{
	struct key_plan plan = {.words = 8, .n_fields = 1, .seed = 5};
	struct tally t = {0};
	struct key_box box;

	rng_seed(&rng, test_seed());
	plan.fields[0] = key_field_make(0, MODEL_UNICODE_STRING_TYPE, 0);
	CHECK_EQ_U(plan.fields[0].words, 1);
	for (unsigned i = 0; i < 5000; i++) {
		struct model_condition c = {.match = (uint8_t)rng_below(&rng, MODEL_MATCHES)};
		const struct model_filter f = {.n_conditions = 1, .conditions = &c};

		c.value = c.match == MODEL_MATCH_RANGE ? any_range(MODEL_UNICODE_STRING_TYPE, 0)
						       : any_value(MODEL_UNICODE_STRING_TYPE);
		if (c.match >= MODEL_MATCH_FLAGS_ALL_SET && c.match <= MODEL_MATCH_FLAGS_NONE_SET)
			continue;
		CHECK_EQ_U(key_boxes(&box, &plan, &f), 1);
		values[0] = any_value(MODEL_UNICODE_STRING_TYPE);
		compare(&plan, &f, &box, 1, 1, &t);
	}
	CHECK(t.matched > 500 && t.exact == 0);
}

/* ---- examples -------------------------------------------------------------------------------- */

#define LAYER MODEL_LAYER_ALE_AUTH_CONNECT_V4

static struct key_plan plan;
static struct key_box boxes[KEY_BOXES_MAX];
static struct model_condition conditions[64];
static uint32_t n_conditions;

static void begin(uint16_t layer)
{
	rng_seed(&rng, 1);
	n_conditions = 0;
	key_plan_make(&plan, layer, NULL, 0);
}

static void add(const char *field, unsigned match, struct model_value v)
{
	conditions[n_conditions++] = (struct model_condition){
		.field_key = *model_condition_key(field), .match = (uint8_t)match, .value = v};
}

static unsigned make_boxes(void)
{
	struct model_filter *f =
		make_filter(model_layer_by_id(plan.layer), conditions, n_conditions);
	unsigned n = key_boxes(boxes, &plan, f);

	model_filter_put(f);
	return n;
}

static const struct key_field *field_of(const char *name)
{
	int i = model_field_index(model_layer_by_id(plan.layer), model_condition_key(name));

	for (unsigned k = 0; k < plan.n_fields; k++)
		if (plan.fields[k].field == i)
			return &plan.fields[k];
	CHECK_SAY("%s has no word", name);
	return NULL;
}

#define U16(n) ((struct model_value){MODEL_UINT16, {.u16 = (n)}})

TEST(a_filter_without_conditions_is_one_exact_box_around_everything)
{
	begin(LAYER);
	CHECK_EQ_U(make_boxes(), 1);
	CHECK(boxes[0].exact);
	for (unsigned i = 0; i < KEY_WORDS_MAX; i++)
		CHECK(boxes[0].lo[i] == 0 && boxes[0].hi[i] == UINT32_MAX);
}

TEST(one_value_has_equal_bounds_and_stands_at_the_top_of_its_word)
{
	unsigned word;

	begin(LAYER);
	word = field_of("IP_REMOTE_PORT")->word;
	add("IP_REMOTE_PORT", MODEL_MATCH_EQUAL, U16(443));
	CHECK_EQ_U(make_boxes(), 1);
	CHECK(boxes[0].exact);
	CHECK_EQ_U(boxes[0].lo[word], 443u << 16);
	CHECK_EQ_U(boxes[0].hi[word], 443u << 16);
}

TEST(a_range_of_all_values_bounds_nothing)
{
	const struct model_range all = {U16(0), U16(65535)};
	unsigned word;

	begin(LAYER);
	word = field_of("IP_REMOTE_PORT")->word;
	add("IP_REMOTE_PORT", MODEL_MATCH_RANGE,
	    (struct model_value){MODEL_RANGE_TYPE, {.range = &all}});
	CHECK_EQ_U(make_boxes(), 1);
	CHECK(boxes[0].exact && boxes[0].lo[word] == 0 && boxes[0].hi[word] == UINT32_MAX);
}

TEST(values_that_follow_each_other_are_one_box)
{
	unsigned word;

	begin(LAYER);
	word = field_of("IP_REMOTE_PORT")->word;
	for (uint16_t i = 0; i < 40; i++)
		add("IP_REMOTE_PORT", MODEL_MATCH_EQUAL, U16((uint16_t)(100 + i * 7 % 40)));
	CHECK_EQ_U(make_boxes(), 1);
	CHECK(boxes[0].exact);
	CHECK_EQ_U(boxes[0].lo[word], 100u << 16);
	CHECK_EQ_U(boxes[0].hi[word], (139u << 16) + 0xffff);
}

TEST(a_set_of_values_is_an_exact_box_for_each)
{
	begin(LAYER);
	for (uint16_t i = 0; i < KEY_BOXES_MAX; i++)
		add("IP_REMOTE_PORT", MODEL_MATCH_EQUAL, U16((uint16_t)(100 * i)));
	CHECK_EQ_U(make_boxes(), KEY_BOXES_MAX);
	for (unsigned i = 0; i < KEY_BOXES_MAX; i++)
		CHECK(boxes[i].exact);
}

TEST(of_too_many_values_the_nearest_share_a_box)
{
	unsigned word;

	begin(LAYER);
	word = field_of("IP_REMOTE_PORT")->word;
	for (uint16_t i = 0; i < KEY_BOXES_MAX; i++)
		add("IP_REMOTE_PORT", MODEL_MATCH_EQUAL, U16((uint16_t)(100 * i)));
	add("IP_REMOTE_PORT", MODEL_MATCH_EQUAL, U16(305));
	CHECK_EQ_U(make_boxes(), KEY_BOXES_MAX);
	for (unsigned i = 0; i < KEY_BOXES_MAX; i++)
		CHECK(boxes[i].exact == (i != 3));
	CHECK_EQ_U(boxes[3].lo[word], 300u << 16);
	CHECK_EQ_U(boxes[3].hi[word], (305u << 16) + 0xffff);
}

TEST(of_two_sets_the_more_selective_one_is_split)
{
	const struct model_value tcp = {MODEL_UINT8, {.u8 = 6}}, udp = {MODEL_UINT8, {.u8 = 17}};
	unsigned port, protocol;

	begin(LAYER);
	port = field_of("IP_REMOTE_PORT")->word;
	protocol = field_of("IP_PROTOCOL")->word;
	add("IP_PROTOCOL", MODEL_MATCH_EQUAL, tcp);
	add("IP_PROTOCOL", MODEL_MATCH_EQUAL, udp);
	add("IP_REMOTE_PORT", MODEL_MATCH_EQUAL, U16(53));
	add("IP_REMOTE_PORT", MODEL_MATCH_EQUAL, U16(5353));
	add("IP_REMOTE_PORT", MODEL_MATCH_EQUAL, U16(33000));
	CHECK_EQ_U(make_boxes(), 3);
	for (unsigned i = 0; i < 3; i++) {
		CHECK(!boxes[i].exact && boxes[i].lo[port] == boxes[i].hi[port]);
		CHECK_EQ_U(boxes[i].lo[protocol], 6u << 24);
		CHECK_EQ_U(boxes[i].hi[protocol], (17u << 24) + 0xffffff);
	}
}

TEST(an_ipv6_prefix_is_an_exact_box_over_four_words)
{
	const struct model_v6_mask m = {{0x20, 0x01, 0x0d, 0xb8, 0xab, 0xcd}, 40};
	unsigned word;

	begin(MODEL_LAYER_ALE_AUTH_CONNECT_V6);
	word = field_of("IP_REMOTE_ADDRESS")->word;
	add("IP_REMOTE_ADDRESS", MODEL_MATCH_EQUAL,
	    (struct model_value){MODEL_V6_ADDR_MASK, {.v6mask = &m}});
	CHECK_EQ_U(make_boxes(), 1);
	CHECK(boxes[0].exact);
	CHECK_EQ_U(boxes[0].lo[word], 0x20010db8);
	CHECK_EQ_U(boxes[0].hi[word], 0x20010db8);
	CHECK_EQ_U(boxes[0].lo[word + 1], 0xab000000);
	CHECK_EQ_U(boxes[0].hi[word + 1], 0xabffffff);
	CHECK(boxes[0].lo[word + 3] == 0 && boxes[0].hi[word + 3] == UINT32_MAX);
}

TEST(an_ipv6_range_across_words_is_a_box_that_is_not_exact)
{
	const struct model_bytes16 low = {{0x20, 1, [15] = 5}}, high = {{0x20, 2}};
	const struct model_range r = {{MODEL_BYTE_ARRAY16_TYPE, {.bytes16 = &low}},
				      {MODEL_BYTE_ARRAY16_TYPE, {.bytes16 = &high}}};

	begin(MODEL_LAYER_ALE_AUTH_CONNECT_V6);
	add("IP_REMOTE_ADDRESS", MODEL_MATCH_RANGE,
	    (struct model_value){MODEL_RANGE_TYPE, {.range = &r}});
	CHECK_EQ_U(make_boxes(), 1);
	CHECK(!boxes[0].exact);
}

TEST(a_condition_on_a_field_without_a_word_makes_the_box_inexact)
{
	struct model_blob *sd;

	begin(LAYER);
	CHECK_OK(model_sddl_parse(&sd, sddls[0], NULL));
	add("ALE_USER_ID", MODEL_MATCH_EQUAL,
	    (struct model_value){MODEL_SECURITY_DESCRIPTOR_TYPE, {.blob = sd}});
	CHECK_EQ_U(make_boxes(), 1);
	CHECK(!boxes[0].exact);
	mem_free(sd);
}

TEST(a_value_that_is_empty_or_of_another_type_makes_the_key_loose)
{
	const struct key_field *f;
	struct key key;

	begin(LAYER);
	memset(values, 0, sizeof(values));
	make_pools();
	next_packet(model_layer_by_id(LAYER), true);
	key_make(&key, &plan, values, VALUES);
	CHECK(!key.loose);
	f = field_of("IP_REMOTE_PORT");
	values[f->field] = (struct model_value){MODEL_UINT32, {.u32 = 80}};
	key_make(&key, &plan, values, VALUES);
	CHECK(key.loose && key.words[f->word] == 0);
	values[f->field] = (struct model_value){0};
	key_make(&key, &plan, values, VALUES);
	CHECK(key.loose && key.words[f->word] == 0);
	free_pools();
}

TEST(a_value_that_points_nowhere_makes_the_key_loose_like_an_empty_one)
{
	static const char *const names[] = {"ALE_APP_ID", "IP_LOCAL_INTERFACE"};
	static const uint32_t types[] = {MODEL_BYTE_BLOB_TYPE, MODEL_UINT64};
	uint32_t uses[VALUES] = {0};
	struct key key;

	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		const int field =
			model_field_index(model_layer_by_id(LAYER), model_condition_key(names[i]));

		memset(values, 0, sizeof(values));
		uses[field] = 100;
		key_plan_make(&plan, LAYER, uses, VALUES);
		values[field].type = types[i];
		key_make(&key, &plan, values, VALUES);
		CHECK(key.loose && key.words[field_of(names[i])->word] == 0);
	}
}

/* ---- plans ----------------------------------------------------------------------------------- */

TEST(an_ipv4_policy_on_addresses_ports_and_applications_takes_eight_words)
{
	static const char *const used[] = {"IP_REMOTE_ADDRESS", "IP_LOCAL_ADDRESS",
					   "IP_REMOTE_PORT",	"IP_LOCAL_PORT",
					   "IP_PROTOCOL",	"ALE_APP_ID"};
	uint32_t uses[VALUES] = {0};

	for (unsigned i = 0; i < ARRAY_LEN(used); i++)
		uses[model_field_index(model_layer_by_id(LAYER), model_condition_key(used[i]))] =
			1000;
	key_plan_make(&plan, LAYER, uses, VALUES);
	CHECK_EQ_U(plan.words, 8);
	for (unsigned i = 0; i < ARRAY_LEN(used); i++)
		field_of(used[i]);
}

TEST(an_ipv6_policy_on_both_addresses_and_ports_takes_sixteen_words)
{
	const struct model_layer *layer = model_layer_by_id(MODEL_LAYER_ALE_AUTH_CONNECT_V6);
	static const char *const used[] = {"IP_REMOTE_ADDRESS", "IP_LOCAL_ADDRESS",
					   "IP_REMOTE_PORT", "IP_PROTOCOL"};
	uint32_t uses[VALUES] = {0};

	for (unsigned i = 0; i < ARRAY_LEN(used); i++)
		uses[model_field_index(layer, model_condition_key(used[i]))] = 1000;
	key_plan_make(&plan, layer->id, uses, VALUES);
	CHECK_EQ_U(plan.words, 16);
	for (unsigned i = 0; i < ARRAY_LEN(used); i++)
		field_of(used[i]);
}

TEST(a_plan_is_stale_when_many_filters_look_at_a_field_without_a_word)
{
	const int app =
		model_field_index(model_layer_by_id(LAYER), model_condition_key("ALE_APP_ID"));
	uint32_t uses[VALUES] = {0};

	key_plan_make(&plan, LAYER, uses, VALUES);
	CHECK(!key_plan_stale(&plan, uses, VALUES));
	uses[app] = 1;
	CHECK(!key_plan_stale(&plan, uses, VALUES));
	uses[app] = 1000;
	CHECK(key_plan_stale(&plan, uses, VALUES));
	key_plan_make(&plan, LAYER, uses, VALUES);
	CHECK(!key_plan_stale(&plan, uses, VALUES));
}

TEST(a_rule_keeps_the_words_of_its_plan_and_running_out_of_memory_leaves_nothing)
{
	struct index_rule *r = NULL;

	begin(LAYER);
	CHECK_EQ_U(make_boxes(), 1);
	boxes[0].lo[7] = 5;
	mem_fail_at(1);
	CHECK_ERR(rule_create(&r, NULL, (struct rule_order){1, 2}, RULE_ASK, &boxes[0], 8),
		  ERR_NO_MEMORY);
	CHECK(!r);
	CHECK_OK(rule_create(&r, NULL, (struct rule_order){1, 2}, RULE_ASK, &boxes[0], 8));
	CHECK(r->exact && r->words == 8 && r->order.weight == 1 && r->order.id == 2);
	CHECK_EQ_U(rule_lo(r)[7], 5);
	CHECK_EQ_U(rule_hi(r)[7], UINT32_MAX);
	CHECK_EQ_U((uintptr_t)r % RULE_ALIGN, 0);
	rule_free(r);
}
