/* SPDX-License-Identifier: MIT */
/*
 * enum - enumerations: a snapshot taken when they are created.
 *
 * Creating one takes a reference to each object that the template accepts and the session may read.
 * The lock is held for a chunk of objects at a time: what the view shows stays in its list, so the
 * last one seen is a good place to go on from.  Matching and access checks run without the lock.
 */
#include "bfe/state.h"

#include "base/mem.h"
#include "engine/callout.h"
#include "model/access.h"

#include <stdlib.h>

#define CHUNK 256u

struct bfe_enum {
	struct list link; /* [L] in session->enums */
	struct bfe *bfe;
	struct model_object **objects; /* those before `at` have been given away */
	size_t n, at;
};

/* An object and what is needed to judge it and to put it in its place; references. */
struct found {
	struct model_object *o, *context;
	struct bfe_sd *sd;
	uint16_t sublayer_weight;
};

struct gather {
	struct bfe_session *s;
	const struct bfe_matcher *matcher;
	struct bfe_view view;
	struct found *found;
	size_t n, room;
	struct bfe_sd *allowed; /* the last descriptor that let the session read; a reference */
};

/* ---- computed flags ---------------------------------------------------------------------------
 */

wfp_err bfe_object_complete(struct bfe *b, struct model_object **o)
{
	struct model_object *old = *o, draft;
	wfp_err err;

	if (old->kind != MODEL_CALLOUT ||
	    !engine_callout_is_registered(b->engine, (uint32_t)old->id))
		return ERR_OK;
	draft = model_object_draft(old);
	draft.flags |= MODEL_CALLOUT_REGISTERED;
	err = model_object_create(o, &draft);
	model_object_put(old);
	return err;
}

/* ---- gathering --------------------------------------------------------------------------------
 */

static void found_clear(struct found *f)
{
	bfe_sd_put(f->sd);
	model_object_put(f->context);
	model_object_put(f->o);
	*f = (struct found){0};
}

/* REQUIRES(b->lock) */
static void take(struct found *f, struct bfe_object *o)
{
	const struct bfe_object *context = o->uses[MODEL_PROVIDER_CONTEXT];
	const struct bfe_object *sublayer = o->uses[MODEL_SUBLAYER];

	*f = (struct found){
		.o = model_object_get(o->o),
		.context = context ? model_object_get(context->o) : NULL,
		.sd = bfe_sd_get(o->sd),
		.sublayer_weight = sublayer ? sublayer->o->weight : 0,
	};
}

/* The next ones behind *at, which moves on; *at becomes NULL at the end. */
static void take_chunk(struct gather *g, struct list *list, struct list **at)
{
	struct lock *lock = &g->s->bfe->lock;
	unsigned n = 0;

	lock_take(lock);
	for (struct list *l = (*at)->next; n < CHUNK && l != list; l = l->next) {
		struct bfe_object *o = LIST_ENTRY(l, struct bfe_object, all);

		if (!bfe_view_shows(&g->view, o))
			continue;
		take(&g->found[g->n + n++], o);
		*at = l;
	}
	lock_drop(lock);
	g->n += n;
	if (n < CHUNK)
		*at = NULL;
}

static wfp_err reserve(struct gather *g)
{
	size_t room = g->room ? g->room : CHUNK;
	struct found *more;

	while (room < g->n + CHUNK)
		room *= 2;
	if (room == g->room)
		return ERR_OK;
	more = mem_realloc_array(g->found, room, sizeof(*more));
	if (!more)
		return ERR_NO_MEMORY;
	g->found = more;
	g->room = room;
	return ERR_OK;
}

static bool may_read(struct gather *g, struct bfe_sd *sd)
{
	if (sd == g->allowed)
		return true;
	if (bfe_sd_check(g->s, sd, MODEL_RIGHT_READ))
		return false;
	bfe_sd_put(g->allowed);
	g->allowed = bfe_sd_get(sd);
	return true;
}

/* Keeps those from `first` on that are wanted. */
static wfp_err sift(struct gather *g, size_t first)
{
	size_t kept = first;
	wfp_err err = ERR_OK;

	for (size_t i = first; i < g->n; i++) {
		struct found *f = &g->found[i];

		if (!err && may_read(g, f->sd) &&
		    bfe_matcher_accepts(g->matcher, f->o, f->context)) {
			err = bfe_object_complete(g->s->bfe, &f->o);
			if (err)
				f->o = NULL;
			g->found[kept++] = *f;
		} else {
			found_clear(f);
		}
	}
	g->n = kept;
	return err;
}

static wfp_err gather_list(struct gather *g, struct list *list)
{
	struct list *at = list;
	wfp_err err = ERR_OK;

	while (!err && at) {
		size_t first = g->n;

		err = reserve(g);
		if (err)
			break;
		take_chunk(g, list, &at);
		err = sift(g, first);
	}
	return err;
}

static wfp_err gather_all(struct gather *g)
{
	struct bfe *b = g->s->bfe;
	enum model_kind kind = bfe_matcher_kind(g->matcher);
	wfp_err err = ERR_OK;
	uint16_t layer;

	if (kind != MODEL_FILTER)
		return gather_list(g, bfe_object_list(b, kind, 0));
	if (bfe_matcher_layer(g->matcher, &layer))
		return gather_list(g, bfe_object_list(b, kind, layer));
	for (unsigned i = 0; !err && i < model_layer_count(); i++)
		err = gather_list(g, bfe_object_list(b, kind, (uint16_t)i));
	return err;
}

/* In a call of the session. */
static wfp_err gather(struct gather *g)
{
	struct bfe *b = g->s->bfe;
	struct bfe_snapshot snapshot;
	wfp_err err;

	if (g->s->in_txn) {
		g->view = bfe_view_of(g->s);
		return gather_all(g);
	}
	bfe_snapshot_begin(b, &snapshot);
	g->view = (struct bfe_view){.at = snapshot.number};
	err = gather_all(g);
	bfe_snapshot_end(b, &snapshot);
	return err;
}

/* ---- order ------------------------------------------------------------------------------------
 */

/* Highest sublayer, highest weight, newest first: as packets meet them. */
static int order(const void *x, const void *y)
{
	const struct found *f = x, *g = y;
	const struct model_filter *a = f->o->filter, *b = g->o->filter;

	if (f->sublayer_weight != g->sublayer_weight)
		return f->sublayer_weight > g->sublayer_weight ? -1 : 1;
	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return (a->id < b->id) - (a->id > b->id);
}

/* Of each layer the first in order. */
static void keep_best(struct gather *g)
{
	bool have[MODEL_LAYERS_MAX] = {false};
	size_t kept = 0;

	for (size_t i = 0; i < g->n; i++) {
		uint16_t layer = g->found[i].o->filter->layer;

		if (have[layer])
			found_clear(&g->found[i]);
		else
			g->found[kept++] = g->found[i];
		have[layer] = true;
	}
	g->n = kept;
}

static void arrange(struct gather *g)
{
	uint32_t flags = bfe_matcher_flags(g->matcher);

	if (bfe_matcher_kind(g->matcher) != MODEL_FILTER)
		return;
	if (g->n > 1 && flags & (BFE_ENUM_SORTED | BFE_ENUM_BEST_TERMINATING_MATCH))
		qsort(g->found, g->n, sizeof(*g->found), order);
	if (flags & BFE_ENUM_BEST_TERMINATING_MATCH)
		keep_best(g);
}

/* ---- the enumeration --------------------------------------------------------------------------
 */

static wfp_err enum_from(struct bfe_enum **out, struct gather *g)
{
	struct bfe_enum *e = mem_zalloc(sizeof(*e));

	if (!e)
		return ERR_NO_MEMORY;
	e->objects = mem_zalloc_array(g->n ? g->n : 1, sizeof(struct model_object *));
	if (!e->objects) {
		mem_free(e);
		return ERR_NO_MEMORY;
	}
	for (; e->n < g->n; e->n++) {
		e->objects[e->n] = g->found[e->n].o;
		g->found[e->n].o = NULL;
	}
	e->bfe = g->s->bfe;
	lock_take(&e->bfe->lock);
	list_add_tail(&g->s->enums, &e->link);
	lock_drop(&e->bfe->lock);
	*out = e;
	return ERR_OK;
}

static wfp_err create(struct bfe_session *s, const struct bfe_matcher *matcher,
		      struct bfe_enum **out)
{
	struct gather g = {.s = s, .matcher = matcher};
	wfp_err err = bfe_container_check(s, (enum bfe_secured)bfe_matcher_kind(matcher),
					  MODEL_RIGHT_ENUM);

	if (!err)
		err = gather(&g);
	if (!err) {
		arrange(&g);
		err = enum_from(out, &g);
	}
	while (g.n > 0)
		found_clear(&g.found[--g.n]);
	mem_free(g.found);
	bfe_sd_put(g.allowed);
	return err;
}

wfp_err bfe_enum_create(struct bfe_session *s, const struct bfe_template *t, struct bfe_enum **out)
{
	struct bfe_matcher *matcher;
	wfp_err err = bfe_template_compile(&matcher, t);

	if (err)
		return err;
	err = bfe_call_enter(s);
	if (!err) {
		err = create(s, matcher, out);
		bfe_call_leave(s);
	}
	bfe_matcher_free(matcher);
	return err;
}

struct model_object *bfe_enum_next(struct bfe_enum *e)
{
	return e->at < e->n ? e->objects[e->at++] : NULL;
}

static void enum_free(struct bfe_enum *e)
{
	while (e->at < e->n)
		model_object_put(e->objects[e->at++]);
	mem_free(e->objects);
	mem_free(e);
}

void bfe_enum_destroy(struct bfe_enum *e)
{
	lock_take(&e->bfe->lock);
	list_del(&e->link);
	lock_drop(&e->bfe->lock);
	enum_free(e);
}

void bfe_enums_end(struct bfe_session *s)
{
	struct list *l;

	do {
		lock_take(&s->bfe->lock);
		l = list_pop_head(&s->enums);
		lock_drop(&s->bfe->lock);
		if (l)
			enum_free(LIST_ENTRY(l, struct bfe_enum, link));
	} while (l);
}
