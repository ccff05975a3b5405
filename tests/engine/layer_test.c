/* SPDX-License-Identifier: MIT */
/*
 * layer - random commits, and after each what the layer has, found through the cursor, against
 * sorting everything.
 *
 * Every filter matches the packet: without conditions, or with one that wants the field EMPTY.
 */
#include "kit.h"

#include "base/rng.h"
#include "engine/cursor.h"
#include "engine/policy.h"

#define SUBLAYERS 6u
#define FILTERS	  300u
#define COMMITS	  40

struct run {
	struct rng rng;
	uint16_t weights[SUBLAYERS];
	struct model_filter *there[FILTERS]; /* NULL: not there */
	unsigned at[FILTERS];		     /* its sublayer */
	unsigned share;			     /* sublayers that are used: few are large */
};

static unsigned any(struct run *r, unsigned n)
{
	return rng_below(&r->rng, n);
}

static const char *const fields[] = {"ALE_USER_ID", "ALE_APP_ID", "IP_PROTOCOL"};

/* Few weights, so that many are equal. */
static struct model_filter *renew(struct run *r, uint32_t i)
{
	struct model_filter draft = kit_draft(0, any(r, 4), MODEL_ACTION_BLOCK);
	struct model_condition c = kit_condition(fields[any(r, ARRAY_LEN(fields))],
						 MODEL_MATCH_EQUAL, (struct model_value){0});

	r->at[i] = any(r, r->share);
	draft.sublayer = kit_sublayer_key((uint16_t)r->at[i]);
	draft.callout = (struct guid){.a = 1};
	if (any(r, 5) == 0)
		draft.action = MODEL_ACTION_CALLOUT_INSPECTION;
	draft.conditions = &c;
	draft.n_conditions = any(r, 2);
	return kit_make(&draft);
}

static const struct run *sorting;

static bool goes_before(uint32_t x, uint32_t y)
{
	const struct model_filter *f = sorting->there[x], *g = sorting->there[y];

	if (sorting->at[x] != sorting->at[y])
		return sorting->weights[sorting->at[x]] > sorting->weights[sorting->at[y]];
	return f->weight != g->weight ? f->weight > g->weight : f->id > g->id;
}

static int by_order(const void *x, const void *y)
{
	return goes_before(*(const uint32_t *)x, *(const uint32_t *)y) ? -1 : 1;
}

static uint32_t expected(const struct run *r, uint32_t *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < FILTERS; i++)
		if (r->there[i])
			out[n++] = i;
	sorting = r;
	if (n)
		qsort(out, n, sizeof(*out), by_order);
	return n;
}

static void check_sublayer(const struct engine_layer *l, const struct engine_sublayer *s)
{
	CHECK(s->n_filters > 0);
	CHECK_EQ_U(policy_set_next(s->set), s->n_filters);
	CHECK((s->few != NULL) == (s->n_filters <= ENGINE_FEW_MAX));
	CHECK((s->index != NULL) == !s->few);
	CHECK(s->few || l->plan);
}

/* What the cursor gives, over all sublayers. */
static void check_order(const struct run *r, const struct engine_layer *l, const uint32_t *want,
			uint32_t n)
{
	struct engine_cursor c;
	struct engine_query q;
	uint32_t at = 0;

	engine_query_begin(&q, l, kit_values, KIT_VALUES);
	for (uint32_t i = 0; i < l->n_sublayers; i++) {
		struct engine_match m;

		check_sublayer(l, &l->sublayers[i]);
		engine_cursor_begin(&c, &q, &l->sublayers[i]);
		while (engine_cursor_next(&c, &m))
			CHECK(at < n && m.filter->filter == r->there[want[at++]]);
		CHECK(!engine_cursor_next(&c, &m));
	}
	CHECK_EQ_U(at, n);
}

static bool looks_at(const struct model_filter *f, const char *field)
{
	return MODEL_ACTION_IS_CALLOUT(f->action) ||
	       (f->n_conditions &&
		guid_equal(&f->conditions[0].field_key, model_condition_key(field)));
}

static void check_counts(const struct run *r, const struct engine_layer *l)
{
	uint32_t user = 0, app = 0, uses[HISTORY_FIELDS] = {0};

	for (uint32_t i = 0; i < FILTERS; i++) {
		if (!r->there[i])
			continue;
		user += looks_at(r->there[i], "ALE_USER_ID");
		app += looks_at(r->there[i], "ALE_APP_ID");
		if (r->there[i]->n_conditions)
			uses[r->there[i]->conditions[0].field]++;
	}
	CHECK_EQ_U(l->n_user, user);
	CHECK_EQ_U(l->n_app, app);
	for (uint32_t i = 0; i < HISTORY_FIELDS; i++)
		CHECK_EQ_U(kit->policy->histories[KIT_LAYER].uses[i], uses[i]);
}

static void check_layer(const struct run *r)
{
	const struct engine_snapshot *s;
	const struct engine_layer *l;
	uint32_t want[FILTERS], n = expected(r, want);

	rcu_read_begin();
	s = rcu_load(&kit->snapshot);
	l = s->layers[KIT_LAYER];
	CHECK(!l == !n);
	if (l) {
		CHECK_EQ_U(l->n_filters, n);
		check_order(r, l, want, n);
		check_counts(r, l);
	}
	rcu_read_end();
}

static void new_weights(struct run *r, struct model_sublayer *out)
{
	for (unsigned i = SUBLAYERS - 1; i > 0; i--) {
		unsigned k = any(r, i + 1);
		uint16_t weight = r->weights[i];

		r->weights[i] = r->weights[k];
		r->weights[k] = weight;
	}
	for (unsigned i = 0; i < SUBLAYERS; i++)
		out[i] = (struct model_sublayer){kit_sublayer_key((uint16_t)i), r->weights[i]};
}

/* one_in: how rare a change is; 1: everything goes and comes. */
static void change(struct run *r, unsigned one_in, bool resort)
{
	struct model_filter *added[FILTERS], *removed[FILTERS];
	struct model_sublayer weights[SUBLAYERS];
	uint64_t ids[FILTERS];
	struct engine_delta d = {.add_filters = added, .remove_filters = ids};

	if (resort) {
		new_weights(r, weights);
		d.add_sublayers = weights;
		d.n_add_sublayers = SUBLAYERS;
	}
	for (uint32_t i = 0; i < FILTERS; i++) {
		if (any(r, one_in))
			continue;
		if (r->there[i]) {
			ids[d.n_remove_filters] = r->there[i]->id;
			removed[d.n_remove_filters++] = r->there[i];
			r->there[i] = NULL;
		} else {
			r->there[i] = added[d.n_add_filters++] = renew(r, i);
		}
	}
	CHECK_OK(engine_commit(kit, &d));
	while (d.n_remove_filters > 0)
		model_filter_put(removed[--d.n_remove_filters]);
}

static void begin(struct run *r, uint64_t seed)
{
	harness_use_seed(seed);
	memset(r, 0, sizeof(*r));
	rng_seed(&r->rng, seed);
	kit_begin();
	for (uint16_t i = 0; i < SUBLAYERS; i++) {
		r->weights[i] = (uint16_t)(i * 10 + 1);
		kit_sublayer(i);
	}
	r->share = 1 + any(r, SUBLAYERS);
}

static void end(struct run *r)
{
	kit_end();
	for (uint32_t i = 0; i < FILTERS; i++)
		model_filter_put(r->there[i]);
}

TEST(the_next_layer_is_what_sorting_everything_gives)
{
	uint64_t first = test_seed(), live = mem_live();

	for (uint64_t seed = first; seed < first + 30; seed++) {
		struct run r;

		begin(&r, seed);
		for (int i = 0; i < COMMITS; i++) {
			change(&r, 1 + any(&r, 60), any(&r, 8) == 0);
			check_layer(&r);
		}
		end(&r);
		CHECK_EQ_U(mem_live(), live);
	}
}
