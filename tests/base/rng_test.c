/* SPDX-License-Identifier: MIT */
/*
 * Random numbers: repeatable, even, and equal to the published generator.
 */
#include "harness.h"

#include "base/rng.h"

/* xoshiro256** from the state 1, 2, 3, 4: the first values of the reference implementation. */
TEST(the_generator_is_the_published_one)
{
	static const uint64_t expected[] = {
		UINT64_C(11520),
		UINT64_C(0),
		UINT64_C(1509978240),
		UINT64_C(1215971899390074240),
	};
	struct rng r = {{1, 2, 3, 4}};

	for (size_t i = 0; i < ARRAY_LEN(expected); i++)
		CHECK_EQ_U(rng_u64(&r), expected[i]);
}

TEST(the_same_seed_gives_the_same_numbers)
{
	struct rng a, b, c;
	unsigned same = 0;

	rng_seed(&a, 7);
	rng_seed(&b, 7);
	rng_seed(&c, 8);
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t value = rng_u64(&a);

		CHECK_EQ_U(value, rng_u64(&b));
		same += value == rng_u64(&c);
	}
	CHECK_EQ_U(same, 0);
}

TEST(numbers_below_a_limit_are_even_and_below_it)
{
	uint32_t counts[7] = {0};
	struct rng r;

	rng_seed(&r, test_seed());
	for (unsigned i = 0; i < 70000; i++)
		counts[rng_below(&r, 7)]++;
	for (unsigned i = 0; i < 7; i++)
		CHECK(counts[i] > 9500 && counts[i] < 10500);
	CHECK_EQ_U(rng_below(&r, 1), 0);
}

TEST(entropy_differs_from_call_to_call)
{
	CHECK(entropy_u64() != entropy_u64());
}
