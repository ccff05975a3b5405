/* SPDX-License-Identifier: MIT */
/*
 * lock_inline - the host's locks, inline.
 *
 * Besides the mutex each thread keeps the locks it holds, lowest rank first.  Because a lock is
 * only taken above all others, looking at the last one is enough to check the order.
 */
#pragma once

#include "base/host/delay.h"
#include "base/lock.h"

#define LOCK_DEPTH_MAX 16u

struct lock_held {
	unsigned depth;
	const struct lock *locks[LOCK_DEPTH_MAX];
};

extern _Thread_local struct lock_held lock_held;

NORETURN void lock_order_broken(const struct lock *wanted, const struct lock *held);
NORETURN void lock_call_failed(const struct lock *l, int error);

static inline void lock_note_taken(const struct lock *l)
{
	struct lock_held *h = &lock_held;

	BUG_ON(h->depth == LOCK_DEPTH_MAX);
	h->locks[h->depth++] = l;
}

static inline void lock_note_dropped(const struct lock *l)
{
	struct lock_held *h = &lock_held;
	unsigned i = h->depth;

	do
		BUG_ON(i-- == 0);
	while (h->locks[i] != l);
	for (h->depth--; i < h->depth; i++)
		h->locks[i] = h->locks[i + 1];
}

static inline void lock_check_order(const struct lock *l)
{
	const struct lock_held *h = &lock_held;

	if (UNLIKELY(h->depth > 0 && h->locks[h->depth - 1]->rank >= l->rank))
		lock_order_broken(l, h->locks[h->depth - 1]);
}

static inline NO_LOCK_CHECK void lock_take(struct lock *l)
{
	int error;

	DELAY_POINT();
	lock_check_order(l);
	error = pthread_mutex_lock(&l->mutex);
	if (UNLIKELY(error))
		lock_call_failed(l, error);
	lock_note_taken(l);
}

static inline NO_LOCK_CHECK bool lock_try(struct lock *l)
{
	DELAY_POINT();
	lock_check_order(l);
	if (pthread_mutex_trylock(&l->mutex))
		return false;
	lock_note_taken(l);
	return true;
}

static inline NO_LOCK_CHECK void lock_drop(struct lock *l)
{
	int error;

	lock_note_dropped(l);
	error = pthread_mutex_unlock(&l->mutex);
	if (UNLIKELY(error))
		lock_call_failed(l, error);
	DELAY_POINT();
}

static inline NO_LOCK_CHECK void lock_assert_held(const struct lock *l)
{
	const struct lock_held *h = &lock_held;
	unsigned i = h->depth;

	do
		BUG_ON(i-- == 0);
	while (h->locks[i] != l);
}

static inline void lock_assert_none_held(void)
{
	BUG_ON(lock_held.depth != 0);
}

static inline NO_LOCK_CHECK void spin_take(struct spin *s)
{
	lock_take(&s->lock);
}

static inline NO_LOCK_CHECK bool spin_try(struct spin *s)
{
	return lock_try(&s->lock);
}

static inline NO_LOCK_CHECK void spin_drop(struct spin *s)
{
	lock_drop(&s->lock);
}

static inline NO_LOCK_CHECK void spin_assert_held(const struct spin *s)
{
	lock_assert_held(&s->lock);
}
