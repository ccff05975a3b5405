/* SPDX-License-Identifier: MIT */
/*
 * guid - comparing, reading and writing GUIDs.
 *
 * No state; any thread.
 */
#include "model/guid.h"

#include "base/compiler.h"
#include "base/rng.h"

#include <stdio.h>
#include <string.h>

STATIC_ASSERT(sizeof(struct guid) == 16, "compared and hashed as bytes");

bool guid_equal(const struct guid *x, const struct guid *y)
{
	return memcmp(x, y, sizeof(*x)) == 0;
}

bool guid_is_zero(const struct guid *g)
{
	static const struct guid zero;

	return guid_equal(g, &zero);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Reads the 16 bytes in the order they are written; false: not of the form 8-4-4-4-12. */
static bool parse_bytes(uint8_t bytes[16], const char **text)
{
	const char *s = *text;

	for (unsigned i = 0; i < 16; i++) {
		int high, low;

		if ((i == 4 || i == 6 || i == 8 || i == 10) && *s++ != '-')
			return false;
		high = hex_digit(s[0]);
		low = high < 0 ? -1 : hex_digit(s[1]);
		if (low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
		s += 2;
	}
	*text = s;
	return true;
}

bool guid_parse(struct guid *out, const char *text)
{
	bool braces = *text == '{';
	uint8_t b[16];

	if (braces)
		text++;
	if (!parse_bytes(b, &text))
		return false;
	if (braces && *text++ != '}')
		return false;
	if (*text != '\0')
		return false;
	out->a = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	out->b = (uint16_t)(b[4] << 8 | b[5]);
	out->c = (uint16_t)(b[6] << 8 | b[7]);
	memcpy(out->d, b + 8, sizeof(out->d));
	return true;
}

char *guid_format(const struct guid *g, char text[GUID_TEXT])
{
	snprintf(text, GUID_TEXT, "{%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}", g->a, g->b,
		 g->c, g->d[0], g->d[1], g->d[2], g->d[3], g->d[4], g->d[5], g->d[6], g->d[7]);
	return text;
}

struct guid guid_random(void)
{
	const uint64_t words[2] = {entropy_u64(), entropy_u64()};
	struct guid g;

	memcpy(&g, words, sizeof(g));
	g.c = (uint16_t)((g.c & 0x0fff) | 0x4000);
	g.d[0] = (uint8_t)((g.d[0] & 0x3f) | 0x80);
	return g;
}
