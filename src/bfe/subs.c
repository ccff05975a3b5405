/* SPDX-License-Identifier: MIT */
/*
 * subs - see subs.h.
 *
 * A subscriber stays in the list while it is called, so that the walk can go on from it.  Who
 * leaves marks it and waits until nobody runs it; if that is the thread itself, the walk frees it.
 */
#include "bfe/subs.h"

#include "base/thread.h"

void bfe_subs_init(struct bfe_subs *subs, struct lock *lock, void (*free)(struct bfe_sub *s))
{
	list_init(&subs->list);
	cond_init(&subs->idle, "subscriber is idle");
	subs->lock = lock;
	subs->n = 0;
	subs->free = free;
}

void bfe_subs_destroy(struct bfe_subs *subs)
{
	BUG_ON(!list_empty(&subs->list));
	cond_destroy(&subs->idle);
}

void bfe_subs_join(struct bfe_subs *subs, struct bfe_sub *s)
{
	s->running = 0;
	s->left_inside = false;
	atom32_init(&s->gone, 0);
	lock_take(subs->lock);
	list_add_tail(&subs->list, &s->link);
	subs->n++;
	lock_drop(subs->lock);
}

void bfe_subs_leave(struct bfe_subs *subs, struct bfe_sub *s)
{
	bool inside;

	lock_take(subs->lock);
	atom32_store(&s->gone, 1);
	subs->n--;
	s->left_inside = inside = s->running == thread_id();
	while (s->running && !inside)
		cond_wait(&subs->idle, subs->lock);
	if (!inside)
		list_del(&s->link);
	lock_drop(subs->lock);
	if (!inside)
		subs->free(s);
}

bool bfe_sub_listens(const struct bfe_sub *s)
{
	return !atom32_load_acquire(&s->gone);
}

/*
 * The lock is held at both ends.  s stays in the list meanwhile; the next one is returned, because
 * who left from inside his call is freed here.
 */
static struct list *call(struct bfe_subs *subs, struct bfe_sub *s,
			 void (*fn)(struct bfe_sub *s, void *arg), void *arg) REQUIRES(*subs->lock)
{
	struct list *next;

	s->running = thread_id();
	lock_drop(subs->lock);
	fn(s, arg);
	lock_take(subs->lock);
	next = s->link.next;
	s->running = 0;
	if (s->left_inside) {
		list_del(&s->link);
		subs->free(s);
	}
	cond_broadcast(&subs->idle);
	return next;
}

void bfe_subs_each(struct bfe_subs *subs, void (*fn)(struct bfe_sub *s, void *arg), void *arg)
{
	struct list *pos;

	lock_take(subs->lock);
	for (pos = subs->list.next; pos != &subs->list;) {
		struct bfe_sub *s = LIST_ENTRY(pos, struct bfe_sub, link);

		/* Who waits to leave has heard his last. */
		pos = bfe_sub_listens(s) ? call(subs, s, fn, arg) : pos->next;
	}
	lock_drop(subs->lock);
}
