/* SPDX-License-Identifier: MIT */
/*
 * list - holds the datagrams that arrive, and lets a thread pass them on.  The race: one of the two
 * that walk the list does so without its lock; -DFIXED takes it.
 *
 *	classifyFn  a datagram from where one is held already is a repetition: dropped; else a clone
 *	            is put into the list, and the packet absorbed
 *	the thread  injects what is in the list
 */
#include <ntddk.h>
#include <fwpsk.h>
#include <initguid.h>
#include <fwpmk.h>

#define SUBLAYER_WEIGHT 25000
#define RETRY		(-10000LL) /* 1 ms */
#define TAG		'tsiL'

#define KEY(last)                                                                                  \
	{                                                                                          \
		0x6f1d3a10, 0x2b7c, 0x4c58,                                                        \
		{                                                                                  \
			0x90, 0x11, 0x5a, 0x3e, 0x7d, 0x10, 0x53, last                             \
		}                                                                                  \
	}
static const GUID Callout = KEY(1), SubLayer = KEY(2);
static WCHAR Name[] = L"openwfp race list";

/* Lives until its clone is injected. */
typedef struct HELD {
	LIST_ENTRY link;
	UINT32 remoteAddress;
	UINT16 localPort, remotePort;
	LONG repetitions; /* interlocked */
	COMPARTMENT_ID compartment;
	IF_INDEX interface;
	NET_BUFFER_LIST *clone;
} HELD;

static struct {
	KSPIN_LOCK lock; /* guards held and stopping */
	LIST_ENTRY held;
	BOOLEAN stopping;
	KEVENT wake;
	PVOID thread;
	PDEVICE_OBJECT device;
	HANDLE engine, injection;
	UINT32 calloutId;
} List;

/* ---- passing on ----------------------------------------------------------------------------- */

static void NTAPI Injected(void *context, NET_BUFFER_LIST *clone, BOOLEAN dispatchLevel)
{
	FwpsFreeCloneNetBufferList(clone, 0);
}

static void PassOn(HELD *h)
{
	NTSTATUS status;

	status = FwpsInjectTransportReceiveAsync(List.injection, NULL, NULL, 0, AF_INET,
						 h->compartment, h->interface, 0, h->clone,
						 Injected, NULL);
	if (!NT_SUCCESS(status))
		FwpsFreeCloneNetBufferList(h->clone, 0);
	ExFreePoolWithTag(h, TAG);
}

static HELD *Take(BOOLEAN *stop)
{
	KLOCK_QUEUE_HANDLE lock;
	HELD *h = NULL;

	KeAcquireInStackQueuedSpinLock(&List.lock, &lock);
	if (!IsListEmpty(&List.held))
		h = CONTAINING_RECORD(RemoveHeadList(&List.held), HELD, link);
	*stop = List.stopping;
	KeReleaseInStackQueuedSpinLock(&lock);
	return h;
}

static VOID NTAPI Thread(PVOID context)
{
	BOOLEAN stop = FALSE;
	HELD *h;

	for (;;) {
		h = Take(&stop);
		if (h)
			PassOn(h);
		else if (stop)
			break;
		else
			KeWaitForSingleObject(&List.wake, Executive, KernelMode, FALSE, NULL);
	}
	PsTerminateSystemThread(STATUS_SUCCESS);
}

/* ---- classifying ---------------------------------------------------------------------------- */

static BOOLEAN CountRepetition(const HELD *like)
{
	BOOLEAN found = FALSE;
	LIST_ENTRY *pos;

	for (pos = List.held.Flink; pos != &List.held && !found; pos = pos->Flink) {
		HELD *h = CONTAINING_RECORD(pos, HELD, link);

		if (h->remoteAddress != like->remoteAddress || h->localPort != like->localPort ||
		    h->remotePort != like->remotePort)
			continue;
		InterlockedIncrement(&h->repetitions);
		found = TRUE;
	}
	return found;
}

static BOOLEAN IsRepetition(const HELD *like)
{
#ifdef FIXED
	KLOCK_QUEUE_HANDLE lock;
	BOOLEAN found;

	KeAcquireInStackQueuedSpinLock(&List.lock, &lock);
	found = CountRepetition(like);
	KeReleaseInStackQueuedSpinLock(&lock);
	return found;
#else
	return CountRepetition(like);
#endif
}

/* From the IP header on, which is where a packet that is received again must begin. */
static NTSTATUS ClonePacket(HELD *h, const FWPS_INCOMING_METADATA_VALUES *meta,
			    NET_BUFFER_LIST *packet)
{
	ULONG headers = meta->ipHeaderSize + meta->transportHeaderSize;
	NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(packet);
	NTSTATUS status = NdisRetreatNetBufferDataStart(nb, headers, 0, NULL);

	if (!NT_SUCCESS(status))
		return status;
	status = FwpsAllocateCloneNetBufferList(packet, NULL, NULL, 0, &h->clone);
	NdisAdvanceNetBufferDataStart(nb, headers, FALSE, NULL);
	return status;
}

/* FALSE: there is no memory, so it goes on as it is. */
static BOOLEAN Hold(const HELD *like, const FWPS_INCOMING_METADATA_VALUES *meta,
		    NET_BUFFER_LIST *packet)
{
	HELD *h = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*h), TAG);
	KLOCK_QUEUE_HANDLE lock;

	if (!h)
		return FALSE;
	*h = *like;
	if (!NT_SUCCESS(ClonePacket(h, meta, packet))) {
		ExFreePoolWithTag(h, TAG);
		return FALSE;
	}
	KeAcquireInStackQueuedSpinLock(&List.lock, &lock);
	InsertTailList(&List.held, &h->link);
	KeReleaseInStackQueuedSpinLock(&lock);
	KeSetEvent(&List.wake, IO_NO_INCREMENT, FALSE);
	return TRUE;
}

static BOOLEAN IsOwn(NET_BUFFER_LIST *packet)
{
	FWPS_PACKET_INJECTION_STATE state;

	state = FwpsQueryPacketInjectionState(List.injection, packet, NULL);
	return state == FWPS_PACKET_INJECTED_BY_SELF ||
	       state == FWPS_PACKET_PREVIOUSLY_INJECTED_BY_SELF;
}

static void NTAPI Classify(const FWPS_INCOMING_VALUES *values,
			   const FWPS_INCOMING_METADATA_VALUES *meta, void *packet,
			   const void *classifyContext, const FWPS_FILTER *filter,
			   UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	const FWPS_INCOMING_VALUE0 *v = values->incomingValue;
	HELD like = {
		.remoteAddress = v[FWPS_FIELD_DATAGRAM_DATA_V4_IP_REMOTE_ADDRESS].value.uint32,
		.localPort = v[FWPS_FIELD_DATAGRAM_DATA_V4_IP_LOCAL_PORT].value.uint16,
		.remotePort = v[FWPS_FIELD_DATAGRAM_DATA_V4_IP_REMOTE_PORT].value.uint16,
		.compartment = meta->compartmentId,
		.interface = meta->sourceInterfaceIndex,
	};

	if (!(out->rights & FWPS_RIGHT_ACTION_WRITE))
		return;
	out->actionType = FWP_ACTION_PERMIT;
	if (v[FWPS_FIELD_DATAGRAM_DATA_V4_DIRECTION].value.uint32 != FWP_DIRECTION_INBOUND ||
	    v[FWPS_FIELD_DATAGRAM_DATA_V4_IP_PROTOCOL].value.uint8 != IPPROTO_UDP || IsOwn(packet))
		return;
	if (IsRepetition(&like)) {
		out->actionType = FWP_ACTION_BLOCK;
	} else if (Hold(&like, meta, packet)) {
		out->actionType = FWP_ACTION_BLOCK;
		out->flags |= FWPS_CLASSIFY_OUT_FLAG_ABSORB;
	}
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
				.applicableLayer = FWPM_LAYER_DATAGRAM_DATA_V4};
	FWPM_FILTER filter = {.displayData.name = Name,
			      .subLayerKey = SubLayer,
			      .layerKey = FWPM_LAYER_DATAGRAM_DATA_V4,
			      .action.type = FWP_ACTION_CALLOUT_TERMINATING,
			      .action.calloutKey = Callout};
	NTSTATUS status = FwpmEngineOpen(NULL, RPC_C_AUTHN_WINNT, NULL, &session, &List.engine);

	if (NT_SUCCESS(status))
		status = FwpmSubLayerAdd(List.engine, &subLayer, NULL);
	if (NT_SUCCESS(status))
		status = FwpmCalloutAdd(List.engine, &callout, NULL, NULL);
	if (NT_SUCCESS(status))
		status = FwpmFilterAdd(List.engine, &filter, NULL, NULL);
	return status;
}

static NTSTATUS StartThread(void)
{
	HANDLE handle;
	NTSTATUS status =
		PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Thread, NULL);

	if (!NT_SUCCESS(status))
		return status;
	status = ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &List.thread, NULL);
	ZwClose(handle);
	return status;
}

static void StopThread(void)
{
	KLOCK_QUEUE_HANDLE lock;

	KeAcquireInStackQueuedSpinLock(&List.lock, &lock);
	List.stopping = TRUE;
	KeReleaseInStackQueuedSpinLock(&lock);
	KeSetEvent(&List.wake, IO_NO_INCREMENT, FALSE);
	KeWaitForSingleObject(List.thread, Executive, KernelMode, FALSE, NULL);
	ObDereferenceObject(List.thread);
}

/* The callout goes first: then nothing comes any more, and the thread passes on what is left. */
static VOID NTAPI Unload(PDRIVER_OBJECT driver)
{
	LARGE_INTEGER retry = {.QuadPart = RETRY};

	if (List.engine)
		FwpmEngineClose(List.engine);
	while (FwpsCalloutUnregisterById(List.calloutId) == STATUS_DEVICE_BUSY)
		KeDelayExecutionThread(KernelMode, FALSE, &retry);
	if (List.thread)
		StopThread();
	if (List.injection)
		FwpsInjectionHandleDestroy(List.injection);
	if (List.device)
		IoDeleteDevice(List.device);
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	FWPS_CALLOUT functions = {
		.calloutKey = Callout, .classifyFn = Classify, .notifyFn = Notify};
	NTSTATUS status;

	driver->DriverUnload = Unload;
	KeInitializeSpinLock(&List.lock);
	InitializeListHead(&List.held);
	KeInitializeEvent(&List.wake, SynchronizationEvent, FALSE);
	status = IoCreateDevice(driver, 0, NULL, FILE_DEVICE_NETWORK, 0, FALSE, &List.device);
	if (NT_SUCCESS(status))
		status = FwpsInjectionHandleCreate(AF_UNSPEC, FWPS_INJECTION_TYPE_TRANSPORT,
						   &List.injection);
	if (NT_SUCCESS(status))
		status = StartThread();
	if (NT_SUCCESS(status))
		status = FwpsCalloutRegister(List.device, &functions, &List.calloutId);
	if (NT_SUCCESS(status))
		status = AddPolicy();
	if (!NT_SUCCESS(status))
		Unload(driver);
	return status;
}
