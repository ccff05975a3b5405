/* SPDX-License-Identifier: MIT */
/*
 * sddl - the reader and the writer of security descriptor text.
 *
 * The text is read once, left to right; the entries are collected in a list and the descriptor is
 * laid out at the end.  Written are letters for what has letters, else numbers.  Any thread.
 */
#include "model/sddl.h"

#include "model/sd.h"
#include "model/sddl_condition.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	const char *at;
	struct sid owner, group;
	bool has_owner, has_group, has_dacl, null_dacl;
	uint16_t control;
	struct model_aces aces;
	wfp_err err; /* of an entry; what else is wrong is ERR_INVALID_DATA */
};

struct letters {
	char letters[3];
	uint32_t value;
};

/* The rights from the first to GR have one bit each; what follows is only read. */
#define RIGHTS_OF_ONE_BIT 17u

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

static const struct {
	const char *text;
	uint8_t type;
	bool conditional;
} ace_types[] = {
	{"A;", MODEL_ACE_ALLOWED, false},
	{"D;", MODEL_ACE_DENIED, false},
	{"XA;", MODEL_ACE_ALLOWED_CALLBACK, true},
	{"XD;", MODEL_ACE_DENIED_CALLBACK, true},
};

/* The row of ace_types, which the text starts with; ARRAY_LEN(ace_types): none. */
static size_t read_ace_type(struct reader *r)
{
	size_t i = 0;

	while (i < ARRAY_LEN(ace_types) &&
	       strncmp(r->at, ace_types[i].text, strlen(ace_types[i].text)) != 0)
		i++;
	if (i < ARRAY_LEN(ace_types))
		r->at += strlen(ace_types[i].text);
	return i;
}

/* "flags;rights;;;SID" */
static bool read_ace_fields(struct reader *r, struct model_ace *ace, struct sid *sid)
{
	uint32_t flags;

	if (!read_pairs(r, ace_flags, ARRAY_LEN(ace_flags), &flags) || !read_char(r, ';'))
		return false;
	if (!read_rights(r, &ace->mask) || strncmp(r->at, ";;;", 3) != 0)
		return false;
	r->at += 3;
	ace->flags = (uint8_t)flags;
	ace->sid = sid->bytes;
	return sid_parse(sid, r->at, &r->at);
}

/* An entry; the parentheses are the caller's. */
static bool read_ace(struct reader *r)
{
	size_t type = read_ace_type(r);
	struct model_ace ace = {0};
	struct buf condition = {0};
	struct sid sid;

	if (type == ARRAY_LEN(ace_types) || !read_ace_fields(r, &ace, &sid))
		return false;
	ace.type = ace_types[type].type;
	if (ace_types[type].conditional) {
		r->err = read_char(r, ';') ? model_sddl_condition_parse(&condition, &r->at)
					   : ERR_INVALID_DATA;
		ace.condition = condition.data;
		ace.condition_size = (uint32_t)condition.len;
	}
	if (!r->err)
		model_aces_append(&r->aces, &ace);
	buf_free(&condition);
	return !r->err;
}

static const struct {
	char letters[3];
	uint16_t bit;
} list_flags[] = {
	{"P", MODEL_SD_DACL_PROTECTED},
	{"AR", MODEL_SD_DACL_AUTO_INHERIT_REQ},
	{"AI", MODEL_SD_DACL_AUTO_INHERITED},
};

static const char null_list[] = "NO_ACCESS_CONTROL";

/* Protection and inheritance of a list. */
static uint16_t read_list_flags(struct reader *r)
{
	uint16_t control = 0;

	for (size_t i = 0; i < ARRAY_LEN(list_flags);) {
		size_t len = strlen(list_flags[i].letters);

		if (strncmp(r->at, list_flags[i].letters, len) != 0) {
			i++;
			continue;
		}
		control |= list_flags[i].bit;
		r->at += len;
		i = 0;
	}
	return control;
}

static bool read_null_list(struct reader *r)
{
	if (strncmp(r->at, null_list, strlen(null_list)) != 0)
		return false;
	r->at += strlen(null_list);
	return true;
}

static bool read_dacl(struct reader *r)
{
	r->has_dacl = true;
	r->control |= MODEL_SD_DACL_PRESENT | read_list_flags(r);
	r->null_dacl = read_null_list(r);
	if (r->null_dacl)
		return true;
	while (*r->at == '(') {
		r->at++;
		if (!read_ace(r) || !read_char(r, ')'))
			return false;
	}
	return true;
}

/* Behind an entry of any form: its parentheses close, those in quotes do not count. */
static bool skip_entry(struct reader *r)
{
	unsigned open = 0;
	bool quoted = false;

	for (; *r->at != '\0'; r->at++) {
		quoted ^= *r->at == '"';
		open += !quoted && *r->at == '(';
		open -= !quoted && *r->at == ')';
		if (open == 0) {
			r->at++;
			return true;
		}
	}
	return false;
}

/* Of a system list, only that it is null is kept. */
static bool read_sacl(struct reader *r)
{
	(void)read_list_flags(r);
	if (read_null_list(r)) {
		r->control |= MODEL_SD_SACL_PRESENT;
		return true;
	}
	while (*r->at == '(')
		if (!skip_entry(r))
			return false;
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
		return read_sacl(r);
	default:
		return false;
	}
}

static wfp_err make(struct model_blob **out, const struct reader *r)
{
	const struct model_sd parts = {
		.control = r->control,
		.owner = r->has_owner ? r->owner.bytes : NULL,
		.group = r->has_group ? r->group.bytes : NULL,
		.dacl_null = true,
	};

	return r->has_dacl && !r->null_dacl ? model_sd_make_with(out, &parts, &r->aces)
					    : model_sd_make(out, &parts);
}

wfp_err model_sddl_parse(struct model_blob **out, const char *text, size_t *error_at)
{
	struct reader r = {.at = text};
	wfp_err err = ERR_OK;

	do {
		if (!read_part(&r))
			err = r.err ? r.err : ERR_INVALID_DATA;
	} while (!err && *r.at != '\0');
	if (!err)
		err = make(out, &r);
	if (err == ERR_INVALID_DATA && error_at)
		*error_at = (size_t)(r.at - text);
	buf_free(&r.aces.bytes);
	return err;
}

static void write_sid(struct buf *out, const uint8_t *sid)
{
	char text[SID_TEXT];

	buf_append_str(out, sid_sddl(sid, text));
}

static void write_letters(struct buf *out, const struct letters *table, size_t n, uint32_t bits)
{
	for (size_t i = 0; i < n; i++)
		if (bits & table[i].value)
			buf_append_str(out, table[i].letters);
}

static void write_rights(struct buf *out, uint32_t mask)
{
	uint32_t known = 0;

	for (size_t i = 0; i < RIGHTS_OF_ONE_BIT; i++)
		known |= rights[i].value;
	if (mask & ~known)
		buf_printf(out, "0x%" PRIx32, mask);
	else
		write_letters(out, rights, RIGHTS_OF_ONE_BIT, mask);
}

static wfp_err write_ace(struct buf *out, const struct model_ace *ace)
{
	wfp_err err = ERR_OK;
	size_t type = 0;

	while (type < ARRAY_LEN(ace_types) && ace_types[type].type != ace->type)
		type++;
	if (type == ARRAY_LEN(ace_types))
		return ERR_NOT_SUPPORTED;
	buf_append_byte(out, '(');
	buf_append_str(out, ace_types[type].text);
	write_letters(out, ace_flags, ARRAY_LEN(ace_flags), ace->flags);
	buf_append_byte(out, ';');
	write_rights(out, ace->mask);
	buf_append_str(out, ";;;");
	write_sid(out, ace->sid);
	if (ace_types[type].conditional) {
		buf_append_byte(out, ';');
		err = model_sddl_condition_format(out, ace->condition, ace->condition_size);
	}
	buf_append_byte(out, ')');
	return err;
}

static wfp_err write_dacl(struct buf *out, const struct model_sd *sd)
{
	struct model_ace ace;

	buf_append_str(out, "D:");
	for (size_t i = 0; i < ARRAY_LEN(list_flags); i++)
		if (sd->control & list_flags[i].bit)
			buf_append_str(out, list_flags[i].letters);
	if (sd->dacl_null)
		buf_append_str(out, null_list);
	for (uint32_t at = 0; model_ace_next(sd, &at, &ace);) {
		wfp_err err = write_ace(out, &ace);

		if (err)
			return err;
	}
	return ERR_OK;
}

/* A descriptor without any part is a null list, too; text has no other word for it. */
wfp_err model_sddl_format(const struct model_blob *blob, struct buf *out)
{
	struct model_sd sd;
	wfp_err err = model_sd_parse(&sd, blob->data, blob->size);

	if (err)
		return err;
	if (sd.owner) {
		buf_append_str(out, "O:");
		write_sid(out, sd.owner);
	}
	if (sd.group) {
		buf_append_str(out, "G:");
		write_sid(out, sd.group);
	}
	if (sd.control & MODEL_SD_DACL_PRESENT ||
	    (!sd.owner && !sd.group && !(sd.control & MODEL_SD_SACL_PRESENT)))
		err = write_dacl(out, &sd);
	if (!err && sd.control & MODEL_SD_SACL_PRESENT)
		buf_printf(out, "S:%s", null_list);
	return err ? err : buf_err(out);
}
