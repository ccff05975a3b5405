/* SPDX-License-Identifier: MIT */
/*
 * key - making a packet's key, once a classify.
 *
 * Equal values must give equal words, and numbers and arrays words in their order; what is equal
 * says model/compare.h.  A hash is seeded by its plan: an attacker who chooses names cannot aim at
 * one word, and if he could, the rules behind it are asked anyway.
 */
#include "engine/key.h"

#include "base/hash.h"

#include <string.h>

/* An inline number is the low end of a value's eight bytes; what is above it may be anything. */
STATIC_ASSERT(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "key_value_words shifts it away");

static uint32_t load_be32(const uint8_t *p)
{
	uint32_t x;

	memcpy(&x, p, sizeof(x));
	return __builtin_bswap32(x);
}

static size_t text_size(const uint16_t *s)
{
	size_t n = 0;

	while (s[n] != 0)
		n++;
	return n * sizeof(*s);
}

/* Of what model_value_equal compares, no more and no less. */
static uint64_t hash_of(uint64_t seed, const struct model_value *v)
{
	const uint8_t *sid = v->sid;

	switch (v->type) {
	case MODEL_BYTE_BLOB_TYPE:
		return hash_bytes(seed, v->blob->data, v->blob->size);
	case MODEL_SID:
		return hash_bytes(seed, sid, 8u + 4u * sid[1]);
	default:
		return hash_bytes(seed, v->wstr, text_size(v->wstr));
	}
}

static uint32_t hash_word(uint64_t seed, const struct model_value *v)
{
	const uint32_t h = (uint32_t)hash_of(seed, v);

	return h ? h : 1; /* 0 is what no value has */
}

void key_value_words(uint32_t *out, const struct key_plan *plan, const struct key_field *f,
		     const struct model_value *v)
{
	const uint8_t *b;

	switch (f->form) {
	case KEY_NUMBER:
		out[0] = (uint32_t)v->raw << f->shift;
		return;
	case KEY_NUMBER2:
		out[0] = (uint32_t)(*v->u64 >> 32);
		out[1] = (uint32_t)*v->u64;
		return;
	case KEY_BYTES6:
		b = v->bytes6->b;
		out[0] = load_be32(b);
		out[1] = (uint32_t)b[4] << 24 | (uint32_t)b[5] << 16;
		return;
	case KEY_BYTES16:
		b = v->bytes16->b;
		for (unsigned i = 0; i < 4; i++)
			out[i] = load_be32(b + 4 * i);
		return;
	default:
		out[0] = hash_word(plan->seed, v);
		return;
	}
}

/* A number costs no branch: one of another type has the word 0.  Was there such a one? */
static inline bool put_numbers(struct key *out, const struct key_plan *plan,
			       const struct model_value *values)
{
	const struct key_field *f = plan->fields, *end = f + plan->n_numbers;
	uint32_t other = 0;

	for (; f < end; f++) {
		const struct model_value *v = &values[f->field];
		const uint32_t wrong = v->type ^ f->type;
		const uint32_t word = (uint32_t)v->raw << f->shift;

		out->words[f->word] = wrong ? 0 : word;
		other |= wrong;
	}
	return other;
}

/* Has the packet such a value?  One that is pointed to, but nowhere, is none. */
static bool has_value(const struct key_field *f, const struct model_value *values,
		      unsigned n_values)
{
	const struct model_value *v;

	if ((unsigned)f->field >= n_values)
		return false;
	v = &values[f->field];
	return v->type == f->type && (f->form == KEY_NUMBER || v->raw != 0);
}

/* The fields from *f on; the packet may lack some of the values.  Apart, so that a packet of
 * numbers alone does not pay for it. */
static __attribute__((noinline)) bool put_fields(struct key *out, const struct key_plan *plan,
						 const struct key_field *f,
						 const struct model_value *values,
						 unsigned n_values)
{
	bool other = false;

	for (; f < plan->fields + plan->n_fields; f++) {
		if (has_value(f, values, n_values))
			key_value_words(out->words + f->word, plan, f, &values[f->field]);
		else
			other = true;
	}
	return other;
}

void key_make(struct key *out, const struct key_plan *plan, const struct model_value *values,
	      unsigned n_values)
{
	const bool complete = n_values >= plan->n_values;
	const unsigned done = complete ? plan->n_numbers : 0;

	memset(out->words, 0, sizeof(out->words));
	out->loose = complete && put_numbers(out, plan, values);
	if (done < plan->n_fields)
		out->loose |= put_fields(out, plan, plan->fields + done, values, n_values);
}
