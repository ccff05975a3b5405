/* SPDX-License-Identifier: MIT */
/*
 * firewall - a callout driver that decides about connections on a thread of its own.
 *
 * The rule: TCP and UDP to destination port 4444 is blocked, in both directions; everything else
 * is permitted.  What it is an example of is how the answer is given:
 *
 *	classifyFn  pends the authorization, puts it into a list and returns Block with absorb
 *	the thread  decides after a random delay of at most MAX_DELAY
 *	  outbound    completes; the connection is authorized again, and that classify finds the
 *	              decision in the list
 *	  inbound     completes and reinjects the clone of the packet that asked, or frees the clone,
 *	              which blocks
 *
 * Now and then it decides inside the classifyFn, before that has returned: this is allowed, too.
 */
#include <ntddk.h>
#include <fwpsk.h>
#include <initguid.h>
#include <fwpmk.h>

#define BLOCKED_PORT	4444
#define SUBLAYER_WEIGHT 40000	 /* above the antivirus and the logger */
#define MAX_DELAY	20000	 /* 100 ns: 2 ms */
#define KEEP_DECISION	50000000 /* 100 ns: 5 s; then nobody will ask any more */
#define AT_ONCE		16	 /* one in so many is decided inside the classifyFn */
#define RETRY		(-10000LL) /* 1 ms */
#define TAG		'lwrF'

#define KEY(last) {0x6f1d3a10, 0x2b7c, 0x4c58, {0x90, 0x11, 0x5a, 0x3e, 0x7d, 0x10, 0x44, last}}
static const GUID Provider = KEY(1), SubLayer = KEY(2);
static WCHAR Name[] = L"openwfp example firewall";

/* One row per layer: its callout, and where in its fields to look. */
typedef struct LAYER {
	const GUID *key;
	GUID callout;
	UINT16 id, protocol, localPort, remoteAddress, remotePort, flags;
	BOOLEAN inbound;
	UINT32 calloutId;
} LAYER;

#define ROW(name, last, in) \
	{&FWPM_LAYER_##name, KEY(last), FWPS_LAYER_##name, FWPS_FIELD_##name##_IP_PROTOCOL, \
	 FWPS_FIELD_##name##_IP_LOCAL_PORT, FWPS_FIELD_##name##_IP_REMOTE_ADDRESS, \
	 FWPS_FIELD_##name##_IP_REMOTE_PORT, FWPS_FIELD_##name##_FLAGS, in, 0}
static LAYER Layers[] = {
	ROW(ALE_AUTH_CONNECT_V4, 3, FALSE),
	ROW(ALE_AUTH_CONNECT_V6, 4, FALSE),
	ROW(ALE_AUTH_RECV_ACCEPT_V4, 5, TRUE),
	ROW(ALE_AUTH_RECV_ACCEPT_V6, 6, TRUE),
};

/* Whom a decision is about: compared as bytes, so made from zero. */
typedef struct CONNECTION {
	UINT8 remoteAddress[16];
	UINT16 layer, localPort, remotePort, protocol;
} CONNECTION;

/* One authorization: pended, or decided and waiting to be asked about again. */
typedef struct ENTRY {
	LIST_ENTRY link;
	CONNECTION connection;
	HANDLE completion;	/* NULL: decided */
	NET_BUFFER_LIST *clone; /* inbound: the packet, to go on with; else NULL */
	COMPARTMENT_ID compartment;
	IF_INDEX interface;
	ULONGLONG due;		/* when to decide, or, once decided, when to forget it */
	BOOLEAN permit;
} ENTRY;

static struct {
	KSPIN_LOCK lock;    /* guards entries, stopping and seed */
	LIST_ENTRY entries;
	BOOLEAN stopping;
	ULONG seed;
	KEVENT wake;
	PVOID thread;
	PDEVICE_OBJECT device;
	HANDLE engine, injection;
} Firewall;

/* ---- deciding ------------------------------------------------------------------------------- */

static BOOLEAN Judge(const CONNECTION *c, BOOLEAN inbound)
{
	UINT16 destination = inbound ? c->localPort : c->remotePort;

	if (c->protocol != IPPROTO_TCP && c->protocol != IPPROTO_UDP)
		return TRUE;
	return destination != BLOCKED_PORT;
}

static void NTAPI Injected(void *context, NET_BUFFER_LIST *clone, BOOLEAN dispatchLevel)
{
	FwpsFreeCloneNetBufferList(clone, 0);
}

static void FreeEntry(ENTRY *e)
{
	if (e->clone)
		FwpsFreeCloneNetBufferList(e->clone, 0);
	ExFreePoolWithTag(e, TAG);
}

static void DecideInbound(ENTRY *e)
{
	ADDRESS_FAMILY family = AF_INET6;
	NTSTATUS status = STATUS_UNSUCCESSFUL;

	if (e->connection.layer == FWPS_LAYER_ALE_AUTH_RECV_ACCEPT_V4)
		family = AF_INET;
	FwpsCompleteOperation(e->completion, e->clone);
	if (Judge(&e->connection, TRUE))
		status = FwpsInjectTransportReceiveAsync(Firewall.injection, NULL, NULL, 0, family,
							 e->compartment, e->interface, 0, e->clone,
							 Injected, NULL);
	if (NT_SUCCESS(status))
		e->clone = NULL; /* Injected will free it */
	FreeEntry(e);
}

/* It is in the list before it is completed: the classify that asks again may run at once. */
static void DecideByAskingAgain(ENTRY *e, BOOLEAN inbound)
{
	HANDLE completion = e->completion;
	KLOCK_QUEUE_HANDLE lock;

	e->permit = Judge(&e->connection, inbound);
	e->completion = NULL;
	e->due = KeQueryInterruptTime() + KEEP_DECISION;
	KeAcquireInStackQueuedSpinLock(&Firewall.lock, &lock);
	InsertTailList(&Firewall.entries, &e->link);
	KeReleaseInStackQueuedSpinLock(&lock);
	FwpsCompleteOperation(completion, NULL);
}

static void Decide(ENTRY *e)
{
	UINT16 layer = e->connection.layer;

	if (e->clone)
		DecideInbound(e);
	else
		DecideByAskingAgain(e, layer == FWPS_LAYER_ALE_AUTH_RECV_ACCEPT_V4 ||
					       layer == FWPS_LAYER_ALE_AUTH_RECV_ACCEPT_V6);
}

/* Takes an entry that is due out of the list.  NULL: *next is when the next one will be. */
static ENTRY *TakeDue(ULONGLONG *next, BOOLEAN *stop)
{
	ULONGLONG now = KeQueryInterruptTime();
	KLOCK_QUEUE_HANDLE lock;
	ENTRY *due = NULL;
	LIST_ENTRY *pos;

	*next = MAXULONGLONG;
	KeAcquireInStackQueuedSpinLock(&Firewall.lock, &lock);
	for (pos = Firewall.entries.Flink; pos != &Firewall.entries && !due; pos = pos->Flink) {
		ENTRY *e = CONTAINING_RECORD(pos, ENTRY, link);

		if (e->due <= now || Firewall.stopping)
			due = e;
		else
			*next = min(*next, e->due);
	}
	if (due)
		RemoveEntryList(&due->link);
	*stop = Firewall.stopping;
	KeReleaseInStackQueuedSpinLock(&lock);
	return due;
}

static void SleepUntil(ULONGLONG due)
{
	LARGE_INTEGER timeout;

	timeout.QuadPart = -(LONGLONG)(due - KeQueryInterruptTime());
	if (due == MAXULONGLONG)
		KeWaitForSingleObject(&Firewall.wake, Executive, KernelMode, FALSE, NULL);
	else if (timeout.QuadPart < 0)
		KeWaitForSingleObject(&Firewall.wake, Executive, KernelMode, FALSE, &timeout);
}

static VOID NTAPI Thread(PVOID context)
{
	BOOLEAN stop = FALSE;
	ULONGLONG next;
	ENTRY *e;

	for (;;) {
		e = TakeDue(&next, &stop);
		if (e && e->completion)
			Decide(e);
		else if (e)
			FreeEntry(e);
		else if (stop)
			break;
		else
			SleepUntil(next);
	}
	PsTerminateSystemThread(STATUS_SUCCESS);
}

/* ---- classifying ---------------------------------------------------------------------------- */

static void Describe(CONNECTION *c, const LAYER *l, const FWPS_INCOMING_VALUE0 *fields)
{
	const FWP_VALUE0 *remote = &fields[l->remoteAddress].value;

	RtlZeroMemory(c, sizeof(*c));
	c->layer = l->id;
	c->protocol = fields[l->protocol].value.uint8;
	c->localPort = fields[l->localPort].value.uint16;
	c->remotePort = fields[l->remotePort].value.uint16;
	if (remote->type == FWP_BYTE_ARRAY16_TYPE)
		RtlCopyMemory(c->remoteAddress, remote->byteArray16, 16);
	else
		RtlCopyMemory(c->remoteAddress, &remote->uint32, 4);
}

/* The decision that was made about this connection; without one the rule is asked again. */
static BOOLEAN FindDecision(const CONNECTION *c, BOOLEAN inbound)
{
	BOOLEAN permit = Judge(c, inbound);
	KLOCK_QUEUE_HANDLE lock;
	ENTRY *found = NULL;
	LIST_ENTRY *pos;

	KeAcquireInStackQueuedSpinLock(&Firewall.lock, &lock);
	for (pos = Firewall.entries.Flink; pos != &Firewall.entries && !found; pos = pos->Flink) {
		ENTRY *e = CONTAINING_RECORD(pos, ENTRY, link);

		if (!e->completion && RtlEqualMemory(&e->connection, c, sizeof(*c)))
			found = e;
	}
	if (found)
		RemoveEntryList(&found->link);
	KeReleaseInStackQueuedSpinLock(&lock);
	if (found) {
		permit = found->permit;
		FreeEntry(found);
	}
	return permit;
}

/* From the IP header on, which is where a packet that is received again must begin. */
static NTSTATUS ClonePacket(ENTRY *e, const FWPS_INCOMING_METADATA_VALUES *meta,
			    NET_BUFFER_LIST *packet)
{
	NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(packet);
	ULONG headers = meta->ipHeaderSize;
	NTSTATUS status;

	if (e->connection.protocol != IPPROTO_ICMP && e->connection.protocol != IPPROTO_ICMPV6)
		headers += meta->transportHeaderSize; /* ICMP is shown with its header */
	status = NdisRetreatNetBufferDataStart(nb, headers, 0, NULL);
	if (!NT_SUCCESS(status))
		return status;
	status = FwpsAllocateCloneNetBufferList(packet, NULL, NULL, 0, &e->clone);
	NdisAdvanceNetBufferDataStart(nb, headers, FALSE, NULL);
	return status;
}

/* Chooses when; TRUE: now.  Else the entry is the thread's, which may be done before we return. */
static BOOLEAN Schedule(ENTRY *e)
{
	KLOCK_QUEUE_HANDLE lock;
	BOOLEAN now;

	KeAcquireInStackQueuedSpinLock(&Firewall.lock, &lock);
	Firewall.seed = Firewall.seed * 1664525 + 1013904223;
	now = Firewall.stopping || (Firewall.seed >> 16) % AT_ONCE == 0;
	e->due = KeQueryInterruptTime() + (Firewall.seed >> 8) % MAX_DELAY;
	if (!now)
		InsertTailList(&Firewall.entries, &e->link);
	KeReleaseInStackQueuedSpinLock(&lock);
	return now;
}

/* FALSE: it cannot be pended, so the answer must be given at once. */
static BOOLEAN Pend(const CONNECTION *c, BOOLEAN inbound, const FWPS_INCOMING_METADATA_VALUES *meta,
		    NET_BUFFER_LIST *packet, FWPS_CLASSIFY_OUT *out)
{
	ENTRY *e;

	if (!FWPS_IS_METADATA_FIELD_PRESENT(meta, FWPS_METADATA_FIELD_COMPLETION_HANDLE))
		return FALSE;
	e = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*e), TAG);
	if (!e)
		return FALSE;
	e->connection = *c;
	e->compartment = meta->compartmentId;
	e->interface = meta->sourceInterfaceIndex;
	if ((inbound && packet && !NT_SUCCESS(ClonePacket(e, meta, packet))) ||
	    !NT_SUCCESS(FwpsPendOperation(meta->completionHandle, &e->completion))) {
		FreeEntry(e);
		return FALSE;
	}
	out->actionType = FWP_ACTION_BLOCK;
	out->flags |= FWPS_CLASSIFY_OUT_FLAG_ABSORB;
	if (Schedule(e))
		Decide(e);
	else
		KeSetEvent(&Firewall.wake, IO_NO_INCREMENT, FALSE);
	return TRUE;
}

/* A packet that we have injected has been judged. */
static BOOLEAN IsOwn(NET_BUFFER_LIST *packet)
{
	FWPS_PACKET_INJECTION_STATE state = FWPS_PACKET_NOT_INJECTED;

	if (packet)
		state = FwpsQueryPacketInjectionState(Firewall.injection, packet, NULL);
	return state == FWPS_PACKET_INJECTED_BY_SELF ||
	       state == FWPS_PACKET_PREVIOUSLY_INJECTED_BY_SELF;
}

static void NTAPI Classify(const FWPS_INCOMING_VALUES *values,
			   const FWPS_INCOMING_METADATA_VALUES *meta, void *packet,
			   const void *classifyContext, const FWPS_FILTER *filter,
			   UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	const LAYER *l = Layers;
	CONNECTION c;
	BOOLEAN permit;

	if (!(out->rights & FWPS_RIGHT_ACTION_WRITE))
		return;
	while (l->id != values->layerId)
		l++;
	Describe(&c, l, values->incomingValue);
	if (values->incomingValue[l->flags].value.uint32 & FWP_CONDITION_FLAG_IS_REAUTHORIZE)
		permit = FindDecision(&c, l->inbound);
	else if (IsOwn(packet))
		permit = TRUE;
	else if (Pend(&c, l->inbound, meta, packet, out))
		return;
	else
		permit = Judge(&c, l->inbound);
	out->actionType = permit ? FWP_ACTION_PERMIT : FWP_ACTION_BLOCK;
	if (!permit)
		out->rights &= ~FWPS_RIGHT_ACTION_WRITE;
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
	NTSTATUS status = FwpsCalloutRegister(Firewall.device, &functions, &l->calloutId);

	if (NT_SUCCESS(status))
		status = FwpmCalloutAdd(Firewall.engine, &callout, NULL, NULL);
	if (NT_SUCCESS(status))
		status = FwpmFilterAdd(Firewall.engine, &filter, NULL, NULL);
	return status;
}

static NTSTATUS AddPolicy(void)
{
	FWPM_SESSION session = {.flags = FWPM_SESSION_FLAG_DYNAMIC};
	FWPM_PROVIDER provider = {.providerKey = Provider, .displayData.name = Name};
	FWPM_SUBLAYER subLayer = {.subLayerKey = SubLayer, .displayData.name = Name,
				  .providerKey = (GUID *)&Provider, .weight = SUBLAYER_WEIGHT};
	NTSTATUS status = FwpmEngineOpen(NULL, RPC_C_AUTHN_WINNT, NULL, &session, &Firewall.engine);
	ULONG i;

	if (!NT_SUCCESS(status))
		return status;
	status = FwpmTransactionBegin(Firewall.engine, 0);
	if (NT_SUCCESS(status))
		status = FwpmProviderAdd(Firewall.engine, &provider, NULL);
	if (NT_SUCCESS(status))
		status = FwpmSubLayerAdd(Firewall.engine, &subLayer, NULL);
	for (i = 0; NT_SUCCESS(status) && i < ARRAYSIZE(Layers); i++)
		status = AddLayer(&Layers[i]);
	return NT_SUCCESS(status) ? FwpmTransactionCommit(Firewall.engine) : status;
}

static NTSTATUS StartThread(void)
{
	HANDLE handle;
	NTSTATUS status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Thread, NULL);

	if (!NT_SUCCESS(status))
		return status;
	status = ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &Firewall.thread, NULL);
	ZwClose(handle);
	return status;
}

static void StopThread(void)
{
	KLOCK_QUEUE_HANDLE lock;

	KeAcquireInStackQueuedSpinLock(&Firewall.lock, &lock);
	Firewall.stopping = TRUE;
	KeReleaseInStackQueuedSpinLock(&lock);
	KeSetEvent(&Firewall.wake, IO_NO_INCREMENT, FALSE);
	KeWaitForSingleObject(Firewall.thread, Executive, KernelMode, FALSE, NULL);
	ObDereferenceObject(Firewall.thread);
}

/* The filters go first, then what is pended, then the callouts: each needs the one before it gone. */
static VOID NTAPI Unload(PDRIVER_OBJECT driver)
{
	LARGE_INTEGER retry = {.QuadPart = RETRY};
	ULONGLONG none;
	BOOLEAN stop;
	ENTRY *e;
	ULONG i;

	if (Firewall.engine)
		FwpmEngineClose(Firewall.engine);
	if (Firewall.thread)
		StopThread();
	for (i = 0; i < ARRAYSIZE(Layers); i++)
		while (FwpsCalloutUnregisterById(Layers[i].calloutId) == STATUS_DEVICE_BUSY)
			KeDelayExecutionThread(KernelMode, FALSE, &retry);
	while ((e = TakeDue(&none, &stop))) /* decided after the thread had ended */
		FreeEntry(e);
	if (Firewall.injection)
		FwpsInjectionHandleDestroy(Firewall.injection);
	if (Firewall.device)
		IoDeleteDevice(Firewall.device);
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	NTSTATUS status;

	driver->DriverUnload = Unload;
	KeInitializeSpinLock(&Firewall.lock);
	InitializeListHead(&Firewall.entries);
	KeInitializeEvent(&Firewall.wake, SynchronizationEvent, FALSE);
	Firewall.seed = KeQueryPerformanceCounter(NULL).LowPart;
	status = IoCreateDevice(driver, 0, NULL, FILE_DEVICE_NETWORK, 0, FALSE, &Firewall.device);
	if (NT_SUCCESS(status))
		status = FwpsInjectionHandleCreate(AF_UNSPEC, FWPS_INJECTION_TYPE_TRANSPORT,
						   &Firewall.injection);
	if (NT_SUCCESS(status))
		status = StartThread();
	if (NT_SUCCESS(status))
		status = AddPolicy();
	if (!NT_SUCCESS(status))
		Unload(driver);
	return status;
}
