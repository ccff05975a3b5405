/* SPDX-License-Identifier: MIT */
/*
 * sid - reading, writing and comparing security identifiers.
 *
 * No state; any thread.
 */
#include "model/sid.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t sid_size(const void *p, size_t room)
{
	const uint8_t *b = p;
	size_t size;

	if (room < 8 || b[0] != 1 || b[1] > SID_SUB_MAX)
		return 0;
	size = 8u + 4u * b[1];
	return size <= room ? size : 0;
}

bool sid_equal(const void *x, const void *y)
{
	const uint8_t *a = x, *b = y;

	return a[1] == b[1] && memcmp(a, b, 8u + 4u * a[1]) == 0;
}

static void put_sub(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static uint32_t get_sub(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void sid_make(struct sid *out, uint8_t authority, unsigned n, const uint32_t *sub)
{
	BUG_ON(n > SID_SUB_MAX);
	*out = (struct sid){.bytes = {1, (uint8_t)n, [7] = authority}};
	for (unsigned i = 0; i < n; i++)
		put_sub(out->bytes + 8 + 4 * i, sub[i]);
}

/* The letters that SDDL has for well-known SIDs. */
static const struct {
	char letters[3];
	uint8_t authority, n;
	uint32_t sub[6];
} aliases[] = {
	{"WD", 1, 1, {0}},	 /* everyone */
	{"CO", 3, 1, {0}},	 /* creator owner */
	{"CG", 3, 1, {1}},	 /* creator group */
	{"OW", 3, 1, {4}},	 /* owner rights */
	{"NU", 5, 1, {2}},	 /* network */
	{"IU", 5, 1, {4}},	 /* interactive */
	{"SU", 5, 1, {6}},	 /* service */
	{"AN", 5, 1, {7}},	 /* anonymous */
	{"ED", 5, 1, {9}},	 /* enterprise domain controllers */
	{"PS", 5, 1, {10}},	 /* self */
	{"AU", 5, 1, {11}},	 /* authenticated users */
	{"RC", 5, 1, {12}},	 /* restricted code */
	{"SY", 5, 1, {18}},	 /* the system */
	{"LS", 5, 1, {19}},	 /* local service */
	{"NS", 5, 1, {20}},	 /* network service */
	{"WR", 5, 1, {33}},	 /* write restricted code */
	{"BA", 5, 2, {32, 544}}, /* administrators */
	{"BU", 5, 2, {32, 545}}, /* users */
	{"BG", 5, 2, {32, 546}}, /* guests */
	{"PU", 5, 2, {32, 547}}, /* power users */
	{"AO", 5, 2, {32, 548}}, /* account operators */
	{"SO", 5, 2, {32, 549}}, /* server operators */
	{"PO", 5, 2, {32, 550}}, /* printer operators */
	{"BO", 5, 2, {32, 551}}, /* backup operators */
	{"RE", 5, 2, {32, 552}}, /* replicator */
	{"RU", 5, 2, {32, 554}}, /* pre-2000 compatible access */
	{"RD", 5, 2, {32, 555}}, /* remote desktop users */
	{"NO", 5, 2, {32, 556}}, /* network configuration operators */
	{"MU", 5, 2, {32, 558}}, /* performance monitor users */
	{"LU", 5, 2, {32, 559}}, /* performance log users */
	{"IS", 5, 2, {32, 568}}, /* anonymous internet users */
	{"CY", 5, 2, {32, 569}}, /* cryptographic operators */
	{"ER", 5, 2, {32, 573}}, /* event log readers */
	{"CD", 5, 2, {32, 574}}, /* access to certification authorities */
	{"RA", 5, 2, {32, 575}}, /* remote desktop: remote access servers */
	{"ES", 5, 2, {32, 576}}, /* remote desktop: endpoint servers */
	{"MS", 5, 2, {32, 577}}, /* remote desktop: management servers */
	{"HA", 5, 2, {32, 578}}, /* virtual machine administrators */
	{"AA", 5, 2, {32, 579}}, /* access control assistance operators */
	{"RM", 5, 2, {32, 580}}, /* remote management users */
	{"UD", 5, 6, {84}},	 /* user-mode drivers */
	{"AC", 15, 2, {2, 1}},	 /* all application packages */
	{"LW", 16, 1, {4096}},	 /* low integrity */
	{"ME", 16, 1, {8192}},	 /* medium integrity */
	{"MP", 16, 1, {8448}},	 /* more than medium integrity */
	{"HI", 16, 1, {12288}},	 /* high integrity */
	{"SI", 16, 1, {16384}},	 /* system integrity */
	{"AS", 18, 1, {1}},	 /* identity asserted by an authority */
	{"SS", 18, 1, {2}},	 /* identity asserted by a service */
};

static bool parse_alias(struct sid *out, const char *text, const char **end)
{
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (strncmp(text, aliases[i].letters, 2) == 0) {
			sid_make(out, aliases[i].authority, aliases[i].n, aliases[i].sub);
			*end = text + 2;
			return true;
		}
	return false;
}

const char *sid_alias(const void *sid)
{
	struct sid known;

	for (size_t i = 0; i < ARRAY_LEN(aliases); i++) {
		sid_make(&known, aliases[i].authority, aliases[i].n, aliases[i].sub);
		if (sid_equal(sid, known.bytes))
			return aliases[i].letters;
	}
	return NULL;
}

/* Twelve hexadecimal digits are a whole authority; what follows may be the D of a list. */
static bool parse_number(const char **text, uint64_t max, uint64_t *value)
{
	int base = strncmp(*text, "0x", 2) == 0 || strncmp(*text, "0X", 2) == 0 ? 16 : 10;
	uint64_t v = 0;
	const char *s = *text + (base == 16 ? 2 : 0), *start = s;

	for (; isxdigit((unsigned char)*s); s++) {
		unsigned digit =
			(unsigned)(isdigit((unsigned char)*s) ? *s - '0' : (*s | 0x20) - 'a' + 10);

		if (base == 10 ? digit > 9 : s - start == 12)
			break;
		v = v * (unsigned)base + digit;
		if (v > max)
			return false;
	}
	*text = s;
	*value = v;
	return s != start;
}

bool sid_parse(struct sid *out, const char *text, const char **end)
{
	struct sid sid = {.bytes = {1}};
	uint64_t v;
	unsigned n = 0;

	if (strncmp(text, "S-1-", 4) != 0 && strncmp(text, "s-1-", 4) != 0)
		return parse_alias(out, text, end);
	text += 4;
	if (!parse_number(&text, (UINT64_C(1) << 48) - 1, &v))
		return false;
	for (unsigned i = 0; i < 6; i++)
		sid.bytes[2 + i] = (uint8_t)(v >> 8 * (5 - i));
	while (*text == '-') {
		text++;
		if (n == SID_SUB_MAX || !parse_number(&text, UINT32_MAX, &v))
			return false;
		put_sub(sid.bytes + 8 + 4 * n++, (uint32_t)v);
	}
	sid.bytes[1] = (uint8_t)n;
	*out = sid;
	*end = text;
	return true;
}

char *sid_format(const void *sid, char text[SID_TEXT])
{
	const uint8_t *b = sid;
	uint64_t authority = 0;
	int at;

	for (unsigned i = 2; i < 8; i++)
		authority = authority << 8 | b[i];
	at = snprintf(text, SID_TEXT, authority >> 32 ? "S-1-0x%012" PRIx64 : "S-1-%" PRIu64,
		      authority);
	for (unsigned i = 0; i < b[1]; i++)
		at += snprintf(text + at, SID_TEXT - (size_t)at, "-%" PRIu32,
			       get_sub(b + 8 + 4 * i));
	return text;
}

const char *sid_sddl(const void *sid, char text[SID_TEXT])
{
	const char *alias = sid_alias(sid);

	return alias ? alias : sid_format(sid, text);
}
