/* SPDX-License-Identifier: MIT */
/*
 * tcp - a light tracker of one TCP connection, as a bystander sees it.
 *
 * It tells the stack when a connection is established (FLOW_ESTABLISHED is indicated then) and when
 * it is over, and which packets do not belong to it.  It keeps per side what that side has sent and
 * how far the other allows it to go; a reset ends the connection only if its number is the one
 * that the receiver expects next, as receivers themselves have it since RFC 5961.
 * Owned by the flow; worker's thread only; no memory of its own.
 *
 * ORIGINAL is whoever sent the first packet; the drawing and the table are in tcp.c.
 */
#pragma once

#include "stack/headers.h"

/* Whose packet: that of the side that sent the flow's first one, or of the other. */
enum flow_dir { FLOW_ORIGINAL, FLOW_REPLY, FLOW_DIRS };

enum tcp_state {
	TCP_NONE,
	TCP_SYN_SENT,	  /* original's SYN */
	TCP_SYN_CROSSED,  /* both sent a SYN: simultaneous open */
	TCP_SYN_RECEIVED, /* reply's SYN-ACK */
	TCP_ESTABLISHED,
	TCP_FIN_ORIGINAL, /* original has closed its half */
	TCP_FIN_REPLY,
	TCP_FIN_BOTH, /* the last ACK is awaited */
	TCP_CLOSED,   /* done, or reset */
	TCP_STATES
};
const char *tcp_state_name(enum tcp_state s);

/* [W] all */
struct tcp_side {
	uint32_t isn;	     /* of the SYN; meaningful if syn_seen */
	uint32_t end;	     /* sequence number after the last one sent; if known */
	uint32_t fin;	     /* sequence number after the FIN; if fin_seen */
	uint32_t acked;	     /* highest that the other side acknowledged; if bounded */
	uint32_t limit;	     /* how far the other side lets this one go; if bounded */
	uint32_t max_window; /* largest that this side announced, scaled */
	uint8_t scale;
	bool known, bounded, scale_sent;
	bool syn_seen, syn_acked, fin_seen, fin_acked;
};

struct tcp_tracker {
	uint8_t state;	     /* enum tcp_state */
	bool original_local; /* the opener is this host: its SYN-ACK establishes, as on Windows */
	bool established;    /* was reported */
	bool picked_up;	     /* the handshake was never seen */
	struct tcp_side side[FLOW_DIRS];
};

/* What one segment did. */
struct tcp_step {
	bool established;	/* this segment completes the handshake, or is taken as if */
	bool closed;		/* over with this segment; only retransmissions may follow */
	bool retransmitted_syn; /* a SYN or SYN-ACK seen before: no new connection */
	bool reopened;		/* another SYN: treat the flow as over, this is a new one */
	bool in_window;		/* false: does not belong here; nothing changed */
};

/* original_local: this host sends the first packet (false for forwarded connections). */
void tcp_init(struct tcp_tracker *t, bool original_local);
/* `bytes` is the packet that h was parsed from; the SYN's window scale option is read from it. */
struct tcp_step tcp_segment(struct tcp_tracker *t, enum flow_dir dir, const struct headers *h,
			    const uint8_t *bytes);

/* Which idle timeout applies. */
static inline bool tcp_is_half_open(const struct tcp_tracker *t)
{
	return t->state < TCP_ESTABLISHED || t->state > TCP_FIN_REPLY;
}
