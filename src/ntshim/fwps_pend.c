/* SPDX-License-Identifier: MIT */
/*
 * fwps_pend - deciding later: pended authorizations and classify handles.
 *
 * Every context and handle is a number that names a hold record of engine/pend.h, so whatever a
 * driver passes, and however often, is looked up and never followed.  Called from a classifyFn
 * (pend, acquire) or from any thread (complete, release), up to DISPATCH_LEVEL.  The engine's own
 * steps are the choices; here it is only noted which driver did what with which number, so that a
 * report can name both who completed an operation first and who did it again.
 */
#include <fwpsk.h>

#include "base/sched.h"
#include "engine/pend.h"
#include "ntshim/shim.h"

static void note(const char *function, uint64_t handle)
{
	sched_note(function, (const void *)(uintptr_t)handle, SIM_SYNC_NONE);
}

static struct engine_classify_out out_from_public(const FWPS_CLASSIFY_OUT0 *out)
{
	return (struct engine_classify_out){
		.action = out->actionType,
		.out_context = out->outContext,
		.filter_id = out->filterId,
		.rights = out->rights,
		.flags = out->flags,
	};
}

NTSTATUS FwpsPendOperation0(HANDLE completion, HANDLE *context)
{
	uint64_t handle;
	wfp_err err;

	if (!nt_irql_ok(DISPATCH_LEVEL, "FwpsPendOperation0"))
		return STATUS_NOT_SUPPORTED;
	if (!completion || !context)
		return STATUS_FWP_NULL_POINTER;
	err = pend_operation(nt.engine, (uintptr_t)completion, &handle);
	if (err)
		return nt_status(err);
	*context = (HANDLE)(uintptr_t)handle;
	note("FwpsPendOperation0", handle);
	return STATUS_SUCCESS;
}

/* The list is only advice: what is resumed is the operation's own packet. */
void FwpsCompleteOperation0(HANDLE context, PNET_BUFFER_LIST list)
{
	if (!nt_irql_ok(DISPATCH_LEVEL, "FwpsCompleteOperation0"))
		return;
	note("FwpsCompleteOperation0", (uintptr_t)context);
	pend_complete(nt.engine, (uintptr_t)context);
}

/* The classify context is the engine's frame: valid in its own classifyFn and nowhere else. */
NTSTATUS FwpsAcquireClassifyHandle0(void *context, UINT32 flags, UINT64 *handle)
{
	wfp_err err;

	if (!nt_irql_ok(DISPATCH_LEVEL, "FwpsAcquireClassifyHandle0"))
		return STATUS_NOT_SUPPORTED;
	if (!context || !handle)
		return STATUS_FWP_NULL_POINTER;
	if (context != engine_frame_current()) {
		nt_report(nt_driver_current(), ENGINE_RULE_PendOutsideClassify,
			  "FwpsAcquireClassifyHandle0");
		return STATUS_FWP_CANNOT_PEND;
	}
	err = pend_acquire(nt.engine, handle);
	if (!err)
		note("FwpsAcquireClassifyHandle0", *handle);
	return nt_status(err);
}

void FwpsReleaseClassifyHandle0(UINT64 handle)
{
	if (!nt_irql_ok(DISPATCH_LEVEL, "FwpsReleaseClassifyHandle0"))
		return;
	note("FwpsReleaseClassifyHandle0", handle);
	pend_release(nt.engine, handle);
}

NTSTATUS FwpsPendClassify0(UINT64 handle, UINT64 filter_id, UINT32 flags, FWPS_CLASSIFY_OUT0 *out)
{
	struct engine_classify_out o;
	wfp_err err;

	if (!nt_irql_ok(DISPATCH_LEVEL, "FwpsPendClassify0"))
		return STATUS_NOT_SUPPORTED;
	if (!out)
		return STATUS_FWP_NULL_POINTER;
	o = out_from_public(out);
	note("FwpsPendClassify0", handle);
	err = pend_classify(nt.engine, handle, filter_id, &o);
	out->actionType = o.action;
	out->rights = o.rights;
	out->flags = o.flags;
	return nt_status(err);
}

void FwpsCompleteClassify0(UINT64 handle, UINT32 flags, const FWPS_CLASSIFY_OUT0 *out)
{
	struct engine_classify_out o;

	if (!nt_irql_ok(DISPATCH_LEVEL, "FwpsCompleteClassify0"))
		return;
	if (out)
		o = out_from_public(out);
	note("FwpsCompleteClassify0", handle);
	pend_complete_classify(nt.engine, handle, out ? &o : NULL);
}
