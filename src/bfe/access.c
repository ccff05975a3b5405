/* SPDX-License-Identifier: MIT */
/*
 * access - who may do what: descriptors, how they are inherited, and the checks.
 *
 * The engine has a descriptor, each container inherits from it, each object from its container.  An
 * object keeps its own with what it inherits; objects that were given nothing of their own share
 * one.  Sessions without a token (drivers, the host program itself) pass every check.  The right
 * that each call needs is named where the call is.
 */
#include "bfe/state.h"

#include "base/mem.h"
#include "model/access.h"
#include "model/inherit.h"

#include <string.h>

wfp_err bfe_sd_create(struct bfe_sd **out, struct model_blob *blob)
{
	struct bfe_sd *sd = mem_zalloc(sizeof(*sd));

	if (!sd) {
		mem_free(blob);
		return ERR_NO_MEMORY;
	}
	atom32_init(&sd->refs, 1);
	sd->blob = blob;
	*out = sd;
	return ERR_OK;
}

struct bfe_sd *bfe_sd_get(struct bfe_sd *sd)
{
	atom32_add(&sd->refs, 1);
	return sd;
}

void bfe_sd_put(struct bfe_sd *sd)
{
	if (!sd || atom32_sub(&sd->refs, 1) > 0)
		return;
	bfe_sd_put(sd->next);
	mem_free(sd->blob);
	mem_free(sd);
}

wfp_err bfe_sd_check_form(const struct model_blob *given)
{
	struct model_sd sd;

	return given && model_sd_parse(&sd, given->data, given->size) ? ERR_INVALID_SECURITY_DESCR
								      : ERR_OK;
}

/* ---- checks ------------------------------------------------------------------------------------
 */

wfp_err bfe_sd_check(const struct bfe_session *s, const struct bfe_sd *sd, uint32_t right)
{
	return s->token ? model_access_check(sd->blob, s->token, right, NULL) : ERR_OK;
}

wfp_err bfe_container_check(struct bfe_session *s, enum bfe_secured what, uint32_t right)
{
	struct bfe *b = s->bfe;
	struct bfe_sd *sd;
	wfp_err err;

	if (!s->token)
		return ERR_OK;
	lock_take(&b->lock);
	sd = bfe_sd_get(b->secured[what]);
	lock_drop(&b->lock);
	err = what == BFE_SECURED_ENGINE
		      ? model_access_check_engine(sd->blob, s->token, right, NULL)
		      : model_access_check(sd->blob, s->token, right, NULL);
	bfe_sd_put(sd);
	return err;
}

static wfp_err check_in_call(struct bfe_session *s, enum bfe_secured what, uint32_t right,
			     bool alone)
{
	wfp_err err =
		(unsigned)what < BFE_SECURED_SORTS ? bfe_call_enter(s) : ERR_INVALID_PARAMETER;

	if (err)
		return err;
	err = alone && s->in_txn ? ERR_TXN_IN_PROGRESS : bfe_container_check(s, what, right);
	bfe_call_leave(s);
	return err;
}

wfp_err bfe_access_check(struct bfe_session *s, enum bfe_secured what, uint32_t right)
{
	return check_in_call(s, what, right, false);
}

wfp_err bfe_access_check_alone(struct bfe_session *s, enum bfe_secured what, uint32_t right)
{
	return check_in_call(s, what, right, true);
}

wfp_err bfe_layer_check(struct bfe_session *s, uint16_t layer, uint32_t right)
{
	struct bfe *b = s->bfe;
	struct bfe_sd *sd;
	wfp_err err = bfe_call_enter(s);

	if (err)
		return err;
	lock_take(&b->lock);
	sd = bfe_sd_get(b->layers[layer]);
	lock_drop(&b->lock);
	err = bfe_sd_check(s, sd, right);
	bfe_sd_put(sd);
	bfe_call_leave(s);
	return err;
}

/* ---- what new objects get -----------------------------------------------------------------------
 */

static struct sid system_sid(void)
{
	static const uint32_t local_system = 18;
	struct sid sid;

	sid_make(&sid, 5, 1, &local_system);
	return sid;
}

static wfp_err inherit(const struct bfe_session *s, const struct model_sd_place *place,
		       const struct model_blob *given, struct bfe_sd **out)
{
	const struct sid system = system_sid();
	const void *owner = &system, *group = &system;
	struct model_blob *blob;
	wfp_err err;

	if (s && s->token) {
		owner = model_token_owner(s->token);
		group = model_token_group(s->token);
		if (!owner || !group)
			return ERR_ACCESS_DENIED;
	}
	err = model_sd_inherit(&blob, place, given, owner, group);
	return err ? err : bfe_sd_create(out, blob);
}

void bfe_sd_forget(struct bfe_session *s)
{
	for (unsigned k = 0; k < MODEL_KINDS; k++) {
		bfe_sd_put(s->inherited[k]);
		s->inherited[k] = NULL;
	}
}

wfp_err bfe_sd_inherit(struct bfe_session *s, enum model_kind kind, const struct model_blob *given,
		       struct bfe_sd **out)
{
	struct bfe *b = s->bfe;
	const struct model_sd_place place = {.parent = b->secured[kind]->blob};
	wfp_err err = ERR_OK;

	if (given)
		return inherit(s, &place, given, out);
	if (s->inherited_as_of != b->sd_generation)
		bfe_sd_forget(s);
	s->inherited_as_of = b->sd_generation;
	if (!s->inherited[kind])
		err = inherit(s, &place, NULL, &s->inherited[kind]);
	if (!err)
		*out = bfe_sd_get(s->inherited[kind]);
	return err;
}

static bool same_bytes(const struct model_blob *x, const struct model_blob *y)
{
	return x->size == y->size && memcmp(x->data, y->data, x->size) == 0;
}

wfp_err bfe_sd_restore(struct bfe *b, enum bfe_secured container, const struct model_blob *kept,
		       struct bfe_sd **out)
{
	const struct model_sd_place place = {.parent = b->secured[container]->blob};
	struct bfe_sd **last = &b->restored[container];
	struct model_blob *blob;
	struct bfe_sd *sd;
	wfp_err err = model_sd_reinherit(&blob, kept, &place);

	if (err)
		return err;
	if (*last && !(*last)->next && same_bytes((*last)->blob, blob)) {
		mem_free(blob);
	} else {
		err = bfe_sd_create(&sd, blob);
		if (err)
			return err;
		bfe_sd_put(*last);
		*last = sd;
	}
	bfe_sd_put(*out);
	*out = bfe_sd_get(*last);
	return ERR_OK;
}

/* ---- the beginning and the end ------------------------------------------------------------------
 */

wfp_err bfe_sd_builtin(struct bfe *b, enum bfe_secured container, struct bfe_sd **out)
{
	const struct model_sd_place place = {.parent = b->secured[container]->blob};

	return inherit(NULL, &place, NULL, out);
}

static wfp_err create_containers(struct bfe *b)
{
	const struct model_sd_place place = {.parent = b->secured[BFE_SECURED_ENGINE]->blob,
					     .is_container = true};
	wfp_err err = ERR_OK;

	for (unsigned i = 0; !err && i < BFE_SECURED_SORTS; i++)
		if (i != BFE_SECURED_ENGINE)
			err = inherit(NULL, &place, NULL, &b->secured[i]);
	return err;
}

wfp_err bfe_access_create(struct bfe *b)
{
	struct model_blob *blob;
	wfp_err err = model_sd_default_engine(&blob);

	if (!err)
		err = bfe_sd_create(&b->secured[BFE_SECURED_ENGINE], blob);
	if (!err)
		err = create_containers(b);
	if (!err)
		err = bfe_sd_builtin(b, BFE_SECURED_LAYERS, &b->layers[0]);
	for (unsigned i = 1; !err && i < MODEL_LAYERS_MAX; i++)
		b->layers[i] = bfe_sd_get(b->layers[0]);
	return err;
}

void bfe_access_destroy(struct bfe *b)
{
	for (unsigned k = 0; k < MODEL_KINDS; k++)
		bfe_sd_put(b->restored[k]);
	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++)
		bfe_sd_put(b->layers[i]);
	for (unsigned i = 0; i < BFE_SECURED_SORTS; i++)
		bfe_sd_put(b->secured[i]);
}
