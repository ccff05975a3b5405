/* SPDX-License-Identifier: MIT */
/*
 * taken - a block in a slot that a thread and the classifyFn both empty, without a lock.  Each
 * looks, clears and frees: nothing but a switch between the look and the clearing has it freed
 * twice, and there the driver calls nothing.  Compiled for the explorer to watch its accesses.
 */
#include "guest.h"

static PVOID Slot;
static LIST_ENTRY Letter;

static void Empty(void)
{
	PVOID block = Slot;

	Slot = NULL;
	if (block)
		ExFreePoolWithTag(block, GUEST_TAG);
}

static void EmptyOnThread(LIST_ENTRY *letter)
{
	Empty();
}

static void NTAPI Classify(const FWPS_INCOMING_VALUES *values,
			   const FWPS_INCOMING_METADATA_VALUES *meta, void *packet,
			   const void *classifyContext, const FWPS_FILTER *filter,
			   UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	out->actionType = FWP_ACTION_PERMIT;
	Slot = ExAllocatePool2(POOL_FLAG_NON_PAGED, 32, GUEST_TAG);
	GuestQueue(&Letter);
	Empty();
}

static CALLOUT Callouts[] = {
	{.layer = &FWPM_LAYER_ALE_AUTH_CONNECT_V4,
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
	return GuestBegin(driver, Callouts, ARRAYSIZE(Callouts), EmptyOnThread);
}
