/* SPDX-License-Identifier: MIT */
/*
 * control - what the files of sim share about the controlled world.
 *
 *	control.c    its beginning and its end, and the runs between
 *	point.c      who may go on, and asking the controller who does
 *	snapshot.c   remembering memory and putting it back
 *	blocks.c     the heap of the world
 *	fingerprint.c the state as one number
 *	trap.c       signals
 *	report.c     stacks and waits, for reports
 *
 * Used inside sim and by mem.c, bug.c and dl.c.
 */
#pragma once

#include "base/sim/fiber.h"
#include "base/sim/snapshot.h"
#include "base/sim_control.h"

#define CONTROL_OBJECTS 16u

/*
 * Everything here outlives the rewinds: the variables of the program do not, so they hold no state
 * of the explorer but the pointer to this.
 */
struct control {
	struct sim_controller controller;
	struct thread explorer; /* the stack that opened the world */
	struct thread *main;	/* the world's first thread */
	bool prepared;		/* sim_ready was called */
	bool exploring;		/* what happens now is remembered: the controller is asked */
	bool asked;		/* the controller's own code runs, on a thread's stack */
	bool breaks;		/* a crash is shown to the debugger before it ends the run */
	uint32_t threads_at_ready;
	enum sim_end end;
	struct sim_crash crash;
	char crash_text[256];
	void *crash_pc, *crash_frame; /* of crash.thread, when a signal ended the run */
	void (*fn)(void *);
	void *arg;
	struct snapshot snapshot;
	/* The variables before the world was opened: the program's, and those of what it loads. */
	struct snapshot_kept before, loaded[CONTROL_OBJECTS];
	uint32_t n_loaded;
	char *stacks; /* a pool; each with a page below it that cannot be touched */
};

/* NULL: no controlled world. */
extern struct control *control;

/* Does the controller call a lock of this name quiet? */
static inline bool control_is_quiet(const char *lock_name)
{
	return control && control->controller.quiet &&
	       control->controller.quiet(control->controller.ctx, lock_name);
}

/* A thread of the controlled world runs: false on the explorer's stack. */
extern bool control_on;

/* ---- point.c -------------------------------------------------------------------------------- */

/* An operation that others can see: the controller says who goes on, and then it takes effect. */
void control_op(const char *what, const void *object, unsigned access, unsigned sync);
void control_point(const struct sim_op *op);
/* Are plain accesses choices? */
bool control_plain_points(void);
/* One that is no choice, but that watchers want to know of. */
void control_step(const struct sim_op *op);

/* Stands before op until the gate is open and the controller wants it. */
void control_stand(struct sim_waitq *gate, const struct sim_op *op);
/* The same before something that is no gate: while can(op->object) is true. */
void control_stand_while(const struct sim_op *op, bool (*can)(const void *object));
/* Who stands before this object so is asked again. */
void control_changed(const void *object);
/* Who stands at the gate may go on, or not. */
void control_gate(struct sim_waitq *gate, bool shut);

bool control_wait(struct sim_waitq *q, uint64_t deadline, const struct sim_op *then);
void control_wake(struct thread *t, bool woken);
void control_wake_one(struct sim_waitq *q);
void control_yield(void);
uint32_t control_choose(uint32_t n, const char *what);

void control_admit(struct thread *t);
void control_thread_begin(void);
void control_thread_end(void);
/* The running thread is done: never comes back. */
NORETURN void control_leave_thread(void);

/* It is joined, and about to be freed. */
void control_forget(const struct thread *t);

void control_points_reset(void);
/* Puts away what is left of choices that were made, and is not read again. */
void control_points_forget(void);
/* Lets everybody run until they wait for something that is not time. */
void control_settle(void);
/* NULL: no such thread, or joined. */
struct thread *control_thread(uint32_t id);
/* The controller's view, as it is. */
const struct sim_view *control_view(void);

/* The same in the controlled world alone, where the seeded one has its point elsewhere. */
static inline void world_op(const char *what, const void *object, unsigned access, unsigned sync)
{
	if (control_on)
		control_op(what, object, access, sync);
}

/* ---- control.c ------------------------------------------------------------------------------ */

MUST_CHECK wfp_err control_stack_lend(void **stack, size_t *size);
/* Does a page belong to the stacks? */
bool control_in_stacks(const void *page);
/* Back to the explorer; the running thread stays as it is. */
NORETURN void control_leave(enum sim_end end);
/* bug_fail and its like: ends the run instead of the program. */
NORETURN void control_bug(const char *text);

/* The program has loaded an object, of which nothing has run yet. */
MUST_CHECK wfp_err control_loaded(const void *base);

/* ---- trap.c --------------------------------------------------------------------------------- */

MUST_CHECK wfp_err trap_begin(void);
void trap_end(void);
