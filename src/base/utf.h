/* SPDX-License-Identifier: MIT */
/*
 * utf - text between UTF-8, which we speak, and UTF-16, which the platform's values hold.
 */
#pragma once

#include "base/compiler.h"

#define UTF_BAD	  UINT32_MAX
#define UTF8_MAX  4u /* bytes of one character */
#define UTF16_MAX 2u /* units of one character */

/*
 * The character at *p, which moves behind it; *p < end.  UTF_BAD: not well-formed (overlong forms,
 * surrogates and what lies beyond Unicode included), and *p is one further.
 */
uint32_t utf8_next(const uint8_t **p, const uint8_t *end);
uint32_t utf16_next(const uint16_t **p, const uint16_t *end);

/* Well-formed, and without a NUL in it. */
bool utf8_valid(const void *text, size_t len);

/* The number of bytes, or units, written; c is a character. */
unsigned utf8_put(uint8_t to[UTF8_MAX], uint32_t c);
unsigned utf16_put(uint16_t to[UTF16_MAX], uint32_t c);
