/* SPDX-License-Identifier: MIT */
/*
 * The growing buffer: contents, the final zero, and memory that runs out.
 */
#include "harness.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/rng.h"

TEST(a_new_buffer_is_an_empty_string)
{
	struct buf b = {0};

	CHECK_EQ_S(buf_str(&b), "");
	CHECK_OK(buf_err(&b));
	buf_free(&b);
}

TEST(pieces_are_put_together)
{
	struct buf b;

	buf_init(&b);
	buf_append_str(&b, "filter ");
	buf_printf(&b, "%u of %s", 7u, "layer");
	buf_append_byte(&b, '!');
	buf_append(&b, NULL, 0);
	CHECK_EQ_S(buf_str(&b), "filter 7 of layer!");
	CHECK_EQ_U(b.len, 18);
	buf_reset(&b);
	CHECK_EQ_S(buf_str(&b), "");
	buf_append_zeros(&b, 3);
	CHECK_EQ_U(b.len, 3);
	buf_free(&b);
}

TEST(a_stolen_block_belongs_to_the_thief)
{
	struct buf b = {0};
	char *s;

	buf_append_str(&b, "mine");
	s = buf_steal(&b);
	CHECK_EQ_S(s, "mine");
	CHECK_EQ_S(buf_str(&b), "");
	mem_free(s);
	s = buf_steal(&b);
	CHECK_EQ_S(s, "");
	mem_free(s);
}

TEST(random_appends_agree_with_an_array)
{
	static uint8_t expected[100000];
	struct buf b = {0};
	size_t len = 0;
	struct rng rng;

	rng_seed(&rng, test_seed());
	while (len + 300 < sizeof(expected)) {
		size_t n = rng_below(&rng, 300);

		for (size_t i = 0; i < n; i++)
			expected[len + i] = (uint8_t)rng_u32(&rng);
		buf_append(&b, expected + len, n);
		len += n;
	}
	CHECK_OK(buf_err(&b));
	CHECK_EQ_U(b.len, len);
	CHECK(memcmp(b.data, expected, len) == 0);
	CHECK_EQ_U(b.data[b.len], 0);
	buf_free(&b);
}

TEST(running_out_of_memory_is_remembered_until_reset)
{
	struct buf b = {0};

	buf_append_str(&b, "before");
	mem_fail_at(1);
	buf_append_zeros(&b, 100000);
	buf_append_str(&b, "after");
	CHECK_ERR(buf_err(&b), ERR_NO_MEMORY);
	CHECK_EQ_S(buf_str(&b), "before");
	CHECK(!buf_steal(&b));
	buf_reset(&b);
	buf_append_str(&b, "again");
	CHECK_OK(buf_err(&b));
	CHECK_EQ_S(buf_str(&b), "again");
	buf_free(&b);
}

TEST(a_length_that_does_not_fit_is_no_memory)
{
	struct buf b = {0};

	buf_append_byte(&b, 1);
	CHECK(!buf_reserve(&b, SIZE_MAX));
	CHECK_ERR(buf_err(&b), ERR_NO_MEMORY);
	buf_free(&b);
}
