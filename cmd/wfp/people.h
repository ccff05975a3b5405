/* SPDX-License-Identifier: MIT */
/*
 * people - users and programs of this host as the platform's conditions know them.
 */
#pragma once

#include "base/buf.h"

/*
 * Users by name or number, groups as @name, or SIDs, separated by commas, as a descriptor that
 * grants the right to match to them, or (negated) to everybody else.  ERR_INVALID_DATA: why says
 * who is not known.
 */
MUST_CHECK wfp_err people_sddl(const char *list, bool negated, struct buf *out, struct buf *why);

/*
 * The id of a program as hexadecimal digits: its path without links, in UTF-16 with the NUL, in its
 * own case.  A device path of Windows is taken as it is.
 */
MUST_CHECK wfp_err people_app_id(const char *path, struct buf *out, struct buf *why);

/* "user 1000 (joe)" for the SID of a user of this host, else the SID. */
void people_name(const void *sid, size_t len, struct buf *out);
