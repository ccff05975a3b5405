/* SPDX-License-Identifier: MIT */
/*
 * Sets of bits against a list that is searched from end to end, with every instruction set that
 * this processor has: random rules of several shapes, removed one by one, searched while older
 * versions still stand.
 */
#include "harness.h"

#include "base/mem.h"
#include "base/rng.h"
#include "engine/bits_walk_isa.h"
#include "engine/snapshot.h"

static struct rng rng;

/* ---- rules ---------------------------------------------------------------------------------- */

/* All rules of a test; in[i]: is number i there? */
static struct index_rule *rules[BITS_MAX];
static bool in[BITS_MAX];
static unsigned n_rules;
static unsigned words;

/* All rules' filter: it matches TCP.  Rules tell filters apart by their order. */
static struct policy_filter only_tcp;
static struct model_value values[64];

#define LAYER MODEL_LAYER_ALE_AUTH_CONNECT_V4

static void make_filter(void)
{
	struct model_condition condition = {.field_key = *model_condition_key("IP_PROTOCOL"),
					    .match = MODEL_MATCH_EQUAL,
					    .value = {MODEL_UINT8, {.u8 = 6}}};
	const struct model_filter draft = {.id = 1,
					   .layer = LAYER,
					   .action = MODEL_ACTION_BLOCK,
					   .name = (char *)(uintptr_t) "bits",
					   .n_conditions = 1,
					   .conditions = &condition};

	CHECK_OK(model_filter_create(&only_tcp.filter, &draft));
}

static void draw_protocol(void)
{
	values[model_field_index(model_layer_by_id(LAYER), model_condition_key("IP_PROTOCOL"))] =
		(struct model_value){MODEL_UINT8, {.u8 = rng_below(&rng, 2) ? 6 : 17}};
}

static struct index_rule *make_rule(unsigned i, const struct key_box *box)
{
	struct index_rule *r =
		mem_zalloc_aligned(RULE_ALIGN, sizeof(*r) + 2 * words * sizeof(uint32_t));

	CHECK(r);
	r->words = (uint8_t)words;
	r->order = (struct rule_order){rng_below(&rng, 1 + n_rules / 2), i + 1};
	r->exact = box->exact;
	r->filter = &only_tcp;
	memcpy(r->bounds, box->lo, words * sizeof(uint32_t));
	memcpy(r->bounds + words, box->hi, words * sizeof(uint32_t));
	return r;
}

static uint32_t draw_border(void)
{
	static const uint32_t borders[] = {
		0, 1, 2, INT32_MAX - 1u, INT32_MAX, UINT32_C(1) << 31, UINT32_MAX - 1, UINT32_MAX};

	return borders[rng_below(&rng, ARRAY_LEN(borders))];
}

/* Any range; what ends at the borders of numbers is frequent. */
static void draw_range(uint32_t *lo, uint32_t *hi)
{
	const uint32_t v = rng_u32(&rng);
	uint32_t x = v, y = v;

	switch (rng_below(&rng, 5)) {
	case 0:
		x = 0;
		y = UINT32_MAX;
		break;
	case 1:
		x = draw_border();
		y = draw_border();
		break;
	case 2:
		x = v & ~(UINT32_MAX >> rng_below(&rng, 32));
		break;
	case 3:
		x = v % 65536;
		y = x + rng_below(&rng, 50);
		break;
	default:
		break;
	}
	*lo = x < y ? x : y;
	*hi = x < y ? y : x;
}

/* bounded: which words some rule may bound. */
static void draw_rules(unsigned n, unsigned n_words, uint32_t bounded)
{
	rng_seed(&rng, test_seed() + n + n_words);
	words = n_words;
	n_rules = n;
	memset(in, 0, sizeof(in));
	memset(in, 1, n);
	make_filter();
	for (unsigned i = 0; i < n; i++) {
		struct key_box box = {.exact = rng_below(&rng, 8) > 0};

		memset(box.hi, 0xff, sizeof(box.hi));
		for (unsigned w = 0; w < words; w++)
			if (bounded >> w & 1)
				draw_range(&box.lo[w], &box.hi[w]);
		rules[i] = make_rule(i, &box);
	}
}

static void free_rules(void)
{
	model_filter_put(only_tcp.filter);
	for (unsigned i = 0; i < n_rules; i++)
		mem_free(rules[i]);
}

static struct bits *build(void)
{
	struct bits *b;
	struct edit e;

	edit_begin(&e, 1);
	CHECK_OK(bits_build(&b, &e, (const struct index_rule *const *)rules, n_rules, words));
	edit_keep(&e);
	edit_settle(&e);
	return b;
}

/* ---- searches ------------------------------------------------------------------------------- */

/* A point of some rule's box or one beside it, or anywhere. */
static uint32_t draw_point(uint32_t lo, uint32_t hi)
{
	switch (rng_below(&rng, 6)) {
	case 0:
		return rng_u32(&rng);
	case 1:
		return draw_border();
	case 2:
		return lo - rng_below(&rng, 2);
	case 3:
		return hi + rng_below(&rng, 2);
	default:
		return hi - lo == UINT32_MAX ? rng_u32(&rng) : lo + rng_below(&rng, hi - lo + 1);
	}
}

static struct key draw_key(void)
{
	const struct index_rule *r = rules[rng_below(&rng, n_rules)];
	struct key key = {.loose = rng_below(&rng, 10) == 0};

	for (unsigned w = 0; w < words; w++)
		key.words[w] = draw_point(rule_lo(r)[w], rule_hi(r)[w]);
	return key;
}

static bool box_has(const struct index_rule *r, const struct key *key)
{
	for (unsigned w = 0; w < words; w++)
		if (key->words[w] < rule_lo(r)[w] || key->words[w] > rule_hi(r)[w])
			return false;
	return true;
}

static int compare_rules(const void *x, const void *y)
{
	const struct index_rule *const *a = x, *const *b = y;

	return rule_before((*a)->order, (*b)->order) ? -1 : rule_before((*b)->order, (*a)->order);
}

static bool matches(const struct index_rule *r, const struct index_query *q)
{
	return box_has(r, q->key) &&
	       ((r->exact && !q->key->loose) ||
		engine_match_filter(r->filter->filter, q->values, q->n_values));
}

/* All that match, in order. */
static unsigned list_all(const struct index_query *q, const bool *is_in,
			 const struct index_rule **out)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_rules; i++)
		if (is_in[i] && matches(rules[i], q))
			out[n++] = rules[i];
	if (n)
		qsort(out, n, sizeof(*out), compare_rules);
	return n;
}

/* Which of the n rules is the first below. */
static unsigned first_below(const struct index_rule *const *all, unsigned n,
			    struct rule_order below)
{
	unsigned i = 0;

	while (i < n && !rule_before(below, all[i]->order))
		i++;
	return i;
}

static void check_walk(const struct bits_walk *walk, const struct bits *b,
		       const struct index_query *q, const struct index_rule *const *want,
		       unsigned n)
{
	const struct index_rule *found[BITS_MAX], *other = rules[rng_below(&rng, n_rules)];
	const struct index_rule *best = n ? want[0] : NULL;
	const unsigned at = first_below(want, n, other->order);

	CHECK(walk->best(b, q, NULL, NULL) == best);
	if (!best || rule_before(other->order, best->order))
		best = other;
	CHECK(walk->best(b, q, NULL, other) == best);
	CHECK_EQ_U(walk->all(b, q, NULL, found), n);
	CHECK(n == 0 || memcmp(found, want, n * sizeof(*found)) == 0);
	CHECK(walk->best(b, q, &other->order, NULL) == (at < n ? want[at] : NULL));
	CHECK_EQ_U(walk->all(b, q, &other->order, found), n - at);
	CHECK(n == at || memcmp(found, want + at, (n - at) * sizeof(*found)) == 0);
}

/* Half of them have something already. */
static void check_burst(const struct bits_walk *walk, const struct bits *b,
			const struct index_query *q, unsigned n,
			const struct index_rule *const *want)
{
	const struct index_rule *found[INDEX_BURST_MAX], *best[INDEX_BURST_MAX];

	for (unsigned i = 0; i < n; i++) {
		found[i] = rng_below(&rng, 2) ? rules[rng_below(&rng, n_rules)] : NULL;
		best[i] = found[i];
		if (want[i] && (!best[i] || rule_before(want[i]->order, best[i]->order)))
			best[i] = want[i];
	}
	walk->burst(b, q, n, found);
	CHECK(memcmp(found, best, n * sizeof(*found)) == 0);
}

static void check_with(const struct bits_walk *walk, const struct bits *b, const bool *is_in)
{
	const struct index_rule *want[BITS_MAX], *best[INDEX_BURST_MAX];
	struct index_query q[INDEX_BURST_MAX];
	struct key keys[INDEX_BURST_MAX];
	const unsigned n_burst = 1 + rng_below(&rng, INDEX_BURST_MAX);

	draw_protocol();
	for (unsigned i = 0; i < n_burst; i++) {
		unsigned n;

		keys[i] = draw_key();
		q[i] = (struct index_query){&keys[i], values, ARRAY_LEN(values)};
		n = list_all(&q[i], is_in, want);
		best[i] = n ? want[0] : NULL;
		check_walk(walk, b, &q[i], want, n);
	}
	check_burst(walk, b, q, n_burst, best);
}

static void check_searches(const struct bits *b, const bool *is_in, unsigned n)
{
	for (; n > 0; n--) {
		check_with(&bits_walk_plain, b, is_in);
		check_with(&bits_walk_vec16, b, is_in);
#if defined(__x86_64__)
		if (__builtin_cpu_supports("avx2"))
			check_with(&bits_walk_avx2, b, is_in);
		if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))
			check_with(&bits_walk_avx512, b, is_in);
#endif
	}
}

/* ---- building ------------------------------------------------------------------------------- */

static void build_and_check(unsigned n, unsigned n_words, uint32_t bounded)
{
	struct bits *b;

	draw_rules(n, n_words, bounded);
	b = build();
	check_searches(b, in, n < 100 ? 40 : 5);
	bits_free(b);
	free_rules();
	CHECK_EQ_U(mem_live(), 0);
}

TEST(bits_of_any_size_find_what_a_list_finds)
{
	static const unsigned sizes[] = {1,   2,   3,	8,   9,	  63,  64,   65,      137,
					 255, 256, 257, 512, 513, 769, 1000, BITS_MAX};

	for (unsigned k = 0; k < ARRAY_LEN(sizes); k++) {
		build_and_check(sizes[k], 8, 0x7);
		build_and_check(sizes[k], 16, 0x8421);
		build_and_check(sizes[k], 16, 0xffff);
	}
}

TEST(without_a_bounded_word_every_rule_matches)
{
	build_and_check(1, 8, 0);
	build_and_check(300, 8, 0);
}

/* All numbers of ends around those with which a level more begins. */
TEST(a_word_may_have_any_number_of_ends)
{
	for (unsigned n = 1; n <= 310; n++) {
		struct bits *b;

		draw_rules(n, 8, 0);
		for (unsigned i = 0; i < n; i++)
			rules[i]->bounds[3] = (i + 1) * 5;
		b = build();
		CHECK_EQ_U(b->words[0].n_levels, n <= 16 ? 1 : n <= 16 * 17 ? 2 : 3);
		check_searches(b, in, 1);
		bits_free(b);
		free_rules();
	}
}

TEST(as_many_ends_as_there_can_be_are_three_levels)
{
	struct bits *b;

	draw_rules(BITS_MAX, 8, 0);
	for (unsigned i = 0; i < n_rules; i++) {
		rules[i]->bounds[2] = i * 4 + 2;
		rules[i]->bounds[words + 2] = i * 4 + 3;
	}
	b = build();
	CHECK_EQ_U(b->words[0].n_levels, BITS_LEVELS);
	check_searches(b, in, 20);
	bits_free(b);
	free_rules();
}

TEST(rules_with_one_and_the_same_box_share_their_rows)
{
	struct bits *b;
	size_t bytes;

	draw_rules(500, 8, 0x7);
	for (unsigned i = 1; i < n_rules; i++)
		memcpy(rules[i]->bounds, rules[0]->bounds, 2 * words * sizeof(uint32_t));
	b = build();
	bytes = bits_bytes(b);
	CHECK(bytes < sizeof(*b) + n_rules * 24 + 4 * 512);
	check_searches(b, in, 5);
	bits_free(b);
	free_rules();
}

/* As the boxes of one filter are. */
TEST(rules_of_one_order_are_all_found_or_all_passed)
{
	const struct index_rule *all[BITS_MAX];
	const struct key key = {{0}, false};
	const struct index_query q = {&key, values, ARRAY_LEN(values)};
	struct bits *b;

	draw_rules(200, 8, 0);
	for (unsigned i = 0; i < n_rules; i++) {
		rules[i]->order = (struct rule_order){i / 50, i / 50};
		rules[i]->exact = true;
	}
	b = build();
	CHECK_EQ_U(bits_walk_plain.all(b, &q, &(struct rule_order){2, 2}, all), 100);
	CHECK_EQ_U(bits_walk_plain.all(b, &q, &(struct rule_order){0, 0}, all), 0);
	for (unsigned i = 0; i < n_rules; i++)
		CHECK(bits_has(b, rules[i]));
	bits_free(b);
	free_rules();
}

/* ---- removing ------------------------------------------------------------------------------- */

TEST(rules_go_one_by_one_and_older_versions_still_have_them)
{
	struct bits *b, *next;
	struct edit e;

	draw_rules(400, 8, 0x3);
	b = build();
	for (unsigned i = 0; i < n_rules; i++) {
		CHECK(bits_has(b, rules[i]));
		edit_begin(&e, i + 2);
		next = b;
		CHECK_OK(bits_remove(&next, &e, rules[i]));
		CHECK(next != b && !bits_has(next, rules[i]) && bits_has(b, rules[i]));
		if (i % 40 == 0)
			check_searches(b, in, 1);
		edit_keep(&e);
		edit_settle(&e);
		b = next;
		in[i] = false;
		if (i % 40 == 0 || i + 1 == n_rules)
			check_searches(b, in, 1);
	}
	bits_free(b);
	free_rules();
	CHECK_EQ_U(mem_live(), 0);
}

TEST(many_rules_go_in_one_edit_that_is_undone)
{
	struct bits *b, *next;
	bool left[BITS_MAX];
	struct edit e;

	draw_rules(1000, 16, 0xf);
	b = next = build();
	memcpy(left, in, sizeof(left));
	edit_begin(&e, 2);
	for (unsigned i = 0; i < n_rules; i += 1 + rng_below(&rng, 5)) {
		CHECK_OK(bits_remove(&next, &e, rules[i]));
		left[i] = false;
	}
	check_searches(next, left, 5);
	edit_undo(&e);
	check_searches(b, in, 5);
	bits_free(b);
	free_rules();
}

/* ---- memory --------------------------------------------------------------------------------- */

TEST(every_allocation_of_building_and_removing_may_fail)
{
	wfp_err err = ERR_NO_MEMORY;
	struct bits *b, *next;
	struct edit e;
	uint64_t live;

	draw_rules(100, 8, 0x7);
	live = mem_live();
	for (unsigned nth = 1; err; nth++) {
		b = NULL;
		edit_begin(&e, nth);
		mem_fail_at(nth);
		err = bits_build(&b, &e, (const struct index_rule *const *)rules, n_rules, words);
		mem_fail_at(0);
		CHECK(!err == !!b);
		if (err)
			CHECK_ERR(err, ERR_NO_MEMORY);
		edit_undo(&e);
		CHECK_EQ_U(mem_live(), live);
	}
	b = next = build();
	edit_begin(&e, 2);
	mem_fail_at(1);
	CHECK_ERR(bits_remove(&next, &e, rules[0]), ERR_NO_MEMORY);
	mem_fail_at(0);
	CHECK(next == b);
	edit_undo(&e);
	check_searches(b, in, 1);
	bits_free(b);
	free_rules();
}
