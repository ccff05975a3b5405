/* SPDX-License-Identifier: MIT */
/*
 * publish - asks a thread about connections.  The race: the entry is published before the verdict
 * is set; -DFIXED sets it first.
 *
 *	classifyFn  pends the connection and gives the question to the thread
 *	the thread  looks the port up, remembers the answer, completes
 *	classifyFn  is asked again and finds the answer
 */
#include <ntddk.h>
#include <fwpsk.h>
#include <initguid.h>
#include <fwpmk.h>

#define BLOCKED_PORT	4444
#define SUBLAYER_WEIGHT 41000
#define ANSWERS		16
#define RETRY		(-10000LL) /* 1 ms */
#define TAG		'lbuP'

#define KEY(last)                                                                                  \
	{                                                                                          \
		0x6f1d3a10, 0x2b7c, 0x4c58,                                                        \
		{                                                                                  \
			0x90, 0x11, 0x5a, 0x3e, 0x7d, 0x10, 0x51, last                             \
		}                                                                                  \
	}
static const GUID Callout = KEY(1), SubLayer = KEY(2);
static WCHAR Name[] = L"openwfp race publish";

/* The thread's once it is in the list. */
typedef struct QUESTION {
	LIST_ENTRY link;
	HANDLE completion; /* NULL: it could not be pended */
	UINT16 port;
} QUESTION;

typedef struct ANSWER {
	UINT16 port;
	BOOLEAN permit;
} ANSWER;

static struct {
	KSPIN_LOCK lock; /* guards what follows, up to stopping */
	LIST_ENTRY questions;
	ANSWER answers[ANSWERS]; /* the last ones, in turn */
	ULONG next;
	BOOLEAN stopping;
	LONG asked; /* interlocked */
	KEVENT wake;
	PVOID thread;
	PDEVICE_OBJECT device;
	HANDLE engine;
	UINT32 calloutId;
} Publish;

/* ---- deciding ------------------------------------------------------------------------------- */

static BOOLEAN Judge(UINT16 port)
{
	return port != BLOCKED_PORT;
}

static void Remember(UINT16 port, BOOLEAN permit)
{
	KLOCK_QUEUE_HANDLE lock;

	KeAcquireInStackQueuedSpinLock(&Publish.lock, &lock);
	Publish.answers[Publish.next].port = port;
	Publish.answers[Publish.next].permit = permit;
	Publish.next = (Publish.next + 1) % ANSWERS;
	KeReleaseInStackQueuedSpinLock(&lock);
}

/* An answer that so many others have displaced is found again by the rule. */
static BOOLEAN Recall(UINT16 port)
{
	BOOLEAN permit = Judge(port);
	KLOCK_QUEUE_HANDLE lock;
	ULONG i;

	KeAcquireInStackQueuedSpinLock(&Publish.lock, &lock);
	for (i = 0; i < ANSWERS; i++)
		if (Publish.answers[i].port == port)
			permit = Publish.answers[i].permit;
	KeReleaseInStackQueuedSpinLock(&lock);
	return permit;
}

static QUESTION *Take(BOOLEAN *stop)
{
	KLOCK_QUEUE_HANDLE lock;
	QUESTION *q = NULL;

	KeAcquireInStackQueuedSpinLock(&Publish.lock, &lock);
	if (!IsListEmpty(&Publish.questions))
		q = CONTAINING_RECORD(RemoveHeadList(&Publish.questions), QUESTION, link);
	*stop = Publish.stopping;
	KeReleaseInStackQueuedSpinLock(&lock);
	return q;
}

static VOID NTAPI Thread(PVOID context)
{
	BOOLEAN stop = FALSE;
	QUESTION *q;

	for (;;) {
		q = Take(&stop);
		if (q) {
			Remember(q->port, Judge(q->port));
			FwpsCompleteOperation(q->completion, NULL);
			ExFreePoolWithTag(q, TAG);
		} else if (stop) {
			break;
		} else {
			KeWaitForSingleObject(&Publish.wake, Executive, KernelMode, FALSE, NULL);
		}
	}
	PsTerminateSystemThread(STATUS_SUCCESS);
}

/* ---- classifying ---------------------------------------------------------------------------- */

static void Ask(QUESTION *q)
{
	KLOCK_QUEUE_HANDLE lock;

	KeAcquireInStackQueuedSpinLock(&Publish.lock, &lock);
	InsertTailList(&Publish.questions, &q->link);
	KeReleaseInStackQueuedSpinLock(&lock);
	KeSetEvent(&Publish.wake, IO_NO_INCREMENT, FALSE);
	InterlockedIncrement(&Publish.asked);
}

/* What is pended is absorbed; what is not is answered from the rule. */
static void Answer(const QUESTION *q, FWPS_CLASSIFY_OUT *out)
{
	if (q->completion) {
		out->actionType = FWP_ACTION_BLOCK;
		out->flags |= FWPS_CLASSIFY_OUT_FLAG_ABSORB;
	} else {
		out->actionType = Judge(q->port) ? FWP_ACTION_PERMIT : FWP_ACTION_BLOCK;
	}
}

static void Consider(QUESTION *q, const FWPS_INCOMING_METADATA_VALUES *meta, FWPS_CLASSIFY_OUT *out)
{
	if (!NT_SUCCESS(FwpsPendOperation(meta->completionHandle, &q->completion))) {
		Answer(q, out);
		ExFreePoolWithTag(q, TAG);
		return;
	}
#ifdef FIXED
	Answer(q, out);
	Ask(q);
#else
	Ask(q);
	Answer(q, out);
#endif
}

static void NTAPI Classify(const FWPS_INCOMING_VALUES *values,
			   const FWPS_INCOMING_METADATA_VALUES *meta, void *packet,
			   const void *classifyContext, const FWPS_FILTER *filter,
			   UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	const FWPS_INCOMING_VALUE0 *v = values->incomingValue;
	UINT16 port = v[FWPS_FIELD_ALE_AUTH_CONNECT_V4_IP_REMOTE_PORT].value.uint16;
	UINT32 flags = v[FWPS_FIELD_ALE_AUTH_CONNECT_V4_FLAGS].value.uint32;
	QUESTION *q;

	if (!(out->rights & FWPS_RIGHT_ACTION_WRITE))
		return;
	if (flags & FWP_CONDITION_FLAG_IS_REAUTHORIZE) {
		out->actionType = Recall(port) ? FWP_ACTION_PERMIT : FWP_ACTION_BLOCK;
		return;
	}
	q = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*q), TAG);
	if (!q) {
		out->actionType = Judge(port) ? FWP_ACTION_PERMIT : FWP_ACTION_BLOCK;
		return;
	}
	q->port = port;
	Consider(q, meta, out);
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
	NTSTATUS status = FwpmEngineOpen(NULL, RPC_C_AUTHN_WINNT, NULL, &session, &Publish.engine);

	if (NT_SUCCESS(status))
		status = FwpmSubLayerAdd(Publish.engine, &subLayer, NULL);
	if (NT_SUCCESS(status))
		status = FwpmCalloutAdd(Publish.engine, &callout, NULL, NULL);
	if (NT_SUCCESS(status))
		status = FwpmFilterAdd(Publish.engine, &filter, NULL, NULL);
	return status;
}

static NTSTATUS StartThread(void)
{
	HANDLE handle;
	NTSTATUS status =
		PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Thread, NULL);

	if (!NT_SUCCESS(status))
		return status;
	status = ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &Publish.thread, NULL);
	ZwClose(handle);
	return status;
}

static void StopThread(void)
{
	KLOCK_QUEUE_HANDLE lock;

	KeAcquireInStackQueuedSpinLock(&Publish.lock, &lock);
	Publish.stopping = TRUE;
	KeReleaseInStackQueuedSpinLock(&lock);
	KeSetEvent(&Publish.wake, IO_NO_INCREMENT, FALSE);
	KeWaitForSingleObject(Publish.thread, Executive, KernelMode, FALSE, NULL);
	ObDereferenceObject(Publish.thread);
}

/* The callout goes first: then nobody asks any more, and the thread answers what is left. */
static VOID NTAPI Unload(PDRIVER_OBJECT driver)
{
	LARGE_INTEGER retry = {.QuadPart = RETRY};

	if (Publish.engine)
		FwpmEngineClose(Publish.engine);
	while (FwpsCalloutUnregisterById(Publish.calloutId) == STATUS_DEVICE_BUSY)
		KeDelayExecutionThread(KernelMode, FALSE, &retry);
	if (Publish.thread)
		StopThread();
	if (Publish.device)
		IoDeleteDevice(Publish.device);
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	FWPS_CALLOUT functions = {
		.calloutKey = Callout, .classifyFn = Classify, .notifyFn = Notify};
	NTSTATUS status;

	driver->DriverUnload = Unload;
	KeInitializeSpinLock(&Publish.lock);
	InitializeListHead(&Publish.questions);
	KeInitializeEvent(&Publish.wake, SynchronizationEvent, FALSE);
	status = IoCreateDevice(driver, 0, NULL, FILE_DEVICE_NETWORK, 0, FALSE, &Publish.device);
	if (NT_SUCCESS(status))
		status = StartThread();
	if (NT_SUCCESS(status))
		status = FwpsCalloutRegister(Publish.device, &functions, &Publish.calloutId);
	if (NT_SUCCESS(status))
		status = AddPolicy();
	if (!NT_SUCCESS(status))
		Unload(driver);
	return status;
}
