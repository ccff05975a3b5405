/* SPDX-License-Identifier: MIT */
/*
 * text - from UTF-16 to UTF-8 and back.
 *
 * Called by the converter for every string of an object, on the caller's thread.
 */
#include "client/text.h"

#include "base/utf.h"

#include <string.h>

#define REPLACEMENT 0xfffdu

/* UTF-8 bytes that one unit of UTF-16 can become: a pair becomes four. */
#define BYTES_PER_UNIT 3u

size_t text_length(const uint16_t *utf16)
{
	size_t n = 0;

	while (utf16[n])
		n++;
	return n;
}

static uint32_t or_replaced(uint32_t c)
{
	return c == UTF_BAD ? REPLACEMENT : c;
}

char *text_to_utf8(struct arena *a, const uint16_t *utf16)
{
	size_t n = text_length(utf16);
	const uint16_t *end = utf16 + n;
	uint8_t *text = arena_zalloc(a, n * BYTES_PER_UNIT + UTF8_MAX, 1), *out = text;

	while (text && utf16 < end)
		out += utf8_put(out, or_replaced(utf16_next(&utf16, end)));
	return (char *)text;
}

uint16_t *text_to_utf16(struct arena *a, const char *utf8)
{
	size_t n = strlen(utf8);
	const uint8_t *p = (const uint8_t *)utf8, *end = p + n;
	uint16_t *text = arena_zalloc(a, n + UTF16_MAX, sizeof(*text)), *out = text;

	while (text && p < end)
		out += utf16_put(out, or_replaced(utf8_next(&p, end)));
	return text;
}
