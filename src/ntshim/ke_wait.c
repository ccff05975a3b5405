/* SPDX-License-Identifier: MIT */
/*
 * ke_wait - events, waiting for events, timers and threads, and time.
 *
 * Objects live in drivers' memory and nobody says when they die, so nothing of ours is linked into
 * them: who waits is in a list here, oldest first, and setting an object walks it.  Few threads
 * wait in a driver kernel.  One lock, the dispatcher's, guards the list and every SignalState.
 * Under control that lock is quiet: each operation is announced with the driver's object, so two
 * that concern different ones are independent.
 * Called by drivers on any thread; waiting needs APC_LEVEL or below.
 */
#include "ntshim/ke.h"

#include "base/clock.h"
#include "base/sched.h"

#define EPOCH_1601_TO_1970 INT64_C(116444736000000000) /* 100 ns */

struct lock nt_dispatcher;
const char nt_dispatcher_all;

/* [L] nt_dispatcher; on the stack of the thread that waits */
struct waiter {
	struct list link;
	struct cond wake;
	PVOID *objects;
	unsigned n;
	bool all;
	bool done; /* satisfied, and out of the list */
	const char *function;
	uint32_t thread;
	unsigned index; /* which object satisfied it */
};

static struct list waiters; /* [L] nt_dispatcher */

/*
 * Under control alone: some thread waits, or has waited, for several objects.  Which was set first
 * matters to it, so from then on all of them are one object to those who explore schedules.
 */
static bool joined;

void nt_wait_start(void)
{
	lock_init(&nt_dispatcher, "nt dispatcher", NT_RANK_DISPATCHER);
	list_init(&waiters);
	joined = false;
}

void nt_wait_stop(void)
{
	BUG_ON(!list_empty(&waiters));
	lock_destroy(&nt_dispatcher);
}

/* Set by one, taken by one: events and timers that reset themselves. */
static bool is_synchronization(const DISPATCHER_HEADER *h)
{
	return h->Type == NT_EVENT_SYNCHRONIZATION || h->Type == NT_TIMER_SYNCHRONIZATION;
}

static void header_consume(DISPATCHER_HEADER *h)
{
	if (is_synchronization(h))
		h->SignalState = 0;
}

static bool waiter_take_any(struct waiter *w)
{
	for (unsigned i = 0; i < w->n; i++) {
		DISPATCHER_HEADER *h = w->objects[i];

		if (h->SignalState == 0)
			continue;
		header_consume(h);
		w->index = i;
		return true;
	}
	return false;
}

static bool waiter_take_all(struct waiter *w)
{
	for (unsigned i = 0; i < w->n; i++)
		if (((DISPATCHER_HEADER *)w->objects[i])->SignalState == 0)
			return false;
	for (unsigned i = 0; i < w->n; i++)
		header_consume(w->objects[i]);
	w->index = 0;
	return true;
}

static bool waiter_take(struct waiter *w)
{
	return w->all ? waiter_take_all(w) : waiter_take_any(w);
}

void nt_dispatcher_serve(void)
{
	struct list *pos, *tmp;

	LIST_FOR_EACH_SAFE (pos, tmp, &waiters) {
		struct waiter *w = LIST_ENTRY(pos, struct waiter, link);

		if (!waiter_take(w))
			continue;
		list_del(&w->link);
		w->done = true;
		cond_signal(&w->wake);
	}
}

void nt_dispatcher_op(const char *function, const void *object, unsigned access, unsigned sync)
{
	if (sim_controlled() && joined)
		sched_op2(function, object, &nt_dispatcher_all, access, sync);
	else
		sched_op(function, object, access, sync);
}

void nt_signal(DISPATCHER_HEADER *object)
{
	nt_dispatcher_op("signal", object, SIM_WRITE, SIM_SYNC_RELEASE);
	lock_take(&nt_dispatcher);
	object->SignalState = 1;
	nt_dispatcher_serve();
	lock_drop(&nt_dispatcher);
}

/*
 * The deadline has passed.  Under control giving up is a step of its own, with the object: it may
 * be set before that.
 */
static void waiter_give_up(struct waiter *w) REQUIRES(nt_dispatcher)
{
	if (sim_controlled()) {
		lock_drop(&nt_dispatcher);
		nt_dispatcher_op("timeout", w->objects[0], SIM_WRITE, SIM_SYNC_NONE);
		lock_take(&nt_dispatcher);
	}
	if (!w->done)
		list_del(&w->link);
}

/* Sleeps until satisfied; false: the deadline passed before. */
static bool waiter_sleep(struct waiter *w, uint64_t deadline)
{
	bool in_time = true;

	cond_init(&w->wake, "driver's KeWait");
	lock_take(&nt_dispatcher);
	w->done = waiter_take(w);
	if (!w->done)
		list_add_tail(&waiters, &w->link);
	while (!w->done && in_time)
		in_time = cond_wait_until(&w->wake, &nt_dispatcher, deadline);
	if (!w->done)
		waiter_give_up(w);
	lock_drop(&nt_dispatcher);
	cond_destroy(&w->wake);
	return w->done;
}

/* What satisfied the wait was done before whatever follows it. */
static void waiter_satisfied(const struct waiter *w)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->all || i == w->index)
			sched_note(w->function, w->objects[i], SIM_SYNC_ACQUIRE);
}

static bool waiter_wait(struct waiter *w, uint64_t deadline)
{
	w->thread = thread_id();
	if (sim_controlled() && w->n > 1)
		joined = true;
	nt_dispatcher_op(w->function, w->objects[0], SIM_WRITE, SIM_SYNC_NONE);
	if (!waiter_sleep(w, deadline))
		return false;
	waiter_satisfied(w);
	return true;
}

uint32_t nt_waits_for(uint32_t thread, const void **objects, uint32_t max)
{
	struct list *pos;
	uint32_t n = 0;

	LIST_FOR_EACH (pos, &waiters) {
		const struct waiter *w = LIST_ENTRY(pos, struct waiter, link);

		for (unsigned i = 0; w->thread == thread && i < w->n && n < max; i++)
			objects[n++] = w->objects[i];
	}
	return n;
}

uint64_t nt_deadline(LARGE_INTEGER due)
{
	uint64_t ticks = 0 - (uint64_t)due.QuadPart; /* also of the smallest: "never" */
	LARGE_INTEGER now;

	if (due.QuadPart > 0) {
		KeQuerySystemTimePrecise(&now);
		if (due.QuadPart <= now.QuadPart)
			return clock_now();
		ticks = (uint64_t)(due.QuadPart - now.QuadPart);
	}
	if (ticks > UINT64_MAX / 400)
		return CLOCK_NEVER;
	return clock_now() + ticks * 100;
}

static bool wait_allowed(const LARGE_INTEGER *timeout, const char *function)
{
	return nt_irql_ok(timeout && timeout->QuadPart == 0 ? DISPATCH_LEVEL : APC_LEVEL, function);
}

/* ---- what drivers call ---------------------------------------------------------------------- */

VOID KeInitializeEvent(PRKEVENT event, EVENT_TYPE type, BOOLEAN state)
{
	RtlZeroMemory(event, sizeof(*event));
	event->Header.Type =
		type == SynchronizationEvent ? NT_EVENT_SYNCHRONIZATION : NT_EVENT_NOTIFICATION;
	event->Header.SignalState = state ? 1 : 0;
	InitializeListHead(&event->Header.WaitListHead);
}

static LONG event_change(PRKEVENT event, LONG to, const char *function)
{
	LONG was;

	nt_irql_ok(DISPATCH_LEVEL, function);
	nt_dispatcher_op(function, event, SIM_WRITE, SIM_SYNC_BOTH);
	lock_take(&nt_dispatcher);
	was = event->Header.SignalState;
	event->Header.SignalState = to;
	if (to)
		nt_dispatcher_serve();
	lock_drop(&nt_dispatcher);
	return was;
}

LONG KeSetEvent(PRKEVENT event, KPRIORITY increment, BOOLEAN wait)
{
	LONG was = event_change(event, 1, "KeSetEvent");

	sched_after("KeSetEvent");
	return was;
}

LONG KeResetEvent(PRKEVENT event)
{
	return event_change(event, 0, "KeResetEvent");
}

VOID KeClearEvent(PRKEVENT event)
{
	event_change(event, 0, "KeClearEvent");
}

LONG KeReadStateEvent(PRKEVENT event)
{
	LONG state;

	nt_irql_ok(DISPATCH_LEVEL, "KeReadStateEvent");
	nt_dispatcher_op("KeReadStateEvent", event, SIM_READ, SIM_SYNC_ACQUIRE);
	lock_take(&nt_dispatcher);
	state = event->Header.SignalState;
	lock_drop(&nt_dispatcher);
	return state;
}

static NTSTATUS wait_objects(struct waiter *w, PLARGE_INTEGER timeout)
{
	if (!wait_allowed(timeout, w->function))
		return STATUS_NOT_SUPPORTED;
	if (!waiter_wait(w, timeout ? nt_deadline(*timeout) : CLOCK_NEVER))
		return STATUS_TIMEOUT;
	return (NTSTATUS)(STATUS_WAIT_0 + w->index);
}

NTSTATUS KeWaitForSingleObject(PVOID object, KWAIT_REASON reason, KPROCESSOR_MODE mode,
			       BOOLEAN alertable, PLARGE_INTEGER timeout)
{
	struct waiter w = {.objects = &object, .n = 1, .function = "KeWaitForSingleObject"};

	return wait_objects(&w, timeout);
}

NTSTATUS KeWaitForMultipleObjects(ULONG count, PVOID objects[], WAIT_TYPE type, KWAIT_REASON reason,
				  KPROCESSOR_MODE mode, BOOLEAN alertable, PLARGE_INTEGER timeout,
				  PKWAIT_BLOCK blocks)
{
	struct waiter w = {
		.objects = objects,
		.n = count,
		.all = type == WaitAll,
		.function = "KeWaitForMultipleObjects",
	};

	if (count == 0 || count > MAXIMUM_WAIT_OBJECTS ||
	    (count > THREAD_WAIT_OBJECTS && !blocks)) {
		nt_report(nt_driver_current(), ENGINE_RULE_BadPointer, "KeWaitForMultipleObjects");
		return STATUS_INVALID_PARAMETER;
	}
	return wait_objects(&w, timeout);
}

NTSTATUS KeDelayExecutionThread(KPROCESSOR_MODE mode, BOOLEAN alertable, PLARGE_INTEGER interval)
{
	if (!nt_irql_ok(APC_LEVEL, "KeDelayExecutionThread"))
		return STATUS_NOT_SUPPORTED;
	if (interval->QuadPart == 0)
		thread_yield();
	else
		clock_sleep_until(nt_deadline(*interval));
	return STATUS_SUCCESS;
}

VOID KeQuerySystemTimePrecise(PLARGE_INTEGER now)
{
	now->QuadPart = (LONGLONG)(clock_wall() / 100) + EPOCH_1601_TO_1970;
}

VOID KeQuerySystemTime(PLARGE_INTEGER now)
{
	KeQuerySystemTimePrecise(now);
}

ULONGLONG KeQueryInterruptTime(VOID)
{
	return clock_now() / 100;
}

/* 15.625 ms: the step of the clock that drivers expect, although ours is finer. */
ULONG KeQueryTimeIncrement(VOID)
{
	return 156250;
}

LARGE_INTEGER KeQueryPerformanceCounter(PLARGE_INTEGER frequency)
{
	LARGE_INTEGER now = {.QuadPart = (LONGLONG)(clock_now() / 100)};

	if (frequency)
		frequency->QuadPart = 10000000;
	return now;
}
