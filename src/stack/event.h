/* SPDX-License-Identifier: MIT */
/*
 * event - what a worker tells the stack's sink: drops, allows, connections.
 *
 * Called where the decision is made, on the worker that makes it.  When nobody wants to know, each
 * function here is one load and a branch.
 */
#pragma once

#include "stack/sink.h"
#include "stack/way.h"

/*
 * Where the classify that comes next leaves its trail; NULL: nobody wants it.  The trail is good
 * until the next classify of this worker, and for events about this layer only.
 */
struct engine_trail *event_trail(struct stack_worker *w, uint16_t layer);
/* A letter begins: what was classified before has nothing to do with it. */
void event_forget_trail(struct stack_worker *w);

/* The packet on the journey is blocked at this layer. */
void event_drop(const struct journey *j, uint16_t layer, const struct engine_verdict *v);
/* Nobody listens for it, and the DISCARD layer wants the host to be silent. */
void event_drop_no_endpoint(const struct journey *j, uint16_t layer,
			    const struct engine_verdict *v);
/* ALE permits.  Before the flow remembers it: a second permit is a reauthorization. */
void event_allow(const struct journey *j, uint16_t layer, const struct engine_verdict *v);

/* A packet of an established flow: the first one to be told of makes it a connection. */
void event_connection(const struct journey *j);
/* The flow has counted a packet. */
void event_bytes(const struct flow *f);
void event_closed(struct stack_worker *w, struct flow *f);
