/* SPDX-License-Identifier: MIT */
/*
 * layer - the next version of a layer, built from its changes, against sorting everything.
 */
#include "harness.h"

#include "base/mem.h"
#include "base/rng.h"
#include "engine/snapshot.h"

#define SUBLAYERS 6u
#define FILTERS	  400u
#define COMMITS	  60

/* The filters that exist, in no order, and those that may come to exist. */
struct run {
	struct rng rng;
	struct policy_sublayer sublayers[SUBLAYERS];
	struct model_filter models[FILTERS];
	struct policy_filter filters[FILTERS];
	struct model_condition conditions[FILTERS];
	bool there[FILTERS];
	struct engine_layer *layer; /* NULL: empty */
};

static unsigned any(struct run *r, unsigned n)
{
	return rng_below(&r->rng, n);
}

static void begin(struct run *r, uint64_t seed)
{
	harness_use_seed(seed);
	memset(r, 0, sizeof(*r));
	rng_seed(&r->rng, seed);
	for (uint32_t i = 0; i < SUBLAYERS; i++) {
		r->sublayers[i].key.a = i;
		r->sublayers[i].weight = r->sublayers[i].next_weight = (uint16_t)(i * 10);
	}
}

static const char *const fields[] = {"ALE_USER_ID", "ALE_APP_ID", "IP_PROTOCOL"};

/* Few weights, so that many are equal. */
static void renew(struct run *r, uint32_t i, uint64_t *id)
{
	r->models[i].id = ++*id;
	r->models[i].weight = any(r, 4);
	r->models[i].action = any(r, 5) ? MODEL_ACTION_BLOCK : MODEL_ACTION_CALLOUT_INSPECTION;
	r->models[i].n_conditions = 1;
	r->models[i].conditions = &r->conditions[i];
	r->conditions[i].field_key = *model_condition_key(fields[any(r, ARRAY_LEN(fields))]);
	r->filters[i] = (struct policy_filter){.filter = &r->models[i],
					       .sublayer = &r->sublayers[any(r, SUBLAYERS)]};
}

static int by_order(const void *x, const void *y)
{
	const struct policy_filter *const *f = x, *const *g = y;

	return engine_filter_order(*f, *g);
}

static uint32_t expected(const struct run *r, const struct policy_filter **out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < FILTERS; i++)
		if (r->there[i])
			out[n++] = &r->filters[i];
	if (n)
		qsort(out, n, sizeof(*out), by_order);
	return n;
}

static void check_sublayers(const struct engine_layer *l)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < l->n_sublayers; i++) {
		const struct engine_sublayer *s = &l->sublayers[i];

		CHECK(s->filters == &l->filters[at] && s->n_filters > 0);
		CHECK(i == 0 || l->sublayers[i - 1].weight > s->weight);
		for (uint32_t f = 0; f < s->n_filters; f++)
			CHECK_EQ_U(l->filters[at + f]->sublayer->key.a, s->key.a);
		at += s->n_filters;
	}
	CHECK_EQ_U(at, l->n_filters);
}

static uint32_t looking(const struct policy_filter *const *filters, uint32_t n, const char *field)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++)
		count += MODEL_ACTION_IS_CALLOUT(filters[i]->filter->action) ||
			 guid_equal(&filters[i]->filter->conditions[0].field_key,
				    model_condition_key(field));
	return count;
}

static void check_layer(const struct run *r)
{
	const struct policy_filter *want[FILTERS];
	uint32_t n = expected(r, want);

	CHECK(!r->layer == !n);
	if (!r->layer)
		return;
	CHECK_EQ_U(r->layer->n_filters, n);
	CHECK(memcmp(r->layer->filters, want, n * sizeof(*want)) == 0);
	CHECK_EQ_U(r->layer->n_user, looking(want, n, "ALE_USER_ID"));
	CHECK_EQ_U(r->layer->n_app, looking(want, n, "ALE_APP_ID"));
	check_sublayers(r->layer);
}

/* one_in: how rare a change is; 1: everything goes and comes. */
static void change(struct run *r, unsigned one_in, bool resort, uint64_t *id)
{
	const struct policy_filter *added[FILTERS], *removed[FILTERS];
	struct engine_layer_change c = {.added = added, .removed = removed, .resort = resort};
	struct engine_layer *next = NULL;

	if (resort)
		r->sublayers[any(r, SUBLAYERS)].next_weight = (uint16_t)(100 + any(r, 50) * 2 + 1);
	for (uint32_t i = 0; i < FILTERS; i++) {
		if (any(r, one_in))
			continue;
		if (r->there[i]) {
			r->filters[i].removing = true;
			removed[c.n_removed++] = &r->filters[i];
		} else {
			renew(r, i, id);
			added[c.n_added++] = &r->filters[i];
		}
		r->there[i] = !r->there[i];
	}
	CHECK_OK(engine_layer_build(&next, r->layer, &c));
	mem_free(r->layer);
	r->layer = next;
}

static bool weights_differ(const struct run *r)
{
	for (uint32_t i = 0; i < SUBLAYERS; i++)
		for (uint32_t j = 0; j < i; j++)
			if (r->sublayers[i].next_weight == r->sublayers[j].next_weight)
				return false;
	return true;
}

TEST(the_next_layer_is_what_sorting_everything_gives)
{
	uint64_t first = test_seed();

	for (uint64_t seed = first; seed < first + 30; seed++) {
		struct run r;
		uint64_t id = 0;

		begin(&r, seed);
		for (int i = 0; i < COMMITS && weights_differ(&r); i++) {
			change(&r, 1 + any(&r, 40), any(&r, 8) == 0, &id);
			if (weights_differ(&r))
				check_layer(&r);
		}
		mem_free(r.layer);
	}
}
