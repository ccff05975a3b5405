/* SPDX-License-Identifier: MIT */
/*
 * bits - a small set of rules as rows of bits: one bit for each rule, in the rules' order.
 *
 * Where rules begin and end cuts a word's values into intervals, and each interval has a row that
 * says which rules hold it.  The rows of all words, ANDed, are the rules whose box holds the key;
 * the first bit is the best of them.  So a search costs the same for every packet.  Words that no
 * rule bounds have no rows.  A set is built whole; later a rule can only be taken from it, which
 * clears its bit in a copy of the root.  Immutable parts, see edit.h.  Searches are in bits_walk.h.
 */
#pragma once

#include "engine/edit.h"
#include "engine/rule.h"

#define BITS_MAX    1024u	    /* rules */
#define BITS_BLOCK  4u		    /* 64-bit numbers of a row that are ANDed together */
#define BITS_ROW    (BITS_MAX / 64) /* of them in the longest row */
#define BITS_FAN    16u		    /* ends of intervals in a node */
#define BITS_LEVELS 3u		    /* of nodes: room for more than two ends for each rule */

/* Added to keys and ends, so that they compare as signed numbers: all that AVX2 has. */
#define BITS_BIAS UINT32_C(0x80000000)

/*
 * A word's intervals and rows.  The nodes of the lowest level have the intervals' ends; those above
 * have for each child but the last the last end below it.  Past the last end stands INT32_MAX,
 * which no key is above.  All of it is in one part, which versions share.
 */
struct bits_word {
	const int32_t *levels[BITS_LEVELS]; /* from the root down */
	const uint16_t *row;		    /* of each interval: its first block in rows */
	const uint64_t *rows;		    /* equal ones are there once */
	struct edit_part *part;
	uint8_t n_levels;
	uint8_t word;
};

struct bits {
	struct edit_part part;
	uint32_t n;		/* bits in use */
	uint32_t blocks;	/* of a row: 1, 2 or 4 */
	uint32_t n_words;	/* that have rows */
	struct rule_order best; /* no rule is before it; may be better than any that is left */
	/* Rules and orders by bit, in order, in a part that versions share.  A rule that has been
	 * removed may be gone. */
	const struct index_rule *const *rules;
	const struct rule_order *orders;
	struct edit_part *list;
	_Alignas(CACHELINE) uint64_t alive[BITS_ROW]; /* not removed */
	uint64_t exact[BITS_ROW];
	struct bits_word words[KEY_WORDS_MAX]; /* n_words of them */
};

/* n: 1 to BITS_MAX.  On an error *out is untouched, and what was made is the edit's to undo. */
MUST_CHECK wfp_err bits_build(struct bits **out, struct edit *e,
			      const struct index_rule *const *rules, size_t n, unsigned words);
bool bits_has(const struct bits *b, const struct index_rule *r); /* any rule */
/* The rule is there.  On an error *b is as it was. */
MUST_CHECK wfp_err bits_remove(struct bits **b, struct edit *e, const struct index_rule *r);
/* The first bit whose rule is after this order; n: none. */
unsigned bits_after(const struct bits *b, struct rule_order order);
void bits_free(struct bits *b); /* when nobody can see it; NULL is fine */
size_t bits_bytes(const struct bits *b);
