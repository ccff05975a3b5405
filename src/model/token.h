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

/* *at is 0 at the start.  False: at the end, or the rest is malformed. */
bool model_token_next(const struct model_blob *token, uint32_t *at, struct model_token_sid *out);
