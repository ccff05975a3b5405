/* SPDX-License-Identifier: MIT */
/*
 * world - a stack with an engine under it, a port that remembers, and callouts that follow a
 * script.
 *
 * Every layer of packets gets a callout that writes the layer's name into a log; a test gives some
 * of them a script.  The port checks by itself that each packet is answered exactly once.
 */
#pragma once

#include "craft.h"
#include "harness.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "engine/callout.h"
#include "engine/flowctx.h"
#include "engine/ledger.h"
#include "engine/pend.h"
#include "model/catalogue.h"
#include "stack/layers.h"
#include "stack/stack.h"

#define WORLD_MAX_PACKETS  4096u
#define WORLD_LAYERS	   56u /* the ids of packets' layers are below */
#define WORLD_MAX_CALLOUTS 64u

struct world;
struct world_callout;
typedef void world_script(struct world_callout *c, const struct engine_call *call,
			  struct engine_classify_out *out);

struct world_callout {
	struct world *world;
	struct guid key;
	uint32_t id, driver;
	uint16_t layer;
	uint64_t filter;
	world_script *script;
	/* What its script took. */
	uint64_t context;     /* of a pended operation */
	struct packet *taken; /* a reference and a claim */
	struct ledger_entry *entry;
	unsigned calls, reauthorized, completed, done;
	wfp_err pend_error, done_error;
	bool take, released;
};

struct world_answer {
	bool given, answered, modified;
	enum port_verdict verdict;
	const char *what;
	uint16_t layer;
	uint32_t len;
	uint8_t last_byte;
};

struct world {
	struct stack_port port; /* first */
	struct engine *engine;
	struct stack *stack;
	struct stack_worker *worker;
	enum port_endpoint endpoint, sender;
	struct port_owner owner; /* the program's reference is the world's */
	uint32_t sought;	 /* enum engine_look, of the last question about the owner */
	unsigned n_sought;
	struct buf log;
	bool silent;	   /* nothing is logged */
	unsigned sublayer; /* of the filters made from now on */
	uint64_t now, next_filter;
	uint64_t n_packets, n_sent;
	struct world_answer answers[WORLD_MAX_PACKETS];
	uint8_t sent_last_byte;
	struct world_callout callouts[WORLD_MAX_CALLOUTS];
	unsigned n_callouts;
	unsigned reports[ENGINE_RULES];
};

/* For the worlds that are created from now on; NULL: nobody is told. */
static UNUSED struct stack_sink *world_sink;

/* In the order in which they are asked. */
static const struct model_sublayer world_sublayers[] = {
	{.key = {.a = 0x50b1a7e1}, .weight = 300},
	{.key = {.a = 0x50b1a7e2}, .weight = 200},
	{.key = {.a = 0x50b1a7e3}, .weight = 100},
};

/* ---- the port ------------------------------------------------------------------------------- */

static inline UNUSED void world_verdict(struct stack_port *port, struct packet *p,
					enum port_verdict v, bool modified,
					const struct port_reason *why)
{
	struct world *w = CONTAINER_OF(port, struct world, port);
	struct world_answer *a = &w->answers[p->token];

	CHECK(a->given);
	CHECK(!a->answered);
	*a = (struct world_answer){
		.given = true,
		.answered = true,
		.modified = modified,
		.verdict = v,
		.what = why->what,
		.layer = why->layer,
		.len = p->len,
		.last_byte = p->data[p->len - 1],
	};
}

static inline UNUSED wfp_err world_send(struct stack_port *port, struct packet *p)
{
	struct world *w = CONTAINER_OF(port, struct world, port);

	w->n_sent++;
	w->sent_last_byte = p->data[p->len - 1];
	return ERR_OK;
}

static inline UNUSED enum port_endpoint world_endpoint(struct stack_port *port,
						       UNUSED const struct packet *p)
{
	return CONTAINER_OF(port, struct world, port)->endpoint;
}

static inline UNUSED enum port_endpoint world_sender(struct stack_port *port,
						     UNUSED const struct packet *p)
{
	return CONTAINER_OF(port, struct world, port)->sender;
}

static inline UNUSED void world_owner(struct stack_port *port, UNUSED const struct packet *p,
				      uint32_t looks, struct port_owner *out)
{
	struct world *w = CONTAINER_OF(port, struct world, port);

	w->sought = looks;
	w->n_sought++;
	*out = w->owner;
	out->app = looks & ENGINE_LOOKS_AT_APP ? model_app_get(w->owner.app) : NULL;
}

static const struct stack_port_ops world_port_ops = {
	.verdict = world_verdict,
	.send = world_send,
	.endpoint = world_endpoint,
	.sender = world_sender,
	.owner = world_owner,
};

/* ---- callouts ------------------------------------------------------------------------------- */

static inline UNUSED void world_classify(void *ctx, const struct engine_call *call,
					 struct engine_classify_out *out)
{
	struct world_callout *c = ctx;
	const struct model_layer *layer = model_layer_by_id(call->ind->layer);

	c->calls++;
	c->reauthorized += call->ind->reauthorize;
	if (!c->world->silent && !c->script) {
		const char *name = layer->name;

		if (strncmp(name, "FWPM_LAYER_", 11) == 0)
			name += 11;
		buf_printf(&c->world->log, "%s%s%s", c->world->log.len ? " " : "", name,
			   call->ind->reauthorize ? "(again)" : "");
	}
	out->action = MODEL_ACTION_CONTINUE;
	if (c->script)
		c->script(c, call, out);
}

static inline UNUSED void world_released(void *ctx)
{
	((struct world_callout *)ctx)->released = true;
}

static const struct engine_callout_ops world_callout_ops = {
	.classify = world_classify,
	.released = world_released,
};

static inline UNUSED uint64_t world_filter(struct world *w, uint16_t layer, uint32_t action,
					   const struct guid *callout, uint64_t weight)
{
	const uint64_t id = w->next_filter++;
	struct model_filter draft = {
		.key = {.a = 0xf1170000u + (uint32_t)id},
		.id = id,
		.layer = layer,
		.sublayer = world_sublayers[w->sublayer].key,
		.weight = weight,
		.requested_weight = {.type = MODEL_EMPTY},
		.action = action,
		.name = (char *)(uintptr_t) "test",
	};
	struct model_filter *f;
	struct engine_delta delta = {.add_filters = &f, .n_add_filters = 1};

	if (callout)
		draft.callout = *callout;
	CHECK_OK(model_filter_create(&f, &draft));
	CHECK_OK(engine_commit(w->engine, &delta));
	model_filter_put(f);
	return id;
}

static inline UNUSED void world_unfilter(struct world *w, uint64_t id)
{
	struct engine_delta delta = {.remove_filters = &id, .n_remove_filters = 1};

	CHECK_OK(engine_commit(w->engine, &delta));
}

/* A callout of its own driver at a layer, in a filter of this weight. */
static inline UNUSED struct world_callout *world_callout(struct world *w, uint16_t layer,
							 uint32_t action, uint64_t weight,
							 world_script *script)
{
	struct world_callout *c = &w->callouts[w->n_callouts];
	struct engine_callout_desc desc = {.ops = &world_callout_ops, .ctx = c, .name = "script"};
	struct model_callout object = {.layer = layer};
	struct engine_delta delta = {.add_callouts = &object, .n_add_callouts = 1};

	*c = (struct world_callout){.world = w, .layer = layer, .script = script};
	c->key.a = 0xca110000u + w->n_callouts;
	c->driver = desc.driver = ++w->n_callouts;
	desc.key = object.key = c->key;
	object.id = 1000 + w->n_callouts;
	CHECK_OK(engine_commit(w->engine, &delta));
	CHECK_OK(engine_callout_register(w->engine, &desc, &c->id));
	c->filter = world_filter(w, layer, action, &c->key, weight);
	return c;
}

/* A logger at every layer. */
static inline UNUSED void world_log_all(struct world *w)
{
	for (uint16_t layer = 0; layer < WORLD_LAYERS; layer++) {
		if (layer < MODEL_LAYER_ALE_RESOURCE_ASSIGNMENT_V4 ||
		    layer >= MODEL_LAYER_ALE_AUTH_RECV_ACCEPT_V4)
			world_callout(w, layer, MODEL_ACTION_CALLOUT_INSPECTION, 1000, NULL);
	}
}

static inline UNUSED struct packet *world_packet_of(const struct engine_call *call)
{
	return call->ind->layer_data;
}

static inline UNUSED void world_absorb(struct engine_classify_out *out)
{
	out->action = MODEL_ACTION_BLOCK;
	out->flags |= ENGINE_OUT_ABSORB;
	out->rights &= ~ENGINE_RIGHT_ACTION_WRITE;
}

/* As a driver that clones what it was shown. */
static inline UNUSED void world_take(struct world_callout *c, const struct engine_call *call)
{
	struct packet *p = world_packet_of(call);

	CHECK(!c->taken);
	c->taken = packet_get(p);
	c->entry = p->ledger;
	ledger_claim(c->entry, c->driver);
}

static inline UNUSED void world_let_go(struct world_callout *c)
{
	ledger_unclaim(c->entry, c->driver);
	packet_put(c->taken);
	c->taken = NULL;
}

static inline UNUSED void world_done(void *ctx, wfp_err status)
{
	struct world_callout *c = ctx;

	c->done++;
	c->done_error = status;
	world_let_go(c);
}

/* The clone of what was taken; `last`: its last byte, 0 for that of the original. */
static inline UNUSED void world_inject(struct world_callout *c, enum packet_entry entry,
				       uint8_t last)
{
	struct stack_injection in = {
		.entry = entry,
		.handle = 100 + c->driver,
		.driver = c->driver,
		.modified = last != 0,
		.done = world_done,
		.ctx = c,
	};

	CHECK_OK(packet_create(&in.packet, c->taken->data, c->taken->len));
	packet_copy_facts(in.packet, c->taken);
	in.packet->origin = packet_get(c->taken);
	if (last)
		in.packet->data[in.packet->len - 1] = last;
	CHECK_OK(stack_inject(c->world->stack, &in));
}

/* Pends what can be pended; says nothing about a reauthorization. */
static inline UNUSED void world_pend(struct world_callout *c, const struct engine_call *call,
				     struct engine_classify_out *out)
{
	if (call->ind->reauthorize)
		return;
	c->pend_error =
		pend_operation(c->world->engine, call->ind->meta->completion_handle, &c->context);
	if (c->pend_error)
		return;
	if (c->take && call->ind->layer_data)
		world_take(c, call);
	world_absorb(out);
}

static inline UNUSED void world_complete(struct world_callout *c)
{
	c->completed++;
	CHECK_OK(pend_complete(c->world->engine, c->context));
}

/* ---- the world ------------------------------------------------------------------------------ */

static inline UNUSED void world_report(void *ctx, const struct engine_report *r)
{
	((struct world *)ctx)->reports[r->rule]++;
}

static inline UNUSED void world_create_with(struct world *w, const struct engine_config *config)
{
	const struct engine_delta delta = {
		.add_sublayers = world_sublayers,
		.n_add_sublayers = ARRAY_LEN(world_sublayers),
	};
	struct stack_config stack = {.workers = 1, .cache_entries = 64, .sink = world_sink};
	struct engine_config engine = *config;

	memset(w, 0, sizeof(*w));
	w->port.ops = &world_port_ops;
	w->endpoint = PORT_ENDPOINT_EXISTS;
	w->owner.uid = PACKET_UID_UNKNOWN;
	w->next_filter = 1;
	engine.report = world_report;
	engine.report_ctx = w;
	CHECK_OK(engine_create(&w->engine, &engine));
	CHECK_OK(engine_commit(w->engine, &delta));
	stack.engine = w->engine;
	CHECK_OK(stack_create(&w->stack, &stack));
	w->port.worker = w->worker = stack_worker(w->stack, 0);
	stack_worker_enter(w->worker);
}

static inline UNUSED struct world *world_create(void)
{
	struct world *w = mem_alloc(sizeof(*w));

	BUG_ON(!w);
	world_create_with(w, &(struct engine_config){0});
	return w;
}

/* Takes turns until nothing is under way. */
static inline UNUSED void world_turn(struct world *w)
{
	for (unsigned i = 0; i < 8; i++)
		stack_worker_poll(w->worker, w->now ? w->now : clock_now());
}

/* Gives a packet to the stack; the number by which its answer is found. */
static inline UNUSED uint64_t world_give(struct world *w, struct packet *p)
{
	uint64_t token = w->n_packets++;

	BUG_ON(token >= WORLD_MAX_PACKETS);
	w->answers[token].given = true;
	p->port = &w->port;
	p->token = token;
	stack_worker_input(w->worker, &p, 1);
	return token;
}

static inline UNUSED uint64_t world_give_and_turn(struct world *w, struct packet *p)
{
	uint64_t token = world_give(w, p);

	world_turn(w);
	return token;
}

static inline UNUSED bool world_accepted(const struct world *w, uint64_t token)
{
	return w->answers[token].answered && w->answers[token].verdict == PORT_ACCEPT;
}

static inline UNUSED bool world_dropped(const struct world *w, uint64_t token)
{
	return w->answers[token].answered && w->answers[token].verdict == PORT_DROP;
}

static inline UNUSED bool world_open(const struct world *w, uint64_t token)
{
	return !w->answers[token].answered;
}

/* The log since the last call. */
static inline UNUSED const char *world_log(struct world *w)
{
	static char text[8192];

	snprintf(text, sizeof(text), "%s", buf_str(&w->log));
	buf_reset(&w->log);
	return text;
}

/* Everything must have been answered and given back. */
static inline UNUSED void world_destroy(struct world *w)
{
	world_turn(w);
	stack_worker_flush(w->worker);
	world_turn(w);
	for (uint64_t i = 0; i < w->n_packets; i++)
		CHECK(w->answers[i].answered);
	CHECK(stack_worker_quiet(w->worker));
	stack_worker_leave(w->worker);
	stack_destroy(w->stack);
	for (unsigned i = 0; i < w->n_callouts; i++) {
		world_unfilter(w, w->callouts[i].filter);
		CHECK_OK(engine_callout_unregister(w->engine, w->callouts[i].id,
						   ENGINE_UNREGISTER_POLITE));
		CHECK(w->callouts[i].released);
	}
	engine_stop(w->engine);
	engine_destroy(w->engine);
	buf_free(&w->log);
	mem_free(w);
}
