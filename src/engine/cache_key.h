/* SPDX-License-Identifier: MIT */
/*
 * cache_key - all that a layer's filters can look at, as a few words to hash and compare.
 *
 * A shape says which fields are in the key and where.  Two packets with the same key have the same
 * values in all of these fields, so every filter that looks at no other field says the same about
 * both.  Numbers, addresses and hardware addresses have room in a key; a field of any other type
 * (blobs, SIDs, tokens) is in a shape, too, but only FWP_EMPTY has a key.  No lock, no memory.
 */
#pragma once

#include "engine/match.h"
#include "model/catalogue.h"

#define CACHE_KEY_FIELDS 32u
/* The first: the shape's number, and which fields are EMPTY. */
#define CACHE_KEY_WORDS	    14u
#define CACHE_KEY_WORDS_MIN 6u /* all that a table keeps at hand */

struct cache_field {
	uint8_t index; /* in the newest schema */
	uint8_t type;  /* enum model_type that the layer indicates */
	uint8_t word;  /* of the key, at least 1 */
	uint8_t shift; /* bits within the word */
	uint8_t size;  /* 0: no room, EMPTY alone has a key */
};

struct cache_shape {
	uint64_t fields; /* as engine_view.fields */
	uint32_t number; /* tells apart the keys of all shapes of all layers; the owner's */
	uint8_t n;
	uint8_t n_large;			    /* of them, the first: more than four bytes */
	uint8_t n_with_room;			    /* of them, the first: have room */
	uint8_t n_values;			    /* so many values hold all fields */
	uint8_t words;				    /* even, the first one included */
	struct cache_field field[CACHE_KEY_FIELDS]; /* the larger ones first */
};

/* Everything but the number.  False: so many fields have no room. */
bool cache_shape_make(struct cache_shape *out, uint16_t layer, uint64_t fields);

struct cache_key {
	uint64_t words[CACHE_KEY_WORDS];
	uint64_t hash;
};

struct cache_secret {
	uint64_t words[CACHE_KEY_WORDS + 2];
};

/* False: some value has no key. */
bool cache_key_make(struct cache_key *out, const struct cache_shape *s,
		    const struct cache_secret *secret, const struct model_value *values,
		    unsigned n_values);
