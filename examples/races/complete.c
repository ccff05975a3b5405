/* SPDX-License-Identifier: MIT */
/*
 * complete - asks a thread about connections.  The race: the entry is used after completing has let
 * somebody else free it; -DFIXED has done with it before.
 *
 *	classifyFn: pends the connection; its entry stays in the list until the connection is gone
 *	the thread: decides, and completes
 *	classifyFn again: answers as the entry says, and frees it
 */
#include <ntddk.h>
#include <fwpsk.h>
#include <initguid.h>
#include <fwpmk.h>

#define BLOCKED_PORT	4444
#define SUBLAYER_WEIGHT 42000
#define RETRY		(-10000LL) /* 1 ms */
#define TAG		'lpmC'

#define KEY(last)                                                                                  \
	{                                                                                          \
		0x6f1d3a10, 0x2b7c, 0x4c58,                                                        \
		{                                                                                  \
			0x90, 0x11, 0x5a, 0x3e, 0x7d, 0x10, 0x52, last                             \
		}                                                                                  \
	}
static const GUID Callout = KEY(1), SubLayer = KEY(2);
static WCHAR Name[] = L"openwfp race complete";

typedef struct ENTRY {
	LIST_ENTRY link;
	HANDLE completion; /* NULL: nobody waits for us any more */
	BOOLEAN decided, permit;
	UINT32 remoteAddress;
	UINT16 localPort, remotePort;
} ENTRY;

static struct {
	KSPIN_LOCK lock; /* guards entries, what is in them, and stopping */
	LIST_ENTRY entries;
	BOOLEAN stopping;
	KEVENT wake;
	PVOID thread;
	PDEVICE_OBJECT device;
	HANDLE engine;
	UINT32 calloutId;
} Complete;

/* ---- deciding ------------------------------------------------------------------------------- */

static BOOLEAN Judge(UINT16 port)
{
	return port != BLOCKED_PORT;
}

/* Decides about the first entry that waits; it stays in the list.  NULL: none waits. */
static ENTRY *DecideOne(BOOLEAN *stop)
{
	KLOCK_QUEUE_HANDLE lock;
	ENTRY *found = NULL;
	LIST_ENTRY *pos;

	KeAcquireInStackQueuedSpinLock(&Complete.lock, &lock);
	for (pos = Complete.entries.Flink; pos != &Complete.entries && !found; pos = pos->Flink) {
		ENTRY *e = CONTAINING_RECORD(pos, ENTRY, link);

		if (!e->decided)
			found = e;
	}
	if (found) {
		found->permit = Judge(found->remotePort);
		found->decided = TRUE;
	}
	*stop = Complete.stopping;
	KeReleaseInStackQueuedSpinLock(&lock);
	return found;
}

static HANDLE TakeCompletion(ENTRY *e)
{
	KLOCK_QUEUE_HANDLE lock;
	HANDLE completion;

	KeAcquireInStackQueuedSpinLock(&Complete.lock, &lock);
	completion = e->completion;
	e->completion = NULL;
	KeReleaseInStackQueuedSpinLock(&lock);
	return completion;
}

static VOID NTAPI Thread(PVOID context)
{
	BOOLEAN stop = FALSE;
	ENTRY *e;

	for (;;) {
		e = DecideOne(&stop);
		if (e) {
#ifdef FIXED
			FwpsCompleteOperation(TakeCompletion(e), NULL);
#else
			FwpsCompleteOperation(e->completion, NULL);
			TakeCompletion(e);
#endif
		} else if (stop) {
			break;
		} else {
			KeWaitForSingleObject(&Complete.wake, Executive, KernelMode, FALSE, NULL);
		}
	}
	PsTerminateSystemThread(STATUS_SUCCESS);
}

/* ---- classifying ---------------------------------------------------------------------------- */

static BOOLEAN IsAbout(const ENTRY *a, const ENTRY *b)
{
	return a->remoteAddress == b->remoteAddress && a->localPort == b->localPort &&
	       a->remotePort == b->remotePort;
}

/* Takes the decision about this connection out of the list; without one the rule is asked. */
static BOOLEAN Recall(const ENTRY *about)
{
	BOOLEAN permit = Judge(about->remotePort);
	KLOCK_QUEUE_HANDLE lock;
	ENTRY *found = NULL;
	LIST_ENTRY *pos;

	KeAcquireInStackQueuedSpinLock(&Complete.lock, &lock);
	for (pos = Complete.entries.Flink; pos != &Complete.entries && !found; pos = pos->Flink) {
		ENTRY *e = CONTAINING_RECORD(pos, ENTRY, link);

		if (e->decided && IsAbout(e, about))
			found = e;
	}
	if (found)
		RemoveEntryList(&found->link);
	KeReleaseInStackQueuedSpinLock(&lock);
	if (found) {
		permit = found->permit;
		ExFreePoolWithTag(found, TAG);
	}
	return permit;
}

/* FALSE: it cannot be pended, so the answer must be given at once. */
static BOOLEAN Pend(const ENTRY *about, HANDLE operation)
{
	ENTRY *e = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*e), TAG);
	KLOCK_QUEUE_HANDLE lock;

	if (!e)
		return FALSE;
	*e = *about;
	if (!NT_SUCCESS(FwpsPendOperation(operation, &e->completion))) {
		ExFreePoolWithTag(e, TAG);
		return FALSE;
	}
	KeAcquireInStackQueuedSpinLock(&Complete.lock, &lock);
	InsertTailList(&Complete.entries, &e->link);
	KeReleaseInStackQueuedSpinLock(&lock);
	KeSetEvent(&Complete.wake, IO_NO_INCREMENT, FALSE);
	return TRUE;
}

static void NTAPI Classify(const FWPS_INCOMING_VALUES *values,
			   const FWPS_INCOMING_METADATA_VALUES *meta, void *packet,
			   const void *classifyContext, const FWPS_FILTER *filter,
			   UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	const FWPS_INCOMING_VALUE0 *v = values->incomingValue;
	UINT32 flags = v[FWPS_FIELD_ALE_AUTH_CONNECT_V4_FLAGS].value.uint32;
	ENTRY about = {
		.remoteAddress = v[FWPS_FIELD_ALE_AUTH_CONNECT_V4_IP_REMOTE_ADDRESS].value.uint32,
		.localPort = v[FWPS_FIELD_ALE_AUTH_CONNECT_V4_IP_LOCAL_PORT].value.uint16,
		.remotePort = v[FWPS_FIELD_ALE_AUTH_CONNECT_V4_IP_REMOTE_PORT].value.uint16,
	};
	BOOLEAN permit;

	if (!(out->rights & FWPS_RIGHT_ACTION_WRITE))
		return;
	if (flags & FWP_CONDITION_FLAG_IS_REAUTHORIZE) {
		permit = Recall(&about);
		out->actionType = permit ? FWP_ACTION_PERMIT : FWP_ACTION_BLOCK;
		return;
	}
	out->actionType = FWP_ACTION_BLOCK;
	if (Pend(&about, meta->completionHandle))
		out->flags |= FWPS_CLASSIFY_OUT_FLAG_ABSORB;
	else if (Judge(about.remotePort))
		out->actionType = FWP_ACTION_PERMIT;
}

static NTSTATUS NTAPI Notify(FWPS_CALLOUT_NOTIFY_TYPE type, const GUID *key, FWPS_FILTER *filter)
{
	return STATUS_SUCCESS;
}

/* ---- coming and going ----------------------------------------------------------------------- */

static NTSTATUS AddPolicy(void)
{
	FWPM_SESSION session = {.flags = FWPM_SESSION_FLAG_DYNAMIC};
	FWPM_SUBLAYER subLayer = {
		.subLayerKey = SubLayer, .displayData.name = Name, .weight = SUBLAYER_WEIGHT};
	FWPM_CALLOUT callout = {.calloutKey = Callout,
				.displayData.name = Name,
				.applicableLayer = FWPM_LAYER_ALE_AUTH_CONNECT_V4};
	FWPM_FILTER filter = {.displayData.name = Name,
			      .subLayerKey = SubLayer,
			      .layerKey = FWPM_LAYER_ALE_AUTH_CONNECT_V4,
			      .action.type = FWP_ACTION_CALLOUT_TERMINATING,
			      .action.calloutKey = Callout};
	NTSTATUS status = FwpmEngineOpen(NULL, RPC_C_AUTHN_WINNT, NULL, &session, &Complete.engine);

	if (NT_SUCCESS(status))
		status = FwpmSubLayerAdd(Complete.engine, &subLayer, NULL);
	if (NT_SUCCESS(status))
		status = FwpmCalloutAdd(Complete.engine, &callout, NULL, NULL);
	if (NT_SUCCESS(status))
		status = FwpmFilterAdd(Complete.engine, &filter, NULL, NULL);
	return status;
}

static NTSTATUS StartThread(void)
{
	HANDLE handle;
	NTSTATUS status =
		PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Thread, NULL);

	if (!NT_SUCCESS(status))
		return status;
	status = ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &Complete.thread, NULL);
	ZwClose(handle);
	return status;
}

static void StopThread(void)
{
	KLOCK_QUEUE_HANDLE lock;

	KeAcquireInStackQueuedSpinLock(&Complete.lock, &lock);
	Complete.stopping = TRUE;
	KeReleaseInStackQueuedSpinLock(&lock);
	KeSetEvent(&Complete.wake, IO_NO_INCREMENT, FALSE);
	KeWaitForSingleObject(Complete.thread, Executive, KernelMode, FALSE, NULL);
	ObDereferenceObject(Complete.thread);
}

/* The callout goes first: then nobody asks any more, and the thread answers what is left.  What was
 * decided about connections that have never asked again is freed here. */
static VOID NTAPI Unload(PDRIVER_OBJECT driver)
{
	LARGE_INTEGER retry = {.QuadPart = RETRY};

	if (Complete.engine)
		FwpmEngineClose(Complete.engine);
	while (FwpsCalloutUnregisterById(Complete.calloutId) == STATUS_DEVICE_BUSY)
		KeDelayExecutionThread(KernelMode, FALSE, &retry);
	if (Complete.thread)
		StopThread();
	while (!IsListEmpty(&Complete.entries))
		ExFreePoolWithTag(CONTAINING_RECORD(RemoveHeadList(&Complete.entries), ENTRY, link),
				  TAG);
	if (Complete.device)
		IoDeleteDevice(Complete.device);
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	FWPS_CALLOUT functions = {
		.calloutKey = Callout, .classifyFn = Classify, .notifyFn = Notify};
	NTSTATUS status;

	driver->DriverUnload = Unload;
	KeInitializeSpinLock(&Complete.lock);
	InitializeListHead(&Complete.entries);
	KeInitializeEvent(&Complete.wake, SynchronizationEvent, FALSE);
	status = IoCreateDevice(driver, 0, NULL, FILE_DEVICE_NETWORK, 0, FALSE, &Complete.device);
	if (NT_SUCCESS(status))
		status = StartThread();
	if (NT_SUCCESS(status))
		status = FwpsCalloutRegister(Complete.device, &functions, &Complete.calloutId);
	if (NT_SUCCESS(status))
		status = AddPolicy();
	if (!NT_SUCCESS(status))
		Unload(driver);
	return status;
}
