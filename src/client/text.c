/* SPDX-License-Identifier: MIT */
/*
 * text - from UTF-16 to UTF-8 and back, one code point at a time.
 *
 * Called by the converter for every string of an object, on the caller's thread.
 */
#include "client/text.h"

#include <string.h>

#define REPLACEMENT 0xfffdu

size_t text_length(const uint16_t *utf16)
{
	size_t n = 0;

	while (utf16[n])
		n++;
	return n;
}

static bool is_high(uint32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low(uint32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

/* The code point at *p, which moves on. */
static uint32_t read_utf16(const uint16_t **p)
{
	uint32_t unit = *(*p)++;

	if (is_high(unit) && is_low(**p))
		return 0x10000 + ((unit - 0xd800) << 10) + (*(*p)++ - 0xdc00u);
	return is_high(unit) || is_low(unit) ? REPLACEMENT : unit;
}

static char *write_utf8(char *out, uint32_t point)
{
	static const struct {
		uint32_t below;
		uint8_t lead, more;
	} forms[] = {{0x80, 0, 0}, {0x800, 0xc0, 1}, {0x10000, 0xe0, 2}, {0x110000, 0xf0, 3}};
	size_t i = 0;

	while (point >= forms[i].below)
		i++;
	*out++ = (char)(forms[i].lead | point >> (6 * forms[i].more));
	for (unsigned left = forms[i].more; left > 0; left--)
		*out++ = (char)(0x80 | (point >> (6 * (left - 1)) & 0x3f));
	return out;
}

char *text_to_utf8(struct arena *a, const uint16_t *utf16)
{
	char *text = arena_zalloc(a, text_length(utf16) + 1, 3), *out = text;

	if (!text)
		return NULL;
	while (*utf16)
		out = write_utf8(out, read_utf16(&utf16));
	*out = '\0';
	return text;
}

/* Bytes that follow this lead byte, and the bits of the code point in it; -1: no lead byte. */
static int continuation(uint8_t lead, uint32_t *bits)
{
	static const struct {
		uint8_t mask, value;
	} leads[] = {{0x80, 0x00}, {0xe0, 0xc0}, {0xf0, 0xe0}, {0xf8, 0xf0}};

	for (size_t i = 0; i < ARRAY_LEN(leads); i++)
		if ((lead & leads[i].mask) == leads[i].value) {
			*bits = lead & (uint8_t)~leads[i].mask;
			return (int)i;
		}
	return -1;
}

/* A byte that cannot be read is one code point for itself. */
static uint32_t read_utf8(const uint8_t **p)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	const uint8_t *at = *p;
	uint32_t point;
	int more = continuation(*at, &point);

	(*p)++;
	if (more < 0)
		return REPLACEMENT;
	for (int i = 1; i <= more; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return REPLACEMENT;
		point = point << 6 | (at[i] & 0x3fu);
	}
	if (point < least[more] || point > 0x10ffff || is_high(point) || is_low(point))
		return REPLACEMENT;
	*p = at + more + 1;
	return point;
}

static uint16_t *write_utf16(uint16_t *out, uint32_t point)
{
	if (point < 0x10000) {
		*out++ = (uint16_t)point;
		return out;
	}
	*out++ = (uint16_t)(0xd800 + ((point - 0x10000) >> 10));
	*out++ = (uint16_t)(0xdc00 + ((point - 0x10000) & 0x3ff));
	return out;
}

uint16_t *text_to_utf16(struct arena *a, const char *utf8)
{
	const uint8_t *p = (const uint8_t *)utf8;
	size_t bytes = strlen(utf8);
	uint16_t *text = arena_zalloc(a, bytes + 1, sizeof(*text)), *out = text;

	if (!text)
		return NULL;
	while (*p)
		out = write_utf16(out, read_utf8(&p));
	*out = 0;
	return text;
}
