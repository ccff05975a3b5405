/* SPDX-License-Identifier: MIT */
/*
 * oracle_values - random values of every type, of the kinds that hurt an index, and values at the
 * border of a condition.
 *
 * A policy has a shape: few equal values, clusters, ranges around one point, borders of the type,
 * or anything.  Texts and SIDs have long beginnings in common.
 */
#pragma once

#include <string.h>

#include "base/mem.h"
#include "model/sddl.h"
#include "model/sid.h"
#include "model/token.h"
#include "oracle_dice.h"

enum oracle_shape {
	SHAPE_EQUAL,
	SHAPE_CLUSTERS,
	SHAPE_NESTED,
	SHAPE_BORDERS,
	SHAPE_SPREAD,
	ORACLE_SHAPES
};

#define ORACLE_TEXT 64u /* units of UTF-16, the NUL and what a nudge adds included */

/* What a value may point to. */
struct pointee {
	union {
		uint64_t u64;
		int64_t i64;
		double f64;
		struct model_bytes16 bytes16;
		struct model_bytes6 bytes6;
		struct model_v4_mask mask4;
		struct model_v6_mask mask6;
		struct model_blob blob;
		struct sid sid;
	};
	uint16_t text[ORACLE_TEXT];
};

/* A value and what it points to; not to be copied. */
struct slot {
	struct model_value value;
	struct pointee room;
	struct model_range range;
	struct pointee low, high;
};

/* ---- descriptors and tokens: made once ----------------------------------------------------------
 */

#define POOL 6u

static struct model_blob *oracle_sds[POOL], *oracle_tokens[POOL];

static void oracle_pools_make(void)
{
	static const char *const sddls[POOL] = {"D:(A;;CC;;;WD)",
						"D:(A;;CC;;;S-1-22-1-1000)",
						"D:(D;;CC;;;S-1-22-2-27)(A;;GA;;;AU)",
						"O:SY",
						"D:(A;IO;CC;;;WD)(A;;DC;;;WD)(A;;CC;;;BA)",
						"D:"};
	static const uint32_t group = 27;

	for (unsigned i = 0; i < POOL; i++) {
		BUG_ON(model_sddl_parse(&oracle_sds[i], sddls[i], NULL));
		BUG_ON(model_token_make_unix(&oracle_tokens[i], i < 2 ? 0 : 998 + i, &group,
					     i % 2));
	}
}

static void oracle_pools_free(void)
{
	for (unsigned i = 0; i < POOL; i++) {
		mem_free(oracle_sds[i]);
		mem_free(oracle_tokens[i]);
	}
}

/* ---- numbers -------------------------------------------------------------------------------- */

static uint64_t number_in_cluster(struct dice *d, uint64_t max)
{
	static const uint64_t middles[] = {0, 0x0a0000000a000000, 0xc0a80000c0a80000,
					   0x20010db8c6336400};
	uint64_t below = (UINT64_C(1) << dice_below(d, 12)) - 1;
	uint64_t middle = middles[dice_below(d, 4)];

	return ((middle & ~below) | (dice_u64(d) & below)) & max;
}

/* One point in the middle, and what lies a power of two off it. */
static uint64_t number_around_a_point(struct dice *d, unsigned bits, uint64_t max)
{
	uint64_t off = UINT64_C(1) << dice_below(d, bits);

	return (max / 3 * 2 + (dice_one_in(d, 2) ? off : (uint64_t)0 - off)) & max;
}

static uint64_t number_at_a_border(struct dice *d, unsigned bits, uint64_t max)
{
	uint64_t border = dice_one_in(d, 3)
				  ? 0
				  : UINT64_C(1)
					    << (dice_one_in(d, 2) ? bits - 1 : dice_below(d, bits));

	return (border + dice_below(d, 3) - 1) & max;
}

static uint64_t any_number(struct dice *d, unsigned shape, unsigned bits)
{
	static const uint64_t few[] = {0, 1, 2, 7, 0x0a000001, UINT64_MAX};
	const uint64_t max = UINT64_MAX >> (64 - bits);

	switch (shape) {
	case SHAPE_EQUAL:
		return few[dice_below(d, ARRAY_LEN(few))] & max;
	case SHAPE_CLUSTERS:
		return number_in_cluster(d, max);
	case SHAPE_NESTED:
		return number_around_a_point(d, bits, max);
	case SHAPE_BORDERS:
		return number_at_a_border(d, bits, max);
	default:
		return dice_u64(d) & max;
	}
}

/* Big-endian. */
static void put_number(uint8_t *out, unsigned size, uint64_t n)
{
	for (unsigned i = 0; i < size; i++)
		out[i] = (uint8_t)(n >> 8 * (size - 1 - i));
}

/* ---- values --------------------------------------------------------------------------------- */

/* Paths with a long common beginning; they differ in a few last letters. */
static void any_text(struct dice *d, uint16_t out[ORACLE_TEXT])
{
	static const char *const beginnings[] = {"", "/bin/", "/usr/lib/openwfp/very/long/common/"};
	const char *beginning = beginnings[dice_below(d, ARRAY_LEN(beginnings))];
	unsigned n = 0, letters = dice_below(d, 5);

	while (*beginning)
		out[n++] = (uint8_t)*beginning++;
	for (unsigned i = 0; i < letters; i++)
		out[n++] = (uint8_t) "aAbn"[dice_below(d, 4)];
	out[n] = 0;
}

static unsigned text_length(const uint16_t *text)
{
	unsigned n = 0;

	while (text[n])
		n++;
	return n;
}

/* Some blobs end with the NUL of their text, some do not, some in the middle of a letter. */
static void any_blob(struct dice *d, struct pointee *p)
{
	uint32_t size;

	any_text(d, p->text);
	size = 2 * text_length(p->text) + (dice_one_in(d, 2) ? 2 : 0);
	if (size > 0 && dice_one_in(d, 16))
		size--;
	p->blob = (struct model_blob){size, (uint8_t *)p->text};
}

static void any_sid(struct dice *d, unsigned shape, struct sid *out)
{
	uint32_t sub[] = {21, 1, 2, 3, 0};
	unsigned n = dice_one_in(d, 4) ? 1 + dice_below(d, 4) : 5;

	sub[n - 1] = (uint32_t)any_number(d, shape, 32);
	sid_make(out, 5, n, sub);
}

static struct model_value any_pointed(struct dice *d, unsigned shape, uint32_t type,
				      struct pointee *p)
{
	struct model_value v = {.type = type};

	switch (type) {
	case MODEL_BYTE_ARRAY16_TYPE:
		put_number(p->bytes16.b, 8,
			   any_number(d, dice_one_in(d, 2) ? SHAPE_EQUAL : shape, 64));
		put_number(p->bytes16.b + 8, 8, any_number(d, shape, 64));
		v.bytes16 = &p->bytes16;
		break;
	case MODEL_BYTE_ARRAY6_TYPE:
		put_number(p->bytes6.b, 6, any_number(d, shape, 48));
		v.bytes6 = &p->bytes6;
		break;
	case MODEL_BYTE_BLOB_TYPE:
		any_blob(d, p);
		v.blob = &p->blob;
		break;
	case MODEL_SID:
		any_sid(d, shape, &p->sid);
		v.sid = &p->sid;
		break;
	case MODEL_UNICODE_STRING_TYPE:
		any_text(d, p->text);
		v.wstr = p->text;
		break;
	case MODEL_SECURITY_DESCRIPTOR_TYPE:
		v.blob = oracle_sds[dice_below(d, POOL)];
		break;
	case MODEL_TOKEN_ACCESS_INFORMATION_TYPE:
		v.blob = oracle_tokens[dice_below(d, POOL)];
		break;
	default:
		v.type = MODEL_EMPTY;
		break;
	}
	return v;
}

static struct model_value any_value(struct dice *d, unsigned shape, uint32_t type,
				    struct pointee *p)
{
	struct model_value v = {.type = type};

	switch (type) {
	case MODEL_UINT8:
	case MODEL_INT8:
		v.u8 = (uint8_t)any_number(d, shape, 8);
		break;
	case MODEL_UINT16:
	case MODEL_INT16:
		v.u16 = (uint16_t)any_number(d, shape, 16);
		break;
	case MODEL_UINT32:
	case MODEL_INT32:
		v.u32 = (uint32_t)any_number(d, shape, 32);
		break;
	case MODEL_UINT64:
	case MODEL_INT64:
		p->u64 = any_number(d, shape, 64);
		v.u64 = &p->u64;
		break;
	case MODEL_FLOAT:
		v.f32 = (float)dice_below(d, POOL);
		break;
	case MODEL_DOUBLE:
		p->f64 = dice_below(d, POOL) * 0.5 - 1;
		v.f64 = &p->f64;
		break;
	default:
		return any_pointed(d, shape, type, p);
	}
	return v;
}

/* A value of that type in the slot. */
static void slot_fill(struct dice *d, struct slot *s, unsigned shape, uint32_t type)
{
	s->value = any_value(d, shape, type, &s->room);
}

/* ---- values at the border of a condition ------------------------------------------------------
 */

static void slot_copy(struct slot *s, const struct model_value *v)
{
	struct pointee *p = &s->room;

	s->value = *v;
	switch (v->type) {
	case MODEL_UINT64:
	case MODEL_INT64:
	case MODEL_DOUBLE:
		p->u64 = *v->u64;
		s->value.u64 = &p->u64;
		break;
	case MODEL_BYTE_ARRAY16_TYPE:
		p->bytes16 = *v->bytes16;
		s->value.bytes16 = &p->bytes16;
		break;
	case MODEL_BYTE_ARRAY6_TYPE:
		p->bytes6 = *v->bytes6;
		s->value.bytes6 = &p->bytes6;
		break;
	case MODEL_BYTE_BLOB_TYPE:
		memset(p->text, 0, sizeof(p->text));
		memcpy(p->text, v->blob->data, v->blob->size);
		p->blob = (struct model_blob){v->blob->size, (uint8_t *)p->text};
		s->value.blob = &p->blob;
		break;
	case MODEL_SID:
		memcpy(&p->sid, v->sid, sid_size(v->sid, SID_MAX));
		s->value.sid = &p->sid;
		break;
	case MODEL_UNICODE_STRING_TYPE:
		memcpy(p->text, v->wstr, 2 * (text_length(v->wstr) + 1));
		s->value.wstr = p->text;
		break;
	default:
		break;
	}
}

static uint64_t nudge_number(struct dice *d, uint64_t n, unsigned bits)
{
	switch (dice_below(d, 3)) {
	case 0:
		return n + 1;
	case 1:
		return n - 1;
	default:
		return n ^ UINT64_C(1) << dice_below(d, bits);
	}
}

/* One up or down with a carry, or another bit. */
static void nudge_bytes(struct dice *d, uint8_t *p, unsigned size)
{
	unsigned how = dice_below(d, 3), bit = dice_below(d, 8 * size);

	if (how == 2) {
		p[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		return;
	}
	for (unsigned i = size; i-- > 0;) {
		p[i] = (uint8_t)(how ? p[i] + 1 : p[i] - 1);
		if (p[i] != (how ? 0 : 0xff))
			return;
	}
}

static void nudge_text(struct dice *d, uint16_t text[ORACLE_TEXT])
{
	unsigned n = text_length(text);

	switch (dice_below(d, 4)) {
	case 0: /* another letter in front */
		if (n + 2 > ORACLE_TEXT)
			return;
		memmove(text + 1, text, 2 * (n + 1));
		text[0] = 'n';
		break;
	case 1: /* one less in front */
		if (n > 0)
			memmove(text, text + 1, 2 * n);
		break;
	case 2: /* of the other case */
		if (n > 0 && text[n - 1] != '/')
			text[n - 1] ^= 0x20;
		break;
	default:
		if (n > 0)
			text[n - 1] = 0;
		break;
	}
}

static void nudge_blob(struct dice *d, struct model_blob *b)
{
	switch (dice_below(d, 3)) {
	case 0: /* with another NUL */
		if (b->size + 2 <= 2 * ORACLE_TEXT) {
			b->data[b->size] = b->data[b->size + 1] = 0;
			b->size += 2;
		}
		break;
	case 1: /* without the last letter */
		b->size -= b->size >= 2 ? 2 : b->size;
		break;
	default:
		if (b->size > 0)
			b->data[dice_below(d, b->size)] ^= 0x20;
		break;
	}
}

static void slot_nudge(struct dice *d, struct slot *s)
{
	struct model_value *v = &s->value;

	switch (v->type) {
	case MODEL_UINT8:
	case MODEL_INT8:
		v->u8 = (uint8_t)nudge_number(d, v->u8, 8);
		break;
	case MODEL_UINT16:
	case MODEL_INT16:
		v->u16 = (uint16_t)nudge_number(d, v->u16, 16);
		break;
	case MODEL_UINT32:
	case MODEL_INT32:
		v->u32 = (uint32_t)nudge_number(d, v->u32, 32);
		break;
	case MODEL_UINT64:
	case MODEL_INT64:
		s->room.u64 = nudge_number(d, s->room.u64, 64);
		break;
	case MODEL_BYTE_ARRAY16_TYPE:
		nudge_bytes(d, s->room.bytes16.b, 16);
		break;
	case MODEL_BYTE_ARRAY6_TYPE:
		nudge_bytes(d, s->room.bytes6.b, 6);
		break;
	case MODEL_BYTE_BLOB_TYPE:
		nudge_blob(d, &s->room.blob);
		break;
	case MODEL_UNICODE_STRING_TYPE:
		nudge_text(d, s->room.text);
		break;
	case MODEL_SID: /* in the last number */
		s->room.sid.bytes[sid_size(&s->room.sid, SID_MAX) - 1 - dice_below(d, 4)] ^= 1;
		break;
	default:
		break;
	}
}

/* An address that has the bits of the mask, with others behind them. */
static void slot_fill_mask4(struct dice *d, struct slot *s, const struct model_v4_mask *m)
{
	uint32_t border = ~m->mask + 1;

	s->value = (struct model_value){.type = MODEL_UINT32, .u32 = m->addr & m->mask};
	if (dice_one_in(d, 2))
		s->value.u32 |= (uint32_t)dice_u64(d) & ~m->mask;
	if (dice_one_in(d, 4)) /* the last bit that counts */
		s->value.u32 ^= border;
}

static void slot_fill_mask6(struct dice *d, struct slot *s, const struct model_v6_mask *m)
{
	uint8_t *b = s->room.bytes16.b;

	s->value =
		(struct model_value){.type = MODEL_BYTE_ARRAY16_TYPE, .bytes16 = &s->room.bytes16};
	memcpy(b, m->addr, 16);
	for (unsigned i = 0; i < 3 && m->prefix < 128; i++) {
		unsigned bit = m->prefix + dice_below(d, 128u - m->prefix);

		b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
	if (m->prefix > 0 && dice_one_in(d, 4))
		b[(m->prefix - 1u) / 8] ^= (uint8_t)(0x80 >> (m->prefix - 1u) % 8);
}

/* What the condition says, or one beside it. */
static void slot_fill_near(struct dice *d, struct slot *s, const struct model_condition *c)
{
	const struct model_value *v = &c->value;

	switch (v->type) {
	case MODEL_V4_ADDR_MASK:
		slot_fill_mask4(d, s, v->v4mask);
		return;
	case MODEL_V6_ADDR_MASK:
		slot_fill_mask6(d, s, v->v6mask);
		return;
	case MODEL_SECURITY_DESCRIPTOR_TYPE:
		slot_fill(d, s, 0, MODEL_TOKEN_ACCESS_INFORMATION_TYPE);
		return;
	case MODEL_RANGE_TYPE:
		slot_copy(s, dice_one_in(d, 2) ? &v->range->low : &v->range->high);
		break;
	default:
		slot_copy(s, v);
		break;
	}
	if (dice_one_in(d, 3))
		slot_nudge(d, s);
}
