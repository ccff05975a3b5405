/* SPDX-License-Identifier: MIT */
/* Tables of cells: changing and searching them against a plain list, and the choice of masks. */
#include "harness.h"

#include "engine/cells.h"
#include "engine/cells_walk.h"
#include "base/mem.h"
#include "base/rng.h"

#define WORDS	   8u
#define RULES	   400u
#define SWEEPS_MAX 2000u

static const struct model_filter any = {0};
static const struct model_condition wants_seven = {
	.match = MODEL_MATCH_EQUAL,
	.value = {MODEL_UINT8, {.u8 = 7}},
};
static const struct model_filter none = {
	.n_conditions = 1,
	.conditions = (struct model_condition *)&wants_seven,
};
static const struct policy_filter matches_any = {.filter = (struct model_filter *)&any};
static const struct policy_filter matches_none = {.filter = (struct model_filter *)&none};

/* ---- rules ------------------------------------------------------------------------------ */

static struct index_rule *rule_make(uint64_t weight, uint64_t id)
{
	struct index_rule *r =
		mem_zalloc_aligned(RULE_ALIGN, sizeof(*r) + 2 * WORDS * sizeof(uint32_t));

	CHECK(r);
	r->order = (struct rule_order){weight, id};
	r->filter = &matches_any;
	r->exact = true;
	r->words = WORDS;
	memset(r->bounds + WORDS, 0xff, WORDS * sizeof(uint32_t));
	return r;
}

/* The values of the word that begin with the upper bits of value. */
static void bound_prefix(struct index_rule *r, unsigned w, uint32_t value, unsigned bits)
{
	const uint32_t mask = bits ? ~UINT32_C(0) << (32 - bits) : 0;

	r->bounds[w] = value & mask;
	r->bounds[r->words + w] = value | ~mask;
}

static void bound_range(struct index_rule *r, unsigned w, uint32_t lo, uint32_t hi)
{
	r->bounds[w] = lo;
	r->bounds[r->words + w] = hi;
}

/* Addresses of few networks and ports from a short range, so that boxes overlap. */
static struct index_rule *rule_random(struct rng *rng, uint64_t id)
{
	struct index_rule *r = rule_make(rng_below(rng, 50), id);
	const uint32_t port = rng_below(rng, 30);

	bound_prefix(r, 0, 0x0a000000 | rng_below(rng, 4) << 16, 16 + rng_below(rng, 17));
	bound_prefix(r, 1, 0x0b000000 | rng_below(rng, 4) << 8, 24 + rng_below(rng, 9));
	bound_range(r, 3, port, port + rng_below(rng, 3));
	r->exact = rng_below(rng, 4) != 0;
	if (!r->exact && rng_below(rng, 2))
		r->filter = &matches_none;
	return r;
}

static void key_random(struct key *key, struct rng *rng)
{
	memset(key, 0, sizeof(*key));
	key->words[0] = 0x0a000000 | rng_below(rng, 4) << 16;
	key->words[1] = 0x0b000000 | rng_below(rng, 4) << 8;
	key->words[3] = rng_below(rng, 30);
	key->loose = rng_below(rng, 8) == 0;
}

static struct cells_mask mask_make(unsigned bits0, unsigned bits1)
{
	struct cells_mask mask = {{0}, 0};

	mask.words[0] = bits0 ? ~UINT32_C(0) << (32 - bits0) : 0;
	mask.words[1] = bits1 ? ~UINT32_C(0) << (32 - bits1) : 0;
	return mask;
}

/* ---- the stupid one --------------------------------------------------------------------- */

static bool stupid_matches(const struct index_rule *r, const struct key *key)
{
	for (unsigned w = 0; w < WORDS; w++)
		if (key->words[w] < rule_lo(r)[w] || key->words[w] > rule_hi(r)[w])
			return false;
	return r->filter == &matches_any;
}

static const struct index_rule *stupid_search(struct index_rule *const *list, const bool *in,
					      const struct key *key, const struct rule_order *below)
{
	const struct index_rule *best = NULL;

	for (unsigned i = 0; i < RULES; i++)
		if (in[i] && (!below || rule_before(*below, list[i]->order)) &&
		    (!best || rule_before(list[i]->order, best->order)) &&
		    stupid_matches(list[i], key))
			best = list[i];
	return best;
}

/* ---- a world: a table, its rules and what it should have -------------------------------- */

struct world {
	struct rng rng;
	struct index_rule *rules[RULES];
	bool in[RULES];
	struct cells *cells;
	struct edit edit;
	uint64_t edits;
};

static void world_edit(struct world *w)
{
	edit_begin(&w->edit, ++w->edits);
}

static void world_publish(struct world *w)
{
	edit_keep(&w->edit);
	edit_settle(&w->edit);
}

static void world_begin(struct world *w, const struct cells_mask *mask, size_t expected)
{
	memset(w, 0, sizeof(*w));
	rng_seed(&w->rng, test_seed());
	for (unsigned i = 0; i < RULES; i++)
		w->rules[i] = rule_random(&w->rng, i + 1);
	world_edit(w);
	CHECK_OK(cells_create(&w->cells, &w->edit, mask, WORDS, expected));
	world_publish(w);
}

static void world_end(struct world *w)
{
	cells_free(w->cells);
	for (unsigned i = 0; i < RULES; i++)
		mem_free(w->rules[i]);
	CHECK_EQ_U(mem_live(), 0);
}

static void world_add(struct world *w, unsigned i)
{
	if (cells_fits(w->cells, w->rules[i]))
		CHECK_OK(cells_add(&w->cells, &w->edit, w->rules[i], &w->in[i]));
}

static void world_toggle(struct world *w, unsigned i)
{
	if (!w->in[i]) {
		world_add(w, i);
		return;
	}
	CHECK_OK(cells_remove(&w->cells, &w->edit, w->rules[i]));
	w->in[i] = false;
}

static void world_fill(struct world *w)
{
	world_edit(w);
	for (unsigned i = 0; i < RULES; i++)
		world_add(w, i);
	world_publish(w);
}

static void check_has(const struct world *w, const struct cells *c, const bool *in)
{
	unsigned n = 0;

	for (unsigned i = 0; i < RULES; i++) {
		CHECK_EQ_U(cells_has(c, w->rules[i]), in[i]);
		n += in[i];
	}
	CHECK_EQ_U(c->n_rules, n);
}

static void check_search(struct world *w, struct cells *c, const bool *in, unsigned queries)
{
	for (unsigned n = 0; n < queries; n++) {
		const struct index_rule *found = NULL;
		struct key key;
		const struct index_query q = {&key, NULL, 0};

		key_random(&key, &w->rng);
		do {
			const struct rule_order last =
				found ? found->order : (struct rule_order){0};
			const struct rule_order *below = found ? &last : NULL;
			const struct index_rule *right = stupid_search(w->rules, in, &key, below);

			found = cells_search(&c, 1, &q, below, NULL);
			CHECK_EQ_U(found ? found->order.id : 0, right ? right->order.id : 0);
		} while (found);
	}
}

/* ---- changing and searching ------------------------------------------------------------- */

TEST(random_changes_and_searches_agree_with_a_list)
{
	const struct cells_mask mask = mask_make(16, 24);
	struct world w;

	world_begin(&w, &mask, RULES);
	for (unsigned round = 0; round < 200; round++) {
		world_edit(&w);
		for (unsigned n = rng_below(&w.rng, 40); n > 0; n--)
			world_toggle(&w, rng_below(&w.rng, RULES));
		world_publish(&w);
		check_has(&w, w.cells, w.in);
		check_search(&w, w.cells, w.in, 20);
	}
	world_end(&w);
}

TEST(a_burst_finds_what_single_searches_find)
{
	const struct cells_mask masks[] = {mask_make(24, 28), mask_make(16, 24)};
	const struct index_rule *best[INDEX_BURST_MAX] = {NULL};
	struct index_query q[INDEX_BURST_MAX];
	struct key keys[INDEX_BURST_MAX];
	struct cells *tables[2];
	struct world w, second;

	world_begin(&w, &masks[0], RULES);
	world_begin(&second, &masks[1], RULES);
	world_fill(&w);
	world_fill(&second);
	tables[0] = w.cells;
	tables[1] = second.cells;
	for (unsigned i = 0; i < INDEX_BURST_MAX; i++) {
		key_random(&keys[i], &w.rng);
		q[i] = (struct index_query){&keys[i], NULL, 0};
	}
	cells_burst(tables, 2, q, INDEX_BURST_MAX, best);
	for (unsigned i = 0; i < INDEX_BURST_MAX; i++)
		CHECK(best[i] == cells_search(tables, 2, &q[i], NULL, NULL));
	cells_free(second.cells);
	for (unsigned i = 0; i < RULES; i++)
		mem_free(second.rules[i]);
	world_end(&w);
}

TEST(what_a_line_collects_is_what_a_chain_of_searches_finds)
{
	const struct cells_mask mask = mask_make(16, 24);
	struct world w;

	world_begin(&w, &mask, RULES);
	world_fill(&w);
	for (unsigned n = 0; n < 200; n++) {
		const struct index_rule *all[CELLS_SLOTS], *next = NULL;
		struct cells_spot spot;
		struct key key;
		const struct index_query q = {&key, NULL, 0};
		unsigned found;

		key_random(&key, &w.rng);
		spot = cells_find(w.cells, key.words);
		cells_hits(&spot);
		found = cells_collect(&spot, &q, NULL, all);
		for (unsigned i = 0; i < found; i++) {
			next = cells_search(&w.cells, 1, &q, next ? &next->order : NULL, NULL);
			CHECK(next == all[i]);
		}
		CHECK(!cells_search(&w.cells, 1, &q, next ? &next->order : NULL, NULL));
	}
	world_end(&w);
}

TEST(a_better_match_from_elsewhere_stays)
{
	const struct cells_mask mask = mask_make(16, 24);
	struct index_rule *better = rule_make(1000, 1);
	struct world w;

	world_begin(&w, &mask, RULES);
	world_fill(&w);
	for (unsigned n = 0; n < 100; n++) {
		struct key key;
		const struct index_query q = {&key, NULL, 0};

		key_random(&key, &w.rng);
		CHECK(cells_search(&w.cells, 1, &q, NULL, better) == better);
	}
	mem_free(better);
	world_end(&w);
}

/* ---- versions --------------------------------------------------------------------------- */

TEST(an_old_version_stays_as_it_was)
{
	const struct cells_mask mask = mask_make(16, 24);
	struct cells *old;
	bool in_old[RULES];
	struct world w;

	world_begin(&w, &mask, 10 * RULES);
	world_fill(&w);
	memcpy(in_old, w.in, sizeof(in_old));
	old = w.cells;
	world_edit(&w);
	for (unsigned n = 0; n < 300; n++)
		world_toggle(&w, rng_below(&w.rng, RULES));
	edit_keep(&w.edit);
	CHECK(w.cells != old);
	check_has(&w, old, in_old);
	check_search(&w, old, in_old, 100);
	check_has(&w, w.cells, w.in);
	edit_settle(&w.edit);
	check_search(&w, w.cells, w.in, 100);
	world_end(&w);
}

TEST(undo_leaves_nothing_behind)
{
	const struct cells_mask mask = mask_make(16, 24);
	struct cells *old;
	bool in_old[RULES];
	struct world w;
	uint64_t live;

	world_begin(&w, &mask, RULES);
	world_fill(&w);
	memcpy(in_old, w.in, sizeof(in_old));
	old = w.cells;
	live = mem_live();
	world_edit(&w);
	for (unsigned n = 0; n < 300; n++)
		world_toggle(&w, rng_below(&w.rng, RULES));
	edit_undo(&w.edit);
	w.cells = old;
	CHECK_EQ_U(mem_live(), live);
	check_has(&w, old, in_old);
	world_end(&w);
}

TEST(a_change_copies_the_root_and_one_page)
{
	const struct cells_mask mask = mask_make(16, 24);
	struct world w;

	world_begin(&w, &mask, 100000);
	world_edit(&w);
	for (unsigned i = 0; w.cells->n_rules == 0; i++)
		world_add(&w, i);
	CHECK(w.edit.made_bytes <=
	      4500 + sizeof(struct cells_page) + CELLS_PAGE_LINES * sizeof(struct cells_line));
	world_publish(&w);
	world_end(&w);
}

/* ---- room ------------------------------------------------------------------------------- */

TEST(a_line_takes_few_rules_with_the_same_bits_until_one_leaves)
{
	const struct cells_mask mask = mask_make(32, 32);
	struct index_rule *same[CELLS_SAME + 1];
	struct world w;
	bool added;

	world_begin(&w, &mask, 1000);
	world_edit(&w);
	for (unsigned i = 0; i < ARRAY_LEN(same); i++) {
		same[i] = rule_make(7, i + 1);
		bound_prefix(same[i], 0, 1, 32);
		bound_prefix(same[i], 1, 2, 32);
		CHECK(cells_fits(w.cells, same[i]));
		CHECK_OK(cells_add(&w.cells, &w.edit, same[i], &added));
		CHECK_EQ_U(added, i < CELLS_SAME);
	}
	CHECK(!cells_has(w.cells, same[CELLS_SAME]));
	CHECK_OK(cells_remove(&w.cells, &w.edit, same[1]));
	CHECK_OK(cells_add(&w.cells, &w.edit, same[CELLS_SAME], &added));
	CHECK(added && cells_has(w.cells, same[CELLS_SAME]) && !cells_has(w.cells, same[1]));
	world_publish(&w);
	for (unsigned i = 0; i < ARRAY_LEN(same); i++)
		mem_free(same[i]);
	world_end(&w);
}

TEST(a_full_line_takes_no_more)
{
	const struct cells_mask mask = mask_make(16, 32);
	struct index_rule *different[RULES];
	unsigned refused = 0;
	struct world w;
	bool added;

	world_begin(&w, &mask, RULES - 100);
	world_edit(&w);
	for (unsigned i = 0; i < RULES; i++) {
		different[i] = rule_make(7, i + 1);
		bound_prefix(different[i], 0, i << 16, 16);
		bound_prefix(different[i], 1, 1, 32);
		CHECK_OK(cells_add(&w.cells, &w.edit, different[i], &added));
		CHECK_EQ_U(cells_has(w.cells, different[i]), added);
		refused += !added;
	}
	CHECK(refused < RULES / 10);
	CHECK_EQ_U(w.cells->n_rules, RULES - refused);
	world_publish(&w);
	for (unsigned i = 0; i < RULES; i++)
		mem_free(different[i]);
	world_end(&w);
}

TEST(a_table_takes_no_more_than_half_again_of_what_it_was_made_for)
{
	const struct cells_mask mask = mask_make(16, 24);
	struct world w;

	world_begin(&w, &mask, 1);
	world_fill(&w);
	CHECK(w.cells->n_rules > 0 && w.cells->n_rules <= CELLS_LOAD * 3 / 2);
	check_search(&w, w.cells, w.in, 100);
	world_end(&w);
}

TEST(only_rules_that_fix_all_bits_of_the_mask_fit)
{
	const struct cells_mask mask = mask_make(16, 24);
	struct index_rule *r = rule_make(1, 1);
	struct world w;

	world_begin(&w, &mask, 1);
	bound_prefix(r, 0, 0x01020304, 16);
	bound_prefix(r, 1, 0x01020304, 24);
	CHECK(cells_fits(w.cells, r));
	bound_prefix(r, 0, 0x01020304, 15);
	CHECK(!cells_fits(w.cells, r));
	bound_range(r, 0, 0x01020000, 0x0102ffff);
	CHECK(cells_fits(w.cells, r));
	bound_range(r, 0, 0x0102ffff, 0x01030000);
	CHECK(!cells_fits(w.cells, r));
	mem_free(r);
	world_end(&w);
}

/* ---- memory ----------------------------------------------------------------------------- */

TEST(without_memory_making_a_table_is_an_error_and_leaves_nothing)
{
	const struct cells_mask mask = mask_make(16, 24);
	wfp_err err = ERR_NO_MEMORY;

	for (unsigned nth = 1; err && nth < SWEEPS_MAX; nth++) {
		struct cells *c = NULL;
		struct edit e;

		edit_begin(&e, 1);
		mem_fail_at(nth);
		err = cells_create(&c, &e, &mask, WORDS, 1000);
		mem_fail_at(0);
		CHECK_EQ_U(!!c, !err);
		edit_undo(&e);
		CHECK_EQ_U(mem_live(), 0);
	}
	CHECK_OK(err);
}

TEST(without_memory_a_change_is_an_error_and_undo_takes_it_back)
{
	const struct cells_mask mask = mask_make(16, 24);
	wfp_err err = ERR_NO_MEMORY;
	struct cells *old;
	struct world w;

	world_begin(&w, &mask, 10 * RULES);
	world_fill(&w);
	old = w.cells;
	for (unsigned nth = 1; err && nth < SWEEPS_MAX; nth++) {
		world_edit(&w);
		mem_fail_at(nth);
		err = ERR_OK;
		for (unsigned i = 0; !err && i < RULES; i++)
			if (w.in[i])
				err = cells_remove(&w.cells, &w.edit, w.rules[i]);
		mem_fail_at(0);
		edit_undo(&w.edit);
		w.cells = old;
		check_has(&w, w.cells, w.in);
	}
	CHECK_OK(err);
	world_end(&w);
}

/* ---- choice ----------------------------------------------------------------------------- */

#define MANY 5000u

typedef void fill_fn(struct index_rule *r, struct rng *rng);

static void pair_of_addresses(struct index_rule *r, struct rng *rng)
{
	bound_prefix(r, 0, rng_u32(rng), 20 + rng_below(rng, 13));
	bound_prefix(r, 1, rng_u32(rng), 24 + rng_below(rng, 9));
}

static void one_address(struct index_rule *r, struct rng *rng)
{
	bound_prefix(r, rng_below(rng, 2), rng_u32(rng), 32);
}

static void all_the_same(struct index_rule *r, struct rng *rng)
{
	bound_prefix(r, 0, 0x0a000001, 32);
}

static void ranges_of_ports(struct index_rule *r, struct rng *rng)
{
	const uint32_t lo = rng_below(rng, 30000);

	bound_range(r, 2, lo, lo + rng_below(rng, 30000));
}

static void any_mask(struct index_rule *r, struct rng *rng)
{
	for (unsigned w = 0; w < WORDS; w++)
		bound_prefix(r, w, rng_u32(rng), rng_below(rng, 33));
}

static void rules_many(struct index_rule *rules[MANY], fill_fn *fill)
{
	struct rng rng;

	rng_seed(&rng, test_seed());
	for (unsigned i = 0; i < MANY; i++) {
		rules[i] = rule_make(1, i + 1);
		fill(rules[i], &rng);
	}
}

static void rules_free(struct index_rule *rules[MANY])
{
	for (unsigned i = 0; i < MANY; i++)
		mem_free(rules[i]);
	CHECK_EQ_U(mem_live(), 0);
}

/* How many find room in the chosen tables when they are really made; *n_tables: how many these are.
 */
static unsigned find_room(struct index_rule *const *rules, unsigned *n_tables)
{
	struct cells *tables[CELLS_TABLES_MAX];
	struct cells_mask masks[CELLS_TABLES_MAX];
	unsigned placed = 0;
	struct edit e;

	edit_begin(&e, 1);
	CHECK_OK(cells_choose(masks, n_tables, (const struct index_rule *const *)rules, MANY,
			      WORDS));
	CHECK(*n_tables <= CELLS_TABLES_MAX);
	for (unsigned t = 0; t < *n_tables; t++)
		CHECK_OK(cells_create(&tables[t], &e, &masks[t], WORDS, masks[t].expected));
	for (unsigned i = 0; i < MANY; i++) {
		bool added = false;

		for (unsigned t = 0; !added && t < *n_tables; t++)
			if (cells_fits(tables[t], rules[i]))
				CHECK_OK(cells_add(&tables[t], &e, rules[i], &added));
		placed += added;
	}
	edit_undo(&e);
	return placed;
}

static unsigned room_for(fill_fn *fill, unsigned *n_tables)
{
	struct index_rule *rules[MANY];
	unsigned placed;

	rules_many(rules, fill);
	placed = find_room(rules, n_tables);
	rules_free(rules);
	return placed;
}

TEST(pairs_of_addresses_find_room_in_one_table)
{
	unsigned tables;

	CHECK(room_for(pair_of_addresses, &tables) >= MANY - MANY / 20);
	CHECK_EQ_U(tables, 1);
}

TEST(one_address_or_the_other_needs_two_tables)
{
	unsigned tables;

	CHECK(room_for(one_address, &tables) >= MANY - MANY / 20);
	CHECK_EQ_U(tables, 2);
}

TEST(rules_with_equal_bits_get_no_table)
{
	unsigned tables;

	CHECK_EQ_U(room_for(all_the_same, &tables), 0);
	CHECK_EQ_U(tables, 0);
}

TEST(overlapping_ranges_get_no_table_of_a_single_line)
{
	unsigned tables, placed = room_for(ranges_of_ports, &tables);

	CHECK(placed == 0 || placed > tables * CELLS_SLOTS);
}

TEST(a_mask_for_each_rule_gets_no_more_than_its_tables)
{
	unsigned tables;

	CHECK(room_for(any_mask, &tables) <= MANY);
}

TEST(few_rules_get_no_table)
{
	struct index_rule *rules[MANY];
	struct cells_mask masks[CELLS_TABLES_MAX];
	unsigned n = 7;

	rules_many(rules, pair_of_addresses);
	CHECK_OK(cells_choose(masks, &n, (const struct index_rule *const *)rules, 8, WORDS));
	CHECK_EQ_U(n, 0);
	rules_free(rules);
}

TEST(without_memory_choosing_is_an_error_and_leaves_nothing)
{
	struct index_rule *rules[MANY];
	struct cells_mask masks[CELLS_TABLES_MAX];
	unsigned n = 7;
	wfp_err err = ERR_NO_MEMORY;
	uint64_t live;

	rules_many(rules, pair_of_addresses);
	live = mem_live();
	for (unsigned nth = 1; err && nth < SWEEPS_MAX; nth++) {
		mem_fail_at(nth);
		err = cells_choose(masks, &n, (const struct index_rule *const *)rules, MANY, WORDS);
		mem_fail_at(0);
		CHECK(!err || n == 7);
		CHECK_EQ_U(mem_live(), live);
	}
	CHECK_OK(err);
	CHECK_EQ_U(n, 1);
	rules_free(rules);
}
