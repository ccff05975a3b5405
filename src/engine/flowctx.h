/* SPDX-License-Identifier: MIT */
/*
 * flowctx - the contexts that callouts hang on a flow (FwpsFlowAssociateContext0).
 *
 * A struct engine_flow is one flow's set of contexts, created by the stack with the flow and closed
 * with it: closing calls each callout's flow_delete once.  Contexts may be added and removed by any
 * thread at any time; the flow id is a handle (slot, generation), never a pointer, so a late caller
 * gets an error.  flow_delete is never called under a lock and never twice for one context.
 */
#pragma once

#include "engine/engine.h"

MUST_CHECK wfp_err engine_flow_open(struct engine *e, struct engine_flow **out);
/* Calls flow_delete for every context left; the id is dead on return.  Thread: the owner. */
void engine_flow_close(struct engine_flow *f);
uint64_t engine_flow_id(const struct engine_flow *f);

/*
 * FWP_E_ALREADY_EXISTS (STATUS_OBJECT_NAME_EXISTS): this callout has one at this layer;
 * ERR_INVALID_PARAMETER: context 0, or a callout without flow_delete; ERR_NOT_FOUND: a stale id.
 */
MUST_CHECK wfp_err engine_flow_associate(struct engine *e, uint64_t flow_id, uint16_t layer,
					 uint32_t callout_id, uint64_t context);
/*
 * Calls flow_delete before it returns, unless a classify of that callout runs with the context:
 * ERR_IO_PENDING, and flow_delete is called when that classify returns.  ERR_NOT_FOUND: none there.
 */
MUST_CHECK wfp_err engine_flow_remove(struct engine *e, uint64_t flow_id, uint16_t layer,
				      uint32_t callout_id);
/* 0: none. */
uint64_t engine_flow_context(struct engine_flow *f, uint16_t layer, uint32_t callout_id);
