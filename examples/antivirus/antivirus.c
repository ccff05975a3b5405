/* SPDX-License-Identifier: MIT */
/*
 * antivirus - a callout driver that looks into every packet before it goes on.
 *
 * The rule: a packet that contains PATTERN is dropped; everything else goes on.  What it is an
 * example of is taking packets out of the stack and putting them back:
 *
 *	AUTH_CONNECT, AUTH_RECV_ACCEPT   the authorization is pended until the thread gets to it; an
 *	                                 inbound packet that asked is cloned and scanned, too
 *	INBOUND_, OUTBOUND_TRANSPORT     the packet is cloned and absorbed
 *	DATAGRAM_DATA                    the same, for inbound packets that INBOUND_TRANSPORT may not
 *	                                 absorb because their flow is about to be reauthorized
 *	the thread                       scans; a clean clone is reinjected, an infected one freed
 *
 * An infected packet that opens a conversation blocks the conversation.  One thread and one queue keep the packets of a connection in order.  What comes back is asked
 * about again, so the first question in classifyFn is always: is this one ours?
 */
#include <ntddk.h>
#include <fwpsk.h>
#include <initguid.h>
#include <fwpmk.h>

static const CHAR Pattern[] = "OPENWFP-ANTIVIRUS-TEST-PATTERN";
#define PATTERN_SIZE	(sizeof(Pattern) - 1)
#define SUBLAYER_WEIGHT 30000	   /* below the firewall, above the logger */
#define RETRY		(-10000LL) /* 1 ms */
#define TAG		'riVA'

#define KEY(last) {0x6f1d3a10, 0x2b7c, 0x4c58, {0x90, 0x11, 0x5a, 0x3e, 0x7d, 0x10, 0x45, last}}
static const GUID Provider = KEY(1), SubLayer = KEY(2);
static WCHAR Name[] = L"openwfp example antivirus";

typedef enum KIND { AUTHORIZATION, TRANSPORT, DATAGRAM } KIND;

typedef struct LAYER {
	const GUID *key;
	GUID callout;
	UINT16 id;
	KIND kind;
	FWP_DIRECTION direction;
	UINT16 flags, protocol, remoteAddress;
	UINT32 calloutId;
} LAYER;

#define ROW(name, last, kind, direction) \
	{&FWPM_LAYER_##name, KEY(last), FWPS_LAYER_##name, kind, FWP_DIRECTION_##direction, \
	 FWPS_FIELD_##name##_FLAGS, FWPS_FIELD_##name##_IP_PROTOCOL, \
	 FWPS_FIELD_##name##_IP_REMOTE_ADDRESS, 0}
static LAYER Layers[] = {
	ROW(ALE_AUTH_CONNECT_V4, 3, AUTHORIZATION, OUTBOUND),
	ROW(ALE_AUTH_CONNECT_V6, 4, AUTHORIZATION, OUTBOUND),
	ROW(ALE_AUTH_RECV_ACCEPT_V4, 5, AUTHORIZATION, INBOUND),
	ROW(ALE_AUTH_RECV_ACCEPT_V6, 6, AUTHORIZATION, INBOUND),
	ROW(INBOUND_TRANSPORT_V4, 7, TRANSPORT, INBOUND),
	ROW(INBOUND_TRANSPORT_V6, 8, TRANSPORT, INBOUND),
	ROW(OUTBOUND_TRANSPORT_V4, 9, TRANSPORT, OUTBOUND),
	ROW(OUTBOUND_TRANSPORT_V6, 10, TRANSPORT, OUTBOUND),
	ROW(DATAGRAM_DATA_V4, 11, DATAGRAM, INBOUND),
	ROW(DATAGRAM_DATA_V6, 12, DATAGRAM, INBOUND),
};

/* A pended authorization, a packet, or both.  It lives until its clone's injection is complete. */
typedef struct ITEM {
	LIST_ENTRY link;
	HANDLE completion;	/* NULL: nothing is pended */
	NET_BUFFER_LIST *clone; /* NULL: no packet */
	FWP_DIRECTION direction;
	ADDRESS_FAMILY family;
	COMPARTMENT_ID compartment;
	IF_INDEX interface;
	UINT64 endpoint;
	FWPS_TRANSPORT_SEND_PARAMS args; /* outbound: read when the packet is sent */
	UINT8 remoteAddress[16];	 /* network order */
} ITEM;

static struct {
	KSPIN_LOCK lock; /* guards items and stopping */
	LIST_ENTRY items;
	BOOLEAN stopping;
	KEVENT wake;
	PVOID thread;
	PDEVICE_OBJECT device;
	HANDLE engine, injection;
} Antivirus;

/* ---- scanning, on the thread ---------------------------------------------------------------- */

static BOOLEAN Contains(const UINT8 *bytes, ULONG length)
{
	ULONG i;

	for (i = 0; i + PATTERN_SIZE <= length; i++)
		if (RtlEqualMemory(bytes + i, Pattern, PATTERN_SIZE))
			return TRUE;
	return FALSE;
}

/* A packet that cannot be read counts as infected. */
static BOOLEAN IsInfected(NET_BUFFER_LIST *packet)
{
	NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(packet);
	ULONG length = NET_BUFFER_DATA_LENGTH(nb);
	PVOID storage;
	const UINT8 *bytes;
	BOOLEAN infected;

	if (length == 0)
		return FALSE;
	bytes = NdisGetDataBuffer(nb, length, NULL, 1, 0);
	if (bytes)
		return Contains(bytes, length);
	storage = ExAllocatePool2(POOL_FLAG_NON_PAGED, length, TAG);
	if (!storage)
		return TRUE;
	bytes = NdisGetDataBuffer(nb, length, storage, 1, 0);
	infected = !bytes || Contains(bytes, length);
	ExFreePoolWithTag(storage, TAG);
	return infected;
}

static void FreeItem(ITEM *item)
{
	if (item->clone)
		FwpsFreeCloneNetBufferList(item->clone, 0);
	ExFreePoolWithTag(item, TAG);
}

static void NTAPI Injected(void *context, NET_BUFFER_LIST *clone, BOOLEAN dispatchLevel)
{
	FreeItem(context);
}

static void Reinject(ITEM *item)
{
	NTSTATUS status;

	if (item->direction == FWP_DIRECTION_INBOUND)
		status = FwpsInjectTransportReceiveAsync(Antivirus.injection, NULL, NULL, 0,
							 item->family, item->compartment,
							 item->interface, 0, item->clone, Injected,
							 item);
	else
		status = FwpsInjectTransportSendAsync(Antivirus.injection, NULL, item->endpoint, 0,
						      &item->args, item->family, item->compartment,
						      item->clone, Injected, item);
	if (!NT_SUCCESS(status))
		FreeItem(item);
}

static void Process(ITEM *item)
{
	if (item->completion)
		FwpsCompleteOperation(item->completion, item->clone);
	if (item->clone && !IsInfected(item->clone))
		Reinject(item);
	else
		FreeItem(item); /* freeing the clone without injecting it drops the packet */
}

static ITEM *Take(BOOLEAN *stop)
{
	KLOCK_QUEUE_HANDLE lock;
	ITEM *item = NULL;

	KeAcquireInStackQueuedSpinLock(&Antivirus.lock, &lock);
	if (!IsListEmpty(&Antivirus.items))
		item = CONTAINING_RECORD(RemoveHeadList(&Antivirus.items), ITEM, link);
	*stop = Antivirus.stopping;
	KeReleaseInStackQueuedSpinLock(&lock);
	return item;
}

static VOID NTAPI Thread(PVOID context)
{
	BOOLEAN stop = FALSE;
	ITEM *item;

	for (;;) {
		item = Take(&stop);
		if (item)
			Process(item);
		else if (stop)
			break;
		else
			KeWaitForSingleObject(&Antivirus.wake, Executive, KernelMode, FALSE, NULL);
	}
	PsTerminateSystemThread(STATUS_SUCCESS);
}

/* ---- taking packets, in classifyFn ---------------------------------------------------------- */

/* How far the window lies behind the place where its injection must begin: inbound the IP header,
 * outbound the transport header, where it is.  ICMP is shown with its own header. */
static ULONG HeadersBefore(const ITEM *item, const FWPS_INCOMING_METADATA_VALUES *meta,
			   NET_BUFFER *nb)
{
	ULONG both = meta->ipHeaderSize + meta->transportHeaderSize;

	if (item->direction == FWP_DIRECTION_OUTBOUND)
		return 0;
	return NET_BUFFER_DATA_OFFSET(nb) >= both ? both : meta->ipHeaderSize;
}

static BOOLEAN ClonePacket(ITEM *item, const FWPS_INCOMING_METADATA_VALUES *meta,
			   NET_BUFFER_LIST *packet)
{
	NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(packet);
	ULONG headers = HeadersBefore(item, meta, nb);
	NTSTATUS status = NdisRetreatNetBufferDataStart(nb, headers, 0, NULL);

	if (!NT_SUCCESS(status))
		return FALSE;
	status = FwpsAllocateCloneNetBufferList(packet, NULL, NULL, 0, &item->clone);
	NdisAdvanceNetBufferDataStart(nb, headers, FALSE, NULL);
	return NT_SUCCESS(status);
}

static void SetRemoteAddress(ITEM *item, const FWP_VALUE0 *remote)
{
	UINT32 v4 = RtlUlongByteSwap(remote->uint32); /* fields are in host order */

	item->family = remote->type == FWP_UINT32 ? AF_INET : AF_INET6;
	if (remote->type == FWP_UINT32)
		RtlCopyMemory(item->remoteAddress, &v4, sizeof(v4));
	else if (remote->type == FWP_BYTE_ARRAY16_TYPE)
		RtlCopyMemory(item->remoteAddress, remote->byteArray16, 16);
	item->args.remoteAddress = item->remoteAddress;
}

static ITEM *NewItem(const FWP_VALUE0 *remote, const FWPS_INCOMING_METADATA_VALUES *meta,
		     FWP_DIRECTION direction, NET_BUFFER_LIST *packet)
{
	ITEM *item = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*item), TAG);

	if (!item)
		return NULL;
	item->direction = direction;
	item->compartment = meta->compartmentId;
	item->interface = meta->sourceInterfaceIndex;
	item->endpoint = meta->transportEndpointHandle;
	item->args.remoteScopeId = meta->remoteScopeId;
	SetRemoteAddress(item, remote);
	if (packet && !ClonePacket(item, meta, packet)) {
		ExFreePoolWithTag(item, TAG);
		return NULL;
	}
	return item;
}

/* Hands the item to the thread, which may be done with it before classifyFn has returned. */
static void Enqueue(ITEM *item, FWPS_CLASSIFY_OUT *out)
{
	KLOCK_QUEUE_HANDLE lock;
	BOOLEAN stopping;

	out->actionType = FWP_ACTION_BLOCK;
	out->flags |= FWPS_CLASSIFY_OUT_FLAG_ABSORB;
	KeAcquireInStackQueuedSpinLock(&Antivirus.lock, &lock);
	stopping = Antivirus.stopping;
	if (!stopping)
		InsertTailList(&Antivirus.items, &item->link);
	KeReleaseInStackQueuedSpinLock(&lock);
	if (stopping)
		Process(item); /* the thread may have ended */
	else
		KeSetEvent(&Antivirus.wake, IO_NO_INCREMENT, FALSE);
}

static BOOLEAN Pend(ITEM *item, const FWPS_INCOMING_METADATA_VALUES *meta)
{
	return item && NT_SUCCESS(FwpsPendOperation(meta->completionHandle, &item->completion));
}

static BOOLEAN IsOwn(NET_BUFFER_LIST *packet)
{
	FWPS_PACKET_INJECTION_STATE state = FWPS_PACKET_NOT_INJECTED;

	if (packet)
		state = FwpsQueryPacketInjectionState(Antivirus.injection, packet, NULL);
	return state == FWPS_PACKET_INJECTED_BY_SELF ||
	       state == FWPS_PACKET_PREVIOUSLY_INJECTED_BY_SELF;
}

/* Every packet is scanned at one layer, and asked about at several. */
static BOOLEAN IsSeenElsewhere(const LAYER *l, const FWPS_INCOMING_VALUE0 *fields,
			       const FWPS_INCOMING_METADATA_VALUES *meta, FWP_DIRECTION direction,
			       BOOLEAN again)
{
	if (l->kind == TRANSPORT)
		return FWPS_IS_METADATA_FIELD_PRESENT(meta, FWPS_METADATA_FIELD_ALE_CLASSIFY_REQUIRED);
	if (direction == FWP_DIRECTION_OUTBOUND)
		return TRUE; /* OUTBOUND_TRANSPORT comes last */
	if (l->kind == DATAGRAM)
		return FALSE;
	return again && fields[l->protocol].value.uint8 != IPPROTO_TCP; /* DATAGRAM_DATA follows */
}

static void NTAPI Classify(const FWPS_INCOMING_VALUES *values,
			   const FWPS_INCOMING_METADATA_VALUES *meta, void *packet,
			   const void *classifyContext, const FWPS_FILTER *filter,
			   UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	const FWPS_INCOMING_VALUE0 *fields = values->incomingValue;
	const LAYER *l = Layers;
	FWP_DIRECTION direction;
	BOOLEAN elsewhere, again;
	ITEM *item = NULL;

	if (!(out->rights & FWPS_RIGHT_ACTION_WRITE))
		return;
	while (l->id != values->layerId)
		l++;
	direction = l->direction;
	if (FWPS_IS_METADATA_FIELD_PRESENT(meta, FWPS_METADATA_FIELD_PACKET_DIRECTION))
		direction = meta->packetDirection;
	again = (fields[l->flags].value.uint32 & FWP_CONDITION_FLAG_IS_REAUTHORIZE) != 0;
	elsewhere = !packet || IsSeenElsewhere(l, fields, meta, direction, again);
	out->actionType = FWP_ACTION_PERMIT;
	if (IsOwn(packet) || (elsewhere && (l->kind != AUTHORIZATION || again)))
		return;
	item = NewItem(&fields[l->remoteAddress].value, meta, direction, elsewhere ? NULL : packet);
	if (item && (l->kind != AUTHORIZATION || again || Pend(item, meta))) {
		Enqueue(item, out);
		return;
	}
	if (item)
		FreeItem(item);
	if (!elsewhere && IsInfected(packet))
		out->actionType = FWP_ACTION_BLOCK;
}

static NTSTATUS NTAPI Notify(FWPS_CALLOUT_NOTIFY_TYPE type, const GUID *key, FWPS_FILTER *filter)
{
	return STATUS_SUCCESS;
}

/* ---- coming and going ----------------------------------------------------------------------- */

/* A callout for the layer, and a filter without conditions that calls it. */
static NTSTATUS AddLayer(LAYER *l)
{
	FWPS_CALLOUT functions = {.calloutKey = l->callout, .classifyFn = Classify, .notifyFn = Notify};
	FWPM_CALLOUT callout = {.calloutKey = l->callout, .displayData.name = Name,
				.providerKey = (GUID *)&Provider, .applicableLayer = *l->key};
	FWPM_FILTER filter = {.displayData.name = Name, .providerKey = (GUID *)&Provider,
			      .layerKey = *l->key, .subLayerKey = SubLayer,
			      .action.type = FWP_ACTION_CALLOUT_TERMINATING,
			      .action.calloutKey = l->callout};
	NTSTATUS status = FwpsCalloutRegister(Antivirus.device, &functions, &l->calloutId);

	if (NT_SUCCESS(status))
		status = FwpmCalloutAdd(Antivirus.engine, &callout, NULL, NULL);
	if (NT_SUCCESS(status))
		status = FwpmFilterAdd(Antivirus.engine, &filter, NULL, NULL);
	return status;
}

static NTSTATUS AddPolicy(void)
{
	FWPM_SESSION session = {.flags = FWPM_SESSION_FLAG_DYNAMIC};
	FWPM_PROVIDER provider = {.providerKey = Provider, .displayData.name = Name};
	FWPM_SUBLAYER subLayer = {.subLayerKey = SubLayer, .displayData.name = Name,
				  .providerKey = (GUID *)&Provider, .weight = SUBLAYER_WEIGHT};
	NTSTATUS status = FwpmEngineOpen(NULL, RPC_C_AUTHN_WINNT, NULL, &session, &Antivirus.engine);
	ULONG i;

	if (!NT_SUCCESS(status))
		return status;
	status = FwpmTransactionBegin(Antivirus.engine, 0);
	if (NT_SUCCESS(status))
		status = FwpmProviderAdd(Antivirus.engine, &provider, NULL);
	if (NT_SUCCESS(status))
		status = FwpmSubLayerAdd(Antivirus.engine, &subLayer, NULL);
	for (i = 0; NT_SUCCESS(status) && i < ARRAYSIZE(Layers); i++)
		status = AddLayer(&Layers[i]);
	return NT_SUCCESS(status) ? FwpmTransactionCommit(Antivirus.engine) : status;
}

static NTSTATUS StartThread(void)
{
	HANDLE handle;
	NTSTATUS status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Thread, NULL);

	if (!NT_SUCCESS(status))
		return status;
	status = ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &Antivirus.thread, NULL);
	ZwClose(handle);
	return status;
}

static void StopThread(void)
{
	KLOCK_QUEUE_HANDLE lock;

	KeAcquireInStackQueuedSpinLock(&Antivirus.lock, &lock);
	Antivirus.stopping = TRUE;
	KeReleaseInStackQueuedSpinLock(&lock);
	KeSetEvent(&Antivirus.wake, IO_NO_INCREMENT, FALSE);
	KeWaitForSingleObject(Antivirus.thread, Executive, KernelMode, FALSE, NULL);
	ObDereferenceObject(Antivirus.thread);
}

/* The filters go first, then what is held, then the callouts: each needs the one before it gone. */
static VOID NTAPI Unload(PDRIVER_OBJECT driver)
{
	LARGE_INTEGER retry = {.QuadPart = RETRY};
	ULONG i;

	if (Antivirus.engine)
		FwpmEngineClose(Antivirus.engine);
	if (Antivirus.thread)
		StopThread();
	for (i = 0; i < ARRAYSIZE(Layers); i++)
		while (FwpsCalloutUnregisterById(Layers[i].calloutId) == STATUS_DEVICE_BUSY)
			KeDelayExecutionThread(KernelMode, FALSE, &retry);
	if (Antivirus.injection)
		FwpsInjectionHandleDestroy(Antivirus.injection);
	if (Antivirus.device)
		IoDeleteDevice(Antivirus.device);
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	NTSTATUS status;

	driver->DriverUnload = Unload;
	KeInitializeSpinLock(&Antivirus.lock);
	InitializeListHead(&Antivirus.items);
	KeInitializeEvent(&Antivirus.wake, SynchronizationEvent, FALSE);
	status = IoCreateDevice(driver, 0, NULL, FILE_DEVICE_NETWORK, 0, FALSE, &Antivirus.device);
	if (NT_SUCCESS(status))
		status = FwpsInjectionHandleCreate(AF_UNSPEC, FWPS_INJECTION_TYPE_TRANSPORT,
						   &Antivirus.injection);
	if (NT_SUCCESS(status))
		status = StartThread();
	if (NT_SUCCESS(status))
		status = AddPolicy();
	if (!NT_SUCCESS(status))
		Unload(driver);
	return status;
}
