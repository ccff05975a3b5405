/* SPDX-License-Identifier: MIT */
/*
 * index_search - tables first, then bits and the tree with what has been found.
 *
 * A match in a table is nearly always there and nearly always good, so the others end early.
 * Compiled once for each instruction set; see index_isa.h.  Inside an RCU section, or by the holder
 * of the turn; no lock, no memory.
 */
#include "engine/bits_walk.h"
#include "engine/cells_walk.h"
#include "engine/index_isa.h"
#include "engine/tree_walk.h"

/* Apart from its callers, so that who needs no tree does not make room for a walk. */
static __attribute__((noinline)) unsigned collect_tree(const struct tree_node *root,
						       const struct index_query *q,
						       const struct rule_order *below,
						       const struct index_rule **rules, unsigned n,
						       unsigned max)
{
	return tree_walk_collect(root, q, below, rules, n, max);
}

static const struct index_rule *best(const struct index *ix, const struct index_query *q,
				     const struct rule_order *below)
{
	const struct index_rule *found = cells_search(ix->tables, ix->n_tables, q, below, NULL);

	if (ix->bits)
		found = bits_best(ix->bits, q, below, found);
	if (ix->tree)
		(void)collect_tree(ix->tree, q, below, &found, found ? 1 : 0, 1);
	return found;
}

static unsigned collect_bits(const struct bits *b, const struct index_query *q,
			     const struct rule_order *below, const struct index_rule **out,
			     unsigned n, unsigned max)
{
	const struct index_rule *r;
	struct bits_hits h;

	bits_search(&h, b, q, below);
	while ((r = bits_next(&h, b, q, n == max ? out[max - 1] : NULL)) != NULL)
		n = walk_keep(out, n, max, r);
	return n;
}

static unsigned collect(const struct index *ix, const struct index_query *q,
			const struct rule_order *below, const struct index_rule **out, unsigned max)
{
	const struct index_rule *found[CELLS_SLOTS];
	unsigned n = 0;

	for (unsigned t = 0; t < ix->n_tables; t++) {
		struct cells_spot spot = cells_find(ix->tables[t], q->key->words);
		unsigned n_found;

		cells_hits(&spot);
		n_found = cells_collect(&spot, q, below, found);
		for (unsigned i = 0; i < n_found; i++)
			n = walk_keep(out, n, max, found[i]);
	}
	if (ix->bits)
		n = collect_bits(ix->bits, q, below, out, n, max);
	return ix->tree ? collect_tree(ix->tree, q, below, out, n, max) : n;
}

/* A step of each walk in turn: while one waits for its node the others go on. */
static void walk_all(struct tree_walk *walks, unsigned n)
{
	struct tree_walk *active[INDEX_BURST_MAX];
	unsigned n_active = 0;

	for (unsigned i = 0; i < n; i++)
		if (walks[i].next)
			active[n_active++] = &walks[i];
	while (n_active > 0)
		for (unsigned i = 0; i < n_active;) {
			if (tree_walk_step(active[i]))
				i++;
			else
				active[i] = active[--n_active];
		}
}

static void tree_burst(const struct tree_node *root, const struct index_query *q, unsigned n,
		       const struct index_rule **out)
{
	struct tree_walk walks[INDEX_BURST_MAX];

	for (unsigned i = 0; i < n; i++)
		tree_walk_begin(&walks[i], root, &q[i], NULL, &out[i], out[i] ? 1 : 0, 1);
	walk_all(walks, n);
}

static void burst(const struct index *ix, const struct index_query *q, unsigned n,
		  const struct index_rule **out)
{
	for (unsigned i = 0; i < n; i++)
		out[i] = NULL;
	if (ix->n_tables > 0)
		cells_burst(ix->tables, ix->n_tables, q, n, out);
	if (ix->bits)
		bits_burst(ix->bits, q, n, out);
	if (ix->tree)
		tree_burst(ix->tree, q, n, out);
}

INDEX_ISA_ROW(best, collect, burst);
