/* SPDX-License-Identifier: MIT */
/*
 * oracle_world - an engine and the reference beside it: transactions change both, and every packet
 * is put to both.
 *
 * Everything happens through the engine's public functions, and is decided by dice: the same dice
 * give the same world.  One thread.
 */
#pragma once

#include <inttypes.h>
#include <stdio.h>

#include "engine/index.h"
#include "oracle_filters.h"

#define WORLD_FILTERS_MAX 16000u
#define WORLD_LAYERS	  2u
#define WORLD_VALUES	  64u
#define WORLD_TABLES	  1500u /* filters enough for several tables */

struct world;

/* The engine's callout, that asks the reference what must have been shown to it. */
struct world_callout {
	struct world *world;
	unsigned index;
};

struct packet {
	const struct model_layer *layer;
	unsigned n_values;
	struct model_value values[WORLD_VALUES];
	struct slot slots[WORLD_VALUES];
	struct reference_answer answers[ORACLE_CALLOUTS];
	unsigned n_seen, seen[3]; /* numbers of callouts */
	uint32_t present;
};

struct world {
	struct dice *dice;
	struct style style;
	struct engine *engine;
	const struct model_layer *layers[WORLD_LAYERS];
	unsigned most; /* filters that it grows to */
	struct model_filter **filters;
	unsigned n_filters;
	struct model_sublayer sublayers[ORACLE_SUBLAYERS];
	struct reference_callout callouts[ORACLE_CALLOUTS];
	struct world_callout bells[ORACLE_CALLOUTS];
	bool refuse;  /* callouts refuse the next filter */
	uint32_t ids; /* how many were given */
	uint64_t n_commits, n_aborts;
	struct reference_result expected;
	unsigned n_calls;
	char wrong_call[128];
	char why[400]; /* of the last difference */
};

static unsigned smaller(unsigned x, unsigned y)
{
	return x < y ? x : y;
}

/* ---- callouts ------------------------------------------------------------------------------- */

static void world_called(void *ctx, const struct engine_call *call, struct engine_classify_out *out)
{
	struct world *w = ((struct world_callout *)ctx)->world;
	const struct reference_callout *c = &w->callouts[((struct world_callout *)ctx)->index];
	const struct reference_call *e = &w->expected.calls[w->n_calls % REFERENCE_CALLS_MAX];

	/* Of very many the reference remembers the last. */
	if (w->n_calls + REFERENCE_CALLS_MAX >= w->expected.n_calls &&
	    (w->n_calls >= w->expected.n_calls || e->callout != c->id ||
	     e->filter != call->filter->id || e->action != out->action || e->rights != out->rights))
		snprintf(w->wrong_call, sizeof(w->wrong_call),
			 "call %u: callout %u, filter %" PRIu64 ", action %x, rights %u",
			 w->n_calls, c->id, call->filter->id, out->action, out->rights);
	w->n_calls++;
	if (c->answer.action)
		out->action = c->answer.action;
	if (c->answer.clears_right)
		out->rights = 0;
	if (c->answer.absorbs)
		out->flags |= ENGINE_OUT_ABSORB;
}

static wfp_err world_notified(void *ctx, enum engine_notify what, const struct model_filter *f)
{
	const struct world *w = ((struct world_callout *)ctx)->world;

	(void)f;
	return what == ENGINE_NOTIFY_ADD_FILTER && w->refuse ? ERR_ACCESS_DENIED : ERR_OK;
}

static void world_toggle_callout(struct world *w, unsigned i)
{
	static const struct engine_callout_ops ops = {.classify = world_called,
						      .notify = world_notified};
	struct reference_callout *c = &w->callouts[i];
	const struct engine_callout_desc desc = {.key = c->key, .ops = &ops, .ctx = &w->bells[i]};

	if (c->registered)
		BUG_ON(engine_callout_unregister(w->engine, c->id, ENGINE_UNREGISTER_POLITE));
	else
		BUG_ON(engine_callout_register(w->engine, &desc, &c->id));
	c->registered = !c->registered;
}

/* ---- beginning and end ------------------------------------------------------------------------
 */

/* Searches by one of the instruction sets that this processor has. */
static void world_choose_isa(uint64_t number)
{
	unsigned usable[8], n = 0;

	for (unsigned i = 0; i < index_isa_count(); i++)
		if (index_isa_at(i)->usable())
			usable[n++] = i;
	index_isa_choose(usable[number % n]);
}

static void world_begin_empty(struct world *w)
{
	static const struct engine_config config = {.max_ops = 4};

	BUG_ON(engine_create(&w->engine, &config));
	BUG_ON(engine_commit(w->engine,
			     &(struct engine_delta){.add_sublayers = w->sublayers,
						    .n_add_sublayers = ORACLE_SUBLAYERS}));
	for (unsigned i = 0; i < ORACLE_CALLOUTS; i++) {
		w->bells[i] = (struct world_callout){w, i};
		w->callouts[i] = (struct reference_callout){.key = oracle_callout_key(i)};
		world_toggle_callout(w, i);
	}
}

static bool has_address(const struct model_layer *layer)
{
	for (unsigned i = 0; i < layer->n_fields; i++)
		if (is_address(&layer->fields[i]))
			return true;
	return false;
}

static const struct model_layer *any_layer(struct dice *d, bool with_address)
{
	unsigned i = dice_below(d, model_layer_count());

	while (with_address && !has_address(model_layer_at(i)))
		i = (i + 1) % model_layer_count();
	return model_layer_at(i);
}

/* most: how many filters it may come to have. */
static void world_begin(struct world *w, struct dice *d, unsigned most)
{
	*w = (struct world){.dice = d, .most = most};
	w->style.shape = dice_below(d, ORACLE_SHAPES);
	w->style.tame = dice_one_in(d, 2);
	w->style.ports = dice_one_in(d, 2);
	w->style.kind = dice_one_in(d, 2) ? KIND_ANY : dice_below(d, ORACLE_KINDS);
	if (w->style.kind == KIND_PREFIXES && w->most > 8) {
		w->most += WORLD_TABLES;
		w->style.shape = dice_one_in(d, 2) ? SHAPE_SPREAD : SHAPE_NESTED;
	}
	w->style.weights = dice_one_in(d, 3) ? 0 : 1 + dice_below(d, 6);
	for (unsigned i = 0; i < ORACLE_FAVOURITES; i++)
		w->style.favourites[i] = dice_below(d, 32);
	for (unsigned i = 0; i < WORLD_LAYERS; i++)
		w->layers[i] = any_layer(d, w->style.kind == KIND_PREFIXES);
	for (unsigned i = 0; i < ORACLE_SUBLAYERS; i++)
		w->sublayers[i] =
			(struct model_sublayer){oracle_sublayer_key(i), (uint16_t)(1000 * (i + 1))};
	w->filters = mem_zalloc_array(WORLD_FILTERS_MAX, sizeof(struct model_filter *));
	BUG_ON(!w->filters);
	world_begin_empty(w);
}

static void world_end(struct world *w)
{
	for (unsigned i = 0; i < w->n_filters; i++)
		model_filter_put(w->filters[i]);
	for (unsigned i = 0; i < ORACLE_CALLOUTS; i++)
		if (w->callouts[i].registered)
			world_toggle_callout(w, i);
	engine_destroy(w->engine);
	mem_free(w->filters);
}

/* ---- transactions ------------------------------------------------------------------------------
 */

/* Why a commit fails although its filters are valid. */
enum trouble {
	TROUBLE_NONE,
	TROUBLE_DURABLE,
	TROUBLE_REFUSED,
	TROUBLE_UNKNOWN_ID,
	TROUBLE_KNOWN_ID,
	TROUBLE_MEMORY,
	TROUBLES
};

struct change {
	uint64_t *remove; /* ids of the last n_remove of the world's filters; room for one more */
	struct model_filter **add; /* room for one more */
	struct model_sublayer sublayers[ORACLE_SUBLAYERS];
	unsigned n_remove, n_add;
	bool reweigh;
};

/* In no order, none twice. */
static uint64_t world_new_id(struct world *w)
{
	return (uint32_t)(++w->ids * 2654435761u);
}

static void choose_removals(struct world *w, struct dice *d, struct change *c)
{
	for (unsigned i = 0; i < c->n_remove; i++) {
		unsigned last = w->n_filters - 1 - i, which = dice_below(d, last + 1);
		struct model_filter *f = w->filters[which];

		w->filters[which] = w->filters[last];
		w->filters[last] = f;
		c->remove[i] = f->id;
	}
}

/* Some come under the id of one that goes. */
static void choose_additions(struct world *w, struct dice *d, struct change *c)
{
	bool replace = dice_one_in(d, 2);
	unsigned sublayer = w->style.kind == KIND_PREFIXES ? 0 : dice_below(d, ORACLE_SUBLAYERS);

	for (unsigned i = 0; i < c->n_add; i++) {
		bool elsewhere = dice_one_in(d, w->style.kind == KIND_PREFIXES ? 32 : 4);
		uint64_t id = replace && i < c->n_remove ? c->remove[i] : world_new_id(w);

		c->add[i] = any_filter(d, &w->style, w->layers[dice_one_in(d, 4)],
				       elsewhere ? dice_below(d, ORACLE_SUBLAYERS) : sublayer, id);
	}
}

static void choose_weights(struct world *w, struct dice *d, struct change *c)
{
	memcpy(c->sublayers, w->sublayers, sizeof(c->sublayers));
	c->reweigh = dice_one_in(d, 8);
	for (unsigned i = ORACLE_SUBLAYERS - 1; c->reweigh && i > 0; i--) {
		unsigned k = dice_below(d, i + 1);
		uint16_t weight = c->sublayers[i].weight;

		c->sublayers[i].weight = c->sublayers[k].weight;
		c->sublayers[k].weight = weight;
	}
}

static wfp_err not_durable(void *ctx)
{
	(void)ctx;
	return ERR_NO_MEMORY;
}

/* Puts the change to the engine, with this trouble; true: it was taken. */
static bool try_commit(struct world *w, struct change *c, enum trouble trouble)
{
	struct engine_delta delta = {.remove_filters = c->remove,
				     .n_remove_filters = c->n_remove,
				     .add_filters = c->add,
				     .n_add_filters = c->n_add,
				     .add_sublayers = c->sublayers,
				     .n_add_sublayers = c->reweigh ? ORACLE_SUBLAYERS : 0};
	wfp_err err;

	if (trouble == TROUBLE_UNKNOWN_ID)
		c->remove[delta.n_remove_filters++] = UINT64_MAX;
	if (trouble == TROUBLE_KNOWN_ID && c->n_remove < w->n_filters)
		c->add[delta.n_add_filters++] = w->filters[0];
	if (trouble == TROUBLE_DURABLE)
		delta.durable = not_durable;
	w->refuse = trouble == TROUBLE_REFUSED;
	if (trouble == TROUBLE_MEMORY)
		mem_fail_at(1 + dice_below(w->dice, 4 * c->n_add + 24));
	err = engine_commit(w->engine, &delta);
	mem_fail_at(0);
	w->refuse = false;
	BUG_ON(err && trouble == TROUBLE_NONE);
	BUG_ON(!err && delta.n_remove_filters > c->n_remove);
	BUG_ON(!err && (delta.durable || delta.n_add_filters > c->n_add));
	return err == ERR_OK;
}

/* The reference's policy follows. */
static void world_take(struct world *w, const struct change *c)
{
	for (unsigned i = 0; i < c->n_remove; i++)
		model_filter_put(w->filters[--w->n_filters]);
	for (unsigned i = 0; i < c->n_add; i++)
		w->filters[w->n_filters++] = c->add[i];
	memcpy(w->sublayers, c->sublayers, sizeof(c->sublayers));
	w->n_commits++;
}

static void world_change(struct world *w, struct dice *d, unsigned n_remove, unsigned n_add)
{
	struct change c = {.n_remove = smaller(n_remove, w->n_filters)};
	enum trouble trouble = dice_one_in(w->dice, 8) ? dice_below(w->dice, TROUBLES) : 0;

	c.n_add = smaller(n_add, WORLD_FILTERS_MAX - (w->n_filters - c.n_remove));
	c.remove = mem_zalloc_array(c.n_remove + 1, sizeof(*c.remove));
	c.add = mem_zalloc_array(c.n_add + 1, sizeof(struct model_filter *));
	BUG_ON(!c.remove || !c.add);
	choose_removals(w, d, &c);
	choose_additions(w, d, &c);
	choose_weights(w, d, &c);
	if (try_commit(w, &c, trouble)) {
		world_take(w, &c);
	} else {
		w->n_aborts++;
		for (unsigned i = 0; i < c.n_add; i++)
			model_filter_put(c.add[i]);
	}
	mem_free(c.remove);
	mem_free(c.add);
}

/* At times without memory: then the old indexes go on. */
static void world_maintain(struct world *w)
{
	bool starve = dice_one_in(w->dice, 4);
	wfp_err err;

	if (starve)
		mem_fail_at(1 + dice_below(w->dice, 200));
	err = engine_maintain(w->engine);
	mem_fail_at(0);
	BUG_ON(err && !starve);
}

/* Small changes often, large ones now and then; it grows and shrinks. */
static void world_step(struct world *w)
{
	struct dice *d = w->dice;
	unsigned room = w->most > w->n_filters ? w->most - w->n_filters : 0;
	struct dice many = dice_fork(d);

	switch (w->style.kind == KIND_RANGES && w->n_filters > w->most / 2 ? 11
									   : dice_below(d, 12)) {
	case 0: /* grows at once */
		world_change(w, &many, dice_below(d, 4), dice_below(d, room + 1));
		break;
	case 1: /* shrinks at once */
		world_change(w, &many, dice_below(d, w->n_filters + 1), dice_below(d, 4));
		break;
	case 2: /* another policy */
		world_change(w, &many, w->n_filters, dice_below(d, w->most + 1));
		break;
	case 3: /* a good part is replaced */
		room = dice_below(d, w->n_filters / 2 + 1);
		world_change(w, &many, room, room);
		break;
	case 4:
		world_change(w, d, 1 + dice_below(d, 3), 0);
		break;
	default:
		world_change(w, d, dice_below(d, 3), smaller(room, 1 + dice_below(d, 3)));
		break;
	}
	if (dice_one_in(d, 6))
		world_maintain(w);
	if (dice_one_in(d, 12))
		world_toggle_callout(w, dice_below(d, ORACLE_CALLOUTS));
}

/* ---- packets ------------------------------------------------------------------------------- */

static const struct model_condition *condition_on(const struct model_filter *f, int field,
						  struct dice *d)
{
	unsigned n = 0;

	for (uint32_t i = 0; f && i < f->n_conditions; i++)
		n += f->conditions[i].field == field;
	if (n == 0)
		return NULL;
	n = dice_below(d, n);
	for (uint32_t i = 0;; i++)
		if (f->conditions[i].field == field && n-- == 0)
			return &f->conditions[i];
}

static void any_field_value(struct world *w, struct packet *p, const struct model_field *f,
			    const struct model_filter *target)
{
	struct dice *d = w->dice;
	int index = f->index[MODEL_SCHEMA_2026];
	const struct model_condition *c = condition_on(target, index, d);
	struct slot *s = &p->slots[index];
	unsigned oddity = dice_below(d, 64);

	*s = (struct slot){.value = {.type = MODEL_EMPTY}};
	if (oddity == 0)
		slot_fill(d, s, w->style.shape, MODEL_UINT8 + dice_below(d, 18)); /* any type */
	else if (c && oddity < 60)
		slot_fill_near(d, s, c);
	else if (oddity < 62)
		slot_fill(d, s, oddity % 8 ? w->style.shape : SHAPE_EQUAL, f->type);
	p->values[index] = s->value;
}

/* NULL: none.  Often one of the last that were added. */
static const struct model_filter *any_target(struct world *w)
{
	struct dice *d = w->dice;
	const unsigned newest = smaller(w->n_filters, dice_one_in(d, 3) ? 3 : w->n_filters);

	if (newest == 0 || dice_one_in(d, 12))
		return NULL;
	return w->filters[w->n_filters - 1 - dice_below(d, newest)];
}

/* A packet near the borders of one of the filters, at its layer. */
static void world_packet(struct world *w, struct packet *p)
{
	static const uint32_t answers[] = {0,
					   MODEL_ACTION_PERMIT,
					   MODEL_ACTION_BLOCK,
					   MODEL_ACTION_BLOCK,
					   MODEL_ACTION_CONTINUE,
					   MODEL_ACTION_NONE,
					   MODEL_ACTION_NONE_NO_MATCH,
					   0xbad};
	struct dice *d = w->dice;
	const struct model_filter *target = any_target(w);

	p->layer = target ? model_layer_by_id(target->layer) : w->layers[dice_one_in(d, 4)];
	memset(p->values, 0, sizeof(p->values));
	for (unsigned i = 0; i < p->layer->n_fields; i++)
		if (p->layer->fields[i].index[MODEL_SCHEMA_2026] >= 0)
			any_field_value(w, p, &p->layer->fields[i], target);
	p->n_values = dice_one_in(d, 32) ? dice_below(d, WORLD_VALUES) : WORLD_VALUES;
	for (unsigned i = 0; i < ORACLE_CALLOUTS; i++)
		p->answers[i] =
			(struct reference_answer){answers[dice_below(d, ARRAY_LEN(answers))],
						  dice_one_in(d, 3), dice_one_in(d, 3)};
	p->present = dice_one_in(d, 2) ? ENGINE_META_ALE_CLASSIFY_REQUIRED : 0;
	p->n_seen = dice_below(d, 3);
	for (unsigned i = 0; i < p->n_seen; i++)
		p->seen[i] = dice_below(d, ORACLE_CALLOUTS);
}

/* ---- asking both -------------------------------------------------------------------------------
 */

/* What is pointed to from an indication. */
struct asked {
	struct engine_metadata meta;
	struct engine_seen seen;
	struct engine_indication ind;
};

static void world_indicate(const struct world *w, const struct packet *p, struct asked *a)
{
	*a = (struct asked){.meta = {.present = p->present}};
	for (unsigned i = 0; i < p->n_seen; i++)
		BUG_ON(!engine_seen_add(&a->seen, w->callouts[p->seen[i]].id));
	a->ind = (struct engine_indication){.layer = p->layer->id,
					    .n_values = (uint16_t)p->n_values,
					    .values = p->values,
					    .meta = &a->meta,
					    .seen = &a->seen};
}

static bool same_verdict(const struct engine_verdict *x, const struct engine_verdict *y)
{
	return x->outcome == y->outcome && x->hard == y->hard && x->veto == y->veto &&
	       x->filter_id == y->filter_id && x->callout_id == y->callout_id &&
	       x->absorber == y->absorber && x->sublayer_weight == y->sublayer_weight;
}

static void world_expect(struct world *w, const struct packet *p, const struct asked *a)
{
	const struct reference_policy policy = {
		w->filters,	  w->n_filters, w->sublayers,
		ORACLE_SUBLAYERS, w->callouts,	ORACLE_CALLOUTS,
	};

	for (unsigned i = 0; i < ORACLE_CALLOUTS; i++)
		w->callouts[i].answer = p->answers[i];
	reference_classify(&policy, &a->ind, &w->expected);
	w->n_calls = 0;
	w->wrong_call[0] = '\0';
}

static bool world_judge(struct world *w, const struct engine_verdict *v, const struct packet *p)
{
	const struct engine_verdict *e = &w->expected.verdict;

	if (same_verdict(v, e) && w->n_calls == w->expected.n_calls && !w->wrong_call[0])
		return true;
	snprintf(w->why, sizeof(w->why),
		 "at %s, %u filters, %" PRIu64
		 " commits: outcome %d hard %d veto %d filter %" PRIu64
		 " calls %u, not %d %d %d %" PRIu64 " %u; %s",
		 p->layer->name, w->n_filters, w->n_commits, v->outcome, v->hard, v->veto,
		 v->filter_id, w->n_calls, e->outcome, e->hard, e->veto, e->filter_id,
		 w->expected.n_calls, w->wrong_call);
	return false;
}

/* False: they differ, and w->why says how. */
static bool world_agrees(struct world *w, const struct packet *p)
{
	struct asked a;
	struct engine_verdict v;

	world_indicate(w, p, &a);
	world_expect(w, p, &a);
	engine_classify(w->engine, &a.ind, &v);
	return world_judge(w, &v, p);
}
