/* SPDX-License-Identifier: MIT */
/*
 * sddl - security descriptors as text: "O:SYG:BAD:(A;;CC;;;S-1-22-1-1000)".
 *
 * Owner, group and the discretionary list with allowing and denying entries, with and without
 * conditions.  A null system list is kept; any other is accepted and left out, and so are the flags
 * of both.  Policy files and dumps of other systems are written in it.
 */
#pragma once

#include "base/buf.h"
#include "model/value.h"

/*
 * Makes a self-relative descriptor, one block for mem_free.  ERR_INVALID_DATA: not SDDL; *error_at
 * (may be NULL) then says at which character.
 */
MUST_CHECK wfp_err model_sddl_parse(struct model_blob **out, const char *text, size_t *error_at);

/*
 * Appends the text; model_sddl_parse reads it back into a descriptor that says the same.
 * ERR_INVALID_DATA: not a well-formed descriptor, or a condition in it is not.  ERR_NOT_SUPPORTED:
 * it has an entry of a type that is not looked into, or a condition that text cannot say; to leave
 * it out would change who is granted what.
 */
MUST_CHECK wfp_err model_sddl_format(const struct model_blob *sd, struct buf *out);
