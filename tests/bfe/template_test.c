/* SPDX-License-Identifier: MIT */
/*
 * Templates: conditions as sets, compared with trying every value of a byte; and which objects a
 * template of each kind accepts.
 */
#include "harness.h"

#include "base/mem.h"
#include "base/rng.h"
#include "bfe/predicate.h"
#include "bfe/template.h"
#include "engine/match.h"
#include "model/catalogue.h"

#define CONNECT	     MODEL_LAYER_ALE_AUTH_CONNECT_V4
#define CONDITION(n) (*model_condition_key("FWPM_CONDITION_" n))
#define ROUNDS	     20000

/* ---- sets of a byte ---------------------------------------------------------------------------
 */

static const uint8_t byte_matches[] = {
	MODEL_MATCH_EQUAL,	   MODEL_MATCH_GREATER,		 MODEL_MATCH_LESS,
	MODEL_MATCH_LESS_OR_EQUAL, MODEL_MATCH_GREATER_OR_EQUAL, MODEL_MATCH_RANGE,
	MODEL_MATCH_FLAGS_ALL_SET, MODEL_MATCH_FLAGS_ANY_SET,	 MODEL_MATCH_FLAGS_NONE_SET,
	MODEL_MATCH_NOT_EQUAL,
};

static uint8_t edge_byte(struct rng *r)
{
	static const uint8_t edges[] = {0, 1, 127, 128, 254, 255};

	return rng_below(r, 2) ? (uint8_t)rng_u32(r) : edges[rng_below(r, ARRAY_LEN(edges))];
}

static struct model_condition random_condition(struct rng *r, struct model_range *range)
{
	struct model_condition c = {.match = byte_matches[rng_below(r, ARRAY_LEN(byte_matches))]};
	uint8_t a = edge_byte(r), b = edge_byte(r);

	if (c.match == MODEL_MATCH_RANGE) {
		range->low = (struct model_value){.type = MODEL_UINT8, .u8 = a < b ? a : b};
		range->high = (struct model_value){.type = MODEL_UINT8, .u8 = a < b ? b : a};
		c.value = (struct model_value){.type = MODEL_RANGE_TYPE, .range = range};
	} else {
		c.value = (struct model_value){.type = MODEL_UINT8, .u8 = a};
	}
	return c;
}

struct answers {
	bool empty, inside, meets;
};

static bool any_matches(const struct model_condition *of, unsigned n, const struct model_value *v)
{
	for (unsigned i = 0; i < n; i++)
		if (engine_match_condition(&of[i], v))
			return true;
	return false;
}

static struct answers by_trying(const struct model_condition *t, const struct model_condition *of,
				unsigned n)
{
	struct answers a = {.empty = true, .inside = true};

	for (unsigned x = 0; x < 256; x++) {
		struct model_value v = {.type = MODEL_UINT8, .u8 = (uint8_t)x};
		bool in_t = engine_match_condition(t, &v), in_of = any_matches(of, n, &v);

		a.empty &= !in_t;
		a.inside &= !in_t || in_of;
		a.meets |= in_t && in_of;
	}
	return a;
}

static bool is_flags(const struct model_condition *c)
{
	return c->match >= MODEL_MATCH_FLAGS_ALL_SET && c->match <= MODEL_MATCH_FLAGS_NONE_SET;
}

TEST(sets_of_a_byte_are_what_trying_every_value_says)
{
	struct rng r;

	rng_seed(&r, test_seed());
	for (int round = 0; round < ROUNDS; round++) {
		struct model_range ranges[4];
		struct model_condition t = random_condition(&r, &ranges[3]), of[3];
		unsigned n = 1 + rng_below(&r, 3);
		struct answers a;

		for (unsigned i = 0; i < n; i++)
			of[i] = random_condition(&r, &ranges[i]);
		a = by_trying(&t, of, n);
		CHECK_EQ_U(bfe_predicate_empty(&t), a.empty);
		if (a.empty)
			continue;
		CHECK_EQ_U(bfe_predicate_meets(&t, of, n), a.meets);
		/* Flags that only several conditions contain together, or an interval with gaps,
		 * are not found to be inside: the one approximation. */
		if (is_flags(&t) && !(n == 1 && is_flags(&of[0])))
			CHECK(!bfe_predicate_inside(&t, of, n) || a.inside);
		else
			CHECK_EQ_U(bfe_predicate_inside(&t, of, n), a.inside);
	}
}

/* ---- objects ----------------------------------------------------------------------------------
 */

static char name[] = "f";

static struct model_condition port(uint16_t p)
{
	return (struct model_condition){.field_key = CONDITION("IP_REMOTE_PORT"),
					.match = MODEL_MATCH_EQUAL,
					.value = {.type = MODEL_UINT16, .u16 = p}};
}

static struct model_condition address(const struct model_v4_mask *mask)
{
	return (struct model_condition){.field_key = CONDITION("IP_REMOTE_ADDRESS"),
					.match = MODEL_MATCH_EQUAL,
					.value = {.type = MODEL_V4_ADDR_MASK, .v4mask = mask}};
}

static struct model_object *filter(const struct model_condition *conditions, unsigned n,
				   uint32_t flags, uint32_t action)
{
	struct model_filter f = {.layer = CONNECT,
				 .name = name,
				 .action = action,
				 .flags = flags,
				 .callout = {.a = 7},
				 .n_conditions = n,
				 .conditions = (struct model_condition *)(uintptr_t)conditions};
	struct model_object *o;

	CHECK_OK(model_object_create(&o,
				     &(struct model_object){.kind = MODEL_FILTER, .filter = &f}));
	return o;
}

static struct bfe_template of_filters(uint32_t enum_type, const struct model_condition *conditions,
				      unsigned n)
{
	return (struct bfe_template){.kind = MODEL_FILTER,
				     .layer = CONNECT,
				     .enum_type = enum_type,
				     .action_mask = BFE_ENUM_ANY_ACTION,
				     .n_conditions = n,
				     .conditions = conditions};
}

static bool accepts(const struct bfe_template *t, const struct model_object *o)
{
	struct bfe_matcher *m;
	bool yes;

	CHECK_OK(bfe_template_compile(&m, t));
	yes = bfe_matcher_accepts(m, o, NULL);
	bfe_matcher_free(m);
	return yes;
}

static wfp_err compile_error(const struct bfe_template *t)
{
	struct bfe_matcher *m;
	wfp_err err = bfe_template_compile(&m, t);

	if (!err)
		bfe_matcher_free(m);
	return err;
}

TEST(a_filter_of_a_network_contains_its_addresses_and_overlaps_a_wider_one)
{
	const struct model_v4_mask net = {0x0a010000, 0xffff0000}, one = {0x0a010203, 0xffffffff},
				   wide = {0x0a000000, 0xff000000},
				   other = {0x0b000000, 0xff000000};
	struct model_condition in_filter = address(&net), c;
	struct model_object *o = filter(&in_filter, 1, 0, MODEL_ACTION_BLOCK);
	static const struct {
		bool contained, overlaps;
	} expected[] = {{true, true}, {false, true}, {false, false}};
	const struct model_v4_mask *asked[] = {&one, &wide, &other};

	for (unsigned i = 0; i < ARRAY_LEN(asked); i++) {
		struct bfe_template t;

		c = address(asked[i]);
		t = of_filters(BFE_ENUM_FULLY_CONTAINED, &c, 1);
		CHECK_EQ_U(accepts(&t, o), expected[i].contained);
		t = of_filters(BFE_ENUM_OVERLAPPING, &c, 1);
		CHECK_EQ_U(accepts(&t, o), expected[i].overlaps);
	}
	model_object_put(o);
}

TEST(a_filter_without_conditions_contains_everything)
{
	struct model_object *o = filter(NULL, 0, 0, MODEL_ACTION_PERMIT);
	struct model_condition c = port(443);
	struct bfe_template t = of_filters(BFE_ENUM_FULLY_CONTAINED, &c, 1);

	CHECK(accepts(&t, o));
	model_object_put(o);
}

TEST(a_condition_that_the_template_leaves_out_is_not_contained_but_overlaps)
{
	struct model_condition c = port(443);
	struct model_object *o = filter(&c, 1, 0, MODEL_ACTION_PERMIT);
	struct model_v4_mask one = {0x0a010203, 0xffffffff};
	struct model_condition asked = address(&one);
	struct bfe_template t = of_filters(BFE_ENUM_FULLY_CONTAINED, &asked, 1);

	CHECK(!accepts(&t, o));
	t.enum_type = BFE_ENUM_OVERLAPPING;
	CHECK(accepts(&t, o));
	model_object_put(o);
}

TEST(boot_time_and_disabled_filters_are_left_out_unless_asked_for)
{
	struct model_object *boot = filter(NULL, 0, MODEL_FILTER_BOOTTIME, MODEL_ACTION_BLOCK);
	struct model_object *off = filter(NULL, 0, MODEL_FILTER_DISABLED, MODEL_ACTION_BLOCK);
	struct model_object *plain = filter(NULL, 0, 0, MODEL_ACTION_BLOCK);
	static const struct {
		uint32_t flags;
		bool boot, off, plain;
	} rows[] = {
		{0, false, false, true},
		{BFE_ENUM_BOOTTIME_ONLY, true, false, false},
		{BFE_ENUM_BOOTTIME_ONLY | BFE_ENUM_INCLUDE_DISABLED, true, false, false},
		{BFE_ENUM_INCLUDE_BOOTTIME, true, false, true},
		{BFE_ENUM_INCLUDE_DISABLED, false, true, true},
	};

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		struct bfe_template t = of_filters(BFE_ENUM_OVERLAPPING, NULL, 0);

		t.flags = rows[i].flags;
		CHECK_EQ_U(accepts(&t, boot), rows[i].boot);
		CHECK_EQ_U(accepts(&t, off), rows[i].off);
		CHECK_EQ_U(accepts(&t, plain), rows[i].plain);
	}
	model_object_put(boot);
	model_object_put(off);
	model_object_put(plain);
}

TEST(an_action_mask_and_a_callout_narrow_the_filters)
{
	struct model_object *block = filter(NULL, 0, 0, MODEL_ACTION_BLOCK);
	struct model_object *call = filter(NULL, 0, 0, MODEL_ACTION_CALLOUT_INSPECTION);
	struct bfe_template t = of_filters(BFE_ENUM_OVERLAPPING, NULL, 0);

	t.callout = (struct guid){.a = 7};
	CHECK(!accepts(&t, block));
	CHECK(accepts(&t, call));
	t.action_mask = 0x4000;
	CHECK(accepts(&t, call));
	t.callout = (struct guid){.a = 8};
	CHECK(!accepts(&t, call));
	t.callout = (struct guid){0};
	CHECK_ERR(compile_error(&t), ERR_NULL_POINTER);
	t.action_mask = 0x1000; /* terminating */
	CHECK(accepts(&t, block));
	CHECK(!accepts(&t, call));
	model_object_put(block);
	model_object_put(call);
}

TEST(a_template_that_makes_no_sense_is_refused)
{
	struct model_condition twice[] = {port(1), port(2)}, none = port(0);
	struct bfe_template t = of_filters(BFE_ENUM_OVERLAPPING, twice, 2);

	CHECK_ERR(compile_error(&t), ERR_DUPLICATE_CONDITION);
	none.match = MODEL_MATCH_LESS;
	t = of_filters(BFE_ENUM_OVERLAPPING, &none, 1);
	CHECK_ERR(compile_error(&t), ERR_NEVER_MATCH);
	none.field_key = (struct guid){.a = 1};
	CHECK_ERR(compile_error(&t), ERR_CONDITION_NOT_FOUND);
	none = port(0);
	t.any_layer = true;
	CHECK_ERR(compile_error(&t), ERR_LAYER_NOT_FOUND);
	t = of_filters(2, NULL, 0);
	CHECK_ERR(compile_error(&t), ERR_INVALID_ENUMERATOR);
	t = of_filters(BFE_ENUM_OVERLAPPING, NULL, 0);
	t.flags = 0x20;
	CHECK_ERR(compile_error(&t), ERR_INVALID_FLAGS);
}

TEST(a_context_template_asks_for_the_context_of_the_filter)
{
	struct bfe_template context = {.kind = MODEL_PROVIDER_CONTEXT,
				       .context_type = MODEL_CONTEXT_GENERAL};
	struct bfe_template t = of_filters(BFE_ENUM_OVERLAPPING, NULL, 0);
	struct model_object *o = filter(NULL, 0, 0, MODEL_ACTION_BLOCK);
	struct model_object general = {.kind = MODEL_PROVIDER_CONTEXT,
				       .context_type = MODEL_CONTEXT_GENERAL};
	struct model_object other = {.kind = MODEL_PROVIDER_CONTEXT};
	struct bfe_matcher *m;

	t.context = &context;
	CHECK_OK(bfe_template_compile(&m, &t));
	CHECK(bfe_matcher_accepts(m, o, &general));
	CHECK(!bfe_matcher_accepts(m, o, &other));
	CHECK(!bfe_matcher_accepts(m, o, NULL));
	bfe_matcher_free(m);
	model_object_put(o);
}

TEST(a_template_needs_memory_and_leaves_none_behind)
{
	struct model_condition c = port(443);
	struct bfe_template t = of_filters(BFE_ENUM_OVERLAPPING, &c, 1);
	uint64_t live = mem_live();

	for (uint64_t n = 1;; n++) {
		struct bfe_matcher *m;
		wfp_err err;

		mem_fail_at(n);
		err = bfe_template_compile(&m, &t);
		mem_fail_at(0);
		if (!err) {
			bfe_matcher_free(m);
			break;
		}
		CHECK_ERR(err, ERR_NO_MEMORY);
		CHECK_EQ_U(mem_live(), live);
	}
	CHECK_EQ_U(mem_live(), live);
}
