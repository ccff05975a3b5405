/* SPDX-License-Identifier: MIT */
/*
 * resume - the answer to a held authorization: from the operation, the ledger, or the endpoint.
 *
 * AUTH_CONNECT, and an AUTH_RECV_ACCEPT whose holders took nothing of the packet: asked once more,
 * flagged as a reauthorization, on the newest policy.  An AUTH_RECV_ACCEPT whose packet was taken
 * waits for the clone.  Runs on the flow's worker, from its mailbox.
 */
#include "stack/resume.h"

#include "engine/pend.h"
#include "stack/answer.h"
#include "stack/held.h"

/* How often the policy may change under a resumed operation before its last answer counts. */
#define MAX_RETRIES 4

static void let_flow_go(struct stack_worker *w, struct flow *f)
{
	worker_let_go(w);
	flow_table_release(w->flows, f, w->now);
}

static struct packet *take_first(struct ale *a)
{
	struct packet *p = a->first;

	a->first = NULL;
	return p;
}

static void drop_first(struct stack_worker *w, struct ale *a, const struct port_reason *why)
{
	if (a->first)
		held_drop(w, take_first(a), why);
}

static struct packet *pop_queue(struct stack_worker *w, struct ale *a)
{
	struct list *link = list_pop_head(&a->queue);

	if (!link)
		return NULL;
	a->n_queued--;
	worker_let_go(w);
	return LIST_ENTRY(link, struct packet, queued);
}

void authorize_resume_queue(struct stack_worker *w, struct flow *f)
{
	struct packet *p;

	while (!ale_is_held(&f->ale) && (p = pop_queue(w, &f->ale)))
		way_run(w, p, WAY_AUTHORIZE);
	let_flow_go(w, f);
}

/* The packet that asked goes on, then those behind it. */
static void release_first(struct stack_worker *w, struct flow *f, enum way_step step)
{
	struct journey j = {.w = w, .p = take_first(&f->ale), .flow = f};
	const bool replaced = !j.p->hold.open;

	held_close(j.p);
	if (replaced)
		packet_put(j.p);
	else if (held_pass_on(&j))
		way_run(w, j.p, step);
	else
		way_drop(&j);
	authorize_resume_queue(w, f);
}

static void block_first(struct stack_worker *w, struct flow *f, const struct engine_verdict *v)
{
	struct journey j = {.w = w, .p = f->ale.first, .flow = f};

	authorize_blocked(&j, v);
	drop_first(w, &f->ale, &j.why);
	authorize_resume_queue(w, f);
}

/* ---- the operation -------------------------------------------------------------------------- */

static void act(struct stack_worker *w, struct flow *f, const struct engine_verdict *v, bool wait)
{
	struct packet *p = f->ale.first;
	const bool permit = v->outcome == ENGINE_PERMIT;

	if (permit)
		authorize_permitted(&(struct journey){.w = w, .p = p, .flow = f}, v);
	authorize_remember(&f->ale, v);
	held_op_done(p, permit);
	if (!permit)
		block_first(w, f, v);
	else if (!wait || !p->ledger || !p->hold.open)
		release_first(w, f, WAY_ESTABLISH);
	/* else the ledger's word is under way, or callouts have yet to return the packet */
}

static void ask_again(struct stack_worker *w, struct flow *f)
{
	struct journey j = {.w = w, .p = f->ale.first, .flow = f};
	struct engine_verdict v;

	ale_step(&f->ale, ALE_EV_RETRY);
	for (unsigned i = 0; i < MAX_RETRIES; i++) {
		w->count.reauthorizations++;
		authorize_ask(&j, true, false, &v);
		BUG_ON(v.outcome == ENGINE_PENDED);
		if (f->ale.generation == authorize_generation(&j))
			break;
	}
	act(w, f, &v, true);
}

static void take_default(struct stack_worker *w, struct flow *f, const struct pend_result *r)
{
	const struct engine_verdict *asked = &f->ale.verdict;
	struct engine_verdict v = {.outcome = r->outcome, .callout_id = r->by_callout};

	/* Another sublayer had blocked for good; nothing that a holder does can change that. */
	if (asked->hard) {
		v = *asked;
		v.outcome = ENGINE_BLOCK;
	}
	act(w, f, &v, false);
}

static void await_clone(struct stack_worker *w, struct flow *f)
{
	struct packet *p = f->ale.first;
	const struct engine_verdict discarded = {.outcome = ENGINE_BLOCK,
						 .callout_id = p->hold.by_callout};

	ale_step(&f->ale, ALE_EV_AWAIT);
	if (p->hold.open) {
		held_op_done(p, true);
		return;
	}
	/* Decided while others still held the operation. */
	if (p->hold.decision == LEDGER_DROP) {
		authorize_remember(&f->ale, &discarded);
		block_first(w, f, &discarded);
	} else {
		ale_step(&f->ale, ALE_EV_RELEASE);
		release_first(w, f, WAY_ESTABLISH);
	}
}

static void end_closed(struct stack_worker *w, struct flow *f)
{
	w->count.aborted++;
	let_flow_go(w, f);
	flow_table_close(w->flows, f, FLOW_END_CLOSED);
}

void resume_flow(struct stack_worker *w, struct letter *l)
{
	struct ale *a = CONTAINER_OF(l, struct ale, resumed);
	struct flow *f = CONTAINER_OF(a, struct flow, ale);
	struct pend_result r;

	pend_resume(a->op, &r);
	pend_end(a->op);
	a->op = NULL;
	if (a->state == ALE_CLOSED)
		end_closed(w, f);
	else if (held_sender_is_gone(w, a->first))
		authorize_close(w, f, "closed");
	else if (r.revoked)
		take_default(w, f, &r);
	else if (a->first->hold.claimed && a->inbound)
		await_clone(w, f);
	else
		ask_again(w, f);
}

/* ---- the ledger ----------------------------------------------------------------------------- */

static void packet_discarded(struct stack_worker *w, struct flow *f, const struct port_reason *why)
{
	struct ale *a = &f->ale;

	switch (a->state) {
	case ALE_PENDED: /* the flow learns it when the operation ends */
		held_close(a->first);
		answer_give(w, a->first, PORT_DROP, why);
		return;
	case ALE_AWAITING:
		authorize_remember(a, &why->verdict);
		block_first(w, f, &why->verdict);
		return;
	default:
		drop_first(w, a, why);
		authorize_resume_queue(w, f);
	}
}

void authorize_decided(struct stack_worker *w, struct flow *f, enum ledger_decision decision,
		       const struct port_reason *why)
{
	struct ale *a = &f->ale;

	if (a->state == ALE_PERMITTED && decision == LEDGER_GO) {
		release_first(w, f, WAY_ESTABLISH);
	} else if (decision == LEDGER_GO && held_was_seen(a->first)) {
		ale_step(a, ALE_EV_RELEASE);
		release_first(w, f, a->inbound ? WAY_IN_TRANSPORT : WAY_AUTHORIZE);
	} else {
		packet_discarded(w, f, why);
	}
}

bool authorize_replaced(struct flow *f)
{
	struct ale *a = &f->ale;

	if (a->state == ALE_PENDED)
		return false;
	if (a->state == ALE_AWAITING)
		ale_step(a, ALE_EV_RELEASE);
	packet_put(take_first(a));
	return true;
}

/* ---- the endpoint --------------------------------------------------------------------------- */

void authorize_close(struct stack_worker *w, struct flow *f, const char *what)
{
	struct ale *a = &f->ale;
	const struct port_reason why = {.what = what};
	struct packet *p;

	if (a->state == ALE_CLOSED)
		return;
	if (!ale_is_held(a)) {
		flow_table_close(w->flows, f, FLOW_END_CLOSED);
		return;
	}
	w->count.closed_while_pended++;
	if (a->op)
		pend_cancel(a->op, PEND_REASON_CLOSED);
	ale_step(a, ALE_EV_CLOSE);
	held_op_done(a->first, false);
	drop_first(w, a, &why);
	while ((p = pop_queue(w, a)))
		held_drop(w, p, &why);
	if (!a->op)
		end_closed(w, f);
}
