/* SPDX-License-Identifier: MIT */
/*
 * predicate - numbers as intervals, flags as masks, everything else as points and their complement.
 *
 * A numeric condition is at most two intervals of 128-bit numbers; a flag condition is a mask with
 * one of three meanings.  Interval and mask meet in two functions that find the least number with,
 * or without, given bits.  Values that are no numbers can only be compared: a point is tried with
 * the matcher itself.
 */
#include "bfe/predicate.h"

#include "engine/match.h"
#include "model/compare.h"

#include <string.h>

#define ENUMERATED_MAX 65536u /* an interval this short is tried value by value */

typedef unsigned __int128 u128;

struct interval {
	u128 low, high; /* inclusive */
};

/* ---- numbers ----------------------------------------------------------------------------------
 */

/* Bits of a number of this type; 0: not a number. */
static unsigned width_of(uint32_t type)
{
	switch (type) {
	case MODEL_UINT8:
	case MODEL_INT8:
		return 8;
	case MODEL_UINT16:
	case MODEL_INT16:
		return 16;
	case MODEL_UINT32:
	case MODEL_INT32:
	case MODEL_V4_ADDR_MASK:
		return 32;
	case MODEL_UINT64:
	case MODEL_INT64:
		return 64;
	case MODEL_BYTE_ARRAY16_TYPE:
	case MODEL_V6_ADDR_MASK:
		return 128;
	default:
		return 0;
	}
}

static u128 all_ones(unsigned width)
{
	return ~(u128)0 >> (128 - width);
}

static u128 from_bytes(const uint8_t b[16])
{
	u128 x = 0;

	for (unsigned i = 0; i < 16; i++)
		x = x << 8 | b[i];
	return x;
}

/* Signed numbers are shifted so that their order is that of the result. */
static u128 number_of(const struct model_value *v)
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
	case MODEL_INT8:
		return (uint8_t)((uint8_t)v->i8 ^ 0x80u);
	case MODEL_INT16:
		return (uint16_t)((uint16_t)v->i16 ^ 0x8000u);
	case MODEL_INT32:
		return (uint32_t)v->i32 ^ 0x80000000u;
	case MODEL_INT64:
		return (uint64_t)*v->i64 ^ UINT64_C(1) << 63;
	default:
		return from_bytes(v->bytes16->b);
	}
}

static unsigned width_of_value(const struct model_value *v)
{
	return width_of(v->type == MODEL_RANGE_TYPE ? v->range->low.type : v->type);
}

/* The type of the numbers themselves. */
static uint32_t number_type(const struct model_value *v)
{
	if (v->type == MODEL_RANGE_TYPE)
		return v->range->low.type;
	return v->type == MODEL_V4_ADDR_MASK ? MODEL_UINT32 : v->type;
}

static bool is_flags(const struct model_condition *c)
{
	return c->match == MODEL_MATCH_FLAGS_ALL_SET || c->match == MODEL_MATCH_FLAGS_ANY_SET ||
	       c->match == MODEL_MATCH_FLAGS_NONE_SET;
}

/* The numbers of an EQUAL or RANGE condition. */
static struct interval interval_of(const struct model_value *v)
{
	u128 x, tail;

	switch (v->type) {
	case MODEL_RANGE_TYPE:
		return (struct interval){number_of(&v->range->low), number_of(&v->range->high)};
	case MODEL_V4_ADDR_MASK:
		x = v->v4mask->addr & v->v4mask->mask;
		return (struct interval){x, x | (uint32_t)~v->v4mask->mask};
	case MODEL_V6_ADDR_MASK:
		tail = v->v6mask->prefix == 128 ? 0 : all_ones(128) >> v->v6mask->prefix;
		x = from_bytes(v->v6mask->addr) & ~tail;
		return (struct interval){x, x | tail};
	default:
		x = number_of(v);
		return (struct interval){x, x};
	}
}

/* What lies outside of an interval. */
static unsigned complement(struct interval i, u128 max, struct interval out[2])
{
	unsigned n = 0;

	if (i.low > 0)
		out[n++] = (struct interval){0, i.low - 1};
	if (i.high < max)
		out[n++] = (struct interval){i.high + 1, max};
	return n;
}

/* The intervals of a numeric condition without flags: none, one or two. */
static unsigned intervals_of(const struct model_condition *c, struct interval out[2])
{
	u128 max = all_ones(width_of_value(&c->value));
	struct interval i = interval_of(&c->value);

	switch (c->match) {
	case MODEL_MATCH_EQUAL:
	case MODEL_MATCH_RANGE:
		out[0] = i;
		return 1;
	case MODEL_MATCH_NOT_EQUAL:
		return complement(i, max, out);
	case MODEL_MATCH_GREATER:
		out[0] = (struct interval){i.low + 1, max};
		return i.low < max;
	case MODEL_MATCH_GREATER_OR_EQUAL:
		out[0] = (struct interval){i.low, max};
		return 1;
	case MODEL_MATCH_LESS:
		out[0] = (struct interval){0, i.low - 1};
		return i.low > 0;
	case MODEL_MATCH_LESS_OR_EQUAL:
		out[0] = (struct interval){0, i.low};
		return 1;
	default:
		return 0;
	}
}

/* ---- flags ------------------------------------------------------------------------------------
 */

/* The least x >= low with all bits of m. */
static u128 least_with(u128 low, u128 m)
{
	u128 missing = m & ~low, bit;

	if (!missing)
		return low;
	bit = (u128)1 << 127;
	while (!(bit & missing))
		bit >>= 1;
	return (low & ~((bit << 1) - 1)) | bit | (m & (bit - 1));
}

/* The least x >= low with none of the bits of m; false: there is none up to max. */
static bool least_without(u128 low, u128 m, u128 max, u128 *out)
{
	u128 clash = low & m, bit = (u128)1 << 127;

	if (!clash) {
		*out = low;
		return low <= max;
	}
	while (!(bit & clash))
		bit >>= 1;
	for (bit <<= 1; bit && bit <= max; bit <<= 1)
		if (!(low & bit) && !(m & bit)) {
			*out = (low & ~((bit << 1) - 1)) | bit;
			return true;
		}
	return false;
}

static bool flags_meet_interval(uint8_t match, u128 m, struct interval i)
{
	u128 x;

	switch (match) {
	case MODEL_MATCH_FLAGS_ALL_SET:
		return least_with(i.low, m) <= i.high;
	case MODEL_MATCH_FLAGS_NONE_SET:
		return least_without(i.low, m, i.high, &x) && x <= i.high;
	default:
		for (u128 bit = 1; bit && bit <= m; bit <<= 1)
			if (bit & m && least_with(i.low, bit) <= i.high)
				return true;
		return false;
	}
}

/* Does a number of the interval lack what the flags ask for? */
static bool interval_leaves_flags(struct interval i, uint8_t match, u128 m)
{
	u128 x;

	switch (match) {
	case MODEL_MATCH_FLAGS_ANY_SET:
		return flags_meet_interval(MODEL_MATCH_FLAGS_NONE_SET, m, i);
	case MODEL_MATCH_FLAGS_NONE_SET:
		return flags_meet_interval(MODEL_MATCH_FLAGS_ANY_SET, m, i);
	default:
		for (u128 bit = 1; bit && bit <= m; bit <<= 1)
			if (bit & m && least_without(i.low, bit, i.high, &x) && x <= i.high)
				return true;
		return false;
	}
}

static bool flags_meet(uint8_t a, u128 m, uint8_t b, u128 k)
{
	if (a > b)
		return flags_meet(b, k, a, m);
	/* In the order of the enumeration: ALL_SET, ANY_SET, NONE_SET. */
	if (a == MODEL_MATCH_FLAGS_ALL_SET)
		return b == MODEL_MATCH_FLAGS_ALL_SET	? true
		       : b == MODEL_MATCH_FLAGS_ANY_SET ? k != 0
							: (m & k) == 0;
	if (a == MODEL_MATCH_FLAGS_ANY_SET)
		return b == MODEL_MATCH_FLAGS_ANY_SET ? m && k : (m & ~k) != 0;
	return true;
}

/* Everything outside of "all set" has one of the bits clear, and so on. */
static bool flags_inside(uint8_t a, u128 m, uint8_t b, u128 k)
{
	switch (b) {
	case MODEL_MATCH_FLAGS_ALL_SET:
		for (u128 bit = 1; bit && bit <= k; bit <<= 1)
			if (bit & k && flags_meet(a, m, MODEL_MATCH_FLAGS_NONE_SET, bit))
				return false;
		return true;
	case MODEL_MATCH_FLAGS_ANY_SET:
		return !flags_meet(a, m, MODEL_MATCH_FLAGS_NONE_SET, k);
	default:
		return !flags_meet(a, m, MODEL_MATCH_FLAGS_ANY_SET, k);
	}
}

/* The smallest interval around the numbers with these flags. */
static struct interval flags_hull(uint8_t match, u128 m, u128 max)
{
	if (match == MODEL_MATCH_FLAGS_ALL_SET)
		return (struct interval){m, max};
	if (match == MODEL_MATCH_FLAGS_NONE_SET)
		return (struct interval){0, max & ~m};
	return (struct interval){m & -m, max};
}

/* ---- one numeric condition and several --------------------------------------------------------
 */

/* How far the intervals of all conditions reach from `at` without a gap; false: none begins there.
 */
static bool reach(const struct model_condition *of, uint32_t n, u128 at, u128 *high)
{
	struct interval x[2];
	bool found = false;

	for (uint32_t i = 0; i < n; i++) {
		unsigned k = is_flags(&of[i]) || !width_of_value(&of[i].value)
				     ? 0
				     : intervals_of(&of[i], x);

		while (k-- > 0)
			if (x[k].low <= at && at <= x[k].high && (!found || x[k].high > *high)) {
				*high = x[k].high;
				found = true;
			}
	}
	return found;
}

static bool covered(struct interval i, const struct model_condition *of, uint32_t n)
{
	u128 high = 0;

	while (reach(of, n, i.low, &high)) {
		if (high >= i.high)
			return true;
		i.low = high + 1;
	}
	return false;
}

static struct model_value value_of_number(uint32_t type, u128 x, uint64_t *room)
{
	struct model_value v = {.type = type};

	switch (type) {
	case MODEL_UINT8:
		v.u8 = (uint8_t)x;
		break;
	case MODEL_UINT16:
		v.u16 = (uint16_t)x;
		break;
	case MODEL_UINT32:
		v.u32 = (uint32_t)x;
		break;
	default:
		*room = (uint64_t)x;
		v.u64 = room;
		break;
	}
	return v;
}

/* Short intervals are tried number by number: several flag conditions may cover one together. */
static bool every_number_matches(struct interval i, uint32_t type, const struct model_condition *of,
				 uint32_t n)
{
	if (i.high - i.low >= ENUMERATED_MAX || type > MODEL_UINT64)
		return false;
	for (u128 x = i.low;; x++) {
		uint64_t room;
		struct model_value v = value_of_number(type, x, &room);
		uint32_t k = 0;

		while (k < n && !engine_match_condition(&of[k], &v))
			k++;
		if (k == n)
			return false;
		if (x == i.high)
			return true;
	}
}

static bool interval_inside(struct interval i, uint32_t type, const struct model_condition *of,
			    uint32_t n)
{
	bool flags = false;

	if (covered(i, of, n))
		return true;
	for (uint32_t k = 0; k < n; k++)
		if (is_flags(&of[k])) {
			flags = true;
			if (!interval_leaves_flags(i, of[k].match, number_of(&of[k].value)))
				return true;
		}
	return flags && every_number_matches(i, type, of, n);
}

static bool flags_inside_any(const struct model_condition *t, const struct model_condition *of,
			     uint32_t n)
{
	u128 m = number_of(&t->value), max = all_ones(width_of(t->value.type));

	for (uint32_t k = 0; k < n; k++)
		if (is_flags(&of[k]) &&
		    flags_inside(t->match, m, of[k].match, number_of(&of[k].value)))
			return true;
	return covered(flags_hull(t->match, m, max), of, n);
}

static bool numbers_inside(const struct model_condition *t, const struct model_condition *of,
			   uint32_t n)
{
	struct interval x[2];
	unsigned k;

	if (is_flags(t))
		return flags_inside_any(t, of, n);
	k = intervals_of(t, x);
	while (k-- > 0)
		if (!interval_inside(x[k], number_type(&t->value), of, n))
			return false;
	return true;
}

static bool intervals_meet(const struct model_condition *a, const struct model_condition *b)
{
	struct interval x[2], y[2];
	unsigned n = intervals_of(a, x), m = intervals_of(b, y);

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < m; k++)
			if (x[i].low <= y[k].high && y[k].low <= x[i].high)
				return true;
	return false;
}

static bool numbers_meet(const struct model_condition *a, const struct model_condition *b)
{
	struct interval x[2];
	unsigned n;

	if (is_flags(a) && is_flags(b))
		return flags_meet(a->match, number_of(&a->value), b->match, number_of(&b->value));
	if (is_flags(a))
		return numbers_meet(b, a);
	if (!is_flags(b))
		return intervals_meet(a, b);
	n = intervals_of(a, x);
	while (n-- > 0)
		if (flags_meet_interval(b->match, number_of(&b->value), x[n]))
			return true;
	return false;
}

/* ---- values that are no numbers ---------------------------------------------------------------
 */

/* A condition that one value alone satisfies. */
static bool is_point(const struct model_condition *c)
{
	return c->match == MODEL_MATCH_EQUAL && c->value.type != MODEL_SECURITY_DESCRIPTOR_TYPE;
}

static bool same_blob(const struct model_condition *a, const struct model_condition *b)
{
	return a->value.type == b->value.type && a->value.type == MODEL_SECURITY_DESCRIPTOR_TYPE &&
	       a->value.blob->size == b->value.blob->size &&
	       memcmp(a->value.blob->data, b->value.blob->data, a->value.blob->size) == 0;
}

static bool same(const struct model_condition *a, const struct model_condition *b)
{
	return a->match == b->match && (same_blob(a, b) || model_value_equal(&a->value, &b->value));
}

/* One condition that is no number inside another. */
static bool thing_inside(const struct model_condition *t, const struct model_condition *f)
{
	if (same(t, f))
		return true;
	if (is_point(t))
		return engine_match_condition(f, &t->value);
	/* What ends in "xyz" ends in "yz", too. */
	if (t->match == MODEL_MATCH_PREFIX && f->match == MODEL_MATCH_PREFIX)
		return engine_match_condition(f, &t->value);
	/* What does not end in "yz" does not end in "xyz". */
	if (t->match == MODEL_MATCH_NOT_PREFIX && f->match == MODEL_MATCH_NOT_PREFIX) {
		struct model_condition suffix = *t;

		suffix.match = MODEL_MATCH_PREFIX;
		return engine_match_condition(&suffix, &f->value);
	}
	return false;
}

static bool things_meet(const struct model_condition *t, const struct model_condition *f)
{
	if (is_point(t))
		return engine_match_condition(f, &t->value);
	if (is_point(f))
		return engine_match_condition(t, &f->value);
	return true;
}

/* ---- any condition ----------------------------------------------------------------------------
 */

static bool is_empty_value(const struct model_condition *c)
{
	return c->value.type == MODEL_EMPTY;
}

/* Numeric to us: floating-point numbers are points only. */
static bool is_number(const struct model_condition *c)
{
	return width_of_value(&c->value) != 0;
}

bool bfe_predicate_empty(const struct model_condition *t)
{
	struct interval x[2];

	if (!is_number(t))
		return false;
	if (is_flags(t))
		return t->match == MODEL_MATCH_FLAGS_ANY_SET && number_of(&t->value) == 0;
	return intervals_of(t, x) == 0;
}

bool bfe_predicate_inside(const struct model_condition *t, const struct model_condition *of,
			  uint32_t n)
{
	if (!is_empty_value(t) && is_number(t))
		return numbers_inside(t, of, n);
	for (uint32_t i = 0; i < n; i++)
		if (is_empty_value(t) ? is_empty_value(&of[i])
				      : !is_empty_value(&of[i]) && thing_inside(t, &of[i]))
			return true;
	return false;
}

static bool meet(const struct model_condition *a, const struct model_condition *b)
{
	if (is_empty_value(a) || is_empty_value(b))
		return is_empty_value(a) && is_empty_value(b);
	if (is_number(a) && is_number(b))
		return numbers_meet(a, b);
	return things_meet(a, b);
}

bool bfe_predicate_meets(const struct model_condition *t, const struct model_condition *of,
			 uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (meet(t, &of[i]))
			return true;
	return false;
}
