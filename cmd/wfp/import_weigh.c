/* SPDX-License-Identifier: MIT */
/*
 * import_weigh - weights for sublayers that a document names but does not hold.
 *
 * A listing of filters is sorted by layer, and inside a layer by the weight of the sublayer.  So
 * who stands before whom in some layer is heavier; those whose weights are known are in order, too.
 * The sublayers are put into one line that contradicts none of this, and those without a weight are
 * spread evenly between their neighbours.
 */
#include "wfp/import_plan.h"

#include <string.h>

#define WEIGHT_END    65536L /* above every weight of a sublayer */
#define SUBLAYERS_MAX 1000u  /* that a document may name; real ones name thirty */

struct line {
	struct plan *plan;
	struct guid *keys;
	long *weights; /* -1: not known */
	size_t n;
	bool *before; /* [i * SUBLAYERS_MAX + j]: i is heavier than j */
	size_t *order;
	bool too_many;
};

static bool *is_before(struct line *l, size_t i, size_t j)
{
	return &l->before[i * SUBLAYERS_MAX + j];
}

static bool is_sublayer(const Openwfp__Object *o, const struct guid *key)
{
	struct guid own;

	if (o->object_case != OPENWFP__OBJECT__OBJECT_SUB_LAYER)
		return false;
	own = remote_guid(&o->sublayer->sublayerkey);
	return guid_equal(&own, key);
}

static long listed_weight(const struct import_state *s, const struct guid *key)
{
	for (size_t i = 0; i < s->n_objects; i++)
		if (is_sublayer(s->objects[i], key))
			return (long)s->objects[i]->sublayer->weight;
	return -1;
}

/* ---- what the document says -------------------------------------------------------------------
 */

static size_t find_or_add(struct line *l, const struct import_state *document,
			  const struct import_state *engine, const struct guid *key)
{
	size_t i = 0;

	while (i < l->n && !guid_equal(&l->keys[i], key))
		i++;
	if (i < l->n)
		return i;
	if (l->n == SUBLAYERS_MAX) {
		l->too_many = true;
		return 0;
	}
	l->keys[i] = *key;
	l->weights[i] = listed_weight(engine, key);
	if (l->weights[i] < 0)
		l->weights[i] = listed_weight(document, key);
	l->n++;
	return i;
}

static void read_document(struct line *l, const struct import_state *document,
			  const struct import_state *engine)
{
	struct guid layer = {0};
	size_t last = SIZE_MAX;

	for (size_t i = 0; i < document->n_objects && !l->too_many; i++) {
		const Openwfp__Object *o = document->objects[i];
		struct guid at, key;
		size_t now;

		if (o->object_case != OPENWFP__OBJECT__OBJECT_FILTER)
			continue;
		at = remote_guid(&o->filter->layerkey);
		key = remote_guid(&o->filter->sublayerkey);
		now = find_or_add(l, document, engine, &key);
		if (last != SIZE_MAX && last != now && guid_equal(&at, &layer))
			*is_before(l, last, now) = true;
		last = now;
		layer = at;
	}
	for (size_t i = 0; i < l->n; i++)
		for (size_t j = 0; j < l->n; j++)
			if (l->weights[i] > l->weights[j] && l->weights[j] >= 0)
				*is_before(l, i, j) = true;
}

/* ---- one line ---------------------------------------------------------------------------------
 */

static bool is_free(struct line *l, const bool *placed, size_t j)
{
	for (size_t i = 0; i < l->n; i++)
		if (!placed[i] && *is_before(l, i, j))
			return false;
	return !placed[j];
}

/* The next in line: one whose weight is known if possible, so that the others come to lie close
 * above what they are known to be heavier than. */
static size_t choose(struct line *l, const bool *placed)
{
	size_t found = SIZE_MAX;

	for (size_t j = 0; j < l->n; j++)
		if (is_free(l, placed, j) &&
		    (found == SIZE_MAX || (l->weights[found] < 0 && l->weights[j] >= 0)))
			found = j;
	return found;
}

/* False: the document contradicts itself, or the weights. */
static bool line_up(struct line *l)
{
	bool placed[SUBLAYERS_MAX] = {false};

	for (size_t n = 0; n < l->n; n++) {
		l->order[n] = choose(l, placed);
		if (l->order[n] == SIZE_MAX)
			return false;
		placed[l->order[n]] = true;
	}
	return true;
}

static void set_weight(struct plan *p, const struct guid *key, long weight, bool known)
{
	for (size_t i = 0; i < p->n; i++) {
		struct plan_item *item = &p->items[i];

		if (item->fate != PLAN_STAND_IN || !is_sublayer(&item->object, key))
			continue;
		item->object.sublayer->weight = (uint32_t)weight;
		if (!known)
			plan_note(
				p, item,
				"its weight is not known, and its place in the order may be wrong");
	}
}

/* n of them from order[at] on, evenly between their neighbours. */
static void spread(struct line *l, size_t at, size_t n, long upper, long lower)
{
	bool fits = upper - lower - 1 >= (long)n;

	for (size_t i = 0; i < n; i++) {
		long step = (upper - lower) * ((long)i + 1) / ((long)n + 1);

		set_weight(l->plan, &l->keys[l->order[at + i]],
			   fits	       ? upper - step
			   : lower < 0 ? 0
				       : lower,
			   fits);
	}
}

static void spread_all(struct line *l)
{
	long upper = WEIGHT_END;

	for (size_t i = 0; i < l->n; i++) {
		size_t n = 0;
		long lower = -1;

		while (i + n < l->n && l->weights[l->order[i + n]] < 0)
			n++;
		if (i + n < l->n)
			lower = l->weights[l->order[i + n]];
		spread(l, i, n, upper, lower);
		upper = lower;
		i += n;
	}
}

static void give_up(struct line *l)
{
	for (size_t i = 0; i < l->n; i++)
		set_weight(l->plan, &l->keys[i], 0, false);
}

wfp_err plan_weigh(struct plan *p, const struct import_state *document,
		   const struct import_state *engine, bool state_form)
{
	struct line l = {.plan = p};

	l.keys = arena_zalloc(p->arena, SUBLAYERS_MAX, sizeof(*l.keys));
	l.weights = arena_zalloc(p->arena, SUBLAYERS_MAX, sizeof(*l.weights));
	l.before = arena_zalloc(p->arena, (size_t)SUBLAYERS_MAX * SUBLAYERS_MAX, sizeof(bool));
	l.order = arena_zalloc(p->arena, SUBLAYERS_MAX, sizeof(*l.order));
	if (!l.keys || !l.weights || !l.before || !l.order)
		return ERR_NO_MEMORY;
	read_document(&l, document, engine);
	if (state_form || l.too_many || !line_up(&l))
		give_up(&l);
	else
		spread_all(&l);
	return ERR_OK;
}
