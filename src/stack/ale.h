/* SPDX-License-Identifier: MIT */
/*
 * ale - what a flow has been authorized to do, and how that came about.
 *
 * The first packet of a flow asks AUTH_CONNECT (it leaves) or AUTH_RECV_ACCEPT (it arrives); the
 * answer stands for both directions until the policy of that layer changes, then the next packet of
 * either direction asks again (a reauthorization).  While a callout holds the answer, the flow's
 * packets wait in order behind the one that asked.
 *
 *	            ask                permit
 *	NEW ----------------> ASKING ---------> PERMITTED --ask again--> ASKING
 *	 ^                    ^ |  |  block        | block (at STREAM)
 *	 |              retry | |  +----------> BLOCKED ----ask again--> ASKING
 *	 |                    | | pend
 *	 |                    | +----> PENDED --close--> CLOSED
 *	 |                    +--------- | |
 *	 |                         await | | block
 *	 |      release                  v +---> BLOCKED
 *	 +----------------------- AWAITING
 *	                           | +--block--> BLOCKED
 *	                           +--close----> CLOSED
 *
 * PENDED: callouts hold the operation.  AWAITING: nobody holds it any more, but callouts have the
 * packet (RECV_ACCEPT, or an absorb): the clone that they inject is asked anew.  CLOSED: the
 * endpoint is gone; nothing passes, the flow ends as soon as nobody holds anything of it.
 *
 * Everything belongs to the flow's worker; only `resumed` is sent by others, once per operation.
 */
#pragma once

#include "base/list.h"
#include "engine/engine.h"
#include "stack/letter.h"

struct model_app;
struct packet;
struct pend_op;

enum ale_state {
	ALE_NEW,
	ALE_ASKING,
	ALE_PENDED,
	ALE_AWAITING,
	ALE_PERMITTED,
	ALE_BLOCKED,
	ALE_CLOSED
};

enum ale_event {
	ALE_EV_ASK, /* a classify begins */
	ALE_EV_PERMIT,
	ALE_EV_BLOCK,
	ALE_EV_PEND,	/* the classify was pended */
	ALE_EV_RETRY,	/* all holds are gone: ask again, on the newest policy */
	ALE_EV_AWAIT,	/* callouts have the packet; the answer comes with their clone */
	ALE_EV_RELEASE, /* the clone is here */
	ALE_EV_CLOSE	/* the endpoint is gone */
};

/* [W] all */
struct ale {
	enum ale_state state;
	bool inbound;		       /* asked at AUTH_RECV_ACCEPT; else at AUTH_CONNECT */
	bool permitted;		       /* was permitted once: asking again is a reauthorization */
	bool established;	       /* ALE_FLOW_ESTABLISHED was indicated */
	uint64_t generation;	       /* engine_generation of the layer that was asked last */
	struct engine_verdict verdict; /* who permitted or blocked */
	struct model_blob *token;      /* of the endpoint's owner; NULL: unknown */
	struct model_app *app;	       /* the program that has the endpoint; NULL: unknown */
	uint32_t pid;		       /* its process; 0: unknown */
	uint32_t sought;	       /* enum engine_look: the port was asked; see owner.h */
	struct pend_op *op;	       /* PENDED: what is held; else NULL */
	struct packet *first;	       /* the packet that asked, while it is held; a reference */
	struct list queue;	       /* packets behind it, oldest first; a reference each */
	uint32_t n_queued;
	struct stack_worker *worker; /* [I] while op exists: where `resumed` is sent to */
	struct letter resumed;	     /* sent when the last hold of op is gone */
};

/* inbound: the direction of the packet that opened the flow. */
void ale_init(struct ale *a, bool inbound);
/* Moves to the next state; an event that the state does not know is a bug of ours. */
void ale_step(struct ale *a, enum ale_event event);
/* Packets must wait: the answer, or the packet that asked, is in other hands. */
bool ale_is_held(const struct ale *a);
