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

/* How a field's value becomes words. */
enum key_form {
	KEY_NUMBER,  /* 8 to 32 bits: one word */
	KEY_NUMBER2, /* 64 bits: high, low */
	KEY_BYTES6,  /* two words, big-endian, the last two bytes on top of the second */
	KEY_BYTES16, /* four words, big-endian */
	KEY_HASH,    /* blobs, strings, SIDs: one word, never 0 */
};

struct key_field {
	int16_t field; /* index in the newest schema */
	uint8_t type;  /* enum model_type that the layer indicates */
	uint8_t form;  /* enum key_form */
	uint8_t word;  /* its first word */
	uint8_t words;
};

/* [I] immutable */
struct key_plan {
	uint8_t words;	  /* 8 or 16; unused ones are 0 in every key and unbounded in every box */
	uint8_t n_fields; /* sorted by word */
	uint16_t layer;
	struct key_field fields[KEY_WORDS_MAX];
};

/* uses[i]: how many filters have a condition on field i of the layer.  The most used get words. */
void key_plan_make(struct key_plan *out, uint16_t layer, const uint32_t *uses, unsigned n_uses);
/* Would the same uses give another plan that bounds more filters?  For engine_maintain. */
bool key_plan_stale(const struct key_plan *plan, const uint32_t *uses, unsigned n_uses);

struct CACHELINE_ALIGNED key {
	uint32_t words[KEY_WORDS_MAX];
	bool loose; /* some value is EMPTY or of another type: a box proves nothing */
};

void key_make(struct key *out, const struct key_plan *plan, const struct model_value *values,
	      unsigned n_values);

struct CACHELINE_ALIGNED key_box {
	uint32_t lo[KEY_WORDS_MAX], hi[KEY_WORDS_MAX]; /* both inclusive */
	bool exact;
};

/*
 * The boxes that together hold all that the filter matches; returns how many, 1 to
 * KEY_BOXES_MAX.  exact: the conditions say no more than the box.
 */
#define KEY_BOXES_MAX 16u
unsigned key_boxes(struct key_box *out, const struct key_plan *plan, const struct model_filter *f);
