/* SPDX-License-Identifier: MIT */
/*
 * objects - adding and deleting, with every rule about flags, keys, references and lifetimes.
 *
 * Each call is an operation that bfe_write runs as the writer.  It checks everything and allocates
 * before it inserts; a failed one leaves the transaction as it was.
 */
#include "bfe/state.h"

#include "bfe/autoweight.h"
#include "engine/callout.h"

#include <string.h>

/* ---- what the kinds have in common ------------------------------------------------------------
 */

static const wfp_err not_found[BFE_KINDS] = {
	[BFE_PROVIDER] = ERR_PROVIDER_NOT_FOUND,
	[BFE_SUBLAYER] = ERR_SUBLAYER_NOT_FOUND,
	[BFE_CALLOUT] = ERR_CALLOUT_NOT_FOUND,
	[BFE_FILTER] = ERR_FILTER_NOT_FOUND,
};

/* FWPM_*_FLAG_*: what exists, and what asks for a lifetime beyond this process. */
#define PERSISTENT_LOW		      0x1u
#define CALLOUT_PERSISTENT	      0x10000u
#define CALLOUT_USES_PROVIDER_CONTEXT 0x20000u
#define CALLOUT_REGISTERED	      0x40000u

static const struct {
	uint32_t known, persistent;
} flags_of[BFE_KINDS] = {
	[BFE_PROVIDER] = {PERSISTENT_LOW, PERSISTENT_LOW},
	[BFE_SUBLAYER] = {PERSISTENT_LOW, PERSISTENT_LOW},
	[BFE_CALLOUT] = {CALLOUT_PERSISTENT | CALLOUT_USES_PROVIDER_CONTEXT, CALLOUT_PERSISTENT},
	[BFE_FILTER] = {UINT32_MAX, MODEL_FILTER_PERSISTENT | MODEL_FILTER_BOOTTIME},
};

/* There is no store: what would have to outlive the process is refused, not forgotten. */
static wfp_err check_flags(enum bfe_kind kind, uint32_t flags)
{
	if (flags & ~flags_of[kind].known)
		return ERR_INVALID_FLAGS;
	return flags & flags_of[kind].persistent ? ERR_NOT_SUPPORTED : ERR_OK;
}

static wfp_err check_new(struct bfe *b, enum bfe_kind kind, const struct guid *key,
			 const char *name, uint32_t flags)
{
	if (!name || !*name)
		return ERR_NULL_DISPLAY_NAME;
	if (!guid_is_zero(key) && bfe_object_find(b, kind, key))
		return ERR_ALREADY_EXISTS;
	return check_flags(kind, flags);
}

/* Nothing may refer to what may die before it. */
static wfp_err use(struct bfe_session *s, struct bfe_object *o, enum bfe_kind kind,
		   const struct guid *key)
{
	struct bfe_object *used = bfe_object_find(s->bfe, kind, key);

	if (!used)
		return not_found[kind];
	if (used->owner && used->owner != s)
		return ERR_LIFETIME_MISMATCH;
	o->uses[kind] = used;
	return ERR_OK;
}

static wfp_err use_provider(struct bfe_session *s, struct bfe_object *o, const struct guid *key)
{
	return guid_is_zero(key) ? ERR_OK : use(s, o, BFE_PROVIDER, key);
}

/* What to delete: the one with this id, or, 0, with this key. */
struct target {
	enum bfe_kind kind;
	const struct guid *key;
	uint64_t id;
};

static wfp_err delete_op(struct bfe_session *s, void *arg)
{
	const struct target *t = arg;
	struct bfe_object *o = t->key ? bfe_object_find(s->bfe, t->kind, t->key)
				      : bfe_object_find_id(s->bfe, t->kind, t->id);

	if (!o)
		return not_found[t->kind];
	if (o->builtin)
		return ERR_BUILTIN_OBJECT;
	if (o->owner && o->owner != s)
		return ERR_WRONG_SESSION;
	if (o->refs)
		return ERR_IN_USE;
	bfe_object_delete(s, o);
	return ERR_OK;
}

static wfp_err delete_by_key(struct bfe_session *s, enum bfe_kind kind, const struct guid *key)
{
	return bfe_write(s, delete_op, &(struct target){.kind = kind, .key = key});
}

static wfp_err delete_by_id(struct bfe_session *s, enum bfe_kind kind, uint64_t id)
{
	return bfe_write(s, delete_op, &(struct target){.kind = kind, .id = id});
}

/* ---- providers --------------------------------------------------------------------------------
 */

struct add_provider {
	const struct bfe_provider *in;
	struct guid key;
};

static wfp_err add_provider(struct bfe_session *s, void *arg)
{
	struct add_provider *a = arg;
	struct bfe_object *o;
	wfp_err err = check_new(s->bfe, BFE_PROVIDER, &a->in->key, a->in->name, a->in->flags);

	if (!err)
		err = bfe_object_create(&o, BFE_PROVIDER, &a->in->key, a->in->name);
	if (err)
		return err;
	a->key = o->key;
	bfe_object_insert(s, o);
	return ERR_OK;
}

wfp_err bfe_provider_add(struct bfe_session *s, const struct bfe_provider *p, struct guid *key_out)
{
	struct add_provider a = {.in = p};
	wfp_err err = bfe_write(s, add_provider, &a);

	if (!err && key_out)
		*key_out = a.key;
	return err;
}

wfp_err bfe_provider_delete(struct bfe_session *s, const struct guid *key)
{
	return delete_by_key(s, BFE_PROVIDER, key);
}

/* ---- sublayers --------------------------------------------------------------------------------
 */

struct add_sublayer {
	const struct bfe_sublayer *in;
	struct guid key;
};

static wfp_err add_sublayer(struct bfe_session *s, void *arg)
{
	struct add_sublayer *a = arg;
	struct bfe_object *o;
	wfp_err err = check_new(s->bfe, BFE_SUBLAYER, &a->in->key, a->in->name, a->in->flags);

	if (!err)
		err = bfe_object_create(&o, BFE_SUBLAYER, &a->in->key, a->in->name);
	if (err)
		return err;
	err = use_provider(s, o, &a->in->provider);
	if (!err && !bfe_weight_choose(s->bfe, a->in->weight, &o->weight))
		err = ERR_TOO_MANY_SUBLAYERS;
	if (err) {
		bfe_object_free(s->bfe, o);
		return err;
	}
	a->key = o->key;
	bfe_object_insert(s, o);
	return ERR_OK;
}

wfp_err bfe_sublayer_add(struct bfe_session *s, const struct bfe_sublayer *l, struct guid *key_out)
{
	struct add_sublayer a = {.in = l};
	wfp_err err = bfe_write(s, add_sublayer, &a);

	if (!err && key_out)
		*key_out = a.key;
	return err;
}

wfp_err bfe_sublayer_delete(struct bfe_session *s, const struct guid *key)
{
	return delete_by_key(s, BFE_SUBLAYER, key);
}

/* ---- callouts ---------------------------------------------------------------------------------
 */

struct add_callout {
	const struct bfe_callout *in;
	uint32_t id;
};

static wfp_err fill_callout(struct bfe_session *s, struct bfe_object *o,
			    const struct bfe_callout *in)
{
	uint32_t id;
	wfp_err err = use_provider(s, o, &in->provider);

	o->layer = in->layer;
	o->flags = in->flags;
	if (!err)
		err = engine_callout_id_reserve(s->bfe->engine, &o->key, &id);
	if (!err)
		o->id = id;
	return err;
}

static wfp_err add_callout(struct bfe_session *s, void *arg)
{
	struct add_callout *a = arg;
	uint32_t flags = a->in->flags & ~CALLOUT_REGISTERED; /* what enumerations say, ignored */
	struct bfe_object *o;
	wfp_err err = check_new(s->bfe, BFE_CALLOUT, &a->in->key, a->in->name, flags);

	if (!err && !model_layer_by_id(a->in->layer))
		err = ERR_LAYER_NOT_FOUND;
	if (!err && s->bfe->by_key[BFE_CALLOUT].count >= BFE_CALLOUTS_MAX)
		err = ERR_TOO_MANY_CALLOUTS;
	if (!err)
		err = bfe_object_create(&o, BFE_CALLOUT, &a->in->key, a->in->name);
	if (err)
		return err;
	err = fill_callout(s, o, a->in);
	if (err) {
		bfe_object_free(s->bfe, o);
		return err;
	}
	a->id = (uint32_t)o->id;
	bfe_object_insert(s, o);
	return ERR_OK;
}

wfp_err bfe_callout_add(struct bfe_session *s, const struct bfe_callout *c, uint32_t *id_out)
{
	struct add_callout a = {.in = c};
	wfp_err err = bfe_write(s, add_callout, &a);

	if (!err && id_out)
		*id_out = a.id;
	return err;
}

wfp_err bfe_callout_delete(struct bfe_session *s, const struct guid *key)
{
	return delete_by_key(s, BFE_CALLOUT, key);
}

wfp_err bfe_callout_delete_by_id(struct bfe_session *s, uint32_t id)
{
	return delete_by_id(s, BFE_CALLOUT, id);
}

/* ---- filters ----------------------------------------------------------------------------------
 */

struct add_filter {
	const struct model_filter *in;
	uint64_t id;
};

static wfp_err default_sublayer(uint16_t layer, struct guid *out)
{
	const struct model_layer *l = model_layer_by_id(layer);
	const struct model_builtin *row;

	for (unsigned i = 0; l && (row = model_sublayer_builtin(i)) != NULL; i++)
		if (strcmp(row->name, l->default_sublayer) == 0) {
			*out = row->key;
			return ERR_OK;
		}
	return ERR_LAYER_NOT_FOUND;
}

static wfp_err use_callout(struct bfe_session *s, struct bfe_object *o)
{
	const struct model_filter *f = o->filter;
	wfp_err err;

	if (!MODEL_ACTION_IS_CALLOUT(f->action))
		return ERR_OK;
	err = use(s, o, BFE_CALLOUT, &f->callout);
	if (!err && o->uses[BFE_CALLOUT]->layer != f->layer)
		err = ERR_INCOMPATIBLE_LAYER;
	return err;
}

static wfp_err check_references(struct bfe_session *s, struct bfe_object *o)
{
	const struct model_filter *f = o->filter;
	wfp_err err = use(s, o, BFE_SUBLAYER, &f->sublayer);

	if (!err)
		err = use_provider(s, o, &f->provider);
	if (!err)
		err = use_callout(s, o);
	/* There are no provider contexts, so none can be found. */
	if (!err && f->flags & MODEL_FILTER_HAS_PROVIDER_CONTEXT)
		err = ERR_PROVIDER_CONTEXT_NOT_FOUND;
	return err;
}

/* The filter is nobody else's yet: key, id and weight may still be set. */
static wfp_err fill_filter(struct bfe_session *s, struct bfe_object *o,
			   const struct model_filter *in)
{
	struct model_filter draft = *in;
	wfp_err err = ERR_OK;

	if (guid_is_zero(&draft.sublayer))
		err = default_sublayer(draft.layer, &draft.sublayer);
	if (!err)
		err = model_filter_create(&o->filter, &draft);
	if (!err)
		err = check_flags(BFE_FILTER, in->flags);
	if (!err)
		err = check_references(s, o);
	if (err)
		return err;
	o->id = s->bfe->next_filter++;
	o->filter->key = o->key;
	o->filter->id = o->id;
	o->filter->weight = bfe_filter_weight(o->filter);
	return ERR_OK;
}

static wfp_err add_filter(struct bfe_session *s, void *arg)
{
	struct add_filter *a = arg;
	struct bfe_object *o;
	wfp_err err = ERR_OK;

	if (!guid_is_zero(&a->in->key) && bfe_object_find(s->bfe, BFE_FILTER, &a->in->key))
		return ERR_ALREADY_EXISTS;
	err = bfe_object_create(&o, BFE_FILTER, &a->in->key, NULL);
	if (err)
		return err;
	err = fill_filter(s, o, a->in);
	if (err) {
		bfe_object_free(s->bfe, o);
		return err;
	}
	a->id = o->id;
	bfe_object_insert(s, o);
	return ERR_OK;
}

wfp_err bfe_filter_add(struct bfe_session *s, const struct model_filter *draft, uint64_t *id_out)
{
	struct add_filter a = {.in = draft};
	wfp_err err = bfe_write(s, add_filter, &a);

	if (!err && id_out)
		*id_out = a.id;
	return err;
}

wfp_err bfe_filter_delete(struct bfe_session *s, uint64_t id)
{
	return delete_by_id(s, BFE_FILTER, id);
}

wfp_err bfe_filter_delete_by_key(struct bfe_session *s, const struct guid *key)
{
	return delete_by_key(s, BFE_FILTER, key);
}
