/* SPDX-License-Identifier: MIT */
/*
 * stream - follows TCP connections with a flow context each, and lets go of one after its first
 * data: FwpsFlowRemoveContext on a thread, while the connection may be ending.
 *
 * BLOCK: it ends the connection instead, and the data that were indicated are dropped.
 */
#include "guest.h"

#define MARK 0x57a1u

typedef struct FLOW {
	LIST_ENTRY link; /* in the queue of the thread */
	UINT64 id;
	LONG references; /* the flow's, and the queue's */
	LONG queued;	 /* 1: once is enough */
	UINT32 mark;
	SIZE_T bytes;
} FLOW;

static CALLOUT Callouts[2];

static void Put(FLOW *f)
{
	if (InterlockedDecrement(&f->references) == 0)
		ExFreePoolWithTag(f, GUEST_TAG);
}

/* STATUS_PENDING and STATUS_UNSUCCESSFUL are fine: the context goes, or has gone, without us. */
static void LetGo(LIST_ENTRY *item)
{
	FLOW *f = CONTAINING_RECORD(item, FLOW, link);

	FwpsFlowRemoveContext(f->id, FWPS_LAYER_STREAM_V4, Callouts[0].id);
	Put(f);
}

static void NTAPI FlowDeleted(UINT16 layerId, UINT32 calloutId, UINT64 flowContext)
{
	Put((FLOW *)(ULONG_PTR)flowContext);
}

static void NTAPI Established(const FWPS_INCOMING_VALUES *values,
			      const FWPS_INCOMING_METADATA_VALUES *meta, void *layerData,
			      const void *classifyContext, const FWPS_FILTER *filter,
			      UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	FLOW *f;

	if (!FWPS_IS_METADATA_FIELD_PRESENT(meta, FWPS_METADATA_FIELD_FLOW_HANDLE))
		return;
	f = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*f), GUEST_TAG);
	if (!f)
		return;
	f->id = meta->flowHandle;
	f->references = 1;
	f->mark = MARK;
	if (FwpsFlowAssociateContext(f->id, FWPS_LAYER_STREAM_V4, Callouts[0].id,
				     (UINT64)(ULONG_PTR)f) != STATUS_SUCCESS)
		Put(f);
}

static void NTAPI Stream(const FWPS_INCOMING_VALUES *values,
			 const FWPS_INCOMING_METADATA_VALUES *meta, void *layerData,
			 const void *classifyContext, const FWPS_FILTER *filter, UINT64 flowContext,
			 FWPS_CLASSIFY_OUT *out)
{
	FWPS_STREAM_CALLOUT_IO_PACKET *packet = layerData;
	FLOW *f = (FLOW *)(ULONG_PTR)flowContext;

	out->actionType = FWP_ACTION_CONTINUE;
	if (!f || !packet || !packet->streamData || packet->streamData->dataLength == 0)
		return;
	GUEST_CHECK(f->mark == MARK);
	f->bytes += packet->streamData->dataLength;
#ifdef BLOCK
	packet->streamAction = FWPS_STREAM_ACTION_DROP_CONNECTION;
#endif
	if (InterlockedExchange(&f->queued, 1) != 0)
		return;
	InterlockedIncrement(&f->references);
	GuestQueue(&f->link);
}

static CALLOUT Callouts[2] = {
	{.layer = &FWPM_LAYER_STREAM_V4,
	 .key = GUEST_KEY(1),
	 .action = FWP_ACTION_CALLOUT_UNKNOWN,
	 .classify = Stream,
	 .flowDelete = FlowDeleted,
	 .flags = FWP_CALLOUT_FLAG_CONDITIONAL_ON_FLOW},
	{.layer = &FWPM_LAYER_ALE_FLOW_ESTABLISHED_V4,
	 .key = GUEST_KEY(2),
	 .action = FWP_ACTION_CALLOUT_INSPECTION,
	 .classify = Established},
};

static VOID NTAPI Unload(PDRIVER_OBJECT driver)
{
	GuestEnd(Callouts, ARRAYSIZE(Callouts));
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	driver->DriverUnload = Unload;
	return GuestBegin(driver, Callouts, ARRAYSIZE(Callouts), LetGo);
}
