/* SPDX-License-Identifier: MIT */
/*
 * access - the walk over a discretionary list, as Windows does it.
 *
 * One walk collects what is allowed and what is denied, each right by the first entry that speaks
 * of it, and stops when all that is wanted is decided.  An entry with a condition (callback) cannot
 * be evaluated here: it never allows and always denies.  An entry for Owner Rights speaks of the
 * owner, but takes nothing from what every owner may do: the documents promise that an owner can
 * always change the list, so that nobody is locked out for good.  Any thread.
 */
#include "model/access.h"

#include "model/sd.h"

#define OWNER_ALWAYS (MODEL_RIGHT_READ_CONTROL | MODEL_RIGHT_WRITE_DAC)

const struct model_access_map model_access_fwpm = {
	.read = MODEL_RIGHT_READ_CONTROL | MODEL_RIGHT_BEGIN_READ_TXN | MODEL_RIGHT_CLASSIFY |
		MODEL_RIGHT_OPEN | MODEL_RIGHT_READ | MODEL_RIGHT_READ_STATS,
	.write = MODEL_RIGHT_READ_CONTROL | MODEL_RIGHT_DELETE | MODEL_RIGHT_ADD |
		 MODEL_RIGHT_ADD_LINK | MODEL_RIGHT_BEGIN_WRITE_TXN | MODEL_RIGHT_WRITE,
	.execute = MODEL_RIGHT_READ_CONTROL | MODEL_RIGHT_ENUM | MODEL_RIGHT_SUBSCRIBE,
	.all = 0xf07ff,
};

/* Whose SIDs are asked: those of a blob, or a list of those of a struct model_token_info. */
struct holder {
	const struct model_blob *blob; /* NULL: the list */
	const struct model_token_sid *sids;
	uint32_t n;
};

struct question {
	const struct model_access_map *map;
	uint32_t wanted; /* without generic rights */
	uint32_t given;	 /* whatever the list says */
};

static const uint8_t owner_rights[] = {1, 1, 0, 0, 0, 0, 0, 3, 4, 0, 0, 0};

uint32_t model_access_map(uint32_t mask, const struct model_access_map *map)
{
	return (mask & ~MODEL_GENERIC) | (mask & MODEL_GENERIC_READ ? map->read : 0) |
	       (mask & MODEL_GENERIC_WRITE ? map->write : 0) |
	       (mask & MODEL_GENERIC_EXECUTE ? map->execute : 0) |
	       (mask & MODEL_GENERIC_ALL ? map->all : 0);
}

static bool holds(const struct holder *who, const void *sid, bool deny)
{
	return who->blob ? model_token_holds(who->blob, sid, deny)
			 : model_token_list_holds(who->sids, who->n, sid, deny);
}

static bool speaks_of(const struct model_ace *ace, const struct model_sd *sd,
		      const struct holder *who, bool deny)
{
	if (sd->owner && sid_equal(ace->sid, owner_rights))
		return holds(who, sd->owner, deny);
	return holds(who, ace->sid, deny);
}

static bool is_denying(const struct model_ace *ace)
{
	return ace->type == MODEL_ACE_DENIED || ace->type == MODEL_ACE_DENIED_CALLBACK;
}

/* What is granted of the rights wanted. */
static uint32_t walk(const struct model_sd *sd, const struct holder *who, const struct question *q)
{
	uint32_t allowed = q->given, denied = 0;
	struct model_ace ace;

	if (q->wanted & OWNER_ALWAYS && sd->owner && holds(who, sd->owner, false))
		allowed |= OWNER_ALWAYS;
	for (uint32_t at = 0; q->wanted & ~(allowed | denied) && model_ace_next(sd, &at, &ace);) {
		uint32_t open = q->wanted & ~(allowed | denied);
		bool deny = is_denying(&ace);

		if (ace.flags & MODEL_ACE_INHERIT_ONLY || !ace.sid ||
		    ace.type == MODEL_ACE_ALLOWED_CALLBACK)
			continue;
		open &= model_access_map(ace.mask, q->map);
		if (!open || !speaks_of(&ace, sd, who, deny))
			continue;
		*(deny ? &denied : &allowed) |= open;
	}
	return allowed & q->wanted;
}

/* A null list grants what exists for this kind of object, and whatever was asked for by name. */
static wfp_err decide(const struct model_sd *sd, const struct holder *who,
		      const struct holder *restricted, struct question *q, uint32_t desired,
		      uint32_t *granted)
{
	uint32_t named = model_access_map(desired & ~MODEL_MAXIMUM_ALLOWED, q->map), result;
	bool maximum = desired & MODEL_MAXIMUM_ALLOWED;

	if (named & ~MODEL_RIGHTS_VALID)
		return ERR_ACCESS_DENIED;
	q->wanted = maximum ? MODEL_RIGHTS_VALID : named;
	if (sd->dacl_null) {
		result = maximum ? named | q->map->all : named;
	} else {
		result = walk(sd, who, q);
		if (restricted->n > 0)
			result &= walk(sd, restricted, q);
	}
	if (result == 0 || named & ~result)
		return ERR_ACCESS_DENIED;
	if (granted)
		*granted = result;
	return ERR_OK;
}

static wfp_err check_blob(const struct model_blob *blob, const struct model_blob *token,
			  uint32_t given, uint32_t desired, uint32_t *granted)
{
	struct question q = {.map = &model_access_fwpm, .given = given};
	const struct holder who = {.blob = token}, nobody = {0};
	struct model_sd sd;
	wfp_err err = model_sd_parse(&sd, blob->data, blob->size);

	if (err)
		return err;
	if (model_token_may_take_ownership(token))
		q.given |= MODEL_RIGHT_WRITE_OWNER;
	return decide(&sd, &who, &nobody, &q, desired, granted);
}

wfp_err model_access_check(const struct model_blob *sd, const struct model_blob *token,
			   uint32_t desired, uint32_t *granted)
{
	return check_blob(sd, token, 0, desired, granted);
}

wfp_err model_access_check_engine(const struct model_blob *sd, const struct model_blob *token,
				  uint32_t desired, uint32_t *granted)
{
	uint32_t open = model_token_is_administrator(token) ? MODEL_RIGHT_OPEN : 0;

	return check_blob(sd, token, open, desired, granted);
}

wfp_err model_access_check_value(const struct model_blob *blob, const struct model_value *who,
				 const struct model_access_map *map, uint32_t desired,
				 uint32_t *granted)
{
	struct question q = {.map = map};
	struct holder holder = {0}, restricted = {0};
	struct model_sd sd;
	wfp_err err;

	if (who->type == MODEL_TOKEN_ACCESS_INFORMATION_TYPE) {
		holder.blob = who->blob;
	} else if (who->type == MODEL_TOKEN_INFORMATION_TYPE) {
		const struct model_token_info *info = who->token;

		holder = (struct holder){.sids = info->sids, .n = info->n_sids};
		restricted = (struct holder){.sids = info->restricted, .n = info->n_restricted};
	} else {
		return ERR_ACCESS_DENIED;
	}
	err = model_sd_parse(&sd, blob->data, blob->size);
	return err ? err : decide(&sd, &holder, &restricted, &q, desired, granted);
}
