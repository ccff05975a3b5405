/* SPDX-License-Identifier: MIT */
/*
 * tcp - the connection as a table: state and event give the next state.
 *
 * O is the side that sent the flow's first packet, R the other.  Not drawn: RST with the expected
 * number closes from everywhere, and a first segment without SYN is taken as an open connection.
 *
 *	                    SYN of R            both SYNs acknowledged
 *	        +--> SYN_SENT -----> SYN_CROSSED ---------------+
 *	  SYN   |       | SYN-ACK                               v
 *	NONE ---+       +--------> SYN_RECEIVED ----------> ESTABLISHED
 *	                             both acknowledged       |       |
 *	                                              FIN of O       FIN of R
 *	                                                     v       v
 *	                                          FIN_ORIGINAL       FIN_REPLY
 *	                                              FIN of R |   | FIN of O
 *	                                                       v   v
 *	                                       CLOSED <------ FIN_BOTH
 *	                                               both FINs acknowledged
 *
 * Whether a segment belongs here is judged as connection tracking does: it must not reach beyond
 * what the receiver allowed, nor further back than its window, nor acknowledge what was never sent.
 */
#include "stack/tcp.h"

#include <string.h>

#define MAX_SCALE	 14u
#define SLACK_WINDOW	 66000u /* least distance back that is tolerated */
#define OPT_END		 0
#define OPT_NOP		 1
#define OPT_WINDOW_SCALE 3

enum event {
	EV_SYN_O,
	EV_SYN_R,
	EV_SYNACK, /* acknowledges the other's SYN */
	EV_OPEN,   /* both SYNs are acknowledged */
	EV_FIN_O,
	EV_FIN_R,
	EV_LAST_ACK, /* both FINs are acknowledged */
	EV_RST,
	EV_PICK_UP,
	EVENTS
};

#define STAY TCP_STATES /* the event changes nothing */

/* clang-format off */
static const uint8_t next_state[TCP_STATES][EVENTS] = {
#define ROW(syn_o, syn_r, synack, open, fin_o, fin_r, last_ack, rst, pick_up)                      \
	{TCP_##syn_o, TCP_##syn_r, TCP_##synack, TCP_##open, TCP_##fin_o,                          \
	 TCP_##fin_r, TCP_##last_ack, TCP_##rst, TCP_##pick_up}
#define TCP__ STAY
	/*                     SYN_O     SYN_R        SYNACK        OPEN         FIN_O         FIN_R      LAST_ACK  RST     PICK_UP */
	[TCP_NONE] =         ROW(SYN_SENT, _,           _,            _,           _,            _,         _,      _,      ESTABLISHED),
	[TCP_SYN_SENT] =     ROW(_,        SYN_CROSSED, SYN_RECEIVED, _,           _,            _,         _,      CLOSED, _),
	[TCP_SYN_CROSSED] =  ROW(_,        _,           _,            ESTABLISHED, _,            _,         _,      CLOSED, _),
	[TCP_SYN_RECEIVED] = ROW(_,        _,           _,            ESTABLISHED, _,            _,         _,      CLOSED, _),
	[TCP_ESTABLISHED] =  ROW(_,        _,           _,            _,           FIN_ORIGINAL, FIN_REPLY, _,      CLOSED, _),
	[TCP_FIN_ORIGINAL] = ROW(_,        _,           _,            _,           _,            FIN_BOTH,  _,      CLOSED, _),
	[TCP_FIN_REPLY] =    ROW(_,        _,           _,            _,           FIN_BOTH,     _,         _,      CLOSED, _),
	[TCP_FIN_BOTH] =     ROW(_,        _,           _,            _,           _,            _,         CLOSED, CLOSED, _),
	[TCP_CLOSED] =       ROW(_,        _,           _,            _,           _,            _,         _,      _,      _),
#undef ROW
#undef TCP__
};
/* clang-format on */

/* One segment on its way through the tracker: s sent it, r is to receive it. */
struct seg {
	struct tcp_side *s, *r;
	uint32_t seq, end, ack; /* end: after data, SYN and FIN */
	uint8_t flags;
	enum flow_dir dir;
};

static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static void step(struct tcp_tracker *t, enum event event)
{
	uint8_t next = next_state[t->state][event];

	if (next != STAY)
		t->state = next;
}

void tcp_init(struct tcp_tracker *t, bool original_local)
{
	*t = (struct tcp_tracker){.state = TCP_NONE, .original_local = original_local};
}

const char *tcp_state_name(enum tcp_state s)
{
	static const char *const names[TCP_STATES] = {
		[TCP_NONE] = "none",
		[TCP_SYN_SENT] = "syn sent",
		[TCP_SYN_CROSSED] = "syn crossed",
		[TCP_SYN_RECEIVED] = "syn received",
		[TCP_ESTABLISHED] = "established",
		[TCP_FIN_ORIGINAL] = "closed by opener",
		[TCP_FIN_REPLY] = "closed by peer",
		[TCP_FIN_BOTH] = "closing",
		[TCP_CLOSED] = "closed",
	};

	return (unsigned)s < TCP_STATES ? names[s] : "unknown";
}

/* ---- what a segment says about its sender --------------------------------------------------- */

/* The window scale option of a SYN; false: there is none. */
static bool read_scale(const struct headers *h, const uint8_t *bytes, uint8_t *scale)
{
	const uint8_t *opt = bytes + h->ip_size + 20;
	uint32_t left = h->transport_size - 20, len;

	for (; left > 0 && opt[0] != OPT_END; opt += len, left -= len) {
		len = 1;
		if (opt[0] == OPT_NOP)
			continue;
		if (left < 2 || opt[1] < 2 || opt[1] > left)
			return false;
		len = opt[1];
		if (opt[0] == OPT_WINDOW_SCALE && len == 3) {
			*scale = opt[2] < MAX_SCALE ? opt[2] : MAX_SCALE;
			return true;
		}
	}
	return false;
}

/* Scaling needs both sides' consent. */
static void take_scale(struct seg *g, const struct headers *h, const uint8_t *bytes)
{
	g->s->scale_sent = read_scale(h, bytes, &g->s->scale);
	if (g->s->scale_sent && (!g->r->syn_seen || g->r->scale_sent))
		return;
	g->s->scale = 0;
	g->r->scale = 0;
}

static void take_syn(struct seg *g, const struct headers *h, const uint8_t *bytes)
{
	g->s->isn = g->seq;
	g->s->end = g->end;
	g->s->known = true;
	g->s->syn_seen = true;
	take_scale(g, h, bytes);
}

static void take_ack(struct seg *g, uint16_t window)
{
	uint32_t size = (uint32_t)window << (g->flags & HEADERS_SYN ? 0 : g->s->scale);
	uint32_t limit = g->ack + size;

	if (size > g->s->max_window)
		g->s->max_window = size;
	if (!g->r->bounded || before(g->r->limit, limit))
		g->r->limit = limit;
	if (!g->r->bounded || before(g->r->acked, g->ack))
		g->r->acked = g->ack;
	g->r->bounded = true;
	if (!g->r->known) {
		g->r->end = g->ack;
		g->r->known = true;
	}
	if (g->r->syn_seen && before(g->r->isn, g->ack))
		g->r->syn_acked = true;
	if (g->r->fin_seen && !before(g->ack, g->r->fin))
		g->r->fin_acked = true;
}

static void take_data(struct seg *g)
{
	if (!g->s->known || before(g->s->end, g->end))
		g->s->end = g->end;
	g->s->known = true;
	if ((g->flags & HEADERS_FIN) && !g->s->fin_seen) {
		g->s->fin = g->end;
		g->s->fin_seen = true;
	}
}

/* ---- does it belong here? ------------------------------------------------------------------- */

static uint32_t tolerance(const struct tcp_side *side)
{
	return side->max_window > SLACK_WINDOW ? side->max_window : SLACK_WINDOW;
}

static bool ack_belongs(const struct seg *g)
{
	if (!(g->flags & HEADERS_ACK) || !g->r->known)
		return true;
	return !before(g->r->end, g->ack) && !before(g->ack, g->r->end - tolerance(g->s));
}

static bool data_belongs(const struct seg *g)
{
	if (g->s->bounded && before(g->s->limit, g->seq))
		return false;
	return !g->s->known || !before(g->end, g->s->end - tolerance(g->r));
}

/* Exactly what the receiver expects next, or what the sender would send next. */
static bool rst_belongs(const struct tcp_tracker *t, const struct seg *g)
{
	if (t->state == TCP_SYN_SENT && g->dir == FLOW_REPLY)
		return (g->flags & HEADERS_ACK) && g->ack == g->r->end;
	if (!g->s->known && !g->s->bounded)
		return true;
	return (g->s->bounded && g->seq == g->s->acked) || (g->s->known && g->seq == g->s->end);
}

/* ---- segments by kind ----------------------------------------------------------------------- */

static void report_established(struct tcp_tracker *t, struct tcp_step *out)
{
	bool open = t->state >= TCP_ESTABLISHED && t->state < TCP_CLOSED;

	if (t->state == TCP_SYN_RECEIVED && t->original_local)
		open = true;
	if (!open || t->established)
		return;
	t->established = true;
	out->established = true;
}

static void on_rst(struct tcp_tracker *t, struct seg *g, struct tcp_step *out)
{
	out->in_window = data_belongs(g);
	if (!rst_belongs(t, g))
		return;
	out->in_window = true;
	out->closed = t->state != TCP_NONE && t->state != TCP_CLOSED;
	step(t, EV_RST);
}

/* A SYN where one was seen already: the same again, a new attempt, or a stray. */
static bool is_repeated_syn(struct tcp_tracker *t, struct seg *g, struct tcp_step *out)
{
	bool again = g->s->syn_seen && g->s->isn == g->seq;
	bool ack = g->flags & HEADERS_ACK;

	if (t->state == TCP_CLOSED || (t->state == TCP_SYN_SENT && g->dir == FLOW_ORIGINAL)) {
		out->reopened = !again && !ack;
		out->in_window = again || !ack;
	} else if (g->s->syn_seen || t->state >= TCP_ESTABLISHED) {
		out->in_window = again;
	} else {
		return false;
	}
	out->retransmitted_syn = again;
	return true;
}

static void on_first_syn(struct tcp_tracker *t, struct seg *g, const struct headers *h,
			 const uint8_t *bytes, struct tcp_step *out)
{
	bool ack = g->flags & HEADERS_ACK;

	/* A SYN-ACK must answer a SYN that was seen. */
	if (ack && (!g->r->syn_seen || !before(g->r->isn, g->ack) || before(g->r->end, g->ack)))
		return;
	out->in_window = true;
	take_syn(g, h, bytes);
	if (ack)
		take_ack(g, h->tcp_window);
	if (ack)
		step(t, EV_SYNACK);
	else
		step(t, g->dir == FLOW_ORIGINAL ? EV_SYN_O : EV_SYN_R);
}

static void on_syn(struct tcp_tracker *t, struct seg *g, const struct headers *h,
		   const uint8_t *bytes, struct tcp_step *out)
{
	if (!is_repeated_syn(t, g, out))
		on_first_syn(t, g, h, bytes, out);
	else if (out->retransmitted_syn && (g->flags & HEADERS_ACK) && ack_belongs(g))
		take_ack(
			g,
			h->tcp_window); /* in a simultaneous open the SYN comes again with an ACK */
}

static void pick_up(struct tcp_tracker *t)
{
	t->picked_up = true;
	t->side[FLOW_ORIGINAL].scale = t->side[FLOW_REPLY].scale =
		MAX_SCALE; /* unknown: generous */
	step(t, EV_PICK_UP);
}

static void on_other(struct tcp_tracker *t, struct seg *g, const struct headers *h,
		     struct tcp_step *out)
{
	if (t->state == TCP_NONE) {
		if (!(g->flags & HEADERS_ACK))
			return;
		pick_up(t);
	}
	if (t->state == TCP_SYN_SENT || !ack_belongs(g) || !data_belongs(g))
		return;
	out->in_window = true;
	if (t->state == TCP_CLOSED)
		return;
	if (g->flags & HEADERS_ACK)
		take_ack(g, h->tcp_window);
	take_data(g);
}

/* What has become true with this segment, in the order in which it can. */
static void settle(struct tcp_tracker *t, struct tcp_step *out)
{
	const struct tcp_side *o = &t->side[FLOW_ORIGINAL], *r = &t->side[FLOW_REPLY];
	bool was_closed = t->state == TCP_CLOSED;

	if (o->syn_acked && r->syn_acked)
		step(t, EV_OPEN);
	report_established(t, out);
	if (o->fin_seen)
		step(t, EV_FIN_O);
	if (r->fin_seen)
		step(t, EV_FIN_R);
	if (o->fin_acked && r->fin_acked)
		step(t, EV_LAST_ACK);
	if (!was_closed && t->state == TCP_CLOSED)
		out->closed = true;
}

struct tcp_step tcp_segment(struct tcp_tracker *t, enum flow_dir dir, const struct headers *h,
			    const uint8_t *bytes)
{
	uint8_t flags = h->tcp_flags;
	struct seg g = {
		.s = &t->side[dir],
		.r = &t->side[dir == FLOW_ORIGINAL ? FLOW_REPLY : FLOW_ORIGINAL],
		.seq = h->tcp_seq,
		.end = h->tcp_seq + h->payload_len + !!(flags & HEADERS_SYN) +
		       !!(flags & HEADERS_FIN),
		.ack = h->tcp_ack,
		.flags = flags,
		.dir = dir,
	};
	struct tcp_step out = {0};

	if (flags & HEADERS_RST) {
		on_rst(t, &g, &out);
		return out;
	}
	if (flags & HEADERS_SYN)
		on_syn(t, &g, h, bytes, &out);
	else
		on_other(t, &g, h, &out);
	if (out.in_window && !out.reopened)
		settle(t, &out);
	return out;
}
