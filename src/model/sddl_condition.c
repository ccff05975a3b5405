/* SPDX-License-Identifier: MIT */
/*
 * sddl_condition - the reader of conditions (MS-DTYP 2.5.1.1).
 *
 * It descends through "||", "&&" and what stands between them, and writes postfix as it returns;
 * "&&" binds closer than "||", both from the left.  What is nested too deep is refused, so its
 * recursion is bounded.  sddl.c calls it; any thread.
 */
#include "model/sddl_condition.h"

#include "model/sddl_token.h"
#include "model/sid.h"

#include <string.h>
#include <strings.h>

struct reader {
	const char *at;
	struct buf *out;
};

static void skip_space(struct reader *r)
{
	while (*r->at == ' ' || (*r->at >= '\t' && *r->at <= '\r'))
		r->at++;
}

/* With the space before it. */
static bool read_text(struct reader *r, const char *text)
{
	skip_space(r);
	if (strncmp(r->at, text, strlen(text)) != 0)
		return false;
	r->at += strlen(text);
	return true;
}

static void put(struct reader *r, uint64_t v, unsigned bytes)
{
	for (; bytes > 0; bytes--, v >>= 8)
		buf_append_byte(r->out, (uint8_t)v);
}

/* A token with a length, which put_end writes at the place that this returns. */
static size_t put_start(struct reader *r, enum sddl_code code)
{
	put(r, code, 1);
	put(r, 0, 4);
	return r->out->len;
}

static void put_end(struct reader *r, size_t start)
{
	size_t size = r->out->len - start;

	if (buf_err(r->out))
		return;
	for (unsigned i = 0; i < 4; i++)
		r->out->data[start - 4 + i] = (uint8_t)(size >> 8 * i);
}

/* 16 and more: no digit. */
static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (unsigned)((c | 0x20) - 'a') + 10;
	return 16;
}

/* "%00e4": a character that cannot stand in a name itself. */
static bool read_escape(struct reader *r)
{
	unsigned unit = 0;

	r->at++;
	for (unsigned i = 0; i < 4; i++, r->at++) {
		unsigned digit = digit_value(*r->at);

		if (digit > 15)
			return false;
		unit = unit << 4 | digit;
	}
	put(r, unit, 2);
	return true;
}

static bool read_prefixed(struct reader *r, const char *prefix, enum sddl_code code)
{
	size_t start = put_start(r, code);
	const char *name = r->at + strlen(prefix);

	for (r->at = name; sddl_is_prefixed_char((unsigned char)*r->at) || *r->at == '%';) {
		if (*r->at != '%')
			put(r, (unsigned char)*r->at++, 2);
		else if (!read_escape(r))
			return false;
	}
	put_end(r, start);
	return r->at != name;
}

static unsigned read_attribute(struct reader *r)
{
	size_t len, start;

	skip_space(r);
	for (size_t i = 0; i < ARRAY_LEN(sddl_prefixes); i++)
		if (strncasecmp(r->at, sddl_prefixes[i].text, strlen(sddl_prefixes[i].text)) == 0)
			return read_prefixed(r, sddl_prefixes[i].text, sddl_prefixes[i].code)
				       ? SDDL_ATTRIBUTE | SDDL_TRUTH
				       : 0;
	len = sddl_word_length(r->at);
	if (len == 0 || sddl_op_at(r->at, true))
		return 0;
	start = put_start(r, SDDL_CODE_LOCAL);
	for (; len > 0; len--)
		put(r, (unsigned char)*r->at++, 2);
	put_end(r, start);
	return SDDL_ATTRIBUTE | SDDL_TRUTH;
}

static unsigned read_integer(struct reader *r)
{
	static const unsigned bases[] = {
		[SDDL_BASE_8] = 8, [SDDL_BASE_10] = 10, [SDDL_BASE_16] = 16};
	enum sddl_sign sign = *r->at == '+'   ? SDDL_SIGN_PLUS
			      : *r->at == '-' ? SDDL_SIGN_MINUS
					      : SDDL_SIGN_NONE;
	enum sddl_base base = SDDL_BASE_10;
	uint64_t v = 0, max = (uint64_t)INT64_MAX + (sign == SDDL_SIGN_MINUS);
	const char *start;

	r->at += sign != SDDL_SIGN_NONE;
	if (*r->at == '0' && digit_value(r->at[1]) < 10)
		base = SDDL_BASE_8;
	if (*r->at == '0' && (r->at[1] | 0x20) == 'x') {
		base = SDDL_BASE_16;
		r->at += 2;
	}
	for (start = r->at; digit_value(*r->at) < bases[base]; r->at++) {
		unsigned digit = digit_value(*r->at);

		if (v > (max - digit) / bases[base])
			return 0;
		v = v * bases[base] + digit;
	}
	put(r, SDDL_CODE_INT64, 1);
	put(r, sign == SDDL_SIGN_MINUS ? 0 - v : v, 8);
	put(r, sign, 1);
	put(r, base, 1);
	return r->at != start ? SDDL_SCALAR : 0;
}

/* One character of UTF-8; 0: none. */
static uint32_t read_char(struct reader *r)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	uint32_t c = (unsigned char)*r->at;
	unsigned more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;

	if (c == 0 || c >= 0xf8 || (c >= 0x80 && more == 0))
		return 0;
	c &= more ? 0x3fu >> more : 0x7fu;
	for (unsigned i = 1; i <= more; i++) {
		if ((r->at[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (r->at[i] & 0x3fu);
	}
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	r->at += more + 1;
	return c;
}

static unsigned read_string(struct reader *r)
{
	size_t start = put_start(r, SDDL_CODE_STRING);

	for (r->at++; *r->at != '"';) {
		uint32_t c = read_char(r);

		if (c == 0)
			return 0;
		if (c >= 0x10000) {
			put(r, 0xd7c0 + (c >> 10), 2);
			c = 0xdc00 | (c & 0x3ff);
		}
		put(r, c, 2);
	}
	r->at++;
	put_end(r, start);
	return SDDL_SCALAR;
}

static bool is_nibble(char c)
{
	return c == '#' || digit_value(c) < 16;
}

/* "#" among the digits is a 0, and so is the first one when their number is odd. */
static unsigned read_octets(struct reader *r)
{
	size_t start = put_start(r, SDDL_CODE_OCTETS), n = 0;
	unsigned octet = 0;

	while (is_nibble(r->at[1 + n]))
		n++;
	for (r->at += n % 2 ? 0 : 1, n += n % 2; n > 0; n--, r->at++) {
		octet = (octet << 4 | (*r->at == '#' ? 0 : digit_value(*r->at))) & 0xff;
		if (n % 2)
			put(r, octet, 1);
	}
	put_end(r, start);
	return SDDL_SCALAR;
}

static unsigned read_sid(struct reader *r)
{
	struct sid sid;
	size_t start;

	r->at += 4;
	skip_space(r);
	if (!sid_parse(&sid, r->at, &r->at) || !read_text(r, ")"))
		return 0;
	start = put_start(r, SDDL_CODE_SID);
	buf_append(r->out, sid.bytes, sid_size(sid.bytes, SID_MAX));
	put_end(r, start);
	return SDDL_SCALAR | SDDL_SIDS;
}

/* What was read can stand for what is returned; 0: it is no scalar. */
static unsigned read_scalar(struct reader *r)
{
	skip_space(r);
	if (*r->at == '"')
		return read_string(r);
	if (*r->at == '#')
		return read_octets(r);
	if (strncasecmp(r->at, "SID(", 4) == 0)
		return read_sid(r);
	if (*r->at == '+' || *r->at == '-' || digit_value(*r->at) < 10)
		return read_integer(r);
	return 0;
}

static unsigned read_list(struct reader *r)
{
	size_t start = put_start(r, SDDL_CODE_LIST);
	unsigned common = SDDL_SIDS;

	do {
		unsigned kind = read_scalar(r);

		if (!kind)
			return 0;
		common &= kind;
	} while (read_text(r, ","));
	if (!read_text(r, "}"))
		return 0;
	put_end(r, start);
	return SDDL_LIST | common;
}

/* The right side of an operator, or what follows one. */
static bool read_operand(struct reader *r, const struct sddl_op *op)
{
	const char *at;
	unsigned kind;

	skip_space(r);
	at = r->at;
	if (op->right == SDDL_ATTRIBUTE || *at == '@')
		kind = read_attribute(r);
	else
		kind = read_text(r, "{") ? read_list(r) : read_scalar(r);
	if (kind && !(kind & op->right))
		r->at = at;
	if (!(kind & op->right))
		return false;
	put(r, op->code, 1);
	return true;
}

/* A test of one attribute or of the caller's groups. */
static bool read_test(struct reader *r)
{
	const struct sddl_op *op;

	skip_space(r);
	op = sddl_op_at(r->at, true);
	if (!op) {
		if (!read_attribute(r))
			return false;
		skip_space(r);
		op = sddl_op_at(r->at, false);
	}
	if (!op)
		return true;
	r->at += strlen(op->text);
	return read_operand(r, op);
}

static bool read_either(struct reader *r, unsigned level);

/* A "!" and the parenthesis behind it are one level. */
static bool read_one(struct reader *r, unsigned level)
{
	bool invert = read_text(r, "!");

	skip_space(r);
	if ((invert || *r->at == '(') && level == MODEL_SDDL_CONDITION_NEST)
		return false;
	if (read_text(r, "(")) {
		if (!read_either(r, level + 1) || !read_text(r, ")"))
			return false;
	} else if (!(invert ? read_one(r, level + 1) : read_test(r))) {
		return false;
	}
	if (invert)
		put(r, SDDL_CODE_NOT, 1);
	return true;
}

static bool read_both(struct reader *r, unsigned level)
{
	if (!read_one(r, level))
		return false;
	while (read_text(r, "&&")) {
		if (!read_one(r, level))
			return false;
		put(r, SDDL_CODE_AND, 1);
	}
	return true;
}

static bool read_either(struct reader *r, unsigned level)
{
	if (!read_both(r, level))
		return false;
	while (read_text(r, "||")) {
		if (!read_both(r, level))
			return false;
		put(r, SDDL_CODE_OR, 1);
	}
	return true;
}

wfp_err model_sddl_condition_parse(struct buf *out, const char **text)
{
	struct reader r = {*text, out};
	size_t start = out->len;
	bool good;

	buf_append(out, SDDL_SIGNATURE, SDDL_SIGNATURE_SIZE);
	good = *r.at == '(' && read_text(&r, "(") && read_either(&r, 0) && read_text(&r, ")");
	*text = r.at;
	if (!good)
		return ERR_INVALID_DATA;
	while ((out->len - start) % 4 && !buf_err(out))
		put(&r, SDDL_CODE_PADDING, 1);
	return buf_err(out);
}
