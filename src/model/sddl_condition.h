/* SPDX-License-Identifier: MIT */
/*
 * sddl_condition - the condition of a callback entry, as text and as bytes.
 *
 * Text: "(WIN://SYSAPPID Contains "Example.App_abc" && !(@User.level < 2))".  Bytes: "artx", the
 * tokens in postfix order, zeros up to a multiple of four.  Conditions are carried, never
 * evaluated: the attributes that they ask for exist on Windows.
 */
#pragma once

#include "base/buf.h"

/* Pairs of parentheses within each other, behind the outermost; and "!" that stand so. */
#define MODEL_SDDL_CONDITION_NEST 32u

/*
 * Reads from "(" to its ")" and appends the bytes; *text is then behind it.  ERR_INVALID_DATA: not
 * a condition; *text is then where it ceases to be one, and the end of out is of no use.
 */
MUST_CHECK wfp_err model_sddl_condition_parse(struct buf *out, const char **text);

/*
 * Appends the text, from "(" to ")".  ERR_INVALID_DATA: not a well-formed condition.
 * ERR_NOT_SUPPORTED: well-formed, but text cannot say it (a quote in a string, an attribute of the
 * caller on the right of an operator) or not a condition but data of another kind.
 */
MUST_CHECK wfp_err model_sddl_condition_format(struct buf *out, const uint8_t *bytes, size_t size);
