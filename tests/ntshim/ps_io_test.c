/* SPDX-License-Identifier: MIT */
/* Threads, handles and work items: what runs is waited for, what is stale is told apart. */
#include "kernel.h"

#include <ntddk.h>

static struct {
	PDEVICE_OBJECT device;
	HANDLE handle;
	PIO_WORKITEM item;
	unsigned ran;
	bool went_on;
} t;

static VOID unload(PDRIVER_OBJECT driver)
{
	if (t.device)
		IoDeleteDevice(t.device);
}

static VOID terminates(PVOID context)
{
	t.ran++;
	PsTerminateSystemThread(STATUS_SUCCESS);
	t.went_on = true;
}

static NTSTATUS starts_thread(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	memset(&t, 0, sizeof(t));
	driver->DriverUnload = unload;
	CHECK_EQ_U(PsCreateSystemThread(&t.handle, 0, NULL, NULL, NULL, terminates, NULL),
		   STATUS_SUCCESS);
	CHECK_EQ_U(ZwClose(t.handle), STATUS_SUCCESS);
	CHECK_EQ_U(ZwClose(t.handle), STATUS_INVALID_HANDLE);
	return STATUS_SUCCESS;
}

SIM_TEST(unload_joins_threads_and_termination_does_not_return)
{
	kernel_start();
	kernel_unload(kernel_driver(starts_thread));
	CHECK_EQ_U(t.ran, 1);
	CHECK(!t.went_on);
	CHECK_EQ_U(broken(ENGINE_RULE_HandleLeak), 0);
	kernel_stop();
}

#ifdef BASE_SIM
static VOID sleeps(PVOID context)
{
	LARGE_INTEGER interval = {.QuadPart = -10000000LL * 3};

	KeDelayExecutionThread(KernelMode, FALSE, &interval);
	t.ran++;
}

static NTSTATUS leaks_handle(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	memset(&t, 0, sizeof(t));
	driver->DriverUnload = unload;
	return PsCreateSystemThread(&t.handle, 0, NULL, NULL, NULL, sleeps, NULL);
}

SIM_TEST(an_unload_that_returns_while_its_thread_runs_is_reported)
{
	kernel_start();
	kernel_unload(kernel_driver(leaks_handle));
	CHECK_EQ_U(broken(ENGINE_RULE_UnloadRunning), 1);
	kernel_stop();
}

SIM_TEST(a_handle_left_open_is_reported_and_its_thread_waited_for)
{
	uint64_t live = mem_live();

	kernel_start();
	kernel_unload(kernel_driver(leaks_handle));
	CHECK_EQ_U(t.ran, 1);
	CHECK_EQ_U(broken(ENGINE_RULE_HandleLeak), 1);
	kernel_stop();
	CHECK_EQ_U(mem_live(), live);
}

static VOID never_ends(PVOID context)
{
	KEVENT never;
	LARGE_INTEGER interval = {.QuadPart = -10000000LL * 60};

	KeInitializeEvent(&never, NotificationEvent, FALSE);
	KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, &interval);
}

static NTSTATUS leaves_thread(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	HANDLE handle;

	driver->DriverUnload = NULL;
	PsCreateSystemThread(&handle, 0, NULL, NULL, NULL, never_ends, NULL);
	return ZwClose(handle);
}

SIM_TEST(a_driver_whose_thread_does_not_end_stays)
{
	LARGE_INTEGER minute = {.QuadPart = -10000000LL * 60};
	struct nt_driver *d;

	kernel_start();
	d = kernel_driver(leaves_thread);
	CHECK_ERR(kernel_try_unload(d, NT_UNLOAD_POLITE), ERR_NOT_SUPPORTED);
	CHECK_ERR(kernel_try_unload(d, NT_UNLOAD_FORCED), ERR_TIMEOUT);
	KeDelayExecutionThread(KernelMode, FALSE, &minute);
	CHECK_OK(kernel_try_unload(d, NT_UNLOAD_FORCED));
	kernel_stop();
}
#endif

static VOID work(PDEVICE_OBJECT device, PVOID context)
{
	CHECK_EQ_U(KeGetCurrentIrql(), PASSIVE_LEVEL);
	CHECK(device == t.device && context == &t);
	IoFreeWorkItem(t.item);
	t.ran++;
}

static NTSTATUS queues_work(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	memset(&t, 0, sizeof(t));
	driver->DriverUnload = unload;
	CHECK_EQ_U(IoCreateDevice(driver, 64, NULL, FILE_DEVICE_NETWORK, 0, FALSE, &t.device),
		   STATUS_SUCCESS);
	CHECK(t.device->DeviceExtension != NULL);
	t.item = IoAllocateWorkItem(t.device);
	IoQueueWorkItem(t.item, work, DelayedWorkQueue, &t);
	return STATUS_SUCCESS;
}

SIM_TEST(unload_waits_for_queued_work_items)
{
	kernel_start();
	kernel_unload(kernel_driver(queues_work));
	CHECK_EQ_U(t.ran, 1);
	CHECK_EQ_U(broken(ENGINE_RULE_PoolLeak), 0);
	kernel_stop();
}

TEST(handles_of_another_kind_and_invented_ones_are_refused)
{
	PVOID object;

	kernel_start();
	CHECK_EQ_U(ObReferenceObjectByHandle(NULL, 0, NULL, KernelMode, &object, NULL),
		   STATUS_INVALID_HANDLE);
	CHECK_EQ_U(ObReferenceObjectByHandle((HANDLE)0x1234, 0, NULL, KernelMode, &object, NULL),
		   STATUS_INVALID_HANDLE);
	ObDereferenceObject(&object);
	CHECK_EQ_U(broken(ENGINE_RULE_BadPointer), 1);
	kernel_stop();
}

SIM_TEST(interlocked_operations_return_what_is_documented)
{
	LONG word = 5;
	LONG64 wide = 7;
	PVOID pointer = NULL;

	CHECK_EQ_U(InterlockedIncrement(&word), 6);
	CHECK_EQ_U(InterlockedDecrement(&word), 5);
	CHECK_EQ_U(InterlockedExchangeAdd(&word, 3), 5);
	CHECK_EQ_U(InterlockedCompareExchange(&word, 1, 8), 8);
	CHECK_EQ_U(InterlockedCompareExchange(&word, 2, 8), 1);
	CHECK_EQ_U(InterlockedOr(&word, 6), 1);
	CHECK_EQ_U(InterlockedAnd(&word, 3), 7);
	CHECK_EQ_U(InterlockedXor(&word, 1), 3);
	CHECK_EQ_U(InterlockedExchange(&word, 9), 2);
	CHECK_EQ_U(InterlockedAdd64(&wide, -8), UINT64_MAX);
	CHECK(!InterlockedCompareExchangePointer(&pointer, &word, NULL));
	CHECK(InterlockedExchangePointer(&pointer, NULL) == &word);
}

static NTSTATUS forgets_work(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	driver->DriverUnload = unload;
	CHECK(IoAllocateWorkItem(NULL) != NULL);
	return STATUS_SUCCESS;
}

TEST(a_work_item_that_was_not_freed_is_reported_and_taken_back)
{
	uint64_t live = mem_live();

	kernel_start();
	kernel_unload(kernel_driver(forgets_work));
	CHECK_EQ_U(broken(ENGINE_RULE_PoolLeak), 1);
	kernel_stop();
	CHECK_EQ_U(mem_live(), live);
}

static KTIMER last_timer;

static VOID sets_timer_and_ends(PVOID context)
{
	LARGE_INTEGER soon = {.QuadPart = -10000}, later = {.QuadPart = -10000000000};

	KeDelayExecutionThread(KernelMode, FALSE, &soon);
	KeSetTimer(&last_timer, later, NULL);
}

static NTSTATUS leaves_a_thread(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	HANDLE thread;

	driver->DriverUnload = unload;
	KeInitializeTimer(&last_timer);
	CHECK_EQ_U(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL,
					sets_timer_and_ends, NULL),
		   STATUS_SUCCESS);
	return ZwClose(thread);
}

SIM_TEST(a_timer_that_a_thread_sets_as_its_last_act_is_taken_away)
{
	kernel_start();
	kernel_unload(kernel_driver(leaves_a_thread));
	CHECK(last_timer.TimerListEntry.Flink == NULL);
	kernel_stop();
}
