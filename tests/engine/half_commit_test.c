/* SPDX-License-Identifier: MIT */
/*
 * No reader sees half of a commit.
 *
 * Of each pair of filters exactly one exists at any version, and every commit puts each of them in
 * the other's place.  Both match the readers' packets, and call a callout that notes which version
 * they are of and goes on, so one classify finds all that there is: one of each pair, all of one
 * version, never of an older one than before.  Other filters come and go with them, so that what is
 * behind the cursor is of some size and is changed as well as built anew.
 */
#include "kit.h"

#include "base/rng.h"
#include "base/thread.h"

#define PAIRS	  24u /* in SUBLAYERS sublayers */
#define SUBLAYERS 3u
#define READERS	  2u
#define OTHERS	  600u
#ifdef BASE_SIM
#define VERSIONS 12u
#else
#define VERSIONS 4000u
#endif

#define COUNTER_KEY ((struct guid){.a = 0xca110072})

/* What one classify has found. */
struct found {
	unsigned n[PAIRS];
	uint64_t version;
	bool mixed;
};

static struct atom32 over;
static struct atom64 published; /* the newest version that engine_commit has returned for */
static struct rng rng;
static struct model_filter *others[OTHERS];

static uint64_t id_of(uint64_t version, unsigned pair)
{
	return version * PAIRS + pair + 1;
}

static void note(void *ctx, const struct engine_call *call, struct engine_classify_out *out)
{
	struct found *f = call->ind->layer_data;
	uint64_t id = call->filter->id - 1, version = id / PAIRS;

	(void)ctx;
	(void)out;
	sched_point("found one");
	if (f->version != 0 && f->version != version)
		f->mixed = true;
	f->version = version;
	f->n[id % PAIRS]++;
}

static const struct engine_callout_ops ops = {.classify = note};
static const struct engine_callout_desc desc = {
	.key = COUNTER_KEY, .driver = 1, .name = "counter", .ops = &ops};

/* ---- filters -------------------------------------------------------------------------------- */

/* The packets' address is 10.1.2.3, their port 443; boxes of all kinds around them. */
static unsigned conditions_around(struct model_condition c[2], unsigned pair, uint64_t version)
{
	static struct model_v4_mask mask;
	static struct model_range range;
	unsigned length = 8 + (pair + (unsigned)version) % 25;

	mask = (struct model_v4_mask){0x0a010203, UINT32_MAX << (32 - length)};
	range.low = (struct model_value){MODEL_UINT16, {.u16 = (uint16_t)(443 - pair)}};
	range.high = (struct model_value){MODEL_UINT16, {.u16 = (uint16_t)(443 + version % 9)}};
	c[0] = kit_condition("IP_REMOTE_ADDRESS", MODEL_MATCH_EQUAL,
			     (struct model_value){MODEL_V4_ADDR_MASK, {.v4mask = &mask}});
	c[1] = kit_condition("IP_REMOTE_PORT", MODEL_MATCH_RANGE,
			     (struct model_value){MODEL_RANGE_TYPE, {.range = &range}});
	return pair % 4;
}

static struct model_filter *make_of_pair(uint64_t version, unsigned pair)
{
	struct model_condition conditions[2];
	unsigned which = conditions_around(conditions, pair, version);
	struct model_filter draft =
		kit_draft((uint16_t)(1 + pair % SUBLAYERS), (pair + version) % 5,
			  MODEL_ACTION_CALLOUT_INSPECTION);

	draft.id = id_of(version, pair);
	draft.callout = COUNTER_KEY;
	/* None, the first, the second, both. */
	draft.conditions = which == 2 ? conditions + 1 : conditions;
	draft.n_conditions = which == 3 ? 2 : which > 0;
	return kit_make(&draft);
}

/* They never match the readers' packets: the last bit of the address is another one. */
static struct model_filter *make_other(uint64_t id)
{
	struct model_value address = {MODEL_UINT32,
				      {.u32 = 0x0a010202 ^ (uint32_t)(rng_below(&rng, 512) << 1)}};
	struct model_condition condition =
		kit_condition("IP_REMOTE_ADDRESS", MODEL_MATCH_EQUAL, address);
	struct model_filter draft = kit_draft((uint16_t)(1 + rng_below(&rng, SUBLAYERS)),
					      rng_below(&rng, 5), MODEL_ACTION_BLOCK);

	draft.id = id;
	draft.conditions = &condition;
	draft.n_conditions = 1;
	return kit_make(&draft);
}

/* ---- the writer -------------------------------------------------------------------------------
 */

struct change {
	uint64_t remove[PAIRS + OTHERS];
	struct model_filter *add[PAIRS + OTHERS];
	unsigned n_remove, n_add;
};

/* Some of the others are replaced: mostly few, at times all. */
static void change_others(struct change *c, uint64_t version, bool first)
{
	unsigned n = first || version % 16 == 0 ? OTHERS : rng_below(&rng, 4);

	for (unsigned i = 0; i < n; i++) {
		unsigned which = n == OTHERS ? i : (unsigned)(version * 7 + i) % OTHERS;

		if (!first) {
			c->remove[c->n_remove++] = others[which]->id;
			model_filter_put(others[which]);
		}
		others[which] = make_other((UINT64_C(1) << 40) + version * OTHERS + which);
		c->add[c->n_add++] = others[which];
	}
}

static void next_version(uint64_t version, bool first)
{
	static struct change c;

	c.n_remove = c.n_add = 0;
	for (unsigned pair = 0; pair < PAIRS; pair++) {
		if (!first)
			c.remove[c.n_remove++] = id_of(version - 1, pair);
		c.add[c.n_add++] = make_of_pair(version, pair);
	}
	change_others(&c, version, first);
	CHECK_OK(engine_commit(kit, &(struct engine_delta){.remove_filters = c.remove,
							   .n_remove_filters = c.n_remove,
							   .add_filters = c.add,
							   .n_add_filters = c.n_add}));
	atom64_store(&published, version);
	for (unsigned pair = 0; pair < PAIRS; pair++)
		model_filter_put(c.add[pair]);
}

/* ---- readers ----------------------------------------------------------------------------------
 */

static void check_found(const struct found *f, uint64_t least)
{
	CHECK(!f->mixed);
	if (f->version < least)
		CHECK_SAY("version %" PRIu64 " after %" PRIu64, f->version, least);
	for (unsigned pair = 0; pair < PAIRS; pair++)
		if (f->n[pair] != 1)
			CHECK_SAY("version %" PRIu64 ": %u filters of pair %u", f->version,
				  f->n[pair], pair);
}

static void read_all(void *arg)
{
	struct model_value values[KIT_VALUES] = {{0}};
	struct found found;
	struct engine_indication ind = {
		.layer = KIT_LAYER, .n_values = KIT_VALUES, .values = values, .layer_data = &found};
	const struct model_layer *layer = model_layer_by_id(KIT_LAYER);
	struct engine_verdict v;
	uint64_t least = 0;

	(void)arg;
	values[model_field_index(layer, model_condition_key("IP_REMOTE_ADDRESS"))] =
		(struct model_value){MODEL_UINT32, {.u32 = 0x0a010203}};
	values[model_field_index(layer, model_condition_key("IP_REMOTE_PORT"))] =
		(struct model_value){MODEL_UINT16, {.u16 = 443}};
	while (!atom32_load(&over)) {
		uint64_t known = atom64_load(&published);

		memset(&found, 0, sizeof(found));
		engine_classify(kit, &ind, &v);
		check_found(&found, known > least ? known : least);
		least = found.version;
		thread_yield();
	}
}

SIM_TEST(no_reader_sees_half_of_a_commit)
{
	struct thread *t[READERS];
	uint32_t id;

	rng_seed(&rng, test_seed());
	atom32_store(&over, 0);
	atom64_store(&published, 0);
	kit_begin();
	for (unsigned i = 0; i < SUBLAYERS; i++)
		kit_sublayer((uint16_t)(i + 1));
	CHECK_OK(engine_callout_register(kit, &desc, &id));
	next_version(1, true);
	for (unsigned i = 0; i < READERS; i++)
		CHECK_OK(thread_start(&t[i], "reader", read_all, NULL));
	for (unsigned version = 2; version <= VERSIONS; version++) {
		next_version(version, false);
		if (version % 5 == 0)
			CHECK_OK(engine_maintain(kit));
	}
	atom32_store(&over, 1);
	for (unsigned i = 0; i < READERS; i++)
		thread_join(t[i]);
	for (unsigned i = 0; i < OTHERS; i++)
		model_filter_put(others[i]);
	CHECK_OK(engine_callout_unregister(kit, id, ENGINE_UNREGISTER_POLITE));
	kit_end();
}
