/* SPDX-License-Identifier: MIT */
/*
 * cells - rules that fix certain bits of the key, in a hash table by these bits.
 *
 * A rule may be here if each bit of the mask is the same all over its box.  A packet that lies in
 * the box has these bits, too, so one line of eight slots is all that a search reads before it
 * reads rules.  A slot is a pointer to a rule whose low five bits are a piece of the hash; slots of
 * a line are in the rules' order.  A line that is full takes no more, and a table that has grown
 * far beyond what it was made for takes none at all: whoever adds puts the rule elsewhere.  Lines
 * lie in pages, pages hang on the root: immutable parts, see edit.h.  Each table's hash has numbers
 * of its own that nobody outside can know, so no policy fills a line on purpose except by rules
 * that have the same bits.  Searches are in cells_walk.h, the choice of masks in cells_choose.c.
 */
#pragma once

#include "engine/edit.h"
#include "engine/rule.h"

#define CELLS_SLOTS	 8u  /* a cache line */
#define CELLS_SAME	 4u  /* rules of a line whose piece of the hash is the same */
#define CELLS_PAGE_LINES 64u /* 4 KiB; a small table has one shorter page */
#define CELLS_LOAD	 3u  /* rules a line that a table is made for */

struct cells_line {
	_Alignas(CACHELINE) uintptr_t slots[CELLS_SLOTS]; /* 0 past the last */
};

struct cells_page {
	struct edit_part part;
	struct cells_line lines[];
};

#define CELLS_PAGE_BYTES(lines) (sizeof(struct cells_page) + (lines) * sizeof(struct cells_line))

/* What nobody outside can know. */
struct cells_secret {
	_Alignas(32) uint32_t words[KEY_WORDS_MAX];
	uint64_t spread; /* odd */
};

struct cells {
	struct edit_part part;
	uint32_t words;
	uint32_t lines;		/* in all pages */
	uint32_t n_rules;	/* the rules' number now, */
	uint32_t max_rules;	/* and how many the table takes at most */
	struct rule_order best; /* no rule is before it; may be better than any that is left */
	_Alignas(CACHELINE) uint32_t mask[KEY_WORDS_MAX];
	struct cells_secret secret;
	struct cells_page *pages[]; /* cells_pages() of them */
};

#define CELLS_TABLES_MAX 6u
struct cells_mask {
	_Alignas(32) uint32_t words[KEY_WORDS_MAX];
	uint32_t expected; /* rules that will find room in it, those of better tables left out */
};

/*
 * Masks worth a table, the best first, if each rule goes to the first that has room for it; *n_out
 * is 0 to CELLS_TABLES_MAX.  An error leaves both untouched.
 */
MUST_CHECK wfp_err cells_choose(struct cells_mask out[CELLS_TABLES_MAX], unsigned *n_out,
				const struct index_rule *const *rules, size_t n, unsigned words);

/* expected: how many rules; it takes half as many again. */
MUST_CHECK wfp_err cells_create(struct cells **out, struct edit *e, const struct cells_mask *mask,
				unsigned words, size_t expected);
bool cells_fits(const struct cells *c, const struct index_rule *r); /* has it the bits? */
/*
 * For a rule that fits and is not there.  *added false: no room.  On an error *c is as it was, and
 * what the edit has made meanwhile is the edit's to undo.
 */
MUST_CHECK wfp_err cells_add(struct cells **c, struct edit *e, const struct index_rule *r,
			     bool *added);
bool cells_has(const struct cells *c, const struct index_rule *r); /* any rule */
/* The rule is there.  Errors as those of cells_add. */
MUST_CHECK wfp_err cells_remove(struct cells **c, struct edit *e, const struct index_rule *r);
void cells_free(struct cells *c); /* when nobody can see it; NULL is fine */
void cells_secret_draw(struct cells_secret *out);
size_t cells_bytes(const struct cells *c);
