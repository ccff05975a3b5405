/* SPDX-License-Identifier: MIT */
/*
 * index - random filters built, added and removed, searched with every instruction set that this
 * processor has, against a list that is asked from end to end.
 */
#include "harness.h"

#include "base/mem.h"
#include "base/rng.h"
#include "engine/change.h"
#include "engine/match.h"
#include "engine/policy.h"

#define LAYER	MODEL_LAYER_ALE_AUTH_CONNECT_V4
#define FILTERS 1200u
#define VALUES	64u
#define POOL	8u
#define SHAPES	6u
#define CHANGES 12u

struct world {
	struct rng rng;
	struct policy_filter filters[FILTERS];
	bool there[FILTERS];
	unsigned n; /* how many of filters are used */
	struct key_plan plan;
	struct index *index;
	uint64_t edits;
	struct model_value values[INDEX_BURST_MAX][VALUES];
	struct key keys[INDEX_BURST_MAX];
};

static unsigned any(struct world *w, unsigned n)
{
	return rng_below(&w->rng, n);
}

/* ---- filters ------------------------------------------------------------------------------- */

static const uint32_t addresses[POOL] = {0,	     0x0a000001, 0x0a000002, 0x0a0000ff,
					 0x0a010000, 0xc0a80001, 0xe0000001, UINT32_MAX};

/* Few addresses, or all of them. */
static uint32_t any_address(struct world *w)
{
	return any(w, 2) ? addresses[any(w, POOL)] : (uint32_t)rng_u64(&w->rng);
}

static struct model_condition condition(const char *field, unsigned match, struct model_value v)
{
	return (struct model_condition){
		.field_key = *model_condition_key(field), .match = (uint8_t)match, .value = v};
}

static struct model_value port(uint16_t p)
{
	return (struct model_value){MODEL_UINT16, {.u16 = p}};
}

struct draft {
	struct model_filter f;
	struct model_condition conditions[24];
	struct model_v4_mask mask;
	struct model_range range;
};

static void put(struct draft *d, struct model_condition c)
{
	d->conditions[d->f.n_conditions++] = c;
}

static void put_address(struct world *w, struct draft *d)
{
	const unsigned prefix = any(w, 33);

	d->mask = (struct model_v4_mask){any_address(w), prefix ? UINT32_MAX << (32 - prefix) : 0};
	put(d, condition("IP_REMOTE_ADDRESS", any(w, 8) ? MODEL_MATCH_EQUAL : MODEL_MATCH_NOT_EQUAL,
			 (struct model_value){MODEL_V4_ADDR_MASK, {.v4mask = &d->mask}}));
}

static void put_ports(struct world *w, struct draft *d)
{
	const uint16_t low = (uint16_t)any(w, 60000);
	unsigned n = any(w, 4) ? 1 : 1 + any(w, 20);

	if (any(w, 2)) {
		d->range = (struct model_range){port(low), port((uint16_t)(low + any(w, 3000)))};
		put(d, condition("IP_REMOTE_PORT", MODEL_MATCH_RANGE,
				 (struct model_value){MODEL_RANGE_TYPE, {.range = &d->range}}));
	}
	while (n-- > 0)
		put(d, condition("IP_REMOTE_PORT", MODEL_MATCH_EQUAL, port((uint16_t)any(w, 64))));
}

static void put_other(struct world *w, struct draft *d)
{
	static const struct model_value empty = {0};

	if (any(w, 2))
		put(d, condition("IP_PROTOCOL", MODEL_MATCH_EQUAL,
				 (struct model_value){MODEL_UINT8, {.u8 = any(w, 2) ? 6 : 17}}));
	if (any(w, 10) == 0)
		put(d, condition("ALE_USER_ID", MODEL_MATCH_EQUAL, empty));
	if (any(w, 10) == 0)
		put(d, condition("FLAGS", MODEL_MATCH_FLAGS_ALL_SET,
				 (struct model_value){MODEL_UINT32, {.u32 = 1u << any(w, 3)}}));
}

/* shape: which fields this policy looks at; some have none at all. */
static struct model_filter *any_filter(struct world *w, unsigned shape, uint64_t id)
{
	struct draft d = {.f = {.id = id,
				.layer = LAYER,
				.weight = any(w, 50),
				.action = MODEL_ACTION_BLOCK,
				.name = (char *)(uintptr_t) "index"}};
	struct model_filter *f;

	d.f.conditions = d.conditions;
	if (shape != 1 && any(w, 20))
		put_address(w, &d);
	if (shape == 1 || (shape != 2 && any(w, 2)))
		put_ports(w, &d);
	if (shape > 2)
		put_other(w, &d);
	CHECK_OK(model_filter_create(&f, &d.f));
	return f;
}

static void renew(struct world *w, unsigned i, unsigned shape, uint64_t id)
{
	struct policy_filter *f = &w->filters[i];

	policy_rules_free(&f->rules, f->n_rules);
	model_filter_put(f->filter);
	*f = (struct policy_filter){.filter = any_filter(w, shape, id)};
	CHECK_OK(policy_rules_make(&f->rules, &f->n_rules, f, &w->plan));
}

/* ---- packets ------------------------------------------------------------------------------- */

static void set(struct model_value *values, const char *field, struct model_value v)
{
	int i = model_field_index(model_layer_by_id(LAYER), model_condition_key(field));

	BUG_ON(i < 0);
	values[i] = v;
}

/* Some lack a value, which makes the key loose. */
static void any_packet(struct world *w, unsigned k)
{
	struct model_value *v = w->values[k];

	memset(v, 0, sizeof(w->values[k]));
	if (any(w, 30))
		set(v, "IP_REMOTE_ADDRESS",
		    (struct model_value){MODEL_UINT32, {.u32 = any_address(w)}});
	set(v, "IP_REMOTE_PORT", port((uint16_t)any(w, any(w, 2) ? 64 : 65536)));
	if (any(w, 30))
		set(v, "IP_PROTOCOL",
		    (struct model_value){MODEL_UINT8, {.u8 = any(w, 2) ? 6 : 17}});
	set(v, "FLAGS", (struct model_value){MODEL_UINT32, {.u32 = any(w, 8)}});
	key_make(&w->keys[k], &w->plan, v, VALUES);
}

/* ---- the list ------------------------------------------------------------------------------ */

static int by_order(const void *x, const void *y)
{
	const struct policy_filter *const *f = x, *const *g = y;

	return rule_before(policy_filter_order(*f), policy_filter_order(*g)) ? -1 : 1;
}

/* All that match, in order. */
static unsigned list_matches(const struct world *w, const bool *there,
			     const struct model_value *values, const struct policy_filter **out)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->n; i++)
		if (there[i] && engine_match_filter(w->filters[i].filter, values, VALUES))
			out[n++] = &w->filters[i];
	if (n)
		qsort(out, n, sizeof(*out), by_order);
	return n;
}

static void check_chain(const struct index_isa *isa, const struct index *ix,
			const struct index_query *q, const struct policy_filter *const *want,
			unsigned n, unsigned step)
{
	const struct index_rule *found[8];
	const struct index_rule *first = isa->best(ix, q, NULL);
	struct rule_order below;
	unsigned got, at = 1;

	CHECK((first ? first->filter : NULL) == (n ? want[0] : NULL));
	for (; first && at <= n; at += got) {
		below = policy_filter_order(want[at - 1]);
		first = isa->best(ix, q, &below);
		CHECK((first ? first->filter : NULL) == (at < n ? want[at] : NULL));
		got = isa->collect(ix, q, &below, found, step);
		CHECK_EQ_U(got, n - at < step ? n - at : step);
		for (unsigned i = 0; i < got; i++)
			CHECK(found[i]->filter == want[at + i]);
		if (got == 0)
			break;
	}
}

static void check_burst(const struct index_isa *isa, const struct index *ix,
			const struct index_query *q, const struct policy_filter *const *best,
			unsigned n)
{
	const struct index_rule *found[INDEX_BURST_MAX];

	isa->burst(ix, q, n, found);
	for (unsigned i = 0; i < n; i++)
		CHECK((found[i] ? found[i]->filter : NULL) == best[i]);
}

static void check(struct world *w, const struct index *ix, const bool *there)
{
	const struct policy_filter *want[FILTERS], *best[INDEX_BURST_MAX];
	struct index_query q[INDEX_BURST_MAX];
	unsigned step = 1 + any(w, 8), n_burst = 1 + any(w, INDEX_BURST_MAX);

	for (unsigned k = 0; k < n_burst; k++) {
		unsigned n;

		any_packet(w, k);
		q[k] = (struct index_query){&w->keys[k], w->values[k], VALUES};
		n = list_matches(w, there, w->values[k], want);
		best[k] = n ? want[0] : NULL;
		for (unsigned i = 0; i < index_isa_count(); i++)
			if (index_isa_at(i)->usable())
				check_chain(index_isa_at(i), ix, &q[k], want, n, step);
	}
	for (unsigned i = 0; i < index_isa_count(); i++)
		if (index_isa_at(i)->usable())
			check_burst(index_isa_at(i), ix, q, best, n_burst);
}

/* ---- building and changing --------------------------------------------------------------------
 */

struct rules {
	const struct index_rule *list[FILTERS * KEY_BOXES_MAX];
	size_t n;
};

static void gather(struct rules *r, const struct policy_filter *f)
{
	memcpy(&r->list[r->n], policy_rules_of(f), f->n_rules * sizeof(*r->list));
	r->n += f->n_rules;
}

static void begin(struct world *w, uint64_t seed)
{
	static struct rules rules;
	uint32_t uses[VALUES] = {0};
	const unsigned shape = (unsigned)(seed % SHAPES);
	struct edit e;

	harness_use_seed(seed);
	memset(w, 0, sizeof(*w));
	rng_seed(&w->rng, seed);
	w->n = any(w, 3) ? 1 + any(w, 60) : FILTERS;
	index_limit_bits(any(w, 2) ? BITS_MAX : any(w, 40));
	for (unsigned i = 0; i < 24; i++)
		uses[any(w, model_layer_by_id(LAYER)->n_fields)] = any(w, 100);
	uses[model_field_index(model_layer_by_id(LAYER), model_condition_key("IP_REMOTE_PORT"))] =
		any(w, 100);
	key_plan_make(&w->plan, LAYER, uses, model_layer_by_id(LAYER)->n_fields);
	rules.n = 0;
	for (unsigned i = 0; i < w->n; i++) {
		renew(w, i, shape, i + 1);
		w->there[i] = any(w, 4);
		if (w->there[i])
			gather(&rules, &w->filters[i]);
	}
	edit_begin(&e, ++w->edits);
	CHECK_OK(index_build(&w->index, &e, rules.list, rules.n, w->plan.words));
	edit_keep(&e);
	edit_settle(&e);
}

static void end(struct world *w)
{
	index_free(w->index);
	for (unsigned i = 0; i < w->n; i++) {
		policy_rules_free(&w->filters[i].rules, w->filters[i].n_rules);
		model_filter_put(w->filters[i].filter);
	}
}

/* The next version, whose filters are in next; what comes is new, what goes is renewed later. */
static wfp_err change(struct world *w, struct edit *e, struct index **out, const bool *next)
{
	static struct rules add, remove;

	add.n = remove.n = 0;
	for (unsigned i = 0; i < w->n; i++)
		if (w->there[i] != next[i])
			gather(next[i] ? &add : &remove, &w->filters[i]);
	return index_change(out, e, w->index, add.list, add.n, remove.list, remove.n);
}

static void choose(struct world *w, bool *next)
{
	unsigned one_in = 1 + any(w, 30);

	for (unsigned i = 0; i < w->n; i++)
		next[i] = any(w, one_in) ? w->there[i] : any(w, 2);
}

/* Both versions are searched before one of them goes. */
static void change_and_check(struct world *w)
{
	bool next[FILTERS];
	struct index *made;
	struct edit e;

	choose(w, next);
	edit_begin(&e, ++w->edits);
	CHECK_OK(change(w, &e, &made, next));
	check(w, made, next);
	check(w, w->index, w->there);
	if (any(w, 4) == 0) {
		edit_undo(&e);
		check(w, w->index, w->there);
		return;
	}
	edit_keep(&e);
	edit_settle(&e);
	w->index = made;
	memcpy(w->there, next, sizeof(next));
	check(w, w->index, w->there);
}

TEST(an_index_finds_what_a_list_finds_with_every_instruction_set)
{
	static struct world w;
	uint64_t first = test_seed(), live = mem_live();
	uint64_t seeds = getenv("INDEX_SEEDS") ? strtoull(getenv("INDEX_SEEDS"), NULL, 0) : 18;

	for (uint64_t seed = first; seed < first + seeds; seed++) {
		begin(&w, seed);
		check(&w, w.index, w.there);
		for (unsigned i = 0; i < CHANGES; i++)
			change_and_check(&w);
		end(&w);
		CHECK_EQ_U(mem_live(), live);
	}
}

TEST(an_index_that_empties_and_fills_again_finds_everything)
{
	static struct world w;
	bool none[FILTERS] = {false}, all[FILTERS];

	memset(all, true, sizeof(all));
	for (uint64_t seed = test_seed(), last = seed + SHAPES; seed < last; seed++) {
		begin(&w, seed);
		for (unsigned i = 0; i < 4; i++) {
			const bool *next = i % 2 ? all : none;
			struct index *made;
			struct edit e;

			edit_begin(&e, ++w.edits);
			CHECK_OK(change(&w, &e, &made, next));
			edit_keep(&e);
			edit_settle(&e);
			w.index = made;
			memcpy(w.there, next, sizeof(none));
			CHECK_EQ_U(w.index->n_rules == 0, i % 2 == 0);
			check(&w, w.index, w.there);
		}
		end(&w);
	}
}

TEST(every_allocation_of_a_change_may_fail_and_the_old_version_stands)
{
	static struct world w;
	wfp_err err = ERR_NO_MEMORY;
	bool next[FILTERS];
	uint64_t live;

	begin(&w, test_seed() + 3);
	choose(&w, next);
	live = mem_live();
	for (unsigned nth = 1; err; nth += 1 + nth / 16) {
		struct index *made = NULL;
		struct edit e;

		edit_begin(&e, ++w.edits);
		mem_fail_at(nth);
		err = change(&w, &e, &made, next);
		mem_fail_at(0);
		if (err)
			CHECK_ERR(err, ERR_NO_MEMORY);
		edit_undo(&e);
		CHECK_EQ_U(mem_live(), live);
		check(&w, w.index, w.there);
	}
	end(&w);
}
