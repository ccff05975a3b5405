/* SPDX-License-Identifier: MIT */
/*
 * rulefile - rules and traces as the tools of the literature write them.
 *
 * A rule is a line "@10.0.0.0/8 10.1.0.0/16 0 : 65535 80 : 80 0x06/0xFF", after which flags and
 * what else some writers add may stand; a header is a line of five numbers: source, destination,
 * their ports and the protocol, after which columns may stand.  Both are separated by blanks.
 * Empty lines and lines that begin with # are skipped.
 *
 * Whatever the bytes are: a set, or one sentence with the line's number.  One thread at a time.
 */
#pragma once

#include "ruleset.h"

#include "base/buf.h"

#define RULEFILE_MAX (1u << 20) /* rules in a set, headers in a trace */

/*
 * Errors, with *why: ERR_BAD_FORMAT for what is no rule, ERR_NOT_SUPPORTED for what is one that
 * the benchmark cannot ask (a mask that is neither all of the protocol nor none of it),
 * ERR_INSUFFICIENT_BUFFER for too many, ERR_NO_MEMORY.  *flags: how many rules ask for flags, which
 * are left out, as the literature does.  Duplicates stay.
 */
MUST_CHECK wfp_err rulefile_parse(struct ruleset *out, const char *text, size_t len,
				  uint32_t *flags, struct buf *why);
MUST_CHECK wfp_err rulefile_parse_trace(struct ruletrace *out, const char *text, size_t len,
					struct buf *why);
/* What the two above read back. */
void rulefile_print(const struct ruleset *s, struct buf *out);
void rulefile_print_trace(const struct ruletrace *t, struct buf *out);
