/* SPDX-License-Identifier: MIT */
/*
 * tcp - a light tracker of one TCP connection, as a bystander sees it.
 *
 * It tells the stack when a connection is established (FLOW_ESTABLISHED is indicated then) and when
 * it is over, and which packets do not belong to it.  It keeps per side what that side has sent and
 * how far the other allows it to go; a reset counts only inside that window (RFC 5961's reason).
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
	TCP_SYN_SENT,	   /* original's SYN */
	TCP_SYN_CROSSED,   /* both sent a SYN: simultaneous open */
	TCP_SYN_RECEIVED,  /* reply's SYN-ACK */
	TCP_ESTABLISHED,
	TCP_FIN_ORIGINAL,  /* original has closed its half */
	TCP_FIN_REPLY,
	TCP_FIN_BOTH,	   /* the last ACK is awaited */
	TCP_CLOSED,	   /* done, or reset */
	TCP_STATES
};
const char *tcp_state_name(enum tcp_state s);

/* [W] all */
struct tcp_side {
	uint32_t end;	      /* sequence number after the last one sent */
	uint32_t limit;	      /* the other side's last acknowledgement plus its window */
	uint32_t fin;	      /* sequence number after the FIN; meaningful if fin_seen */
	uint32_t isn;	      /* of the SYN; meaningful if syn_seen */
	uint16_t window;      /* last announced, not scaled */
	uint8_t scale;
	bool known, syn_seen, fin_seen, fin_acked, scale_sent;
};

struct tcp_tracker {
	uint8_t state;	      /* enum tcp_state */
	bool picked_up;	      /* the handshake was never seen */
	struct tcp_side side[FLOW_DIRS];
};

/* What one segment did. */
struct tcp_step {
	bool established;     /* the handshake is complete with this segment, or is taken as such */
	bool closed;	      /* over with this segment; only retransmissions may follow */
	bool retransmitted_syn; /* a SYN or SYN-ACK seen before: no new connection */
	bool reopened;	      /* a SYN on a closed connection: treat the flow as a new one */
	bool in_window;	      /* false: does not belong here; nothing changed */
};

void tcp_init(struct tcp_tracker *t);
/* `bytes` is the packet that h was parsed from; the SYN's window scale option is read from it. */
struct tcp_step tcp_segment(struct tcp_tracker *t, enum flow_dir dir, const struct headers *h,
			    const uint8_t *bytes);

/* Which idle timeout applies. */
static inline bool tcp_is_half_open(const struct tcp_tracker *t)
{
	return t->state < TCP_ESTABLISHED || t->state > TCP_FIN_REPLY;
}
