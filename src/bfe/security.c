/* SPDX-License-Identifier: MIT */
/*
 * security - reading and changing the descriptors of objects, containers and the engine.
 *
 * A change is a transaction of its own, counts at once for everybody, and is passed down: the
 * engine's to the containers, a container's to its objects.  Everything is made before the first
 * descriptor is replaced, so lack of memory or a full disk changes nothing.
 */
#include "bfe/persist.h"

#include "base/mem.h"
#include "model/access.h"
#include "model/inherit.h"

/* What a call is about. */
struct subject {
	enum bfe_secured what;
	const struct guid *key;	   /* NULL: a container or the engine */
	struct bfe_object *object; /* when it is one */
	struct bfe_sd **slot;
	struct model_sd_place place;
};

static bool has_key(const struct guid *key)
{
	return key && !guid_is_zero(key);
}

static wfp_err find_layer(struct bfe *b, struct subject *t)
{
	const struct model_layer *layer = model_layer_by_key(t->key);

	if (!layer)
		return ERR_LAYER_NOT_FOUND;
	t->slot = &b->layers[layer->id];
	return ERR_OK;
}

static wfp_err find_object(struct bfe *b, const struct bfe_view *view, struct subject *t)
{
	t->object = bfe_view_find(b, view, (enum model_kind)t->what, t->key);
	if (!t->object)
		return bfe_not_found((enum model_kind)t->what);
	t->slot = &t->object->sd;
	return ERR_OK;
}

/* Where the descriptor is kept.  REQUIRES(b->lock) */
static wfp_err find(struct bfe *b, const struct bfe_view *view, struct subject *t)
{
	if (!t->key) {
		t->slot = &b->secured[t->what];
		t->place.is_container = true;
		if (t->what != BFE_SECURED_ENGINE)
			t->place.parent = b->secured[BFE_SECURED_ENGINE]->blob;
		return ERR_OK;
	}
	t->place.parent = b->secured[t->what]->blob;
	return t->what == BFE_SECURED_LAYERS ? find_layer(b, t) : find_object(b, view, t);
}

static wfp_err subject_init(struct subject *t, enum bfe_secured what, const struct guid *key)
{
	if ((unsigned)what >= BFE_SECURED_SORTS)
		return ERR_INVALID_PARAMETER;
	*t = (struct subject){.what = what};
	/* The others are containers of things without keys. */
	if (has_key(key) && what <= BFE_SECURED_LAYERS)
		t->key = key;
	return ERR_OK;
}

static wfp_err check(const struct bfe_session *s, const struct subject *t, const struct bfe_sd *sd,
		     uint32_t right)
{
	if (!t->key && t->what == BFE_SECURED_ENGINE && s->token)
		return model_access_check_engine(sd->blob, s->token, right, NULL);
	return bfe_sd_check(s, sd, right);
}

/* ---- reading ------------------------------------------------------------------------------------
 */

static wfp_err read_sd(struct bfe_session *s, struct subject *t, uint32_t info,
		       struct model_blob **out)
{
	struct bfe *b = s->bfe;
	struct bfe_sd *sd = NULL;
	struct bfe_view view;
	wfp_err err;

	lock_take(&b->lock);
	view = bfe_view_of(s);
	err = find(b, &view, t);
	if (!err)
		sd = bfe_sd_get(*t->slot);
	lock_drop(&b->lock);
	if (!err)
		err = check(s, t, sd, MODEL_RIGHT_READ_CONTROL);
	if (!err)
		err = model_sd_select(out, sd->blob, info);
	bfe_sd_put(sd);
	return err;
}

wfp_err bfe_security_get(struct bfe_session *s, enum bfe_secured what, const struct guid *key,
			 uint32_t info, struct model_blob **out)
{
	struct subject t;
	wfp_err err = subject_init(&t, what, key);

	if (!err)
		err = bfe_call_enter(s);
	if (err)
		return err;
	err = read_sd(s, &t, info, out);
	bfe_call_leave(s);
	return err;
}

/* ---- passing a change down ----------------------------------------------------------------------
 */

typedef wfp_err slot_fn(struct bfe_sd **slot, const struct bfe_sd *parent);

/* Its descriptor as it will be.  Those who share one go on sharing. */
static wfp_err make_next(struct bfe_sd **slot, const struct bfe_sd *parent, bool is_container)
{
	const struct model_sd_place place = {.parent = parent->blob, .is_container = is_container};
	struct model_blob *blob;
	wfp_err err;

	if ((*slot)->next)
		return ERR_OK;
	err = model_sd_reinherit(&blob, (*slot)->blob, &place);
	return err ? err : bfe_sd_create(&(*slot)->next, blob);
}

static wfp_err make_next_child(struct bfe_sd **slot, const struct bfe_sd *parent)
{
	return make_next(slot, parent, false);
}

static wfp_err take_next(struct bfe_sd **slot, UNUSED const struct bfe_sd *parent)
{
	struct bfe_sd *old = *slot;

	if (old->next) {
		*slot = bfe_sd_get(old->next);
		bfe_sd_put(old);
	}
	return ERR_OK;
}

static wfp_err drop_next(struct bfe_sd **slot, UNUSED const struct bfe_sd *parent)
{
	bfe_sd_put((*slot)->next);
	(*slot)->next = NULL;
	return ERR_OK;
}

static wfp_err in_list(struct list *list, slot_fn *fn, const struct bfe_sd *parent)
{
	wfp_err err = ERR_OK;
	struct list *l;

	LIST_FOR_EACH (l, list) {
		err = fn(&LIST_ENTRY(l, struct bfe_object, all)->sd, parent);
		if (err)
			break;
	}
	return err;
}

/* REQUIRES(b->lock) */
static wfp_err in_container(struct bfe *b, enum bfe_secured what, slot_fn *fn)
{
	const struct bfe_sd *parent = b->secured[what]->next;
	wfp_err err = ERR_OK;

	if ((unsigned)what < MODEL_FILTER)
		return in_list(&b->all[what], fn, parent);
	if (what > BFE_SECURED_LAYERS)
		return ERR_OK;
	for (unsigned i = 0; !err && i < MODEL_LAYERS_MAX; i++)
		err = what == BFE_SECURED_LAYERS ? fn(&b->layers[i], parent)
						 : in_list(&b->filters[i], fn, parent);
	return err;
}

/* The containers below `what` whose descriptors change, itself included. */
static bool is_affected(const struct bfe *b, enum bfe_secured i)
{
	return i != BFE_SECURED_ENGINE && b->secured[i]->next;
}

/* REQUIRES(b->lock) */
static wfp_err prepare_below(struct bfe *b, enum bfe_secured what)
{
	wfp_err err = ERR_OK;

	if (what == BFE_SECURED_ENGINE)
		for (unsigned i = 0; !err && i < BFE_SECURED_SORTS; i++)
			if (i != BFE_SECURED_ENGINE)
				err = make_next(&b->secured[i], b->secured[what]->next, true);
	for (unsigned i = 0; !err && i < BFE_SECURED_SORTS; i++)
		if (is_affected(b, (enum bfe_secured)i))
			err = in_container(b, (enum bfe_secured)i, make_next_child);
	return err;
}

/* Children first: they find their parents by what is about to change.  REQUIRES(b->lock) */
static void finish_below(struct bfe *b, slot_fn *fn)
{
	for (unsigned i = 0; i < BFE_SECURED_SORTS; i++)
		if (is_affected(b, (enum bfe_secured)i))
			(void)in_container(b, (enum bfe_secured)i, fn);
	for (unsigned i = 0; i < BFE_SECURED_SORTS; i++)
		(void)fn(&b->secured[i], NULL);
}

/* ---- changing -----------------------------------------------------------------------------------
 */

struct change {
	struct subject t;
	uint32_t info;
	const struct model_blob *sd;
};

static wfp_err check_dynamic(const struct bfe_session *s, const struct subject *t)
{
	const struct bfe_object *o = t->object;

	if (o && o->lifetime == BFE_DYNAMIC)
		return o->owner == s ? ERR_OK : ERR_WRONG_SESSION;
	return s->flags & BFE_SESSION_DYNAMIC ? ERR_DYNAMIC_SESSION_IN_PROGRESS : ERR_OK;
}

static uint32_t needed_rights(uint32_t info)
{
	uint32_t rights = 0;

	if (info & (MODEL_SD_OWNER | MODEL_SD_GROUP))
		rights |= MODEL_RIGHT_WRITE_OWNER;
	if (info & (MODEL_SD_DACL | MODEL_SD_PROTECT | MODEL_SD_UNPROTECT))
		rights |= MODEL_RIGHT_WRITE_DAC;
	return rights;
}

/* Nobody but an administrator gives an object away: the new owner is one of the caller's SIDs. */
static wfp_err check_owner(const struct bfe_session *s, const struct change *c)
{
	struct model_sd sd;
	wfp_err err;

	if (!(c->info & MODEL_SD_OWNER) || !s->token)
		return ERR_OK;
	err = model_sd_parse(&sd, c->sd->data, c->sd->size);
	if (err || !sd.owner)
		return err;
	return model_token_holds(s->token, sd.owner, false) ||
			       model_token_may_take_ownership(s->token)
		       ? ERR_OK
		       : ERR_ACCESS_DENIED;
}

static wfp_err check_rights(const struct bfe_session *s, const struct subject *t,
			    const struct bfe_sd *sd, uint32_t info)
{
	uint32_t rights = needed_rights(info);

	return rights ? check(s, t, sd, rights) : ERR_OK;
}

static wfp_err check_change(const struct bfe_session *s, const struct change *c)
{
	wfp_err err = check_dynamic(s, &c->t);

	if (!err)
		err = check_rights(s, &c->t, *c->t.slot, c->info);
	return err ? err : check_owner(s, c);
}

/* By what is committed, and of the rights alone: the rest may be another when the role is ours. */
static wfp_err may_change(struct bfe_session *s, void *arg)
{
	const struct change *c = arg;
	struct subject t = c->t;
	struct bfe *b = s->bfe;
	struct bfe_sd *sd = NULL;
	struct bfe_view view;
	wfp_err err = ERR_OK;

	lock_take(&b->lock);
	view = bfe_view_of(s);
	if (!find(b, &view, &t) && !check_dynamic(s, &t))
		sd = bfe_sd_get(*t.slot);
	lock_drop(&b->lock);
	if (sd)
		err = check_rights(s, &t, sd, c->info);
	bfe_sd_put(sd);
	return err;
}

static wfp_err change_object(struct bfe *b, const struct change *c, struct bfe_sd *sd)
{
	struct bfe_sd *old = *c->t.slot;
	wfp_err err = c->t.object ? bfe_persist_object_sd(b, c->t.object, sd)
				  : bfe_persist_container_sd(b, c->t.what, c->t.key, sd);

	if (err) {
		bfe_sd_put(sd);
		return err;
	}
	lock_take(&b->lock);
	*c->t.slot = sd;
	lock_drop(&b->lock);
	bfe_sd_put(old);
	return ERR_OK;
}

static wfp_err change_container(struct bfe *b, const struct change *c, struct bfe_sd *sd)
{
	wfp_err err;

	b->sd_generation++; /* in any case: nobody goes on from one that has a next */
	lock_take(&b->lock);
	(*c->t.slot)->next = sd;
	err = prepare_below(b, c->t.what);
	lock_drop(&b->lock);
	if (!err)
		err = bfe_persist_container_sd(b, c->t.what, NULL, sd);
	lock_take(&b->lock);
	finish_below(b, err ? drop_next : take_next);
	lock_drop(&b->lock);
	return err;
}

static wfp_err change_op(struct bfe_session *s, void *arg)
{
	static const struct bfe_view own = {.own = true};
	struct change *c = arg;
	struct bfe *b = s->bfe;
	struct model_blob *blob;
	struct bfe_sd *sd;
	wfp_err err;

	lock_take(&b->lock);
	err = find(b, &own, &c->t);
	lock_drop(&b->lock);
	if (!err)
		err = check_change(s, c);
	if (!err)
		err = model_sd_set(&blob, (*c->t.slot)->blob, c->sd, c->info, &c->t.place);
	if (!err)
		err = bfe_sd_create(&sd, blob);
	if (err)
		return err;
	return c->t.key ? change_object(b, c, sd) : change_container(b, c, sd);
}

wfp_err bfe_security_restore(struct bfe_session *s, enum bfe_secured what, const struct guid *key,
			     const struct model_blob *kept)
{
	static const struct bfe_view own = {.own = true};
	struct change c = {.sd = kept};
	struct bfe *b = s->bfe;
	struct model_blob *blob;
	struct bfe_sd *sd;
	wfp_err err = subject_init(&c.t, what, key);

	if (err)
		return err;
	lock_take(&b->lock);
	err = find(b, &own, &c.t);
	lock_drop(&b->lock);
	if (!err)
		err = model_sd_reinherit(&blob, kept, &c.t.place);
	if (!err)
		err = bfe_sd_create(&sd, blob);
	if (err)
		return err;
	return c.t.key ? change_object(b, &c, sd) : change_container(b, &c, sd);
}

wfp_err bfe_security_set(struct bfe_session *s, enum bfe_secured what, const struct guid *key,
			 uint32_t info, const struct model_blob *sd)
{
	struct change c = {.info = info, .sd = sd};
	wfp_err err = sd ? subject_init(&c.t, what, key) : ERR_NULL_POINTER;

	if (!err)
		err = bfe_sd_check_form(sd);
	return err ? err : bfe_write_alone(s, may_change, change_op, &c);
}
