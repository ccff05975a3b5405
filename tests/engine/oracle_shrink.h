/* SPDX-License-Identifier: MIT */
/*
 * oracle_shrink - a packet about which engine and reference differ, made small and printed.
 *
 * Filters are left out in halves, quarters and so on as long as a new engine that gets the others
 * in one commit, or one by one, still differs.
 */
#pragma once

#include "oracle_world.h"

enum rebuild { REBUILD_AT_ONCE, REBUILD_ONE_BY_ONE, REBUILDS };

/* Does a new engine with these filters differ, too? */
static bool differs_anew(const struct world *old, const struct packet *p, enum rebuild how,
			 struct model_filter **filters, unsigned n, char why[400])
{
	struct world w = {.dice = old->dice, .filters = filters, .n_filters = n};
	unsigned step = how == REBUILD_AT_ONCE && n ? n : 1;
	bool differs;

	memcpy(w.sublayers, old->sublayers, sizeof(w.sublayers));
	world_begin_empty(&w);
	for (unsigned i = 0; i < ORACLE_CALLOUTS; i++)
		if (!old->callouts[i].registered)
			world_toggle_callout(&w, i);
	for (unsigned i = 0; i < n; i += step)
		BUG_ON(engine_commit(w.engine, &(struct engine_delta){.add_filters = filters + i,
								      .n_add_filters = step}));
	differs = !world_agrees(&w, p);
	memcpy(why, w.why, sizeof(w.why));
	for (unsigned i = 0; i < ORACLE_CALLOUTS; i++)
		if (w.callouts[i].registered)
			world_toggle_callout(&w, i);
	engine_destroy(w.engine);
	return differs;
}

/* Leaves in filters[] what is needed; returns how many. */
static unsigned shrink(const struct world *w, const struct packet *p, enum rebuild how,
		       struct model_filter **filters, struct model_filter **fewer, char why[400])
{
	unsigned n = w->n_filters;
	char other[400];

	for (unsigned chunk = n / 2 + 1; chunk > 0; chunk /= 2)
		for (unsigned at = 0; at < n;) {
			unsigned out = smaller(chunk, n - at);

			memcpy(fewer, filters, at * sizeof(*filters));
			memcpy(fewer + at, filters + at + out, (n - at - out) * sizeof(*filters));
			if (!differs_anew(w, p, how, fewer, n - out, other)) {
				at += chunk;
				continue;
			}
			n -= out;
			memcpy(filters, fewer, n * sizeof(*filters));
			memcpy(why, other, sizeof(other));
		}
	return n;
}

static void print_bytes(FILE *to, const struct model_value *v)
{
	struct sort_key k;

	fprintf(to, "%s ", model_type_name((enum model_type)v->type));
	if (v->type == MODEL_RANGE_TYPE) {
		print_bytes(to, &v->range->low);
		fputs(" to ", to);
		print_bytes(to, &v->range->high);
	} else if (v->type == MODEL_V4_ADDR_MASK) {
		fprintf(to, "%08x/%08x", v->v4mask->addr, v->v4mask->mask);
	} else if (v->type == MODEL_V6_ADDR_MASK) {
		for (unsigned i = 0; i < 16; i++)
			fprintf(to, "%02x", v->v6mask->addr[i]);
		fprintf(to, "/%u", v->v6mask->prefix);
	} else if (key_of(&k, v)) {
		for (size_t i = 0; i < k.size; i++)
			fprintf(to, "%02x", k.bytes[i]);
	}
}

static void print_filter(FILE *to, const struct model_filter *f)
{
	fprintf(to, "#   filter %" PRIu64 ", sublayer %u, weight %#" PRIx64 ", action %#x\n", f->id,
		f->sublayer.b, f->weight, f->action);
	for (uint32_t i = 0; i < f->n_conditions; i++) {
		fprintf(to, "#     field %d %s ", f->conditions[i].field,
			model_match_name(f->conditions[i].match));
		print_bytes(to, &f->conditions[i].value);
		fputc('\n', to);
	}
}

static void print_packet(FILE *to, const struct packet *p)
{
	fprintf(to, "#   packet at %s, %u values\n", p->layer->name, p->n_values);
	for (unsigned i = 0; i < p->n_values; i++) {
		if (p->values[i].type == MODEL_EMPTY)
			continue;
		fprintf(to, "#     field %u ", i);
		print_bytes(to, &p->values[i]);
		fputc('\n', to);
	}
}

/* After world_agrees has said no. */
static void world_explain(const struct world *w, const struct packet *p, FILE *to)
{
	static const char *const how[] = {"built at once", "built one by one"};
	struct model_filter **filters = mem_zalloc_array(w->n_filters + 1, sizeof(*filters));
	struct model_filter **fewer = mem_zalloc_array(w->n_filters + 1, sizeof(*fewer));
	char why[400];
	unsigned n;

	BUG_ON(!filters || !fewer);
	fprintf(to, "# %s\n", w->why);
	for (unsigned i = 0; i < REBUILDS; i++) {
		memcpy(filters, w->filters, w->n_filters * sizeof(*filters));
		if (!differs_anew(w, p, i, filters, w->n_filters, why)) {
			fprintf(to, "# %s they agree\n", how[i]);
			continue;
		}
		n = shrink(w, p, i, filters, fewer, why);
		fprintf(to, "# %s, %u filters are enough: %s\n", how[i], n, why);
		for (unsigned k = 0; k < n && k < 40; k++)
			print_filter(to, filters[k]);
		break;
	}
	print_packet(to, p);
	fflush(to);
	mem_free(filters);
	mem_free(fewer);
}
