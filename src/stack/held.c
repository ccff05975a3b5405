/* SPDX-License-Identifier: MIT */
/*
 * held - see held.h.
 *
 * The reference of the ledger entry is given back by `released`, on any thread; that of the hold by
 * whoever closes it, on the worker.  A decision's letter carries one more.
 */
#include "stack/held.h"

#include "stack/answer.h"
#include "stack/authorize.h"

#include <string.h>

static void open_decision(struct stack_worker *w, struct letter *l);

/* ---- called by the ledger, any thread ------------------------------------------------------- */

static void decided(void *packet, enum ledger_decision decision, uint32_t by_callout)
{
	struct packet *p = packet;

	p->hold.decision = (uint8_t)decision;
	p->hold.by_callout = by_callout;
	atom32_store_release(&p->hold.posted, 1);
	worker_send(packet_get(p)->hold.worker, &p->hold.letter);
}

static void released(void *packet)
{
	struct packet *p = packet;

	atom32_store_release(&p->hold.released, 1);
	packet_put(p);
}

static const struct ledger_owner_ops ledger_ops = {.decided = decided, .released = released};

/* ---- around a classify ---------------------------------------------------------------------- */

void held_open(struct journey *j, enum ledger_mode mode)
{
	struct packet *p = j->p;

	BUG_ON(p->ledger);
	p->hold = (struct packet_hold){.worker = j->w, .letter = {.open = open_decision}};
	atom32_init(&p->hold.posted, 0);
	atom32_init(&p->hold.released, 0);
	packet_get(p);
	if (ledger_open(j->w->stack->engine, mode, &ledger_ops, p, &p->ledger) != ERR_OK) {
		p->ledger = NULL;
		packet_put(p);
	}
}

/* Nobody has anything of the packet any more; no letter is under way.  It may be held again. */
static void forget_released(struct packet *p)
{
	if (p->ledger && atom32_load_acquire(&p->hold.released))
		p->ledger = NULL;
}

static bool letter_is_under_way(const struct packet *p)
{
	return atom32_load_acquire(&p->hold.posted);
}

void held_settle(struct packet *p)
{
	if (!p->ledger)
		return;
	ledger_settle(p->ledger, false);
	if (!letter_is_under_way(p))
		forget_released(p);
}

/* From here the decision may come; its letter is opened in a later turn. */
static void begin_hold(struct journey *j)
{
	struct packet *p = j->p;

	if (!p->ledger)
		p->hold = (struct packet_hold){.worker = j->w};
	p->hold.open = true;
	p->hold.n_seen = p->seen.n;
	worker_hold(j->w);
}

void held_absorbed(struct journey *j)
{
	struct packet *p = j->p;

	j->w->count.absorbed++;
	begin_hold(j);
	p->hold.step = j->step;
	ledger_settle(p->ledger, false);
}

/* A connection without its socket is over; a datagram was sent, whoever has closed what since. */
static enum port_endpoint sender_of(const struct stack_worker *w, const struct packet *p)
{
	if (p->hook != PACKET_OUT || p->h.protocol != HEADERS_TCP || !w->port ||
	    !w->port->ops->sender)
		return PORT_ENDPOINT_UNKNOWN;
	return w->port->ops->sender(w->port, p);
}

bool held_sender_is_gone(const struct stack_worker *w, const struct packet *p)
{
	return p->hold.had_sender && sender_of(w, p) == PORT_ENDPOINT_NONE;
}

void held_by_ale(struct journey *j, bool pended)
{
	struct packet *p = j->p;

	begin_hold(j);
	p->hold.flow = j->flow;
	p->hold.step = WAY_AUTHORIZE;
	p->hold.had_sender = pended && sender_of(j->w, p) == PORT_ENDPOINT_EXISTS;
	if (!p->ledger)
		return;
	p->hold.claimed = ledger_claimed(p->ledger);
	if (pended) {
		p->hold.by_op = true;
		ledger_hold_op(p->ledger);
	}
	ledger_settle(p->ledger, pended);
}

void held_op_done(struct packet *p, bool permit)
{
	if (!p->hold.by_op)
		return;
	p->hold.by_op = false;
	ledger_op_done(p->ledger, permit);
}

bool held_was_seen(const struct packet *p)
{
	return p->seen.n > p->hold.n_seen;
}

/* ---- going on ------------------------------------------------------------------------------- */

static struct packet *copy_packet(struct packet *p)
{
	struct packet *c;

	if (packet_create(&c, p->data, p->len) != ERR_OK)
		return NULL;
	packet_copy_facts(c, p);
	c->h = p->h;
	c->entry = p->entry;
	c->injected_by = p->injected_by;
	c->injected_by_driver = p->injected_by_driver;
	memcpy(c->injected_before, p->injected_before, sizeof(c->injected_before));
	c->n_injected_before = p->n_injected_before;
	c->injection_context = p->injection_context;
	c->seen = p->seen;
	c->tracked = p->tracked;
	c->stray = p->stray;
	answer_move(c, p);
	return c;
}

bool held_pass_on(struct journey *j)
{
	struct packet *c;

	if (!j->p->ledger)
		return true;
	c = copy_packet(j->p);
	if (!c) {
		j->why = (struct port_reason){.what = "no memory"};
		return false;
	}
	packet_put(j->p);
	j->p = c;
	return true;
}

void held_close(struct packet *p)
{
	if (!p->hold.open)
		return;
	p->hold.open = false;
	worker_let_go(p->hold.worker);
}

void held_drop(struct stack_worker *w, struct packet *p, const struct port_reason *why)
{
	held_close(p);
	answer_give(w, p, PORT_DROP, why);
	packet_put(p);
}

/* ---- a decision ----------------------------------------------------------------------------- */

static struct port_reason discarded(const struct packet *p)
{
	return (struct port_reason){
		.verdict = {.outcome = ENGINE_BLOCK, .callout_id = p->hold.by_callout},
		.what = "discarded",
	};
}

/* Absorbed below ALE: everybody has let it go on, so the step is taken again without them. */
static void absorbed_decided(struct stack_worker *w, struct packet *p)
{
	struct journey j = {.w = w, .p = p};

	const enum way_step step = (enum way_step)p->hold.step;

	held_close(p);
	j.why = discarded(p);
	if (p->hold.decision == LEDGER_GO && held_was_seen(p) && held_pass_on(&j))
		way_run(w, j.p, step);
	else
		way_drop(&j);
}

static void open_decision(struct stack_worker *w, struct letter *l)
{
	struct packet *p = CONTAINER_OF(l, struct packet, hold.letter);
	const struct port_reason why = discarded(p);

	forget_released(p);
	/* Superseded: the clone has taken its place already. */
	if (p->hold.open && p->hold.decision != LEDGER_SUPERSEDED) {
		if (p->hold.flow)
			authorize_decided(w, p->hold.flow, (enum ledger_decision)p->hold.decision,
					  &why);
		else
			absorbed_decided(w, p);
	}
	packet_put(p);
}
