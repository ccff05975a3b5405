/* SPDX-License-Identifier: MIT */
/*
 * key - a packet's values as a few words of 32 bits, and a filter's conditions as a box around
 * them.
 *
 * A plan says which fields of a layer have words and where.  Every packet that a filter matches
 * lies in the filter's box; the reverse holds for exact boxes alone, and only for keys that are not
 * loose.  See docs/design/index.md.  No lock, no memory, any thread.
 */
#pragma once

#include "engine/match.h"
#include "model/catalogue.h"

#define KEY_WORDS_MAX 16u /* a plan has 8 or 16 */

/*
 * How a field's value becomes words.  What is narrower than its words is at their top, so that the
 * bits that tell values apart are the first ones, and a box around all values is one around all
 * words.
 */
enum key_form {
	KEY_NUMBER,  /* 8 to 32 bits: one word */
	KEY_NUMBER2, /* 64 bits: high, low */
	KEY_BYTES6,  /* two words, big-endian */
	KEY_BYTES16, /* four words, big-endian */
	KEY_HASH,    /* blobs, strings, SIDs: one word, never 0 */
};

struct key_field {
	int16_t field; /* index in the newest schema */
	uint8_t type;  /* enum model_type that the layer indicates */
	uint8_t form;  /* enum key_form */
	uint8_t word;  /* its first word */
	uint8_t words;
	uint8_t shift; /* so many bits below the value are 0 in the last word */
};

/* [I] immutable */
struct key_plan {
	uint8_t words; /* 8 or 16; unused ones are 0 in every key and unbounded in every box */
	uint8_t n_fields;
	uint8_t n_numbers; /* the first fields: all that are KEY_NUMBER */
	uint8_t n_values;  /* so many must a packet have, or its key is made with care */
	uint16_t layer;
	uint64_t seed; /* of the hashes; nobody outside can know it */
	struct key_field fields[KEY_WORDS_MAX];
};

/* uses[i]: how many filters have a condition on field i of the layer.  The most used get words. */
void key_plan_make(struct key_plan *out, uint16_t layer, const uint32_t *uses, unsigned n_uses);
/* Would these uses give another plan that bounds many more conditions?  For engine_maintain. */
bool key_plan_stale(const struct key_plan *plan, const uint32_t *uses, unsigned n_uses);
/* What a plan says of such a field; .words is 0 if the type has none. */
struct key_field key_field_make(int16_t field, enum model_type type, unsigned word);

struct CACHELINE_ALIGNED key {
	uint32_t words[KEY_WORDS_MAX];
	bool loose; /* some value is EMPTY or of another type: a box proves nothing */
};

void key_make(struct key *out, const struct key_plan *plan, const struct model_value *values,
	      unsigned n_values);
/* The words of one value, which is of the field's type. */
void key_value_words(uint32_t *out, const struct key_plan *plan, const struct key_field *f,
		     const struct model_value *v);

struct CACHELINE_ALIGNED key_box {
	uint32_t lo[KEY_WORDS_MAX], hi[KEY_WORDS_MAX]; /* both inclusive */
	bool exact;
};

/*
 * The boxes that together hold all that the filter matches, loose keys among them; returns how
 * many, 1 to KEY_BOXES_MAX.  exact: the filter matches every key in the box that is not loose.
 * A word that all values of the box share has equal bounds.
 */
#define KEY_BOXES_MAX 16u
unsigned key_boxes(struct key_box *out, const struct key_plan *plan, const struct model_filter *f);
