/* SPDX-License-Identifier: MIT */
/*
 * heap - the pairing heap behind timers.
 *
 * A node's children form a list through next; prev leads to the previous sibling or, from the
 * first child, to the parent, so that any node can be cut out.
 */
#include "base/heap.h"

#include "base/clock.h"

static bool earlier(const struct timer_node *a, const struct timer_node *b)
{
	if (a->deadline != b->deadline)
		return a->deadline < b->deadline;
	return a->order < b->order;
}

/* Both are roots without siblings; either may be NULL. */
static struct timer_node *meld(struct timer_node *a, struct timer_node *b)
{
	struct timer_node *parent, *child;

	if (!a || !b)
		return a ? a : b;
	parent = earlier(a, b) ? a : b;
	child = parent == a ? b : a;
	child->prev = parent;
	child->next = parent->child;
	if (parent->child)
		parent->child->prev = child;
	parent->child = child;
	return parent;
}

static struct timer_node *detach_first(struct timer_node **list)
{
	struct timer_node *node = *list;

	if (node) {
		*list = node->next;
		node->next = NULL;
		node->prev = NULL;
	}
	return node;
}

/* Melds siblings in pairs, then the pairs from the last to the first. */
static struct timer_node *meld_siblings(struct timer_node *list)
{
	struct timer_node *pairs = NULL, *root = NULL;

	while (list) {
		struct timer_node *a = detach_first(&list);
		struct timer_node *pair = meld(a, detach_first(&list));

		pair->next = pairs;
		pairs = pair;
	}
	while (pairs)
		root = meld(root, detach_first(&pairs));
	return root;
}

/* Takes a node that is not the root, with everything below it, out of its parent's children. */
static void cut(struct timer_node *node)
{
	if (node->prev->child == node)
		node->prev->child = node->next;
	else
		node->prev->next = node->next;
	if (node->next)
		node->next->prev = node->prev;
	node->next = NULL;
	node->prev = NULL;
}

void timerq_init(struct timerq *q)
{
	*q = (struct timerq){0};
}

void timerq_add(struct timerq *q, struct timer_node *node, uint64_t deadline)
{
	timerq_del(q, node);
	*node = (struct timer_node){.deadline = deadline, .order = q->added++, .queued = true};
	q->root = meld(q->root, node);
}

void timerq_del(struct timerq *q, struct timer_node *node)
{
	struct timer_node *below;

	if (!node->queued)
		return;
	below = meld_siblings(node->child);
	if (node == q->root) {
		q->root = below;
	} else {
		cut(node);
		q->root = meld(q->root, below);
	}
	node->child = NULL;
	node->queued = false;
}

uint64_t timerq_next_deadline(const struct timerq *q)
{
	return q->root ? q->root->deadline : CLOCK_NEVER;
}

struct timer_node *timerq_pop_expired(struct timerq *q, uint64_t now)
{
	struct timer_node *node = q->root;

	if (!node || node->deadline > now)
		return NULL;
	timerq_del(q, node);
	return node;
}
