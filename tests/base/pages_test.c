/* SPDX-License-Identifier: MIT */
/*
 * Pieces of pages: where they lie, that they are clear, counting, and failing on order.
 */
#include "harness.h"

#include "base/mem.h"
#include "base/pages.h"

TEST(pieces_are_aligned_and_clear)
{
	char *pieces[5];

	for (unsigned i = 0; i < ARRAY_LEN(pieces); i++) {
		pieces[i] = pages_get();
		CHECK(pieces[i]);
		CHECK_EQ_U((uintptr_t)pieces[i] % PAGES_BYTES, 0);
		pages_prefer_huge(pieces[i]);
		for (size_t at = 0; at < PAGES_BYTES; at += 512)
			CHECK_EQ_U(pieces[i][at], 0);
		memset(pieces[i], 0xff, PAGES_BYTES);
	}
	for (unsigned i = 0; i < ARRAY_LEN(pieces); i++)
		pages_put(pieces[i]);
}

#if MEM_TRACKED
TEST(pieces_count_as_blocks)
{
	const uint64_t before = mem_live();
	void *piece = pages_get();

	CHECK(piece);
	CHECK_EQ_U(mem_live(), before + 1);
	pages_put(piece);
	CHECK_EQ_U(mem_live(), before);
}

TEST(a_piece_fails_on_order)
{
	const uint64_t before = mem_live();

	mem_fail_at(1);
	CHECK(!pages_get());
	CHECK_EQ_U(mem_live(), before);
}
#endif
