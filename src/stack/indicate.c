/* SPDX-License-Identifier: MIT */
/*
 * indicate - see indicate.h; on the worker that walks the packet, no lock held.
 */
#include "stack/indicate.h"

#include "engine/ledger.h"
#include "engine/pend.h"
#include "stack/event.h"
#include "stack/held.h"
#include "stack/icmp.h"
#include "stack/owner.h"

/* Who has the socket is shown at the layers of ALE. */
static bool shows_owner(enum layer_kind kind)
{
	return kind == LAYER_ALE_AUTH_CONNECT || kind == LAYER_ALE_AUTH_RECV_ACCEPT ||
	       kind == LAYER_ALE_FLOW_ESTABLISHED;
}

/* Runs one classify.  False: the layer has no filter, so nobody was asked. */
static bool classify(struct journey *j, const struct layer_facts *facts,
		     struct engine_indication *ind, struct engine_verdict *v)
{
	struct engine *e = j->w->stack->engine;
	const uint16_t layer = layer_id(facts->kind, j->p->h.version, facts->discard);
	struct layer_values values;

	*v = (struct engine_verdict){.outcome = ENGINE_PERMIT};
	if (engine_layer_empty(e, layer))
		return false;
	if (shows_owner(facts->kind))
		owner_learn(j, engine_layer_looks(e, layer));
	layers_fill(j->w->stack->layers, facts, &values);
	ind->layer = values.layer;
	ind->n_values = values.n;
	ind->reauthorize = facts->reauthorize;
	ind->values = values.v;
	ind->meta = &values.meta;
	ind->trail = event_trail(j->w, values.layer);
	ind->flow = facts->flow ? facts->flow->contexts : NULL;
	ind->seen = &j->p->seen;
	/* Who is not shown the packet cannot know that it is his own. */
	ind->injected_by_driver = ind->layer_data ? j->p->injected_by_driver : 0;
	engine_classify(e, ind, v);
	return true;
}

static void show_discard(struct journey *j, struct layer_facts *facts, void *data,
			 struct engine_verdict *v)
{
	struct engine_indication ind = {.layer_data = data};

	facts->discard = true;
	facts->completion_handle = 0;
	classify(j, facts, &ind, v);
}

/* A block of the policy: what the twin's filters say changes nothing. */
static void blocked(struct journey *j, enum layer_kind kind, void *data,
		    const struct engine_verdict *v)
{
	struct engine_verdict ignored;
	struct layer_facts facts = {
		.kind = kind,
		.discard_module = DISCARD_GENERAL,
		.discard_reason = DISCARD_FIREWALL_POLICY,
		.packet = j->p,
		.flow = j->flow,
	};

	j->why = (struct port_reason){
		.layer = layer_id(kind, j->p->h.version, false),
		.verdict = *v,
		.what = "",
	};
	event_drop(j, j->why.layer, v);
	show_discard(j, &facts, data, &ignored);
}

void indicate_blocked(struct journey *j, enum layer_kind kind, const struct engine_verdict *v)
{
	blocked(j, kind, j->p, v);
}

void indicate_stream_blocked(struct journey *j, struct layer_stream *data,
			     const struct engine_verdict *v)
{
	blocked(j, LAYER_STREAM, data, v);
}

/* ALE will be asked about an arriving packet whose flow is new or was authorized by older policy.
 */
static bool ale_required(const struct journey *j, enum layer_kind kind)
{
	struct engine *e = j->w->stack->engine;
	const struct flow *f = j->flow;
	enum layer_kind asked;

	if (kind != LAYER_INBOUND_TRANSPORT || icmp_is_error(&j->p->h))
		return false;
	if (!f)
		return true;
	asked = f->ale.inbound ? LAYER_ALE_AUTH_RECV_ACCEPT : LAYER_ALE_AUTH_CONNECT;
	return f->ale.state != ALE_PERMITTED ||
	       f->ale.generation != engine_generation(e, layer_id(asked, j->p->h.version, false));
}

enum way_move indicate_packet(struct journey *j, enum layer_kind kind, const struct headers *quoted)
{
	struct layer_facts facts = {
		.kind = kind,
		.packet = j->p,
		.flow = j->flow,
		.quoted = quoted,
		.reassembled = j->p->pieces && kind != LAYER_INBOUND_IPPACKET,
		.ale_required = ale_required(j, kind),
	};
	struct engine_indication ind = {.layer_data = j->p, .cache = j->w->cache};
	struct engine_verdict v;

	if (engine_layer_empty(j->w->stack->engine, layer_id(kind, j->p->h.version, false)))
		return WAY_ON;
	/* The platform forbids to absorb here while ALE has yet to be asked. */
	if (!facts.ale_required)
		held_open(j, LEDGER_DISCARD_BLOCKS);
	ind.ledger = j->p->ledger;
	classify(j, &facts, &ind, &v);
	if (v.outcome == ENGINE_ABSORB && j->p->ledger) {
		held_absorbed(j);
		return WAY_GONE;
	}
	if (v.outcome != ENGINE_PERMIT) {
		indicate_blocked(j, kind, &v);
		held_settle(j->p);
		return WAY_DROP;
	}
	if (v.filter_id)
		j->why = (struct port_reason){.layer = ind.layer, .verdict = v, .what = ""};
	held_settle(j->p);
	return held_pass_on(j) ? WAY_ON : WAY_DROP;
}

void indicate_authorize(struct journey *j, const struct indicate_ale *ask, struct engine_verdict *v)
{
	const struct layer_facts facts = {
		.kind = ask->kind,
		.reauthorize = ask->reauthorize,
		.packet = j->p,
		.flow = j->flow,
		.completion_handle = ask->op ? pend_handle(ask->op) : 0,
		.reassembled = j->p->pieces != NULL,
	};
	struct engine_indication ind = {
		.layer_data = ask->with_packet ? j->p : NULL,
		.op = ask->op,
		.ledger = ask->ledger,
	};

	classify(j, &facts, &ind, v);
}

void indicate_established(struct journey *j)
{
	const struct layer_facts facts = {
		.kind = LAYER_ALE_FLOW_ESTABLISHED,
		.packet = j->p,
		.flow = j->flow,
	};
	struct engine_indication ind = {.layer_data = j->p};
	struct engine_verdict ignored;

	classify(j, &facts, &ind, &ignored);
}

void indicate_stream(struct journey *j, struct layer_stream *data, struct engine_verdict *v)
{
	struct layer_facts facts = {.kind = LAYER_STREAM, .packet = j->p, .flow = j->flow};
	struct engine_indication ind = {.layer_data = data};

	classify(j, &facts, &ind, v);
}

bool indicate_no_endpoint(struct journey *j)
{
	const struct headers *h = &j->p->h;
	const bool tcp = h->protocol == HEADERS_TCP;
	struct layer_facts facts = {
		.kind = tcp ? LAYER_INBOUND_TRANSPORT : LAYER_INBOUND_IPPACKET,
		.packet = j->p,
		.discard_module = tcp ? DISCARD_TRANSPORT : DISCARD_NETWORK,
		.discard_reason = tcp			       ? DISCARD_ENDPOINT_NOT_FOUND
				  : h->protocol == HEADERS_UDP ? DISCARD_PORT_UNREACHABLE
							       : DISCARD_PROTOCOL_UNREACHABLE,
	};
	struct engine_verdict v;

	show_discard(j, &facts, j->p, &v);
	j->why = (struct port_reason){
		.layer = layer_id(facts.kind, h->version, true),
		.verdict = v,
		.what = "no endpoint",
	};
	if (v.outcome != ENGINE_PERMIT)
		event_drop_no_endpoint(j, j->why.layer, &v);
	return v.outcome == ENGINE_PERMIT;
}
