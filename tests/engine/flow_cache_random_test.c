/* SPDX-License-Identifier: MIT */
/*
 * With and without a cache the engine says the same, whatever the policy and however it changes.
 *
 * The values come from a few small sets, so that packets repeat and filters match.  Callouts answer
 * by the values alone.
 */
#include "cache_kit.h"

#include "base/rng.h"

#define SUBLAYERS 3u
#define CALLOUTS  3u
#define FILTERS	  24u
#define PACKETS	  64u

static struct rng rng;
static uint64_t hits;
static struct engine_trail with_trail, without_trail;

static uint32_t below(uint32_t n)
{
	return rng_below(&rng, n);
}

/* ---- values ---------------------------------------------------------------------------------- */

struct random_field {
	const char *name;
	uint32_t type;
};

static const struct random_field fields[] = {
	{"IP_PROTOCOL", MODEL_UINT8},	  {"IP_LOCAL_ADDRESS", 0},
	{"IP_REMOTE_ADDRESS", 0},	  {"IP_LOCAL_PORT", MODEL_UINT16},
	{"IP_REMOTE_PORT", MODEL_UINT16}, {"IP_LOCAL_INTERFACE", MODEL_UINT64},
	{"FLAGS", MODEL_UINT32},	  {"INTERFACE_INDEX", MODEL_UINT32},
	{"COMPARTMENT_ID", MODEL_UINT32}, {"IPSEC_SECURITY_REALM_ID", MODEL_BYTE_BLOB_TYPE},
};

static struct model_value random_value(const struct random_field *f)
{
	static const uint64_t numbers[] = {0, 1, 2, 3};
	static const struct model_bytes16 addresses[] = {{{0}}, {{1}}, {{0, 1}}, {{[15] = 1}}};
	static uint8_t bytes[] = {1, 2};
	static struct model_blob blobs[] = {{1, &bytes[0]}, {1, &bytes[1]}};
	const unsigned n = below(4);
	const bool v6 = kit_ind.layer == MODEL_LAYER_OUTBOUND_TRANSPORT_V6;

	switch (f->type ? f->type : (uint32_t)(v6 ? MODEL_BYTE_ARRAY16_TYPE : MODEL_UINT32)) {
	case MODEL_UINT8:
		return (struct model_value){MODEL_UINT8, {.u8 = (uint8_t)n}};
	case MODEL_UINT16:
		return cache_u16(n);
	case MODEL_UINT64:
		return (struct model_value){MODEL_UINT64, {.u64 = &numbers[n]}};
	case MODEL_BYTE_ARRAY16_TYPE:
		return (struct model_value){MODEL_BYTE_ARRAY16_TYPE, {.bytes16 = &addresses[n]}};
	case MODEL_BYTE_BLOB_TYPE:
		return (struct model_value){MODEL_BYTE_BLOB_TYPE, {.blob = &blobs[n % 2]}};
	default:
		return (struct model_value){MODEL_UINT32, {.u32 = n}};
	}
}

static void renew_packet(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(fields); i++) {
		const bool blob = fields[i].type == MODEL_BYTE_BLOB_TYPE;

		if (below(blob ? 2 : 12) == 0)
			kit_set(fields[i].name, (struct model_value){0});
		else if (i < 5 || below(8) == 0)
			kit_set(fields[i].name, random_value(&fields[i]));
	}
}

/* One of a few, now and then a new one. */
static void random_packet(void)
{
	static struct model_value packets[PACKETS][KIT_VALUES];
	const unsigned n = below(PACKETS);

	if (below(16) == 0) {
		renew_packet();
		memcpy(packets[n], kit_values, sizeof(kit_values));
	} else {
		memcpy(kit_values, packets[n], sizeof(kit_values));
	}
}

/* ---- policy ---------------------------------------------------------------------------------- */

static struct kit_script scripts[CALLOUTS];
static bool registered[CALLOUTS];
static uint64_t ids[FILTERS];

static void by_values(UNUSED void *ctx, const struct engine_call *call,
		      struct engine_classify_out *out)
{
	static const uint32_t actions[] = {MODEL_ACTION_CONTINUE, MODEL_ACTION_PERMIT,
					   MODEL_ACTION_BLOCK};
	uint32_t sum = 0;

	for (unsigned i = 0; i < 6; i++)
		sum += call->ind->values[i].type == MODEL_UINT16 ? call->ind->values[i].u16 : 0;
	if (out->rights & ENGINE_RIGHT_ACTION_WRITE)
		out->action = actions[sum % 3];
}

static void turn_callout(unsigned i)
{
	static const struct engine_callout_ops ops = {.classify = by_values};
	const struct engine_callout_desc desc = {
		.key = scripts[i].key,
		.flags = i > 0 ? ENGINE_CALLOUT_VERDICT_CACHEABLE : 0,
		.driver = 1,
		.name = "kit",
		.ops = &ops,
	};

	if (registered[i])
		kit_unregister(&scripts[i]);
	else
		CHECK_OK(engine_callout_register(kit, &desc, &scripts[i].id));
	registered[i] = !registered[i];
}

static uint64_t random_filter(void)
{
	static const uint32_t actions[] = {MODEL_ACTION_BLOCK, MODEL_ACTION_PERMIT,
					   MODEL_ACTION_CONTINUE, MODEL_ACTION_CALLOUT_UNKNOWN};
	static const uint8_t matches[] = {MODEL_MATCH_EQUAL, MODEL_MATCH_EQUAL,
					  MODEL_MATCH_NOT_EQUAL, MODEL_MATCH_GREATER};
	struct model_condition conditions[3];
	struct model_filter draft = cache_draft((uint16_t)(1 + below(SUBLAYERS)), below(8),
						actions[below(below(3) ? 2 : 4)]);

	draft.layer = kit_ind.layer;
	if (MODEL_ACTION_IS_CALLOUT(draft.action))
		draft.callout = scripts[below(CALLOUTS)].key;
	if (below(4) == 0)
		draft.flags |= MODEL_FILTER_CLEAR_ACTION_RIGHT;
	draft.conditions = conditions;
	draft.n_conditions = below(4);
	for (unsigned i = 0; i < draft.n_conditions; i++) {
		const unsigned f = below(below(6) ? 5 : ARRAY_LEN(fields));
		const struct model_value v = random_value(&fields[f]);

		conditions[i] = kit_condition(
			fields[f].name, v.type == MODEL_BYTE_BLOB_TYPE ? 0 : matches[below(4)], v);
	}
	return kit_add(&draft);
}

static void change_policy(void)
{
	const unsigned i = below(FILTERS);

	if (below(40) == 0)
		turn_callout(below(CALLOUTS));
	if (below(60) == 0) {
		const struct model_sublayer s = {kit_sublayer_key((uint16_t)(1 + below(SUBLAYERS))),
						 (uint16_t)below(9)};
		CHECK_OK(engine_commit(
			kit, &(struct engine_delta){.add_sublayers = &s, .n_add_sublayers = 1}));
	}
	if (ids[i])
		kit_remove(ids[i]);
	ids[i] = below(3) ? random_filter() : 0;
}

/* ---- the comparison -------------------------------------------------------------------------- */

static void check_same_trail(void)
{
	CHECK_EQ_U(with_trail.n, without_trail.n);
	for (unsigned i = 0; i < with_trail.n; i++) {
		const struct model_netevent_word *x = &with_trail.words[i];
		const struct model_netevent_word *y = &without_trail.words[i];

		CHECK_EQ_U(x->filter_id, y->filter_id);
		CHECK_EQ_U(x->callout_id, y->callout_id);
		CHECK_EQ_U(x->action, y->action);
		CHECK_EQ_U(x->hard, y->hard);
		CHECK_EQ_U(x->pended, y->pended);
		CHECK(guid_equal(&x->sublayer, &y->sublayer));
	}
}

static void check_same(void)
{
	struct engine_verdict with, without;
	const bool wants_trail = below(2);

	with_trail = without_trail = (struct engine_trail){0};
	kit_ind.cache = cache;
	kit_ind.trail = wants_trail ? &with_trail : NULL;
	with = kit_classify();
	kit_ind.cache = NULL;
	kit_ind.trail = wants_trail ? &without_trail : NULL;
	without = kit_classify();
	CHECK_EQ_U(with.outcome, without.outcome);
	CHECK_EQ_U(with.veto, without.veto);
	CHECK_EQ_U(with.hard, without.hard);
	CHECK_EQ_U(with.filter_id, without.filter_id);
	CHECK_EQ_U(with.callout_id, without.callout_id);
	CHECK_EQ_U(with.sublayer_weight, without.sublayer_weight);
	CHECK_EQ_U(with.absorber, without.absorber);
	CHECK(guid_equal(&with.sublayer, &without.sublayer));
	check_same_trail();
}

static void run(uint16_t layer, unsigned packets, unsigned per_change)
{
	cache_begin(1u << (4 + below(8)));
	kit_ind.layer = layer;
	kit_sublayer(3);
	memset(ids, 0, sizeof(ids));
	for (unsigned i = 0; i < CALLOUTS; i++) {
		scripts[i] = kit_answer((uint16_t)i, 0);
		registered[i] = false;
	}
	for (unsigned i = 0; i < packets; i++) {
		if (below(per_change) == 0)
			change_policy();
		random_packet();
		check_same();
	}
	hits += cache_stats().hits;
	for (unsigned i = 0; i < CALLOUTS; i++)
		if (registered[i])
			turn_callout(i);
	cache_end();
}

TEST(with_and_without_a_cache_the_verdicts_are_the_same)
{
	static const uint16_t layers[] = {MODEL_LAYER_OUTBOUND_TRANSPORT_V4,
					  MODEL_LAYER_OUTBOUND_TRANSPORT_V6};

	rng_seed(&rng, test_seed());
	for (unsigned round = 0; round < 12; round++)
		run(layers[round % 2], 4000, 8u << below(6));
	CHECK(hits > 2000);
}
