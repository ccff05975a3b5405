/* SPDX-License-Identifier: MIT */
/*
 * guest - what every driver here needs, so that each file shows only its point: a device, an
 * injection handle, callouts with a filter each, and a queue that a thread works off.
 *
 * The build defines GUEST, a number of its own for each driver: its keys and its sublayer's weight
 * (the higher, the earlier it is asked) come from it.  A driver has one row of Callouts for each
 * layer, and a DriverEntry that ends in GuestBegin; its DriverUnload calls GuestEnd.
 */
#pragma once

#include <ntddk.h>
#include <fwpsk.h>
#include <initguid.h>
#include <fwpmk.h>

#define GUEST_KEY(last)                                                                            \
	{                                                                                          \
		0x6f1d3a10, 0x2b7c, 0x4c58,                                                        \
		{                                                                                  \
			0x90, 0x11, 0x5a, 0x3e, 0x7d, 0x11, GUEST, last                            \
		}                                                                                  \
	}
#define GUEST_TAG   'tseG'
#define GUEST_RETRY (-10000LL) /* 1 ms */

/* The machine of the scenario stops at once: a finding by the name of Crash. */
#define GUEST_CHECK(what)                                                                          \
	do {                                                                                       \
		if (!(what))                                                                       \
			__builtin_trap();                                                          \
	} while (0)

typedef struct CALLOUT {
	const GUID *layer;
	GUID key;
	FWP_ACTION_TYPE action; /* of the filter */
	FWPS_CALLOUT_CLASSIFY_FN classify;
	FWPS_CALLOUT_NOTIFY_FN notify; /* NULL: GuestNotify */
	FWPS_CALLOUT_FLOW_DELETE_NOTIFY_FN flowDelete;
	UINT32 flags, id;
} CALLOUT;

/* What the thread does with what was queued; it owns it. */
typedef void (*GUEST_WORK)(LIST_ENTRY *item);

static const GUID GuestSubLayer = GUEST_KEY(0xff);
static WCHAR GuestName[] = L"openwfp test guest";

static struct {
	KSPIN_LOCK lock; /* guards items and stopping */
	LIST_ENTRY items;
	BOOLEAN stopping;
	KEVENT wake;
	PVOID thread; /* NULL: there is none */
	GUEST_WORK work;
	PDEVICE_OBJECT device;
	HANDLE engine, injection;
} Guest;

/* ---- the thread ----------------------------------------------------------------------------- */

static LIST_ENTRY *GuestTake(BOOLEAN *stop)
{
	KLOCK_QUEUE_HANDLE lock;
	LIST_ENTRY *item = NULL;

	KeAcquireInStackQueuedSpinLock(&Guest.lock, &lock);
	if (!IsListEmpty(&Guest.items))
		item = RemoveHeadList(&Guest.items);
	*stop = Guest.stopping;
	KeReleaseInStackQueuedSpinLock(&lock);
	return item;
}

static VOID NTAPI GuestThread(PVOID context)
{
	BOOLEAN stop = FALSE;
	LIST_ENTRY *item;

	for (;;) {
		item = GuestTake(&stop);
		if (item)
			Guest.work(item);
		else if (stop)
			break;
		else
			KeWaitForSingleObject(&Guest.wake, Executive, KernelMode, FALSE, NULL);
	}
	PsTerminateSystemThread(STATUS_SUCCESS);
}

FORCEINLINE void GuestQueue(LIST_ENTRY *item)
{
	KLOCK_QUEUE_HANDLE lock;

	KeAcquireInStackQueuedSpinLock(&Guest.lock, &lock);
	InsertTailList(&Guest.items, item);
	KeReleaseInStackQueuedSpinLock(&lock);
	KeSetEvent(&Guest.wake, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS GuestStartThread(void)
{
	HANDLE handle;
	NTSTATUS status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL,
					       GuestThread, NULL);

	if (!NT_SUCCESS(status))
		return status;
	status = ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &Guest.thread, NULL);
	ZwClose(handle);
	return status;
}

static void GuestStopThread(void)
{
	KLOCK_QUEUE_HANDLE lock;

	KeAcquireInStackQueuedSpinLock(&Guest.lock, &lock);
	Guest.stopping = TRUE;
	KeReleaseInStackQueuedSpinLock(&lock);
	KeSetEvent(&Guest.wake, IO_NO_INCREMENT, FALSE);
	KeWaitForSingleObject(Guest.thread, Executive, KernelMode, FALSE, NULL);
	ObDereferenceObject(Guest.thread);
}

/* ---- coming and going ----------------------------------------------------------------------- */

static NTSTATUS NTAPI GuestNotify(FWPS_CALLOUT_NOTIFY_TYPE type, const GUID *key,
				  FWPS_FILTER *filter)
{
	return STATUS_SUCCESS;
}

static NTSTATUS GuestAddCallout(CALLOUT *c)
{
	FWPS_CALLOUT functions = {.calloutKey = c->key,
				  .flags = c->flags,
				  .classifyFn = c->classify,
				  .flowDeleteFn = c->flowDelete,
				  .notifyFn = c->notify ? c->notify : GuestNotify};
	FWPM_CALLOUT callout = {
		.calloutKey = c->key, .displayData.name = GuestName, .applicableLayer = *c->layer};
	FWPM_FILTER filter = {.displayData.name = GuestName,
			      .layerKey = *c->layer,
			      .subLayerKey = GuestSubLayer,
			      .action.type = c->action,
			      .action.calloutKey = c->key};
	NTSTATUS status = FwpsCalloutRegister(Guest.device, &functions, &c->id);

	if (NT_SUCCESS(status))
		status = FwpmCalloutAdd(Guest.engine, &callout, NULL, NULL);
	if (NT_SUCCESS(status))
		status = FwpmFilterAdd(Guest.engine, &filter, NULL, NULL);
	return status;
}

static NTSTATUS GuestAddPolicy(CALLOUT *callouts, ULONG n)
{
	FWPM_SESSION session = {.flags = FWPM_SESSION_FLAG_DYNAMIC};
	FWPM_SUBLAYER subLayer = {.subLayerKey = GuestSubLayer,
				  .displayData.name = GuestName,
				  .weight = 1000 + GUEST};
	NTSTATUS status = FwpmEngineOpen(NULL, RPC_C_AUTHN_WINNT, NULL, &session, &Guest.engine);
	ULONG i;

	if (NT_SUCCESS(status))
		status = FwpmSubLayerAdd(Guest.engine, &subLayer, NULL);
	for (i = 0; NT_SUCCESS(status) && i < n; i++)
		status = GuestAddCallout(&callouts[i]);
	return status;
}

FORCEINLINE void GuestUnregister(const CALLOUT *callouts, ULONG n)
{
	LARGE_INTEGER retry = {.QuadPart = GUEST_RETRY};
	ULONG i;

	for (i = 0; i < n; i++)
		while (FwpsCalloutUnregisterById(callouts[i].id) == STATUS_DEVICE_BUSY)
			KeDelayExecutionThread(KernelMode, FALSE, &retry);
}

/* The callouts go first; the thread finishes what is queued. */
FORCEINLINE void GuestEnd(const CALLOUT *callouts, ULONG n)
{
	if (Guest.engine)
		FwpmEngineClose(Guest.engine);
	GuestUnregister(callouts, n);
	if (Guest.thread)
		GuestStopThread();
	if (Guest.injection)
		FwpsInjectionHandleDestroy(Guest.injection);
	if (Guest.device)
		IoDeleteDevice(Guest.device);
}

/* `work` NULL: there is no thread.  After a failure nothing is left. */
static NTSTATUS GuestBegin(PDRIVER_OBJECT driver, CALLOUT *callouts, ULONG n, GUEST_WORK work)
{
	NTSTATUS status;

	KeInitializeSpinLock(&Guest.lock);
	InitializeListHead(&Guest.items);
	KeInitializeEvent(&Guest.wake, SynchronizationEvent, FALSE);
	Guest.work = work;
	status = IoCreateDevice(driver, 0, NULL, FILE_DEVICE_NETWORK, 0, FALSE, &Guest.device);
	if (NT_SUCCESS(status))
		status = FwpsInjectionHandleCreate(AF_UNSPEC, FWPS_INJECTION_TYPE_TRANSPORT,
						   &Guest.injection);
	if (NT_SUCCESS(status) && work)
		status = GuestStartThread();
	if (NT_SUCCESS(status))
		status = GuestAddPolicy(callouts, n);
	if (!NT_SUCCESS(status))
		GuestEnd(callouts, n);
	return status;
}

DRIVER_INITIALIZE DriverEntry;
