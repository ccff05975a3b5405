/* SPDX-License-Identifier: MIT */
/*
 * sid - binary security identifiers: who somebody is.
 *
 * A SID is 8 bytes and 4 more for each of at most 15 sub-authorities: revision 1, their count, the
 * authority in big-endian order, the sub-authorities in little-endian order.  SIDs come from files
 * and drivers; nothing here reads past the room that the caller names.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"

#define SID_SUB_MAX 15u
#define SID_MAX	    (8u + 4u * SID_SUB_MAX)
#define SID_TEXT    192u /* enough for the longest SID and the NUL */

struct sid {
	uint8_t bytes[SID_MAX];
};

/* The length of the SID at p, or 0: no SID, or longer than room. */
size_t sid_size(const void *p, size_t room);
/* Both must be valid. */
bool sid_equal(const void *x, const void *y);

void sid_make(struct sid *out, uint8_t authority, unsigned n, const uint32_t *sub);
/* "S-1-5-32-544" or one of the two letters of SDDL; stops behind it.  False: neither. */
bool sid_parse(struct sid *out, const char *text, const char **end);
char *sid_format(const void *sid, char text[SID_TEXT]);
/* The two letters that SDDL has for it.  NULL: none. */
const char *sid_alias(const void *sid);
/* Those letters, else as sid_format, which needs the room. */
const char *sid_sddl(const void *sid, char text[SID_TEXT]);
