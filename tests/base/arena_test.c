/* SPDX-License-Identifier: MIT */
/* Blocks that are freed together. */
#include "harness.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/rng.h"

TEST(blocks_are_aligned_and_do_not_overlap)
{
	uint64_t live = mem_live();
	uint8_t *blocks[500];
	size_t sizes[500];
	struct arena a;
	struct rng r;

	rng_seed(&r, test_seed());
	arena_init(&a, SIZE_MAX);
	for (unsigned i = 0; i < 500; i++) {
		sizes[i] = rng_below(&r, i % 50 == 0 ? 400000 : 100);
		blocks[i] = arena_alloc(&a, sizes[i]);
		CHECK(blocks[i]);
		CHECK_EQ_U((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
		memset(blocks[i], (int)i, sizes[i]);
	}
	for (unsigned i = 0; i < 500; i++)
		for (size_t k = 0; k < sizes[i]; k++)
			CHECK_EQ_U(blocks[i][k], (uint8_t)i);
	arena_free(&a);
	CHECK_EQ_U(mem_live(), live);
}

TEST(an_empty_block_is_no_failure)
{
	struct arena a;

	arena_init(&a, 1 << 20);
	CHECK(arena_alloc(&a, 0));
	CHECK(arena_zalloc(&a, 0, 8));
	CHECK_OK(arena_err(&a));
	arena_free(&a);
}

TEST(the_limit_holds_and_is_remembered)
{
	struct arena a;

	arena_init(&a, 10000);
	while (arena_alloc(&a, 100))
		;
	CHECK(a.used <= 10000);
	CHECK_ERR(arena_err(&a), ERR_NO_MEMORY);
	arena_free(&a);
	CHECK_OK(arena_err(&a));
	CHECK(!arena_zalloc(&a, SIZE_MAX / 2, 4));
	CHECK(!arena_alloc(&a, SIZE_MAX));
	arena_free(&a);
}

TEST(a_lack_of_memory_is_remembered)
{
	struct arena a;

	arena_init(&a, SIZE_MAX);
	mem_fail_at(1);
	CHECK(!arena_alloc(&a, 10));
	CHECK(arena_alloc(&a, 10));
	CHECK_ERR(arena_err(&a), ERR_NO_MEMORY);
	arena_free(&a);
}
