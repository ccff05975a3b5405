/* SPDX-License-Identifier: MIT */
/*
 * Allocation: overflow, counting, and failing on order.
 */
#include "harness.h"

#include "base/mem.h"

TEST(an_array_whose_size_does_not_fit_is_refused)
{
	CHECK(!mem_zalloc_array(SIZE_MAX / 2, 3));
	CHECK(!mem_realloc_array(NULL, SIZE_MAX / 2, 3));
}

TEST(an_empty_block_is_not_a_failure)
{
	void *p = mem_alloc(0), *q = mem_zalloc_array(0, 8);

	CHECK(p && q);
	mem_free(p);
	mem_free(q);
}

TEST(blocks_are_cleared_and_aligned)
{
	uint8_t *p = mem_zalloc_aligned(256, 1000);

	CHECK(p);
	CHECK_EQ_U((uintptr_t)p % 256, 0);
	for (unsigned i = 0; i < 1000; i++)
		CHECK_EQ_U(p[i], 0);
	mem_free(p);
}

TEST(growing_keeps_the_contents)
{
	uint32_t *p = mem_realloc_array(NULL, 2, sizeof(*p));

	CHECK(p);
	p[0] = 1;
	p[1] = 2;
	p = mem_realloc_array(p, 1000, sizeof(*p));
	CHECK(p);
	CHECK_EQ_U(p[0], 1);
	CHECK_EQ_U(p[1], 2);
	mem_free(p);
}

#if MEM_TRACKED
TEST(blocks_of_other_memory_count_and_fail_on_order)
{
	uint64_t before = mem_live();

	CHECK(mem_take());
	CHECK_EQ_U(mem_live(), before + 1);
	mem_fail_at(1);
	CHECK(!mem_take());
	CHECK_EQ_U(mem_live(), before + 1);
	mem_untake();
	CHECK_EQ_U(mem_live(), before);
}

TEST(live_blocks_are_counted)
{
	uint64_t before = mem_live();
	char *a = mem_strdup("text"), *b = mem_zalloc(10);

	CHECK_EQ_S(a, "text");
	CHECK_EQ_U(mem_live(), before + 2);
	b = mem_realloc_array(b, 100, 100);
	CHECK_EQ_U(mem_live(), before + 2);
	mem_free(a);
	mem_free(b);
	mem_free(NULL);
	CHECK_EQ_U(mem_live(), before);
}

TEST(the_nth_allocation_fails_once)
{
	void *first, *third;

	mem_fail_at(2);
	first = mem_alloc(1);
	CHECK(first);
	CHECK(!mem_zalloc(1));
	third = mem_alloc(1);
	CHECK(third);
	mem_free(first);
	mem_free(third);
}

TEST(a_failed_growth_leaves_the_block)
{
	char *p = mem_strdup("kept");

	mem_fail_at(1);
	CHECK(!mem_realloc_array(p, 1000, 1000));
	CHECK_EQ_S(p, "kept");
	mem_free(p);
}

TEST(every_nth_allocation_fails_until_told_otherwise)
{
	unsigned failed = 0;

	mem_fail_every(3);
	for (unsigned i = 0; i < 30; i++) {
		void *p = mem_alloc(1);

		failed += !p;
		mem_free(p);
	}
	mem_fail_every(0);
	CHECK_EQ_U(failed, 10);
}
#endif
