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
#include "base/sim/switch.h"
#include "base/sim/waitq.h"
#include "base/thread.h"

#if !SWITCH_OWN
#include <ucontext.h>
#endif

#define SIM_LOCK_DEPTH_MAX 16u

struct lock;
struct sim_thread;

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

	/* In the controlled world alone; point.c says what they mean. */
	struct sim_thread *view;	 /* [I] what the controller sees of it */
	struct sim_waitq *gate;		 /* where it stands once its wait is over; NULL: nowhere */
	bool (*can)(const void *object); /* it stands while this is false; NULL: it does not */
	uint64_t rcu_wanted;		 /* the epoch whose older sections must end */
	bool ready;			 /* could go on, had it a processor */
	bool has_processor;		 /* raised, and not waiting */
	bool granted;			 /* what it announces next was picked already */
	bool yields;			 /* until another has made a step */
	uint32_t drawn;			 /* random numbers so far */

#if SWITCH_OWN
	void *sp;
#else
	ucontext_t context;
	void *frame; /* where the switch was called, for walking the stack */
#endif
	void *stack; /* [I] NULL for the thread the program began with */
	size_t stack_size;
	bool stack_lent; /* [I] of the controlled world's pool */
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

/* Where a thread that does not run will go on: its code, and its frame for walking the stack. */
void *fiber_pc(const struct thread *t);
void *fiber_frame(const struct thread *t);

/* Tells the sanitizers that nothing is on these stacks any more. */
void fiber_forget(void *stacks, size_t size);

/* First thing a new thread calls on its own stack. */
void fiber_entered(struct thread *self);
