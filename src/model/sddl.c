/* SPDX-License-Identifier: MIT */
/*
 * sddl - the reader of security descriptor text.
 *
 * The text is read once, left to right; the entries are collected in a buffer and the descriptor is
 * laid out at the end: header, owner, group, list.  Any thread.
 */
#include "model/sddl.h"

#include "base/buf.h"
#include "base/mem.h"
#include "model/sd.h"

#include <stdlib.h>
#include <string.h>

struct reader {
	const char *at;
	struct sid owner, group;
	bool has_owner, has_group, has_dacl, null_dacl;
	unsigned n_aces;
	struct buf aces;
};

struct letters {
	char letters[3];
	uint32_t value;
};

static const struct letters rights[] = {
	{"CC", 0x1},	    {"DC", 0x2},	{"LC", 0x4},	    {"SW", 0x8},
	{"RP", 0x10},	    {"WP", 0x20},	{"DT", 0x40},	    {"LO", 0x80},
	{"CR", 0x100},	    {"SD", 0x10000},	{"RC", 0x20000},    {"WD", 0x40000},
	{"WO", 0x80000},    {"GA", 0x10000000}, {"GX", 0x20000000}, {"GW", 0x40000000},
	{"GR", 0x80000000}, {"FA", 0x1f01ff},	{"FR", 0x120089},   {"FW", 0x120116},
	{"FX", 0x1200a0},   {"KA", 0xf003f},	{"KR", 0x20019},    {"KW", 0x20006},
	{"KX", 0x20019},
};

static const struct letters ace_flags[] = {
	{"OI", 0x01}, {"CI", 0x02}, {"NP", 0x04}, {"IO", 0x08},
	{"ID", 0x10}, {"SA", 0x40}, {"FA", 0x80},
};

static bool find_letters(const struct letters *table, size_t n, const char *at, uint32_t *value)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(at, table[i].letters, 2) == 0) {
			*value |= table[i].value;
			return true;
		}
	return false;
}

/* Pairs of letters up to the next semicolon. */
static bool read_pairs(struct reader *r, const struct letters *table, size_t n, uint32_t *value)
{
	*value = 0;
	for (; *r->at != ';'; r->at += 2)
		if (!find_letters(table, n, r->at, value))
			return false;
	return true;
}

static bool read_char(struct reader *r, char c)
{
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

static bool read_rights(struct reader *r, uint32_t *mask)
{
	char *end;
	unsigned long v;

	if (*r->at < '0' || *r->at > '9')
		return read_pairs(r, rights, ARRAY_LEN(rights), mask);
	v = strtoul(r->at, &end, 0);
	if (v > UINT32_MAX)
		return false;
	r->at = end;
	*mask = (uint32_t)v;
	return true;
}

static void append_le(struct buf *b, uint32_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		buf_append_byte(b, (uint8_t)(v >> 8 * i));
}

/* "A;flags;rights;;;SID" of an entry; the parentheses are the caller's. */
static bool read_ace(struct reader *r)
{
	bool denied = *r->at == 'D';
	uint32_t flags, mask;
	struct sid sid;
	size_t size;

	if ((*r->at != 'A' && !denied) || r->at[1] != ';')
		return false;
	r->at += 2;
	if (!read_pairs(r, ace_flags, ARRAY_LEN(ace_flags), &flags) || !read_char(r, ';'))
		return false;
	if (!read_rights(r, &mask) || strncmp(r->at, ";;;", 3) != 0)
		return false;
	r->at += 3;
	if (!sid_parse(&sid, r->at, &r->at))
		return false;
	size = sid_size(sid.bytes, sizeof(sid.bytes));
	buf_append_byte(&r->aces, denied ? MODEL_ACE_DENIED : MODEL_ACE_ALLOWED);
	buf_append_byte(&r->aces, (uint8_t)flags);
	append_le(&r->aces, (uint32_t)(8 + size), 2);
	append_le(&r->aces, mask, 4);
	buf_append(&r->aces, sid.bytes, size);
	r->n_aces++;
	return true;
}

/* Protection and inheritance of the list: they say nothing about who matches. */
static void skip_list_flags(struct reader *r)
{
	while (*r->at == 'P' || strncmp(r->at, "AR", 2) == 0 || strncmp(r->at, "AI", 2) == 0)
		r->at += *r->at == 'P' ? 1 : 2;
}

static bool read_dacl(struct reader *r)
{
	r->has_dacl = true;
	if (strncmp(r->at, "NO_ACCESS_CONTROL", 17) == 0) {
		r->null_dacl = true;
		r->at += 17;
		return true;
	}
	skip_list_flags(r);
	while (*r->at == '(') {
		r->at++;
		if (!read_ace(r) || !read_char(r, ')'))
			return false;
	}
	return true;
}

/* A system list: entries of any form, as long as the parentheses close. */
static bool skip_sacl(struct reader *r)
{
	skip_list_flags(r);
	while (*r->at == '(') {
		r->at += strcspn(r->at, ")");
		if (!read_char(r, ')'))
			return false;
	}
	return true;
}

static bool read_part(struct reader *r)
{
	char part = *r->at;

	if (part == '\0' || r->at[1] != ':')
		return false;
	r->at += 2;
	switch (part) {
	case 'O':
		r->has_owner = true;
		return sid_parse(&r->owner, r->at, &r->at);
	case 'G':
		r->has_group = true;
		return sid_parse(&r->group, r->at, &r->at);
	case 'D':
		return !r->has_dacl && read_dacl(r);
	case 'S':
		return skip_sacl(r);
	default:
		return false;
	}
}

static uint32_t append_sid(struct buf *b, const struct sid *sid, bool present)
{
	uint32_t at = (uint32_t)b->len;

	if (!present)
		return 0;
	buf_append(b, sid->bytes, sid_size(sid->bytes, sizeof(sid->bytes)));
	return at;
}

static void put_offset(struct buf *b, size_t at, uint32_t offset)
{
	if (buf_err(b))
		return;
	for (unsigned i = 0; i < 4; i++)
		b->data[at + i] = (uint8_t)(offset >> 8 * i);
}

/* Writes the descriptor behind what is in b. */
static void lay_out(struct buf *b, const struct reader *r)
{
	uint32_t owner, group, dacl = 0;

	buf_append_byte(b, 1);
	buf_append_byte(b, 0);
	append_le(b, 0x8000u | (r->has_dacl ? 0x4u : 0), 2);
	buf_append_zeros(b, 16);
	owner = append_sid(b, &r->owner, r->has_owner);
	group = append_sid(b, &r->group, r->has_group);
	if (r->has_dacl && !r->null_dacl) {
		dacl = (uint32_t)b->len;
		append_le(b, 2, 2);
		append_le(b, (uint32_t)(8 + r->aces.len), 2);
		append_le(b, r->n_aces, 4);
		buf_append(b, r->aces.data, r->aces.len);
	}
	put_offset(b, 4, owner);
	put_offset(b, 8, group);
	put_offset(b, 16, dacl);
}

static wfp_err make_blob(struct model_blob **out, const struct buf *sd)
{
	struct model_blob *blob = mem_alloc(sizeof(*blob) + sd->len);

	if (!blob)
		return ERR_NO_MEMORY;
	blob->size = (uint32_t)sd->len;
	blob->data = (uint8_t *)(blob + 1);
	memcpy(blob->data, sd->data, sd->len);
	*out = blob;
	return ERR_OK;
}

wfp_err model_sddl_parse(struct model_blob **out, const char *text, size_t *error_at)
{
	struct reader r = {.at = text};
	struct buf sd;
	wfp_err err = ERR_OK;

	buf_init(&r.aces);
	buf_init(&sd);
	do {
		if (!read_part(&r))
			err = ERR_INVALID_DATA;
	} while (!err && *r.at != '\0');
	if (!err && r.aces.len > UINT16_MAX - 8)
		err = ERR_INVALID_DATA;
	if (err && error_at)
		*error_at = (size_t)(r.at - text);
	if (!err)
		err = buf_err(&r.aces);
	if (!err) {
		lay_out(&sd, &r);
		err = buf_err(&sd);
	}
	if (!err)
		err = make_blob(out, &sd);
	buf_free(&sd);
	buf_free(&r.aces);
	return err;
}
