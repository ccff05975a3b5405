/* SPDX-License-Identifier: MIT */
/*
 * lock - mutual exclusion, waiting, and the order that makes deadlock impossible.
 *
 * Every lock has a name and a rank.  A thread may take a lock only while each lock it holds has a
 * lower rank; equal ranks do not nest.  The order is asserted in every build, so one run that
 * takes two locks the wrong way round is enough to find it.  No lock is held over a callout:
 * whoever calls one asks lock_assert_none_held first.
 *
 * struct spin is for sections of a few instructions that never wait; it obeys the same order.
 */
#pragma once

#include "base/compiler.h"

#ifdef BASE_HOST
#include "base/host/lock_types.h"
#else
#include "base/sim/lock_types.h"
#endif

/* name: a string that outlives the lock; shown when the order is broken and in deadlock reports. */
void lock_init(struct lock *l, const char *name, unsigned rank);
void lock_destroy(struct lock *l);

BASE_HOT void lock_take(struct lock *l) ACQUIRES(*l);
BASE_HOT MUST_CHECK bool lock_try(struct lock *l) TRY_ACQUIRES(true, *l);
BASE_HOT void lock_drop(struct lock *l) RELEASES(*l);
BASE_HOT void lock_assert_held(const struct lock *l) ASSERTS_HELD(*l);

/* The calling thread holds no lock of ours, spin locks included. */
BASE_HOT void lock_assert_none_held(void);

void spin_init(struct spin *s, const char *name, unsigned rank);
void spin_destroy(struct spin *s);
BASE_HOT void spin_take(struct spin *s) ACQUIRES(*s);
BASE_HOT MUST_CHECK bool spin_try(struct spin *s) TRY_ACQUIRES(true, *s);
BASE_HOT void spin_drop(struct spin *s) RELEASES(*s);
BASE_HOT void spin_assert_held(const struct spin *s) ASSERTS_HELD(*s);

void cond_init(struct cond *c, const char *name);
void cond_destroy(struct cond *c);

/* Both may wake for no reason: call them in a loop over what is waited for. */
void cond_wait(struct cond *c, struct lock *l) REQUIRES(*l);

/* False: the deadline (clock_now) has passed.  CLOCK_NEVER waits for ever. */
MUST_CHECK bool cond_wait_until(struct cond *c, struct lock *l, uint64_t deadline) REQUIRES(*l);

void cond_signal(struct cond *c);
void cond_broadcast(struct cond *c);

#ifdef BASE_HOST
#include "base/host/lock_inline.h"
#endif
