/* SPDX-License-Identifier: MIT */
/*
 * flow_slots - the parts of flowctx.c that classify and unregister use; for src/engine only.
 *
 * A context in use by a classify is busy: whoever removes it meanwhile leaves the deletion to that
 * classify, which finds out when it lets go.
 */
#pragma once

#include "engine/registry.h"

struct flow_slot;

/* The context of this callout at this layer, now busy; NULL: none.  Thread: the flow's owner. */
struct flow_slot *engine_flow_enter(struct engine_flow *f, uint16_t layer, uint32_t callout_id,
				    uint64_t *context);
/* Calls flow_delete if the context was removed meanwhile. */
void engine_flow_leave(struct engine_flow *f, struct flow_slot *slot);

/*
 * The callout leaves: no new contexts, and flow_delete for each that exists.  True: there were
 * some, or another thread is still deleting one.  Thread: the turn, when no call is in flight.
 */
bool engine_flows_leave(struct engine *e, struct engine_callout *c);
/* Until every flow_delete of this callout has returned. */
void engine_flows_wait(struct engine *e, struct engine_callout *c);
