/* SPDX-License-Identifier: MIT */
/*
 * pender - pends every connection, completes it in a DPC, and permits when it is asked again.
 *
 * INSIDE: it completes before its classifyFn has returned.
 */
#include "guest.h"

typedef struct PENDED {
	LIST_ENTRY link;
	HANDLE completion;
} PENDED;

static KDPC Dpc;

static void Finish(LIST_ENTRY *item)
{
	PENDED *p = CONTAINING_RECORD(item, PENDED, link);

	FwpsCompleteOperation(p->completion, NULL);
	ExFreePoolWithTag(p, GUEST_TAG);
}

static VOID NTAPI Complete(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
	LIST_ENTRY *item;
	BOOLEAN stop;

	while ((item = GuestTake(&stop)))
		Finish(item);
}

static void Hand(PENDED *p)
{
#ifdef INSIDE
	Finish(&p->link);
#else
	KLOCK_QUEUE_HANDLE lock;

	KeAcquireInStackQueuedSpinLock(&Guest.lock, &lock);
	InsertTailList(&Guest.items, &p->link);
	KeReleaseInStackQueuedSpinLock(&lock);
	KeInsertQueueDpc(&Dpc, NULL, NULL);
#endif
}

static void NTAPI Classify(const FWPS_INCOMING_VALUES *values,
			   const FWPS_INCOMING_METADATA_VALUES *meta, void *packet,
			   const void *classifyContext, const FWPS_FILTER *filter,
			   UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	const FWPS_INCOMING_VALUE0 *v = values->incomingValue;
	PENDED *p = NULL;

	if (!(out->rights & FWPS_RIGHT_ACTION_WRITE))
		return;
	out->actionType = FWP_ACTION_PERMIT;
	if (!(v[FWPS_FIELD_ALE_AUTH_CONNECT_V4_FLAGS].value.uint32 &
	      FWP_CONDITION_FLAG_IS_REAUTHORIZE))
		p = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*p), GUEST_TAG);
	if (!p)
		return;
	if (!NT_SUCCESS(FwpsPendOperation(meta->completionHandle, &p->completion))) {
		ExFreePoolWithTag(p, GUEST_TAG);
		return;
	}
	out->actionType = FWP_ACTION_BLOCK;
	out->flags |= FWPS_CLASSIFY_OUT_FLAG_ABSORB;
	Hand(p);
}

static CALLOUT Callouts[] = {
	{.layer = &FWPM_LAYER_ALE_AUTH_CONNECT_V4,
	 .key = GUEST_KEY(1),
	 .action = FWP_ACTION_CALLOUT_TERMINATING,
	 .classify = Classify},
};

static VOID NTAPI Unload(PDRIVER_OBJECT driver)
{
	GuestEnd(Callouts, ARRAYSIZE(Callouts)); /* busy until the DPC has completed everything */
	KeFlushQueuedDpcs();
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	driver->DriverUnload = Unload;
	KeInitializeDpc(&Dpc, Complete, NULL);
	return GuestBegin(driver, Callouts, ARRAYSIZE(Callouts), NULL);
}
