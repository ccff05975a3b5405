/* SPDX-License-Identifier: MIT */
/*
 * classify - one indication through all sublayers of its layer.
 *
 * Sublayers by weight, all of them; in each the matching filters by weight until one permits or
 * blocks; callouts are called, what they answer is made sound (nothing that a callout returns can
 * break the engine), and arbitrate.c says what stands.  The walk is one RCU section: policy and
 * registrations it uses stay as they are until it has ended.  Thread: the owning worker; no lock,
 * no memory.  See docs/design/arbitration.md.
 */
#include "engine/classify.h"

#include "engine/arbitrate.h"
#include "engine/cursor.h"
#include "engine/flow_slots.h"
#include "engine/ledger.h"
#include "engine/pend.h"
#include "engine/registry.h"
#include "engine/report.h"
#include "engine/trail.h"

#include "base/lock.h"
#include "base/thread.h"

/* One classify; lives on the worker's stack. */
struct walk {
	struct engine *e;
	const struct engine_indication *ind;
	struct engine_query *query;
	const struct engine_sublayer *sublayer;
	struct engine_trail *trail; /* NULL: not wanted */
	enum classify_part part;
	struct engine_arbiter arbiter;
	unsigned pends;		     /* holds that stand */
	struct engine_opinion first; /* who pended first, when pends > 0 */
	unsigned calls;
};

/* What a filter has said: go on with the next one, or its sublayer is done. */
enum said { SAID_NOTHING, SAID_OPINION, SAID_PENDED };

static bool is_flow_established(uint16_t layer)
{
	return layer == MODEL_LAYER_ALE_FLOW_ESTABLISHED_V4 ||
	       layer == MODEL_LAYER_ALE_FLOW_ESTABLISHED_V6;
}

static bool may_absorb(const struct engine_indication *ind)
{
	if (is_flow_established(ind->layer))
		return false;
	if (ind->layer != MODEL_LAYER_INBOUND_TRANSPORT_V4 &&
	    ind->layer != MODEL_LAYER_INBOUND_TRANSPORT_V6)
		return true;
	return !ind->meta || !(ind->meta->present & ENGINE_META_ALE_CLASSIFY_REQUIRED);
}

/*
 * What classifyOut holds on entry.  While the right to decide is there the action is Continue: a
 * callout that writes nothing has said nothing.  Without the right it is the action that stands, so
 * that a callout that writes nothing vetoes nothing.
 */
static struct engine_classify_out out_on_entry(const struct walk *w, const struct model_filter *f)
{
	struct engine_classify_out out = {.action = MODEL_ACTION_CONTINUE,
					  .filter_id = f->id,
					  .rights = ENGINE_RIGHT_ACTION_WRITE};

	if (!engine_arbiter_writable(&w->arbiter)) {
		out.rights = 0;
		out.action = w->arbiter.decider.action;
	} else if (w->pends > 0 && w->e->config.strict_rights) {
		out.rights = 0;
		out.action = MODEL_ACTION_BLOCK;
	}
	return out;
}

/* Block, permit or continue, whatever the callout wrote; *sound: it was a value that may be. */
static uint32_t sound_action(uint32_t filter_action, uint32_t action, bool *sound)
{
	bool decides = action == MODEL_ACTION_BLOCK || action == MODEL_ACTION_PERMIT;
	bool goes_on = action == MODEL_ACTION_CONTINUE || action == MODEL_ACTION_NONE ||
		       action == MODEL_ACTION_NONE_NO_MATCH;

	*sound = decides || (goes_on && filter_action != MODEL_ACTION_CALLOUT_TERMINATING);
	if (filter_action == MODEL_ACTION_CALLOUT_INSPECTION) {
		*sound = decides || goes_on;
		return MODEL_ACTION_CONTINUE;
	}
	if (decides)
		return action;
	return *sound ? MODEL_ACTION_CONTINUE : MODEL_ACTION_BLOCK;
}

static void call_callout(struct walk *w, struct engine_frame *frame, struct flow_slot *context)
{
	struct engine_callout *c = frame->callout;

	frame->outer = thread_slot_get(THREAD_SLOT_CLASSIFY);
	thread_slot_set(THREAD_SLOT_CLASSIFY, frame);
	lock_assert_none_held();
	sched_point("callout");
	c->ops->classify(c->ctx, frame->call, frame->out);
	sched_point("callout");
	lock_assert_none_held();
	if (context)
		engine_flow_leave(w->ind->flow, context);
	w->calls++;
}

static void opinion_init(const struct walk *w, uint64_t filter_id, struct engine_opinion *o)
{
	*o = (struct engine_opinion){
		.filter_id = filter_id,
		.sublayer_weight = w->sublayer->weight,
		.sublayer = w->sublayer->key,
	};
}

/* The filter itself permits or blocks. */
static enum said filter_says(uint32_t action, bool hard, struct engine_opinion *o)
{
	o->action = action;
	o->hard = hard;
	return SAID_OPINION;
}

static enum said unregistered_says(const struct model_filter *f, struct engine_opinion *o)
{
	if (f->action == MODEL_ACTION_CALLOUT_INSPECTION)
		return SAID_NOTHING;
	if (f->flags & MODEL_FILTER_PERMIT_IF_CALLOUT_UNREGISTERED)
		return filter_says(MODEL_ACTION_PERMIT, f->flags & MODEL_FILTER_CLEAR_ACTION_RIGHT,
				   o);
	return filter_says(MODEL_ACTION_BLOCK, true, o);
}

/* Makes the callout a holder of the packet.  False: that takes memory and there is none. */
static bool hold_packet(const struct walk *w, const struct engine_callout *c)
{
	return !w->ind->ledger || ledger_hold(w->ind->ledger, c->id, c->driver) == ERR_OK;
}

/* A block for good by somebody who has not taken the packet: there is nothing to absorb any more.
 */
static bool blocked_for_good(const struct walk *w)
{
	return w->arbiter.standing == ENGINE_STANDING_HARD_BLOCK && !w->arbiter.decider.absorb;
}

/* Block with absorb: the callout takes charge of the packet, or learns that it may not. */
static void hear_absorb(struct walk *w, const struct engine_callout *c, struct engine_opinion *o)
{
	const struct engine_indication *ind = w->ind;

	if (ind->seen && engine_seen_has(ind->seen, c->id)) {
		engine_report_callout(w->e, ENGINE_RULE_InjectLoop, c, 0);
		if (ind->ledger)
			ledger_refuse(ind->ledger, c->driver);
		o->action = MODEL_ACTION_PERMIT;
		o->hard = false;
		return;
	}
	if (!may_absorb(ind)) {
		engine_report_callout(w->e, ENGINE_RULE_AbsorbNotAllowed, c, 0);
		return;
	}
	o->absorb = !blocked_for_good(w) && hold_packet(w, c);
}

static enum said pended_says(struct walk *w, struct engine_frame *frame, struct engine_opinion *o)
{
	if (!pend_callout_returned(frame)) {
		o->action = MODEL_ACTION_BLOCK;
		o->hard = true;
		return SAID_OPINION;
	}
	/* Without memory for a holder the operation alone keeps the packet. */
	(void)hold_packet(w, frame->callout);
	if (w->pends++ == 0)
		w->first = *o;
	return SAID_PENDED;
}

/* What the callout has written, as an opinion. */
static enum said written_says(struct walk *w, struct engine_frame *frame, struct engine_opinion *o)
{
	const struct engine_classify_out *out = frame->out;
	const struct model_filter *f = frame->call->filter;
	bool absorbs = out->action == MODEL_ACTION_BLOCK && out->flags & ENGINE_OUT_ABSORB, sound;

	o->action = sound_action(f->action, out->action, &sound);
	if (!sound)
		engine_report_callout(w->e, ENGINE_RULE_BadAction, frame->callout, 0);
	if (!sound || absorbs)
		w->part = CLASSIFY_PART_OTHER;
	if (o->action == MODEL_ACTION_CONTINUE) {
		if (absorbs)
			engine_report_callout(w->e, ENGINE_RULE_AbsorbNotAllowed, frame->callout,
					      0);
		return SAID_NOTHING;
	}
	/* Without the right a permit is no more than an opinion; the right cannot be cleared again.
	 */
	o->hard = !(out->rights & ENGINE_RIGHT_ACTION_WRITE) ||
		  f->flags & MODEL_FILTER_CLEAR_ACTION_RIGHT;
	if (o->action == MODEL_ACTION_PERMIT && !(frame->rights & ENGINE_RIGHT_ACTION_WRITE))
		o->hard = false;
	if (absorbs)
		hear_absorb(w, frame->callout, o);
	return SAID_OPINION;
}

/* c NULL: nobody is registered, until somebody is. */
static void note_part(struct walk *w, const struct engine_callout *c)
{
	if (!c || !c->cacheable)
		w->part = CLASSIFY_PART_OTHER;
	else if (w->part == CLASSIFY_PART_NONE)
		w->part = CLASSIFY_PART_CACHEABLE;
}

static enum said callout_says(struct walk *w, const struct policy_filter *pf,
			      struct engine_opinion *o)
{
	const struct engine_indication *ind = w->ind;
	struct engine_callout *c = rcu_load(&pf->slot->callable);
	struct engine_call call = {.ind = ind, .filter = pf->filter, .callout_id = pf->slot->id};
	struct engine_classify_out out = out_on_entry(w, pf->filter);
	struct engine_frame frame = {.engine = w->e,
				     .call = &call,
				     .callout = c,
				     .op = ind->op,
				     .out = &out,
				     .rights = out.rights};
	struct flow_slot *context = NULL;
	enum said said;

	note_part(w, c);
	if (!c)
		return unregistered_says(pf->filter, o);
	if (ind->flow)
		context = engine_flow_enter(ind->flow, ind->layer, c->id, &call.flow_context);
	if (!context && c->flags & ENGINE_CALLOUT_CONDITIONAL_ON_FLOW)
		return SAID_NOTHING;
	o->by_callout = true;
	o->callout_id = c->id;
	call_callout(w, &frame, context);
	said = frame.pended ? pended_says(w, &frame, o) : written_says(w, &frame, o);
	thread_slot_set(THREAD_SLOT_CLASSIFY, frame.outer);
	return said;
}

static enum said ask_filter(struct walk *w, const struct engine_match *m, struct engine_opinion *o)
{
	if (m->word == RULE_CONTINUE)
		return SAID_NOTHING;
	opinion_init(w, m->id, o);
	if (m->word == RULE_ASK)
		return callout_says(w, m->filter, o);
	return filter_says(m->word == RULE_BLOCK ? MODEL_ACTION_BLOCK : MODEL_ACTION_PERMIT,
			   m->word != RULE_PERMIT, o);
}

static void leave_trail(struct engine_trail *t, const struct engine_opinion *o, bool pended)
{
	if (t->n == ARRAY_LEN(t->words)) {
		t->more += t->more < UINT8_MAX;
		return;
	}
	t->words[t->n++] = (struct model_netevent_word){
		.filter_id = o->filter_id,
		.sublayer = o->sublayer,
		.callout_id = o->callout_id,
		.action = pended ? MODEL_ACTION_BLOCK : o->action,
		.hard = o->hard || o->absorb,
		.pended = pended,
	};
}

/* The first matching filter that does not continue speaks for the sublayer. */
static enum said ask_sublayer(struct walk *w, const struct engine_sublayer *sublayer)
{
	struct engine_match match;
	struct engine_cursor cursor;
	struct engine_opinion o;
	enum said said;

	w->sublayer = sublayer;
	engine_cursor_begin(&cursor, w->query, sublayer);
	while (engine_cursor_next(&cursor, &match)) {
		said = ask_filter(w, &match, &o);
		if (said == SAID_NOTHING)
			continue;
		if (said == SAID_OPINION)
			engine_arbiter_hear(&w->arbiter, &o);
		if (w->trail)
			leave_trail(w->trail, &o, said == SAID_PENDED);
		return said;
	}
	return SAID_NOTHING;
}

static const struct engine_layer *layer_of(const struct engine_snapshot *s, uint16_t layer)
{
	return layer < MODEL_LAYERS_MAX ? s->layers[layer] : NULL;
}

static const struct engine_layer *current_layer(struct engine *e, uint16_t layer)
{
	return layer_of(rcu_load(&e->snapshot), layer);
}

static void walk_sublayers(struct walk *w, const struct engine_layer *layer)
{
	for (uint32_t i = 0; layer && i < layer->n_sublayers; i++)
		if (ask_sublayer(w, &layer->sublayers[i]) == SAID_PENDED &&
		    w->e->config.join == ENGINE_JOIN_FREEZE)
			break;
}

/* Inside a section. */
static void walk_snapshot(struct walk *w, const struct engine_snapshot *s)
{
	const struct engine_layer *layer = layer_of(s, w->ind->layer);
	struct engine_query own;

	if (!w->query) {
		w->query = &own;
		engine_query_begin(&own, layer, w->ind->values, w->ind->n_values);
	}
	walk_sublayers(w, layer);
}

/* s NULL: the current snapshot, in a section of its own. */
static void walk(struct walk *w, const struct engine_snapshot *s)
{
	if (s) {
		walk_snapshot(w, s);
		return;
	}
	rcu_read_begin();
	walk_snapshot(w, rcu_load(&w->e->snapshot));
	rcu_read_end();
}

static void name_decider(struct engine_verdict *v, const struct engine_opinion *o)
{
	v->filter_id = o->filter_id;
	v->callout_id = o->callout_id;
	v->sublayer_weight = o->sublayer_weight;
	v->sublayer = o->sublayer;
}

/* The verdict without the pends. */
static void decide(const struct walk *w, struct engine_verdict *v)
{
	const struct engine_arbiter *a = &w->arbiter;

	*v = (struct engine_verdict){.outcome = ENGINE_PERMIT};
	/* Filters at FLOW_ESTABLISHED see the flow; deciding is over by then. */
	if (a->standing == ENGINE_STANDING_NONE || is_flow_established(w->ind->layer))
		return;
	name_decider(v, &a->decider);
	v->hard = !engine_arbiter_writable(a);
	v->veto = a->veto;
	if (!engine_arbiter_blocks(a))
		return;
	v->outcome = a->decider.absorb ? ENGINE_ABSORB : ENGINE_BLOCK;
	v->absorber = a->decider.absorb ? a->decider.callout_id : 0;
}

/*
 * Somebody holds the operation.  A block for good by another sublayer stays on record: the verdict
 * is hard and names who blocks, and whatever the holders say, the resume may only block.
 */
static void hold(const struct walk *w, struct engine_verdict *v)
{
	if (!engine_arbiter_blocks(&w->arbiter) || !v->hard) {
		*v = (struct engine_verdict){0};
		name_decider(v, &w->first);
	}
	v->outcome = ENGINE_PENDED;
	v->absorber = w->first.callout_id;
}

static void count_walk(const struct walk *w, const struct engine_verdict *v)
{
	static const size_t outcomes[] = {
		[ENGINE_PERMIT] = ENGINE_COUNTER(permits),
		[ENGINE_BLOCK] = ENGINE_COUNTER(blocks),
		[ENGINE_ABSORB] = ENGINE_COUNTER(absorbs),
		[ENGINE_PENDED] = ENGINE_COUNTER(pends),
	};

	engine_count(w->e, ENGINE_COUNTER(classifies), 1);
	engine_count(w->e, outcomes[v->outcome], 1);
	if (w->calls)
		engine_count(w->e, ENGINE_COUNTER(callout_calls), w->calls);
}

enum classify_part classify_anew(struct engine *e, const struct engine_snapshot *s,
				 struct engine_query *query, const struct engine_indication *ind,
				 struct engine_trail *trail, struct engine_verdict *out)
{
	struct walk w = {.e = e, .ind = ind, .query = query, .trail = trail};

	walk(&w, s);
	decide(&w, out);
	if (ind->op && pend_classified(ind->op) == PEND_LEFT_HELD)
		hold(&w, out);
	count_walk(&w, out);
	return w.part;
}

/* Whoever has an operation needs it classified; a reauthorization asks because it wants to know. */
static bool may_cache(const struct engine_indication *ind)
{
	return ind->cache && !ind->op && !ind->reauthorize && ind->layer < MODEL_LAYERS_MAX &&
	       (!ind->trail || (ind->trail->n == 0 && ind->trail->more == 0));
}

static void classify(struct engine *e, const struct engine_snapshot *s, struct engine_query *query,
		     const struct engine_indication *ind, struct engine_verdict *out)
{
	if (may_cache(ind))
		flow_cache_classify(e, s, ind, out);
	else
		(void)classify_anew(e, s, query, ind, ind->trail, out);
}

#ifdef BASE_SIM
void engine_witness(struct engine *e, engine_witness_fn *fn, void *ctx)
{
	e->witness = fn;
	e->witness_ctx = ctx;
}

static void classify_watched(struct engine *e, const struct engine_snapshot *s,
			     struct engine_query *query, const struct engine_indication *ind,
			     struct engine_verdict *out)
{
	struct engine_indication watched = *ind;
	struct engine_trail trail = {0};

	if (!ind->trail)
		watched.trail = &trail;
	classify(e, s, query, &watched, out);
	e->witness(e->witness_ctx, &watched, watched.trail, out);
}

void engine_classify_on(struct engine *e, const struct engine_snapshot *s,
			struct engine_query *query, const struct engine_indication *ind,
			struct engine_verdict *out)
{
	if (e->witness)
		classify_watched(e, s, query, ind, out);
	else
		classify(e, s, query, ind, out);
}
#else
void engine_classify_on(struct engine *e, const struct engine_snapshot *s,
			struct engine_query *query, const struct engine_indication *ind,
			struct engine_verdict *out)
{
	classify(e, s, query, ind, out);
}
#endif

void engine_classify(struct engine *e, const struct engine_indication *ind,
		     struct engine_verdict *out)
{
	engine_classify_on(e, NULL, NULL, ind, out);
}

uint32_t engine_layer_looks(struct engine *e, uint16_t layer)
{
	const struct engine_layer *l;
	uint32_t looks = 0;

	rcu_read_begin();
	l = current_layer(e, layer);
	if (l && l->n_user)
		looks |= ENGINE_LOOKS_AT_USER;
	if (l && l->n_app)
		looks |= ENGINE_LOOKS_AT_APP;
	rcu_read_end();
	return looks;
}

bool engine_layer_empty(struct engine *e, uint16_t layer)
{
	bool empty;

	rcu_read_begin();
	empty = current_layer(e, layer) == NULL;
	rcu_read_end();
	return empty;
}
