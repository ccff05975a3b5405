/* SPDX-License-Identifier: MIT */
/*
 * SipHash against its published vectors, the table against an array.
 */
#include "harness.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"

/* From the reference implementation: key 00..0f, message 00, 01, ... of each length. */
TEST(siphash_gives_the_published_values)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} rows[] = {
		{0, UINT64_C(0x726fdb47dd0e0e31)},  {1, UINT64_C(0x74f839c593dc67fd)},
		{7, UINT64_C(0xab0200f58b01d137)},  {8, UINT64_C(0x93f5f5799a932462)},
		{15, UINT64_C(0xa129ca6149be45e5)},
	};
	uint8_t key[16], message[16];

	for (uint8_t i = 0; i < 16; i++)
		key[i] = message[i] = i;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_EQ_U(hash_siphash(key, message, rows[i].len), rows[i].hash);
}

struct item {
	uint64_t key;
	bool inside;
	struct hnode node;
};

/* Few different hashes, so that chains grow long and equal hashes meet. */
static uint64_t weak_hash(uint64_t key)
{
	return key % 37;
}

static struct item *find(const struct htable *t, uint64_t key)
{
	struct hnode *node;

	for (node = htable_first(t, weak_hash(key)); node; node = htable_next(node)) {
		struct item *item = CONTAINER_OF(node, struct item, node);

		if (item->key == key)
			return item;
	}
	return NULL;
}

static void toggle(struct htable *t, struct item *item)
{
	if (item->inside)
		htable_remove(t, &item->node);
	else
		htable_insert(t, &item->node, weak_hash(item->key));
	item->inside = !item->inside;
}

static void check_walk(const struct htable *t, const struct item *items, size_t n)
{
	size_t walked = 0, inside = 0;

	for (struct hnode *node = htable_walk(t, NULL); node; node = htable_walk(t, node)) {
		CHECK(CONTAINER_OF(node, struct item, node)->inside);
		walked++;
	}
	for (size_t i = 0; i < n; i++)
		inside += items[i].inside;
	CHECK_EQ_U(walked, inside);
	CHECK_EQ_U(t->count, inside);
}

static void run_random(uint64_t fail_every)
{
	static struct item items[500];
	struct htable t;
	struct rng rng;

	rng_seed(&rng, test_seed());
	CHECK_OK(htable_init(&t, 0));
	mem_fail_every(fail_every);
	for (size_t i = 0; i < ARRAY_LEN(items); i++)
		items[i] = (struct item){.key = i};
	for (unsigned step = 0; step < 50000; step++) {
		struct item *item = &items[rng_below(&rng, ARRAY_LEN(items))];

		CHECK(find(&t, item->key) == (item->inside ? item : NULL));
		toggle(&t, item);
		if (step % 500 == 0)
			check_walk(&t, items, ARRAY_LEN(items));
	}
	mem_fail_every(0);
	htable_destroy(&t);
}

TEST(random_operations_agree_with_an_array)
{
	run_random(0);
}

TEST(without_memory_to_grow_the_table_still_works)
{
	run_random(1);
}

TEST(creation_without_memory_is_an_error)
{
	struct htable t;

	mem_fail_at(1);
	CHECK_ERR(htable_init(&t, 100), ERR_NO_MEMORY);
}

TEST(of_equal_keys_the_last_one_is_found_first_even_after_growing)
{
	struct item items[200];
	struct htable t;
	struct hnode *node;
	unsigned left = 100;

	CHECK_OK(htable_init(&t, 0));
	for (unsigned i = 0; i < ARRAY_LEN(items); i++)
		htable_insert(&t, &items[i].node, i < 100 ? 7 : i);
	for (node = htable_first(&t, 7); node; node = htable_next(node))
		CHECK(node == &items[--left].node);
	CHECK_EQ_U(left, 0);
	htable_destroy(&t);
}
