/* SPDX-License-Identifier: MIT */
/*
 * Trees of boxes against a list that is searched from end to end: random rules of several shapes,
 * built at once, added and removed one by one, searched while older versions still stand.
 */
#include "harness.h"

#define BOX_BYTES 0

#include "base/mem.h"
#include "base/rng.h"
#include "engine/tree.h"
#include "engine/tree_walk.h"

#define RULES_MAX 3000u

static struct rng rng;

/* ---- rules ---------------------------------------------------------------------------------- */

/* All rules of a test; in[i]: is number i in the tree? */
static struct index_rule *rules[RULES_MAX];
static bool in[RULES_MAX];
static unsigned n_rules;
static unsigned words;

/* All rules' filter: it matches TCP.  Rules tell filters apart by their order. */
static struct policy_filter only_tcp;
static struct model_value values[64];

static struct index_rule *make_rule(unsigned i, const struct key_box *box)
{
	struct index_rule *r =
		mem_zalloc_aligned(RULE_ALIGN, sizeof(*r) + 2 * words * sizeof(uint32_t));

	CHECK(r);
	r->words = (uint8_t)words;
	r->order = (struct rule_order){rng_below(&rng, 1 + n_rules / 2), i + 1};
	r->exact = box->exact;
	r->filter = &only_tcp;
	memcpy(r->bounds, box->lo, words * sizeof(uint32_t));
	memcpy(r->bounds + words, box->hi, words * sizeof(uint32_t));
	return r;
}

/* Any range; prefixes and small ranges are the most frequent. */
static void draw_range(uint32_t *lo, uint32_t *hi)
{
	const uint32_t v = rng_u32(&rng);

	switch (rng_below(&rng, 5)) {
	case 0:
		*lo = 0;
		*hi = UINT32_MAX;
		return;
	case 1:
		*lo = *hi = rng_below(&rng, 4);
		return;
	case 2:
		*lo = v & ~(UINT32_MAX >> rng_below(&rng, 32));
		*hi = *lo | (v ^ *lo);
		return;
	case 3:
		*lo = v % 65536;
		*hi = *lo + rng_below(&rng, 50);
		return;
	default:
		*lo = rng_below(&rng, v | 1);
		*hi = v | 1;
	}
}

static struct key_box draw_box(void)
{
	struct key_box box = {.exact = true};

	for (unsigned w = 0; w < words; w++) {
		if (w < 3)
			draw_range(&box.lo[w], &box.hi[w]);
		else
			box.hi[w] = UINT32_MAX;
	}
	return box;
}

static void draw_rules(unsigned n, unsigned n_words)
{
	rng_seed(&rng, test_seed() + n);
	words = n_words;
	n_rules = n;
	memset(in, 0, sizeof(in));
	for (unsigned i = 0; i < n; i++) {
		const struct key_box box = draw_box();

		rules[i] = make_rule(i, &box);
	}
}

static void free_rules(void)
{
	for (unsigned i = 0; i < n_rules; i++)
		mem_free(rules[i]);
}

/* ---- searches ------------------------------------------------------------------------------- */

/* A point in some rule's box, or anywhere. */
static struct key draw_key(void)
{
	const struct index_rule *r = rules[rng_below(&rng, n_rules)];
	const bool anywhere = rng_below(&rng, 3) == 0;
	struct key key = {.loose = false};

	for (unsigned w = 0; w < words; w++) {
		const uint32_t width = rule_hi(r)[w] - rule_lo(r)[w];

		if (anywhere || width == UINT32_MAX)
			key.words[w] = rng_u32(&rng);
		else
			key.words[w] = rule_lo(r)[w] + rng_below(&rng, width + 1);
	}
	return key;
}

static bool box_has(const struct index_rule *r, const struct key *key)
{
	for (unsigned w = 0; w < words; w++)
		if (key->words[w] < rule_lo(r)[w] || key->words[w] > rule_hi(r)[w])
			return false;
	return true;
}

/* The best match below `below` of the rules that are in. */
static const struct index_rule *list_best(const struct index_query *q, const bool *is_in,
					  const struct rule_order *below)
{
	const struct index_rule *best = NULL;

	for (unsigned i = 0; i < n_rules; i++) {
		const struct index_rule *r = rules[i];

		if (!is_in[i] || (below && !rule_before(*below, r->order)) ||
		    (best && !rule_before(r->order, best->order)) || !box_has(r, q->key))
			continue;
		if ((r->exact && !q->key->loose) ||
		    engine_match_filter(r->filter->filter, q->values, q->n_values))
			best = r;
	}
	return best;
}

static void check_search(const struct tree_node *root, const bool *is_in)
{
	const struct key key = draw_key();
	const struct index_query q = {&key, values, ARRAY_LEN(values)};
	const struct index_rule *found = tree_walk_best(root, &q, NULL, NULL), *all[7];
	const struct rule_order *below = NULL;
	unsigned n = 0, more;

	CHECK(found == list_best(&q, is_in, NULL));
	do {
		more = tree_walk_collect(root, &q, below, all, 0, ARRAY_LEN(all));
		for (unsigned i = 0; i < more; i++) {
			found = list_best(&q, is_in, below);
			CHECK(found == all[i]);
			CHECK(found == tree_walk_best(root, &q, below, NULL));
			below = &found->order;
		}
	} while (more == ARRAY_LEN(all) && ++n < 5);
	if (more < ARRAY_LEN(all))
		CHECK(!list_best(&q, is_in, below));
}

static void check_searches(const struct tree_node *root, const bool *is_in, unsigned n)
{
	while (n-- > 0)
		check_search(root, is_in);
}

/* ---- what holds for every tree -------------------------------------------------------------- */

struct shape {
	unsigned n_rules;
	size_t bytes;
};

static void check_box_is_tight(const struct tree_node *parent, unsigned i, const uint32_t *lo,
			       const uint32_t *hi)
{
	for (unsigned w = 0; w < words; w++) {
		CHECK_EQ_U(parent->bounds[2 * w * TREE_FAN + i], lo[w]);
		CHECK_EQ_U(parent->bounds[(2 * w + 1) * TREE_FAN + i], hi[w]);
	}
}

static void check_free_slots(const struct tree_node *node)
{
	for (unsigned i = node->n; i < TREE_FAN; i++) {
		CHECK(!node->child[i]);
		CHECK_EQ_U(node->best[i].weight, 0);
		CHECK_EQ_U(node->best[i].id, 0);
		for (unsigned w = 0; w < words; w++)
			CHECK(node->bounds[2 * w * TREE_FAN + i] >
			      node->bounds[(2 * w + 1) * TREE_FAN + i]);
	}
}

/* The box of all that is below. */
static struct key_box check_node(const struct tree_node *node, struct shape *shape)
{
	struct key_box all = {.exact = false};

	memset(all.lo, 0xff, sizeof(all.lo));
	CHECK(node->n > 0 && node->n <= TREE_FAN);
	CHECK_EQ_U(node->words, words);
	CHECK(node->bounded >= 1 && node->bounded <= 3);
	shape->bytes += node->part.size;
	check_free_slots(node);
	for (unsigned i = 0; i < node->n; i++) {
		struct rule_order best;
		struct key_box box;

		if (node->height > 0) {
			const struct tree_node *child = node->child[i];

			CHECK_EQ_U(child->height, node->height - 1);
			box = check_node(child, shape);
			best = child->best[0];
		} else {
			const struct index_rule *r = node->child[i];

			memcpy(box.lo, rule_lo(r), words * sizeof(uint32_t));
			memcpy(box.hi, rule_hi(r), words * sizeof(uint32_t));
			best = r->order;
			shape->n_rules++;
		}
		CHECK(node->best[i].weight == best.weight && node->best[i].id == best.id);
		CHECK(i == 0 || !rule_before(node->best[i], node->best[i - 1]));
		check_box_is_tight(node, i, box.lo, box.hi);
		for (unsigned w = 0; w < words; w++) {
			all.lo[w] = box.lo[w] < all.lo[w] ? box.lo[w] : all.lo[w];
			all.hi[w] = box.hi[w] > all.hi[w] ? box.hi[w] : all.hi[w];
		}
	}
	return all;
}

static void mark_seen(void *ctx, const struct index_rule *r)
{
	bool *seen = ctx;

	CHECK(!seen[r->order.id - 1]);
	seen[r->order.id - 1] = true;
}

/* Exactly the rules that are in, each once, in a tree that is one. */
static void check_tree(const struct tree_node *root, const bool *is_in)
{
	static bool seen[RULES_MAX];
	struct shape shape = {0};
	unsigned n = 0;

	memset(seen, 0, sizeof(seen));
	tree_each(root, mark_seen, seen);
	for (unsigned i = 0; i < n_rules; i++) {
		CHECK_EQ_U(seen[i], is_in[i]);
		n += is_in[i];
	}
	CHECK_EQ_U(!root, n == 0);
	if (root) {
		(void)check_node(root, &shape);
		CHECK(root->height == 0 || root->n > 1);
	}
	CHECK_EQ_U(shape.n_rules, n);
	CHECK_EQ_U(tree_bytes(root), shape.bytes);
}

/* ---- building ------------------------------------------------------------------------------- */

static struct tree_node *build(unsigned n)
{
	struct tree_node *root = NULL;
	struct edit e;

	edit_begin(&e, 1);
	CHECK_OK(tree_build(&root, &e, (const struct index_rule *const *)rules, n, words));
	edit_keep(&e);
	edit_settle(&e);
	memset(in, 0, sizeof(in));
	memset(in, 1, n);
	return root;
}

TEST(an_empty_tree_finds_nothing)
{
	draw_rules(1, 8);
	CHECK(!build(0));
	check_search(NULL, in);
	free_rules();
}

TEST(a_tree_of_any_size_is_built_and_finds_what_a_list_finds)
{
	static const unsigned sizes[] = {1, 2, 15, 16, 17, 31, 208, 209, 1000, RULES_MAX};

	for (unsigned k = 0; k < ARRAY_LEN(sizes); k++) {
		struct tree_node *root;

		draw_rules(sizes[k], k % 2 ? 8 : 16);
		root = build(sizes[k]);
		check_tree(root, in);
		check_searches(root, in, 200);
		tree_free(root);
		free_rules();
	}
	CHECK_EQ_U(mem_live(), 0);
}

TEST(rules_with_one_and_the_same_box_are_built_and_taken_out_again)
{
	struct tree_node *root;
	struct edit e;

	draw_rules(500, 8);
	for (unsigned i = 1; i < n_rules; i++)
		memcpy(rules[i]->bounds, rules[0]->bounds, 2 * words * sizeof(uint32_t));
	root = build(n_rules);
	check_tree(root, in);
	check_searches(root, in, 20);
	for (unsigned i = 0; i < n_rules; i++) {
		edit_begin(&e, i + 2);
		CHECK_OK(tree_remove(&root, &e, rules[i]));
		edit_keep(&e);
		edit_settle(&e);
		in[i] = false;
		if (i % 50 == 0)
			check_tree(root, in);
	}
	CHECK(!root);
	free_rules();
	CHECK_EQ_U(mem_live(), 0);
}

/* ---- changing ------------------------------------------------------------------------------- */

/* Adds or removes a random rule. */
static wfp_err toggle(struct tree_node **root, struct edit *e, bool *is_in)
{
	const unsigned i = rng_below(&rng, n_rules);
	const wfp_err err = is_in[i] ? tree_remove(root, e, rules[i]) : tree_add(root, e, rules[i]);

	if (!err)
		is_in[i] = !is_in[i];
	return err;
}

static void toggle_many(unsigned n, unsigned n_words, unsigned at_once, unsigned rounds)
{
	struct tree_node *root;

	draw_rules(n, n_words);
	root = build(n / 2);
	for (unsigned k = 0; k < rounds; k++) {
		struct edit e;

		edit_begin(&e, k + 2);
		for (unsigned j = 0; j < at_once; j++)
			CHECK_OK(toggle(&root, &e, in));
		edit_keep(&e);
		edit_settle(&e);
		check_tree(root, in);
		check_searches(root, in, 3);
	}
	tree_free(root);
	free_rules();
	CHECK_EQ_U(mem_live(), 0);
}

TEST(rules_come_and_go_one_at_a_time)
{
	toggle_many(40, 8, 1, 1000);
	toggle_many(1000, 8, 1, 300);
	toggle_many(1000, 16, 1, 300);
}

TEST(rules_come_and_go_many_at_a_time)
{
	toggle_many(200, 8, 30, 200);
	toggle_many(RULES_MAX, 8, 200, 50);
}

TEST(all_rules_come_one_by_one_and_go_in_another_order)
{
	struct tree_node *root = NULL;
	struct edit e;

	draw_rules(1500, 8);
	for (unsigned i = 0; i < n_rules; i++) {
		edit_begin(&e, i + 1);
		CHECK_OK(tree_add(&root, &e, rules[i]));
		edit_keep(&e);
		edit_settle(&e);
		in[i] = true;
	}
	check_tree(root, in);
	check_searches(root, in, 200);
	for (unsigned i = 0; i < n_rules; i++) {
		const unsigned k = (i * 7 + 3) % n_rules;

		edit_begin(&e, n_rules + i + 1);
		CHECK_OK(tree_remove(&root, &e, rules[k]));
		edit_keep(&e);
		edit_settle(&e);
		in[k] = false;
		if (i % 100 == 0)
			check_tree(root, in);
	}
	CHECK(!root);
	free_rules();
	CHECK_EQ_U(mem_live(), 0);
}

TEST(an_old_version_is_unchanged_until_the_new_one_is_settled)
{
	struct tree_node *old, *root;
	static bool was_in[RULES_MAX];

	draw_rules(1000, 8);
	root = build(500);
	for (unsigned k = 0; k < 100; k++) {
		struct edit e;

		old = root;
		memcpy(was_in, in, sizeof(in));
		edit_begin(&e, k + 2);
		for (unsigned j = 0; j < 20; j++)
			CHECK_OK(toggle(&root, &e, in));
		edit_keep(&e);
		check_tree(old, was_in);
		check_tree(root, in);
		check_searches(old, was_in, 5);
		check_searches(root, in, 5);
		edit_settle(&e);
	}
	tree_free(root);
	free_rules();
	CHECK_EQ_U(mem_live(), 0);
}

TEST(one_change_copies_no_more_than_a_path)
{
	struct tree_node *root;
	struct edit e;

	draw_rules(RULES_MAX, 8);
	root = build(RULES_MAX - 1);
	edit_begin(&e, 2);
	CHECK_OK(tree_add(&root, &e, rules[RULES_MAX - 1]));
	CHECK(e.replaced_bytes <= (root->height + 1u) * (size_t)root->part.size);
	edit_keep(&e);
	edit_settle(&e);
	edit_begin(&e, 3);
	CHECK_OK(tree_remove(&root, &e, rules[0]));
	CHECK(e.replaced_bytes <= (root->height + 1u) * (size_t)root->part.size);
	edit_keep(&e);
	edit_settle(&e);
	tree_free(root);
	free_rules();
}

TEST(an_undone_change_leaves_the_old_tree)
{
	struct tree_node *root, *next;
	static bool next_in[RULES_MAX];
	uint64_t live;

	draw_rules(1000, 8);
	root = build(500);
	live = mem_live();
	for (unsigned k = 0; k < 50; k++) {
		struct edit e;

		next = root;
		memcpy(next_in, in, sizeof(in));
		edit_begin(&e, k + 2);
		for (unsigned j = 0; j < 20; j++)
			CHECK_OK(toggle(&next, &e, next_in));
		edit_undo(&e);
		CHECK_EQ_U(mem_live(), live);
		check_tree(root, in);
	}
	tree_free(root);
	free_rules();
	CHECK_EQ_U(mem_live(), 0);
}

/* ---- without memory ------------------------------------------------------------------------- */

TEST(without_memory_a_change_fails_and_can_be_undone)
{
	struct tree_node *root, *next;
	static bool next_in[RULES_MAX];
	wfp_err err = ERR_NO_MEMORY;
	uint64_t live;

	draw_rules(600, 8);
	root = build(400);
	live = mem_live();
	for (uint64_t nth = 1; err; nth++) {
		const struct rng start = rng;
		struct edit e;

		next = root;
		memcpy(next_in, in, sizeof(in));
		edit_begin(&e, nth + 1);
		mem_fail_at(nth);
		err = ERR_OK;
		for (unsigned j = 0; j < 150 && !err; j++)
			err = toggle(&next, &e, next_in);
		mem_fail_at(0);
		CHECK(!err || err == ERR_NO_MEMORY);
		edit_undo(&e);
		CHECK_EQ_U(mem_live(), live);
		rng = start;
	}
	check_tree(root, in);
	tree_free(root);
	free_rules();
	CHECK_EQ_U(mem_live(), 0);
}

TEST(without_memory_a_build_fails_and_can_be_undone)
{
	wfp_err err = ERR_NO_MEMORY;
	uint64_t live;

	draw_rules(600, 8);
	live = mem_live();
	for (uint64_t nth = 1; err; nth++) {
		struct tree_node *root = NULL;
		struct edit e;

		edit_begin(&e, nth);
		mem_fail_at(nth);
		err = tree_build(&root, &e, (const struct index_rule *const *)rules, n_rules,
				 words);
		mem_fail_at(0);
		CHECK_EQ_U(!root, err != ERR_OK);
		edit_undo(&e);
		CHECK_EQ_U(mem_live(), live);
	}
	free_rules();
}

/* ---- filters that say more than their boxes, or have several -------------------------------- */

static struct model_value *protocol_value(void)
{
	return &values[model_field_index(model_layer_by_id(MODEL_LAYER_ALE_AUTH_CONNECT_V4),
					 model_condition_key("IP_PROTOCOL"))];
}

static void set_protocol(uint8_t protocol)
{
	*protocol_value() = (struct model_value){.type = MODEL_UINT8, .u8 = protocol};
}

static void make_filter(void)
{
	struct model_condition condition = {.field_key = *model_condition_key("IP_PROTOCOL"),
					    .match = MODEL_MATCH_EQUAL,
					    .value = {.type = MODEL_UINT8, .u8 = 6}};
	const struct model_filter draft = {.id = 1,
					   .layer = MODEL_LAYER_ALE_AUTH_CONNECT_V4,
					   .action = MODEL_ACTION_PERMIT,
					   .name = (char *)(uintptr_t) "test",
					   .n_conditions = 1,
					   .conditions = &condition};

	CHECK_OK(model_filter_create(&only_tcp.filter, &draft));
}

TEST(a_filter_that_says_more_than_its_box_is_asked)
{
	struct tree_node *root;

	make_filter();
	draw_rules(500, 8);
	for (unsigned i = 0; i < n_rules; i++)
		rules[i]->exact = i % 2;
	root = build(n_rules);
	for (unsigned k = 0; k < 200; k++) {
		set_protocol(k % 2 ? 6 : 17);
		check_search(root, in);
	}
	tree_free(root);
	free_rules();
	model_filter_put(only_tcp.filter);
}

TEST(with_a_loose_key_every_filter_is_asked)
{
	const struct index_rule *r;
	struct tree_node *root;
	struct key key;

	make_filter();
	draw_rules(100, 8);
	root = build(n_rules);
	for (unsigned k = 0; k < 100; k++) {
		const struct index_query q = {&key, values, ARRAY_LEN(values)};

		key = draw_key();
		key.loose = true;
		set_protocol(17);
		CHECK(!tree_walk_best(root, &q, NULL, NULL));
		set_protocol(6);
		r = tree_walk_best(root, &q, NULL, NULL);
		CHECK(r == list_best(&q, in, NULL));
	}
	tree_free(root);
	free_rules();
	model_filter_put(only_tcp.filter);
}

TEST(a_filter_with_several_boxes_is_found_once)
{
	const struct index_rule *all[RULES_MAX];
	struct tree_node *root;
	struct key key;
	const struct index_query q = {&key, values, ARRAY_LEN(values)};
	unsigned n;

	draw_rules(300, 8);
	for (unsigned i = 0; i < n_rules; i++)
		rules[i]->order = (struct rule_order){i % 7, i % 30};
	root = build(n_rules);
	for (unsigned k = 0; k < 100; k++) {
		key = draw_key();
		n = tree_walk_collect(root, &q, NULL, all, 0, RULES_MAX);
		for (unsigned i = 1; i < n; i++)
			CHECK(rule_before(all[i - 1]->order, all[i]->order));
		for (unsigned i = 0; i < n_rules; i++) {
			bool there = false;

			for (unsigned j = 0; j < n; j++)
				there |= all[j]->order.weight == rules[i]->order.weight &&
					 all[j]->order.id == rules[i]->order.id;
			CHECK(there || !box_has(rules[i], &key));
		}
	}
	tree_free(root);
	free_rules();
}

TEST(what_is_found_already_takes_part)
{
	struct tree_node *root;
	struct key key;
	const struct index_query q = {&key, values, ARRAY_LEN(values)};

	draw_rules(500, 8);
	root = build(n_rules - 50);
	memset(in, 1, n_rules);
	for (unsigned k = 0; k < 200; k++) {
		const struct index_rule *other = NULL;

		key = draw_key();
		for (unsigned i = n_rules - 50; i < n_rules; i++)
			if (box_has(rules[i], &key) &&
			    (!other || rule_before(rules[i]->order, other->order)))
				other = rules[i];
		CHECK(tree_walk_best(root, &q, NULL, other) == list_best(&q, in, NULL));
	}
	tree_free(root);
	free_rules();
}
