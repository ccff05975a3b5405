/* SPDX-License-Identifier: MIT */
/*
 * snapshot - building the next version of one layer.
 *
 * The old array is sorted, the changes are few: sort those, find the place of each by a search that
 * starts at the last one, and copy what lies between in one piece.  So a filter that does not
 * change is not looked at.  Only a changed sublayer weight costs a full sort.  Called in a turn.
 */
#include "engine/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int engine_filter_order(const struct policy_filter *x, const struct policy_filter *y)
{
	const struct model_filter *f = x->filter, *g = y->filter;

	if (x->sublayer != y->sublayer) {
		if (x->sublayer->next_weight != y->sublayer->next_weight)
			return x->sublayer->next_weight > y->sublayer->next_weight ? -1 : 1;
		return memcmp(&x->sublayer->key, &y->sublayer->key, sizeof(struct guid));
	}
	if (f->weight != g->weight)
		return f->weight > g->weight ? -1 : 1;
	return (f->id < g->id) - (f->id > g->id);
}

static int order_for_qsort(const void *x, const void *y)
{
	const struct policy_filter *const *f = x, *const *g = y;

	return engine_filter_order(*f, *g);
}

static void sort_filters(const struct policy_filter **filters, uint32_t n)
{
	if (n > 1)
		qsort(filters, n, sizeof(*filters), order_for_qsort);
}

static uint32_t copy_survivors(const struct policy_filter **to,
			       const struct policy_filter *const *old, uint32_t n_old)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < n_old; i++)
		if (!old[i]->removing)
			to[n++] = old[i];
	return n;
}

/* Merges the sorted added into the sorted first n of list, from the end, so that none is lost. */
static void merge(const struct policy_filter **list, uint32_t n, const struct policy_filter **added,
		  uint32_t n_added)
{
	uint32_t at = n + n_added;

	while (n_added > 0)
		if (n > 0 && engine_filter_order(list[n - 1], added[n_added - 1]) > 0)
			list[--at] = list[--n];
		else
			list[--at] = added[--n_added];
}

/* ---- searching, from a place on and ever faster ------------------------------------------------
 */

typedef bool before_fn(const struct policy_filter *f, const void *what);

/* The first of `from` to n - 1 that is not before `what`; those before it come first. */
static uint32_t gallop(const struct policy_filter *const *filters, uint32_t from, uint32_t n,
		       before_fn *before, const void *what)
{
	uint32_t step = 1, low = from, high;

	while (low < n && step <= n - low && before(filters[low + step - 1], what)) {
		low += step;
		step *= 2;
	}
	high = step <= n - low ? low + step : n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (before(filters[middle], what))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool before_filter(const struct policy_filter *f, const void *what)
{
	return engine_filter_order(f, what) < 0;
}

static bool in_sublayer(const struct policy_filter *f, const void *what)
{
	return f->sublayer == what;
}

static uint32_t sublayer_end(const struct policy_filter *const *filters, uint32_t from, uint32_t n)
{
	return gallop(filters, from, n, in_sublayer, filters[from]->sublayer);
}

/* ---- what changes ------------------------------------------------------------------------------
 */

/* The list under construction, and how far the old one has been taken over. */
struct edit {
	const struct policy_filter **list;
	uint32_t n, taken;
	const struct policy_filter *const *old;
	uint32_t n_old;
};

static void take_until(struct edit *e, uint32_t end)
{
	if (end == e->taken)
		return; /* perhaps there is no old list at all */
	memcpy(&e->list[e->n], &e->old[e->taken], (end - e->taken) * sizeof(*e->list));
	e->n += end - e->taken;
	e->taken = end;
}

static void take_before(struct edit *e, const struct policy_filter *f)
{
	take_until(e, gallop(e->old, e->taken, e->n_old, before_filter, f));
}

/* Both sorted in place. */
static void apply(struct edit *e, const struct engine_layer_change *c)
{
	uint32_t added = 0, removed = 0;

	sort_filters(c->added, c->n_added);
	sort_filters(c->removed, c->n_removed);
	while (added < c->n_added || removed < c->n_removed) {
		bool add = removed == c->n_removed ||
			   (added < c->n_added &&
			    engine_filter_order(c->added[added], c->removed[removed]) < 0);

		if (add) {
			take_before(e, c->added[added]);
			e->list[e->n++] = c->added[added++];
		} else {
			take_before(e, c->removed[removed++]);
			e->taken++;
		}
	}
	take_until(e, e->n_old);
}

/* ---- the layer ---------------------------------------------------------------------------------
 */

static uint32_t count_sublayers(const struct policy_filter **filters, uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i = sublayer_end(filters, i, n))
		count++;
	return count;
}

static void cut_into_sublayers(struct engine_layer *l)
{
	struct engine_sublayer *s = l->sublayers;

	for (uint32_t i = 0, end; i < l->n_filters; i = end) {
		const struct policy_sublayer *of = l->filters[i]->sublayer;

		end = sublayer_end(l->filters, i, l->n_filters);
		*s++ = (struct engine_sublayer){of->key, of->next_weight, end - i, &l->filters[i]};
	}
}

/* Nobody knows what a callout looks at. */
static bool looks_at(const struct model_filter *f, const struct guid *field)
{
	if (MODEL_ACTION_IS_CALLOUT(f->action))
		return true;
	for (uint32_t i = 0; i < f->n_conditions; i++)
		if (guid_equal(&f->conditions[i].field_key, field))
			return true;
	return false;
}

static uint32_t count_looking(const struct policy_filter *const *filters, uint32_t n,
			      const struct guid *field)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++)
		count += looks_at(filters[i]->filter, field);
	return count;
}

/* From what the old version has: filters that stay are not looked at. */
static void count_looks(struct engine_layer *l, const struct engine_layer *old,
			const struct engine_layer_change *c)
{
	const struct guid *user = model_condition_key("ALE_USER_ID");
	const struct guid *app = model_condition_key("ALE_APP_ID");

	l->n_user = (old ? old->n_user : 0) + count_looking(c->added, c->n_added, user) -
		    count_looking(c->removed, c->n_removed, user);
	l->n_app = (old ? old->n_app : 0) + count_looking(c->added, c->n_added, app) -
		   count_looking(c->removed, c->n_removed, app);
}

/* One block: the layer, its sublayers, the array of filters. */
static struct engine_layer *layer_alloc(uint32_t n_sublayers, uint32_t n_filters)
{
	size_t sublayers = n_sublayers * sizeof(struct engine_sublayer);
	struct engine_layer *l =
		mem_alloc(sizeof(*l) + sublayers + n_filters * sizeof(*l->filters));

	if (!l)
		return NULL;
	l->n_sublayers = n_sublayers;
	l->n_filters = n_filters;
	l->sublayers = (struct engine_sublayer *)(l + 1);
	l->filters = (const struct policy_filter **)(l->sublayers + n_sublayers);
	return l;
}

static wfp_err layer_make(struct engine_layer **out, const struct policy_filter **filters,
			  uint32_t n)
{
	struct engine_layer *l = layer_alloc(count_sublayers(filters, n), n);

	if (!l)
		return ERR_NO_MEMORY;
	memcpy(l->filters, filters, n * sizeof(*filters));
	cut_into_sublayers(l);
	*out = l;
	return ERR_OK;
}

/* By the new weights of the sublayers. */
static void rebuild(struct edit *e, const struct engine_layer_change *c)
{
	e->n = copy_survivors(e->list, e->old, e->n_old);
	sort_filters(e->list, e->n);
	sort_filters(c->added, c->n_added);
	merge(e->list, e->n, c->added, c->n_added);
	e->n += c->n_added;
}

wfp_err engine_layer_build(struct engine_layer **out, const struct engine_layer *old,
			   const struct engine_layer_change *c)
{
	struct edit e = {.old = old ? old->filters : NULL, .n_old = old ? old->n_filters : 0};
	uint32_t room = e.n_old + c->n_added;
	wfp_err err = ERR_OK;

	e.list = mem_alloc((room ? room : 1) * sizeof(*e.list));
	if (!e.list)
		return ERR_NO_MEMORY;
	if (c->resort)
		rebuild(&e, c);
	else
		apply(&e, c);
	if (e.n == 0)
		*out = NULL;
	else
		err = layer_make(out, e.list, e.n);
	if (!err && e.n > 0)
		count_looks(*out, old, c);
	mem_free(e.list);
	return err;
}
