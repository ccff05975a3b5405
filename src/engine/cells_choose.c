/* SPDX-License-Identifier: MIT */
/*
 * cells_choose - which bits are worth a table?
 *
 * Each rule's box fixes so many upper bits of each word; these counts, rounded down, are the rule's
 * shape.  Rules of one shape are a kind.  A mask is a shape, too, and takes the rules of all kinds
 * that fix at least as much.  A mask that asks for few bits takes many rules, and then a search
 * finds many with its bits, all to be read; so each mask has a price in nanoseconds, for packets
 * that are as likely in one rule as in another:
 *
 *	gain = what the tree would cost for the rules that find room
 *	     - the rules with the packet's bits, for each of them a test
 *	     - one line of a table
 *
 * Candidates are the common parts of two frequent kinds.  All are tried with a sample, the best few
 * varied bit by bit and then tried with all rules.  The winner's rules are taken out, and so on,
 * until no table gains.  Time is linear in the rules, whatever they are.  For index_build; any
 * thread.
 */
#include "engine/cells.h"

#include "engine/cells_walk.h"
#include "base/mem.h"

#include <string.h>

#define KINDS_MAX      1024u
#define KINDS_BY_HASH  (2 * KINDS_MAX)
#define FREQUENT       20u
#define CANDIDATES_MAX (FREQUENT * (FREQUENT + 1) / 2)
#define FINALISTS      3u
#define SAMPLE	       512u
#define BINS	       4u  /* for each rule */
#define RULES_MIN      32u /* fewer are two nodes of the tree: no table pays */
#define CLIMBS_MAX     24u
#define COUNT_MAX      255u

/* Nanoseconds. */
#define NS_TABLE 8.0
#define NS_TEST	 6.0
#define NS_TREE	 2.0 /* see tree_price */

/* How many upper bits of each word are fixed, one byte for each word, 0 to 32. */
struct shape {
	uint64_t half[2];
};

#define TOP_BITS UINT64_C(0x8080808080808080)

static bool shape_covers(const struct shape *x, const struct shape *y)
{
	return ((((x->half[0] | TOP_BITS) - y->half[0]) & TOP_BITS) == TOP_BITS) &&
	       ((((x->half[1] | TOP_BITS) - y->half[1]) & TOP_BITS) == TOP_BITS);
}

static bool shape_equal(const struct shape *x, const struct shape *y)
{
	return x->half[0] == y->half[0] && x->half[1] == y->half[1];
}

static unsigned shape_get(const struct shape *s, unsigned w)
{
	return (s->half[w / 8] >> (w % 8 * 8)) & 0xff;
}

static void shape_set(struct shape *s, unsigned w, unsigned bits)
{
	s->half[w / 8] &= ~(UINT64_C(0xff) << (w % 8 * 8));
	s->half[w / 8] |= (uint64_t)bits << (w % 8 * 8);
}

static struct shape shape_meet(const struct shape *x, const struct shape *y)
{
	struct shape s = {{0, 0}};

	for (unsigned w = 0; w < KEY_WORDS_MAX; w++) {
		const unsigned a = shape_get(x, w), b = shape_get(y, w);

		shape_set(&s, w, a < b ? a : b);
	}
	return s;
}

static uint32_t upper_bits(unsigned n)
{
	return n == 0 ? 0 : ~UINT32_C(0) << (32 - n);
}

static struct cells_mask mask_of(const struct shape *s)
{
	struct cells_mask mask = {{0}, 0};

	for (unsigned w = 0; w < KEY_WORDS_MAX; w++)
		mask.words[w] = upper_bits(shape_get(s, w));
	return mask;
}

/* Keys of rules, those of one kind together, those that have a table last. */
struct pool {
	uint32_t *keys; /* the lower bounds: any point of the box does */
	uint32_t begin[KINDS_MAX + 1];
	uint32_t count[KINDS_MAX]; /* without a table */
	uint32_t n;		   /* all counts */
};

struct choice {
	unsigned words;
	unsigned step; /* shapes are multiples of it */
	unsigned n_kinds;
	struct shape kinds[KINDS_MAX];
	uint16_t by_hash[KINDS_BY_HASH]; /* number of the kind + 1; 0: none */
	struct pool all, sample;
	uint16_t *kind_of; /* of each rule; KINDS_MAX: left out */
	uint8_t *bins;	   /* how many rules are in each, while one mask is judged */
	struct cells_secret secret;
	double ns_tree;		 /* what a rule adds to the tree's price */
	double ns_test;		 /* a test, for one of all rules' packets */
	double steps[COUNT_MAX]; /* what the next of a sample's rules with the same bits gains */
};

/* ---- rules become kinds ----------------------------------------------------------------- */

static struct shape shape_of(const struct index_rule *r, unsigned step)
{
	struct shape s = {{0, 0}};

	for (unsigned w = 0; w < r->words; w++) {
		const uint32_t differ = rule_lo(r)[w] ^ rule_hi(r)[w];
		const unsigned fixed = differ ? (unsigned)__builtin_clz(differ) : 32;

		s.half[w / 8] |= (uint64_t)(fixed / step * step) << (w % 8 * 8);
	}
	return s;
}

/* KINDS_MAX: there are too many already. */
static unsigned kind_of(struct choice *c, const struct shape *s)
{
	const uint64_t mixed = (s->half[0] ^ s->half[1] << 3) * UINT64_C(0x9E3779B97F4A7C15);
	size_t at = mixed >> 40;

	for (;; at++) {
		uint16_t *found = &c->by_hash[at % KINDS_BY_HASH];

		if (*found && shape_equal(&c->kinds[*found - 1], s))
			return *found - 1u;
		if (*found)
			continue;
		if (c->n_kinds == KINDS_MAX)
			return KINDS_MAX;
		c->kinds[c->n_kinds] = *s;
		*found = (uint16_t)++c->n_kinds;
		return c->n_kinds - 1;
	}
}

/* False: more kinds than there is room for, and the rules that have no kind are left out. */
static bool find_kinds(struct choice *c, const struct index_rule *const *rules, size_t n)
{
	bool all = true;

	c->n_kinds = 0;
	memset(c->by_hash, 0, sizeof(c->by_hash));
	memset(c->all.count, 0, sizeof(c->all.count));
	for (size_t i = 0; i < n; i++) {
		const struct shape s = shape_of(rules[i], c->step);
		const unsigned k = kind_of(c, &s);

		c->kind_of[i] = (uint16_t)k;
		if (k < KINDS_MAX)
			c->all.count[k]++;
		else
			all = false;
		if (!all && c->step < 16)
			return false;
	}
	return all;
}

static void sort_keys(struct choice *c, const struct index_rule *const *rules, size_t n)
{
	uint32_t next[KINDS_MAX], at = 0;

	for (unsigned k = 0; k < c->n_kinds; k++) {
		next[k] = c->all.begin[k] = at;
		at += c->all.count[k];
	}
	c->all.n = c->all.begin[c->n_kinds] = at;
	for (size_t i = 0; i < n; i++)
		if (c->kind_of[i] < KINDS_MAX)
			memcpy(&c->all.keys[(size_t)next[c->kind_of[i]]++ * c->words],
			       rule_lo(rules[i]), c->words * sizeof(uint32_t));
}

static void read_rules(struct choice *c, const struct index_rule *const *rules, size_t n)
{
	for (c->step = 4; !find_kinds(c, rules, n) && c->step < 16;)
		c->step *= 2;
	sort_keys(c, rules, n);
}

/* Every so manieth key of what is left. */
static void draw_sample(struct choice *c)
{
	const uint32_t every = c->all.n / SAMPLE + 1;
	uint32_t skip = 0;

	c->sample.n = 0;
	for (unsigned k = 0; k < c->n_kinds; k++) {
		c->sample.begin[k] = c->sample.n;
		for (; skip < c->all.count[k]; skip += every)
			memcpy(&c->sample.keys[(size_t)c->sample.n++ * c->words],
			       &c->all.keys[(size_t)(c->all.begin[k] + skip) * c->words],
			       c->words * sizeof(uint32_t));
		skip -= c->all.count[k];
		c->sample.count[k] = c->sample.n - c->sample.begin[k];
	}
}

/* ---- judging a mask --------------------------------------------------------------------- */

static uint32_t *key_at(const struct choice *c, const struct pool *pool, uint32_t i)
{
	return &pool->keys[(size_t)i * c->words];
}

static void swap_keys(uint32_t *x, uint32_t *y, unsigned words)
{
	for (unsigned w = 0; w < words; w++) {
		const uint32_t was = x[w];

		x[w] = y[w];
		y[w] = was;
	}
}

static uint32_t bins_for(size_t n)
{
	return (uint32_t)(BINS * n + 1);
}

static uint32_t fitting(const struct choice *c, const struct pool *pool, const struct shape *s)
{
	uint32_t n = 0;

	for (unsigned k = 0; k < c->n_kinds; k++)
		if (shape_covers(&c->kinds[k], s))
			n += pool->count[k];
	return n;
}

/*
 * A search in a tree of so many rules.  The more there are the deeper it is, and the more boxes of
 * each level overlap: measured, it grows with the square of the doublings.
 */
static double tree_price(uint32_t rules)
{
	const unsigned doublings = 31 - (unsigned)__builtin_clz(rules);
	const double deep = doublings + (double)rules / (UINT32_C(1) << doublings) - 1 - 3;

	return NS_TREE * deep * deep;
}

/* The prices for what is left. */
static void set_prices(struct choice *c)
{
	const double n = c->all.begin[c->n_kinds], rest = c->all.n, part = c->sample.n / rest;
	double before = 0;

	c->ns_tree = tree_price(c->all.n) / rest;
	c->ns_test = NS_TEST / n;
	for (unsigned i = 0; i < COUNT_MAX; i++) {
		const double same = 1 + i / part, room = same < CELLS_SAME ? same : CELLS_SAME;
		const double rules = (i + 1) / part;
		const double gain = rules * room * (c->ns_tree / same - c->ns_test);

		c->steps[i] = gain - before;
		before = gain;
	}
}

static uint8_t *bin_of(const struct choice *c, const struct cells_mask *mask, const uint32_t *key,
		       uint32_t bins)
{
	return &c->bins[cells_line_number(cells_hash(mask->words, &c->secret, c->words, key),
					  bins)];
}

/*
 * Throws a sample's keys that fit into so many bins that different bits seldom meet.  Rules that
 * share a bin in the sample have as many companions more among all as the sample is smaller.
 */
static double judge_sample(struct choice *c, const struct shape *s)
{
	const struct cells_mask mask = mask_of(s);
	const uint32_t bins = bins_for(SAMPLE);
	double gain = -NS_TABLE;

	memset(c->bins, 0, bins);
	for (unsigned k = 0; k < c->n_kinds; k++) {
		const uint32_t *key = key_at(c, &c->sample, c->sample.begin[k]);

		if (!shape_covers(&c->kinds[k], s))
			continue;
		for (uint32_t i = 0; i < c->sample.count[k]; i++, key += c->words) {
			uint8_t *bin = bin_of(c, &mask, key, bins);

			if (*bin < COUNT_MAX)
				gain += c->steps[(*bin)++];
		}
	}
	return gain;
}

/* Fills the bins with those of all rules that find room; returns how many. */
static uint32_t place_all(struct choice *c, const struct shape *s, uint32_t bins, bool take_out)
{
	const struct cells_mask mask = mask_of(s);
	uint32_t placed = 0;

	memset(c->bins, 0, bins);
	for (unsigned k = 0; k < c->n_kinds; k++) {
		uint32_t *key = key_at(c, &c->all, c->all.begin[k]);
		uint32_t left = c->all.count[k];

		if (!shape_covers(&c->kinds[k], s))
			continue;
		for (uint32_t i = 0; i < left;) {
			uint8_t *bin = bin_of(c, &mask, key, bins);
			const bool room = *bin < CELLS_SAME;

			*bin += room;
			placed += room;
			if (room && take_out) {
				swap_keys(key, key_at(c, &c->all, c->all.begin[k] + --left),
					  c->words);
				continue;
			}
			i++;
			key += c->words;
		}
		c->all.n -= c->all.count[k] - left;
		c->all.count[k] = left;
	}
	return placed;
}

/* The bins are filled: how many rules would the packets of all rules meet? */
static uint64_t count_tests(const struct choice *c, const struct shape *s, uint32_t bins)
{
	const struct cells_mask mask = mask_of(s);
	const uint32_t *key = c->all.keys;
	uint64_t tests = 0;

	for (uint32_t i = 0; i < c->all.begin[c->n_kinds]; i++, key += c->words)
		tests += *bin_of(c, &mask, key, bins);
	return tests;
}

static double judge_all(struct choice *c, const struct shape *s)
{
	const uint32_t bins = bins_for(fitting(c, &c->all, s));
	const uint32_t placed = place_all(c, s, bins, false);

	return placed * c->ns_tree - (double)count_tests(c, s, bins) * c->ns_test - NS_TABLE;
}

/* ---- candidates ------------------------------------------------------------------------- */

struct candidate {
	struct shape shape;
	double worth; /* 0: none */
};

/* Keeps the best n of a short list, the best first. */
static void keep_best(struct candidate *list, unsigned n, const struct candidate *x)
{
	unsigned i = n;

	if (x->worth <= list[n - 1].worth)
		return;
	for (unsigned j = 0; j < n; j++)
		if (list[j].worth == x->worth && shape_equal(&list[j].shape, &x->shape))
			return;
	for (i = n - 1; i > 0 && list[i - 1].worth < x->worth; i--)
		list[i] = list[i - 1];
	list[i] = *x;
}

static unsigned frequent_kinds(const struct choice *c, struct candidate *out)
{
	unsigned n = 0;

	memset(out, 0, FREQUENT * sizeof(*out));
	for (unsigned k = 0; k < c->n_kinds; k++)
		if (c->all.count[k])
			keep_best(out, FREQUENT, &(struct candidate){c->kinds[k], c->all.count[k]});
	while (n < FREQUENT && out[n].worth)
		n++;
	return n;
}

static bool is_among(const struct shape *list, unsigned n, const struct shape *s)
{
	while (n-- > 0)
		if (shape_equal(&list[n], s))
			return true;
	return false;
}

/* The common parts of any two frequent kinds, and these themselves. */
static unsigned candidates(const struct choice *c, struct shape out[CANDIDATES_MAX])
{
	struct candidate frequent[FREQUENT];
	const unsigned n = frequent_kinds(c, frequent);
	unsigned found = 0;

	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j <= i; j++) {
			const struct shape s = shape_meet(&frequent[i].shape, &frequent[j].shape);

			if (!is_among(out, found, &s))
				out[found++] = s;
		}
	return found;
}

/* The same with one word longer or shorter by a step; false: there is no such shape. */
static bool vary(struct shape *s, const struct choice *c, unsigned variation)
{
	const unsigned w = variation / 2, bits = shape_get(s, w);

	if (variation % 2 == 0 ? bits == 0 : bits + c->step > 32)
		return false;
	shape_set(s, w, variation % 2 == 0 ? bits - c->step : bits + c->step);
	return true;
}

/* Goes to a better neighbour as long as there is one. */
static void climb(struct choice *c, struct candidate *x)
{
	const unsigned variations = 2 * c->words;
	unsigned since = 0, v = 0;

	for (unsigned steps = 0; since < variations && steps < CLIMBS_MAX; since++) {
		struct candidate y = *x;

		if (vary(&y.shape, c, v)) {
			y.worth = judge_sample(c, &y.shape);
			if (y.worth > x->worth) {
				*x = y;
				since = 0;
				steps++;
				continue;
			}
		}
		v = (v + 1) % variations;
	}
}

static void best_by_sample(struct choice *c, struct candidate best[FINALISTS])
{
	struct shape shapes[CANDIDATES_MAX];
	const unsigned n = candidates(c, shapes);

	memset(best, 0, FINALISTS * sizeof(*best));
	for (unsigned i = 0; i < n; i++) {
		const struct candidate x = {shapes[i], judge_sample(c, &shapes[i])};

		keep_best(best, FINALISTS, &x);
	}
}

static struct candidate best_candidate(struct choice *c)
{
	struct candidate finalists[FINALISTS], best = {{{0, 0}}, 0};

	best_by_sample(c, finalists);
	for (unsigned i = 0; i < FINALISTS && finalists[i].worth; i++) {
		climb(c, &finalists[i]);
		finalists[i].worth = judge_all(c, &finalists[i].shape);
		if (finalists[i].worth > best.worth)
			best = finalists[i];
	}
	return best;
}

/* ---- one table after the other ---------------------------------------------------------- */

static unsigned choose(struct choice *c, struct cells_mask out[CELLS_TABLES_MAX])
{
	unsigned n = 0;

	while (n < CELLS_TABLES_MAX && c->all.n >= RULES_MIN) {
		struct candidate best;

		draw_sample(c);
		set_prices(c);
		best = best_candidate(c);
		if (best.worth <= 0)
			break;
		out[n] = mask_of(&best.shape);
		out[n++].expected =
			place_all(c, &best.shape, bins_for(fitting(c, &c->all, &best.shape)), true);
	}
	return n;
}

static void choice_free(struct choice *c)
{
	if (!c)
		return;
	mem_free(c->all.keys);
	mem_free(c->sample.keys);
	mem_free(c->kind_of);
	mem_free(c->bins);
	mem_free(c);
}

static struct choice *choice_create(size_t n, unsigned words)
{
	struct choice *c = mem_zalloc_aligned(CACHELINE, sizeof(*c));

	if (!c)
		return NULL;
	c->words = words;
	c->all.keys = mem_alloc(n * words * sizeof(uint32_t));
	c->sample.keys = mem_alloc(SAMPLE * words * sizeof(uint32_t));
	c->kind_of = mem_alloc(n * sizeof(*c->kind_of));
	c->bins = mem_alloc(bins_for(n > SAMPLE ? n : SAMPLE));
	if (!c->all.keys || !c->sample.keys || !c->kind_of || !c->bins) {
		choice_free(c);
		return NULL;
	}
	cells_secret_draw(&c->secret);
	return c;
}

wfp_err cells_choose(struct cells_mask out[CELLS_TABLES_MAX], unsigned *n_out,
		     const struct index_rule *const *rules, size_t n, unsigned words)
{
	struct cells_mask found[CELLS_TABLES_MAX];
	struct choice *c;

	if (n < RULES_MIN) {
		*n_out = 0;
		return ERR_OK;
	}
	c = choice_create(n, words);
	if (!c)
		return ERR_NO_MEMORY;
	read_rules(c, rules, n);
	*n_out = choose(c, found);
	memcpy(out, found, *n_out * sizeof(found[0]));
	choice_free(c);
	return ERR_OK;
}
