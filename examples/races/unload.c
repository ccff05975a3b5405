/* SPDX-License-Identifier: MIT */
/*
 * unload - counts the connections to each port, in a DPC.  The race: DriverUnload does not wait for
 * the DPC that runs; -DFIXED does.
 *
 *	classifyFn  puts a note into the list and queues the DPC
 *	the DPC     enters the notes of the list into the table
 */
#include <ntddk.h>
#include <fwpsk.h>
#include <initguid.h>
#include <fwpmk.h>

#define SUBLAYER_WEIGHT 21000
#define ROWS		64
#define RETRY		(-10000LL) /* 1 ms */
#define TAG		'dlnU'

#define KEY(last)                                                                                  \
	{                                                                                          \
		0x6f1d3a10, 0x2b7c, 0x4c58,                                                        \
		{                                                                                  \
			0x90, 0x11, 0x5a, 0x3e, 0x7d, 0x10, 0x54, last                             \
		}                                                                                  \
	}
static const GUID Callout = KEY(1), SubLayer = KEY(2);
static WCHAR Name[] = L"openwfp race unload";

typedef struct NOTE {
	LIST_ENTRY link;
	UINT16 port;
} NOTE;

typedef struct ROW {
	UINT16 port;
	LONG connections; /* 0: the row is free */
} ROW;

static struct {
	KSPIN_LOCK lock; /* guards notes */
	LIST_ENTRY notes;
	ROW *table;	  /* the DPC's alone */
	ULONG missed;	  /* by the table; the DPC's alone */
	LONG connections; /* interlocked: in all */
	KDPC dpc;
	PDEVICE_OBJECT device;
	HANDLE engine;
	UINT32 calloutId;
} Counter;

/* ---- counting, in the DPC ------------------------------------------------------------------- */

static NOTE *Take(void)
{
	KLOCK_QUEUE_HANDLE lock;
	NOTE *note = NULL;

	KeAcquireInStackQueuedSpinLock(&Counter.lock, &lock);
	if (!IsListEmpty(&Counter.notes))
		note = CONTAINING_RECORD(RemoveHeadList(&Counter.notes), NOTE, link);
	KeReleaseInStackQueuedSpinLock(&lock);
	return note;
}

static void Count(UINT16 port)
{
	ROW *row = Counter.table;
	ROW *end = row + ROWS;

	InterlockedIncrement(&Counter.connections);
	while (row < end && row->connections && row->port != port)
		row++;
	if (row == end) {
		Counter.missed++;
		return;
	}
	row->port = port;
	row->connections++;
}

static VOID NTAPI Dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
	NOTE *note;

	while ((note = Take())) {
		Count(note->port);
		ExFreePoolWithTag(note, TAG);
	}
}

/* ---- classifying ---------------------------------------------------------------------------- */

static void NTAPI Classify(const FWPS_INCOMING_VALUES *values,
			   const FWPS_INCOMING_METADATA_VALUES *meta, void *packet,
			   const void *classifyContext, const FWPS_FILTER *filter,
			   UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	const FWPS_INCOMING_VALUE0 *v = values->incomingValue;
	KLOCK_QUEUE_HANDLE lock;
	NOTE *note;

	out->actionType = FWP_ACTION_CONTINUE;
	note = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*note), TAG);
	if (!note)
		return;
	note->port = v[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_REMOTE_PORT].value.uint16;
	KeAcquireInStackQueuedSpinLock(&Counter.lock, &lock);
	InsertTailList(&Counter.notes, &note->link);
	KeReleaseInStackQueuedSpinLock(&lock);
	KeInsertQueueDpc(&Counter.dpc, NULL, NULL);
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
				.applicableLayer = FWPM_LAYER_ALE_FLOW_ESTABLISHED_V4};
	FWPM_FILTER filter = {.displayData.name = Name,
			      .subLayerKey = SubLayer,
			      .layerKey = FWPM_LAYER_ALE_FLOW_ESTABLISHED_V4,
			      .action.type = FWP_ACTION_CALLOUT_INSPECTION,
			      .action.calloutKey = Callout};
	NTSTATUS status = FwpmEngineOpen(NULL, RPC_C_AUTHN_WINNT, NULL, &session, &Counter.engine);

	if (NT_SUCCESS(status))
		status = FwpmSubLayerAdd(Counter.engine, &subLayer, NULL);
	if (NT_SUCCESS(status))
		status = FwpmCalloutAdd(Counter.engine, &callout, NULL, NULL);
	if (NT_SUCCESS(status))
		status = FwpmFilterAdd(Counter.engine, &filter, NULL, NULL);
	return status;
}

static void Report(void)
{
	const ROW *row = Counter.table;

	for (; row < Counter.table + ROWS && row->connections; row++)
		DbgPrint("port %u: %d connections\n", (UINT32)row->port, row->connections);
	if (Counter.missed)
		DbgPrint("other ports: %u connections\n", Counter.missed);
	DbgPrint("all ports: %d connections\n", Counter.connections);
}

/* The callout goes first: then nobody queues the DPC any more. */
static VOID NTAPI Unload(PDRIVER_OBJECT driver)
{
	LARGE_INTEGER retry = {.QuadPart = RETRY};

	if (Counter.engine)
		FwpmEngineClose(Counter.engine);
	while (FwpsCalloutUnregisterById(Counter.calloutId) == STATUS_DEVICE_BUSY)
		KeDelayExecutionThread(KernelMode, FALSE, &retry);
	KeRemoveQueueDpc(&Counter.dpc);
#ifdef FIXED
	KeFlushQueuedDpcs();
#endif
	if (Counter.table) {
		Dpc(&Counter.dpc, NULL, NULL, NULL); /* what it had no time for */
		Report();
		ExFreePoolWithTag(Counter.table, TAG);
	}
	if (Counter.device)
		IoDeleteDevice(Counter.device);
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	FWPS_CALLOUT functions = {
		.calloutKey = Callout, .classifyFn = Classify, .notifyFn = Notify};
	NTSTATUS status;

	driver->DriverUnload = Unload;
	KeInitializeSpinLock(&Counter.lock);
	InitializeListHead(&Counter.notes);
	KeInitializeDpc(&Counter.dpc, Dpc, NULL);
	Counter.table = ExAllocatePool2(POOL_FLAG_NON_PAGED, ROWS * sizeof(ROW), TAG);
	if (!Counter.table)
		return STATUS_INSUFFICIENT_RESOURCES;
	status = IoCreateDevice(driver, 0, NULL, FILE_DEVICE_NETWORK, 0, FALSE, &Counter.device);
	if (NT_SUCCESS(status))
		status = FwpsCalloutRegister(Counter.device, &functions, &Counter.calloutId);
	if (NT_SUCCESS(status))
		status = AddPolicy();
	if (!NT_SUCCESS(status))
		Unload(driver);
	return status;
}
