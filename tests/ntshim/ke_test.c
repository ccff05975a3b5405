/* SPDX-License-Identifier: MIT */
/* Spin locks, events, timers, DPCs: under the simulator, on many schedules and on a virtual clock.
 */
#include "kernel.h"

#include <ntddk.h>

#define MS (-10000LL)

static struct {
	KSPIN_LOCK lock;
	KEVENT event, done;
	unsigned counter, finished;
	KIRQL irql;
	uint64_t when;
} t;

static LARGE_INTEGER in_ms(LONGLONG n)
{
	return (LARGE_INTEGER){.QuadPart = n * MS};
}

static VOID unload(PDRIVER_OBJECT driver)
{
}

/* Runs as the DriverEntry of a driver, so that an IRQL can be raised. */
#define DRIVER_TEST(name)                                                                          \
	static void driver_##name(void);                                                           \
	static NTSTATUS entry_##name(PDRIVER_OBJECT driver, PUNICODE_STRING registry)              \
	{                                                                                          \
		driver->DriverUnload = unload;                                                     \
		driver_##name();                                                                   \
		return STATUS_SUCCESS;                                                             \
	}                                                                                          \
	SIM_TEST(name)                                                                             \
	{                                                                                          \
		memset(&t, 0, sizeof(t));                                                          \
		kernel_start();                                                                    \
		kernel_unload(kernel_driver(entry_##name));                                        \
		kernel_stop();                                                                     \
	}                                                                                          \
	static void driver_##name(void)

static PVOID start(PKSTART_ROUTINE routine)
{
	HANDLE handle;
	PVOID thread;

	CHECK_EQ_U(
		PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, NULL),
		STATUS_SUCCESS);
	CHECK_EQ_U(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &thread, NULL),
		   STATUS_SUCCESS);
	CHECK_EQ_U(ZwClose(handle), STATUS_SUCCESS);
	return thread;
}

static void join(PVOID thread)
{
	CHECK_EQ_U(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL),
		   STATUS_SUCCESS);
	ObDereferenceObject(thread);
}

/* ---- spin locks ----------------------------------------------------------------------------- */

DRIVER_TEST(a_spin_lock_raises_and_restores_the_irql)
{
	KLOCK_QUEUE_HANDLE handle;
	KIRQL old;

	KeInitializeSpinLock(&t.lock);
	KeAcquireSpinLock(&t.lock, &old);
	CHECK_EQ_U(old, PASSIVE_LEVEL);
	CHECK_EQ_U(KeGetCurrentIrql(), DISPATCH_LEVEL);
	KeReleaseSpinLock(&t.lock, old);
	CHECK_EQ_U(KeGetCurrentIrql(), PASSIVE_LEVEL);
	KeAcquireInStackQueuedSpinLock(&t.lock, &handle);
	CHECK_EQ_U(KeGetCurrentIrql(), DISPATCH_LEVEL);
	KeReleaseInStackQueuedSpinLock(&handle);
	CHECK_EQ_U(KeGetCurrentIrql(), PASSIVE_LEVEL);
	CHECK_EQ_U(broken(ENGINE_RULE_Irql), 0);
}

static VOID count_up(PVOID unused)
{
	for (unsigned i = 0; i < 20; i++) {
		KIRQL old;
		unsigned seen;

		KeAcquireSpinLock(&t.lock, &old);
		seen = t.counter;
		sched_point("between reading and writing");
		t.counter = seen + 1;
		KeReleaseSpinLock(&t.lock, old);
	}
}

DRIVER_TEST(a_spin_lock_excludes)
{
	PVOID threads[3];

	KeInitializeSpinLock(&t.lock);
	for (unsigned i = 0; i < ARRAY_LEN(threads); i++)
		threads[i] = start(count_up);
	for (unsigned i = 0; i < ARRAY_LEN(threads); i++)
		join(threads[i]);
	CHECK_EQ_U(t.counter, 60);
	CHECK_EQ_U(t.lock, 0);
}

DRIVER_TEST(taking_a_lock_twice_or_releasing_a_free_one_is_reported)
{
	KIRQL old, inner;

	KeInitializeSpinLock(&t.lock);
	KeAcquireSpinLock(&t.lock, &old);
	KeAcquireSpinLock(&t.lock, &inner);
	CHECK_EQ_U(broken(ENGINE_RULE_SpinLock), 1);
	KeReleaseSpinLock(&t.lock, inner);
	KeReleaseSpinLock(&t.lock, old);
	CHECK_EQ_U(broken(ENGINE_RULE_SpinLock), 2);
	CHECK_EQ_U(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

DRIVER_TEST(at_dpc_level_needs_dispatch_level)
{
	KeInitializeSpinLock(&t.lock);
	KeAcquireSpinLockAtDpcLevel(&t.lock);
	KeReleaseSpinLockFromDpcLevel(&t.lock);
	CHECK_EQ_U(broken(ENGINE_RULE_Irql), 2);
}

static NTSTATUS leaves_irql_raised(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	KIRQL old;

	driver->DriverUnload = unload;
	KeRaiseIrql(DISPATCH_LEVEL, &old);
	return STATUS_SUCCESS;
}

TEST(returning_with_a_raised_irql_is_reported)
{
	kernel_start();
	kernel_unload(kernel_driver(leaves_irql_raised));
	CHECK_EQ_U(broken(ENGINE_RULE_Irql), 1);
	kernel_stop();
}

/* ---- events and waiting --------------------------------------------------------------------- */

static VOID take_event(PVOID unused)
{
	CHECK_EQ_U(KeWaitForSingleObject(&t.event, Executive, KernelMode, FALSE, NULL),
		   STATUS_SUCCESS);
	if (InterlockedIncrement((LONG *)&t.finished) == 1)
		KeSetEvent(&t.done, IO_NO_INCREMENT, FALSE);
}

DRIVER_TEST(a_synchronization_event_lets_one_thread_go_on)
{
	PVOID a, b;
	LARGE_INTEGER soon = in_ms(100);

	KeInitializeEvent(&t.event, SynchronizationEvent, FALSE);
	KeInitializeEvent(&t.done, NotificationEvent, FALSE);
	a = start(take_event);
	b = start(take_event);
	KeSetEvent(&t.event, IO_NO_INCREMENT, FALSE);
	KeWaitForSingleObject(&t.done, Executive, KernelMode, FALSE, NULL);
	KeDelayExecutionThread(KernelMode, FALSE, &soon);
	CHECK_EQ_U(t.finished, 1);
	CHECK_EQ_U(KeReadStateEvent(&t.event), 0);
	KeSetEvent(&t.event, IO_NO_INCREMENT, FALSE);
	join(a);
	join(b);
}

DRIVER_TEST(a_notification_event_lets_all_go_on_until_cleared)
{
	LARGE_INTEGER zero = {.QuadPart = 0};
	PVOID a, b;

	KeInitializeEvent(&t.event, NotificationEvent, FALSE);
	KeInitializeEvent(&t.done, NotificationEvent, FALSE);
	a = start(take_event);
	b = start(take_event);
	CHECK_EQ_U(KeSetEvent(&t.event, IO_NO_INCREMENT, FALSE), 0);
	join(a);
	join(b);
	CHECK_EQ_U(KeSetEvent(&t.event, IO_NO_INCREMENT, FALSE), 1);
	CHECK_EQ_U(KeResetEvent(&t.event), 1);
	CHECK_EQ_U(KeWaitForSingleObject(&t.event, Executive, KernelMode, FALSE, &zero),
		   STATUS_TIMEOUT);
}

DRIVER_TEST(a_wait_times_out_on_the_clock)
{
	LARGE_INTEGER hour = in_ms(3600 * 1000);
	uint64_t before = clock_now();

#ifdef BASE_SIM
	KeInitializeEvent(&t.event, NotificationEvent, FALSE);
	CHECK_EQ_U(KeWaitForSingleObject(&t.event, Executive, KernelMode, FALSE, &hour),
		   STATUS_TIMEOUT);
	CHECK(clock_now() - before >= 3600 * CLOCK_S);
#else
	(void)hour;
	(void)before;
#endif
}

static VOID set_both(PVOID unused)
{
	KeSetEvent(&t.event, IO_NO_INCREMENT, FALSE);
	KeSetEvent(&t.done, IO_NO_INCREMENT, FALSE);
}

DRIVER_TEST(waiting_for_all_takes_all_or_none)
{
	PVOID objects[] = {&t.event, &t.done};
	LARGE_INTEGER zero = {.QuadPart = 0};
	PVOID thread;

	KeInitializeEvent(&t.event, SynchronizationEvent, TRUE);
	KeInitializeEvent(&t.done, SynchronizationEvent, FALSE);
	CHECK_EQ_U(KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE,
					    &zero, NULL),
		   STATUS_TIMEOUT);
	CHECK_EQ_U(KeReadStateEvent(&t.event), 1);
	thread = start(set_both);
	CHECK_EQ_U(KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL,
					    NULL),
		   STATUS_SUCCESS);
	CHECK_EQ_U(KeReadStateEvent(&t.done), 0);
	join(thread);
}

DRIVER_TEST(waiting_for_any_says_which)
{
	PVOID objects[] = {&t.event, &t.done};

	KeInitializeEvent(&t.event, SynchronizationEvent, FALSE);
	KeInitializeEvent(&t.done, SynchronizationEvent, TRUE);
	CHECK_EQ_U(KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL,
					    NULL),
		   STATUS_WAIT_1);
}

DRIVER_TEST(waiting_at_dispatch_level_is_refused)
{
	LARGE_INTEGER zero = {.QuadPart = 0};
	KIRQL old;

	KeInitializeEvent(&t.event, NotificationEvent, FALSE);
	KeRaiseIrql(DISPATCH_LEVEL, &old);
	CHECK_EQ_U(KeWaitForSingleObject(&t.event, Executive, KernelMode, FALSE, NULL),
		   STATUS_NOT_SUPPORTED);
	CHECK_EQ_U(broken(ENGINE_RULE_Irql), 1);
	CHECK_EQ_U(KeWaitForSingleObject(&t.event, Executive, KernelMode, FALSE, &zero),
		   STATUS_TIMEOUT);
	CHECK_EQ_U(broken(ENGINE_RULE_Irql), 1);
	KeLowerIrql(old);
}

/* ---- DPCs and timers ------------------------------------------------------------------------ */

static VOID note_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
	t.irql = KeGetCurrentIrql();
	t.when = clock_now();
	t.counter += (unsigned)(uintptr_t)argument1 + 1;
	KeSetEvent(&t.done, IO_NO_INCREMENT, FALSE);
}

DRIVER_TEST(a_dpc_runs_once_at_dispatch_level)
{
	KDPC dpc;

	KeInitializeEvent(&t.done, NotificationEvent, FALSE);
	KeInitializeDpc(&dpc, note_dpc, NULL);
	CHECK(KeInsertQueueDpc(&dpc, (PVOID)6, NULL));
	KeFlushQueuedDpcs();
	CHECK_EQ_U(t.counter, 7);
	CHECK_EQ_U(t.irql, DISPATCH_LEVEL);
	CHECK(!KeRemoveQueueDpc(&dpc));
}

DRIVER_TEST(a_timer_signals_and_calls_its_dpc_in_time)
{
	uint64_t before = clock_now();
	KTIMER timer;
	KDPC dpc;

	KeInitializeEvent(&t.done, NotificationEvent, FALSE);
	KeInitializeDpc(&dpc, note_dpc, NULL);
	KeInitializeTimer(&timer);
	CHECK(!KeSetTimer(&timer, in_ms(5), &dpc));
	KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL);
	KeWaitForSingleObject(&t.done, Executive, KernelMode, FALSE, NULL);
	CHECK(t.when - before >= 5 * CLOCK_MS);
	CHECK(!KeCancelTimer(&timer));
	KeFlushQueuedDpcs();
}

DRIVER_TEST(a_cancelled_timer_does_not_fire)
{
	LARGE_INTEGER later = in_ms(20);
	KTIMER timer;
	KDPC dpc;

	KeInitializeDpc(&dpc, note_dpc, NULL);
	KeInitializeTimer(&timer);
	KeSetTimer(&timer, in_ms(10), &dpc);
	CHECK(KeCancelTimer(&timer));
	KeDelayExecutionThread(KernelMode, FALSE, &later);
	CHECK_EQ_U(t.counter, 0);
}

static KTIMER left_timer;
static KDPC left_dpc;

static NTSTATUS leaves_timer(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	driver->DriverUnload = unload;
	KeInitializeDpc(&left_dpc, note_dpc, NULL);
	KeInitializeTimer(&left_timer);
	KeSetTimer(&left_timer, in_ms(1000000), &left_dpc);
	return STATUS_SUCCESS;
}

TEST(a_timer_left_set_at_unload_is_taken_away_and_reported)
{
	kernel_start();
	kernel_unload(kernel_driver(leaves_timer));
	CHECK_EQ_U(broken(ENGINE_RULE_HandleLeak), 1);
	kernel_stop();
}

static NTSTATUS leaves_plain_timer(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	driver->DriverUnload = unload;
	KeInitializeTimer(&left_timer);
	KeSetTimer(&left_timer, in_ms(1000000), NULL);
	return STATUS_SUCCESS;
}

TEST(a_timer_without_a_dpc_is_taken_away_at_unload_too)
{
	kernel_start();
	kernel_unload(kernel_driver(leaves_plain_timer));
	CHECK_EQ_U(broken(ENGINE_RULE_HandleLeak), 1);
	CHECK(left_timer.TimerListEntry.Flink == NULL);
	kernel_stop();
}

DRIVER_TEST(a_timer_due_never_neither_fires_nor_keeps_others_from_it)
{
	LARGE_INTEGER never = {.QuadPart = -MAXLONGLONG - 1};
	KTIMER timer, other;

	KeInitializeTimer(&timer);
	KeInitializeTimer(&other);
	CHECK(!KeSetTimer(&timer, never, NULL));
	CHECK(!KeSetTimer(&other, in_ms(5), NULL));
	KeWaitForSingleObject(&other, Executive, KernelMode, FALSE, NULL);
	CHECK(KeCancelTimer(&timer));
}
