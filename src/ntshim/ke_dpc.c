/* SPDX-License-Identifier: MIT */
/*
 * ke_dpc - deferred procedure calls and the timers that queue them, on one thread of ours.
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

/* [L] nt_dispatcher */
static struct {
	LIST_ENTRY queue;  /* [L] KDPC.DpcListEntry, oldest first */
	LIST_ENTRY timers; /* [L] KTIMER.TimerListEntry, next to expire first */
	bool calling;	   /* [L] a routine runs */
	bool stop;	   /* [L] */
	struct cond wake;  /* something for the thread */
	struct cond idle;  /* queue empty and nothing runs */
	struct thread *thread;
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

static bool dpc_insert(PKDPC dpc, PVOID argument1, PVOID argument2) REQUIRES(nt_dispatcher)
{
	if (is_linked(&dpc->DpcListEntry))
		return false;
	dpc->SystemArgument1 = argument1;
	dpc->SystemArgument2 = argument2;
	InsertTailList(&dpcs.queue, &dpc->DpcListEntry);
	if (dpc_driver(dpc))
		atom32_add(&dpc_driver(dpc)->busy, 1);
	cond_signal(&dpcs.wake);
	return true;
}

static void dpc_unqueue(PKDPC dpc) REQUIRES(nt_dispatcher)
{
	unlink_entry(&dpc->DpcListEntry);
	if (dpc_driver(dpc))
		atom32_sub(&dpc_driver(dpc)->busy, 1);
}

static void timer_insert(PKTIMER timer) REQUIRES(nt_dispatcher)
{
	PLIST_ENTRY pos = dpcs.timers.Flink;

	while (pos != &dpcs.timers &&
	       CONTAINING_RECORD(pos, KTIMER, TimerListEntry)->DueTime.QuadPart <=
		       timer->DueTime.QuadPart)
		pos = pos->Flink;
	InsertTailList(pos, &timer->TimerListEntry);
	cond_signal(&dpcs.wake);
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
	while (!IsListEmpty(&dpcs.timers)) {
		PKTIMER first = CONTAINING_RECORD(dpcs.timers.Flink, KTIMER, TimerListEntry);

		if (first->DueTime.QuadPart > clock_now())
			return first->DueTime.QuadPart;
		timer_expire(first);
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
	dpcs.calling = true;
	lock_drop(&nt_dispatcher);
	nt_enter(&f, dpc_driver(&copy), "a DPC", DISPATCH_LEVEL);
	copy.DeferredRoutine(dpc, copy.DeferredContext, copy.SystemArgument1, copy.SystemArgument2);
	nt_leave(&f);
	lock_take(&nt_dispatcher);
	if (dpc_driver(&copy))
		atom32_sub(&dpc_driver(&copy)->busy, 1);
	dpcs.calling = false;
}

static void dpc_thread(void *unused)
{
	lock_take(&nt_dispatcher);
	while (!dpcs.stop) {
		uint64_t next = timers_run();

		if (!IsListEmpty(&dpcs.queue)) {
			dpc_call();
			continue;
		}
		cond_broadcast(&dpcs.idle);
		if (!cond_wait_until(&dpcs.wake, &nt_dispatcher, next))
			continue; /* a timer is due */
	}
	lock_drop(&nt_dispatcher);
}

wfp_err nt_dpc_start(void)
{
	InitializeListHead(&dpcs.queue);
	InitializeListHead(&dpcs.timers);
	dpcs.calling = false;
	dpcs.stop = false;
	cond_init(&dpcs.wake, "nt DPC thread");
	cond_init(&dpcs.idle, "KeFlushQueuedDpcs");
	return thread_start(&dpcs.thread, "nt-dpc", dpc_thread, NULL);
}

void nt_dpc_stop(void)
{
	lock_take(&nt_dispatcher);
	dpcs.stop = true;
	cond_signal(&dpcs.wake);
	lock_drop(&nt_dispatcher);
	thread_join(dpcs.thread);
	cond_destroy(&dpcs.wake);
	cond_destroy(&dpcs.idle);
}

unsigned nt_dpc_reclaim(const struct nt_driver *d, bool *idle)
{
	PLIST_ENTRY pos, next;
	unsigned n = 0;

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
	*idle = atom32_load(&d->busy) == 0;
	lock_drop(&nt_dispatcher);
	return n;
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

	lock_take(&nt_dispatcher);
	queued = dpc_insert(dpc, argument1, argument2);
	lock_drop(&nt_dispatcher);
	return queued;
}

BOOLEAN KeRemoveQueueDpc(PRKDPC dpc)
{
	bool was;

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
	lock_take(&nt_dispatcher);
	while (dpcs.calling || !IsListEmpty(&dpcs.queue))
		cond_wait(&dpcs.idle, &nt_dispatcher);
	lock_drop(&nt_dispatcher);
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
	lock_take(&nt_dispatcher);
	was = is_linked(&timer->TimerListEntry);
	if (was)
		unlink_entry(&timer->TimerListEntry);
	lock_drop(&nt_dispatcher);
	return was;
}
