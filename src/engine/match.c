/* SPDX-License-Identifier: MIT */
/*
 * match - the thirteen match types over the data types.
 *
 * model_filter_create has refused every combination of type and match type that makes no sense, so
 * what is left is: masks, descriptors and ranges, which have one meaning each, and two values of
 * the same type.  FWP_MATCH_PREFIX and FWP_MATCH_NOT_PREFIX look at the END of the value, as
 * documented.
 */
#include "engine/match.h"

#include <string.h>

#include "engine/access.h"
#include "model/compare.h"

static bool in_v4(uint32_t addr, const struct model_v4_mask *m)
{
	return ((addr ^ m->addr) & m->mask) == 0;
}

static bool in_v6(const struct model_bytes16 *addr, const struct model_v6_mask *m)
{
	unsigned bytes = m->prefix / 8, bits = m->prefix % 8;

	if (memcmp(addr->b, m->addr, bytes) != 0)
		return false;
	return bits == 0 || (addr->b[bytes] ^ m->addr[bytes]) >> (8 - bits) == 0;
}

static bool in_range(const struct model_value *v, const struct model_range *r)
{
	return v->type == r->low.type && model_value_compare(&r->low, v) <= 0 &&
	       model_value_compare(v, &r->high) <= 0;
}

static uint64_t as_flags(const struct model_value *v)
{
	switch (v->type) {
	case MODEL_UINT8:
		return v->u8;
	case MODEL_UINT16:
		return v->u16;
	case MODEL_UINT32:
		return v->u32;
	case MODEL_UINT64:
		return *v->u64;
	default:
		return 0;
	}
}

/* A string without its NUL; a blob that holds a string usually ends with one. */
struct text {
	const uint8_t *p;
	size_t size;
};

static struct text text_of(const struct model_value *v)
{
	struct text t = {0};

	if (v->type == MODEL_UNICODE_STRING_TYPE) {
		t.p = (const uint8_t *)v->wstr;
		while (v->wstr[t.size / 2] != 0)
			t.size += 2;
		return t;
	}
	t = (struct text){v->blob->data, v->blob->size};
	if (t.size >= 2 && t.size % 2 == 0 && t.p[t.size - 1] == 0 && t.p[t.size - 2] == 0)
		t.size -= 2;
	return t;
}

static bool ends_with(const struct model_value *v, const struct model_value *end)
{
	struct text t = text_of(v), e = text_of(end);

	return e.size <= t.size && (e.size == 0 || !memcmp(t.p + t.size - e.size, e.p, e.size));
}

/* Simple case folding of the alphabets that have one, without tables: a block maps by distance,
 * or its capitals and small letters alternate. */
static const struct {
	uint16_t first, last;
	int16_t distance; /* to the small letter; 0: even numbers are capitals, -1: odd ones are */
} folds[] = {
	{'A', 'Z', 32},	      {0x00c0, 0x00d6, 32}, {0x00d8, 0x00de, 32}, {0x0100, 0x012f, 0},
	{0x0132, 0x0137, 0},  {0x0139, 0x0148, -1}, {0x014a, 0x0177, 0},  {0x0179, 0x017e, -1},
	{0x0391, 0x03a1, 32}, {0x03a3, 0x03ab, 32}, {0x0400, 0x040f, 80}, {0x0410, 0x042f, 32},
	{0x0460, 0x0481, 0},  {0x048a, 0x04bf, 0},  {0x04d0, 0x052f, 0},  {0x0531, 0x0556, 48},
	{0x1e00, 0x1e95, 0},  {0x1ea0, 0x1eff, 0},  {0x2160, 0x216f, 16}, {0x24b6, 0x24cf, 26},
	{0xff21, 0xff3a, 32},
};

static uint16_t fold(uint16_t c)
{
	for (size_t i = 0; i < ARRAY_LEN(folds); i++) {
		if (c < folds[i].first || c > folds[i].last)
			continue;
		if (folds[i].distance > 0)
			return (uint16_t)(c + folds[i].distance);
		return (uint16_t)(c + ((c & 1) == (folds[i].distance == 0 ? 0 : 1)));
	}
	return c;
}

static bool equal_folded(const uint16_t *x, const uint16_t *y)
{
	while (*x && fold(*x) == fold(*y)) {
		x++;
		y++;
	}
	return *x == *y;
}

static bool compare_same(uint8_t match, const struct model_value *v, const struct model_value *c)
{
	switch (match) {
	case MODEL_MATCH_EQUAL:
		return model_value_equal(v, c);
	case MODEL_MATCH_NOT_EQUAL:
		return !model_value_equal(v, c);
	case MODEL_MATCH_GREATER:
		return model_value_compare(v, c) > 0;
	case MODEL_MATCH_LESS:
		return model_value_compare(v, c) < 0;
	case MODEL_MATCH_GREATER_OR_EQUAL:
		return model_value_compare(v, c) >= 0;
	case MODEL_MATCH_LESS_OR_EQUAL:
		return model_value_compare(v, c) <= 0;
	case MODEL_MATCH_FLAGS_ALL_SET:
		return (as_flags(v) & as_flags(c)) == as_flags(c);
	case MODEL_MATCH_FLAGS_ANY_SET:
		return (as_flags(v) & as_flags(c)) != 0;
	case MODEL_MATCH_FLAGS_NONE_SET:
		return (as_flags(v) & as_flags(c)) == 0;
	case MODEL_MATCH_EQUAL_CASE_INSENSITIVE:
		return equal_folded(v->wstr, c->wstr);
	case MODEL_MATCH_PREFIX:
		return ends_with(v, c);
	case MODEL_MATCH_NOT_PREFIX:
		return !ends_with(v, c);
	default:
		return false;
	}
}

bool engine_match_condition(const struct model_condition *c, const struct model_value *v)
{
	bool wanted = c->match != MODEL_MATCH_NOT_EQUAL;

	if (v->type == MODEL_EMPTY || c->value.type == MODEL_EMPTY)
		return v->type == c->value.type;
	switch (c->value.type) {
	case MODEL_V4_ADDR_MASK:
		return v->type == MODEL_UINT32 && in_v4(v->u32, c->value.v4mask) == wanted;
	case MODEL_V6_ADDR_MASK:
		return v->type == MODEL_BYTE_ARRAY16_TYPE &&
		       in_v6(v->bytes16, c->value.v6mask) == wanted;
	case MODEL_SECURITY_DESCRIPTOR_TYPE:
		return engine_access_granted(c->value.blob, v);
	case MODEL_RANGE_TYPE:
		return in_range(v, c->value.range);
	default:
		return v->type == c->value.type && compare_same(c->match, v, &c->value);
	}
}

bool engine_match_filter(const struct model_filter *f, const struct model_value *values,
			 unsigned n_values)
{
	static const struct model_value empty = {.type = MODEL_EMPTY};

	for (uint32_t i = 0; i < f->n_conditions;) {
		int field = f->conditions[i].field;
		const struct model_value *v = (unsigned)field < n_values ? &values[field] : &empty;
		bool any = false;

		for (; i < f->n_conditions && f->conditions[i].field == field; i++)
			any = any || engine_match_condition(&f->conditions[i], v);
		if (!any)
			return false;
	}
	return true;
}
