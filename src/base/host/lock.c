/* SPDX-License-Identifier: MIT */
/*
 * lock - the parts of the host's locks that are not on a packet's way.
 *
 * Conditions run on the monotonic clock, so setting the time of day wakes nobody.
 */
#include "base/lock.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

_Thread_local struct lock_held lock_held;

void lock_order_broken(const struct lock *wanted, const struct lock *held)
{
	fprintf(stderr, "BUG lock %s (rank %u) wanted while %s (rank %u) is held\n", wanted->name,
		wanted->rank, held->name, held->rank);
	abort();
}

void lock_call_failed(const struct lock *l, int error)
{
	fprintf(stderr, "BUG lock %s: %s\n", l->name, strerror(error));
	abort();
}

static void init_of_type(struct lock *l, const char *name, unsigned rank, int type)
{
	pthread_mutexattr_t attr;

	BUG_ON(pthread_mutexattr_init(&attr));
	BUG_ON(pthread_mutexattr_settype(&attr, type));
	BUG_ON(pthread_mutex_init(&l->mutex, &attr));
	pthread_mutexattr_destroy(&attr);
	l->name = name;
	l->rank = rank;
}

void lock_init(struct lock *l, const char *name, unsigned rank)
{
	init_of_type(l, name, rank, PTHREAD_MUTEX_NORMAL);
}

void lock_destroy(struct lock *l)
{
	int error = pthread_mutex_destroy(&l->mutex);

	if (error)
		lock_call_failed(l, error);
}

void spin_init(struct spin *s, const char *name, unsigned rank)
{
	init_of_type(&s->lock, name, rank, PTHREAD_MUTEX_ADAPTIVE_NP);
}

void spin_destroy(struct spin *s)
{
	lock_destroy(&s->lock);
}

void cond_init(struct cond *c, const char *name)
{
	pthread_condattr_t attr;

	BUG_ON(pthread_condattr_init(&attr));
	BUG_ON(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC));
	BUG_ON(pthread_cond_init(&c->cond, &attr));
	pthread_condattr_destroy(&attr);
	c->name = name;
}

void cond_destroy(struct cond *c)
{
	BUG_ON(pthread_cond_destroy(&c->cond));
}

/* The lock comes back last, so it must have been taken last for the order to hold. */
static void note_waiting(const struct lock *l)
{
	BUG_ON(lock_held.depth == 0 || lock_held.locks[lock_held.depth - 1] != l);
	lock_note_dropped(l);
}

void cond_wait(struct cond *c, struct lock *l)
{
	note_waiting(l);
	BUG_ON(pthread_cond_wait(&c->cond, &l->mutex));
	lock_note_taken(l);
}

bool cond_wait_until(struct cond *c, struct lock *l, uint64_t deadline)
{
	struct timespec until = {
		.tv_sec = (time_t)(deadline / CLOCK_S),
		.tv_nsec = (long)(deadline % CLOCK_S),
	};
	int error;

	note_waiting(l);
	error = pthread_cond_timedwait(&c->cond, &l->mutex, &until);
	lock_note_taken(l);
	BUG_ON(error != 0 && error != ETIMEDOUT);
	return error == 0;
}

void cond_signal(struct cond *c)
{
	BUG_ON(pthread_cond_signal(&c->cond));
}

void cond_broadcast(struct cond *c)
{
	BUG_ON(pthread_cond_broadcast(&c->cond));
}
