/* SPDX-License-Identifier: MIT */
/*
 * sd - binary self-relative security descriptors, as conditions carry them.
 *
 * A descriptor comes from a policy file or a driver and is hostile until model_sd_parse has
 * accepted it; after that model_ace_next walks its discretionary list without reading outside.
 * The system list is not looked at: it never decides who matches.
 */
#pragma once

#include "model/sid.h"
#include "model/value.h"

/* Points into the descriptor that was parsed. */
struct model_sd {
	const uint8_t *owner, *group; /* SIDs; NULL: absent */
	const uint8_t *aces;
	uint32_t aces_size;
	uint16_t n_aces;
	bool dacl_null; /* absent or null: everybody is granted everything */
};

enum model_ace_type {
	MODEL_ACE_ALLOWED = 0,
	MODEL_ACE_DENIED = 1,
	MODEL_ACE_ALLOWED_CALLBACK = 9,
	MODEL_ACE_DENIED_CALLBACK = 10,
};
#define MODEL_ACE_INHERIT_ONLY 0x08u

struct model_ace {
	uint8_t type; /* enum model_ace_type, or one that has no SID here */
	uint8_t flags;
	uint32_t mask;
	const uint8_t *sid; /* NULL: a type that is not looked into */
};

/* ERR_INVALID_DATA: not a well-formed descriptor of that size. */
MUST_CHECK wfp_err model_sd_parse(struct model_sd *out, const void *data, uint32_t size);

/* *at is 0 at the start.  False: the list is at its end. */
bool model_ace_next(const struct model_sd *sd, uint32_t *at, struct model_ace *out);
