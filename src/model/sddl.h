/* SPDX-License-Identifier: MIT */
/*
 * sddl - security descriptors as text: "O:SYG:BAD:(A;;CC;;;S-1-22-1-1000)".
 *
 * Owner, group and the discretionary list with allowing and denying entries; a system list is
 * accepted and left out.  Policy files are written in it.
 */
#pragma once

#include "model/value.h"

/*
 * Makes a self-relative descriptor, one block for mem_free.  ERR_INVALID_DATA: not SDDL; *error_at
 * (may be NULL) then says at which character.
 */
MUST_CHECK wfp_err model_sddl_parse(struct model_blob **out, const char *text, size_t *error_at);
