/* SPDX-License-Identifier: MIT */
/*
 * holder - absorbs every packet at the transport layers and lets a thread inject the clone.
 *
 * LOOP: it asks whether it was the last who injected a packet, not whether it ever was.  Two such
 * drivers each take what the other one has injected.
 * NOWAIT: it goes without waiting for what it has injected.
 */
#include "packet.h"

static BOOLEAN IsDone(NET_BUFFER_LIST *packet)
{
#ifdef LOOP
	return FwpsQueryPacketInjectionState(Guest.injection, packet, NULL) ==
	       FWPS_PACKET_INJECTED_BY_SELF;
#else
	return PacketIsOwn(packet);
#endif
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
	if (!IsDone(packet) && PacketMayBeHeld(meta))
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
	{.layer = &FWPM_LAYER_INBOUND_TRANSPORT_V4,
	 .key = GUEST_KEY(2),
	 .action = FWP_ACTION_CALLOUT_TERMINATING,
	 .classify = Classify},
};

static VOID NTAPI Unload(PDRIVER_OBJECT driver)
{
#ifdef NOWAIT
	FwpmEngineClose(Guest.engine);
	GuestUnregister(Callouts, ARRAYSIZE(Callouts));
	Guest.engine = NULL;
	Guest.injection = NULL; /* destroying it is what would wait */
#endif
	GuestEnd(Callouts, ARRAYSIZE(Callouts));
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	driver->DriverUnload = Unload;
	return GuestBegin(driver, Callouts, ARRAYSIZE(Callouts), PacketSend);
}
