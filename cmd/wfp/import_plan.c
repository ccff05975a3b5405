/* SPDX-License-Identifier: MIT */
/*
 * import_plan - sorting, comparing, and making up what is missing.
 */
#include "wfp/import_plan.h"

#include "base/mem.h"
#include "import/json_write.h"
#include "model/filter.h"
#include "model/object.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLOUT_KEPT (MODEL_CALLOUT_PERSISTENT | MODEL_CALLOUT_USES_PROVIDER_CONTEXT)
#define FILTER_KEPT  (MODEL_FILTER_PERSISTENT | MODEL_FILTER_BOOTTIME)

/* Objects by kind and key. */
struct entry {
	const struct remote_kind *kind;
	struct guid key;
	const Openwfp__Object *object;
};
struct index {
	struct entry *entries;
	size_t n;
};

struct work {
	struct plan *p;
	struct index engine, own; /* own: the document's */
	size_t room;
};

const char *plan_fate_name(enum plan_fate fate)
{
	static const char *const names[PLAN_FATES] = {[PLAN_ADD] = "added",
						      [PLAN_STAND_IN] = "standIns",
						      [PLAN_BUILT_IN] = "builtIn",
						      [PLAN_EQUAL] = "equal",
						      [PLAN_DIFFERENT] = "different"};

	return names[fate];
}

/* ---- the index --------------------------------------------------------------------------------
 */

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return memcmp(&x->key, &y->key, sizeof(x->key));
}

static wfp_err make_index(struct work *w, const struct import_state *s, struct index *out)
{
	out->entries = arena_zalloc(w->p->arena, s->n_objects + 1, sizeof(*out->entries));
	if (!out->entries)
		return ERR_NO_MEMORY;
	for (size_t i = 0; i < s->n_objects; i++) {
		struct remote_parts parts;

		if (!remote_parts_of(s->objects[i], &parts))
			continue;
		out->entries[out->n++] = (struct entry){remote_kind_of(s->objects[i]),
							remote_guid(parts.key), s->objects[i]};
	}
	qsort(out->entries, out->n, sizeof(*out->entries), compare_entries);
	return ERR_OK;
}

static const Openwfp__Object *find(const struct index *index, const struct remote_kind *kind,
				   const struct guid *key)
{
	const struct entry wanted = {.kind = kind, .key = *key};
	const struct entry *e = index->n ? bsearch(&wanted, index->entries, index->n,
						   sizeof(wanted), compare_entries)
					 : NULL;

	return e ? e->object : NULL;
}

/* ---- cleaning ---------------------------------------------------------------------------------
 */

void plan_note(struct plan *p, const struct plan_item *item, const char *sentence)
{
	char key[GUID_TEXT];

	p->n_notes++;
	buf_printf(p->notes, "%s %s %s: %s\n", item->kind->one, guid_format(&item->key, key),
		   remote_name_of(&item->object), sentence);
}

static void clean_callout(struct work *w, struct plan_item *item, Openwfp__Callout *c)
{
	uint32_t lost = c->flags & ~(uint32_t)(CALLOUT_KEPT | MODEL_CALLOUT_REGISTERED);
	char sentence[64];

	c->has_calloutid = false;
	c->flags &= CALLOUT_KEPT;
	if (!lost || !w)
		return;
	snprintf(sentence, sizeof(sentence), "flags without a public name: %08" PRIx32, lost);
	plan_note(w->p, item, sentence);
}

static void clean_filter(Openwfp__Filter *f, bool keep_weights)
{
	if (keep_weights && f->effectiveweight)
		f->weight = f->effectiveweight;
	f->effectiveweight = NULL;
	f->has_filterid = false;
}

#define COPY(arena, member, from) (member = arena_dup(arena, from, sizeof(*(from))))

/* A copy of the outermost message without what the engine gives.  w NULL: nothing is noted. */
static wfp_err clean(struct work *w, struct arena *a, const Openwfp__Object *from,
		     bool keep_weights, struct plan_item *item)
{
	Openwfp__Object *o = &item->object;

	*o = *from;
	switch (from->object_case) {
	case OPENWFP__OBJECT__OBJECT_PROVIDER:
		if (!COPY(a, o->provider, from->provider))
			return ERR_NO_MEMORY;
		o->provider->flags &= ~MODEL_PROVIDER_DISABLED;
		return ERR_OK;
	case OPENWFP__OBJECT__OBJECT_PROVIDER_CONTEXT:
		if (!COPY(a, o->providercontext, from->providercontext))
			return ERR_NO_MEMORY;
		o->providercontext->has_providercontextid = false;
		return ERR_OK;
	case OPENWFP__OBJECT__OBJECT_CALLOUT:
		if (!COPY(a, o->callout, from->callout))
			return ERR_NO_MEMORY;
		clean_callout(w, item, o->callout);
		return ERR_OK;
	case OPENWFP__OBJECT__OBJECT_FILTER:
		if (!COPY(a, o->filter, from->filter))
			return ERR_NO_MEMORY;
		clean_filter(o->filter, keep_weights);
		return ERR_OK;
	default:
		return ERR_OK;
	}
}

/* ---- comparing --------------------------------------------------------------------------------
 */

static bool same_json(const json_t *a, const json_t *b);

/* Absent, or what absent means. */
static bool is_nothing(const json_t *v)
{
	const char *key;
	json_t *member;

	if (json_is_string(v))
		return !*json_string_value(v) || strcmp(json_string_value(v), "FWP_EMPTY") == 0;
	if (json_is_integer(v))
		return json_integer_value(v) == 0;
	if (json_is_array(v))
		return json_array_size(v) == 0;
	if (json_is_object(v)) {
		json_object_foreach ((json_t *)(uintptr_t)v, key, member)
			if (!is_nothing(member))
				return false;
		return true;
	}
	return !json_is_real(v) && !json_is_true(v);
}

static bool has_all(const json_t *a, const json_t *b)
{
	const char *key;
	json_t *member;

	json_object_foreach ((json_t *)(uintptr_t)a, key, member)
		if (!same_json(member, json_object_get(b, key)))
			return false;
	return true;
}

/* Lists of conditions are sets: their order means nothing.  So are lists of flags. */
static bool same_set(const json_t *a, const json_t *b)
{
	size_t n = json_array_size(a);

	if (n != json_array_size(b))
		return false;
	for (size_t i = 0; i < n; i++) {
		size_t j = 0;

		while (j < n && !json_equal(json_array_get(a, i), json_array_get(b, j)))
			j++;
		if (j == n)
			return false;
	}
	return true;
}

static bool same_json(const json_t *a, const json_t *b)
{
	if (is_nothing(a) || is_nothing(b))
		return is_nothing(a) && is_nothing(b);
	if (json_is_object(a) && json_is_object(b))
		return has_all(a, b) && has_all(b, a);
	if (json_is_array(a) && json_is_array(b))
		return same_set(a, b);
	return json_equal(a, b);
}

static const ProtobufCMessage *message_of(const Openwfp__Object *o)
{
	/* The members of the oneof are pointers in one place. */
	return (const ProtobufCMessage *)(const void *)o->provider;
}

/* Names of the fields that differ, in the arena; NULL: none. */
static wfp_err compare(struct work *w, struct plan_item *item, const Openwfp__Object *theirs)
{
	struct plan_item other = {.kind = item->kind};
	struct buf names = {0};
	wfp_err err = clean(NULL, w->p->arena, theirs, false, &other);
	json_t *a = err ? NULL : json_write_message(message_of(&item->object));
	json_t *b = err ? NULL : json_write_message(message_of(&other.object));
	const char *key;
	json_t *member;

	json_object_foreach (a, key, member)
		if (!same_json(member, json_object_get(b, key)))
			buf_printf(&names, "%s%s", names.len ? ", " : "", key);
	json_object_foreach (b, key, member)
		if (!json_object_get(a, key) && !is_nothing(member))
			buf_printf(&names, "%s%s", names.len ? ", " : "", key);
	if (!err)
		err = a && b ? buf_err(&names) : ERR_NO_MEMORY;
	item->fate = names.len ? PLAN_DIFFERENT : PLAN_EQUAL;
	if (names.len)
		item->differs = arena_dup(w->p->arena, buf_str(&names), names.len + 1);
	json_decref(a);
	json_decref(b);
	buf_free(&names);
	return err;
}

/* ---- items ------------------------------------------------------------------------------------
 */

static struct plan_item *new_item(struct work *w)
{
	struct plan *p = w->p;

	if (p->n == w->room) {
		size_t room = w->room ? 2 * w->room : 256;
		struct plan_item *grown = arena_zalloc(p->arena, room, sizeof(*grown));

		if (!grown)
			return NULL;
		if (p->n)
			memcpy(grown, p->items, p->n * sizeof(*grown));
		p->items = grown;
		w->room = room;
	}
	return &p->items[p->n++];
}

static wfp_err add_item(struct work *w, const Openwfp__Object *o, bool keep_weights)
{
	const Openwfp__Object *theirs;
	struct remote_parts parts;
	struct plan_item *item;
	wfp_err err;

	if (!remote_parts_of(o, &parts)) {
		w->p->n_ignored++;
		return ERR_OK;
	}
	item = new_item(w);
	if (!item)
		return ERR_NO_MEMORY;
	*item = (struct plan_item){.fate = PLAN_ADD, .kind = remote_kind_of(o)};
	item->key = remote_guid(parts.key);
	item->old_id = parts.id;
	theirs = find(&w->engine, item->kind, &item->key);
	if (theirs && names_of_key(&item->key)) {
		item->object = *o;
		item->fate = PLAN_BUILT_IN;
		return ERR_OK;
	}
	err = clean(w, w->p->arena, o, keep_weights, item);
	return err || !theirs ? err : compare(w, item, theirs);
}

/* By kind in the order of references; stand-ins first; filters by their old ids, others as they
 * came. */
static int compare_items(const void *a, const void *b)
{
	const struct plan_item *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->kind->kind == OPENWFP__KIND__FILTER && x->old_id != y->old_id)
		return x->old_id < y->old_id ? -1 : 1;
	if ((x->fate == PLAN_STAND_IN) != (y->fate == PLAN_STAND_IN))
		return x->fate == PLAN_STAND_IN ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static void sort_items(struct work *w)
{
	for (size_t i = 0; i < w->p->n; i++)
		w->p->items[i].place = i;
	if (w->p->n)
		qsort(w->p->items, w->p->n, sizeof(*w->p->items), compare_items);
}

/* ---- what is missing --------------------------------------------------------------------------
 */

static bool is_kept(const Openwfp__Object *o)
{
	switch (o->object_case) {
	case OPENWFP__OBJECT__OBJECT_PROVIDER_CONTEXT:
		return o->providercontext->flags & MODEL_CONTEXT_PERSISTENT;
	case OPENWFP__OBJECT__OBJECT_SUB_LAYER:
		return o->sublayer->flags & MODEL_SUBLAYER_PERSISTENT;
	case OPENWFP__OBJECT__OBJECT_CALLOUT:
		return o->callout->flags & MODEL_CALLOUT_PERSISTENT;
	case OPENWFP__OBJECT__OBJECT_FILTER:
		return o->filter->flags & FILTER_KEPT;
	default:
		return false;
	}
}

static struct plan_item *find_stand_in(struct work *w, size_t from, const struct remote_kind *kind,
				       const struct guid *key)
{
	for (size_t i = from; i < w->p->n; i++)
		if (w->p->items[i].kind == kind && guid_equal(&w->p->items[i].key, key))
			return &w->p->items[i];
	return NULL;
}

static Openwfp__DisplayData *stand_in_texts(struct work *w, const struct remote_kind *kind,
					    const struct guid *key)
{
	Openwfp__DisplayData *texts = arena_alloc(w->p->arena, sizeof(*texts));
	const char *known = names_of_key(key);
	char text[160], guid[GUID_TEXT];

	if (!texts)
		return NULL;
	*texts = (Openwfp__DisplayData)OPENWFP__DISPLAY_DATA__INIT;
	snprintf(text, sizeof(text), "imported: %s %s", kind->one,
		 known ? known : guid_format(key, guid));
	texts->name = arena_dup(w->p->arena, text, strlen(text) + 1);
	return texts->name ? texts : NULL;
}

#define NEW_MESSAGE(arena, member, type, init, key_member)                                         \
	do {                                                                                       \
		member = arena_alloc(arena, sizeof(type));                                         \
		if (!member)                                                                       \
			return ERR_NO_MEMORY;                                                      \
		*member = (type)init;                                                              \
		member->has_##key_member = true;                                                   \
		member->key_member = key_bytes;                                                    \
		member->displaydata = texts;                                                       \
		member->has_flags = true;                                                          \
	} while (0)

/* An empty object of that kind; `user` is the filter that needs it, for a callout's layer. */
static wfp_err build_stand_in(struct work *w, struct plan_item *item, const Openwfp__Object *user)
{
	Openwfp__DisplayData *texts = stand_in_texts(w, item->kind, &item->key);
	ProtobufCBinaryData key_bytes = {sizeof(item->key), NULL};
	struct arena *a = w->p->arena;
	Openwfp__Object *o = &item->object;

	key_bytes.data = arena_dup(a, &item->key, sizeof(item->key));
	if (!texts || !key_bytes.data)
		return ERR_NO_MEMORY;
	*o = (Openwfp__Object)OPENWFP__OBJECT__INIT;
	switch (item->kind->kind) {
	case OPENWFP__KIND__PROVIDER:
		o->object_case = OPENWFP__OBJECT__OBJECT_PROVIDER;
		NEW_MESSAGE(a, o->provider, Openwfp__Provider, OPENWFP__PROVIDER__INIT,
			    providerkey);
		return ERR_OK;
	case OPENWFP__KIND__SUB_LAYER:
		o->object_case = OPENWFP__OBJECT__OBJECT_SUB_LAYER;
		NEW_MESSAGE(a, o->sublayer, Openwfp__SubLayer, OPENWFP__SUB_LAYER__INIT,
			    sublayerkey);
		o->sublayer->has_weight = true;
		return ERR_OK;
	case OPENWFP__KIND__CALLOUT:
		o->object_case = OPENWFP__OBJECT__OBJECT_CALLOUT;
		NEW_MESSAGE(a, o->callout, Openwfp__Callout, OPENWFP__CALLOUT__INIT, calloutkey);
		o->callout->has_applicablelayer = true;
		o->callout->applicablelayer = user->filter->layerkey;
		return ERR_OK;
	default:
		o->object_case = OPENWFP__OBJECT__OBJECT_PROVIDER_CONTEXT;
		NEW_MESSAGE(a, o->providercontext, Openwfp__ProviderContext,
			    OPENWFP__PROVIDER_CONTEXT__INIT, providercontextkey);
		o->providercontext->has_type = true;
		o->providercontext->type = MODEL_CONTEXT_GENERAL;
		return ERR_OK;
	}
}

/* Nothing may outlive what it refers to, and a callout's filters may carry a context. */
static void suit_user(struct plan_item *item, const Openwfp__Object *user)
{
	Openwfp__Object *o = &item->object;
	bool kept = is_kept(user);

	if (o->object_case == OPENWFP__OBJECT__OBJECT_PROVIDER && kept)
		o->provider->flags |= MODEL_PROVIDER_PERSISTENT;
	if (o->object_case == OPENWFP__OBJECT__OBJECT_SUB_LAYER && kept)
		o->sublayer->flags |= MODEL_SUBLAYER_PERSISTENT;
	if (o->object_case == OPENWFP__OBJECT__OBJECT_PROVIDER_CONTEXT && kept)
		o->providercontext->flags |= MODEL_CONTEXT_PERSISTENT;
	if (o->object_case != OPENWFP__OBJECT__OBJECT_CALLOUT)
		return;
	if (kept)
		o->callout->flags |= MODEL_CALLOUT_PERSISTENT;
	if (user->filter->flags & MODEL_FILTER_HAS_PROVIDER_CONTEXT)
		o->callout->flags |= MODEL_CALLOUT_USES_PROVIDER_CONTEXT;
}

static wfp_err need(struct work *w, size_t n_own, const char *kind_name,
		    const ProtobufCBinaryData *bytes, const Openwfp__Object *user)
{
	const struct remote_kind *kind = remote_kind_find(kind_name);
	struct guid key = remote_guid(bytes);
	struct plan_item *item;
	wfp_err err;

	if (guid_is_zero(&key) || find(&w->engine, kind, &key) || find(&w->own, kind, &key))
		return ERR_OK;
	item = find_stand_in(w, n_own, kind, &key);
	if (!item) {
		item = new_item(w);
		if (!item)
			return ERR_NO_MEMORY;
		*item = (struct plan_item){.fate = PLAN_STAND_IN, .kind = kind, .key = key};
		err = build_stand_in(w, item, user);
		if (err)
			return err;
	}
	suit_user(item, user);
	return ERR_OK;
}

static wfp_err need_for_filter(struct work *w, size_t n_own, const Openwfp__Object *o)
{
	const Openwfp__Filter *f = o->filter;
	wfp_err err = need(w, n_own, "sublayer", &f->sublayerkey, o);

	if (!err && f->action && MODEL_ACTION_IS_CALLOUT(f->action->type))
		err = need(w, n_own, "callout", &f->action->filtertype, o);
	if (!err && f->context_case == OPENWFP__FILTER__CONTEXT_PROVIDER_CONTEXT_KEY)
		err = need(w, n_own, "context", &f->providercontextkey, o);
	return err;
}

static wfp_err add_missing(struct work *w)
{
	const size_t n_own = w->p->n;
	wfp_err err = ERR_OK;

	for (size_t i = 0; !err && i < n_own; i++) {
		/* A copy: the array may move. */
		const Openwfp__Object o = w->p->items[i].object;
		struct remote_parts parts;

		if (w->p->items[i].fate != PLAN_ADD || !remote_parts_of(&o, &parts))
			continue;
		if (parts.provider)
			err = need(w, n_own, "provider", parts.provider, &o);
		if (!err && o.object_case == OPENWFP__OBJECT__OBJECT_FILTER)
			err = need_for_filter(w, n_own, &o);
	}
	return err;
}

/* ---- the plan ---------------------------------------------------------------------------------
 */

wfp_err plan_make(struct plan *p, const struct import_state *document,
		  const struct import_state *engine, bool keep_weights)
{
	struct work w = {.p = p};
	/* The order of a `show state` says nothing about sublayers. */
	bool state_form = false;
	wfp_err err = make_index(&w, engine, &w.engine);

	if (!err)
		err = make_index(&w, document, &w.own);
	for (size_t i = 0; !err && i < document->n_objects; i++) {
		Openwfp__Object__ObjectCase sort = document->objects[i]->object_case;

		state_form |= sort == OPENWFP__OBJECT__OBJECT_SUB_LAYER ||
			      sort == OPENWFP__OBJECT__OBJECT_LAYER;
		err = add_item(&w, document->objects[i], keep_weights);
	}
	if (!err)
		err = add_missing(&w);
	if (!err)
		err = plan_weigh(p, document, engine, state_form);
	if (!err)
		sort_items(&w);
	return err;
}
