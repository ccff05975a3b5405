/* SPDX-License-Identifier: MIT */
/*
 * indicate - one layer sees one packet: values, classify, and the DISCARD twin when it is blocked.
 */
#pragma once

#include "stack/way.h"

struct pend_op;

/*
 * A layer where the packet may be absorbed.  WAY_GONE: it was, and the ledger has it.  j->p may be
 * another packet afterwards (held_pass_on).
 */
enum way_move indicate_packet(struct journey *j, enum layer_kind kind,
			      const struct headers *quoted);

/* One ALE question. */
struct indicate_ale {
	enum layer_kind kind;
	bool reauthorize;
	bool with_packet;   /* the layer shows the packet */
	struct pend_op *op; /* NULL: cannot be pended */
	struct ledger_entry *ledger;
};
/* Only classifies: the caller acts upon the outcome. */
void indicate_authorize(struct journey *j, const struct indicate_ale *ask,
			struct engine_verdict *v);
/* For inspection: whatever the callouts say, the packet goes on. */
void indicate_established(struct journey *j);
/* Stream data, or the end of them.  The verdict's block means the connection's. */
void indicate_stream(struct journey *j, struct layer_stream *data, struct engine_verdict *v);
void indicate_stream_blocked(struct journey *j, struct layer_stream *data,
			     const struct engine_verdict *v);
/* Nobody listens there.  True: the host may answer; false: it stays silent. */
bool indicate_no_endpoint(struct journey *j);
/* Shows a blocked packet to the layer's DISCARD twin and notes the reason in j->why. */
void indicate_blocked(struct journey *j, enum layer_kind kind, const struct engine_verdict *v);
