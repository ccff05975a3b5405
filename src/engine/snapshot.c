/* SPDX-License-Identifier: MIT */
/*
 * snapshot - building the next version of one layer.
 *
 * The old array is sorted, the added filters are few: sort those, merge, then cut the result into
 * sublayers.  Only a changed sublayer weight costs a full sort.  Called in a turn.
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

static uint32_t copy_survivors(const struct policy_filter **to, const struct engine_layer *old)
{
	uint32_t n = 0;

	for (uint32_t i = 0; old && i < old->n_filters; i++)
		if (!old->filters[i]->removing)
			to[n++] = old->filters[i];
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

static uint32_t count_sublayers(const struct policy_filter **filters, uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++)
		if (i == 0 || filters[i]->sublayer != filters[i - 1]->sublayer)
			count++;
	return count;
}

static void cut_into_sublayers(struct engine_layer *l)
{
	struct engine_sublayer *s = l->sublayers;

	for (uint32_t i = 0; i < l->n_filters; i++) {
		const struct policy_sublayer *of = l->filters[i]->sublayer;

		if (i == 0 || of != l->filters[i - 1]->sublayer) {
			s = i == 0 ? s : s + 1;
			*s = (struct engine_sublayer){of->key, of->next_weight, 0, &l->filters[i]};
		}
		s->n_filters++;
	}
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

wfp_err engine_layer_build(struct engine_layer **out, const struct engine_layer *old,
			   const struct policy_filter **added, uint32_t n_added, bool resort)
{
	uint32_t room = (old ? old->n_filters : 0) + n_added, n;
	const struct policy_filter **list = mem_zalloc_array(room ? room : 1, sizeof(*list));
	wfp_err err = ERR_OK;

	if (!list)
		return ERR_NO_MEMORY;
	n = copy_survivors(list, old);
	if (resort)
		sort_filters(list, n);
	sort_filters(added, n_added);
	merge(list, n, added, n_added);
	if (n + n_added == 0)
		*out = NULL;
	else
		err = layer_make(out, list, n + n_added);
	mem_free(list);
	return err;
}
