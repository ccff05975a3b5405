/* SPDX-License-Identifier: MIT */
/*
 * tree_split - which boxes belong together: cuts a set of them in two.
 *
 * A box of w words is a point with 2 * w coordinates, and a cut is made at one of them: at a lower
 * bound or at an upper one, so that wide boxes part from narrow ones as well as left from right; or
 * at a place in the order.  Taken is the cut that leaves the least to do for packets that come
 * here, in nodes to visit.  For tree.c and tree_build.c, by whoever has the edit.
 */
#pragma once

#include "engine/rule.h"

/* What a tree has in a node, or will have. */
struct tree_item {
	const uint32_t *bounds;	  /* words lower ones, then words upper ones */
	struct rule_order order;  /* the best of what is below */
	struct rule_order behind; /* the last of it */
	void *child;
};

/* What the parts are for: each becomes one child of a node, or some. */
struct tree_parts {
	size_t child_least, child_most; /* items that a child may have */
	size_t leaf_good;  /* that a leaf had better have; 0: a part is a node, not cut any more */
	unsigned children; /* that both parts together may become; enough for the items, at least 2
			    */
};

/* How many children n items need. */
static inline size_t tree_children(size_t n, size_t each)
{
	return (n + each - 1) / each;
}

/* Cuts two items or more in two, and says how many at the front are the first part. */
size_t tree_split(struct tree_item *items, size_t n, unsigned words,
		  const struct tree_parts *parts);
