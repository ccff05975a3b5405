/* SPDX-License-Identifier: MIT */
/*
 * fiber - what a thread is in sim: a stack of its own that runs when it is switched to.
 *
 * fiber.c knows stacks and sanitizers and nothing of scheduling; world.c decides who runs.
 * Used inside sim alone.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"
#include "base/list.h"
#include "base/sim/waitq.h"
#include "base/thread.h"

#include <ucontext.h>

#define SIM_LOCK_DEPTH_MAX 16u

struct lock;

/* One thread runs at a time, so nothing here needs a guard; [I] immutable. */
struct thread {
	struct list all;	    /* in the world's list */
	struct list queued;	    /* among the runnable, or in the queue it waits in */
	struct sim_waitq *waits_in; /* NULL: runnable or done */
	uint64_t deadline;	    /* of that wait */
	bool woken;		    /* how that wait ended */
	bool done;		    /* fn has returned */
	struct sim_waitq ended;	    /* who joins this thread */

	uint32_t id;	    /* [I] */
	char name[32];	    /* [I] */
	void (*fn)(void *); /* [I] */
	void *arg;	    /* [I] */

	unsigned lock_depth;
	const struct lock *locks[SIM_LOCK_DEPTH_MAX]; /* held, lowest rank first */
	void *slots[THREAD_SLOTS];

	bool rcu_registered;
	unsigned rcu_depth;
	uint64_t rcu_epoch; /* of the world when the outermost section began */

	ucontext_t context;
	void *stack; /* [I] NULL for the thread the program began with */
	size_t stack_size;
	void *asan_fake_stack;
	const void *asan_bottom;
	size_t asan_size;
	void *tsan_fiber;
};

/* A thread that has not run yet; entry is the first function on its stack and never returns. */
MUST_CHECK wfp_err fiber_create(struct thread **out, void (*entry)(void));

/* Not the one that is running. */
void fiber_destroy(struct thread *t);

/* The stack the program began with becomes a thread. */
void fiber_adopt(struct thread *t);

/* Comes back when somebody switches to from. */
void fiber_switch(struct thread *from, struct thread *to);

/* First thing a new thread calls on its own stack. */
void fiber_entered(struct thread *self);
