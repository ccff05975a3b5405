/* SPDX-License-Identifier: MIT */
/*
 * inject - see inject.h and docs/design/stack.md; stack_inject on any thread, the rest on the
 * worker.
 *
 * The ledger says whether a clone is the one that goes on in the packet's place.  Then it takes
 * over the answer that the packet owes, and the set of callouts that have seen it.
 */
#include "stack/inject.h"

#include "base/mem.h"
#include "engine/ledger.h"
#include "engine/report.h"
#include "stack/answer.h"
#include "stack/authorize.h"
#include "stack/held.h"

#include <string.h>

/* An injection under way; the packet's reference is in `in`. */
struct injection {
	struct letter letter;
	struct stack_injection in;
};

wfp_err inject_send(struct stack_worker *w, struct packet *p)
{
	const struct stack_port *port = w->port;

	if (!port || !port->ops->send)
		return ERR_NOT_SUPPORTED;
	return port->ops->send(w->port, p);
}

/* The clone's own history: whose it was, and who has seen it. */
static bool inherit(struct packet *clone, const struct packet *origin,
		    const struct engine_seen *seen)
{
	clone->tracked = origin->tracked;
	clone->stray = origin->stray;
	clone->seen = origin->seen;
	for (unsigned i = 0; i < seen->n; i++) {
		if (!engine_seen_add(&clone->seen, seen->callout[i]))
			return false;
	}
	return true;
}

/* The packet that the clone replaces hands over its answer; true: its flow's queue is to be
 * resumed. */
static bool replace(struct packet *clone, struct packet *origin)
{
	struct flow *f = origin->hold.flow;

	held_close(origin);
	answer_move(clone, origin);
	if (f)
		return authorize_replaced(f);
	packet_put(origin);
	return false;
}

static wfp_err walk(struct stack_worker *w, struct packet *p)
{
	static const wfp_err errors[] = {
		[WAY_DELIVERED] = ERR_OK,
		[WAY_TAKEN] = ERR_OK,
		[WAY_BLOCKED] = ERR_ACCESS_DENIED,
		[WAY_UNSENT] = ERR_NOT_SUPPORTED,
	};
	struct stack_worker *owner = worker_for_packet(w->stack, p);

	w->count.injected++;
	if (owner != w) {
		worker_move(owner, p, way_entry(p));
		return ERR_OK;
	}
	return errors[way_run(w, p, way_entry(p))];
}

static wfp_err drop_looping(struct stack_worker *w, struct packet *p)
{
	struct journey j = {.w = w, .p = p, .why = {.what = "injected in a loop"}};

	const uint32_t again = p->seen.n ? p->seen.callout[p->seen.n - 1] : 0;

	engine_report(w->stack->engine, ENGINE_RULE_InjectLoop, again, NULL, 0);
	way_drop(&j);
	return ERR_ACCESS_DENIED;
}

/* The clone goes on: in its origin's place, or as a packet of its own. */
static wfp_err go_on(struct stack_worker *w, struct injection *i, bool replaces,
		     const struct engine_seen *seen)
{
	struct packet *p = i->in.packet, *origin = p->origin;
	struct flow *f = NULL;
	bool fits = true;
	wfp_err err;

	if (origin)
		fits = inherit(p, origin, seen);
	if (replaces && replace(p, origin))
		f = origin->hold.flow;
	err = fits ? walk(w, p) : drop_looping(w, p);
	if (f)
		authorize_resume_queue(w, f);
	return err;
}

/* Others still hold the packet, or it was dropped: this clone has said what it had to say. */
static wfp_err absorb_clone(struct stack_worker *w, struct injection *i, enum ledger_inject how,
			    const struct engine_seen *seen)
{
	struct packet *origin = i->in.packet->origin;

	if (how == LEDGER_INJECT_MERGED) {
		w->count.injected_merged++;
		for (unsigned k = 0; k < seen->n; k++)
			(void)engine_seen_add(&origin->seen, seen->callout[k]);
	} else {
		w->count.injected_void++;
	}
	packet_put(i->in.packet);
	return ERR_OK;
}

static enum ledger_inject ask_ledger(const struct injection *i, struct engine_seen *seen)
{
	struct packet *origin = i->in.packet->origin;
	enum ledger_inject how;

	if (!origin || !origin->ledger)
		return LEDGER_INJECT_SEND;
	how = ledger_inject(origin->ledger, i->in.driver, i->in.modified, seen);
	/* The stack has answered in the meantime: closed, or resolved by default. */
	if (how == LEDGER_INJECT_LAST && !origin->hold.open)
		return LEDGER_INJECT_VOID;
	return how;
}

static void open_injection(struct stack_worker *w, struct letter *l)
{
	struct injection *i = CONTAINER_OF(l, struct injection, letter);
	struct engine_seen seen = {.n = 0};
	const enum ledger_inject how = ask_ledger(i, &seen);
	wfp_err err;

	if (how == LEDGER_INJECT_SEND || how == LEDGER_INJECT_LAST)
		err = go_on(w, i, how == LEDGER_INJECT_LAST, &seen);
	else
		err = absorb_clone(w, i, how, &seen);
	if (i->in.done)
		i->in.done(i->in.ctx, err);
	mem_free(i);
}

/* ---- any thread ----------------------------------------------------------------------------- */

static bool entry_fits(const struct stack_injection *in)
{
	switch (in->entry) {
	case PACKET_ENTRY_NETWORK:
	case PACKET_ENTRY_TRANSPORT:
		return in->packet->hook != PACKET_FORWARD;
	case PACKET_ENTRY_FORWARD:
		return in->packet->hook == PACKET_FORWARD;
	default:
		return false;
	}
}

static void sign(struct packet *p, const struct stack_injection *in)
{
	const struct packet *origin = p->origin;

	if (origin) {
		memcpy(p->injected_before, origin->injected_before, sizeof(p->injected_before));
		p->n_injected_before = origin->n_injected_before;
		if (origin->injected_by && p->n_injected_before < ENGINE_SEEN_MAX)
			p->injected_before[p->n_injected_before++] = origin->injected_by;
	}
	p->entry = in->entry;
	p->injected_by = in->handle;
	p->injected_by_driver = in->driver;
	p->injection_context = in->context;
	p->modified |= in->modified;
}

wfp_err stack_inject(struct stack *s, const struct stack_injection *in)
{
	struct packet *p = in->packet;
	struct stack_worker *w;
	struct injection *i;

	if (!entry_fits(in) || headers_parse(&p->h, p->data, p->len) != HEADERS_OK)
		return ERR_INVALID_PARAMETER;
	i = mem_alloc(sizeof(*i));
	if (!i)
		return ERR_NO_MEMORY;
	*i = (struct injection){.letter = {.open = open_injection}, .in = *in};
	sign(p, in);
	w = p->origin && p->origin->ledger ? p->origin->hold.worker : worker_for_packet(s, p);
	if (!worker_try_send(w, &i->letter)) {
		mem_free(i);
		return ERR_TCPIP_NOT_READY;
	}
	return ERR_OK;
}
