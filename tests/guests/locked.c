/* SPDX-License-Identifier: MIT */
/*
 * locked - injects from inside its classifyFn, with a lock of its own held, which each of its
 * callbacks takes first.  Where an injection classifies on the injector's stack, two such drivers
 * wait for each other for ever.
 */
#include "packet.h"

static KSPIN_LOCK Lock; /* guards seen and completed */
static ULONG Seen, Completed;

static void NTAPI Injected(void *context, NET_BUFFER_LIST *clone, BOOLEAN dispatchLevel)
{
	KLOCK_QUEUE_HANDLE lock;

	KeAcquireInStackQueuedSpinLock(&Lock, &lock);
	Completed++;
	KeReleaseInStackQueuedSpinLock(&lock);
	PacketFree(context);
}

/* The packet that was absorbed without an injection is given up, which drops it. */
static void Take(PACKET *p)
{
	if (!NT_SUCCESS(PacketInject(p, Injected)))
		PacketFree(p);
}

static void NTAPI Classify(const FWPS_INCOMING_VALUES *values,
			   const FWPS_INCOMING_METADATA_VALUES *meta, void *packet,
			   const void *classifyContext, const FWPS_FILTER *filter,
			   UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	KLOCK_QUEUE_HANDLE lock;
	PACKET *p = NULL;

	if (!(out->rights & FWPS_RIGHT_ACTION_WRITE))
		return;
	KeAcquireInStackQueuedSpinLock(&Lock, &lock);
	Seen++;
	out->actionType = FWP_ACTION_PERMIT;
	if (!PacketIsOwn(packet) && PacketMayBeHeld(meta))
		p = PacketNew(values, meta, packet);
	if (p) {
		PacketAbsorb(out);
		Take(p);
	}
	KeReleaseInStackQueuedSpinLock(&lock);
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
	GuestEnd(Callouts, ARRAYSIZE(Callouts));
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	driver->DriverUnload = Unload;
	KeInitializeSpinLock(&Lock);
	return GuestBegin(driver, Callouts, ARRAYSIZE(Callouts), NULL);
}
