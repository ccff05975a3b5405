/* SPDX-License-Identifier: MIT */
/*
 * thread - threads of execution and the few values each of them carries.
 *
 * On the host a thread is a POSIX thread; in sim it is a fiber, and one runs at a time.  A thread
 * started here is registered as an RCU reader for its whole life.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"
#include "base/sim_access.h"

struct thread;

/* What a layer above keeps per thread; each slot has one owning module. */
enum thread_slot {
	THREAD_SLOT_CLASSIFY,
	THREAD_SLOT_WORKER,
	THREAD_SLOT_NT,
	THREAD_SLOT_DRIVER,
	THREAD_SLOTS,
};

/* Every signal that sig.h handles is blocked in the new thread.  The name is copied. */
MUST_CHECK wfp_err thread_start(struct thread **out, const char *name, void (*fn)(void *),
				void *arg);

/* Waits until fn has returned, then frees t.  Exactly once per thread. */
void thread_join(struct thread *t);

void thread_yield(void);

/* Small, never reused within one process (host) or one run (sim); never 0. */
uint32_t thread_id(void);

bool thread_is_current(const struct thread *t);

/* NULL until set. */
BASE_HOT void *thread_slot_get(enum thread_slot slot);
BASE_HOT void thread_slot_set(enum thread_slot slot, void *value);

/* A place where sim may let another thread run, such as around a callback.  Nothing on the host,
 * but see thread_delays. */
BASE_HOT void sched_point(const char *what);

#if defined(BASE_HOST) && !defined(NDEBUG)
/*
 * From now on a thread that comes to a scheduling point is, once in `one_in` times, held up for a
 * moment, by a generator of its own made from the seed.  0: no more.  For tests; host/delay.h.
 */
void thread_delays(uint64_t seed, uint32_t one_in);
#endif

/*
 * Before an operation on `object` that other threads can see takes effect: the same in seeded runs,
 * a choice of the controller under control.  access, sync: SIM_* of sim_control.h.
 */
BASE_HOT void sched_op(const char *what, const void *object, unsigned access, unsigned sync);

#ifdef BASE_HOST
#include "base/host/thread_inline.h"
#endif
