/* SPDX-License-Identifier: MIT */
/*
 * ke_dpc - deferred procedure calls and the timers that queue them, on one thread of ours; under a
 * simulator that asks for it, on a thread for each processor and one for the clock.
 *
 * The queue and the timers are linked through the drivers' own KDPC and KTIMER, as on Windows: a
 * driver that frees one while it is queued has a bug that AddressSanitizer shows.  Both belong to
 * the dispatcher's lock; a routine runs without it, at DISPATCH_LEVEL.
 *
 *	IDLE --KeInsertQueueDpc, a timer expires--> QUEUED --the DPC thread--> (running) IDLE
 *	QUEUED --KeRemoveQueueDpc--> IDLE
 */
#include "ntshim/ke.h"

#include "base/clock.h"
#include "base/sched.h"

#define WORKERS_MAX 3u

/* [I] immutable   [L] nt_dispatcher */
struct worker {
	bool timers, routines; /* [I] what it is for */
	bool idle;	       /* [L] it waits, and nobody has woken it */
	struct cond wake;
	struct thread *thread;
};

static struct {
	LIST_ENTRY queue;  /* [L] KDPC.DpcListEntry, oldest first */
	LIST_ENTRY timers; /* [L] KTIMER.TimerListEntry, next to expire first */
	unsigned calling;  /* [L] routines that run */
	bool stop;	   /* [L] */
	struct cond idle;  /* queue empty and nothing runs */
	struct worker workers[WORKERS_MAX];
	unsigned n_workers;
} dpcs;

static struct nt_driver *dpc_driver(const KDPC *dpc)
{
	return (struct nt_driver *)dpc->DpcData;
}

/* A queued entry has links; KeInitializeDpc and taking one out clear them. */
static bool is_linked(const LIST_ENTRY *entry)
{
	return entry->Flink != NULL;
}

static void unlink_entry(PLIST_ENTRY entry)
{
	RemoveEntryList(entry);
	entry->Flink = NULL;
	entry->Blink = NULL;
}

/* Under control an operation is announced before it is made, and never with a lock held. */
static void announce(const char *what, const void *object, enum sim_sync sync)
	REQUIRES(nt_dispatcher)
{
	if (!sim_controlled())
		return;
	lock_drop(&nt_dispatcher);
	sched_op2(what, object, &nt_dispatcher_all, SIM_WRITE, sync);
	lock_take(&nt_dispatcher);
}

static void worker_wake(struct worker *w) REQUIRES(nt_dispatcher)
{
	w->idle = false;
	cond_signal(&w->wake);
}

/* The first that waits; who does not will look before it does. */
static void wake_for_routine(void) REQUIRES(nt_dispatcher)
{
	for (unsigned i = 0; i < dpcs.n_workers; i++)
		if (dpcs.workers[i].routines && dpcs.workers[i].idle) {
			worker_wake(&dpcs.workers[i]);
			return;
		}
}

static void wake_for_timer(void) REQUIRES(nt_dispatcher)
{
	for (unsigned i = 0; i < dpcs.n_workers; i++)
		if (dpcs.workers[i].timers && dpcs.workers[i].idle)
			worker_wake(&dpcs.workers[i]);
}

static void wake_flushers(void) REQUIRES(nt_dispatcher)
{
	if (dpcs.calling == 0 && IsListEmpty(&dpcs.queue))
		cond_broadcast(&dpcs.idle);
}

static void busy_change(struct nt_driver *d, int by) REQUIRES(nt_dispatcher)
{
	if (d)
		d->busy += (unsigned)by;
}

static void calling_change(struct nt_driver *d, int by) REQUIRES(nt_dispatcher)
{
	dpcs.calling += (unsigned)by;
	if (d)
		d->calling += (unsigned)by;
}

void nt_driver_busy(struct nt_driver *d, int by)
{
	lock_take(&nt_dispatcher);
	busy_change(d, by);
	lock_drop(&nt_dispatcher);
}

static bool dpc_insert(PKDPC dpc, PVOID argument1, PVOID argument2) REQUIRES(nt_dispatcher)
{
	if (is_linked(&dpc->DpcListEntry))
		return false;
	dpc->SystemArgument1 = argument1;
	dpc->SystemArgument2 = argument2;
	InsertTailList(&dpcs.queue, &dpc->DpcListEntry);
	busy_change(dpc_driver(dpc), 1);
	sched_note("KeInsertQueueDpc", dpc, SIM_SYNC_RELEASE);
	wake_for_routine();
	return true;
}

static void dpc_unqueue(PKDPC dpc) REQUIRES(nt_dispatcher)
{
	unlink_entry(&dpc->DpcListEntry);
	busy_change(dpc_driver(dpc), -1);
	wake_flushers();
}

static void timer_insert(PKTIMER timer) REQUIRES(nt_dispatcher)
{
	PLIST_ENTRY pos = dpcs.timers.Flink;

	while (pos != &dpcs.timers &&
	       CONTAINING_RECORD(pos, KTIMER, TimerListEntry)->DueTime.QuadPart <=
		       timer->DueTime.QuadPart)
		pos = pos->Flink;
	InsertTailList(pos, &timer->TimerListEntry);
	wake_for_timer();
}

static void timer_expire(PKTIMER timer) REQUIRES(nt_dispatcher)
{
	unlink_entry(&timer->TimerListEntry);
	timer->Header.SignalState = 1;
	nt_dispatcher_serve();
	if (timer->Dpc)
		dpc_insert(timer->Dpc, NULL, NULL);
	if (timer->Period) {
		timer->DueTime.QuadPart += timer->Period * CLOCK_MS;
		timer_insert(timer);
	}
}

/* Expires what is due; the deadline of the next timer is returned. */
static uint64_t timers_run(void) REQUIRES(nt_dispatcher)
{
	const KTIMER *announced = NULL;

	while (!IsListEmpty(&dpcs.timers)) {
		PKTIMER first = CONTAINING_RECORD(dpcs.timers.Flink, KTIMER, TimerListEntry);

		if (first->DueTime.QuadPart > clock_now())
			return first->DueTime.QuadPart;
		if (sim_controlled() && announced != first) {
			/* It may be cancelled, and freed, before its turn comes: look again. */
			announce("timer expires", first, SIM_SYNC_BOTH);
			announced = first;
			continue;
		}
		timer_expire(first);
		announced = NULL;
	}
	return CLOCK_NEVER;
}

/* The KDPC may be freed or queued again by its own routine: what is needed is copied first. */
static void dpc_call(void) REQUIRES(nt_dispatcher)
{
	PKDPC dpc = CONTAINING_RECORD(dpcs.queue.Flink, KDPC, DpcListEntry);
	KDPC copy = *dpc;
	struct nt_frame f;

	unlink_entry(&dpc->DpcListEntry);
	calling_change(dpc_driver(&copy), 1);
	lock_drop(&nt_dispatcher);
	sched_note("a DPC", dpc, SIM_SYNC_ACQUIRE);
	nt_enter(&f, dpc_driver(&copy), "a DPC", DISPATCH_LEVEL);
	copy.DeferredRoutine(dpc, copy.DeferredContext, copy.SystemArgument1, copy.SystemArgument2);
	nt_leave(&f);
	sched_note("end of a DPC", &dpcs.idle, SIM_SYNC_RELEASE);
	lock_take(&nt_dispatcher);
	announce("DPC is done", &dpcs, SIM_SYNC_NONE);
	busy_change(dpc_driver(&copy), -1);
	calling_change(dpc_driver(&copy), -1);
	wake_flushers();
}

static void worker_main(void *arg)
{
	struct worker *w = arg;

	lock_take(&nt_dispatcher);
	while (!dpcs.stop) {
		uint64_t next = w->timers ? timers_run() : CLOCK_NEVER;

		if (w->routines && !IsListEmpty(&dpcs.queue)) {
			dpc_call();
			continue;
		}
		w->idle = true;
		(void)!cond_wait_until(&w->wake, &nt_dispatcher, next);
		w->idle = false;
		announce("look for a DPC", &dpcs, SIM_SYNC_NONE);
	}
	lock_drop(&nt_dispatcher);
}

/* One for everything, or one for the clock and `processors` for the routines. */
static void workers_plan(unsigned processors)
{
	dpcs.n_workers = processors ? min(processors, WORKERS_MAX - 1) + 1 : 1;
	for (unsigned i = 0; i < dpcs.n_workers; i++)
		dpcs.workers[i] = (struct worker){
			.timers = i == 0,
			.routines = i > 0 || !processors,
		};
}

static void workers_stop(unsigned n)
{
	lock_take(&nt_dispatcher);
	dpcs.stop = true;
	for (unsigned i = 0; i < n; i++)
		worker_wake(&dpcs.workers[i]);
	lock_drop(&nt_dispatcher);
	for (unsigned i = 0; i < n; i++) {
		thread_join(dpcs.workers[i].thread);
		cond_destroy(&dpcs.workers[i].wake);
	}
	cond_destroy(&dpcs.idle);
}

wfp_err nt_dpc_start(unsigned processors)
{
	wfp_err err;

	InitializeListHead(&dpcs.queue);
	InitializeListHead(&dpcs.timers);
	dpcs.calling = 0;
	dpcs.stop = false;
	workers_plan(processors);
	cond_init(&dpcs.idle, "KeFlushQueuedDpcs");
	for (unsigned i = 0; i < dpcs.n_workers; i++) {
		struct worker *w = &dpcs.workers[i];

		cond_init(&w->wake, "nt DPC thread");
		err = thread_start(&w->thread, "nt-dpc", worker_main, w);
		if (err) {
			cond_destroy(&w->wake);
			workers_stop(i);
			return err;
		}
	}
	return ERR_OK;
}

void nt_dpc_stop(void)
{
	workers_stop(dpcs.n_workers);
}

unsigned nt_dpc_reclaim(const struct nt_driver *d, bool *idle)
{
	PLIST_ENTRY pos, next;
	unsigned n = 0;

	sched_op("look for timers and DPCs", &nt_dispatcher_all, SIM_WRITE, SIM_SYNC_NONE);
	lock_take(&nt_dispatcher);
	for (pos = dpcs.timers.Flink; pos != &dpcs.timers; pos = next) {
		PKTIMER timer = CONTAINING_RECORD(pos, KTIMER, TimerListEntry);

		next = pos->Flink;
		if (timer->Processor == d->id || (timer->Dpc && dpc_driver(timer->Dpc) == d)) {
			unlink_entry(pos);
			n++;
		}
	}
	for (pos = dpcs.queue.Flink; pos != &dpcs.queue; pos = next) {
		PKDPC dpc = CONTAINING_RECORD(pos, KDPC, DpcListEntry);

		next = pos->Flink;
		if (dpc_driver(dpc) == d) {
			dpc_unqueue(dpc);
			n++;
		}
	}
	/* Under the same lock: a routine that runs may set its timer again. */
	*idle = d->busy == 0;
	lock_drop(&nt_dispatcher);
	return n;
}

bool nt_dpc_runs(const struct nt_driver *d)
{
	bool runs;

	sched_op("DriverUnload has returned", &dpcs, SIM_READ, SIM_SYNC_NONE);
	lock_take(&nt_dispatcher);
	runs = d->calling > 0;
	lock_drop(&nt_dispatcher);
	return runs;
}

/* ---- what drivers call ---------------------------------------------------------------------- */

VOID KeInitializeDpc(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
	RtlZeroMemory(dpc, sizeof(*dpc));
	dpc->DeferredRoutine = routine;
	dpc->DeferredContext = context;
	dpc->DpcData = nt_driver_current();
}

BOOLEAN KeInsertQueueDpc(PRKDPC dpc, PVOID argument1, PVOID argument2)
{
	bool queued;

	sched_op("KeInsertQueueDpc", &nt_dispatcher_all, SIM_WRITE, SIM_SYNC_NONE);
	lock_take(&nt_dispatcher);
	queued = dpc_insert(dpc, argument1, argument2);
	lock_drop(&nt_dispatcher);
	sched_after("KeInsertQueueDpc");
	return queued;
}

BOOLEAN KeRemoveQueueDpc(PRKDPC dpc)
{
	bool was;

	sched_op("KeRemoveQueueDpc", &nt_dispatcher_all, SIM_WRITE, SIM_SYNC_NONE);
	sched_note("KeRemoveQueueDpc", dpc, SIM_SYNC_ACQUIRE);
	lock_take(&nt_dispatcher);
	was = is_linked(&dpc->DpcListEntry);
	if (was)
		dpc_unqueue(dpc);
	lock_drop(&nt_dispatcher);
	return was;
}

VOID KeFlushQueuedDpcs(VOID)
{
	if (!nt_irql_ok(PASSIVE_LEVEL, "KeFlushQueuedDpcs"))
		return;
	sched_op("KeFlushQueuedDpcs", &nt_dispatcher_all, SIM_WRITE, SIM_SYNC_NONE);
	lock_take(&nt_dispatcher);
	while (dpcs.calling || !IsListEmpty(&dpcs.queue))
		cond_wait(&dpcs.idle, &nt_dispatcher);
	lock_drop(&nt_dispatcher);
	sched_note("KeFlushQueuedDpcs", &dpcs.idle, SIM_SYNC_ACQUIRE);
}

VOID KeInitializeTimerEx(PKTIMER timer, TIMER_TYPE type)
{
	RtlZeroMemory(timer, sizeof(*timer));
	timer->Header.Type =
		type == SynchronizationTimer ? NT_TIMER_SYNCHRONIZATION : NT_TIMER_NOTIFICATION;
	InitializeListHead(&timer->Header.WaitListHead);
}

VOID KeInitializeTimer(PKTIMER timer)
{
	KeInitializeTimerEx(timer, NotificationTimer);
}

BOOLEAN KeSetTimerEx(PKTIMER timer, LARGE_INTEGER due, LONG period, PKDPC dpc)
{
	bool was;

	nt_irql_ok(DISPATCH_LEVEL, "KeSetTimerEx");
	sched_op2("KeSetTimerEx", timer, &nt_dispatcher_all, SIM_WRITE, SIM_SYNC_BOTH);
	lock_take(&nt_dispatcher);
	was = is_linked(&timer->TimerListEntry);
	if (was)
		unlink_entry(&timer->TimerListEntry);
	timer->Header.SignalState = 0;
	timer->DueTime.QuadPart = nt_deadline(due);
	timer->Period = (ULONG)period;
	timer->Dpc = dpc;
	/* Whose memory it lies in, for the unload: a timer need not have a DPC. */
	timer->Processor = nt_driver_current() ? nt_driver_id(nt_driver_current()) : 0;
	timer_insert(timer);
	lock_drop(&nt_dispatcher);
	return was;
}

BOOLEAN KeSetTimer(PKTIMER timer, LARGE_INTEGER due, PKDPC dpc)
{
	return KeSetTimerEx(timer, due, 0, dpc);
}

BOOLEAN KeCancelTimer(PKTIMER timer)
{
	bool was;

	nt_irql_ok(DISPATCH_LEVEL, "KeCancelTimer");
	sched_op2("KeCancelTimer", timer, &nt_dispatcher_all, SIM_WRITE, SIM_SYNC_BOTH);
	lock_take(&nt_dispatcher);
	was = is_linked(&timer->TimerListEntry);
	if (was)
		unlink_entry(&timer->TimerListEntry);
	lock_drop(&nt_dispatcher);
	return was;
}
