/* SPDX-License-Identifier: MIT */
/*
 * shim - what the files of the driver kernel share: the one kernel of this process, its drivers,
 * and the frame that says whose code a thread runs and at which IRQL.
 *
 * Every entry into driver code (DriverEntry, DriverUnload, callouts, threads, DPCs, work items,
 * completion functions) goes through nt_enter and nt_leave, so that whatever the driver allocates,
 * clones or breaks is charged to it by name.  Guest memory is trusted as little as can be helped:
 * pool blocks, net buffer lists and handles are looked up in tables of ours before they are used.
 */
#pragma once

#include <ntddk.h>

#include "base/list.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "engine/callout.h"
#include "ntshim/nt.h"

/* The order in which the kernel's locks nest; none is held over a call into a driver. */
enum nt_rank {
	NT_RANK_DRIVERS = 600,
	NT_RANK_CALLOUTS = 604,
	NT_RANK_HANDLES = 610,
	NT_RANK_INJECTION = 620,
	NT_RANK_DISPATCHER = 630,
	NT_RANK_SPIN_BUCKET = 640,
	NT_RANK_POOL = 650,
	NT_RANK_NBL = 660,
	NT_RANK_CONTEXTS = 670,
};

/* [I] set by nt_start, cleared by nt_stop */
struct nt_kernel {
	struct engine *engine; /* [I] */
	struct stack *stack;   /* [I] */
	struct bfe *bfe;       /* [I] */
	bool clones_may_fail;  /* [I] */
	bool running;	       /* [I] */
};
extern struct nt_kernel nt;

/* [I] immutable   [L] the dispatcher's lock   [D] the driver table's lock, in driver.c */
struct nt_driver {
	uint32_t id;		 /* [I] 1, 2, ...; never reused */
	char *file;		 /* [I] "firewall.so": without directory, for messages */
	char *name;		 /* [I] "firewall": for reports and counters */
	struct dl *dl;		 /* [I] NULL: linked in */
	nt_driver_entry entry;	 /* [I] */
	DRIVER_OBJECT object;	 /* the driver's own to fill in */
	UNICODE_STRING registry; /* [I] empty: there is no registry */
	bool unload_called;	 /* only nt_driver_unload's thread */
	unsigned busy;		 /* [L] calls into it that wait somewhere: DPCs and work items */
	unsigned calling;	 /* [L] DPC routines of it that run */
	struct list link;	 /* [D] */
};

/* One entry into driver code, on the stack of the thread that makes it. */
struct nt_frame {
	struct nt_driver *driver;
	struct nt_frame *outer;
	void *outer_driver;
	const char *what; /* "DriverEntry", "classifyFn", ...: for crash messages */
	void *thread;	  /* the system thread whose first frame this is; NULL: another entry */
	KIRQL irql, irql_on_entry;
};
void nt_enter(struct nt_frame *f, struct nt_driver *driver, const char *what, KIRQL irql);
void nt_leave(struct nt_frame *f);

struct nt_frame *nt_frame_current(void); /* NULL: no driver's code runs on this thread */

/* Whose code runs on this thread; NULL: none. */
struct nt_driver *nt_driver_current(void);
/* The name for reports; "" for NULL. */
const char *nt_driver_label(const struct nt_driver *d);

/* A rule was broken by `d` (NULL: unknown): counted by the engine and reported by name. */
void nt_report(const struct nt_driver *d, enum engine_rule rule, const char *function);

/* False, and reported: this thread runs above `max`.  The caller refuses what it was asked. */
bool nt_irql_ok(KIRQL max, const char *function);

static inline NTSTATUS nt_status(wfp_err err)
{
	return (NTSTATUS)err_ntstatus(err);
}

/* ---- what one file lends to the others ------------------------------------------------------ */

MUST_CHECK wfp_err nt_pool_start(void);
void nt_pool_stop(void);
/* Frees what `d` left behind; the sum, and one line per tag in `why`. */
size_t nt_pool_reclaim(const struct nt_driver *d, struct buf *why);

void nt_wait_start(void);
void nt_wait_stop(void);
/* processors: see nt_config. */
MUST_CHECK wfp_err nt_dpc_start(unsigned processors);
void nt_dpc_stop(void);
/*
 * Takes timers and DPCs of `d` out of their queues: how many there were.  *idle: none of its DPCs
 * and work items is queued or runs, so nothing but a thread of it could set another.
 */
unsigned nt_dpc_reclaim(const struct nt_driver *d, bool *idle);
/* A DPC routine of `d` has not returned. */
bool nt_dpc_runs(const struct nt_driver *d);
/* One more, or one less, of its calls waits or runs; NULL is nobody. */
void nt_driver_busy(struct nt_driver *d, int by);
MUST_CHECK wfp_err nt_work_start(void);
void nt_work_stop(void);
void nt_spin_start(void);
void nt_spin_stop(void);

/* Sets a dispatcher object of ours to signaled and wakes who waits for it. */
void nt_signal(DISPATCHER_HEADER *object);

/* Joins the threads of `d` that have ended; false: some still ran at the deadline. */
MUST_CHECK bool nt_threads_join(struct nt_driver *d, uint64_t deadline);

/* A thread of `d` has not ended. */
bool nt_threads_run(const struct nt_driver *d);

MUST_CHECK wfp_err nt_nbl_start(void);
void nt_nbl_stop(void);
/* Frees the net buffer lists that `d` still owns: how many. */
size_t nt_nbl_reclaim(const struct nt_driver *d);

void nt_drivers_start(void);
void nt_drivers_stop(void);
void nt_inject_start(void);
void nt_inject_stop(void);
void nt_callouts_start(void);
void nt_callouts_stop(void);
/* FWP_E_IN_USE: a callout of `d` holds operations or flow contexts and `how` is polite. */
MUST_CHECK wfp_err nt_callouts_reclaim(const struct nt_driver *d, enum engine_unregister how,
				       unsigned *left);
