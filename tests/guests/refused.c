/* SPDX-License-Identifier: MIT */
/*
 * refused - asks for what must be refused, and goes on as if nothing had been: the injection state
 * of no list, an injection of several net buffers, send parameters that are gone when the call
 * returns.
 */
#include "packet.h"

static void AskAboutNothing(void)
{
	GUEST_CHECK(FwpsQueryPacketInjectionState(Guest.injection, NULL, NULL) ==
		    FWPS_PACKET_NOT_INJECTED);
}

static void InjectTwoBuffers(PACKET *p)
{
	NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(p->clone);
	NET_BUFFER second = *nb;
	KIRQL before = KeGetCurrentIrql();

	nb->Next = &second;
	GUEST_CHECK(!NT_SUCCESS(PacketInject(p, PacketInjected)));
	nb->Next = NULL;
	GUEST_CHECK(KeGetCurrentIrql() == before);
}

/* The parameters live in memory that is freed at once. */
static NTSTATUS SendWithShortParameters(PACKET *p)
{
	FWPS_TRANSPORT_SEND_PARAMS *args;
	NTSTATUS status;

	args = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*args), GUEST_TAG);
	if (!args)
		return STATUS_INSUFFICIENT_RESOURCES;
	*args = p->args;
	status = FwpsInjectTransportSendAsync(Guest.injection, NULL, p->endpoint, 0, args, AF_INET,
					      p->compartment, p->clone, PacketInjected, p);
	ExFreePoolWithTag(args, GUEST_TAG);
	return status;
}

static void NTAPI Classify(const FWPS_INCOMING_VALUES *values,
			   const FWPS_INCOMING_METADATA_VALUES *meta, void *packet,
			   const void *classifyContext, const FWPS_FILTER *filter,
			   UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	PACKET *p = NULL;

	if (!(out->rights & FWPS_RIGHT_ACTION_WRITE))
		return;
	AskAboutNothing();
	out->actionType = FWP_ACTION_PERMIT;
	if (!PacketIsOwn(packet))
		p = PacketNew(values, meta, packet);
	if (!p)
		return;
	InjectTwoBuffers(p);
	PacketAbsorb(out);
	if (!NT_SUCCESS(SendWithShortParameters(p)))
		PacketFree(p);
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
	return GuestBegin(driver, Callouts, ARRAYSIZE(Callouts), NULL);
}
