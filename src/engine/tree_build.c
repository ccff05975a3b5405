/* SPDX-License-Identifier: MIT */
/*
 * tree_build - a tree of many rules at once, from the top down.
 *
 * How high the tree will be follows from the number of rules.  A node's rules are cut in two, and
 * these again, until there is a part for each child.  Nodes are planned to be three quarters full,
 * which leaves the cuts some choice and the next rules some room.  Called by index.c, by whoever
 * has the edit.
 */
#include "engine/tree_node.h"

#include "base/mem.h"

#define PLANNED	   13u /* children */
#define LEAF_LEAST 6u

struct builder {
	struct edit *e;
	unsigned words;
};

struct part {
	struct tree_item *items;
	size_t n;
};

/* How many rules a node of this height is planned to have below. */
static size_t planned(unsigned height)
{
	size_t n = PLANNED;

	while (height-- > 0)
		n *= PLANNED;
	return n;
}

/* How many it can have, if all nodes below it are as planned. */
static size_t most(unsigned height)
{
	return planned(height) / PLANNED * TREE_FAN;
}

static unsigned height_for(size_t n)
{
	unsigned height = 0;

	while (n > most(height))
		height++;
	return height;
}

static unsigned largest(const struct part *parts, unsigned n)
{
	unsigned i = 0;

	for (unsigned k = 1; k < n; k++)
		if (parts[k].n > parts[i].n)
			i = k;
	return i;
}

/*
 * Into parts for the children, which have this height; returns how many.  Cuts that leave some
 * children with less than planned are fine as long as the node has room for their number.
 */
static unsigned cut_all(const struct builder *b, struct part parts[TREE_FAN], unsigned height)
{
	struct tree_parts how = {
		.child_least = height > 0 ? planned(height) / 4 : LEAF_LEAST,
		.child_most = most(height),
		.leaf_good = PLANNED,
	};
	size_t room = TREE_FAN - tree_children(parts[0].n, how.child_most);
	unsigned n = 1;

	for (;;) {
		struct part *p = &parts[largest(parts, n)], *rest = &parts[n];
		const size_t before = tree_children(p->n, how.child_most);

		how.children = (unsigned)(before + room);
		if (p->n <= planned(height) || how.children < 2)
			return n;
		rest->n = p->n;
		p->n = tree_split(p->items, p->n, b->words, &how);
		rest->n -= p->n;
		rest->items = p->items + p->n;
		room -= tree_children(p->n, how.child_most) +
			tree_children(rest->n, how.child_most) - before;
		n++;
	}
}

/* NULL: no memory. */
static struct tree_node *build_leaf(const struct builder *b, const struct tree_item *items,
				    size_t n)
{
	struct tree_node *node = tree_node_create(b->e, b->words, 0);

	for (size_t i = 0; node && i < n; i++)
		tree_node_put(node, &items[i]);
	return node;
}

/* NULL: no memory.  Recursion is as deep as the tree is high. */
static struct tree_node *build_node(const struct builder *b, struct tree_item *items, size_t n,
				    unsigned height)
{
	struct part parts[TREE_FAN];
	struct tree_node *node;
	unsigned n_parts;

	if (height == 0)
		return build_leaf(b, items, n);
	node = tree_node_create(b->e, b->words, height);
	if (!node)
		return NULL;
	parts[0] = (struct part){items, n};
	n_parts = cut_all(b, parts, height - 1);
	for (unsigned i = 0; i < n_parts; i++) {
		struct tree_node *child = build_node(b, parts[i].items, parts[i].n, height - 1);
		struct tree_bounds bounds;
		struct tree_item item;

		if (!child)
			return NULL;
		item = tree_node_whole(child, &bounds);
		tree_node_put(node, &item);
	}
	return node;
}

wfp_err tree_build(struct tree_node **root, struct edit *e, const struct index_rule *const *rules,
		   size_t n, unsigned words)
{
	const struct builder b = {e, words};
	struct tree_node *made = NULL;
	struct tree_item *items;

	if (n == 0) {
		*root = NULL;
		return ERR_OK;
	}
	items = mem_zalloc_array(n, sizeof(*items));
	if (!items)
		return ERR_NO_MEMORY;
	for (size_t i = 0; i < n; i++)
		items[i] = tree_rule_item(rules[i]);
	made = build_node(&b, items, n, height_for(n));
	mem_free(items);
	if (!made)
		return ERR_NO_MEMORY;
	*root = made;
	return ERR_OK;
}
