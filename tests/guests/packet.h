/* SPDX-License-Identifier: MIT */
/*
 * packet - a clone of a packet at INBOUND_ or OUTBOUND_TRANSPORT_V4, with all that its injection
 * needs, which frees itself when the injection is complete.
 */
#pragma once

#include "guest.h"

typedef struct PACKET {
	LIST_ENTRY link;
	NET_BUFFER_LIST *clone;
	BOOLEAN inbound;
	COMPARTMENT_ID compartment;
	IF_INDEX interface;
	UINT64 endpoint;
	UINT32 address; /* network order */
	FWPS_TRANSPORT_SEND_PARAMS args;
} PACKET;

static void PacketFree(PACKET *p)
{
	if (p->clone)
		FwpsFreeCloneNetBufferList(p->clone, 0);
	ExFreePoolWithTag(p, GUEST_TAG);
}

static void NTAPI PacketInjected(void *context, NET_BUFFER_LIST *clone, BOOLEAN dispatchLevel)
{
	PacketFree(context);
}

static NTSTATUS PacketInject(PACKET *p, FWPS_INJECT_COMPLETE0 complete)
{
	if (p->inbound)
		return FwpsInjectTransportReceiveAsync(Guest.injection, NULL, NULL, 0, AF_INET,
						       p->compartment, p->interface, 0, p->clone,
						       complete, p);
	return FwpsInjectTransportSendAsync(Guest.injection, NULL, p->endpoint, 0, &p->args,
					    AF_INET, p->compartment, p->clone, complete, p);
}

FORCEINLINE void PacketSend(LIST_ENTRY *item)
{
	PACKET *p = CONTAINING_RECORD(item, PACKET, link);

	if (!NT_SUCCESS(PacketInject(p, PacketInjected)))
		PacketFree(p);
}

/* How far the IP header lies before an inbound window; ICMP is shown with its own header. */
FORCEINLINE ULONG PacketHeaders(const FWPS_INCOMING_METADATA_VALUES *meta, const NET_BUFFER *nb)
{
	ULONG both = meta->ipHeaderSize + meta->transportHeaderSize;

	return NET_BUFFER_DATA_OFFSET(nb) >= both ? both : meta->ipHeaderSize;
}

/* Inbound a packet is injected from its IP header on. */
static NTSTATUS PacketClone(PACKET *p, const FWPS_INCOMING_METADATA_VALUES *meta,
			    NET_BUFFER_LIST *packet)
{
	NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(packet);
	ULONG headers = p->inbound ? PacketHeaders(meta, nb) : 0;
	NTSTATUS status = NdisRetreatNetBufferDataStart(nb, headers, 0, NULL);

	if (!NT_SUCCESS(status))
		return status;
	status = FwpsAllocateCloneNetBufferList(packet, NULL, NULL, 0, &p->clone);
	NdisAdvanceNetBufferDataStart(nb, headers, FALSE, NULL);
	return status;
}

static UINT32 PacketRemote(const FWPS_INCOMING_VALUES *values)
{
	UINT16 field = FWPS_FIELD_OUTBOUND_TRANSPORT_V4_IP_REMOTE_ADDRESS;

	if (values->layerId == FWPS_LAYER_INBOUND_TRANSPORT_V4)
		field = FWPS_FIELD_INBOUND_TRANSPORT_V4_IP_REMOTE_ADDRESS;
	return RtlUlongByteSwap(values->incomingValue[field].value.uint32);
}

/* NULL: there is no memory. */
FORCEINLINE PACKET *PacketNew(const FWPS_INCOMING_VALUES *values,
			      const FWPS_INCOMING_METADATA_VALUES *meta, NET_BUFFER_LIST *packet)
{
	PACKET *p = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*p), GUEST_TAG);

	if (!p)
		return NULL;
	p->inbound = values->layerId == FWPS_LAYER_INBOUND_TRANSPORT_V4;
	p->compartment = meta->compartmentId;
	p->interface = meta->sourceInterfaceIndex;
	p->endpoint = meta->transportEndpointHandle;
	p->address = PacketRemote(values);
	p->args.remoteAddress = (UCHAR *)&p->address;
	p->args.remoteScopeId = meta->remoteScopeId;
	if (!NT_SUCCESS(PacketClone(p, meta, packet))) {
		PacketFree(p);
		return NULL;
	}
	return p;
}

FORCEINLINE BOOLEAN PacketIsOwn(NET_BUFFER_LIST *packet)
{
	FWPS_PACKET_INJECTION_STATE state;

	state = FwpsQueryPacketInjectionState(Guest.injection, packet, NULL);
	return state == FWPS_PACKET_INJECTED_BY_SELF ||
	       state == FWPS_PACKET_PREVIOUSLY_INJECTED_BY_SELF;
}

/* Behind it the answer at ALE is still to come, and the platform does not let it be absorbed. */
FORCEINLINE BOOLEAN PacketMayBeHeld(const FWPS_INCOMING_METADATA_VALUES *meta)
{
	return !FWPS_IS_METADATA_FIELD_PRESENT(meta, FWPS_METADATA_FIELD_ALE_CLASSIFY_REQUIRED);
}

FORCEINLINE void PacketAbsorb(FWPS_CLASSIFY_OUT *out)
{
	out->actionType = FWP_ACTION_BLOCK;
	out->flags |= FWPS_CLASSIFY_OUT_FLAG_ABSORB;
}
