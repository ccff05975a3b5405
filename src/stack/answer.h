/* SPDX-License-Identifier: MIT */
/*
 * answer - a packet's one answer to the port that gave it, and how answers change hands.
 *
 * A port hears verdicts on its own worker only, so an answer found elsewhere travels as a letter.
 * A reassembled datagram answers for its pieces: all pass or all are dropped; if other bytes go on
 * in its place, the first piece carries them and the others are dropped.
 */
#pragma once

#include "stack/port.h"

/* The port is still waiting for an answer to this packet. */
bool answer_is_owed(const struct packet *p);
/* Nothing happens if no answer is owed.  The reference stays the caller's. */
void answer_give(struct stack_worker *w, struct packet *p, enum port_verdict v,
		 const struct port_reason *why);
/* `to` goes on in the place of `from`. */
void answer_move(struct packet *to, struct packet *from);
