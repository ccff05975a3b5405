/* SPDX-License-Identifier: MIT */
/*
 * inherit - making and changing the descriptors of objects.
 *
 * The engine stands above the containers and a container above its objects; entries of a list that
 * say so are passed down.  The list of an object is its own entries in the order they were given,
 * then the inherited ones; a protected list has only its own.  System lists are ignored.
 *
 * Every function makes a new self-relative descriptor, one block for mem_free, and takes
 * descriptors that may be hostile: ERR_INVALID_DATA when one is not well-formed, or when the list
 * would be longer than 64 KiB.  No state; any thread.
 */
#pragma once

#include "model/sd.h"

/* Where the object stands. */
struct model_sd_place {
	const struct model_blob *parent; /* NULL: nothing above, the engine itself */
	bool is_container;
};

/* The parts of a descriptor, valued as OWNER_SECURITY_INFORMATION and its like. */
enum model_sd_part {
	MODEL_SD_OWNER = 0x1,
	MODEL_SD_GROUP = 0x2,
	MODEL_SD_DACL = 0x4,
};
#define MODEL_SD_SACL	   0x8u /* accepted and ignored */
#define MODEL_SD_UNPROTECT 0x20000000u
#define MODEL_SD_PROTECT   0x80000000u

/* What the engine has until somebody changes it. */
MUST_CHECK wfp_err model_sd_default_engine(struct model_blob **out);

/*
 * The descriptor of a new object.  given (may be NULL) is what its creator asks for; an owner or
 * group that is not in it becomes owner or group.
 */
MUST_CHECK wfp_err model_sd_inherit(struct model_blob **out, const struct model_sd_place *place,
				    const struct model_blob *given, const void *owner,
				    const void *group);

/*
 * old with the parts named by info taken from new, its list inheriting as its place says.  The list
 * stays protected or not unless info says otherwise; without MODEL_SD_DACL those bits keep or drop
 * entries of the old list.  A list that becomes protected keeps inherited entries as its own.  The
 * children are then due for model_sd_reinherit.
 *
 * ERR_INVALID_PARAMETER: an unknown bit, both kinds of protection, or a part that new lacks (a list
 * that it lacks is a null one, which grants everything).
 */
MUST_CHECK wfp_err model_sd_set(struct model_blob **out, const struct model_blob *old,
				const struct model_blob *new, uint32_t info,
				const struct model_sd_place *place);

/* child with its inherited entries made anew from those of its parent. */
MUST_CHECK wfp_err model_sd_reinherit(struct model_blob **out, const struct model_blob *child,
				      const struct model_sd_place *place);

/* Only the parts that info names.  ERR_INVALID_PARAMETER: an unknown bit. */
MUST_CHECK wfp_err model_sd_select(struct model_blob **out, const struct model_blob *sd,
				   uint32_t info);
