/* SPDX-License-Identifier: MIT */
/*
 * sim_control - the sim build under somebody else's control: one program, run again and again from
 * one point, with every choice made by a controller.
 *
 *	           sim_control_open           sim_control_run
 *	(nothing) -----------------> READY ---------------------> ENDED
 *	                               ^                            |
 *	                               +----- sim_control_rewind ---+
 *
 * The program prepares itself (engine, stack, drivers) and calls sim_ready; what follows is what is
 * explored.  At that moment everything that a run can change is remembered: the blocks of mem_*,
 * the stacks of the threads, and the variables of the program and of the objects it has loaded.  A
 * rewind puts it back, byte for byte, in some microseconds, so a run costs what it executes and not
 * what prepared it.  Addresses are the same in each run: a thread's blocks come from a range of its
 * own, and are not used again within a run.
 *
 * What must outlive a rewind (the controller, what it has learned) lies in memory of
 * sim_control_alloc and in nothing else; pointers to it are set before sim_control_open.  Sim only;
 * one thread of the system.  A sanitizer must not keep its state among the program's variables, as
 * clang's do: sim_control_open then fails with ERR_NOT_SUPPORTED.
 */
#pragma once

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"
#include "base/sim_access.h"

#define SIM_THREADS_MAX 48u

/*
 * What a thread does next: from the point where it stands up to, not including, its next point.
 * Two operations depend on each other when they share an object and one of the two writes it.
 */
struct sim_op {
	const char *what;    /* "lock", "atomic", "KeSetEvent": a string that is never freed */
	const void *object;  /* NULL: nothing others can see */
	const void *object2; /* a second one, written: the lock that a wait drops; else NULL */
	uint32_t size;	     /* bytes of a plain access; 0: the object as a whole */
	uint8_t access;	     /* enum sim_access */
	uint8_t sync;	     /* enum sim_sync */
	bool quiet;	     /* of a quiet lock: nobody can tell the order of these */
	bool note;	     /* quiet too: says something to watchers, and is otherwise nothing */
};

/* A thread as the controller sees it; valid during the call that shows it. */
struct sim_thread {
	uint32_t id; /* 1, 2, ... in the order of creation */
	const char *name;
	bool enabled;	    /* may be told to go on */
	bool raised;	    /* at DISPATCH_LEVEL or above: it has a processor */
	bool waits_timed;   /* waits, and would go on when time passes */
	struct sim_op next; /* what it does then */
};

#define SIM_TIME 0u /* picked instead of a thread: the clock jumps to the earliest deadline */

struct sim_view {
	const struct sim_thread *threads; /* by number of thread, ids are threads[i].id */
	uint32_t n;
	uint32_t running; /* the id of the thread that came here; it may not be enabled */
	bool time;	  /* somebody waits for time: SIM_TIME may be picked */
	bool only_time;	  /* nobody is enabled: it must be */
};

/*
 * Called on the stack of the thread that runs.  It may not call anything that is a scheduling point
 * or allocates, except sim_stop.
 */
struct sim_controller {
	void *ctx;
	/*
	 * A step that others can see is due somewhere: who goes on?  Also called when nobody can
	 * and nobody waits for time, at the end of a run: what is picked then does not matter.
	 */
	uint32_t (*pick)(void *ctx, const struct sim_view *v);
	/* 0 to n - 1: a choice of the program (sim_choose).  0 is the plain one: nothing fails. */
	uint32_t (*choose)(void *ctx, uint32_t n, const char *what);
	/*
	 * Before a step of `thread` takes effect, in the order in which they do: also those of
	 * quiet locks, thread starts and joins, and plain accesses of an instrumented driver.
	 */
	void (*step)(void *ctx, uint32_t thread, const struct sim_op *op);
	/*
	 * Is a lock of this name quiet?  Taking and dropping it is then no choice: for locks whose
	 * sections commute, so that nobody can tell their order.
	 */
	bool (*quiet)(void *ctx, const char *lock_name);
	uint32_t processors; /* at most so many threads are raised at once; 0: any number */
};

enum sim_end {
	SIM_END_DONE,	   /* main returned, and every thread but those from before sim_ready */
	SIM_END_DEADLOCK,  /* nobody is enabled and nobody waits for time */
	SIM_END_LEFTOVERS, /* main returned before threads it had started were joined */
	SIM_END_STOPPED,   /* sim_stop */
	SIM_END_CRASHED,   /* a signal: sim_control_crash says which */
	SIM_END_BUG,	   /* BUG_ON or abort */
	SIM_END_MEMORY, /* the run allocated more than its share: not a verdict about the program */
};

struct sim_crash {
	int signal;
	const void *address; /* SIGSEGV, SIGBUS: what was touched */
	const char *text;    /* of a BUG_ON; else "" */
	uint32_t thread;
};

/* Outside the world, zeroed, kept over rewinds.  NULL: no memory. */
MUST_CHECK void *sim_control_alloc(size_t size);
void *sim_control_realloc(void *p, size_t size); /* NULL: no memory, p stays */
void sim_control_free(void *p);

/*
 * Runs main in a fresh world up to its sim_ready, without the controller: threads run until they
 * wait. ERR_OPERATION_ABORTED: main returned, or the world ended, before it was ready; nothing is
 * left.
 */
MUST_CHECK wfp_err sim_control_open(const struct sim_controller *c, void (*main)(void *),
				    void *arg);
enum sim_end sim_control_run(void);
/* What the last run left is still there to look at, until the rewind. */
void sim_control_rewind(void);
/*
 * Ends the world where it stands: what it holds is lost with it.  The variables of the program are
 * then what they were at sim_control_open, so that another world can be opened.
 */
void sim_control_close(void);
struct sim_crash sim_control_crash(void);
/* After opening: a run that crashes stops there for the debugger first (proc_break). */
void sim_control_break(bool on);

/* The threads of the run as it ended or stands, for reports. */
struct sim_wait {
	uint32_t thread;
	const char *name, *waits_kind, *waits_name; /* kind NULL: it does not wait */
	uint32_t waits_for; /* who holds the lock or is joined; 0: nobody in particular */
	const void *object;
};
uint32_t sim_control_waits(struct sim_wait *out, uint32_t max);
/*
 * Return addresses, innermost first, of a thread that does not run, or of the running one.  They
 * are found by frame pointers: the caller of code that keeps none (-fomit-frame-pointer), or that a
 * signal took before it had one, is missing.
 */
uint32_t sim_control_stack(uint32_t thread, void **frames, uint32_t max);

/* ---- what the program and the modules call; all do nothing outside a controlled world ---------
 */

#ifdef BASE_SIM
bool sim_controlled(void);
/* The running thread rises to DISPATCH_LEVEL or falls below it. */
void sim_raised(bool raised);
/* Another choice of the program than sim_choose (sim.h), with a name for the trace. */
uint32_t sim_choose_named(uint32_t n, const char *what);
#else
static inline bool sim_controlled(void)
{
	return false;
}

static inline void sim_raised(bool raised)
{
	(void)raised;
}

static inline uint32_t sim_choose_named(uint32_t n, const char *what)
{
	(void)n;
	(void)what;
	return 0;
}
#endif

/*
 * From now on each allocation asks the controller (choose(2, "memory"), 1: it fails): none, those
 * that a driver makes or that are made for it while it runs, until one has failed; or all.
 */
enum sim_failures { SIM_FAIL_NONE, SIM_FAIL_IN_DRIVERS, SIM_FAIL_ALL };
void sim_choose_failures(enum sim_failures which);
/* The end of the preparation.  Comes back at the beginning of each run. */
void sim_ready(void);
/*
 * What follows in this run is not explored: whoever runs goes on while it can, and nothing fails.
 * A run that does not end all the same is the controller's again after a while.
 */
void sim_settled(void);
/*
 * Everything that the rest of the run can depend on, as a number: memory that is alive, threads and
 * their stacks.  Two runs with the same number go the same way from here on, if the controller is
 * asked no more.  0: it cannot be told (a sanitizer is there, or the world is not controlled).
 */
uint64_t sim_fingerprint(void);
/* Ends the run, on any thread, from any depth. */
NORETURN void sim_stop(void);
/* The same, as one that is done: what it would still do is known. */
NORETURN void sim_done(void);

/* A plain access of instrumented code: told to watchers, and a point when plain accesses are. */
void sim_plain(const void *address, uint32_t size, enum sim_access access);
/* Plain accesses are points (second mode).  At any time before the world is ready. */
void sim_plain_points(bool on);

/* Does the address lie in the stack of the running thread? */
bool sim_own_stack(const void *address);

/*
 * Where an address lies, said without the address, so that it is the same in each process: so many
 * bytes into a block, which begins so many bytes into its thread's memory; or into a stack.
 */
struct sim_place {
	bool heap; /* else a stack */
	uint32_t thread;
	uint64_t block, offset; /* stack: block is 0 */
};
/* False: neither. */
bool sim_place_find(const void *address, struct sim_place *out);

/* What a touched address belongs to, for verdicts; false: nothing of ours. */
struct sim_block {
	const void *start;
	size_t size;
	bool freed;
	uint32_t allocated_by, freed_by; /* threads */
	void *const *allocated_at,
		*const *freed_at; /* return addresses, NULL-terminated; empty unless asked */
};
bool sim_block_find(const void *address, struct sim_block *out);
/* Every byte of a freed block that is not guarded. */
#define SIM_FREED 0xDD
/* From now on, blocks remember the stacks that allocated and freed them: for the run that explains.
 */
void sim_block_stacks(bool on);
/* The first freed block that was written to afterwards; false: none. */
bool sim_block_check_freed(struct sim_block *out);

/* Runs the program again without randomised addresses, once; returns when they are fixed already.
 */
MUST_CHECK wfp_err sim_fix_addresses(char **argv);
