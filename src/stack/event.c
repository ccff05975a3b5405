/* SPDX-License-Identifier: MIT */
/*
 * event - the journey and the verdict as a net event, the flow as a connection; see event.h.
 *
 * A drop is told once per classify that blocks.  What is dropped later because the flow remembers
 * that block, or because it is malformed or closed, was not decided by policy there and then, and
 * is counted by the stack alone.
 */
#include "stack/event.h"

#include "base/clock.h"
#include "engine/flowctx.h"
#include "model/token.h"
#include "stack/owner.h"

#include <string.h>

#define AUTHORITY_UNIX	     22u
#define UNIX_USER	     1u
#define REASON_POLICY_CHANGE 0x1u /* FWP_CONDITION_REAUTHORIZE_REASON_* */

/* All of them. */
static bool is_wanted(const struct stack_worker *w, uint32_t wants)
{
	const struct stack_sink *sink = w->stack->config.sink;

	return sink && (atom32_load_relaxed(&sink->wanted) & wants) == wants;
}

struct engine_trail *event_trail(struct stack_worker *w, uint16_t layer)
{
	const struct stack_sink *sink = w->stack->config.sink;
	const uint32_t any = STACK_WANT_DROPS | STACK_WANT_ALLOWS;

	event_forget_trail(w);
	w->trail_layer = layer;
	return sink && (atom32_load_relaxed(&sink->wanted) & any) ? &w->trail : NULL;
}

void event_forget_trail(struct stack_worker *w)
{
	w->trail.n = w->trail.more = 0;
}

/* ---- the event ------------------------------------------------------------------------------ */

/* What must be wanted besides the kind of event itself. */
static uint32_t wants_of(const struct packet *p)
{
	if (p->hook != PACKET_IN)
		return 0;
	if (headers_addr_is_multicast(p->h.version, &p->h.dst))
		return STACK_WANT_INBOUND_MULTICAST;
	if (headers_addr_is_broadcast(p->h.version, &p->h.dst))
		return STACK_WANT_INBOUND_BROADCAST;
	return 0;
}

static bool is_icmp(const struct headers *h)
{
	return h->protocol == HEADERS_ICMP || h->protocol == HEADERS_ICMPV6;
}

static union model_address address_of(const union headers_addr *addr)
{
	union model_address a;

	STATIC_ASSERT(sizeof(a) == sizeof(*addr), "the same bytes");
	memcpy(&a, addr, sizeof(a));
	return a;
}

/* A forwarded packet has no local end: its sender stands there, as if it left from here. */
static struct layer_ends ends_of(const struct packet *p)
{
	struct layer_ends ends = layers_ends(p);

	if (p->hook != PACKET_FORWARD)
		return ends;
	ends.local = p->h.src;
	ends.remote = p->h.dst;
	if (!is_icmp(&p->h)) {
		ends.local_port = p->h.src_port;
		ends.remote_port = p->h.dst_port;
	}
	return ends;
}

static void put_ends(struct model_netevent *e, const struct packet *p)
{
	const struct layer_ends ends = ends_of(p);

	e->local = address_of(&ends.local);
	e->remote = address_of(&ends.remote);
	e->flags |= MODEL_NETEVENT_HAS_LOCAL_ADDRESS | MODEL_NETEVENT_HAS_REMOTE_ADDRESS;
	e->ifindex = ends.ifindex;
	if (p->h.has_transport) {
		e->local_port = ends.local_port;
		e->remote_port = ends.remote_port;
		e->flags |= MODEL_NETEVENT_HAS_LOCAL_PORT | MODEL_NETEVENT_HAS_REMOTE_PORT;
	}
	if (p->h.version == 6 && headers_addr_is_link_local(6, &ends.remote) && ends.ifindex) {
		e->scope_id = ends.ifindex;
		e->flags |= MODEL_NETEVENT_HAS_SCOPE_ID;
	}
}

static void put_packet(struct model_netevent *e, const struct packet *p)
{
	static const uint32_t directions[PACKET_HOOKS] = {
		[PACKET_IN] = MODEL_NETEVENT_IN,
		[PACKET_OUT] = MODEL_NETEVENT_OUT,
		[PACKET_FORWARD] = MODEL_NETEVENT_FORWARD,
	};
	const bool v6 = p->h.version == 6;

	e->flags |= MODEL_NETEVENT_HAS_IP_VERSION | MODEL_NETEVENT_HAS_PROTOCOL;
	e->ip = v6 ? MODEL_NETEVENT_V6 : MODEL_NETEVENT_V4;
	e->af = v6 ? MODEL_NETEVENT_AF_INET6 : MODEL_NETEVENT_AF_INET;
	e->protocol = p->h.protocol;
	e->loopback = p->loopback;
	e->direction = directions[p->hook];
	put_ends(e, p);
}

/* The owner of the local endpoint: the packet says, or its flow remembers. */
static void put_user(struct model_netevent *e, const struct journey *j)
{
	struct model_token_sid user;
	uint32_t at = 0;

	if (j->p->uid != PACKET_UID_UNKNOWN) {
		sid_make(&e->user, AUTHORITY_UNIX, 2, (const uint32_t[]){UNIX_USER, j->p->uid});
		e->flags |= MODEL_NETEVENT_HAS_USER;
	} else if (j->flow && j->flow->ale.token &&
		   model_token_next(j->flow->ale.token, &at, &user)) {
		memcpy(e->user.bytes, user.sid, sid_size(user.sid, SID_MAX));
		e->flags |= MODEL_NETEVENT_HAS_USER;
	}
}

/* The event borrows the flow's reference. */
static void put_app(struct model_netevent *e, const struct journey *j)
{
	if (!j->flow || !j->flow->ale.app)
		return;
	e->app = j->flow->ale.app;
	e->flags |= MODEL_NETEVENT_HAS_APP;
}

static void put_verdict(struct model_netevent *e, const struct journey *j, uint16_t layer,
			const struct engine_verdict *v)
{
	const struct engine_trail *trail = &j->w->trail;

	e->filter_id = v->filter_id;
	e->callout_id = v->callout_id;
	e->layer = layer;
	e->veto = v->veto;
	if (j->w->trail_layer != layer)
		return;
	e->n_words = trail->n;
	e->more_words = trail->more;
	memcpy(e->words, trail->words, trail->n * sizeof(e->words[0]));
}

static bool is_ale(uint16_t layer)
{
	return layer >= MODEL_LAYER_ALE_AUTH_RECV_ACCEPT_V4 &&
	       layer < MODEL_LAYER_ALE_FLOW_ESTABLISHED_V4;
}

static void tell(const struct journey *j, enum model_netevent_type type, uint16_t layer,
		 const struct engine_verdict *v)
{
	struct stack_sink *sink = j->w->stack->config.sink;
	struct model_netevent e = {.time = clock_wall(), .type = type};

	owner_learn(j, ENGINE_LOOKS_AT_USER | ENGINE_LOOKS_AT_APP);
	put_packet(&e, j->p);
	put_user(&e, j);
	put_app(&e, j);
	put_verdict(&e, j, layer, v);
	if (j->flow && j->flow->ale.permitted && is_ale(layer)) {
		e.flags |= MODEL_NETEVENT_IS_REAUTHORIZATION;
		e.reauth_reason = REASON_POLICY_CHANGE;
	}
	sink->event(sink, &e);
}

void event_drop(const struct journey *j, uint16_t layer, const struct engine_verdict *v)
{
	if (is_wanted(j->w, STACK_WANT_DROPS | wants_of(j->p)))
		tell(j, MODEL_NETEVENT_CLASSIFY_DROP, layer, v);
}

void event_drop_no_endpoint(const struct journey *j, uint16_t layer, const struct engine_verdict *v)
{
	if (is_wanted(j->w, STACK_WANT_DROPS | STACK_WANT_NO_ENDPOINT))
		tell(j, MODEL_NETEVENT_CLASSIFY_DROP, layer, v);
}

void event_allow(const struct journey *j, uint16_t layer, const struct engine_verdict *v)
{
	if (is_wanted(j->w, STACK_WANT_ALLOWS | wants_of(j->p)))
		tell(j, MODEL_NETEVENT_CLASSIFY_ALLOW, layer, v);
}

/* ---- connections ---------------------------------------------------------------------------- */

static struct model_connection connection_of(const struct flow *f)
{
	return (struct model_connection){
		.id = engine_flow_id(f->contexts),
		.version = f->key.version,
		.protocol = f->key.protocol,
		.inbound = f->ale.inbound,
		.local_port = f->key.local_port,
		.remote_port = f->key.remote_port,
		.local = address_of(&f->key.local),
		.remote = address_of(&f->key.remote),
		.started = clock_wall(),
	};
}

void event_connection(const struct journey *j)
{
	struct flow *f = j->flow;
	struct stack_sink *sink = j->w->stack->config.sink;
	struct model_connection facts;

	if (f->told || !is_wanted(j->w, STACK_WANT_CONNECTIONS))
		return;
	f->told = true;
	facts = connection_of(f);
	f->watched = sink->opened(sink, &facts);
	event_bytes(f);
}

void event_bytes(const struct flow *f)
{
	const enum flow_dir out = f->sent_by_local ? FLOW_ORIGINAL : FLOW_REPLY;
	const enum flow_dir in = f->sent_by_local ? FLOW_REPLY : FLOW_ORIGINAL;

	if (!f->watched)
		return;
	atom64_store_relaxed(&f->watched->bytes_out, f->count[out].bytes);
	atom64_store_relaxed(&f->watched->bytes_in, f->count[in].bytes);
}

void event_closed(struct stack_worker *w, struct flow *f)
{
	struct stack_sink *sink = w->stack->config.sink;

	if (f->watched)
		sink->closed(sink, f->watched);
	f->watched = NULL;
}
