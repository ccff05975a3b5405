/* SPDX-License-Identifier: MIT */
/*
 * sd - binary self-relative security descriptors, as conditions and objects carry them.
 *
 * A descriptor comes from a policy file, a client or a driver and is hostile until model_sd_parse
 * has accepted it; after that model_ace_next walks its discretionary list without reading outside.
 * Of the system list, which never decides who may do what, only its absence is kept.
 */
#pragma once

#include "base/buf.h"
#include "model/sid.h"
#include "model/value.h"

/* The control flags that are kept. */
enum model_sd_control {
	MODEL_SD_DACL_PRESENT = 0x4,
	MODEL_SD_SACL_PRESENT = 0x10, /* kept of a null system list alone */
	MODEL_SD_DACL_AUTO_INHERIT_REQ = 0x100,
	MODEL_SD_DACL_AUTO_INHERITED = 0x400,
	MODEL_SD_DACL_PROTECTED = 0x1000, /* nothing is inherited */
};
#define MODEL_SD_CONTROL_KEPT 0x1514u

/* Points into the descriptor that was parsed. */
struct model_sd {
	uint16_t control;	      /* enum model_sd_control */
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
enum model_ace_flag {
	MODEL_ACE_OBJECT_INHERIT = 0x01,
	MODEL_ACE_CONTAINER_INHERIT = 0x02,
	MODEL_ACE_NO_PROPAGATE = 0x04,
	MODEL_ACE_INHERIT_ONLY = 0x08,
	MODEL_ACE_INHERITED = 0x10,
};

struct model_ace {
	uint8_t type;  /* enum model_ace_type, or one that has no SID here */
	uint8_t flags; /* enum model_ace_flag */
	uint32_t mask;
	const uint8_t *sid;	  /* NULL: a type that is not looked into */
	const uint8_t *condition; /* what follows the SID; model/sddl_condition.h */
	uint32_t condition_size;
	const uint8_t *bytes; /* the whole entry */
	uint16_t size;
};

/* ERR_INVALID_DATA: not a well-formed descriptor of that size. */
MUST_CHECK wfp_err model_sd_parse(struct model_sd *out, const void *data, uint32_t size);

/* *at is 0 at the start.  False: the list is at its end. */
bool model_ace_next(const struct model_sd *sd, uint32_t *at, struct model_ace *out);

/* A discretionary list in the making; zeroed is empty.  bytes is freed with buf_free. */
struct model_aces {
	struct buf bytes;
	uint32_t n;
};

/*
 * Appends an entry with its flags, and with its mask, SID and condition when it is of a type that
 * has them; else the rest is taken from bytes.
 */
void model_aces_append(struct model_aces *list, const struct model_ace *ace);

/* A descriptor with the same parts, in new memory: one block for mem_free. */
MUST_CHECK wfp_err model_sd_make(struct model_blob **out, const struct model_sd *parts);

/* With that list instead of the one in parts.  ERR_INVALID_DATA: longer than 64 KiB. */
MUST_CHECK wfp_err model_sd_make_with(struct model_blob **out, const struct model_sd *parts,
				      const struct model_aces *list);
