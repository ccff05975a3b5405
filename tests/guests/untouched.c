/* SPDX-License-Identifier: MIT */
/*
 * untouched - a terminating callout that looks at what classifyOut holds when it is called, and
 * returns without an answer.
 */
#include "guest.h"

static void NTAPI Classify(const FWPS_INCOMING_VALUES *values,
			   const FWPS_INCOMING_METADATA_VALUES *meta, void *packet,
			   const void *classifyContext, const FWPS_FILTER *filter,
			   UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	GUEST_CHECK(out->actionType != FWP_ACTION_PERMIT);
}

static CALLOUT Callouts[] = {
	{.layer = &FWPM_LAYER_ALE_AUTH_CONNECT_V4,
	 .key = GUEST_KEY(1),
	 .action = FWP_ACTION_CALLOUT_UNKNOWN,
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
