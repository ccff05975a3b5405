/* SPDX-License-Identifier: MIT */
/*
 * sink - who is told what the stack decides, besides the port that is answered.
 *
 * The stack declares it, whoever collects net events fills it in (the base filtering engine).  All
 * functions are called on a worker, perhaps on several at once, with no lock held; they must
 * neither wait nor fail.  What nobody wants costs one load.
 */
#pragma once

#include "base/atomic.h"
#include "model/connection.h"
#include "model/netevent.h"

enum stack_want {
	STACK_WANT_DROPS = 0x1,
	STACK_WANT_ALLOWS = 0x2,
	STACK_WANT_INBOUND_MULTICAST = 0x4, /* of those: what arrives for a group */
	STACK_WANT_INBOUND_BROADCAST = 0x8,
	STACK_WANT_NO_ENDPOINT = 0x10, /* drops of packets that nobody listens for */
	STACK_WANT_CONNECTIONS = 0x20,
};

/* What a worker adds to while a connection is watched. */
struct stack_connection {
	struct atom64 bytes_in, bytes_out; /* written by the flow's worker, read by any thread */
};

struct stack_sink {
	struct atom32 wanted; /* enum stack_want, ORed; may change at any time */
	/* The event is the stack's again on return. */
	void (*event)(struct stack_sink *sink, const struct model_netevent *e);
	/* A flow was established.  NULL: not watched. */
	struct stack_connection *(*opened)(struct stack_sink *sink,
					   const struct model_connection *facts);
	/* Its flow is over; the object is the sink's again. */
	void (*closed)(struct stack_sink *sink, struct stack_connection *c);
};
