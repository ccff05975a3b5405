/* SPDX-License-Identifier: MIT */
/*
 * lock - locks and conditions of sim, with the same order of ranks as on the host.
 *
 * Taking and dropping are scheduling points.  A condition wakes its waiters in the order of the
 * seed, and now and then for no reason, as it may on the host.
 */
#include "base/lock.h"

#include "base/clock.h"
#include "base/sim.h"
#include "base/sim/world.h"

#include <stdio.h>
#include <stdlib.h>

#define SPURIOUS_ONE_IN 32u

static NORETURN void order_broken(const struct lock *wanted, const struct lock *held)
{
	fprintf(stderr, "BUG lock %s (rank %u) wanted while %s (rank %u) is held\n",
		wanted->waiting.name, wanted->rank, held->waiting.name, held->rank);
	abort();
}

static void check_order(const struct lock *l)
{
	const struct thread *t = world_self();
	const struct lock *last = t->lock_depth > 0 ? t->locks[t->lock_depth - 1] : NULL;

	if (last && last->rank >= l->rank)
		order_broken(l, last);
}

static void note_taken(struct lock *l)
{
	struct thread *t = world_self();

	BUG_ON(t->lock_depth == SIM_LOCK_DEPTH_MAX);
	t->locks[t->lock_depth++] = l;
	l->owner = t;
}

static void note_dropped(struct lock *l)
{
	struct thread *t = world_self();
	unsigned i = t->lock_depth;

	BUG_ON(l->owner != t);
	l->owner = NULL;
	do
		BUG_ON(i-- == 0);
	while (t->locks[i] != l);
	for (t->lock_depth--; i < t->lock_depth; i++)
		t->locks[i] = t->locks[i + 1];
	sim_wake_one(&l->waiting);
}

static void take(struct lock *l)
{
	while (l->owner)
		sim_wait(&l->waiting, CLOCK_NEVER);
	note_taken(l);
}

static void init_of_kind(struct lock *l, const char *kind, const char *name, unsigned rank)
{
	l->owner = NULL;
	l->rank = rank;
	sim_waitq_init(&l->waiting, kind, name);
}

void lock_init(struct lock *l, const char *name, unsigned rank)
{
	init_of_kind(l, "lock", name, rank);
}

void lock_destroy(struct lock *l)
{
	BUG_ON(l->owner || !list_empty(&l->waiting.threads));
}

NO_LOCK_CHECK void lock_take(struct lock *l)
{
	check_order(l);
	sched_point("lock");
	take(l);
}

NO_LOCK_CHECK bool lock_try(struct lock *l)
{
	check_order(l);
	sched_point("lock");
	if (l->owner)
		return false;
	note_taken(l);
	return true;
}

NO_LOCK_CHECK void lock_drop(struct lock *l)
{
	note_dropped(l);
	sched_point("unlock");
}

NO_LOCK_CHECK void lock_assert_held(const struct lock *l)
{
	BUG_ON(l->owner != world_self());
}

void lock_assert_none_held(void)
{
	BUG_ON(world_self()->lock_depth > 0);
}

void spin_init(struct spin *s, const char *name, unsigned rank)
{
	init_of_kind(&s->lock, "spin lock", name, rank);
}

void spin_destroy(struct spin *s)
{
	lock_destroy(&s->lock);
}

NO_LOCK_CHECK void spin_take(struct spin *s)
{
	lock_take(&s->lock);
}

NO_LOCK_CHECK bool spin_try(struct spin *s)
{
	return lock_try(&s->lock);
}

NO_LOCK_CHECK void spin_drop(struct spin *s)
{
	lock_drop(&s->lock);
}

NO_LOCK_CHECK void spin_assert_held(const struct spin *s)
{
	lock_assert_held(&s->lock);
}

void cond_init(struct cond *c, const char *name)
{
	sim_waitq_init(&c->waiting, "cond", name);
}

void cond_destroy(struct cond *c)
{
	BUG_ON(!list_empty(&c->waiting.threads));
}

void cond_wait(struct cond *c, struct lock *l)
{
	(void)!cond_wait_until(c, l, CLOCK_NEVER);
}

/* Nothing is a scheduling point between giving the lock up and waiting: the two are one step. */
bool cond_wait_until(struct cond *c, struct lock *l, uint64_t deadline)
{
	const struct thread *self = world_self();
	bool in_time = true;

	BUG_ON(self->lock_depth == 0 || self->locks[self->lock_depth - 1] != l);
	note_dropped(l);
	if (sim_choose(SPURIOUS_ONE_IN) == 0)
		sched_point("spurious wake-up");
	else
		in_time = sim_wait(&c->waiting, deadline);
	take(l);
	return in_time;
}

void cond_signal(struct cond *c)
{
	sim_wake_one(&c->waiting);
	sched_point("signal");
}

void cond_broadcast(struct cond *c)
{
	sim_wake_all(&c->waiting);
	sched_point("broadcast");
}
