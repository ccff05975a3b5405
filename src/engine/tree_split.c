/* SPDX-License-Identifier: MIT */
/*
 * tree_split - the estimate behind a cut.
 *
 * Packets are points: half of those tried lie in boxes of the set, half anywhere in the box around
 * it.  A half costs a visit for each point in the box around it, and for each leaf that it will
 * fill as many visits as there are points that agree with its items in one word, the best: by that
 * word they can still be parted.  A cut by order has the better half searched first, so the other
 * half costs nothing for a point that some box of the better half has.  Boxes with the same bounds
 * stay together: often they are those that do not care about a word.  Of a large set a sample
 * stands for all.
 */
#include "engine/tree_split.h"

#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLE	 256u
#define POINTS	 64u
#define SIDES	 (2 * KEY_WORDS_MAX)
#define BY_ORDER SIDES /* the coordinate that is the place in the order */
#define TRIES	 16u   /* places at each coordinate */
#define WORDS	 8u    /* where cuts are tried: so time is linear in a box's words, not square */
#define UNEVEN	 0.01  /* of a visit, for halves of very different size: decides between equals */

struct sample {
	unsigned n, n_points, words;
	size_t of;	   /* how many items it stands for */
	unsigned n_active; /* words that are not the same in all boxes */
	uint8_t active[KEY_WORDS_MAX];
	const struct tree_item *items[SAMPLE]; /* in the order of rules */
	uint32_t points[POINTS][KEY_WORDS_MAX];
	unsigned first_with[POINTS]; /* the first item that has the point; n: none */
	/* How many points agree with an item in an active word? */
	uint8_t agree[SAMPLE][KEY_WORDS_MAX];
};

/* Some of the items, gathered one by one. */
struct heap {
	unsigned n;
	uint32_t bounds[SIDES]; /* of the box around them, as in an item */
	uint64_t points;	/* that the box has */
	uint32_t agree[KEY_WORDS_MAX];
};

struct cut {
	unsigned side;		       /* lower bound of word i: i; upper: words + i; or BY_ORDER */
	const struct tree_item *first; /* of the second half */
	size_t place;		       /* about where it is */
	double cost;
};

/* A coordinate with the sample in its order. */
struct view {
	unsigned side;
	unsigned n_places;
	unsigned places[TRIES]; /* ascending; where a second half may begin */
	uint16_t by[SAMPLE];
};

/* ---- boxes ---------------------------------------------------------------------------------- */

static void heap_clear(struct heap *h, const struct sample *s)
{
	memset(h, 0, sizeof(*h));
	memset(h->bounds, 0xff, s->words * sizeof(h->bounds[0]));
}

static void heap_add(struct heap *h, const struct sample *s, unsigned i)
{
	const uint32_t *b = s->items[i]->bounds;

	for (unsigned k = 0; k < s->n_active; k++) {
		const unsigned lo = s->active[k], hi = lo + s->words;

		if (b[lo] < h->bounds[lo])
			h->bounds[lo] = b[lo];
		if (b[hi] > h->bounds[hi])
			h->bounds[hi] = b[hi];
		h->agree[k] += s->agree[i][k];
	}
	h->n++;
}

static bool holds(const struct sample *s, const uint32_t *bounds, const uint32_t *point)
{
	for (unsigned k = 0; k < s->n_active; k++) {
		const unsigned w = s->active[k];

		if (point[w] < bounds[w] || point[w] > bounds[w + s->words])
			return false;
	}
	return true;
}

/* ---- the sample ----------------------------------------------------------------------------- */

static int compare_orders(const void *x, const void *y)
{
	const struct tree_item *const *a = x, *const *b = y;

	if (rule_before((*a)->order, (*b)->order))
		return -1;
	return rule_before((*b)->order, (*a)->order);
}

static void choose_items(struct sample *s, const struct tree_item *items, size_t n, struct rng *rng)
{
	s->n = n < SAMPLE ? (unsigned)n : SAMPLE;
	for (unsigned i = 0; i < s->n; i++) {
		const size_t first = n * i / s->n, next = n * (i + 1) / s->n;

		s->items[i] = &items[first + rng_below(rng, (uint32_t)(next - first))];
	}
	qsort(s->items, s->n, sizeof(s->items[0]), compare_orders);
}

static void find_active(struct sample *s)
{
	const uint32_t *first = s->items[0]->bounds;

	for (unsigned w = 0; w < s->words; w++)
		for (unsigned i = 1; i < s->n; i++) {
			const uint32_t *b = s->items[i]->bounds;

			if (b[w] == first[w] && b[w + s->words] == first[w + s->words])
				continue;
			s->active[s->n_active++] = (uint8_t)w;
			break;
		}
}

static uint32_t between(struct rng *rng, uint32_t lo, uint32_t hi)
{
	const uint32_t width = hi - lo;

	return width == UINT32_MAX ? rng_u32(rng) : lo + rng_below(rng, width + 1);
}

static void choose_points(struct sample *s, struct rng *rng)
{
	struct heap all;

	heap_clear(&all, s);
	for (unsigned i = 0; i < s->n; i++)
		heap_add(&all, s, i);
	s->n_points = s->n < POINTS ? POINTS / 2 : POINTS;
	for (unsigned p = 0; p < s->n_points; p++) {
		const uint32_t *b = p % 2 ? all.bounds : s->items[rng_below(rng, s->n)]->bounds;

		for (unsigned k = 0; k < s->n_active; k++) {
			const unsigned w = s->active[k];

			s->points[p][w] = between(rng, b[w], b[w + s->words]);
		}
	}
}

/* Which points have the word k of item i? */
static uint64_t points_of_word(const struct sample *s, unsigned i, unsigned k)
{
	const unsigned w = s->active[k];
	const uint32_t lo = s->items[i]->bounds[w], hi = s->items[i]->bounds[w + s->words];
	uint64_t in = 0;

	/* n_points is no more; gcc with sanitizers must be told. */
	for (unsigned p = 0; p < s->n_points && p < POINTS; p++)
		in |= (uint64_t)(s->points[p][w] - lo <= hi - lo) << p;
	return in;
}

static void try_points(struct sample *s)
{
	uint64_t open = UINT64_MAX >> (64 - s->n_points);

	for (unsigned p = 0; p < s->n_points; p++)
		s->first_with[p] = s->n;
	for (unsigned i = 0; i < s->n; i++) {
		uint64_t in = open;

		for (unsigned k = 0; k < s->n_active; k++) {
			const uint64_t points = points_of_word(s, i, k);

			s->agree[i][k] = (uint8_t)__builtin_popcountll(points);
			in &= points;
		}
		open &= ~in;
		for (; in; in &= in - 1)
			s->first_with[__builtin_ctzll(in)] = i;
	}
}

static void take_sample(struct sample *s, const struct tree_item *items, size_t n, unsigned words)
{
	struct rng rng;

	rng_seed(&rng, n);
	s->of = n;
	s->words = words;
	s->n_active = 0;
	choose_items(s, items, n, &rng);
	find_active(s);
	memset(s->agree, 0, s->n * sizeof(s->agree[0]));
	choose_points(s, &rng);
	try_points(s);
}

/* ---- what cuts cost ------------------------------------------------------------------------- */

static bool allowed(size_t place, size_t n, const struct tree_parts *parts)
{
	return place < n && place >= parts->child_least && n - place >= parts->child_least &&
	       tree_children(place, parts->child_most) +
			       tree_children(n - place, parts->child_most) <=
		       parts->children;
}

/* The place among all items that a place in the sample stands for. */
static size_t whole_place(const struct sample *s, unsigned place)
{
	return place * s->of / s->n;
}

/* Finds the points that the box has by now. */
static void heap_look(struct heap *h, const struct sample *s)
{
	const uint64_t all = UINT64_MAX >> (64 - s->n_points);

	for (uint64_t left = all & ~h->points; left; left &= left - 1) {
		const unsigned p = (unsigned)__builtin_ctzll(left);

		if (holds(s, h->bounds, s->points[p]))
			h->points |= UINT64_C(1) << p;
	}
}

/*
 * The visits of these points below n items: one to each child that the items fill, if they stay
 * mixed; but cuts at the word that few points share with an item can part them.
 */
static double visits(const struct heap *h, const struct sample *s, uint64_t points, size_t n,
		     const struct tree_parts *parts)
{
	const double all = __builtin_popcountll(points);
	double rest = all;

	if (!parts->leaf_good)
		return all * (double)n;
	for (unsigned k = 0; k < s->n_active; k++) {
		const double agree = (double)h->agree[k] / h->n;

		rest = agree < rest ? agree : rest;
	}
	return all + (double)(tree_children(n, parts->leaf_good) - 1) * rest;
}

/* The points that one of the first n items has. */
static uint64_t settled(const struct sample *s, unsigned n)
{
	uint64_t points = 0;

	for (unsigned p = 0; p < s->n_points; p++)
		points |= (uint64_t)(s->first_with[p] < n) << p;
	return points;
}

/* What comes from the first halves of all places. */
static void cost_before(double cost[TRIES], const struct sample *s, const struct view *v,
			const struct tree_parts *parts)
{
	struct heap h;

	heap_clear(&h, s);
	for (unsigned j = 0; j < v->n_places; j++) {
		const size_t n = whole_place(s, v->places[j]);

		while (h.n < v->places[j])
			heap_add(&h, s, v->by[h.n]);
		heap_look(&h, s);
		cost[j] = visits(&h, s, h.points, n, parts);
	}
}

/* And from the second halves. */
static void cost_behind(double cost[TRIES], const struct sample *s, const struct view *v,
			const struct tree_parts *parts)
{
	struct heap h;

	heap_clear(&h, s);
	for (unsigned j = v->n_places; j-- > 0;) {
		const size_t n = s->of - whole_place(s, v->places[j]);
		uint64_t points;

		while (h.n < s->n - v->places[j])
			heap_add(&h, s, v->by[s->n - 1 - h.n]);
		heap_look(&h, s);
		points = h.points;
		if (v->side == BY_ORDER)
			points &= ~settled(s, v->places[j]);
		cost[j] += visits(&h, s, points, n, parts);
	}
}

/* Tries all places; keeps the cheapest in *best. */
static void try_places(const struct sample *s, const struct view *v, const struct tree_parts *parts,
		       struct cut *best)
{
	double cost[TRIES];

	cost_before(cost, s, v, parts);
	cost_behind(cost, s, v, parts);
	for (unsigned j = 0; j < v->n_places; j++) {
		cost[j] += UNEVEN * abs((int)s->n - 2 * (int)v->places[j]) / s->n;
		if (cost[j] < best->cost)
			*best = (struct cut){v->side, s->items[v->by[v->places[j]]],
					     whole_place(s, v->places[j]), cost[j]};
	}
}

/* Shell's sort: the sets are small. */
static void sort_keys(uint64_t *keys, unsigned n)
{
	static const unsigned gaps[] = {132, 57, 23, 10, 4, 1};

	for (unsigned g = 0; g < ARRAY_LEN(gaps); g++)
		for (unsigned i = gaps[g]; i < n; i++) {
			const uint64_t key = keys[i];
			unsigned j = i;

			for (; j >= gaps[g] && keys[j - gaps[g]] > key; j -= gaps[g])
				keys[j] = keys[j - gaps[g]];
			keys[j] = key;
		}
}

/* The other bound of the word, for ties. */
static unsigned other_side(unsigned side, unsigned words)
{
	return side < words ? side + words : side - words;
}

/* Sorted bounds with the number of the item in the last 16 bits. */
static void sort_by(uint64_t keys[SAMPLE], const struct sample *s, unsigned side)
{
	const unsigned other = other_side(side, s->words);

	for (unsigned i = 0; i < s->n; i++) {
		const uint32_t *b = s->items[i]->bounds;

		keys[i] = side == BY_ORDER ? (uint64_t)i << 16 | i
					   : (uint64_t)b[side] << 32 | (b[other] & 0xffff0000u) | i;
	}
	if (side != BY_ORDER)
		sort_keys(keys, s->n);
}

/* The nearest place to this one between items with different bounds; 0: none. */
static unsigned nearest_border(const uint64_t *keys, unsigned n, unsigned place)
{
	for (unsigned far = 0; far < n; far++) {
		if (place + far < n && keys[place + far] >> 16 != keys[place + far - 1] >> 16)
			return place + far;
		if (far < place && place - far > 0 &&
		    keys[place - far] >> 16 != keys[place - far - 1] >> 16)
			return place - far;
	}
	return 0;
}

static void try_side(const struct sample *s, unsigned side, const struct tree_parts *parts,
		     struct cut *best)
{
	struct view v = {.side = side};
	uint64_t keys[SAMPLE];

	sort_by(keys, s, side);
	for (unsigned i = 0; i < s->n; i++)
		v.by[i] = (uint16_t)keys[i];
	for (unsigned j = 1; j < TRIES; j++) {
		const unsigned wanted = s->n * j / TRIES;
		const unsigned place = wanted > 0 ? nearest_border(keys, s->n, wanted) : 0;

		if (place > 0 && (v.n_places == 0 || place > v.places[v.n_places - 1]) &&
		    allowed(whole_place(s, place), s->of, parts))
			v.places[v.n_places++] = place;
	}
	if (v.n_places > 0)
		try_places(s, &v, parts, best);
}

/* Of the active words those in which the fewest points agree with items: cuts there part most. */
static uint32_t promising(const struct sample *s)
{
	uint32_t agree[KEY_WORDS_MAX] = {0}, chosen = (1u << s->n_active) - 1;

	for (unsigned i = 0; i < s->n; i++)
		for (unsigned k = 0; k < s->n_active; k++)
			agree[k] += s->agree[i][k];
	for (unsigned n = s->n_active; n > WORDS; n--) {
		unsigned worst = (unsigned)__builtin_ctz(chosen);

		for (unsigned k = worst; k < s->n_active; k++)
			if (chosen >> k & 1 && agree[k] > agree[worst])
				worst = k;
		chosen &= ~(1u << worst);
	}
	return chosen;
}

static struct cut choose_cut(const struct sample *s, const struct tree_parts *parts)
{
	struct cut best = {BY_ORDER, s->items[s->n / 2], s->of / 2, 1e300};

	for (uint32_t left = promising(s); left; left &= left - 1) {
		const unsigned w = s->active[__builtin_ctz(left)];

		try_side(s, w, parts, &best);
		try_side(s, w + s->words, parts, &best);
	}
	try_side(s, BY_ORDER, parts, &best);
	return best;
}

/* ---- carrying it out ------------------------------------------------------------------------ */

static bool item_before(const struct tree_item *x, const struct tree_item *y, unsigned side,
			unsigned words)
{
	unsigned other;

	if (side == BY_ORDER)
		return rule_before(x->order, y->order);
	if (x->bounds[side] != y->bounds[side])
		return x->bounds[side] < y->bounds[side];
	other = other_side(side, words);
	return x->bounds[other] < y->bounds[other];
}

static void swap_items(struct tree_item *x, struct tree_item *y)
{
	const struct tree_item t = *x;

	*x = *y;
	*y = t;
}

/* Brings all that are before the pivot to the front; returns how many. */
static size_t bring_forward(struct tree_item *items, size_t n, const struct tree_item *pivot,
			    unsigned side, unsigned words)
{
	size_t front = 0;

	for (size_t i = 0; i < n; i++)
		if (item_before(&items[i], pivot, side, words))
			swap_items(&items[i], &items[front++]);
	return front;
}

/* Hoare's: what is before the pivot, or like it, first; returns where the rest begins. */
static size_t partition(struct tree_item *items, size_t n, unsigned side, unsigned words)
{
	const struct tree_item pivot = items[(n - 1) / 2];
	size_t i = 0, j = n - 1;

	for (;;) {
		while (item_before(&items[i], &pivot, side, words))
			i++;
		while (item_before(&pivot, &items[j], side, words))
			j--;
		if (i >= j)
			return j + 1;
		swap_items(&items[i++], &items[j--]);
	}
}

/* The first `place` items are none behind any of the rest. */
static void select_items(struct tree_item *items, size_t n, size_t place, unsigned side,
			 unsigned words)
{
	while (n > 1 && place > 0 && place < n) {
		const size_t middle = partition(items, n, side, words);

		if (place < middle) {
			n = middle;
		} else {
			items += middle;
			n -= middle;
			place -= middle;
		}
	}
}

/* A place that is allowed whatever the items are: the middle, or between full children. */
static size_t safe_place(size_t place, size_t n, const struct tree_parts *parts)
{
	const size_t most = parts->child_most, children = tree_children(n, most);
	size_t before = (place + most / 2) / most;

	if (children < 2 || allowed(n / 2, n, parts))
		return n / 2;
	before = before < 1 ? 1 : before > children - 1 ? children - 1 : before;
	return before * most;
}

size_t tree_split(struct tree_item *items, size_t n, unsigned words, const struct tree_parts *parts)
{
	struct tree_item pivot;
	struct sample s;
	struct cut cut;
	size_t place;

	BUG_ON(n < 2 || parts->child_least < 1);
	take_sample(&s, items, n, words);
	cut = choose_cut(&s, parts);
	pivot = *cut.first;
	place = bring_forward(items, n, &pivot, cut.side, words);
	if (allowed(place, n, parts))
		return place;
	place = safe_place(cut.place, n, parts);
	select_items(items, n, place, cut.side, words);
	return place;
}
