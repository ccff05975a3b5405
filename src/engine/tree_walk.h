/* SPDX-License-Identifier: MIT */
/*
 * tree_walk - searches in a tree, one node at a time.
 *
 * Depth first, the children of a node in the order of their bests, and nothing below a child whose
 * best is no better than what is wanted.  A walk that only looks for the best is one that collects
 * one rule.  What tables of cells have found goes into the walk's rules first and spares it most of
 * the tree.  Included by index_search.c once for each instruction set, after the kernel; inside an
 * RCU section, no lock, no memory.
 */
#pragma once

#include "engine/box_kernel.h"
#include "engine/walk.h"

#define TREE_WALK_AHEAD 10u /* cache lines of bounds: five words */

/* A node that is not finished, and its children yet to be seen. */
struct tree_walk_level {
	const struct tree_node *node;
	uint32_t left;
};

struct tree_walk {
	const struct index_query *query;
	const struct rule_order *below; /* NULL: from the top */
	const struct index_rule **rules;
	unsigned n, max;	      /* of rules, which are in order */
	const struct tree_node *next; /* NULL: at the end */
	unsigned depth;
	struct tree_walk_level levels[TREE_HEIGHT_MAX];
};

/* Would a rule of this order be one of those wanted? */
static inline bool tree_walk_wants(const struct tree_walk *w, struct rule_order order)
{
	return w->n < w->max || rule_before(order, w->rules[w->n - 1]->order);
}

static inline void tree_walk_leaf(struct tree_walk *w, const struct tree_node *leaf, uint32_t mask)
{
	for (; mask; mask &= mask - 1) {
		const unsigned i = (unsigned)__builtin_ctz(mask);
		const struct index_rule *r = leaf->child[i];

		if (!tree_walk_wants(w, leaf->best[i]))
			return;
		if (w->below && !rule_before(*w->below, leaf->best[i]))
			continue;
		if (walk_confirms(r, r->exact, w->query))
			w->n = walk_keep(w->rules, w->n, w->max, r);
	}
}

/* What a step reads first: the header, the bounds of the first words, the first bests. */
static inline void tree_walk_fetch(const struct tree_node *node)
{
	const char *bounds = (const char *)node->bounds;

	__builtin_prefetch(node);
	for (unsigned i = 0; i < TREE_WALK_AHEAD; i++)
		__builtin_prefetch(bounds + (size_t)i * CACHELINE);
	__builtin_prefetch(node->best);
	__builtin_prefetch(node->child);
}

/* Chooses the next node among those that are left. */
static inline void tree_walk_choose(struct tree_walk *w)
{
	w->next = NULL;
	while (w->depth > 0) {
		struct tree_walk_level *level = &w->levels[w->depth - 1];
		unsigned i;

		if (level->left) {
			i = (unsigned)__builtin_ctz(level->left);
			level->left &= level->left - 1;
			if (tree_walk_wants(w, level->node->best[i])) {
				if (w->below &&
				    !rule_before(*w->below, tree_behind(level->node)[i]))
					continue;
				w->next = level->node->child[i];
				tree_walk_fetch(w->next);
				return;
			}
		}
		w->depth--;
	}
}

/* rules has room for max and holds n already. */
static inline void tree_walk_begin(struct tree_walk *w, const struct tree_node *root,
				   const struct index_query *query, const struct rule_order *below,
				   const struct index_rule **rules, unsigned n, unsigned max)
{
	w->query = query;
	w->below = below;
	w->rules = rules;
	w->n = n;
	w->max = max;
	w->depth = 0;
	w->next = root;
	if (root && !tree_walk_wants(w, root->best[0]))
		w->next = NULL;
}

/* Looks at one node, whose memory has been fetched; false: it was the last. */
static inline bool tree_walk_step(struct tree_walk *w)
{
	const struct tree_node *node = w->next;
	const uint32_t mask = box_node_mask(w->query->key, node->bounds, node->bounded);

	if (node->height == 0)
		tree_walk_leaf(w, node, mask);
	else if (mask)
		w->levels[w->depth++] = (struct tree_walk_level){node, mask};
	tree_walk_choose(w);
	return w->next;
}

/*
 * The best max rules of the tree and of the n that are there, in order, no filter twice; returns
 * how many.
 */
static inline unsigned tree_walk_collect(const struct tree_node *root,
					 const struct index_query *query,
					 const struct rule_order *below,
					 const struct index_rule **rules, unsigned n, unsigned max)
{
	struct tree_walk w;

	tree_walk_begin(&w, root, query, below, rules, n, max);
	while (w.next)
		(void)tree_walk_step(&w);
	return w.n;
}

/* The best rule strictly below `below`, or found (NULL: none) if that is better. */
static inline const struct index_rule *tree_walk_best(const struct tree_node *root,
						      const struct index_query *query,
						      const struct rule_order *below,
						      const struct index_rule *found)
{
	tree_walk_collect(root, query, below, &found, found ? 1 : 0, 1);
	return found;
}
