/* SPDX-License-Identifier: MIT */
/*
 * logger - a callout driver that only looks: how many bytes went which way on each TCP connection.
 *
 *	ALE_FLOW_ESTABLISHED  makes a context and hangs it on the flow, for the STREAM callout
 *	STREAM                is called with that context, and counts
 *	flowDeleteFn          the flow has ended, or we are going: prints one line, frees the context
 *
 * Inspection callouts return Continue and change nothing.  Contexts are also in a list of ours, so
 * that DriverUnload can take them off flows that live on.
 */
#include <ntddk.h>
#include <fwpsk.h>
#include <initguid.h>
#include <fwpmk.h>

#define SUBLAYER_WEIGHT 20000	   /* below the firewall and the antivirus */
#define RETRY		(-10000LL) /* 1 ms */
#define TAG		'ggoL'

#define KEY(last) {0x6f1d3a10, 0x2b7c, 0x4c58, {0x90, 0x11, 0x5a, 0x3e, 0x7d, 0x10, 0x46, last}}
static const GUID Provider = KEY(1), SubLayer = KEY(2);
static WCHAR Name[] = L"openwfp example logger";

static void NTAPI Established(const FWPS_INCOMING_VALUES *values,
			      const FWPS_INCOMING_METADATA_VALUES *meta, void *layerData,
			      const void *classifyContext, const FWPS_FILTER *filter,
			      UINT64 flowContext, FWPS_CLASSIFY_OUT *out);
static void NTAPI Stream(const FWPS_INCOMING_VALUES *values,
			 const FWPS_INCOMING_METADATA_VALUES *meta, void *layerData,
			 const void *classifyContext, const FWPS_FILTER *filter,
			 UINT64 flowContext, FWPS_CLASSIFY_OUT *out);
static void NTAPI FlowDeleted(UINT16 layerId, UINT32 calloutId, UINT64 flowContext);

typedef struct LAYER {
	const GUID *key;
	GUID callout;
	FWPS_CALLOUT_CLASSIFY_FN classify;
	FWPS_CALLOUT_FLOW_DELETE_NOTIFY_FN flowDelete;
	UINT32 flags;
	UINT32 calloutId;
} LAYER;

/* STREAM is called for connections that have a context, and for no others. */
static LAYER Layers[] = {
	{&FWPM_LAYER_STREAM_V4, KEY(3), Stream, FlowDeleted, FWP_CALLOUT_FLAG_CONDITIONAL_ON_FLOW, 0},
	{&FWPM_LAYER_STREAM_V6, KEY(4), Stream, FlowDeleted, FWP_CALLOUT_FLAG_CONDITIONAL_ON_FLOW, 0},
	{&FWPM_LAYER_ALE_FLOW_ESTABLISHED_V4, KEY(5), Established, NULL, 0, 0},
	{&FWPM_LAYER_ALE_FLOW_ESTABLISHED_V6, KEY(6), Established, NULL, 0, 0},
};

/* The counters belong to the classify of the flow, of which one runs at a time. */
typedef struct FLOW {
	LIST_ENTRY link;
	UINT64 id;
	UINT16 layer;	/* of the STREAM callout */
	UINT32 callout;
	UINT16 localPort, remotePort;
	UINT64 sent, received, missed;
} FLOW;

static struct {
	KSPIN_LOCK lock; /* guards flows and stopping */
	LIST_ENTRY flows;
	BOOLEAN stopping;
	PDEVICE_OBJECT device;
	HANDLE engine;
} Logger;

static void Unlink(FLOW *f)
{
	KLOCK_QUEUE_HANDLE lock;

	KeAcquireInStackQueuedSpinLock(&Logger.lock, &lock);
	RemoveEntryList(&f->link);
	KeReleaseInStackQueuedSpinLock(&lock);
}

/* FALSE: we are going. */
static BOOLEAN Link(FLOW *f)
{
	KLOCK_QUEUE_HANDLE lock;
	BOOLEAN stopping;

	KeAcquireInStackQueuedSpinLock(&Logger.lock, &lock);
	stopping = Logger.stopping;
	if (!stopping)
		InsertTailList(&Logger.flows, &f->link);
	KeReleaseInStackQueuedSpinLock(&lock);
	return !stopping;
}

static void Follow(const FWPS_INCOMING_METADATA_VALUES *meta, BOOLEAN v4, UINT16 localPort,
		   UINT16 remotePort)
{
	FLOW *f = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*f), TAG);

	if (!f)
		return;
	f->id = meta->flowHandle;
	f->layer = v4 ? FWPS_LAYER_STREAM_V4 : FWPS_LAYER_STREAM_V6;
	f->callout = Layers[v4 ? 0 : 1].calloutId;
	f->localPort = localPort;
	f->remotePort = remotePort;
	if (!Link(f)) {
		ExFreePoolWithTag(f, TAG);
		return;
	}
	/* From success on the context is the flow's: it may end at once. */
	if (!NT_SUCCESS(FwpsFlowAssociateContext(f->id, f->layer, f->callout, (UINT64)(ULONG_PTR)f))) {
		Unlink(f);
		ExFreePoolWithTag(f, TAG);
	}
}

static void NTAPI Established(const FWPS_INCOMING_VALUES *values,
			      const FWPS_INCOMING_METADATA_VALUES *meta, void *layerData,
			      const void *classifyContext, const FWPS_FILTER *filter,
			      UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	const FWPS_INCOMING_VALUE0 *v = values->incomingValue;

	if (!FWPS_IS_METADATA_FIELD_PRESENT(meta, FWPS_METADATA_FIELD_FLOW_HANDLE))
		return;
	if (values->layerId == FWPS_LAYER_ALE_FLOW_ESTABLISHED_V4 &&
	    v[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_PROTOCOL].value.uint8 == IPPROTO_TCP)
		Follow(meta, TRUE, v[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_LOCAL_PORT].value.uint16,
		       v[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_REMOTE_PORT].value.uint16);
	if (values->layerId == FWPS_LAYER_ALE_FLOW_ESTABLISHED_V6 &&
	    v[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V6_IP_PROTOCOL].value.uint8 == IPPROTO_TCP)
		Follow(meta, FALSE, v[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V6_IP_LOCAL_PORT].value.uint16,
		       v[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V6_IP_REMOTE_PORT].value.uint16);
}

static void NTAPI Stream(const FWPS_INCOMING_VALUES *values,
			 const FWPS_INCOMING_METADATA_VALUES *meta, void *layerData,
			 const void *classifyContext, const FWPS_FILTER *filter,
			 UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	const FWPS_STREAM_CALLOUT_IO_PACKET *packet = layerData;
	FLOW *f = (FLOW *)(ULONG_PTR)flowContext;

	out->actionType = FWP_ACTION_CONTINUE;
	if (!f || !packet || !packet->streamData)
		return;
	f->missed += packet->missedBytes;
	if (packet->streamData->flags & FWPS_STREAM_FLAG_RECEIVE)
		f->received += packet->streamData->dataLength;
	else
		f->sent += packet->streamData->dataLength;
}

static void NTAPI FlowDeleted(UINT16 layerId, UINT32 calloutId, UINT64 flowContext)
{
	FLOW *f = (FLOW *)(ULONG_PTR)flowContext;

	DbgPrint("port %u to port %u: %I64u bytes sent, %I64u received, %I64u not seen\n",
		 (UINT32)f->localPort, (UINT32)f->remotePort, f->sent, f->received, f->missed);
	Unlink(f);
	ExFreePoolWithTag(f, TAG);
}

static NTSTATUS NTAPI Notify(FWPS_CALLOUT_NOTIFY_TYPE type, const GUID *key, FWPS_FILTER *filter)
{
	return STATUS_SUCCESS;
}

/* ---- coming and going ----------------------------------------------------------------------- */

static NTSTATUS AddLayer(LAYER *l)
{
	FWPS_CALLOUT functions = {.calloutKey = l->callout, .flags = l->flags,
				  .classifyFn = l->classify, .notifyFn = Notify,
				  .flowDeleteFn = l->flowDelete};
	FWPM_CALLOUT callout = {.calloutKey = l->callout, .displayData.name = Name,
				.providerKey = (GUID *)&Provider, .applicableLayer = *l->key};
	FWPM_FILTER filter = {.displayData.name = Name, .providerKey = (GUID *)&Provider,
			      .layerKey = *l->key, .subLayerKey = SubLayer,
			      .action.type = FWP_ACTION_CALLOUT_INSPECTION,
			      .action.calloutKey = l->callout};
	NTSTATUS status = FwpsCalloutRegister(Logger.device, &functions, &l->calloutId);

	if (NT_SUCCESS(status))
		status = FwpmCalloutAdd(Logger.engine, &callout, NULL, NULL);
	if (NT_SUCCESS(status))
		status = FwpmFilterAdd(Logger.engine, &filter, NULL, NULL);
	return status;
}

static NTSTATUS AddPolicy(void)
{
	FWPM_SESSION session = {.flags = FWPM_SESSION_FLAG_DYNAMIC};
	FWPM_PROVIDER provider = {.providerKey = Provider, .displayData.name = Name};
	FWPM_SUBLAYER subLayer = {.subLayerKey = SubLayer, .displayData.name = Name,
				  .providerKey = (GUID *)&Provider, .weight = SUBLAYER_WEIGHT};
	NTSTATUS status = FwpmEngineOpen(NULL, RPC_C_AUTHN_WINNT, NULL, &session, &Logger.engine);
	ULONG i;

	if (!NT_SUCCESS(status))
		return status;
	status = FwpmTransactionBegin(Logger.engine, 0);
	if (NT_SUCCESS(status))
		status = FwpmProviderAdd(Logger.engine, &provider, NULL);
	if (NT_SUCCESS(status))
		status = FwpmSubLayerAdd(Logger.engine, &subLayer, NULL);
	for (i = 0; NT_SUCCESS(status) && i < ARRAYSIZE(Layers); i++)
		status = AddLayer(&Layers[i]);
	return NT_SUCCESS(status) ? FwpmTransactionCommit(Logger.engine) : status;
}

/* The first flow that still has a context; FALSE: none.  By id, for it may end at any moment. */
static BOOLEAN FirstFlow(UINT64 *id, UINT16 *layer, UINT32 *callout)
{
	KLOCK_QUEUE_HANDLE lock;
	BOOLEAN found;

	KeAcquireInStackQueuedSpinLock(&Logger.lock, &lock);
	Logger.stopping = TRUE;
	found = !IsListEmpty(&Logger.flows);
	if (found) {
		const FLOW *f = CONTAINING_RECORD(Logger.flows.Flink, FLOW, link);

		*id = f->id;
		*layer = f->layer;
		*callout = f->callout;
	}
	KeReleaseInStackQueuedSpinLock(&lock);
	return found;
}

/* flowDeleteFn is called for each, now or by the classify that is just running. */
static VOID NTAPI Unload(PDRIVER_OBJECT driver)
{
	LARGE_INTEGER retry = {.QuadPart = RETRY};
	UINT32 callout;
	UINT16 layer;
	UINT64 id;
	ULONG i;

	if (Logger.engine)
		FwpmEngineClose(Logger.engine);
	while (FirstFlow(&id, &layer, &callout))
		if (FwpsFlowRemoveContext(id, layer, callout) != STATUS_SUCCESS)
			KeDelayExecutionThread(KernelMode, FALSE, &retry);
	for (i = 0; i < ARRAYSIZE(Layers); i++)
		while (FwpsCalloutUnregisterById(Layers[i].calloutId) == STATUS_DEVICE_BUSY)
			KeDelayExecutionThread(KernelMode, FALSE, &retry);
	if (Logger.device)
		IoDeleteDevice(Logger.device);
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	NTSTATUS status;

	driver->DriverUnload = Unload;
	KeInitializeSpinLock(&Logger.lock);
	InitializeListHead(&Logger.flows);
	status = IoCreateDevice(driver, 0, NULL, FILE_DEVICE_NETWORK, 0, FALSE, &Logger.device);
	if (NT_SUCCESS(status))
		status = AddPolicy();
	if (!NT_SUCCESS(status))
		Unload(driver);
	return status;
}
