/* SPDX-License-Identifier: MIT */
/*
 * A callout driver that does nothing sensible and uses a little of everything, written as drivers
 * are: unversioned names, keys of its own, wide literals, four-character pool tags. It is compiled
 * only, for each Windows whose names differ.
 */
#include <initguid.h>

#include <ntddk.h>
#include <ntstrsafe.h>

#include <fwpmk.h>
#include <fwpsk.h>

DEFINE_GUID(DRIVER_CALLOUT, 0x5a0d3f51, 0x1c5c, 0x4b6e, 0x9d, 0x11, 0x20, 0x3a, 0x4e, 0x5f, 0x60,
	    0x71);
DECLARE_CONST_UNICODE_STRING(device_name, L"\\Device\\Driver");

struct held {
	LIST_ENTRY entry;
	HANDLE context;
	NET_BUFFER_LIST *packet;
};

static PDEVICE_OBJECT device;
static HANDLE engine, injection, thread;
static UINT32 callout_id;
static LIST_ENTRY queue;
static KSPIN_LOCK queue_lock;
static KEVENT work;
static LONG held_count;

static VOID hold(const FWPS_INCOMING_METADATA_VALUES *meta, NET_BUFFER_LIST *packet,
		 FWPS_CLASSIFY_OUT *out)
{
	struct held *h = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*h), 'dleH');
	KLOCK_QUEUE_HANDLE locked;

	if (!h || !NT_SUCCESS(FwpsPendOperation(meta->completionHandle, &h->context))) {
		if (h)
			ExFreePoolWithTag(h, 'dleH');
		return;
	}
	if (packet) {
		FwpsReferenceNetBufferList(packet, TRUE);
		h->packet = packet;
	}
	KeAcquireInStackQueuedSpinLock(&queue_lock, &locked);
	InsertTailList(&queue, &h->entry);
	KeReleaseInStackQueuedSpinLock(&locked);
	InterlockedIncrement(&held_count);
	KeSetEvent(&work, IO_NO_INCREMENT, FALSE);
	out->actionType = FWP_ACTION_BLOCK;
	out->flags |= FWPS_CLASSIFY_OUT_FLAG_ABSORB;
	out->rights &= ~(UINT32)FWPS_RIGHT_ACTION_WRITE;
}

#if NTDDI_VERSION >= NTDDI_WIN7
static void NTAPI classify(const FWPS_INCOMING_VALUES *values,
			   const FWPS_INCOMING_METADATA_VALUES *meta, void *layer_data,
			   const void *classify_context, const FWPS_FILTER *filter,
			   UINT64 flow_context, FWPS_CLASSIFY_OUT *out)
{
	UNREFERENCED_PARAMETER(classify_context);
#else
static void NTAPI classify(const FWPS_INCOMING_VALUES *values,
			   const FWPS_INCOMING_METADATA_VALUES *meta, void *layer_data,
			   const FWPS_FILTER *filter, UINT64 flow_context, FWPS_CLASSIFY_OUT *out)
{
#endif
	const FWP_VALUE *protocol;

	UNREFERENCED_PARAMETER(filter);
	UNREFERENCED_PARAMETER(flow_context);
	protocol = &values->incomingValue[FWPS_FIELD_ALE_AUTH_CONNECT_V4_IP_PROTOCOL].value;
	if (!(out->rights & FWPS_RIGHT_ACTION_WRITE))
		return;
	if (protocol->type == FWP_UINT8 && protocol->uint8 == IPPROTO_TCP &&
	    FWPS_IS_METADATA_FIELD_PRESENT(meta, FWPS_METADATA_FIELD_COMPLETION_HANDLE))
		hold(meta, layer_data, out);
	else
		out->actionType = FWP_ACTION_CONTINUE;
}

static NTSTATUS NTAPI notify(FWPS_CALLOUT_NOTIFY_TYPE type, const GUID *key, FWPS_FILTER *filter)
{
	UNREFERENCED_PARAMETER(key);
	UNREFERENCED_PARAMETER(type);
	UNREFERENCED_PARAMETER(filter);
	KdPrint(("filter %llu: %d\n", (unsigned long long)filter->filterId, type));
	return STATUS_SUCCESS;
}

static VOID NTAPI worker(PVOID context)
{
	LARGE_INTEGER second = {.QuadPart = -10000000};
	PLIST_ENTRY entry;
	struct held *h;

	UNREFERENCED_PARAMETER(context);
	while (KeWaitForSingleObject(&work, Executive, KernelMode, FALSE, &second) !=
	       STATUS_TIMEOUT) {
		while ((entry = ExInterlockedRemoveHeadList(&queue, &queue_lock)) != NULL) {
			h = CONTAINING_RECORD(entry, struct held, entry);
			FwpsCompleteOperation(h->context, h->packet);
			ExFreePoolWithTag(h, 'dleH');
		}
	}
	PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS add_filter(VOID)
{
	FWP_V4_ADDR_AND_MASK net = {0x0a000000, 0xff000000};
	FWPM_FILTER_CONDITION condition = {
		.fieldKey = FWPM_CONDITION_IP_REMOTE_ADDRESS,
		.matchType = FWP_MATCH_EQUAL,
		.conditionValue = {.type = FWP_V4_ADDR_MASK, .v4AddrMask = &net},
	};
	FWPM_FILTER filter = {
		.layerKey = FWPM_LAYER_ALE_AUTH_CONNECT_V4,
		.displayData = {.name = (PWSTR)L"driver"},
		.action = {.type = FWP_ACTION_CALLOUT_TERMINATING, .calloutKey = DRIVER_CALLOUT},
		.subLayerKey = FWPM_SUBLAYER_UNIVERSAL,
		.numFilterConditions = 1,
		.filterCondition = &condition,
	};

	return FwpmFilterAdd(engine, &filter, NULL, NULL);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
	UNREFERENCED_PARAMETER(driver);
	FwpmEngineClose(engine);
	FwpsCalloutUnregisterById(callout_id);
	FwpsInjectionHandleDestroy(injection);
	IoDeleteDevice(device);
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
	UNICODE_STRING name = device_name;
	FWPS_CALLOUT callout = {
		.calloutKey = DRIVER_CALLOUT, .classifyFn = classify, .notifyFn = notify};
	WCHAR text[8];
	NTSTATUS status;

	PAGED_CODE();
	UNREFERENCED_PARAMETER(registry_path);
	NT_ASSERT(min(1, 2) == 1);
	InitializeListHead(&queue);
	KeInitializeSpinLock(&queue_lock);
	KeInitializeEvent(&work, SynchronizationEvent, FALSE);
	driver->DriverUnload = unload;
	status = RtlStringCchCopyW(text, ARRAYSIZE(text), L"text");
	if (NT_SUCCESS(status))
		status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_NETWORK,
					FILE_DEVICE_SECURE_OPEN, FALSE, &device);
	if (NT_SUCCESS(status))
		status = FwpsCalloutRegister(device, &callout, &callout_id);
	if (NT_SUCCESS(status))
		status =
			FwpsInjectionHandleCreate(AF_INET, FWPS_INJECTION_TYPE_NETWORK, &injection);
	if (NT_SUCCESS(status))
		status = PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, worker,
					      NULL);
	if (NT_SUCCESS(status))
		status = FwpmEngineOpen(NULL, RPC_C_AUTHN_DEFAULT, NULL, NULL, &engine);
	return NT_SUCCESS(status) ? add_filter() : status;
}
