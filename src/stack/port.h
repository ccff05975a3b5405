/* SPDX-License-Identifier: MIT */
/*
 * port - the one struct through which a datapath and the stack speak.
 *
 * The stack declares it and calls up through it; src/path/... fills it in.  The datapath calls down
 * with the stack_worker_* functions of stack.h.  A port belongs to one worker and is called on that
 * worker's thread only.
 */
#pragma once

#include "model/app.h"
#include "stack/packet.h"

enum port_verdict { PORT_ACCEPT, PORT_DROP };

/* Who said so: for comments in captures and for reports. */
struct port_reason {
	uint16_t layer;
	struct engine_verdict verdict;
	const char *what; /* "", "malformed", "reassembly", "closed", "no memory", ... */
};

enum port_endpoint { PORT_ENDPOINT_UNKNOWN, PORT_ENDPOINT_EXISTS, PORT_ENDPOINT_NONE };

/* Of a local socket. */
struct port_owner {
	uint32_t uid;	       /* else PACKET_UID_UNKNOWN */
	uint32_t pid;	       /* else 0 */
	struct model_app *app; /* a reference for who asked; else NULL */
};

struct stack_port_ops {
	/* The answer for p->token.  `modified`: the bytes of p replace those that were given. */
	void (*verdict)(struct stack_port *port, struct packet *p, enum port_verdict v,
			bool modified, const struct port_reason *why);
	/*
	 * Sends a packet that answers nothing (injected from nothing, or a second clone).  NULL or
	 * ERR_NOT_SUPPORTED: this port cannot, in this direction.
	 */
	wfp_err (*send)(struct stack_port *port, struct packet *p);
	/* Is there a local endpoint for this inbound packet?  NULL: unknown. */
	enum port_endpoint (*endpoint)(struct stack_port *port, const struct packet *p);
	/*
	 * Is the local socket that sent this packet there?  NULL: unknown.  While a packet waits,
	 * some systems report its sender's end only after the answer, so the stack asks before and
	 * after.
	 */
	enum port_endpoint (*sender)(struct stack_port *port, const struct packet *p);
	/*
	 * Who has the local socket that sent this packet, or that it arrives for?  NULL: unknown.
	 * ENGINE_LOOKS_AT_APP may take milliseconds: the stack asks once per flow, and only when
	 * somebody looks (stack/owner.h).
	 */
	void (*owner)(struct stack_port *port, const struct packet *p, uint32_t looks,
		      struct port_owner *out);
};

struct stack_port {
	const struct stack_port_ops *ops; /* [I] */
	struct stack_worker *worker;	  /* [I] the only one that calls ops */
};
