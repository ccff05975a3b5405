/* SPDX-License-Identifier: MIT */
/*
 * What commits do to a layer while it is maintained: sublayers lose all they have and get other
 * filters, come to have an index or need none any more, and whole layers go.
 *
 * Every filter matches the one packet, by a value, so that a key made by another plan than a
 * filter's rules does not lie in their boxes.
 */
#include "kit.h"

#include "base/rng.h"
#include "base/thread.h"
#include "engine/cursor.h"
#include "engine/policy.h"

#define SUBLAYERS   3u
#define FILTERS_MAX 160u
#ifdef BASE_SIM
#define STEPS 400u
#else
#define STEPS 3000u
#endif

/* Number fields: more than a plan of eight words has. */
static const char *const fields[] = {
	"IP_LOCAL_ADDRESS",   "IP_REMOTE_PORT",	     "FLAGS",
	"INTERFACE_TYPE",     "TUNNEL_TYPE",	     "INTERFACE_INDEX",
	"COMPARTMENT_ID",     "SUB_INTERFACE_INDEX", "CURRENT_PROFILE_ID",
	"REAUTHORIZE_REASON", "ORIGINAL_PROFILE_ID", "ARRIVAL_TUNNEL_TYPE",
};

struct have {
	unsigned n;
	struct model_filter *filters[FILTERS_MAX];
};

static struct {
	struct rng rng;
	struct have have[SUBLAYERS];
	struct atom32 done;
} w;

static struct model_value value_of(const char *field)
{
	const bool port = strstr(field, "PORT") != NULL;

	return port ? (struct model_value){.type = MODEL_UINT16, .u16 = 443}
		    : (struct model_value){.type = MODEL_UINT32, .u32 = 0x12345678};
}

static void begin(uint64_t seed)
{
	memset(&w, 0, sizeof(w));
	rng_seed(&w.rng, seed);
	kit_begin();
	for (unsigned i = 0; i < SUBLAYERS; i++)
		kit_sublayer((uint16_t)(i + 1));
	for (unsigned i = 0; i < ARRAY_LEN(fields); i++)
		kit_set(fields[i], value_of(fields[i]));
}

static struct model_filter *any_filter(unsigned sublayer, const char *field)
{
	struct model_filter draft =
		kit_draft((uint16_t)(sublayer + 1), rng_below(&w.rng, 50), MODEL_ACTION_BLOCK);
	struct model_condition c = kit_condition(field, MODEL_MATCH_EQUAL, value_of(field));

	draft.conditions = &c;
	draft.n_conditions = 1;
	return kit_make(&draft);
}

/* One commit: takes n_remove of a sublayer's filters away and adds n_add, which look at `field`. */
static void change(unsigned sublayer, unsigned n_remove, unsigned n_add, const char *field)
{
	struct have *h = &w.have[sublayer];
	struct model_filter *gone[FILTERS_MAX];
	uint64_t ids[FILTERS_MAX];
	unsigned n_kept;

	n_remove = n_remove < h->n ? n_remove : h->n;
	n_kept = h->n - n_remove;
	n_add = n_add < FILTERS_MAX - n_kept ? n_add : FILTERS_MAX - n_kept;
	for (unsigned i = 0; i < n_remove; i++) {
		gone[i] = h->filters[n_kept + i];
		ids[i] = gone[i]->id;
	}
	for (unsigned i = 0; i < n_add; i++)
		h->filters[n_kept + i] = any_filter(sublayer, field);
	CHECK_OK(engine_commit(kit, &(struct engine_delta){.remove_filters = ids,
							   .n_remove_filters = n_remove,
							   .add_filters = h->filters + n_kept,
							   .n_add_filters = n_add}));
	while (n_remove > 0)
		model_filter_put(gone[--n_remove]);
	h->n = n_kept + n_add;
}

static void end(void)
{
	for (unsigned i = 0; i < SUBLAYERS; i++)
		change(i, FILTERS_MAX, 0, fields[0]);
	kit_end();
}

static void check_sublayer(const struct engine_layer *l, struct engine_query *q, unsigned sublayer)
{
	const struct guid key = kit_sublayer_key((uint16_t)(sublayer + 1));
	struct engine_match m;
	struct engine_cursor c;
	unsigned n = 0;

	for (uint32_t i = 0; l && i < l->n_sublayers; i++) {
		if (!guid_equal(&l->sublayers[i].key, &key))
			continue;
		engine_cursor_begin(&c, q, &l->sublayers[i]);
		for (n = 0; engine_cursor_next(&c, &m); n++)
			CHECK(guid_equal(&m.filter->filter->sublayer, &key));
	}
	CHECK_EQ_U(n, w.have[sublayer].n);
}

static void check_all(void)
{
	const struct engine_snapshot *s;
	struct engine_query q;

	rcu_read_begin();
	s = rcu_load(&kit->snapshot);
	engine_query_begin(&q, s->layers[KIT_LAYER], kit_values, KIT_VALUES);
	for (unsigned i = 0; i < SUBLAYERS; i++)
		check_sublayer(s->layers[KIT_LAYER], &q, i);
	rcu_read_end();
}

static void any_change(void)
{
	const char *field = fields[rng_below(&w.rng, ARRAY_LEN(fields))];
	const unsigned sublayer = rng_below(&w.rng, SUBLAYERS);

	switch (rng_below(&w.rng, 8)) {
	case 0: /* all that it has goes */
		change(sublayer, FILTERS_MAX, 0, field);
		break;
	case 1: /* all but a few */
		change(sublayer, w.have[sublayer].n - (w.have[sublayer].n > 2 ? 2 : 0), 0, field);
		break;
	case 2: /* one that had no index gets one */
		change(sublayer, 0, ENGINE_FEW_MAX + 1, field);
		break;
	case 3:
		for (unsigned i = 0; i < SUBLAYERS; i++)
			change(i, FILTERS_MAX, 0, field);
		break;
	default: /* so few that the plan stays, until it is stale */
		for (unsigned i = 0; i < 4; i++)
			change(sublayer, 0, w.have[sublayer].n / 8 + 1, field);
		break;
	}
}

static void maintainer(UNUSED void *arg)
{
	while (!atom32_load(&w.done)) {
		CHECK_OK(engine_maintain(kit));
		thread_yield();
	}
}

SIM_TEST(sublayers_come_and_go_while_indexes_are_built)
{
	struct thread *t;
	uint64_t live = mem_live();

	begin(test_seed());
	CHECK_OK(thread_start(&t, "maintainer", maintainer, NULL));
	for (unsigned i = 0; i < STEPS; i++) {
		any_change();
		check_all();
	}
	atom32_store(&w.done, 1);
	thread_join(t);
	check_all();
	end();
	CHECK_EQ_U(mem_live(), live);
}
