/* SPDX-License-Identifier: MIT */
/*
 * held - packets that callouts have taken: the stack's side of the ledger.
 *
 * An entry is opened before each classify that may take the packet, and settled after it.  Most are
 * released at once; the others decide later, on any thread, which comes here as a letter.  One
 * struct packet has one entry in its life: when callouts keep something of a packet that goes on, a
 * copy of it goes on.  All functions: the owning worker.
 */
#pragma once

#include "engine/ledger.h"
#include "stack/way.h"

/* No memory: j->p->ledger stays NULL and the packet cannot be absorbed. */
void held_open(struct journey *j, enum ledger_mode mode);
/* The verdict was not to hold it. */
void held_settle(struct packet *p);
/* The verdict was to absorb it at this step; j->p is the ledger's. */
void held_absorbed(struct journey *j);
/* It is held by an ALE question of j->flow: pended or absorbed there. */
void held_by_ale(struct journey *j, bool pended);
/* Since it was pended, the local socket that sent it was closed. */
bool held_sender_is_gone(const struct stack_worker *w, const struct packet *p);
/* The operation that holds the packet was resolved. */
void held_op_done(struct packet *p, bool permit);
/* Since it was held, callouts have injected clones that were merged into it. */
bool held_was_seen(const struct packet *p);
/* j->p goes on; true unless there is no memory for the copy that may be needed (j->why says so). */
bool held_pass_on(struct journey *j);

/* Ends the hold here: what is decided later about the packet does not matter any more. */
void held_close(struct packet *p);
/* Drops a held packet: answer, and an end to the hold.  Takes the reference. */
void held_drop(struct stack_worker *w, struct packet *p, const struct port_reason *why);
