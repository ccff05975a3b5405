/* SPDX-License-Identifier: MIT */
/*
 * index - one version of one sublayer's filters: tables of cells, bits for a small rest, and a tree
 * for a large one and for what comes later.
 *
 * Immutable once published, see edit.h; docs/design/index.md has the whole.  Changing is for the
 * holder of the turn; searching takes no lock and no memory and happens inside an RCU section.
 */
#pragma once

#include "engine/bits.h"
#include "engine/cells.h"
#include "engine/tree.h"

struct index {
	struct edit_part part;
	uint8_t n_tables;
	uint8_t words;
	uint32_t n_rules;
	uint32_t in_tree; /* of them */
	uint32_t n_fresh; /* both when it was built */
	uint32_t in_tree_fresh;
	struct cells *tables[CELLS_TABLES_MAX];
	struct bits *bits; /* NULL: none */
	struct tree_node *tree;
};

MUST_CHECK wfp_err index_build(struct index **out, struct edit *e,
			       const struct index_rule *const *rules, size_t n, unsigned words);
/* The next version.  All of remove are in old, none of add.  After an error the edit is undone. */
MUST_CHECK wfp_err index_change(struct index **out, struct edit *e, struct index *old,
				const struct index_rule *const *add, size_t n_add,
				const struct index_rule *const *remove, size_t n_remove);
/* Has its shape decayed so far that building it again is worth it? */
bool index_decayed(const struct index *ix);
/*
 * For tests, while nobody builds: so many rules of an index are in bits at most, BITS_MAX if nobody
 * says otherwise, so that small policies have tables and trees as well.
 */
void index_limit_bits(uint32_t rules);
void index_free(struct index *ix); /* when nobody can see it; NULL is fine */
size_t index_bytes(const struct index *ix);

/* ---- searching: for cursor.c ------------------------------------------------------------------
 */

struct index_query {
	const struct key *key;
	const struct model_value *values; /* for rules that are not exact */
	unsigned n_values;
};

/* The best matching rule strictly below `below` (NULL: from the top); NULL: none. */
typedef const struct index_rule *index_best_fn(const struct index *ix, const struct index_query *q,
					       const struct rule_order *below);
/* The best max ones, in order, no filter twice; fewer than max: there are no more. */
typedef unsigned index_collect_fn(const struct index *ix, const struct index_query *q,
				  const struct rule_order *below, const struct index_rule **out,
				  unsigned max);
/* The best of each of n queries, with memory fetched ahead. */
typedef void index_burst_fn(const struct index *ix, const struct index_query *q, unsigned n,
			    const struct index_rule **out);
#define INDEX_BURST_MAX 32u

/* One row for each instruction set that was compiled in. */
struct index_isa {
	const char *name; /* "plain", "avx2", "avx512", "neon" */
	bool (*usable)(void);
	index_best_fn *best;
	index_collect_fn *collect;
	index_burst_fn *burst;
};

unsigned index_isa_count(void);
const struct index_isa *index_isa_at(unsigned i);
/* The best usable one, found out before main. */
const struct index_isa *index_isa_chosen(void);
/* For tests, while nobody searches: a usable one instead. */
void index_isa_choose(unsigned i);
