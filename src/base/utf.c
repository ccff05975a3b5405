/* SPDX-License-Identifier: MIT */
/*
 * utf - one character at a time, in both forms.
 *
 * Called by whoever reads text from outside, on any thread.
 */
#include "base/utf.h"

#define SURROGATE_HIGH 0xd800u
#define SURROGATE_LOW  0xdc00u
#define SURROGATE_END  0xe000u
#define SUPPLEMENTARY  0x10000u
#define UNICODE_END    0x110000u

/* By the number of bytes: the first character that needs as many. */
static const uint32_t smallest[UTF8_MAX + 1] = {0, 0, 0x80, 0x800, SUPPLEMENTARY};

static unsigned utf8_length(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0)
		return 2;
	if (first >= 0xe0 && first < 0xf0)
		return 3;
	return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

static bool is_character(uint32_t c)
{
	return c < SURROGATE_HIGH || (c >= SURROGATE_END && c < UNICODE_END);
}

uint32_t utf8_next(const uint8_t **p, const uint8_t *end)
{
	const uint8_t *at = (*p)++;
	unsigned len = utf8_length(*at);
	uint32_t c;

	if (len == 1)
		return *at;
	if (len == 0 || (size_t)(end - at) < len)
		return UTF_BAD;
	c = *at & (0x7fu >> len);
	for (unsigned i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return UTF_BAD;
		c = c << 6 | (at[i] & 0x3fu);
	}
	if (c < smallest[len] || !is_character(c))
		return UTF_BAD;
	*p = at + len;
	return c;
}

uint32_t utf16_next(const uint16_t **p, const uint16_t *end)
{
	uint32_t high = *(*p)++, low;

	if (high < SURROGATE_HIGH || high >= SURROGATE_END)
		return high;
	if (high >= SURROGATE_LOW || *p == end)
		return UTF_BAD;
	low = **p;
	if (low < SURROGATE_LOW || low >= SURROGATE_END)
		return UTF_BAD;
	(*p)++;
	return SUPPLEMENTARY + ((high - SURROGATE_HIGH) << 10) + (low - SURROGATE_LOW);
}

bool utf8_valid(const void *text, size_t len)
{
	const uint8_t *p = text, *end = p + len;

	while (p < end) {
		uint32_t c = utf8_next(&p, end);

		if (c == UTF_BAD || c == 0)
			return false;
	}
	return true;
}

unsigned utf8_put(uint8_t to[UTF8_MAX], uint32_t c)
{
	unsigned len = 1;

	while (len < UTF8_MAX && c >= smallest[len + 1])
		len++;
	if (len == 1) {
		to[0] = (uint8_t)c;
		return 1;
	}
	for (unsigned i = len - 1; i > 0; i--) {
		to[i] = (uint8_t)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	to[0] = (uint8_t)(0xf00u >> len | c);
	return len;
}

unsigned utf16_put(uint16_t to[UTF16_MAX], uint32_t c)
{
	if (c < SUPPLEMENTARY) {
		to[0] = (uint16_t)c;
		return 1;
	}
	c -= SUPPLEMENTARY;
	to[0] = (uint16_t)(SURROGATE_HIGH | c >> 10);
	to[1] = (uint16_t)(SURROGATE_LOW | (c & 0x3ff));
	return 2;
}
