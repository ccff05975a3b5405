/* SPDX-License-Identifier: MIT */
/*
 * authorize - ALE: asking for a flow's authorization, waiting for it, and asking again.
 *
 * The states are those of ale.h.  A question that is pended holds the flow: it can neither time out
 * nor be evicted until every callout has let go.  All functions: the flow's worker.
 */
#pragma once

#include "engine/ledger.h"
#include "stack/way.h"

/* WAY_TRACK: finds or opens the flow, follows TCP, and queues behind a held authorization. */
enum way_move authorize_track(struct journey *j);
/* WAY_AUTHORIZE: asks if nobody was asked yet, or if the policy has changed since. */
enum way_move authorize_packet(struct journey *j);
/* WAY_ESTABLISH: indicates FLOW_ESTABLISHED once. */
enum way_move authorize_establish(struct journey *j);

/* The ledger's word about the packet that asked. */
void authorize_decided(struct stack_worker *w, struct flow *f, enum ledger_decision decision,
		       const struct port_reason *why);
/*
 * A clone of the packet that asked is about to go on in its place.  True: the caller walks the
 * clone and then calls authorize_resume_queue; until then the flow stays.  False: others still hold
 * the operation, so the clone will wait behind it.
 */
MUST_CHECK bool authorize_replaced(struct flow *f);
void authorize_resume_queue(struct stack_worker *w, struct flow *f);

/* The local endpoint, or the connection, is gone. */
void authorize_close(struct stack_worker *w, struct flow *f, const char *what);
/* flow_config.closed: the last of a flow. */
void authorize_flow_closed(void *worker, struct flow *f, enum flow_end why);
