/* SPDX-License-Identifier: MIT */
/*
 * way - the rows of steps, and the loop that takes them.
 *
 * The order is Microsoft's for TCP and for everything else (UDP's); what it leaves open is decided
 * in docs/design/stack.md.  Thread: the worker's.
 */
#include "stack/way.h"

#include "stack/answer.h"
#include "stack/authorize.h"
#include "stack/icmp.h"
#include "stack/indicate.h"
#include "stack/inject.h"
#include "stack/streams.h"

typedef enum way_move step_fn(struct journey *j);

/* ICMP errors have none, and pieces do not know theirs. */
static void find_flow(struct journey *j)
{
	const struct flow_key key = flow_key_from(&j->p->h, j->p->hook);

	if (!icmp_is_error(&j->p->h) && !j->p->h.is_fragment)
		j->flow = flow_table_find(j->w->flows, &key);
}

static enum way_move step_in_ippacket(struct journey *j)
{
	return indicate_packet(j, LAYER_INBOUND_IPPACKET, NULL);
}

static enum way_move step_forward(struct journey *j)
{
	return indicate_packet(j, LAYER_IPFORWARD, NULL);
}

static enum way_move step_in_transport(struct journey *j)
{
	if (!j->flow)
		find_flow(j);
	return indicate_packet(j, LAYER_INBOUND_TRANSPORT, NULL);
}

static enum way_move step_out_transport(struct journey *j)
{
	return indicate_packet(j, LAYER_OUTBOUND_TRANSPORT, NULL);
}

static enum way_move step_out_ippacket(struct journey *j)
{
	return indicate_packet(j, LAYER_OUTBOUND_IPPACKET, NULL);
}

/* Pieces wait here; the datagram goes on in their place. */
static enum way_move step_reassemble(struct journey *j)
{
	struct packet *whole, *tail = NULL;
	struct stack_worker *owner;
	struct list originals, *link;

	if (!j->p->h.is_fragment)
		return WAY_ON;
	j->w->count.fragments++;
	list_init(&originals);
	if (!fragment_add(j->w->fragments, j->p, j->w->now, &whole, &originals))
		return WAY_GONE;
	j->w->count.reassembled++;
	while ((link = list_pop_head(&originals))) {
		struct packet *piece = LIST_ENTRY(link, struct packet, queued);

		/* A driver's own: the port does not have these bytes, so it is given the whole. */
		if (!piece->port) {
			whole->modified = true;
			packet_put(piece);
			continue;
		}
		if (tail)
			tail->next_piece = piece;
		else
			whole->pieces = piece;
		tail = piece;
	}
	j->p = whole;
	owner = worker_for_packet(j->w->stack, whole);
	if (owner == j->w)
		return WAY_ON;
	worker_move(owner, whole, whole->hook == PACKET_IN ? WAY_ENDPOINT : WAY_TRACK);
	return WAY_GONE;
}

/* Several hosts are meant, so that nobody listening is nothing to report. */
static bool to_many(const struct headers *h)
{
	return headers_addr_is_multicast(h->version, &h->dst) ||
	       headers_addr_is_broadcast(h->version, &h->dst);
}

static enum way_move step_endpoint(struct journey *j)
{
	const struct headers *h = &j->p->h;
	const struct packet *asked = j->p->pieces ? j->p->pieces : j->p;
	const struct stack_port *port = asked->port;

	if (!port || !port->ops->endpoint || port->worker != j->w || to_many(h) ||
	    h->protocol == HEADERS_ICMP || h->protocol == HEADERS_ICMPV6)
		return WAY_ON;
	find_flow(j);
	if (j->flow || port->ops->endpoint((struct stack_port *)port, j->p) != PORT_ENDPOINT_NONE)
		return WAY_ON;
	return indicate_no_endpoint(j) ? WAY_PASS : WAY_DROP;
}

/* The endpoint that an error is shown with is that of the packet it quotes. */
static enum way_move show_icmp_error(struct journey *j)
{
	const bool in = j->p->hook == PACKET_IN;
	struct headers quoted;
	const bool readable = icmp_quoted(&quoted, &j->p->h, j->p->data);
	struct flow_key about;
	enum way_move move;

	if (icmp_flow_key(&about, &j->p->h, j->p->data, j->p->hook))
		j->flow = flow_table_find(j->w->flows, &about);
	move = indicate_packet(j, in ? LAYER_INBOUND_ICMP_ERROR : LAYER_OUTBOUND_ICMP_ERROR,
			       readable ? &quoted : NULL);
	j->flow = NULL;
	return move;
}

static enum way_move step_data(struct journey *j)
{
	if (icmp_is_error(&j->p->h))
		return show_icmp_error(j);
	if (j->p->h.protocol == HEADERS_TCP)
		return streams_show(j);
	return indicate_packet(j, LAYER_DATAGRAM_DATA, NULL);
}

static enum way_move step_deliver(struct journey *j)
{
	return WAY_PASS;
}

static step_fn *const step_of[WAY_STEPS] = {
	[WAY_IN_IPPACKET] = step_in_ippacket,
	[WAY_REASSEMBLE] = step_reassemble,
	[WAY_ENDPOINT] = step_endpoint,
	[WAY_IN_TRANSPORT] = step_in_transport,
	[WAY_TRACK] = authorize_track,
	[WAY_AUTHORIZE] = authorize_packet,
	[WAY_ESTABLISH] = authorize_establish,
	[WAY_DATA] = step_data,
	[WAY_OUT_TRANSPORT] = step_out_transport,
	[WAY_OUT_IPPACKET] = step_out_ippacket,
	[WAY_FORWARD] = step_forward,
	[WAY_DELIVER] = step_deliver,
};

static const uint8_t ways[PACKET_HOOKS][WAY_STEPS] = {
	[PACKET_IN] = {WAY_IN_IPPACKET, WAY_REASSEMBLE, WAY_ENDPOINT, WAY_IN_TRANSPORT, WAY_TRACK,
		       WAY_AUTHORIZE, WAY_ESTABLISH, WAY_DATA, WAY_DELIVER},
	[PACKET_OUT] = {WAY_REASSEMBLE, WAY_TRACK, WAY_AUTHORIZE, WAY_ESTABLISH, WAY_DATA,
			WAY_OUT_TRANSPORT, WAY_OUT_IPPACKET, WAY_DELIVER},
	[PACKET_FORWARD] = {WAY_FORWARD, WAY_DELIVER},
};

static const uint8_t entries[PACKET_HOOKS][PACKET_ENTRY_FORWARD + 1] = {
	[PACKET_IN] = {WAY_IN_IPPACKET, WAY_IN_IPPACKET, WAY_IN_TRANSPORT, WAY_IN_IPPACKET},
	[PACKET_OUT] = {WAY_REASSEMBLE, WAY_OUT_IPPACKET, WAY_OUT_TRANSPORT, WAY_OUT_IPPACKET},
	[PACKET_FORWARD] = {WAY_FORWARD, WAY_FORWARD, WAY_FORWARD, WAY_FORWARD},
};

enum way_step way_entry(const struct packet *p)
{
	return (enum way_step)entries[p->hook][p->entry];
}

void way_drop(struct journey *j)
{
	answer_give(j->w, j->p, PORT_DROP, &j->why);
	packet_put(j->p);
}

/* Back to the port: as its answer, or as a packet of its own. */
static enum way_result deliver(struct journey *j)
{
	wfp_err err = ERR_OK;

	if (answer_is_owed(j->p))
		answer_give(j->w, j->p, PORT_ACCEPT, &j->why);
	else
		err = inject_send(j->w, j->p);
	packet_put(j->p);
	return err ? WAY_UNSENT : WAY_DELIVERED;
}

enum way_result way_run(struct stack_worker *w, struct packet *p, enum way_step from)
{
	struct journey j = {.w = w, .p = p, .why = {.what = ""}};
	const uint8_t *step = ways[p->hook];

	while (*step != from)
		step++;
	if (from >= WAY_AUTHORIZE && from <= WAY_OUT_TRANSPORT)
		find_flow(&j);
	for (;; step++) {
		BUG_ON(*step == WAY_END);
		j.step = *step;
		switch (step_of[*step](&j)) {
		case WAY_ON:
			break;
		case WAY_PASS:
			return deliver(&j);
		case WAY_DROP:
			way_drop(&j);
			return WAY_BLOCKED;
		case WAY_GONE:
			return WAY_TAKEN;
		}
	}
}
