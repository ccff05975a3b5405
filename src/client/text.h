/* SPDX-License-Identifier: MIT */
/*
 * text - the two spellings of a string: UTF-16 at the API, UTF-8 in messages and files.
 *
 * What is not well-formed (half of a surrogate pair, bytes that are no UTF-8) becomes U+FFFD, one
 * for each unit that cannot be read, so that a hostile string is shown rather than refused.
 */
#pragma once

#include "base/arena.h"

/* UTF-16 units before the NUL. */
size_t text_length(const uint16_t *utf16);

/* Both are NUL-terminated and live in the arena; NULL: no memory. */
MUST_CHECK char *text_to_utf8(struct arena *a, const uint16_t *utf16);
MUST_CHECK uint16_t *text_to_utf16(struct arena *a, const char *utf8);
