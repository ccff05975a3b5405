/* SPDX-License-Identifier: MIT */
/*
 * objects - adding, deleting and getting, with every rule about flags, keys, references and
 * lifetimes.
 *
 * Adding and deleting are operations that bfe_write runs as the writer.  Each checks everything and
 * allocates before it inserts; a failed one leaves the transaction as it was.
 */
#include "bfe/state.h"

#include "bfe/autoweight.h"
#include "engine/callout.h"
#include "model/access.h"

#include <string.h>

/* ---- what the kinds have in common ------------------------------------------------------------
 */

static const wfp_err not_found[MODEL_KINDS] = {
	[MODEL_PROVIDER] = ERR_PROVIDER_NOT_FOUND,
	[MODEL_PROVIDER_CONTEXT] = ERR_PROVIDER_CONTEXT_NOT_FOUND,
	[MODEL_SUBLAYER] = ERR_SUBLAYER_NOT_FOUND,
	[MODEL_CALLOUT] = ERR_CALLOUT_NOT_FOUND,
	[MODEL_FILTER] = ERR_FILTER_NOT_FOUND,
};

wfp_err bfe_not_found(enum model_kind kind)
{
	return not_found[kind];
}

/* What may be asked for, what makes persistent, and what enumerations show but nobody sets. */
static const struct {
	uint32_t known, persistent, computed;
} flags_of[MODEL_KINDS] = {
	[MODEL_PROVIDER] = {MODEL_PROVIDER_PERSISTENT, MODEL_PROVIDER_PERSISTENT,
			    MODEL_PROVIDER_DISABLED},
	[MODEL_PROVIDER_CONTEXT] = {MODEL_CONTEXT_PERSISTENT | MODEL_CONTEXT_DOWNLEVEL,
				    MODEL_CONTEXT_PERSISTENT, 0},
	[MODEL_SUBLAYER] = {MODEL_SUBLAYER_PERSISTENT, MODEL_SUBLAYER_PERSISTENT, 0},
	[MODEL_CALLOUT] = {MODEL_CALLOUT_PERSISTENT | MODEL_CALLOUT_USES_PROVIDER_CONTEXT,
			   MODEL_CALLOUT_PERSISTENT, MODEL_CALLOUT_REGISTERED},
	[MODEL_FILTER] = {UINT32_MAX, MODEL_FILTER_PERSISTENT, 0},
};

static enum bfe_lifetime asked_lifetime(const struct model_object *o)
{
	if (o->kind == MODEL_FILTER && o->flags & MODEL_FILTER_BOOTTIME)
		return BFE_BOOTTIME;
	return o->flags & flags_of[o->kind].persistent ? BFE_PERSISTENT : BFE_STATIC;
}

bool bfe_is_kept(enum bfe_lifetime lifetime)
{
	return lifetime == BFE_PERSISTENT || lifetime == BFE_BOOTTIME;
}

/* Boot-time filters are in force before user mode is. */
static wfp_err check_boottime(const struct model_filter *f)
{
	const struct model_layer *layer = model_layer_by_id(f->layer);

	return strcmp(layer->mode, "kernel") == 0 ? ERR_OK : ERR_INCOMPATIBLE_LAYER;
}

static wfp_err choose_lifetime(const struct bfe_session *s, struct bfe_object *o)
{
	bool dynamic = s->flags & BFE_SESSION_DYNAMIC;

	if (o->o->flags & ~flags_of[o->o->kind].known)
		return ERR_INVALID_FLAGS;
	o->lifetime = asked_lifetime(o->o);
	if (bfe_is_kept(o->lifetime)) {
		if (dynamic)
			return ERR_DYNAMIC_SESSION_IN_PROGRESS;
		if (!s->bfe->config.store)
			return ERR_NOT_SUPPORTED;
	}
	if (dynamic)
		o->lifetime = BFE_DYNAMIC;
	return o->lifetime == BFE_BOOTTIME ? check_boottime(o->o->filter) : ERR_OK;
}

/* ---- references -------------------------------------------------------------------------------
 */

/* Nothing may refer to what may die before it. */
static bool outlives(const struct bfe_object *used, const struct bfe_object *o,
		     const struct bfe_session *s)
{
	switch (used->lifetime) {
	case BFE_BUILTIN:
		return true;
	case BFE_DYNAMIC:
		return used->owner == s;
	case BFE_STATIC:
		return !bfe_is_kept(o->lifetime);
	default:
		return !bfe_is_kept(o->lifetime) || guid_is_zero(&used->o->provider) ||
		       guid_equal(&used->o->provider, &o->o->provider);
	}
}

static wfp_err use(struct bfe_session *s, struct bfe_object *o, enum model_kind kind,
		   const struct guid *key)
{
	struct bfe_object *used = bfe_object_find(s->bfe, kind, key);

	if (!used)
		return not_found[kind];
	if (!outlives(used, o, s))
		return ERR_LIFETIME_MISMATCH;
	o->uses[kind] = used;
	return bfe_sd_check(s, used->sd, MODEL_RIGHT_ADD_LINK);
}

static wfp_err use_provider(struct bfe_session *s, struct bfe_object *o)
{
	return guid_is_zero(&o->o->provider) ? ERR_OK : use(s, o, MODEL_PROVIDER, &o->o->provider);
}

static wfp_err use_callout(struct bfe_session *s, struct bfe_object *o)
{
	const struct model_filter *f = o->o->filter;
	wfp_err err;

	if (!MODEL_ACTION_IS_CALLOUT(f->action))
		return ERR_OK;
	err = use(s, o, MODEL_CALLOUT, &f->callout);
	if (!err && o->uses[MODEL_CALLOUT]->o->layer != f->layer)
		err = ERR_INCOMPATIBLE_LAYER;
	return err;
}

/* The one type that a built-in callout takes, or any. */
static uint32_t taken_type(const struct bfe_object *callout)
{
	const struct model_builtin *row;

	for (unsigned i = 0; callout->label && (row = model_callout_builtin(i)) != NULL; i++)
		if (guid_equal(&row->key, &callout->o->key))
			return row->context_type;
	return MODEL_BUILTIN_ANY_CONTEXT;
}

/*
 * A general context goes with any filter.  Every other type is read by a callout that says so, or,
 * at the layers of user mode, by the keying modules.
 */
static wfp_err check_context(const struct bfe_object *o)
{
	const struct bfe_object *callout = o->uses[MODEL_CALLOUT];
	uint32_t type = o->uses[MODEL_PROVIDER_CONTEXT]->o->context_type;
	uint32_t taken = callout ? taken_type(callout) : MODEL_BUILTIN_ANY_CONTEXT;

	if (taken != MODEL_BUILTIN_ANY_CONTEXT && taken != type)
		return ERR_PROVIDER_CONTEXT_MISMATCH;
	if (type == MODEL_CONTEXT_GENERAL)
		return ERR_OK;
	if (callout)
		return callout->o->flags & MODEL_CALLOUT_USES_PROVIDER_CONTEXT
			       ? ERR_OK
			       : ERR_CONTEXT_INCOMPATIBLE_WITH_CALLOUT;
	return strcmp(model_layer_by_id(o->o->filter->layer)->mode, "user") == 0
		       ? ERR_OK
		       : ERR_CONTEXT_INCOMPATIBLE_WITH_LAYER;
}

/* What a driver and the matcher see of the context is its id. */
static wfp_err use_context(struct bfe_session *s, struct bfe_object *o)
{
	struct model_filter *f = o->o->filter;
	wfp_err err;

	if (!(f->flags & MODEL_FILTER_HAS_PROVIDER_CONTEXT))
		return ERR_OK;
	err = use(s, o, MODEL_PROVIDER_CONTEXT, &f->context_key);
	if (!err)
		err = check_context(o);
	if (!err)
		f->context = o->uses[MODEL_PROVIDER_CONTEXT]->o->id;
	return err;
}

static wfp_err use_layer(const struct bfe_session *s, const struct bfe_object *o)
{
	uint16_t layer = o->o->kind == MODEL_FILTER ? o->o->filter->layer : o->o->layer;

	if (o->o->kind != MODEL_FILTER && o->o->kind != MODEL_CALLOUT)
		return ERR_OK;
	return bfe_sd_check(s, s->bfe->layers[layer], MODEL_RIGHT_ADD_LINK);
}

static wfp_err use_all(struct bfe_session *s, struct bfe_object *o)
{
	wfp_err err = use_layer(s, o);

	if (err)
		return err;
	if (o->o->kind != MODEL_FILTER)
		return use_provider(s, o);
	err = use(s, o, MODEL_SUBLAYER, &o->o->filter->sublayer);
	if (!err)
		err = use_provider(s, o);
	if (!err)
		err = use_callout(s, o);
	return err ? err : use_context(s, o);
}

/* ---- what each kind gets ----------------------------------------------------------------------
 */

/* An id that was kept is not given again. */
static uint64_t after(uint64_t next, uint64_t id)
{
	return id >= next ? id + 1 : next;
}

static wfp_err fill_context(struct bfe *b, struct bfe_object *o)
{
	if (!o->o->id)
		o->o->id = b->next_context;
	b->next_context = after(b->next_context, o->o->id);
	return ERR_OK;
}

static wfp_err fill_sublayer(struct bfe *b, struct bfe_object *o)
{
	return bfe_weight_choose(b, o->o->weight, &o->o->weight) ? ERR_OK : ERR_TOO_MANY_SUBLAYERS;
}

static wfp_err fill_callout(struct bfe *b, struct bfe_object *o)
{
	uint32_t id;
	wfp_err err = ERR_OK;

	if (b->n_callouts >= BFE_CALLOUTS_MAX)
		return ERR_TOO_MANY_CALLOUTS;
	err = engine_callout_id_reserve(b->engine, &o->o->key, &id);
	if (err)
		return err;
	o->reserved = true;
	o->o->id = id;
	return ERR_OK;
}

/* The filter is nobody else's yet: id and weight may still be set.  Boot-time ones wait for the
 * next start. */
static wfp_err fill_filter(struct bfe *b, struct bfe_object *o)
{
	struct model_filter *f = o->o->filter;

	if (!o->o->id)
		o->o->id = b->next_filter;
	b->next_filter = after(b->next_filter, o->o->id);
	f->id = o->o->id;
	f->weight = bfe_filter_weight(f);
	o->in_engine = o->lifetime != BFE_BOOTTIME || b->booting;
	return ERR_OK;
}

typedef wfp_err fill_fn(struct bfe *b, struct bfe_object *o);

static fill_fn *const fill[MODEL_KINDS] = {
	[MODEL_PROVIDER_CONTEXT] = fill_context,
	[MODEL_SUBLAYER] = fill_sublayer,
	[MODEL_CALLOUT] = fill_callout,
	[MODEL_FILTER] = fill_filter,
};

/* ---- adding -----------------------------------------------------------------------------------
 */

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

static wfp_err create_filter(struct model_object **out, const struct model_object *draft)
{
	struct model_filter f = *draft->filter;
	struct model_object copy = *draft;

	copy.filter = &f;
	f.id = 0;
	if (guid_is_zero(&f.key))
		f.key = guid_random();
	if (guid_is_zero(&f.sublayer)) {
		wfp_err err = default_sublayer(f.layer, &f.sublayer);

		if (err)
			return err;
	}
	return model_object_create(out, &copy);
}

static wfp_err create_payload(struct model_object **out, const struct model_object *draft)
{
	struct model_object copy = *draft;

	if (draft->kind == MODEL_FILTER)
		return draft->filter ? create_filter(out, draft) : ERR_NULL_POINTER;
	copy.id = 0;
	copy.flags &= ~flags_of[draft->kind].computed;
	if (guid_is_zero(&copy.key))
		copy.key = guid_random();
	if (draft->kind == MODEL_CALLOUT && draft->name && !model_layer_by_id(draft->layer))
		return ERR_LAYER_NOT_FOUND;
	return model_object_create(out, &copy);
}

static const struct guid *draft_key(const struct model_object *draft)
{
	return draft->kind == MODEL_FILTER && draft->filter ? &draft->filter->key : &draft->key;
}

static wfp_err check_key(struct bfe *b, const struct model_object *draft)
{
	const struct guid *key = draft_key(draft);

	return !guid_is_zero(key) && bfe_object_find(b, draft->kind, key) ? ERR_ALREADY_EXISTS
									  : ERR_OK;
}

/* The references, and what the kind gets. */
static wfp_err resolve(struct bfe_session *s, struct bfe_object *o)
{
	wfp_err err = use_all(s, o);

	return err || !fill[o->o->kind] ? err : fill[o->o->kind](s->bfe, o);
}

static wfp_err prepare(struct bfe_session *s, struct bfe_object *o, const struct model_blob *sd)
{
	wfp_err err = choose_lifetime(s, o);

	if (!err)
		err = bfe_sd_inherit(s, o->o->kind, sd, &o->sd);

	return err ? err : resolve(s, o);
}

struct add {
	const struct model_object *draft;
	const struct model_blob *sd;
	struct bfe_added added;
};

static wfp_err may_add(struct bfe_session *s, void *arg)
{
	const struct add *a = arg;

	return bfe_container_check(s, (enum bfe_secured)a->draft->kind, MODEL_RIGHT_ADD);
}

static wfp_err add_op(struct bfe_session *s, void *arg)
{
	struct add *a = arg;
	struct model_object *payload;
	struct bfe_object *o;
	wfp_err err = may_add(s, arg);

	if (!err)
		err = check_key(s->bfe, a->draft);
	if (!err)
		err = create_payload(&payload, a->draft);
	if (!err)
		err = bfe_object_create(&o, payload);
	if (err)
		return err;
	err = prepare(s, o, a->sd);
	if (err) {
		bfe_object_free(s->bfe, o);
		return err;
	}
	a->added = (struct bfe_added){.key = o->o->key, .id = o->o->id};
	bfe_object_insert(s, o);
	return ERR_OK;
}

wfp_err bfe_object_add(struct bfe_session *s, const struct model_object *draft,
		       const struct model_blob *sd, struct bfe_added *out)
{
	struct add a = {.draft = draft, .sd = sd};
	wfp_err err;

	if ((unsigned)draft->kind >= MODEL_KINDS)
		return ERR_INVALID_ENUMERATOR;
	err = bfe_sd_check_form(sd);
	if (!err)
		err = bfe_write(s, may_add, add_op, &a);
	if (!err && out)
		*out = a.added;
	return err;
}

/* ---- from the store ----------------------------------------------------------------------------
 */

static bool service_starts(const struct bfe *b, const struct bfe_object *provider)
{
	const struct bfe_config *c = &b->config;

	return !c->service_starts || !provider->o->service ||
	       c->service_starts(c->ctx, provider->o->service);
}

/*
 * What belongs to a provider whose service does not start is there, but not in force.  The provider
 * was loaded first and knows: asking about a service may start a program.  Built-in providers are
 * never disabled, their services are not of this system.
 */
static void disable(const struct bfe *b, struct bfe_object *o)
{
	const struct bfe_object *provider = o->uses[MODEL_PROVIDER];

	o->disabled = o->o->kind == MODEL_PROVIDER ? !service_starts(b, o)
						   : provider && provider->disabled;
	if (!o->disabled)
		return;
	if (o->o->kind == MODEL_PROVIDER)
		o->o->flags |= MODEL_PROVIDER_DISABLED;
	if (o->o->kind == MODEL_FILTER)
		o->o->flags = o->o->filter->flags |= MODEL_FILTER_DISABLED;
}

static wfp_err restore(struct bfe_session *s, struct bfe_object *o, const struct model_blob *sd)
{
	wfp_err err;

	o->lifetime = asked_lifetime(o->o);
	err = bfe_sd_inherit(s, o->o->kind, NULL, &o->sd);
	if (!err && sd)
		err = bfe_sd_restore(s->bfe, (enum bfe_secured)o->o->kind, sd, &o->sd);
	if (!err)
		err = resolve(s, o);
	return err;
}

wfp_err bfe_object_restore(struct bfe_session *s, struct model_object *payload,
			   const struct model_blob *sd)
{
	struct bfe_object *o;
	wfp_err err = bfe_object_create(&o, payload);

	if (err)
		return err;
	err = restore(s, o, sd);
	if (err) {
		bfe_object_free(s->bfe, o);
		return err;
	}
	disable(s->bfe, o);
	bfe_object_insert(s, o);
	return ERR_OK;
}

/* ---- deleting ---------------------------------------------------------------------------------
 */

/* An object by its key, or, NULL, by its id. */
struct target {
	enum model_kind kind;
	const struct guid *key;
	uint64_t id;
	struct model_object *found; /* for get */
	struct bfe_sd *sd;
};

/* What the session sees.  REQUIRES(b->lock) */
static struct bfe_object *find(struct bfe_session *s, const struct target *t)
{
	struct bfe_view view = bfe_view_of(s);

	return t->key ? bfe_view_find(s->bfe, &view, t->kind, t->key)
		      : bfe_view_find_id(s->bfe, &view, t->kind, t->id);
}

static wfp_err check_owner(const struct bfe_session *s, const struct bfe_object *o)
{
	if (o->lifetime == BFE_BUILTIN)
		return ERR_BUILTIN_OBJECT;
	if (o->lifetime == BFE_DYNAMIC)
		return o->owner == s || s->any_owner ? ERR_OK : ERR_WRONG_SESSION;
	return s->flags & BFE_SESSION_DYNAMIC ? ERR_DYNAMIC_SESSION_IN_PROGRESS : ERR_OK;
}

/* By what is committed: everything but the right may be another when the role is ours. */
static wfp_err may_delete(struct bfe_session *s, void *arg)
{
	struct bfe *b = s->bfe;
	struct bfe_sd *sd = NULL;
	struct bfe_object *o;
	wfp_err err = ERR_OK;

	lock_take(&b->lock);
	o = find(s, arg);
	if (o && !check_owner(s, o))
		sd = bfe_sd_get(o->sd);
	lock_drop(&b->lock);
	if (sd)
		err = bfe_sd_check(s, sd, MODEL_RIGHT_DELETE);
	bfe_sd_put(sd);
	return err;
}

static wfp_err delete_op(struct bfe_session *s, void *arg)
{
	const struct target *t = arg;
	struct bfe_object *o = t->key ? bfe_object_find(s->bfe, t->kind, t->key)
				      : bfe_object_find_id(s->bfe, t->kind, t->id);
	wfp_err err;

	if (!o)
		return not_found[t->kind];
	err = check_owner(s, o);
	if (!err)
		err = bfe_sd_check(s, o->sd, MODEL_RIGHT_DELETE);
	if (!err && o->refs)
		err = ERR_IN_USE;
	if (err)
		return err;
	bfe_object_remove(s, o);
	return ERR_OK;
}

wfp_err bfe_object_delete(struct bfe_session *s, enum model_kind kind, const struct guid *key)
{
	if ((unsigned)kind >= MODEL_KINDS)
		return ERR_INVALID_ENUMERATOR;
	return bfe_write(s, may_delete, delete_op, &(struct target){.kind = kind, .key = key});
}

wfp_err bfe_object_delete_by_id(struct bfe_session *s, enum model_kind kind, uint64_t id)
{
	if ((unsigned)kind >= MODEL_KINDS)
		return ERR_INVALID_ENUMERATOR;
	return bfe_write(s, may_delete, delete_op, &(struct target){.kind = kind, .id = id});
}

/* ---- getting ----------------------------------------------------------------------------------
 */

/* In a call of the session. */
static wfp_err find_target(struct bfe_session *s, struct target *t)
{
	struct bfe *b = s->bfe;
	struct bfe_object *o;

	lock_take(&b->lock);
	o = find(s, t);
	if (o) {
		t->found = model_object_get(o->o);
		t->sd = bfe_sd_get(o->sd);
	}
	lock_drop(&b->lock);
	return o ? ERR_OK : not_found[t->kind];
}

static wfp_err read_target(struct bfe_session *s, struct target *t)
{
	wfp_err err = bfe_sd_check(s, t->sd, MODEL_RIGHT_READ);

	bfe_sd_put(t->sd);
	if (!err)
		return bfe_object_complete(s->bfe, &t->found);
	model_object_put(t->found);
	return err;
}

static wfp_err get(struct bfe_session *s, struct target *t, struct model_object **out)
{
	wfp_err err;

	if ((unsigned)t->kind >= MODEL_KINDS)
		return ERR_INVALID_ENUMERATOR;
	err = bfe_call_enter(s);
	if (err)
		return err;
	err = find_target(s, t);
	if (!err)
		err = read_target(s, t);
	bfe_call_leave(s);
	if (!err)
		*out = t->found;
	return err;
}

wfp_err bfe_object_get(struct bfe_session *s, enum model_kind kind, const struct guid *key,
		       struct model_object **out)
{
	return get(s, &(struct target){.kind = kind, .key = key}, out);
}

wfp_err bfe_object_get_by_id(struct bfe_session *s, enum model_kind kind, uint64_t id,
			     struct model_object **out)
{
	return get(s, &(struct target){.kind = kind, .id = id}, out);
}
