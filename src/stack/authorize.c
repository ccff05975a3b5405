/* SPDX-License-Identifier: MIT */
/*
 * authorize - the question and its answers; see authorize.h and docs/design/stack.md.
 *
 * A flow is held (flow_table_hold) exactly while ale.first is set: from the moment its question was
 * pended or absorbed until the packet that asked has gone on or was dropped and the queue behind it
 * was looked at.  resume.c has the part that runs when an answer comes.
 */
#include "stack/authorize.h"

#include "base/mem.h"
#include "engine/flowctx.h"
#include "engine/pend.h"
#include "stack/answer.h"
#include "stack/event.h"
#include "stack/held.h"
#include "stack/icmp.h"
#include "stack/indicate.h"
#include "stack/owner.h"
#include "stack/resume.h"

/* ---- following the flow --------------------------------------------------------------------- */

static struct flow *open_flow(struct journey *j, const struct flow_key *key)
{
	struct stack_worker *w = j->w;
	struct flow *f;

	if (flow_table_open(w->flows, &f, key, j->p, w->now) != ERR_OK)
		return NULL;
	ale_init(&f->ale, j->p->hook == PACKET_IN);
	if (engine_flow_open(w->stack->engine, &f->contexts) != ERR_OK) {
		flow_table_close(w->flows, f, FLOW_END_CLOSED);
		return NULL;
	}
	owner_set_user(f, j->p->uid);
	w->count.flows_opened++;
	return f;
}

void authorize_flow_closed(void *worker, struct flow *f, UNUSED enum flow_end why)
{
	struct stack_worker *w = worker;

	BUG_ON(f->ale.first || !list_empty(&f->ale.queue));
	event_closed(w, f);
	owner_forget(f);
	if (!f->contexts)
		return;
	engine_flow_close(f->contexts);
	f->contexts = NULL;
	w->count.flows_closed++;
}

/* A new connection between the ends of an old one, or of one that was refused. */
static bool is_successor(const struct flow *f, const struct headers *h, const struct tcp_step *t)
{
	const bool syn = (h->tcp_flags & (HEADERS_SYN | HEADERS_ACK)) == HEADERS_SYN;

	return t->reopened || (syn && f->ale.state == ALE_BLOCKED && !t->retransmitted_syn);
}

static struct flow *reopen(struct journey *j, struct flow *f)
{
	const struct flow_key key = f->key;

	flow_table_close(j->w->flows, f, FLOW_END_CLOSED);
	return open_flow(j, &key);
}

static enum way_move drop_for(struct journey *j, const char *what)
{
	j->why = (struct port_reason){.what = what};
	return WAY_DROP;
}

static enum way_move track_tcp(struct journey *j, enum flow_dir dir)
{
	const struct headers *h = &j->p->h;
	struct flow *f = j->flow;
	struct tcp_step t = tcp_segment(&f->tcp, dir, h, j->p->data);

	if (is_successor(f, h, &t) && !f->holds) {
		j->flow = f = reopen(j, f);
		if (!f)
			return drop_for(j, "no memory");
		dir = flow_table_use(j->w->flows, f, j->p, j->w->now);
		t = tcp_segment(&f->tcp, dir, h, j->p->data);
	}
	j->p->stray = !t.in_window;
	flow_table_retime(j->w->flows, f, j->w->now);
	if (t.closed && ale_is_held(&f->ale)) {
		authorize_close(j->w, f, "closed");
		j->flow = NULL;
		return drop_for(j, "closed");
	}
	if (t.retransmitted_syn && ale_is_held(&f->ale))
		return drop_for(j, "retransmitted");
	return WAY_ON;
}

static enum way_move wait_behind(struct journey *j)
{
	struct ale *a = &j->flow->ale;

	if (a->n_queued >= j->w->stack->config.max_held) {
		j->w->count.dropped_full++;
		return drop_for(j, "too many held");
	}
	a->n_queued++;
	worker_hold(j->w);
	j->w->count.held++;
	list_add_tail(&a->queue, &j->p->queued);
	return WAY_GONE;
}

/* A reset without a connection is an answer of the host's own, or noise; it opens nothing. */
static bool opens_nothing(const struct headers *h)
{
	return icmp_is_error(h) || (h->protocol == HEADERS_TCP && (h->tcp_flags & HEADERS_RST));
}

/* Counts the packet and follows its connection; j->flow may be another one afterwards. */
static enum way_move follow(struct journey *j)
{
	struct flow *f = j->flow;
	enum flow_dir dir;

	j->p->tracked = true;
	/* What is dropped anyway does not keep the memory of a block alive. */
	dir = f->ale.state == ALE_BLOCKED ? flow_dir_of(f, j->p)
					  : flow_table_use(j->w->flows, f, j->p, j->w->now);
	event_bytes(f);
	if (j->p->h.protocol == HEADERS_TCP && j->p->h.has_transport)
		return track_tcp(j, dir);
	return WAY_ON;
}

enum way_move authorize_track(struct journey *j)
{
	const struct flow_key key = flow_key_from(&j->p->h, j->p->hook);
	enum way_move move = WAY_ON;
	bool is_new;

	j->flow = icmp_is_error(&j->p->h) ? NULL : flow_table_find(j->w->flows, &key);
	is_new = !j->flow;
	if (is_new && opens_nothing(&j->p->h))
		return WAY_ON;
	if (is_new)
		j->flow = open_flow(j, &key);
	if (!j->flow)
		return drop_for(j, "no memory");
	if (j->flow->ale.state == ALE_CLOSED)
		return drop_for(j, "closed");
	if (is_new || !j->p->tracked)
		move = follow(j);
	if (move == WAY_ON && ale_is_held(&j->flow->ale))
		move = wait_behind(j);
	return move;
}

/* ---- asking --------------------------------------------------------------------------------- */

static enum layer_kind asked_layer(const struct ale *a)
{
	return a->inbound ? LAYER_ALE_AUTH_RECV_ACCEPT : LAYER_ALE_AUTH_CONNECT;
}

uint64_t authorize_generation(const struct journey *j)
{
	const uint16_t layer = layer_id(asked_layer(&j->flow->ale), j->p->h.version, false);

	return engine_generation(j->w->stack->engine, layer);
}

static void post_resumed(void *owner, UNUSED struct pend_op *op)
{
	struct flow *f = owner;

	worker_send(f->ale.worker, &f->ale.resumed);
}

static const struct pend_owner_ops pend_ops = {.post = post_resumed};

/* No memory for an operation: the callouts are asked all the same, but cannot pend. */
static struct pend_op *begin(struct journey *j, uint16_t layer, bool reauthorize)
{
	struct pend_op *op = NULL;

	if (pend_begin(j->w->stack->engine, PEND_ALE, layer, reauthorize, &pend_ops, j->flow,
		       &op) != ERR_OK)
		return NULL;
	return op;
}

void authorize_ask(struct journey *j, bool reauthorize, bool may_absorb, struct engine_verdict *v)
{
	struct ale *a = &j->flow->ale;
	struct engine *e = j->w->stack->engine;
	struct indicate_ale ask = {.kind = asked_layer(a), .reauthorize = reauthorize};
	const uint16_t layer = layer_id(ask.kind, j->p->h.version, false);

	a->generation = engine_generation(e, layer);
	*v = (struct engine_verdict){.outcome = ENGINE_PERMIT};
	event_forget_trail(j->w);
	if (engine_layer_empty(e, layer))
		return;
	/* A TCP connect has no packet to show: it is the application's call. */
	ask.with_packet = a->inbound || j->p->h.protocol != HEADERS_TCP;
	if (ask.with_packet && may_absorb)
		held_open(j, a->inbound ? LEDGER_DISCARD_BLOCKS : LEDGER_VERDICT_BY_OP);
	ask.ledger = may_absorb ? j->p->ledger : NULL;
	/* The letter may be sent before the classify returns: who answers it must be known. */
	a->resumed.open = resume_flow;
	a->worker = j->w;
	ask.op = begin(j, layer, reauthorize);
	indicate_authorize(j, &ask, v);
	if (v->outcome == ENGINE_PENDED)
		a->op = ask.op;
	else if (ask.op)
		pend_end(ask.op);
}

void authorize_remember(struct ale *a, const struct engine_verdict *v)
{
	a->verdict = *v;
	a->permitted |= v->outcome == ENGINE_PERMIT;
	ale_step(a, v->outcome == ENGINE_PERMIT ? ALE_EV_PERMIT : ALE_EV_BLOCK);
}

void authorize_permitted(const struct journey *j, const struct engine_verdict *v)
{
	event_allow(j, layer_id(asked_layer(&j->flow->ale), j->p->h.version, false), v);
}

void authorize_blocked(struct journey *j, const struct engine_verdict *v)
{
	indicate_blocked(j, asked_layer(&j->flow->ale), v);
}

static enum way_move hold(struct journey *j, const struct engine_verdict *v)
{
	struct ale *a = &j->flow->ale;
	const bool pended = v->outcome == ENGINE_PENDED;

	ale_step(a, pended ? ALE_EV_PEND : ALE_EV_AWAIT);
	flow_table_hold(j->w->flows, j->flow);
	worker_hold(j->w);
	a->first = j->p;
	a->verdict = *v;
	j->w->count.pended += pended;
	j->w->count.absorbed += !pended;
	held_by_ale(j, pended);
	return WAY_GONE;
}

static enum way_move ask_first(struct journey *j)
{
	struct ale *a = &j->flow->ale;
	struct engine_verdict v;

	if (a->permitted)
		j->w->count.reauthorizations++;
	ale_step(a, ALE_EV_ASK);
	authorize_ask(j, a->permitted, true, &v);
	if (v.outcome == ENGINE_PENDED || (v.outcome == ENGINE_ABSORB && j->p->ledger))
		return hold(j, &v);
	if (v.outcome == ENGINE_PERMIT)
		authorize_permitted(j, &v);
	authorize_remember(a, &v);
	if (a->state == ALE_BLOCKED)
		authorize_blocked(j, &v);
	held_settle(j->p);
	if (a->state == ALE_BLOCKED)
		return WAY_DROP;
	return held_pass_on(j) ? WAY_ON : WAY_DROP;
}

enum way_move authorize_packet(struct journey *j)
{
	const struct ale *a;

	if (!j->flow)
		return WAY_ON;
	a = &j->flow->ale;
	if (a->state == ALE_CLOSED)
		return drop_for(j, "closed");
	if (a->state == ALE_NEW || a->generation != authorize_generation(j))
		return ask_first(j);
	if (a->state == ALE_PERMITTED)
		return WAY_ON;
	j->why = (struct port_reason){
		.layer = layer_id(asked_layer(a), j->p->h.version, false),
		.verdict = a->verdict,
		.what = "",
	};
	return WAY_DROP;
}

/* What passes passes by this word, unless a later layer has one of its own. */
static void name_permit(struct journey *j)
{
	const struct ale *a = &j->flow->ale;

	if (a->verdict.outcome == ENGINE_PERMIT && a->verdict.filter_id)
		j->why = (struct port_reason){
			.layer = layer_id(asked_layer(a), j->p->h.version, false),
			.verdict = a->verdict,
			.what = "",
		};
}

enum way_move authorize_establish(struct journey *j)
{
	struct flow *f = j->flow;
	enum tcp_state complete;

	if (!f)
		return WAY_ON;
	name_permit(j);
	/* Who connects is done when the SYN-ACK arrives, who accepts with the ACK for his. */
	complete = f->ale.inbound ? TCP_ESTABLISHED : TCP_SYN_RECEIVED;
	if (f->ale.established) {
		event_connection(j);
		return WAY_ON;
	}
	if (f->key.protocol == HEADERS_TCP && f->tcp.state < complete)
		return WAY_ON;
	f->ale.established = true;
	event_connection(j);
	indicate_established(j);
	return WAY_ON;
}
