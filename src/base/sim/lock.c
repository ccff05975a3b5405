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
#include "base/sim/control.h"
#include "base/sim/world.h"

#include <stdio.h>
#include <stdlib.h>

#define SPURIOUS_ONE_IN 32u

static NORETURN void order_broken(const struct lock *wanted, const struct lock *held)
{
	char text[160];

	snprintf(text, sizeof(text), "lock %s (rank %u) wanted while %s (rank %u) is held",
		 wanted->waiting.name, wanted->rank, held->waiting.name, held->rank);
	if (control_on)
		control_bug(text);
	fprintf(stderr, "BUG %s\n", text);
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
	if (control_on)
		control_gate(&l->waiting, true);
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
	if (control_on)
		control_gate(&l->waiting, false);
	else
		sim_wake_one(&l->waiting);
}

static struct sim_op op_of(const struct lock *l, const char *what, enum sim_sync sync)
{
	return (struct sim_op){.what = what,
			       .object = l,
			       .access = SIM_WRITE,
			       .sync = (uint8_t)sync,
			       .quiet = l->quiet};
}

/* A quiet lock is a choice only for who finds it held. */
static void op(const struct lock *l, const char *what, enum sim_sync sync)
{
	const struct sim_op o = op_of(l, what, sync);

	if (l->quiet)
		control_step(&o);
	else
		control_point(&o);
}

static void stand_before(struct lock *l)
{
	const struct sim_op o = op_of(l, "lock", SIM_SYNC_ACQUIRE);

	if (l->quiet && !l->owner && !world.self->granted)
		control_step(&o);
	else
		control_stand(&l->waiting, &o);
}

/* In the controlled world nobody is told to go on who wants a held lock. */
static void take(struct lock *l)
{
	const struct sim_op o = op_of(l, "lock", SIM_SYNC_ACQUIRE);

	if (control_on)
		stand_before(l);
	while (l->owner)
		sim_wait(&l->waiting, CLOCK_NEVER, &o);
	note_taken(l);
}

static void init_of_kind(struct lock *l, const char *kind, const char *name, unsigned rank)
{
	l->owner = NULL;
	l->rank = rank;
	l->quiet = control_is_quiet(name);
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
	if (control_on)
		op(l, "try lock", SIM_SYNC_ACQUIRE);
	else
		sched_point("lock");
	if (l->owner)
		return false;
	note_taken(l);
	return true;
}

NO_LOCK_CHECK void lock_drop(struct lock *l)
{
	if (control_on)
		op(l, "unlock", SIM_SYNC_RELEASE);
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

static bool wait_plainly(struct cond *c, uint64_t deadline)
{
	if (sim_choose(SPURIOUS_ONE_IN) != 0)
		return sim_wait(&c->waiting, deadline, NULL);
	sched_point("spurious wake-up");
	return true;
}

/* Once woken the thread stands before the lock, and is picked by that. */
static bool wait_controlled(struct cond *c, struct lock *l, uint64_t deadline)
{
	const struct sim_op retake = op_of(l, "lock", SIM_SYNC_ACQUIRE);

	world.self->gate = &l->waiting;
	return sim_wait(&c->waiting, deadline, &retake);
}

/* What is done to a condition under a quiet lock belongs to the section that nobody can see. */
static void cond_op(const struct sim_op *op)
{
	const struct thread *t = world_self();
	struct sim_op o = *op;

	o.quiet = t->lock_depth > 0 && t->locks[t->lock_depth - 1]->quiet;
	if (!control_on)
		return;
	if (o.quiet)
		control_step(&o);
	else
		control_point(&o);
}

/* Nothing is a scheduling point between giving the lock up and waiting: the two are one step. */
bool cond_wait_until(struct cond *c, struct lock *l, uint64_t deadline)
{
	const struct sim_op wait = {.what = "wait",
				    .object = c,
				    .object2 = l,
				    .access = SIM_WRITE,
				    .sync = SIM_SYNC_RELEASE};
	const struct thread *self = world_self();
	bool in_time;

	BUG_ON(self->lock_depth == 0 || self->locks[self->lock_depth - 1] != l);
	cond_op(&wait);
	note_dropped(l);
	in_time = control_on ? wait_controlled(c, l, deadline) : wait_plainly(c, deadline);
	take(l);
	return in_time;
}

void cond_signal(struct cond *c)
{
	const struct sim_op op = {.what = "signal", .object = c, .access = SIM_WRITE};

	cond_op(&op);
	sim_wake_one(&c->waiting);
	sched_point("signal");
}

void cond_broadcast(struct cond *c)
{
	const struct sim_op op = {.what = "broadcast", .object = c, .access = SIM_WRITE};

	cond_op(&op);
	sim_wake_all(&c->waiting);
	sched_point("broadcast");
}
