/* SPDX-License-Identifier: MIT */
/*
 * tree - rules in a balanced tree of boxes: the place for every rule that no table of cells takes.
 *
 * A node has up to TREE_FAN children, for each a box around what is below and the best order below.
 * The children stand in the order of these bests, so the first that holds a key is where to look
 * first, and what is below the best match so far is left out with all that follow it.  A rule is
 * in the tree once, whatever its box.  Immutable parts, see edit.h.  Searches are in tree_walk.h.
 */
#pragma once

#include "engine/edit.h"
#include "engine/rule.h"

#define TREE_FAN	16u
#define TREE_HEIGHT_MAX 16u /* levels: more than any number of rules can make */

struct tree_node {
	struct edit_part part;
	uint8_t n;	/* children */
	uint8_t height; /* 0: the children are rules */
	uint8_t words;
	uint8_t bounded; /* of them, from the first on: no box says anything about those behind */
	struct rule_order best[TREE_FAN]; /* of what is below each child; {0, 0} past n */
	void *child[TREE_FAN];		  /* struct tree_node or struct index_rule; NULL past n */
	/* For each word TREE_FAN lower bounds, then TREE_FAN upper ones; past n lo > hi: no match.
	 * Then, unless the children are rules, what tree_behind returns. */
	_Alignas(CACHELINE) uint32_t bounds[];
};

#define TREE_LEAF_BYTES(words)                                                                     \
	(sizeof(struct tree_node) + (size_t)2 * (words)*TREE_FAN * sizeof(uint32_t))
#define TREE_INNER_BYTES(words) (TREE_LEAF_BYTES(words) + TREE_FAN * sizeof(struct rule_order))

/* The last order below each child of a node that is no leaf. */
static inline struct rule_order *tree_behind(const struct tree_node *node)
{
	return (struct rule_order *)(uintptr_t)(node->bounds + (size_t)2 * node->words * TREE_FAN);
}

/* *root may be NULL: an empty tree, before and after.  On an error *root is as it was (what the
 * edit has made meanwhile is the edit's to undo). */
MUST_CHECK wfp_err tree_build(struct tree_node **root, struct edit *e,
			      const struct index_rule *const *rules, size_t n, unsigned words);
MUST_CHECK wfp_err tree_add(struct tree_node **root, struct edit *e, const struct index_rule *r);
/* The rule is in the tree. */
MUST_CHECK wfp_err tree_remove(struct tree_node **root, struct edit *e, const struct index_rule *r);
/* All nodes, when nobody can see them. */
void tree_free(struct tree_node *root);
size_t tree_bytes(const struct tree_node *root);
/* Calls fn for each rule. */
void tree_each(const struct tree_node *root, void (*fn)(void *ctx, const struct index_rule *r),
	       void *ctx);
