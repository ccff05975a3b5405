/* SPDX-License-Identifier: MIT */
/*
 * tree_node - a node's arrays, changed together.
 *
 * Called by tree.c and tree_build.c, by whoever has the edit.
 */
#include "engine/tree_node.h"

#include <string.h>

/* The bounds number side of all children; as in an item lower ones come first there. */
static uint32_t *row(const struct tree_node *node, unsigned side)
{
	const unsigned words = node->words;
	const unsigned word = side < words ? side : side - words;

	return (uint32_t *)(uintptr_t)node->bounds + (2 * word + (side >= words)) * TREE_FAN;
}

static const struct rule_order *last_below(const struct tree_node *node, unsigned i)
{
	return node->height > 0 ? &tree_behind(node)[i] : &node->best[i];
}

static void clear_child(struct tree_node *node, unsigned i)
{
	node->best[i] = (struct rule_order){0};
	node->child[i] = NULL;
	if (node->height > 0)
		tree_behind(node)[i] = (struct rule_order){0};
	for (unsigned side = 0; side < 2u * node->words; side++)
		row(node, side)[i] = side < node->words ? UINT32_MAX : 0;
}

struct tree_node *tree_node_create(struct edit *e, unsigned words, unsigned height)
{
	struct tree_node *node =
		edit_alloc(e, height > 0 ? TREE_INNER_BYTES(words) : TREE_LEAF_BYTES(words));

	if (!node)
		return NULL;
	BUG_ON(height >= TREE_HEIGHT_MAX);
	node->words = (uint8_t)words;
	node->height = (uint8_t)height;
	node->bounded = 1; /* the word that keeps searches from free places */
	for (unsigned side = 0; side < words; side++)
		memset(row(node, side), 0xff, TREE_FAN * sizeof(uint32_t));
	return node;
}

/* Moves the children from i on to where to says; they fit. */
static void move_children(struct tree_node *node, unsigned i, unsigned to)
{
	const size_t n = node->n - i;

	memmove(&node->best[to], &node->best[i], n * sizeof(node->best[0]));
	memmove(&node->child[to], &node->child[i], n * sizeof(node->child[0]));
	if (node->height > 0)
		memmove(tree_behind(node) + to, tree_behind(node) + i, n * sizeof(node->best[0]));
	for (unsigned side = 0; side < 2u * node->words; side++)
		memmove(row(node, side) + to, row(node, side) + i, n * sizeof(uint32_t));
}

/* How many words does somebody have to look at who tests the item? */
static uint8_t bounded_words(const struct tree_item *item, unsigned words)
{
	unsigned n = words;

	while (n > 0 && item->bounds[n - 1] == 0 && item->bounds[n - 1 + words] == UINT32_MAX)
		n--;
	return (uint8_t)n;
}

void tree_node_put(struct tree_node *node, const struct tree_item *item)
{
	const uint8_t bounded = bounded_words(item, node->words);
	unsigned i = node->n;

	BUG_ON(node->n == TREE_FAN);
	while (i > 0 && rule_before(item->order, node->best[i - 1]))
		i--;
	move_children(node, i, i + 1);
	node->best[i] = item->order;
	node->child[i] = item->child;
	if (node->height > 0)
		tree_behind(node)[i] = item->behind;
	for (unsigned side = 0; side < 2u * node->words; side++)
		row(node, side)[i] = item->bounds[side];
	if (bounded > node->bounded)
		node->bounded = bounded;
	node->n++;
}

void tree_node_take(struct tree_node *node, unsigned i)
{
	move_children(node, i + 1, i);
	clear_child(node, --node->n);
}

struct tree_item tree_node_item(const struct tree_node *node, unsigned i,
				struct tree_bounds *bounds)
{
	for (unsigned side = 0; side < 2u * node->words; side++)
		bounds->v[side] = row(node, side)[i];
	return (struct tree_item){bounds->v, node->best[i], *last_below(node, i), node->child[i]};
}

struct tree_item tree_node_whole(struct tree_node *node, struct tree_bounds *bounds)
{
	struct rule_order behind;

	BUG_ON(node->n == 0);
	behind = *last_below(node, 0);
	for (unsigned i = 1; i < node->n; i++)
		if (rule_before(behind, *last_below(node, i)))
			behind = *last_below(node, i);
	for (unsigned side = 0; side < 2u * node->words; side++) {
		const uint32_t *v = row(node, side);
		uint32_t extreme = v[0];

		for (unsigned i = 1; i < node->n; i++)
			if (side < node->words ? v[i] < extreme : v[i] > extreme)
				extreme = v[i];
		bounds->v[side] = extreme;
	}
	return (struct tree_item){bounds->v, node->best[0], behind, node};
}
