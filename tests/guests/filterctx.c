/* SPDX-License-Identifier: MIT */
/*
 * filterctx - counts the flows of each filter: notifyFn gives the filter a block of memory, and
 * every flow remembers the block of the filter that it came by.
 *
 * STALE: the block goes with its filter, whoever still remembers it.
 */
#include "guest.h"

typedef struct COUNTER {
	LONG references; /* the filter's, and one for each flow */
	LONG flows, ended;
} COUNTER;

static CALLOUT Callouts[2];

static void Put(COUNTER *c)
{
#ifndef STALE
	if (InterlockedDecrement(&c->references) == 0)
		ExFreePoolWithTag(c, GUEST_TAG);
#endif
}

static NTSTATUS NTAPI Notify(FWPS_CALLOUT_NOTIFY_TYPE type, const GUID *key, FWPS_FILTER *filter)
{
	COUNTER *c = (COUNTER *)(ULONG_PTR)filter->context;

	if (type == FWPS_CALLOUT_NOTIFY_DELETE_FILTER) {
#ifdef STALE
		ExFreePoolWithTag(c, GUEST_TAG);
#endif
		Put(c);
		return STATUS_SUCCESS;
	}
	c = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*c), GUEST_TAG);
	if (!c)
		return STATUS_INSUFFICIENT_RESOURCES;
	c->references = 1;
	filter->context = (UINT64)(ULONG_PTR)c;
	return STATUS_SUCCESS;
}

/* The classify that passes the filter keeps it, and with it the block, until it has returned. */
static void NTAPI Established(const FWPS_INCOMING_VALUES *values,
			      const FWPS_INCOMING_METADATA_VALUES *meta, void *layerData,
			      const void *classifyContext, const FWPS_FILTER *filter,
			      UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	COUNTER *c = (COUNTER *)(ULONG_PTR)filter->context;

	out->actionType = FWP_ACTION_CONTINUE;
	if (!FWPS_IS_METADATA_FIELD_PRESENT(meta, FWPS_METADATA_FIELD_FLOW_HANDLE))
		return;
	InterlockedIncrement(&c->references);
	InterlockedIncrement(&c->flows);
	if (FwpsFlowAssociateContext(meta->flowHandle, FWPS_LAYER_DATAGRAM_DATA_V4, Callouts[1].id,
				     filter->context) != STATUS_SUCCESS)
		Put(c);
}

static void NTAPI Datagram(const FWPS_INCOMING_VALUES *values,
			   const FWPS_INCOMING_METADATA_VALUES *meta, void *layerData,
			   const void *classifyContext, const FWPS_FILTER *filter,
			   UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	out->actionType = FWP_ACTION_CONTINUE;
}

static void NTAPI FlowDeleted(UINT16 layerId, UINT32 calloutId, UINT64 flowContext)
{
	COUNTER *c = (COUNTER *)(ULONG_PTR)flowContext;

	InterlockedIncrement(&c->ended);
	Put(c);
}

static CALLOUT Callouts[2] = {
	{.layer = &FWPM_LAYER_ALE_FLOW_ESTABLISHED_V4,
	 .key = GUEST_KEY(1),
	 .notify = Notify,
	 .action = FWP_ACTION_CALLOUT_INSPECTION,
	 .classify = Established},
	{.layer = &FWPM_LAYER_DATAGRAM_DATA_V4,
	 .key = GUEST_KEY(2),
	 .action = FWP_ACTION_CALLOUT_INSPECTION,
	 .classify = Datagram,
	 .flowDelete = FlowDeleted},
};

static VOID NTAPI Unload(PDRIVER_OBJECT driver)
{
	GuestEnd(Callouts, ARRAYSIZE(Callouts));
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	driver->DriverUnload = Unload;
	return GuestBegin(driver, Callouts, ARRAYSIZE(Callouts), NULL);
}
