/* SPDX-License-Identifier: MIT */
/*
 * packet - one IP packet on its way through the stack, from a port's hands back into them.
 *
 * A packet with a port is answered exactly once: stack_port_ops.verdict is called with ACCEPT or
 * DROP, then the token is spent.  The answer may be moved to the clone that goes on in its place
 * (packet_move_token), so that whatever drivers do, the port hears one answer per packet it gave.
 *
 * Counted references: the stack, a ledger entry and every net buffer list that shows or stems from
 * the packet hold one each.  Contents are written by the owning worker only, before the packet is
 * shown to callouts; a driver that changes bytes changes its clone.
 */
#pragma once

#include "base/atomic.h"
#include "base/err.h"
#include "base/list.h"
#include "engine/engine.h"
#include "stack/headers.h"
#include "stack/letter.h"

struct stack_port;
struct stack_worker;
struct ledger_entry;
struct flow;

enum packet_hook { PACKET_IN, PACKET_OUT, PACKET_FORWARD, PACKET_HOOKS };

/* Where an injected packet enters the stack. */
enum packet_entry {
	PACKET_ENTRY_WIRE,	/* not injected */
	PACKET_ENTRY_NETWORK,	/* IPPACKET, in or out */
	PACKET_ENTRY_TRANSPORT, /* TRANSPORT, in or out */
	PACKET_ENTRY_FORWARD,	/* IPFORWARD */
};

/*
 * One struct packet has at most one ledger entry in its life: if callouts keep something of it when
 * it goes on, a copy goes on.  [W] owning worker   [A] atomic
 */
struct packet_hold {
	struct stack_worker *worker; /* [W] set before the entry is opened */
	struct flow *flow;	     /* [W] NULL: none */
	uint8_t step;		     /* [W] the step of its way at which it stopped or goes on */
	bool open;		     /* [W] absorbed or pended, and nothing decided yet */
	bool by_op;		     /* [W] the pended operation is one of the holders */
	bool had_sender;	     /* [W] when it was held, its local socket was there */
	bool claimed;		     /* [W] when the classify returned, somebody had a claim */
	struct letter letter;	     /* sent with the decision; the packet's own may be under way */
	uint8_t decision;	     /* enum ledger_decision, written before the letter is sent */
	uint8_t n_seen;		     /* [W] seen.n when it was held */
	uint32_t by_callout;	     /* as decision */
	struct atom32 posted;	     /* [A] the letter was sent */
	struct atom32 released;	     /* [A] the entry no longer refers to the packet */
};

/* [I] after it was indicated or injected   [A] atomic   [W] owning worker */
struct packet {
	struct atom32 refs;   /* [A] */
	struct letter letter; /* [W] the way to the owning worker */
	struct list queued;   /* [W] in one queue: behind a held authorization, or of fragments */
	struct stack_port *port;	  /* [W] NULL: no answer is owed */
	uint64_t token;			  /* [W] the port's own name for it */
	enum packet_hook hook;		  /* [I] */
	uint32_t in_ifindex, out_ifindex; /* [I] 0: unknown */
	uint32_t uid;			  /* [I] of the local endpoint; PACKET_UID_UNKNOWN */
	uint64_t time;			  /* [I] ns, the port's clock */
	bool checksum_pending;		  /* [I] transport checksum is left to the hardware */
	bool loopback;			  /* [I] both ends are this host */
	bool tracked;	  /* [W] its flow has counted it; a clone is not counted again */
	bool stray;	  /* [W] TCP: outside its connection's window, no part of the stream */
	struct headers h; /* [I] filled by headers_parse */

	/* Injection. */
	enum packet_entry entry;     /* [I] */
	uint64_t injected_by;	     /* [I] injection handle of the last injector; 0: none */
	uint32_t injected_by_driver; /* [I] whose it is; 0: none */
	uint64_t injected_before[ENGINE_SEEN_MAX]; /* [I] handles of earlier injectors */
	uint8_t n_injected_before;
	uint64_t injection_context; /* [I] the last injector's own */
	struct engine_seen seen;    /* [I] callouts that absorbed an ancestor */
	struct ledger_entry
		*ledger;	 /* [W] of this packet's one hold; others need a claim to look */
	struct packet_hold hold; /* where it stopped, and what became of the entry */
	struct packet *origin;	 /* [I] the packet that this clone stems from; a reference */
	bool modified;		 /* [I] the bytes are not those that the port gave */

	/* The answer, on its way to the port's worker. */
	uint8_t answer; /* [W] enum port_verdict */
	uint16_t answer_layer;
	const char *answer_what;
	struct engine_verdict answer_verdict;

	/* A reassembled datagram answers for the pieces that it was made of; a reference each. */
	struct packet *pieces;	   /* [W] */
	struct packet *next_piece; /* [W] */

	uint32_t len, room; /* [W] bytes used, bytes after them */
	uint8_t *data;	    /* [W] the IP header first; in store, behind the head room */
	uint8_t store[];
};
#define PACKET_UID_UNKNOWN UINT32_MAX
#define PACKET_HEAD_ROOM   128u

/*
 * One reference, at most HEADERS_MAX_LEN bytes: copied, or left for the caller to write.  Headers
 * are not parsed.  ERR_INVALID_PARAMETER: too long.  ERR_NO_MEMORY.
 */
MUST_CHECK wfp_err packet_create(struct packet **out, const void *bytes, uint32_t len);
MUST_CHECK wfp_err packet_create_blank(struct packet **out, uint32_t len);
struct packet *packet_get(struct packet *p);
void packet_put(struct packet *p); /* the last put of a packet that still owes an answer is a bug */
/* The port hears the answer through `to` from now on. */
void packet_move_token(struct packet *to, struct packet *from);
/* Where and how it was seen: hook, interfaces, uid, time, loopback, checksum left to hardware. */
void packet_copy_facts(struct packet *to, const struct packet *from);
/* Bytes that may be put in front of data. */
static inline uint32_t packet_head_room(const struct packet *p)
{
	return (uint32_t)(p->data - p->store);
}
