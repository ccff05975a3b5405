/* SPDX-License-Identifier: MIT */
/*
 * way - the steps of a packet through the stack, in the documented order.
 *
 * Each hook has a row of steps; a step lets the packet go on, drops it, or takes it out of the
 * worker's hands (absorbed, pended, queued behind a pended one, kept for reassembly, moved to
 * another worker).  Whoever brings it back names the step at which it goes on.
 */
#pragma once

#include "stack/worker.h"

enum way_step {
	WAY_END,
	WAY_IN_IPPACKET,
	WAY_REASSEMBLE,
	WAY_ENDPOINT, /* is there one?  If not, a DISCARD layer decides whether the host answers */
	WAY_IN_TRANSPORT,
	WAY_TRACK, /* find or open the flow */
	WAY_AUTHORIZE,
	WAY_ESTABLISH,
	WAY_DATA, /* STREAM, DATAGRAM_DATA or an ICMP error layer */
	WAY_OUT_TRANSPORT,
	WAY_OUT_IPPACKET,
	WAY_FORWARD,
	WAY_DELIVER,
	WAY_STEPS
};

enum way_move {
	WAY_ON,	  /* to the next step */
	WAY_DROP, /* answer DROP for the reason in j->why */
	WAY_PASS, /* deliver at once: the host answers this one itself */
	WAY_GONE, /* not ours any more */
};

/* One packet's walk, on the stack of the worker that walks it. */
struct journey {
	struct stack_worker *w;
	struct packet *p;	/* a reference */
	struct flow *flow;	/* NULL: none, or not found yet */
	uint8_t step;		/* enum way_step */
	struct port_reason why; /* of a drop */
};

/* How a walk ended. */
enum way_result { WAY_DELIVERED, WAY_BLOCKED, WAY_UNSENT, WAY_TAKEN };

/* Takes the reference to p. */
enum way_result way_run(struct stack_worker *w, struct packet *p, enum way_step from);
/* The first step for a packet that enters there. */
enum way_step way_entry(const struct packet *p);
/* Drops the packet on the journey; the reference goes, too. */
void way_drop(struct journey *j);
