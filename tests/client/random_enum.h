/* SPDX-License-Identifier: MIT */
/*
 * random_enum - random templates, and what an enumeration with one has to show.
 */
#pragma once

#include "random_world.h"

static struct wish random_wish(unsigned kind)
{
	struct wish w = {.provider = NOBODY, .layer = NOBODY, .callout = NOBODY};

	w.provider = once_in(2) ? (int)any(KEYS) : NOBODY;
	if (kind == CALLOUT || kind == FILTER)
		w.layer = once_in(2) ? (int)any(LAYERS) : NOBODY;
	if (kind == CALLOUT &&
	    w.provider == NOBODY) /* the built-in ones are not counted by layer */
		w.layer = NOBODY;
	if (kind != FILTER)
		return w;
	w.callout = once_in(8) ? (int)any(KEYS) : NOBODY;
	w.port = w.layer != NOBODY && once_in(2) ? 1 + any(3) : 0;
	w.contained = once_in(2);
	w.sorted = once_in(2);
	w.best = once_in(8);
	w.boot_only = once_in(8);
	w.boot_too = once_in(2);
	return w;
}

union template
{
	FWPM_PROVIDER_CONTEXT_ENUM_TEMPLATE0 context;
	FWPM_SUBLAYER_ENUM_TEMPLATE0 sublayer;
	FWPM_CALLOUT_ENUM_TEMPLATE0 callout;
	FWPM_FILTER_ENUM_TEMPLATE0 filter;
};

/* The pointers in it live as long as the buffer. */
struct template_buffer {
	union template t;
	GUID provider, callout;
	FWPM_FILTER_CONDITION0 condition;
};

static void filter_template(struct template_buffer *b, const struct wish *w)
{
	FWPM_FILTER_ENUM_TEMPLATE0 *t = &b->t.filter;

	t->enumType = w->contained ? FWP_FILTER_ENUM_FULLY_CONTAINED : FWP_FILTER_ENUM_OVERLAPPING;
	t->flags = (w->sorted ? FWP_FILTER_ENUM_FLAG_SORTED : 0) |
		   (w->best ? FWP_FILTER_ENUM_FLAG_BEST_TERMINATING_MATCH : 0) |
		   (w->boot_only ? FWP_FILTER_ENUM_FLAG_BOOTTIME_ONLY : 0) |
		   (w->boot_too ? FWP_FILTER_ENUM_FLAG_INCLUDE_BOOTTIME : 0);
	t->actionMask = UINT32_MAX;
	if (w->layer != NOBODY)
		t->layerKey = *layer_guid((unsigned)w->layer);
	if (w->callout != NOBODY) {
		b->callout = key_guid(CALLOUT, (unsigned)w->callout);
		t->calloutKey = &b->callout;
	}
	if (w->port) {
		b->condition = (FWPM_FILTER_CONDITION0){
			.fieldKey = FWPM_CONDITION_IP_REMOTE_PORT,
			.conditionValue = {.type = FWP_UINT16, .uint16 = (UINT16)w->port}};
		t->numFilterConditions = 1;
		t->filterCondition = &b->condition;
	}
}

/* NULL: nothing that a template could say. */
static void *make_template(struct template_buffer *b, unsigned kind, const struct wish *w)
{
	GUID *provider = w->provider == NOBODY ? NULL : &b->provider;

	*b = (struct template_buffer){0};
	if (provider)
		b->provider = key_guid(PROVIDER, (unsigned)w->provider);
	if (kind == PROVIDER || (kind != FILTER && !provider && w->layer == NOBODY))
		return NULL;
	b->t.context.providerKey = provider; /* the first member of each */
	if (kind == CONTEXT)
		b->t.context.providerContextType = FWPM_GENERAL_CONTEXT;
	if (kind == CALLOUT && w->layer != NOBODY)
		b->t.callout.layerKey = *layer_guid((unsigned)w->layer);
	if (kind == FILTER)
		filter_template(b, w);
	return &b->t;
}

/* Does a filter of the first come before one of the second? */
static bool is_before(const struct open_enum *e, unsigned a, unsigned b)
{
	if (e->weights[a] != e->weights[b])
		return e->weights[a] > e->weights[b];
	if (e->things[a].effective != e->things[b].effective)
		return e->things[a].effective > e->things[b].effective;
	return e->things[a].id > e->things[b].id;
}

static void swap_things(struct open_enum *e, unsigned a, unsigned b)
{
	struct thing t = e->things[a];
	unsigned key = e->keys[a];
	uint16_t weight = e->weights[a];

	e->things[a] = e->things[b];
	e->keys[a] = e->keys[b];
	e->weights[a] = e->weights[b];
	e->things[b] = t;
	e->keys[b] = key;
	e->weights[b] = weight;
}

static void order_things(struct open_enum *e)
{
	for (unsigned i = 0; i < e->n; i++)
		for (unsigned j = i + 1; j < e->n; j++)
			if (is_before(e, j, i))
				swap_things(e, i, j);
}

/* Of each layer the first that can end the search. */
static void keep_best(struct open_enum *e)
{
	bool have[LAYERS] = {false};
	unsigned kept = 0;

	for (unsigned i = 0; i < e->n; i++) {
		bool best = e->things[i].action != FWP_ACTION_CALLOUT_INSPECTION &&
			    !have[e->things[i].layer];

		if (!best)
			continue;
		have[e->things[i].layer] = true;
		swap_things(e, kept++, i);
	}
	e->n = kept;
}

static void expect_enum(unsigned m, unsigned kind, const struct wish *w, bool all,
			struct open_enum *e)
{
	const struct state *view = rules_view(&run.rules, m);

	*e = (struct open_enum){.kind = kind};
	for (unsigned i = 0; i < KEYS; i++) {
		const struct thing *t = &view->t[kind][i];

		if (!t->there || is_denied(&run.rules, t, RIGHT_READ) ||
		    !(all || wish_matches(w, kind, t)))
			continue;
		e->things[e->n] = *t;
		e->keys[e->n] = i;
		e->weights[e->n++] = t->uses[SUBLAYER] == NOBODY
					     ? 32768 /* that of the universal one */
					     : view->t[SUBLAYER][t->uses[SUBLAYER]].weight;
	}
	e->ordered = !all && kind == FILTER && (w->sorted || w->best);
	if (e->ordered)
		order_things(e);
	if (!all && kind == FILTER && w->best)
		keep_best(e);
	e->builtin = all || w->provider == NOBODY ? run.builtin[kind] : 0;
}

static void begin_enum(unsigned m)
{
	struct open_enum *e = &run.open[m];
	unsigned kind = any(KINDS);
	struct wish w = random_wish(kind);
	struct template_buffer buffer;
	void *template = once_in(4) ? NULL : make_template(&buffer, kind, &w);
	HANDLE handle = NULL;

	note("begin enumeration", m, kind, 0);
	expect_enum(m, kind, &w, !template, e);
	agree_code(kind_calls[kind].enum_create(run.h[m], template, &handle), ERR_OK);
	e->handle = handle;
}

static void check_entry(struct open_enum *e, const void *object)
{
	struct shown s;
	unsigned i = e->ordered ? e->at : 0;
	int key;

	kind_calls[e->kind].show(object, &s);
	key = key_number(&s.key, e->kind);
	if (key == NOBODY) {
		AGREE(e->builtin > 0);
		e->builtin--;
		return;
	}
	while (!e->ordered && i < e->n && (int)e->keys[i] != key)
		i++;
	AGREE(i < e->n && !e->seen[i]);
	check_shown(e->kind, e->keys[i], &e->things[i], object, &s);
	e->seen[i] = true;
	e->at++;
}

/* A few of what is left; at the end everything was there. */
static void go_on_enum(unsigned m)
{
	struct open_enum *e = &run.open[m];
	const struct kind_calls *calls = &kind_calls[e->kind];
	UINT32 max = once_in(2) ? INFINITE : 1 + any(8), n = 0;
	void **entries = NULL;

	note("enumerate", m, e->kind, max);
	agree_code(calls->enum_next(run.h[m], e->handle, max, &entries, &n), ERR_OK);
	AGREE(n <= max);
	for (UINT32 i = 0; i < n; i++)
		check_entry(e, entries[i]);
	FwpmFreeMemory0((void **)&entries);
	if (n == max && !once_in(16))
		return;
	AGREE(n == max || (e->at == e->n && e->builtin == 0));
	agree_code(calls->enum_destroy(run.h[m], e->handle), ERR_OK);
	e->handle = NULL;
}

static void step_enum(unsigned m)
{
	if (run.open[m].handle)
		go_on_enum(m);
	else
		begin_enum(m);
}
