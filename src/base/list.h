/* SPDX-License-Identifier: MIT */
/*
 * list - intrusive circular doubly linked lists.
 *
 * The same struct is the head and the link inside an element.  A link that is in no list points to
 * itself after list_init or list_del, so deleting twice is harmless and list_empty(link) says
 * whether the element is in a list.  No lock: the owner of the list guards it.
 */
#pragma once

#include "base/compiler.h"

struct list {
	struct list *next;
	struct list *prev;
};

#define LIST_ENTRY(link, type, member) CONTAINER_OF(link, type, member)

/* pos: a struct list *; the element at pos must stay in the list during the step. */
#define LIST_FOR_EACH(pos, head) for (pos = (head)->next; pos != (head); pos = pos->next)

/* The element at pos may be deleted during the step. */
#define LIST_FOR_EACH_SAFE(pos, tmp, head)                                                         \
	for (pos = (head)->next, tmp = pos->next; pos != (head); pos = tmp, tmp = pos->next)

static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_insert_between(struct list *link, struct list *prev, struct list *next)
{
	link->prev = prev;
	link->next = next;
	prev->next = link;
	next->prev = link;
}

static inline void list_add_head(struct list *head, struct list *link)
{
	list_insert_between(link, head, head->next);
}

static inline void list_add_tail(struct list *head, struct list *link)
{
	list_insert_between(link, head->prev, head);
}

static inline void list_del(struct list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}

/* NULL when empty. */
static inline struct list *list_first(const struct list *head)
{
	return list_empty(head) ? NULL : head->next;
}

/* Takes the first link out; NULL when empty. */
static inline struct list *list_pop_head(struct list *head)
{
	struct list *link = list_first(head);

	if (link)
		list_del(link);
	return link;
}

/* Moves everything from src to the end of dst. */
static inline void list_splice_tail(struct list *dst, struct list *src)
{
	if (list_empty(src))
		return;
	src->next->prev = dst->prev;
	dst->prev->next = src->next;
	src->prev->next = dst;
	dst->prev = src->prev;
	list_init(src);
}

static inline size_t list_count(const struct list *head)
{
	const struct list *pos;
	size_t n = 0;

	LIST_FOR_EACH (pos, head)
		n++;
	return n;
}
