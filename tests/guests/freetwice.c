/* SPDX-License-Identifier: MIT */
/*
 * freetwice - absorbs and reinjects what is sent, and frees its clone twice: in the completion
 * function, and once more where it was injected.
 */
#include "packet.h"

static void Send(LIST_ENTRY *item)
{
	PACKET *p = CONTAINING_RECORD(item, PACKET, link);
	NET_BUFFER_LIST *clone = p->clone;

	if (!NT_SUCCESS(PacketInject(p, PacketInjected)))
		PacketFree(p);
	FwpsFreeCloneNetBufferList(clone, 0);
}

static void NTAPI Classify(const FWPS_INCOMING_VALUES *values,
			   const FWPS_INCOMING_METADATA_VALUES *meta, void *packet,
			   const void *classifyContext, const FWPS_FILTER *filter,
			   UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	PACKET *p = NULL;

	if (!(out->rights & FWPS_RIGHT_ACTION_WRITE))
		return;
	out->actionType = FWP_ACTION_PERMIT;
	if (!PacketIsOwn(packet) && PacketMayBeHeld(meta))
		p = PacketNew(values, meta, packet);
	if (!p)
		return;
	PacketAbsorb(out);
	GuestQueue(&p->link);
}

static CALLOUT Callouts[] = {
	{.layer = &FWPM_LAYER_OUTBOUND_TRANSPORT_V4,
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
	return GuestBegin(driver, Callouts, ARRAYSIZE(Callouts), Send);
}
