/* SPDX-License-Identifier: MIT */
/*
 * rule - one box of one filter, as tree and cells keep it.
 *
 * Immutable once an index with it is published; owned by its policy_filter, which lives until no
 * snapshot in use has it.  For the index's files only.
 */
#pragma once

#include "engine/key.h"

struct policy_filter;

/* A place in the order of a sublayer: the higher weight first, then the higher id. */
struct rule_order {
	uint64_t weight, id;
};

static inline bool rule_before(struct rule_order x, struct rule_order y)
{
	return x.weight != y.weight ? x.weight > y.weight : x.id > y.id;
}

/*
 * What a filter says when it matches.  Whoever hears it here need not look at the filter, for whose
 * memory a packet would wait.
 */
enum rule_word {
	RULE_ASK, /* somebody else says it: a callout */
	RULE_CONTINUE,
	RULE_PERMIT,
	RULE_HARD_PERMIT,
	RULE_BLOCK,
};

#define RULE_ALIGN 32u /* so the low five bits of a pointer are free for cells.h */

struct index_rule {
	struct rule_order order;
	const struct policy_filter *filter;
	bool exact;
	uint8_t word;				/* enum rule_word */
	uint8_t words;				/* of the plan that it was made with */
	_Alignas(RULE_ALIGN) uint32_t bounds[]; /* words lower bounds, then words upper bounds */
};

#define RULE_BYTES(words) (sizeof(struct index_rule) + 2 * (words) * sizeof(uint32_t))

static inline const uint32_t *rule_lo(const struct index_rule *r)
{
	return r->bounds;
}

static inline const uint32_t *rule_hi(const struct index_rule *r)
{
	return r->bounds + r->words;
}

MUST_CHECK wfp_err rule_create(struct index_rule **out, const struct policy_filter *filter,
			       struct rule_order order, enum rule_word word,
			       const struct key_box *box, unsigned words);
/* For qsort of pointers to rules: the best first. */
int rule_compare(const void *x, const void *y);
void rule_free(struct index_rule *r); /* NULL is fine */
