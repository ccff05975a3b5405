/* SPDX-License-Identifier: MIT */
/*
 * autoweight - slices of 60 bits, and how full a condition makes one.
 *
 * Which bits belong to which field is a constant table, generated from facts; fields that share a
 * slice divide it evenly, so that their sum stays in it.  A set of 2^k values of a field that is W
 * bits wide fills its part, which holds up to B, to B * (1 - k / W), at least 1; all values fill
 * nothing.  Runs on the thread that adds a filter; nothing here changes.
 */
#include "bfe/autoweight.h"

#include "model/catalogue.h"

#define FRACTION   24u /* bits behind the point of logarithms */
#define FIELDS_MAX 48u /* of a layer; more would not compile */

typedef unsigned __int128 u128;

/* ---- slices -----------------------------------------------------------------------------------
 */

enum {
	LAYERS = 0
#define LAYER(...) +1
#include "model/tables/layers.def"
#undef LAYER
};

struct slice {
	uint8_t shift, bits, sharers;
};

static const struct slice slices[LAYERS][FIELDS_MAX] = {
#define SLICE(layer, index, condition, shift_, bits_, sharers_)                                    \
	[MODEL_LAYER_##layer][index] = {.shift = (shift_), .bits = (bits_), .sharers = (sharers_)},
#include "bfe/tables/slices.def"
#undef SLICE
};

unsigned bfe_autoweight_slice(uint16_t layer, unsigned field, unsigned *shift)
{
	const struct slice *s = &slices[layer][field];

	*shift = s->shift;
	return s->bits;
}

/* The most that one field can add, before the shift. */
static uint64_t brim_of(const struct slice *s)
{
	return ((UINT64_C(1) << s->bits) - 1) / s->sharers;
}

/* ---- how many values ---------------------------------------------------------------------------
 */

static unsigned highest_bit(u128 x)
{
	uint64_t high = (uint64_t)(x >> 64);

	return high ? 127 - (unsigned)__builtin_clzll(high)
		    : 63 - (unsigned)__builtin_clzll((uint64_t)x);
}

/* log2(x) with FRACTION bits behind the point; x > 0.  By squaring, the same on every machine, and
 * without a branch that nobody could foretell. */
static uint64_t log2_fixed(u128 x)
{
	unsigned whole = highest_bit(x);
	uint64_t m = (uint64_t)(whole > 63 ? x >> (whole - 63) : x << (63 - whole));
	uint64_t log = (uint64_t)whole << FRACTION;

	for (unsigned bit = FRACTION; bit-- > 0;) {
		uint64_t square = (uint64_t)((u128)m * m >> 64), carry = square >> 63;

		m = square << (1 - carry);
		log |= carry << bit;
	}
	return log;
}

static unsigned width_of(uint32_t type)
{
	switch (type) {
	case MODEL_UINT8:
		return 8;
	case MODEL_UINT16:
		return 16;
	case MODEL_UINT32:
		return 32;
	case MODEL_UINT64:
		return 64;
	case MODEL_BYTE_ARRAY16_TYPE:
		return 128;
	default:
		return 0; /* not a set of numbers: a slice is filled or not */
	}
}

static u128 number_of(const struct model_value *v)
{
	u128 x = 0;

	switch (v->type) {
	case MODEL_UINT8:
		return v->u8;
	case MODEL_UINT16:
		return v->u16;
	case MODEL_UINT32:
		return v->u32;
	case MODEL_UINT64:
		return *v->u64;
	case MODEL_BYTE_ARRAY16_TYPE:
		for (unsigned i = 0; i < 16; i++)
			x = x << 8 | v->bytes16->b[i];
		return x;
	default:
		return 0;
	}
}

static uint64_t log2_of_range(u128 low, u128 high)
{
	u128 span = high - low;

	return span == ~(u128)0 ? UINT64_C(128) << FRACTION : log2_fixed(span + 1);
}

/* The logarithm of how many values match, and the field's width; 0: only filled or not. */
static unsigned measure(const struct model_condition *c, uint64_t *log)
{
	const struct model_value *v = &c->value;
	unsigned width = width_of(v->type);
	u128 max = width ? ~(u128)0 >> (128 - width) : 0, x = number_of(v);

	*log = 0;
	switch (v->type) {
	case MODEL_V4_ADDR_MASK:
		*log = (uint64_t)(32 - __builtin_popcount(v->v4mask->mask)) << FRACTION;
		return 32;
	case MODEL_V6_ADDR_MASK:
		*log = (uint64_t)(128 - v->v6mask->prefix) << FRACTION;
		return 128;
	case MODEL_RANGE_TYPE:
		width = width_of(v->range->low.type);
		if (width)
			*log = log2_of_range(number_of(&v->range->low), number_of(&v->range->high));
		return width;
	default:
		break;
	}
	if (c->match == MODEL_MATCH_GREATER_OR_EQUAL)
		*log = log2_of_range(x, max);
	else if (c->match == MODEL_MATCH_LESS_OR_EQUAL)
		*log = log2_of_range(0, x);
	else if (c->match == MODEL_MATCH_GREATER && x < max)
		*log = log2_of_range(x + 1, max);
	else if (c->match == MODEL_MATCH_LESS && x > 0)
		*log = log2_of_range(0, x - 1);
	return width;
}

static uint64_t fill(const struct model_condition *c, uint64_t brim)
{
	uint64_t log, part, whole;
	unsigned width = measure(c, &log);

	if (!log || c->match == MODEL_MATCH_NOT_EQUAL)
		return brim;
	whole = (uint64_t)width << FRACTION; /* a power of two */
	if (log >= whole)
		return 0;
	part = (uint64_t)(((u128)brim * (whole - log) + whole / 2) >> __builtin_ctzll(whole));
	return part ? part : 1;
}

/* ---- the weight --------------------------------------------------------------------------------
 */

/* Alternatives for one field: n conditions, their sum as far as the field's part holds it. */
static uint64_t fill_of_all(const struct model_condition *c, uint32_t n, uint64_t brim)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n && sum < brim; i++)
		sum += fill(&c[i], brim);
	return sum < brim ? sum : brim;
}

/* Conditions are sorted by field. */
uint64_t bfe_autoweight(const struct model_filter *f)
{
	uint64_t weight = 0;

	for (uint32_t i = 0, n; i < f->n_conditions; i += n) {
		const struct model_condition *c = &f->conditions[i];
		const struct slice *s = &slices[f->layer][c->field];

		for (n = 1; i + n < f->n_conditions && c[n].field == c->field;)
			n++;
		weight += fill_of_all(c, n, brim_of(s)) << s->shift;
	}
	return weight;
}

uint64_t bfe_filter_weight(const struct model_filter *f)
{
	const struct model_value *asked = &f->requested_weight;

	switch (asked->type) {
	case MODEL_UINT64:
		return *asked->u64;
	case MODEL_UINT8:
		return (uint64_t)asked->u8 << BFE_AUTOWEIGHT_BITS | bfe_autoweight(f);
	default:
		return bfe_autoweight(f);
	}
}
