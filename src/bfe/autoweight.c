/* SPDX-License-Identifier: MIT */
/*
 * autoweight - slices of 60 bits, and how full a condition makes one.
 *
 * Each field of the layer gets one bit; addresses and numbers of 16 bits (ports) share the rest,
 * five to two.  Fields come in the layer's order, the first one in the highest bits.  A set of 2^k
 * values of a field that is W bits wide fills its slice of n bits to (2^n - 1) * (1 - k / W), at
 * least 1; all values fill nothing.
 */
#include "bfe/autoweight.h"

#include "model/catalogue.h"

#define FRACTION 32u /* bits behind the point of logarithms */

typedef unsigned __int128 u128;

/* ---- slices -----------------------------------------------------------------------------------
 */

/* Only what is asked for by prefix or range needs more than the bit that every field has. */
static unsigned share_of(const struct model_field *f)
{
	if (f->field_type == MODEL_FIELD_IP_ADDRESS)
		return 5;
	return f->type == MODEL_UINT16 && f->field_type == MODEL_FIELD_RAW_DATA ? 2 : 0;
}

static const struct model_field *field_at(const struct model_layer *l, unsigned index)
{
	for (unsigned i = 0; i < l->n_fields; i++)
		if (l->fields[i].index[MODEL_SCHEMA_2026] == (int)index)
			return &l->fields[i];
	return NULL;
}

static void count_fields(const struct model_layer *l, unsigned *fields, unsigned *shares)
{
	const struct model_field *f;

	*shares = 0;
	for (*fields = 0; (f = field_at(l, *fields)) != NULL; ++*fields)
		*shares += share_of(f);
}

unsigned bfe_autoweight_slice(uint16_t layer, unsigned field, unsigned *shift)
{
	const struct model_layer *l = model_layer_by_id(layer);
	unsigned fields, shares, left, bits = 0, top = BFE_AUTOWEIGHT_BITS;

	count_fields(l, &fields, &shares);
	left = fields < BFE_AUTOWEIGHT_BITS ? BFE_AUTOWEIGHT_BITS - fields : 0;
	for (unsigned i = 0; i <= field; i++) {
		const struct model_field *f = field_at(l, i);

		bits = 1 + (f && shares ? left * share_of(f) / shares : 0);
		top = top > bits ? top - bits : 0;
	}
	*shift = top;
	return bits;
}

/* ---- how many values ---------------------------------------------------------------------------
 */

/* log2(x) with FRACTION bits behind the point; x > 0.  By squaring, the same on every machine. */
static uint64_t log2_fixed(u128 x)
{
	unsigned whole = 127;
	uint64_t log, m;

	while (!(x >> whole))
		whole--;
	m = (uint64_t)(whole > 63 ? x >> (whole - 63) : x << (63 - whole));
	log = (uint64_t)whole << FRACTION;
	for (unsigned bit = FRACTION; bit-- > 0;) {
		u128 square = (u128)m * m;
		bool carry = square >> 127;

		m = (uint64_t)(square >> (carry ? 64 : 63));
		log |= (uint64_t)carry << bit;
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

static uint64_t fill(const struct model_condition *c, unsigned bits)
{
	uint64_t brim = (UINT64_C(1) << bits) - 1, log;
	unsigned width = measure(c, &log);
	u128 whole = (u128)width << FRACTION, part;

	if (!log || c->match == MODEL_MATCH_NOT_EQUAL)
		return brim;
	if (log >= whole)
		return 0;
	part = ((u128)brim * (whole - log) + whole / 2) / whole;
	return part ? (uint64_t)part : 1;
}

/* ---- the weight --------------------------------------------------------------------------------
 */

/* Conditions are sorted by field; several on one field count once, with the widest of them. */
uint64_t bfe_autoweight(const struct model_filter *f)
{
	uint64_t weight = 0;

	for (uint32_t i = 0; i < f->n_conditions;) {
		const struct model_condition *first = &f->conditions[i];
		unsigned shift,
			bits = bfe_autoweight_slice(f->layer, (unsigned)first->field, &shift);
		uint64_t least = UINT64_MAX;

		for (; i < f->n_conditions && f->conditions[i].field == first->field; i++) {
			uint64_t x = fill(&f->conditions[i], bits);

			least = x < least ? x : least;
		}
		weight += least << shift;
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
