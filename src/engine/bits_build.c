/* SPDX-License-Identifier: MIT */
/*
 * bits_build - a set of rules becomes rows of bits.
 *
 * For each word one sweep over the ends of its intervals: the rules that begin behind an end or
 * reach no further than it change their bit there, and the next interval has what is then.  Called
 * by index.c, by whoever has the edit.
 */
#include "engine/bits.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define CHILDREN (BITS_FAN + 1)
#define NO_ROW	 UINT16_MAX

_Static_assert(CHILDREN *CHILDREN *BITS_FAN >= 2 * BITS_MAX, "so many ends need another level");

/* Rule `bit` changes its bit behind this end. */
struct flip {
	uint32_t end, bit;
};

/* What one word needs until its part is made; room for the worst. */
struct sweep {
	const struct bits *b;
	struct flip *flips;
	int32_t *ends;
	uint16_t *row;	 /* of each interval: the number of its row */
	uint64_t *rows;	 /* different ones */
	uint16_t *table; /* numbers of rows, by hash; NO_ROW: free */
	uint32_t table_mask;
	uint32_t n_flips, n_ends, n_rows;
	uint64_t now[BITS_ROW];
};

static uint32_t row_numbers(const struct bits *b)
{
	return b->blocks * BITS_BLOCK;
}

/* ---- rules --------------------------------------------------------------------------------- */

static wfp_err take_rules(struct bits *b, struct edit *e, const struct index_rule *const *rules,
			  size_t n)
{
	struct edit_part *list =
		edit_alloc(e, sizeof(*list) + n * (sizeof(*b->rules) + sizeof(*b->orders)));
	const struct index_rule **sorted;
	struct rule_order *orders;

	if (!list)
		return ERR_NO_MEMORY;
	sorted = memcpy(list + 1, rules, n * sizeof(const struct index_rule *));
	orders = (struct rule_order *)(sorted + n);
	qsort(sorted, n, sizeof(const struct index_rule *), rule_compare);
	for (size_t i = 0; i < n; i++) {
		orders[i] = sorted[i]->order;
		b->alive[i / 64] |= UINT64_C(1) << i % 64;
		b->exact[i / 64] |= (uint64_t)sorted[i]->exact << i % 64;
	}
	b->n = (uint32_t)n;
	for (b->blocks = 1; b->blocks * BITS_BLOCK * 64 < n;)
		b->blocks *= 2;
	b->best = orders[0];
	b->rules = sorted;
	b->orders = orders;
	b->list = list;
	return ERR_OK;
}

/* ---- one word ------------------------------------------------------------------------------ */

static int compare_flips(const void *x, const void *y)
{
	const struct flip *a = x, *b = y;

	return a->end < b->end ? -1 : a->end > b->end;
}

static void flip(struct sweep *s, uint32_t bit)
{
	s->now[bit / 64] ^= UINT64_C(1) << bit % 64;
}

/* All flips of the word, in order, and what is before the first. */
static void find_flips(struct sweep *s, unsigned word)
{
	s->n_flips = 0;
	memset(s->now, 0, sizeof(s->now));
	for (uint32_t i = 0; i < s->b->n; i++) {
		const uint32_t lo = rule_lo(s->b->rules[i])[word];
		const uint32_t hi = rule_hi(s->b->rules[i])[word];

		if (lo == 0)
			flip(s, i);
		else
			s->flips[s->n_flips++] = (struct flip){lo - 1, i};
		if (hi < UINT32_MAX)
			s->flips[s->n_flips++] = (struct flip){hi, i};
	}
	qsort(s->flips, s->n_flips, sizeof(s->flips[0]), compare_flips);
}

/* The next interval's row is `now`. */
static void add_interval(struct sweep *s)
{
	const size_t numbers = row_numbers(s->b), size = numbers * sizeof(uint64_t);
	uint32_t at = (uint32_t)hash_bytes(0, s->now, size) & s->table_mask;

	while (s->table[at] != NO_ROW && memcmp(s->rows + s->table[at] * numbers, s->now, size))
		at = (at + 1) & s->table_mask;
	if (s->table[at] == NO_ROW) {
		memcpy(s->rows + s->n_rows * numbers, s->now, size);
		s->table[at] = (uint16_t)s->n_rows++;
	}
	s->row[s->n_ends] = s->table[at];
}

static void sweep_word(struct sweep *s)
{
	s->n_ends = s->n_rows = 0;
	memset(s->table, 0xff, (s->table_mask + 1) * sizeof(s->table[0]));
	add_interval(s);
	for (uint32_t i = 0; i < s->n_flips;) {
		const uint32_t end = s->flips[i].end;

		for (; i < s->n_flips && s->flips[i].end == end; i++)
			flip(s, s->flips[i].bit);
		s->ends[s->n_ends++] = (int32_t)(end ^ BITS_BIAS);
		add_interval(s);
	}
}

/* ---- its part ------------------------------------------------------------------------------ */

/* How many nodes of a level, each with so many leaves below it at most. */
static uint32_t nodes_over(const struct sweep *s, uint32_t leaves)
{
	const uint32_t ends = leaves * BITS_FAN;

	return (s->n_ends + ends - 1) / ends;
}

/* leaves: below each child.  A child that nothing follows has no end here: all above goes there. */
static void fill_inner(const struct sweep *s, int32_t *out, uint32_t nodes, uint32_t leaves)
{
	for (uint32_t k = 0; k < nodes; k++)
		for (uint32_t i = 0; i < BITS_FAN; i++) {
			const uint32_t behind = (k * CHILDREN + i + 1) * leaves * BITS_FAN;

			*out++ = behind < s->n_ends ? s->ends[behind - 1] : INT32_MAX;
		}
}

static void fill_leaves(const struct sweep *s, int32_t *out, uint32_t nodes)
{
	memcpy(out, s->ends, s->n_ends * sizeof(*out));
	for (uint32_t i = s->n_ends; i < nodes * BITS_FAN; i++)
		out[i] = INT32_MAX;
}

struct shape {
	uint32_t n_levels;
	uint32_t leaves[BITS_LEVELS]; /* below each node, from the root down */
	uint32_t nodes[BITS_LEVELS];
	uint32_t n_nodes;
	size_t row_bytes;
};

static struct shape shape_of(const struct sweep *s)
{
	struct shape shape = {.n_levels = 1};
	uint32_t leaves = 1;

	for (; nodes_over(s, leaves) > 1; leaves *= CHILDREN)
		shape.n_levels++;
	for (uint32_t i = 0; i < shape.n_levels; i++, leaves /= CHILDREN) {
		shape.leaves[i] = leaves;
		shape.nodes[i] = nodes_over(s, leaves);
		shape.n_nodes += shape.nodes[i];
	}
	shape.row_bytes = s->n_rows * row_numbers(s->b) * sizeof(uint64_t);
	return shape;
}

static void fill_levels(struct bits_word *w, const struct sweep *s, const struct shape *shape,
			int32_t *out)
{
	for (uint32_t i = 0; i < shape->n_levels; i++) {
		w->levels[i] = out;
		if (i + 1 < shape->n_levels)
			fill_inner(s, out, shape->nodes[i], shape->leaves[i + 1]);
		else
			fill_leaves(s, out, shape->nodes[i]);
		out += shape->nodes[i] * BITS_FAN;
	}
	w->n_levels = (uint8_t)shape->n_levels;
}

/* Nodes and rows begin at a line of their own. */
struct word_part {
	struct edit_part part;
	_Alignas(CACHELINE) int32_t nodes[][BITS_FAN];
};

static wfp_err make_part(struct bits_word *w, const struct sweep *s, struct edit *e)
{
	const struct shape shape = shape_of(s);
	const size_t node_bytes = shape.n_nodes * sizeof(int32_t[BITS_FAN]);
	const size_t intervals = (size_t)s->n_ends + 1;
	struct word_part *part = edit_alloc(e, sizeof(*part) + node_bytes + shape.row_bytes +
						       intervals * sizeof(uint16_t));
	char *at;
	uint16_t *row;

	if (!part)
		return ERR_NO_MEMORY;
	fill_levels(w, s, &shape, part->nodes[0]);
	at = (char *)part->nodes + node_bytes;
	w->rows = memcpy(at, s->rows, shape.row_bytes);
	row = (uint16_t *)(void *)(at + shape.row_bytes);
	for (size_t i = 0; i < intervals; i++)
		row[i] = (uint16_t)(s->row[i] * s->b->blocks);
	w->row = row;
	w->part = &part->part;
	return ERR_OK;
}

/* ---- all words ----------------------------------------------------------------------------- */

static void sweep_free(struct sweep *s)
{
	mem_free(s->flips);
	mem_free(s->ends);
	mem_free(s->row);
	mem_free(s->rows);
	mem_free(s->table);
}

static wfp_err sweep_begin(struct sweep *s, const struct bits *b)
{
	const size_t ends = 2 * (size_t)b->n, intervals = ends + 1;
	size_t table = 8;

	while (table < 2 * intervals)
		table *= 2;
	*s = (struct sweep){.b = b, .table_mask = (uint32_t)table - 1};
	s->flips = mem_zalloc_array(ends, sizeof(*s->flips));
	s->ends = mem_zalloc_array(ends, sizeof(*s->ends));
	s->row = mem_zalloc_array(intervals, sizeof(*s->row));
	s->rows = mem_zalloc_array(intervals, row_numbers(b) * sizeof(*s->rows));
	s->table = mem_zalloc_array(table, sizeof(*s->table));
	return s->flips && s->ends && s->row && s->rows && s->table ? ERR_OK : ERR_NO_MEMORY;
}

static wfp_err make_words(struct bits *b, struct edit *e, unsigned words)
{
	struct sweep s;
	wfp_err err = sweep_begin(&s, b);

	for (unsigned w = 0; w < words && !err; w++) {
		find_flips(&s, w);
		if (s.n_flips == 0)
			continue;
		sweep_word(&s);
		b->words[b->n_words].word = (uint8_t)w;
		err = make_part(&b->words[b->n_words], &s, e);
		b->n_words += !err;
	}
	sweep_free(&s);
	return err;
}

wfp_err bits_build(struct bits **out, struct edit *e, const struct index_rule *const *rules,
		   size_t n, unsigned words)
{
	struct bits *b;
	wfp_err err;

	BUG_ON(n == 0 || n > BITS_MAX);
	b = edit_alloc(e, sizeof(*b));
	if (!b)
		return ERR_NO_MEMORY;
	err = take_rules(b, e, rules, n);
	if (!err)
		err = make_words(b, e, words);
	if (err)
		return err;
	*out = b;
	return ERR_OK;
}
