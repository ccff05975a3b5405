/* SPDX-License-Identifier: MIT */
/*
 * index - a rule goes to the first table that takes it, else to the bits or to the tree.
 *
 * A set that bits can hold is in bits alone.  A larger one has tables until bits can hold what is
 * left; if they never can, they have the best of it and the tree the rest.  All that is decided
 * when an index is built and stays so: what comes later and finds no table goes to the tree, and an
 * index with too much there has decayed.  Called by snapshot.c in a turn, and by maintain.c.
 */
#include "engine/index.h"

#include "base/mem.h"

#include <stdlib.h>

/* So many rules in the tree are one node: no reason to build anew. */
#define TREE_SLACK TREE_FAN
/* Decayed: one rule in so many has come to the tree since the index was built.  What is built in a
 * millisecond, because all of it goes to bits, is decayed with the slack already. */
#define TREE_SHARE 8u
/* Decayed: only one rule in so many is left. */
#define SHRUNK 4u

static uint32_t bits_max = BITS_MAX; /* changes while nobody builds */

void index_limit_bits(uint32_t rules)
{
	bits_max = rules;
}

/* ---- building ------------------------------------------------------------------------------ */

static wfp_err make_tables(struct index *ix, struct edit *e, const struct index_rule *const *rules,
			   size_t n)
{
	/* No more tables are made when so few rules are left: bits are cheaper, and have some room
	 * for rules that a table has no line for. */
	const size_t rest_max = bits_max / 8 * 7;
	struct cells_mask masks[CELLS_TABLES_MAX];
	unsigned n_masks = 0;
	size_t placed = 0;
	wfp_err err = cells_choose(masks, &n_masks, rules, n, ix->words);

	for (unsigned i = 0; i < n_masks && placed + rest_max < n && !err; i++) {
		placed += masks[i].expected;
		err = cells_create(&ix->tables[i], e, &masks[i], ix->words, masks[i].expected);
		ix->n_tables += !err;
	}
	return err;
}

/* To a table.  *added false: none takes it. */
static wfp_err add_to_tables(struct index *ix, struct edit *e, const struct index_rule *r,
			     bool *added)
{
	wfp_err err = ERR_OK;

	*added = false;
	for (unsigned i = 0; i < ix->n_tables && !err && !*added; i++)
		if (cells_fits(ix->tables[i], r))
			err = cells_add(&ix->tables[i], e, r, added);
	return err;
}

/* The best are in bits, so that the tree is asked only if they have nothing. */
static wfp_err build_rest(struct index *ix, struct edit *e, const struct index_rule **rest,
			  size_t n)
{
	const size_t in_bits = n < bits_max ? n : bits_max;
	wfp_err err = ERR_OK;

	if (n > in_bits)
		qsort(rest, n, sizeof(*rest), rule_compare);
	if (in_bits > 0)
		err = bits_build(&ix->bits, e, rest, in_bits, ix->words);
	if (err)
		return err;
	ix->in_tree = (uint32_t)(n - in_bits);
	return tree_build(&ix->tree, e, rest + in_bits, ix->in_tree, ix->words);
}

/* rest: room for all rules. */
static wfp_err fill(struct index *ix, struct edit *e, const struct index_rule *const *rules,
		    size_t n, const struct index_rule **rest)
{
	wfp_err err = ERR_OK;
	size_t n_rest = 0;
	bool added;

	for (size_t i = 0; i < n && !err; i++) {
		err = add_to_tables(ix, e, rules[i], &added);
		if (!added)
			rest[n_rest++] = rules[i];
	}
	return err ? err : build_rest(ix, e, rest, n_rest);
}

wfp_err index_build(struct index **out, struct edit *e, const struct index_rule *const *rules,
		    size_t n, unsigned words)
{
	const struct index_rule **rest =
		mem_zalloc_array(n ? n : 1, sizeof(const struct index_rule *));
	struct index *ix = rest ? edit_alloc(e, sizeof(*ix)) : NULL;
	wfp_err err = ERR_NO_MEMORY;

	if (ix) {
		*ix = (struct index){
			.part = ix->part, .words = (uint8_t)words, .n_rules = (uint32_t)n};
		err = n > bits_max ? make_tables(ix, e, rules, n) : ERR_OK;
	}
	if (!err)
		err = fill(ix, e, rules, n, rest);
	mem_free(rest);
	if (err)
		return err;
	ix->n_fresh = ix->n_rules;
	ix->in_tree_fresh = ix->in_tree;
	*out = ix;
	return ERR_OK;
}

/* ---- changing ------------------------------------------------------------------------------ */

static wfp_err add_rule(struct index *ix, struct edit *e, const struct index_rule *r)
{
	bool added;
	wfp_err err = add_to_tables(ix, e, r, &added);

	if (err || added)
		return err;
	ix->in_tree++;
	return tree_add(&ix->tree, e, r);
}

static wfp_err remove_rule(struct index *ix, struct edit *e, const struct index_rule *r)
{
	for (unsigned i = 0; i < ix->n_tables; i++)
		if (cells_fits(ix->tables[i], r) && cells_has(ix->tables[i], r))
			return cells_remove(&ix->tables[i], e, r);
	if (ix->bits && bits_has(ix->bits, r))
		return bits_remove(&ix->bits, e, r);
	ix->in_tree--;
	return tree_remove(&ix->tree, e, r);
}

wfp_err index_change(struct index **out, struct edit *e, struct index *old,
		     const struct index_rule *const *add, size_t n_add,
		     const struct index_rule *const *remove, size_t n_remove)
{
	struct index *ix = edit_own(e, old);
	wfp_err err = ix ? ERR_OK : ERR_NO_MEMORY;

	for (size_t i = 0; i < n_remove && !err; i++)
		err = remove_rule(ix, e, remove[i]);
	for (size_t i = 0; i < n_add && !err; i++)
		err = add_rule(ix, e, add[i]);
	if (err)
		return err;
	ix->n_rules += (uint32_t)n_add - (uint32_t)n_remove;
	*out = ix;
	return ERR_OK;
}

bool index_decayed(const struct index *ix)
{
	const uint32_t share = ix->n_rules > bits_max ? ix->n_rules / TREE_SHARE : 0;

	if (ix->in_tree > ix->in_tree_fresh + TREE_SLACK + share)
		return true;
	return ix->n_rules < ix->n_fresh / SHRUNK;
}

/* ---- the end ------------------------------------------------------------------------------- */

void index_free(struct index *ix)
{
	if (!ix)
		return;
	for (unsigned i = 0; i < ix->n_tables; i++)
		cells_free(ix->tables[i]);
	bits_free(ix->bits);
	tree_free(ix->tree);
	edit_free_part(ix);
}

size_t index_bytes(const struct index *ix)
{
	size_t bytes = ix->part.size;

	for (unsigned i = 0; i < ix->n_tables; i++)
		bytes += cells_bytes(ix->tables[i]);
	bytes += ix->bits ? bits_bytes(ix->bits) : 0;
	bytes += ix->tree ? tree_bytes(ix->tree) : 0;
	return bytes;
}
