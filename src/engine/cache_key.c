/* SPDX-License-Identifier: MIT */
/*
 * cache_key - see cache_key.h; for each packet, on the worker's thread.
 *
 * The hash is the sum of products of pairs of words, each word with a secret added (NH, with 128
 * bits), folded by one more product with a secret: who does not know the secret cannot make keys
 * that meet in a set more often than by chance.
 */
#include "engine/cache_key.h"

#include <string.h>

__extension__ typedef unsigned __int128 wide;

/* Six bytes in a word of their own: no field lies across two words. */
#define ROOM_MAC 7

/* How much room a value has in a key; 0: none. */
static uint8_t room_for(enum model_type type)
{
	static const struct {
		enum model_type type;
		uint8_t size;
	} rooms[] = {
		{MODEL_UINT8, 1},
		{MODEL_INT8, 1},
		{MODEL_UINT16, 2},
		{MODEL_INT16, 2},
		{MODEL_UINT32, 4},
		{MODEL_INT32, 4},
		{MODEL_UINT64, 8},
		{MODEL_INT64, 8},
		{MODEL_BYTE_ARRAY6_TYPE, ROOM_MAC},
		{MODEL_BYTE_ARRAY16_TYPE, 16},
	};

	for (unsigned i = 0; i < ARRAY_LEN(rooms); i++)
		if (rooms[i].type == type)
			return rooms[i].size;
	return 0;
}

static uint8_t bytes_of(uint8_t size)
{
	return size == ROOM_MAC ? 8 : size;
}

/* By size, so that each lies at a multiple of its own. */
static void place(struct cache_shape *s)
{
	static const uint8_t sizes[] = {16, ROOM_MAC, 8, 4, 2, 1, 0};
	struct cache_field sorted[CACHE_KEY_FIELDS];
	unsigned n = 0, at = sizeof(uint64_t);

	for (unsigned k = 0; k < ARRAY_LEN(sizes); k++)
		for (unsigned i = 0; i < s->n; i++) {
			if (s->field[i].size != sizes[k])
				continue;
			sorted[n] = s->field[i];
			sorted[n].word = (uint8_t)(at / 8);
			sorted[n++].shift = (uint8_t)(at % 8 * 8);
			at += bytes_of(sizes[k]);
			s->n_large += sizes[k] > 4;
			s->n_with_room += sizes[k] > 0;
		}
	memcpy(s->field, sorted, n * sizeof(sorted[0]));
	s->words = (uint8_t)(((at + 7) / 8 + 1) & ~1u);
	if (s->words < CACHE_KEY_WORDS_MIN)
		s->words = CACHE_KEY_WORDS_MIN;
}

bool cache_shape_make(struct cache_shape *out, uint16_t layer, uint64_t fields)
{
	const struct model_layer *l = model_layer_by_id(layer);
	struct cache_shape s = {.fields = fields};
	unsigned bytes = 0;

	for (unsigned i = 0; l && i < l->n_fields; i++) {
		const struct model_field *f = &l->fields[i];
		const int index = f->index[MODEL_SCHEMA_2026];
		const uint8_t size = room_for(f->type);

		if (index < 0 || !(fields >> index & 1))
			continue;
		bytes += bytes_of(size);
		if (s.n == CACHE_KEY_FIELDS || bytes > (CACHE_KEY_WORDS - 1) * sizeof(uint64_t))
			return false;
		s.field[s.n++] = (struct cache_field){
			.index = (uint8_t)index, .type = (uint8_t)f->type, .size = size};
		if (index >= s.n_values)
			s.n_values = (uint8_t)(index + 1);
	}
	place(&s);
	*out = s;
	return true;
}

STATIC_ASSERT(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a number is the low bytes of raw");

static uint64_t number(const struct cache_field *f, const struct model_value *v)
{
	return v->raw & (UINT64_MAX >> (64 - 8 * f->size));
}

static void put_large(uint64_t *words, const struct cache_field *f, const struct model_value *v)
{
	if (f->size == sizeof(struct model_bytes16))
		memcpy(&words[f->word], v->bytes16, sizeof(struct model_bytes16));
	else if (f->size == sizeof(uint64_t))
		words[f->word] = *v->u64;
	else
		memcpy(&words[f->word], v->bytes6, sizeof(struct model_bytes6));
}

/* All values are there and of the layer's types.  False: not so, and words are spoilt. */
static bool gather(uint64_t *words, const struct cache_shape *s, const struct model_value *values)
{
	uint32_t differs = 0;
	unsigned i = 0;

	for (; i < s->n_large; i++) {
		const struct model_value *v = &values[s->field[i].index];

		if (v->type != s->field[i].type)
			return false;
		put_large(words, &s->field[i], v);
	}
	for (uint64_t word = 0; i < s->n_with_room; i++) {
		const struct cache_field *f = &s->field[i];
		const struct model_value *v = &values[f->index];

		differs |= v->type ^ f->type;
		word = f->shift ? word | number(f, v) << f->shift : number(f, v);
		words[f->word] = word;
	}
	return !differs && i == s->n;
}

/* Any value may be EMPTY or absent.  False: one has no key. */
static bool gather_some(uint64_t *words, const struct cache_shape *s,
			const struct model_value *values, unsigned n_values)
{
	for (unsigned i = 0; i < s->n; i++) {
		const struct cache_field *f = &s->field[i];
		const struct model_value *v = &values[f->index];

		if (f->index >= n_values || v->type == MODEL_EMPTY)
			words[0] |= UINT64_C(1) << i;
		else if (v->type != f->type || f->size == 0)
			return false;
		else if (i < s->n_large)
			put_large(words, f, v);
		else
			words[f->word] |= number(f, v) << f->shift;
	}
	return true;
}

static uint64_t fold(wide x)
{
	return (uint64_t)x ^ (uint64_t)(x >> 64);
}

static uint64_t hash(const uint64_t *words, unsigned n, const struct cache_secret *secret)
{
	const uint64_t *k = secret->words;
	wide sum = 0;

	for (unsigned i = 0; i < n; i += 2)
		sum += (wide)(words[i] + k[i]) * (words[i + 1] + k[i + 1]);
	return fold((wide)((uint64_t)sum ^ k[CACHE_KEY_WORDS]) *
		    ((uint64_t)(sum >> 64) ^ k[CACHE_KEY_WORDS + 1]));
}

static void begin(uint64_t *words, const struct cache_shape *s)
{
	for (unsigned i = 0; i < CACHE_KEY_WORDS_MIN; i++)
		words[i] = 0;
	for (unsigned i = CACHE_KEY_WORDS_MIN; i < s->words; i++)
		words[i] = 0;
	words[0] = (uint64_t)s->number << 32;
}

bool cache_key_make(struct cache_key *out, const struct cache_shape *s,
		    const struct cache_secret *secret, const struct model_value *values,
		    unsigned n_values)
{
	begin(out->words, s);
	if (UNLIKELY(n_values < s->n_values || !gather(out->words, s, values))) {
		begin(out->words, s);
		if (!gather_some(out->words, s, values, n_values))
			return false;
	}
	out->hash = hash(out->words, s->words, secret);
	return true;
}
