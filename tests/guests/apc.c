/* SPDX-License-Identifier: MIT */
/*
 * apc - unregisters its callout at APC_LEVEL, as inside a guarded mutex, which is refused; then as
 * it should.
 */
#include "guest.h"

static void NTAPI Classify(const FWPS_INCOMING_VALUES *values,
			   const FWPS_INCOMING_METADATA_VALUES *meta, void *packet,
			   const void *classifyContext, const FWPS_FILTER *filter,
			   UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	if (out->rights & FWPS_RIGHT_ACTION_WRITE)
		out->actionType = FWP_ACTION_PERMIT;
}

static CALLOUT Callouts[] = {
	{.layer = &FWPM_LAYER_ALE_AUTH_CONNECT_V4,
	 .key = GUEST_KEY(1),
	 .action = FWP_ACTION_CALLOUT_TERMINATING,
	 .classify = Classify},
};

static VOID NTAPI Unload(PDRIVER_OBJECT driver)
{
	KIRQL old;

	KeRaiseIrql(APC_LEVEL, &old);
	GUEST_CHECK(!NT_SUCCESS(FwpsCalloutUnregisterById(Callouts[0].id)));
	KeLowerIrql(old);
	GuestEnd(Callouts, ARRAYSIZE(Callouts));
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	driver->DriverUnload = Unload;
	return GuestBegin(driver, Callouts, ARRAYSIZE(Callouts), NULL);
}
