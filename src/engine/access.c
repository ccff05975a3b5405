/* SPDX-License-Identifier: MIT */
/*
 * access - the walk over a discretionary list, as Windows does it.
 *
 * Entries in order; the first that speaks of the right and of one of the token's SIDs decides, and
 * the end of the list denies.  No list grants.  An entry with a condition (callback) cannot be
 * evaluated here: it never allows and always denies.  Restricted SIDs must be granted, too.
 */
#include "engine/access.h"

#include "model/sd.h"
#include "model/token.h"

#define RIGHTS (ENGINE_ACCESS_MATCH_FILTER | ENGINE_ACCESS_GENERIC_ALL)

/* The first SID is the user's and counts whatever its attributes say, unless it only denies. */
static bool counts(uint32_t attributes, bool first, bool deny)
{
	if (attributes & MODEL_GROUP_DENY_ONLY)
		return deny;
	return first || attributes & MODEL_GROUP_ENABLED;
}

static bool list_holds(const struct model_token_sid *sids, uint32_t n, const void *sid, bool deny)
{
	for (uint32_t i = 0; i < n; i++)
		if (counts(sids[i].attributes, i == 0, deny) && sid_equal(sids[i].sid, sid))
			return true;
	return false;
}

static bool blob_holds(const struct model_blob *token, const void *sid, bool deny)
{
	struct model_token_sid entry;
	bool first = true;

	for (uint32_t at = 0; model_token_next(token, &at, &entry); first = false)
		if (counts(entry.attributes, first, deny) && sid_equal(entry.sid, sid))
			return true;
	return false;
}

static bool holds(const struct model_value *who, bool restricted, const void *sid, bool deny)
{
	const struct model_token_info *info;

	if (who->type == MODEL_TOKEN_ACCESS_INFORMATION_TYPE)
		return blob_holds(who->blob, sid, deny);
	info = who->token;
	return restricted ? list_holds(info->restricted, info->n_restricted, sid, deny)
			  : list_holds(info->sids, info->n_sids, sid, deny);
}

static bool walk_grants(const struct model_sd *sd, const struct model_value *who, bool restricted)
{
	struct model_ace ace;

	for (uint32_t at = 0; model_ace_next(sd, &at, &ace);) {
		bool deny = ace.type == MODEL_ACE_DENIED || ace.type == MODEL_ACE_DENIED_CALLBACK;

		if (ace.flags & MODEL_ACE_INHERIT_ONLY || !ace.sid || !(ace.mask & RIGHTS))
			continue;
		if (ace.type == MODEL_ACE_ALLOWED_CALLBACK ||
		    !holds(who, restricted, ace.sid, deny))
			continue;
		return !deny;
	}
	return false;
}

bool engine_access_granted(const struct model_blob *blob, const struct model_value *who)
{
	struct model_sd sd;

	if (who->type != MODEL_TOKEN_ACCESS_INFORMATION_TYPE &&
	    who->type != MODEL_TOKEN_INFORMATION_TYPE)
		return false;
	if (model_sd_parse(&sd, blob->data, blob->size) != ERR_OK)
		return false;
	if (sd.dacl_null)
		return true;
	if (!walk_grants(&sd, who, false))
		return false;
	return who->type == MODEL_TOKEN_ACCESS_INFORMATION_TYPE ||
	       ((const struct model_token_info *)who->token)->n_restricted == 0 ||
	       walk_grants(&sd, who, true);
}
