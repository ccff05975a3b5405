/* SPDX-License-Identifier: MIT */
/*
 * access - may this token do that to this object?
 *
 * The discretionary check of Windows over a self-relative descriptor, with the rights of the base
 * filtering engine.  Entries are read in order; for each right the first entry that speaks of it
 * and of one of the token's SIDs decides, and what no entry speaks of is refused.  Four things
 * stand above the list: an absent or null list grants all; the owner may always read the
 * descriptor and change its list; Administrators and the system may always take ownership; and
 * Administrators may always open the engine.
 *
 * Everything here takes no lock, allocates nothing and may be called on any thread.
 */
#pragma once

#include "model/token.h"
#include "model/value.h"

/* The rights, valued as FWPM_ACTRL_*. */
enum model_right {
	MODEL_RIGHT_ADD = 0x1,	    /* an object to a container */
	MODEL_RIGHT_ADD_LINK = 0x2, /* a reference to this object */
	MODEL_RIGHT_BEGIN_READ_TXN = 0x4,
	MODEL_RIGHT_BEGIN_WRITE_TXN = 0x8,
	MODEL_RIGHT_CLASSIFY = 0x10, /* at a user-mode layer */
	MODEL_RIGHT_ENUM = 0x20,     /* a container; each object needs READ as well */
	MODEL_RIGHT_OPEN = 0x40,     /* a session with the engine */
	MODEL_RIGHT_READ = 0x80,
	MODEL_RIGHT_READ_STATS = 0x100,
	MODEL_RIGHT_SUBSCRIBE = 0x200, /* each object needs READ as well */
	MODEL_RIGHT_WRITE = 0x400,     /* engine options */
	MODEL_RIGHT_DELETE = 0x10000,
	MODEL_RIGHT_READ_CONTROL = 0x20000,
	MODEL_RIGHT_WRITE_DAC = 0x40000,
	MODEL_RIGHT_WRITE_OWNER = 0x80000,
	MODEL_RIGHT_SYNCHRONIZE = 0x100000,
};
#define MODEL_RIGHTS_VALID    0x001fffffu /* specific and standard; nothing grants any other */
#define MODEL_MAXIMUM_ALLOWED 0x02000000u /* asks what one may do, and fails when it is nothing */
#define MODEL_GENERIC_ALL     0x10000000u
#define MODEL_GENERIC_EXECUTE 0x20000000u
#define MODEL_GENERIC_WRITE   0x40000000u
#define MODEL_GENERIC_READ    0x80000000u
#define MODEL_GENERIC	      0xf0000000u

/* What the generic rights mean for one kind of object. */
struct model_access_map {
	uint32_t read, write, execute, all;
};

/* FWPM_GENERIC_READ and its like: objects, containers and the engine. */
extern const struct model_access_map model_access_fwpm;

/* Generic rights become what they stand for. */
uint32_t model_access_map(uint32_t mask, const struct model_access_map *map);

/*
 * desired may hold generic rights and MODEL_MAXIMUM_ALLOWED.  *granted (may be NULL) becomes what
 * was asked for, without generic rights, or with MODEL_MAXIMUM_ALLOWED all that is granted; it is
 * untouched on failure.  ERR_ACCESS_DENIED: not all of it, or nothing was asked for.
 * ERR_INVALID_DATA: no well-formed descriptor; nobody may do anything.
 */
MUST_CHECK wfp_err model_access_check(const struct model_blob *sd, const struct model_blob *token,
				      uint32_t desired, uint32_t *granted);

/* The same for the descriptor of the engine itself, which Administrators may always open. */
MUST_CHECK wfp_err model_access_check_engine(const struct model_blob *sd,
					     const struct model_blob *token, uint32_t desired,
					     uint32_t *granted);

/*
 * The same for any kind of object and a token that may have restricted SIDs, which must be granted,
 * too.  who: of type TOKEN_ACCESS_INFORMATION or TOKEN_INFORMATION, else all is denied.
 */
MUST_CHECK wfp_err model_access_check_value(const struct model_blob *sd,
					    const struct model_value *who,
					    const struct model_access_map *map, uint32_t desired,
					    uint32_t *granted);
