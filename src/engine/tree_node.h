/* SPDX-License-Identifier: MIT */
/*
 * tree_node - the children of one node, kept in the order of their bests.
 *
 * For tree.c, tree_build.c: the node is one that the edit has made.
 */
#pragma once

#include "engine/tree.h"
#include "engine/tree_split.h"

struct tree_bounds {
	uint32_t v[2 * KEY_WORDS_MAX]; /* words lower ones, then words upper ones */
};

/* NULL: no memory. */
MUST_CHECK struct tree_node *tree_node_create(struct edit *e, unsigned words, unsigned height);
void tree_node_put(struct tree_node *node, const struct tree_item *item); /* there is room */
void tree_node_take(struct tree_node *node, unsigned i);
/* child i with its bounds in *bounds. */
struct tree_item tree_node_item(const struct tree_node *node, unsigned i,
				struct tree_bounds *bounds);
/* The node as a child of another, its box in *bounds; it has children. */
struct tree_item tree_node_whole(struct tree_node *node, struct tree_bounds *bounds);

static inline struct tree_item tree_rule_item(const struct index_rule *r)
{
	return (struct tree_item){r->bounds, r->order, r->order, (void *)(uintptr_t)r};
}
