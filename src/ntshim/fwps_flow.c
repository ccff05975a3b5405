/* SPDX-License-Identifier: MIT */
/*
 * fwps_flow - the contexts that callouts hang on flows.
 *
 * Any thread, up to DISPATCH_LEVEL.  A flow id is a handle: of a flow that has ended it is an
 * error.
 */
#include <fwpsk.h>

#include "engine/flowctx.h"
#include "ntshim/shim.h"

NTSTATUS FwpsFlowAssociateContext0(UINT64 flow_id, UINT16 layer, UINT32 callout_id, UINT64 context)
{
	wfp_err err;

	if (!nt_irql_ok(DISPATCH_LEVEL, "FwpsFlowAssociateContext0"))
		return STATUS_NOT_SUPPORTED;
	if (context == 0)
		return STATUS_INVALID_PARAMETER;
	err = engine_flow_associate(nt.engine, flow_id, layer, callout_id, context);
	return err == ERR_ALREADY_EXISTS ? STATUS_OBJECT_NAME_EXISTS : nt_status(err);
}

NTSTATUS FwpsFlowRemoveContext0(UINT64 flow_id, UINT16 layer, UINT32 callout_id)
{
	wfp_err err;

	if (!nt_irql_ok(DISPATCH_LEVEL, "FwpsFlowRemoveContext0"))
		return STATUS_NOT_SUPPORTED;
	err = engine_flow_remove(nt.engine, flow_id, layer, callout_id);
	return err == ERR_NOT_FOUND ? STATUS_UNSUCCESSFUL : nt_status(err);
}
