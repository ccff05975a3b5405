/* SPDX-License-Identifier: MIT */
/*
 * keeper - absorbs packets by reference, not by clone: a thread moves the window of the referenced
 * list to the IP header and back while other drivers may look at it, clones it, and injects the
 * clone.  Since it was indicated the stack may have moved the window, too.
 */
#include "packet.h"

typedef struct KEPT {
	LIST_ENTRY link;
	NET_BUFFER_LIST *list; /* referenced */
	ULONG start;	       /* offset of the IP header */
	COMPARTMENT_ID compartment;
	IF_INDEX interface;
} KEPT;

static void NTAPI Injected(void *context, NET_BUFFER_LIST *clone, BOOLEAN dispatchLevel)
{
	KEPT *k = context;

	FwpsFreeCloneNetBufferList(clone, 0);
	FwpsDereferenceNetBufferList(k->list, dispatchLevel);
	ExFreePoolWithTag(k, GUEST_TAG);
}

static NTSTATUS Reinject(KEPT *k)
{
	NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(k->list);
	ULONG offset = NET_BUFFER_DATA_OFFSET(nb);
	NET_BUFFER_LIST *clone;
	NTSTATUS status = NdisRetreatNetBufferDataStart(nb, offset - k->start, 0, NULL);

	if (!NT_SUCCESS(status))
		return status;
	status = FwpsAllocateCloneNetBufferList(k->list, NULL, NULL, 0, &clone);
	NdisAdvanceNetBufferDataStart(nb, offset - k->start, FALSE, NULL);
	GUEST_CHECK(NET_BUFFER_DATA_OFFSET(nb) == offset);
	if (!NT_SUCCESS(status))
		return status;
	status = FwpsInjectTransportReceiveAsync(Guest.injection, NULL, NULL, 0, AF_INET,
						 k->compartment, k->interface, 0, clone, Injected,
						 k);
	if (!NT_SUCCESS(status))
		FwpsFreeCloneNetBufferList(clone, 0);
	return status;
}

static void Work(LIST_ENTRY *item)
{
	KEPT *k = CONTAINING_RECORD(item, KEPT, link);

	if (NT_SUCCESS(Reinject(k)))
		return;
	FwpsDereferenceNetBufferList(k->list, FALSE);
	ExFreePoolWithTag(k, GUEST_TAG);
}

static void NTAPI Classify(const FWPS_INCOMING_VALUES *values,
			   const FWPS_INCOMING_METADATA_VALUES *meta, void *packet,
			   const void *classifyContext, const FWPS_FILTER *filter,
			   UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	NET_BUFFER_LIST *list = packet;
	NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(list);
	KEPT *k = NULL;

	if (!(out->rights & FWPS_RIGHT_ACTION_WRITE))
		return;
	out->actionType = FWP_ACTION_PERMIT;
	if (!PacketIsOwn(packet) && PacketMayBeHeld(meta))
		k = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*k), GUEST_TAG);
	if (!k)
		return;
	k->list = list;
	k->start = NET_BUFFER_DATA_OFFSET(nb) - PacketHeaders(meta, nb);
	k->compartment = meta->compartmentId;
	k->interface = meta->sourceInterfaceIndex;
	FwpsReferenceNetBufferList(k->list, TRUE);
	PacketAbsorb(out);
	GuestQueue(&k->link);
}

static CALLOUT Callouts[] = {
	{.layer = &FWPM_LAYER_INBOUND_TRANSPORT_V4,
	 .key = GUEST_KEY(1),
	 .action = FWP_ACTION_CALLOUT_TERMINATING,
	 .classify = Classify},
};

static VOID NTAPI Unload(PDRIVER_OBJECT driver)
{
	GuestEnd(Callouts, ARRAYSIZE(Callouts));
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	driver->DriverUnload = Unload;
	return GuestBegin(driver, Callouts, ARRAYSIZE(Callouts), Work);
}
