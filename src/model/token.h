/* SPDX-License-Identifier: MIT */
/*
 * token - who a packet belongs to: a user and his groups, as SIDs.
 *
 * A value of type TOKEN_ACCESS_INFORMATION carries a blob of our own form without pointers, so that
 * it can be kept, sent and compared: a 32-bit count, then for each SID 32 bits of attributes and
 * the SID, in host order.  A value of type TOKEN_INFORMATION points to a struct model_token_info,
 * laid out like FWP_TOKEN_INFORMATION.
 *
 * Users and groups of the host become SIDs as Samba maps them: S-1-22-1-uid and S-1-22-2-gid.
 * Everybody is in Everyone and Authenticated Users; root is also Administrators and the system.
 */
#pragma once

#include "model/sid.h"
#include "model/value.h"

#define MODEL_GROUP_ENABLED   0x04u /* grants and denies */
#define MODEL_GROUP_DENY_ONLY 0x10u /* only denies */

struct model_token_sid {
	const void *sid;
	uint32_t attributes;
};

struct model_token_info {
	uint32_t n_sids;
	const struct model_token_sid *sids;
	uint32_t n_restricted;
	const struct model_token_sid *restricted; /* not empty: these must be granted, too */
};

/* One block for mem_free. */
MUST_CHECK wfp_err model_token_make(struct model_blob **out, const struct model_token_sid *sids,
				    unsigned n);
MUST_CHECK wfp_err model_token_make_unix(struct model_blob **out, uint32_t uid,
					 const uint32_t *gids, unsigned n_gids);
/* The same for whoever runs the engine: an administrator, also when he is not root. */
MUST_CHECK wfp_err model_token_make_operator(struct model_blob **out, uint32_t uid,
					     const uint32_t *gids, unsigned n_gids);

/* *at is 0 at the start.  False: at the end, or the rest is malformed. */
bool model_token_next(const struct model_blob *token, uint32_t *at, struct model_token_sid *out);

/*
 * Does the token hold that SID, in a way that counts when an entry allows, or when one denies?  The
 * first SID is the user's and counts whatever its attributes say, unless it only denies.
 */
bool model_token_holds(const struct model_blob *token, const void *sid, bool deny);
/* The same for the list of a struct model_token_info. */
bool model_token_list_holds(const struct model_token_sid *sids, uint32_t n, const void *sid,
			    bool deny);

/* The user: owner of what the token creates.  NULL: the token is malformed. */
const void *model_token_owner(const struct model_blob *token);
/* The first group of the host, or the user when there is none. */
const void *model_token_group(const struct model_blob *token);

bool model_token_is_administrator(const struct model_blob *token);
/* Administrators and the system have that privilege, always enabled. */
bool model_token_may_take_ownership(const struct model_blob *token);
/* May it make that SID an owner?  Everybody himself; those who may take ownership, anybody. */
bool model_token_may_make_owner(const struct model_blob *token, const void *sid);

/* Same SIDs and attributes in the same order. */
bool model_token_equal(const struct model_blob *x, const struct model_blob *y);
