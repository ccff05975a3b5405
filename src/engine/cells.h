/* SPDX-License-Identifier: MIT */
/*
 * cells - rules that fix certain bits of the key, in a hash table by these bits.
 *
 * A rule may be here if each bit of the mask is the same all over its box.  A packet that lies in
 * the box has these bits, too, so one line of eight slots is all that a search reads before it
 * reads rules.  A slot is a pointer to a rule whose low five bits are a piece of the hash; slots of
 * a line are in the rules' order.  A line that is full takes no more: whoever adds puts the rule
 * elsewhere. Lines lie in pages, pages hang on the root: immutable parts, see edit.h.  The hash is
 * keyed with a secret of the start.  Searches are in cells_walk.h.
 */
#pragma once

#include "engine/edit.h"
#include "engine/rule.h"

#define CELLS_SLOTS	 8u  /* a cache line */
#define CELLS_PAGE_LINES 32u /* 2 KiB */

struct cells_line {
	_Alignas(CACHELINE) uintptr_t slots[CELLS_SLOTS]; /* 0 past the last */
};

struct cells_page {
	struct edit_part part;
	struct cells_line lines[CELLS_PAGE_LINES];
};

struct cells {
	struct edit_part part;
	_Alignas(CACHELINE) uint32_t mask[KEY_WORDS_MAX];
	uint64_t secret[KEY_WORDS_MAX / 2 + 1];
	uint32_t words;
	uint32_t line_mask; /* lines - 1 */
	uint32_t n_rules;
	struct rule_order best; /* no rule is before it; may be better than any that is left */
	struct cells_page *pages[];
};

/* Masks worth a table, chosen from the rules; returns how many, the best first. */
#define CELLS_TABLES_MAX 6u
struct cells_mask {
	uint32_t words[KEY_WORDS_MAX];
};
unsigned cells_choose(struct cells_mask out[CELLS_TABLES_MAX],
		      const struct index_rule *const *rules, size_t n, unsigned words);

MUST_CHECK wfp_err cells_create(struct cells **out, struct edit *e, const struct cells_mask *mask,
				unsigned words, size_t expected);
bool cells_fits(const struct cells *c, const struct index_rule *r); /* has it the bits? */
/* *added false: its line is full.  On an error *c is as it was. */
MUST_CHECK wfp_err cells_add(struct cells **c, struct edit *e, const struct index_rule *r,
			     bool *added);
bool cells_has(const struct cells *c, const struct index_rule *r);
MUST_CHECK wfp_err cells_remove(struct cells **c, struct edit *e, const struct index_rule *r);
void cells_free(struct cells *c); /* when nobody can see it */
size_t cells_bytes(const struct cells *c);
