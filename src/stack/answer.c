/* SPDX-License-Identifier: MIT */
/*
 * answer - see answer.h; called wherever a packet's way ends, on the worker that handles it.
 */
#include "stack/answer.h"

#include "stack/worker.h"

bool answer_is_owed(const struct packet *p)
{
	return p->port || p->pieces;
}

static void tell_port(struct packet *p)
{
	const struct port_reason why = {
		.layer = p->answer_layer,
		.verdict = p->answer_verdict,
		.what = p->answer_what,
	};
	struct stack_port *port = p->port;

	p->port = NULL;
	port->ops->verdict(port, p, (enum port_verdict)p->answer, p->modified, &why);
}

static void open_answer(UNUSED struct stack_worker *w, struct letter *l)
{
	struct packet *p = CONTAINER_OF(l, struct packet, letter);

	tell_port(p);
	packet_put(p);
}

static void give_one(struct stack_worker *w, struct packet *p, enum port_verdict v,
		     const struct port_reason *why)
{
	p->answer = (uint8_t)v;
	p->answer_layer = why->layer;
	p->answer_verdict = why->verdict;
	p->answer_what = why->what;
	if (p->port->worker == w) {
		tell_port(p);
		return;
	}
	p->letter.open = open_answer;
	worker_send(packet_get(p)->port->worker, &p->letter);
}

/* The first piece's answer carries the whole datagram's bytes. */
static void carry(struct stack_worker *w, struct packet *whole, struct packet *piece,
		  const struct port_reason *why)
{
	packet_move_token(whole, piece);
	give_one(w, whole, PORT_ACCEPT, why);
}

static void give_pieces(struct stack_worker *w, struct packet *p, enum port_verdict v,
			const struct port_reason *why)
{
	struct packet *piece = p->pieces;
	bool replaced = v == PORT_ACCEPT && p->modified;

	p->pieces = NULL;
	if (replaced)
		carry(w, p, piece, why);
	while (piece) {
		struct packet *next = piece->next_piece;

		if (piece->port) /* else it has just been carried */
			give_one(w, piece, replaced ? PORT_DROP : v, why);
		packet_put(piece);
		piece = next;
	}
}

void answer_give(struct stack_worker *w, struct packet *p, enum port_verdict v,
		 const struct port_reason *why)
{
	if (!answer_is_owed(p))
		return;
	if (v == PORT_ACCEPT)
		w->count.permitted++;
	else
		w->count.blocked++;
	if (p->pieces)
		give_pieces(w, p, v, why);
	else
		give_one(w, p, v, why);
}

void answer_move(struct packet *to, struct packet *from)
{
	to->modified |= from->modified;
	if (from->port)
		packet_move_token(to, from);
	to->pieces = from->pieces;
	from->pieces = NULL;
}
