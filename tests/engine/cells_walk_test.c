/* SPDX-License-Identifier: MIT */
/* The hash, and the search for a piece of it in a line, with vectors against those in plain C. */
#include "harness.h"

#include "base/rng.h"
#include "engine/cells_walk_isa.h"

#define ROUNDS 100000u

static struct rng rng;
static struct key key;
static struct cells_mask mask;
static struct cells_secret secret;
static struct cells_line line;

static void next_round(void)
{
	cells_secret_draw(&secret);
	for (unsigned w = 0; w < KEY_WORDS_MAX; w++) {
		key.words[w] = rng_u32(&rng);
		mask.words[w] = (uint32_t)((UINT64_C(0xffffffff) << rng_below(&rng, 33)));
	}
	for (unsigned i = 0; i < CELLS_SLOTS; i++)
		line.slots[i] = i <= rng_below(&rng, CELLS_SLOTS) ? (uintptr_t)rng_u64(&rng) : 0;
}

static void compare_with_plain(const struct cells_walk *walk)
{
	rng_seed(&rng, test_seed());
	for (unsigned round = 0; round < ROUNDS; round++) {
		const unsigned words = round % 2 ? 8 : 16;
		const uint32_t tag = 1 + rng_below(&rng, 31);

		next_round();
		CHECK_EQ_U(walk->hash(mask.words, &secret, words, key.words),
			   cells_walk_plain.hash(mask.words, &secret, words, key.words));
		CHECK_EQ_U(walk->tagged(&line, tag), cells_walk_plain.tagged(&line, tag));
	}
}

TEST(an_empty_slot_has_no_tag)
{
	memset(&line, 0, sizeof(line));
	line.slots[0] = 0x1000 | 9;
	line.slots[1] = 0x2000 | 8;
	line.slots[2] = 0x3000 | 9;
	CHECK_EQ_U(cells_walk_plain.tagged(&line, 9), 1u << 0 | 1u << 2);
	CHECK_EQ_U(cells_walk_plain.tagged(&line, 1), 0);
}

TEST(what_the_mask_leaves_out_does_not_change_the_hash)
{
	struct key other;
	uint32_t hash;

	rng_seed(&rng, test_seed());
	for (unsigned round = 0; round < 1000; round++) {
		next_round();
		for (unsigned w = 0; w < KEY_WORDS_MAX; w++)
			other.words[w] = key.words[w] ^ (rng_u32(&rng) & ~mask.words[w]);
		hash = cells_walk_plain.hash(mask.words, &secret, 16, key.words);
		CHECK_EQ_U(cells_walk_plain.hash(mask.words, &secret, 16, other.words), hash);
	}
}

/* As of good dice: of so many pairs of neighbours one in 2^10 agrees in ten bits. */
TEST(keys_that_differ_in_one_bit_seldom_meet)
{
	unsigned high = 0, low = 0;

	rng_seed(&rng, test_seed());
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint32_t was, is;

		next_round();
		memset(mask.words, 0xff, sizeof(mask.words));
		was = cells_walk_plain.hash(mask.words, &secret, 16, key.words);
		key.words[rng_below(&rng, 16)] ^= UINT32_C(1) << rng_below(&rng, 32);
		is = cells_walk_plain.hash(mask.words, &secret, 16, key.words);
		high += (was ^ is) >> 22 == 0;
		low += ((was ^ is) & 0x3ff) == 0;
	}
	CHECK(high < 2 * ROUNDS / 1024 && low < 2 * ROUNDS / 1024);
}

TEST(vectors_of_sixteen_bytes_agree_with_plain_c)
{
	compare_with_plain(&cells_walk_vec16);
}

#if defined(__x86_64__)
TEST(avx2_agrees_with_plain_c)
{
	if (__builtin_cpu_supports("avx2"))
		compare_with_plain(&cells_walk_avx2);
	else
		printf("ok - avx2 # SKIP this processor has no AVX2\n");
}

TEST(avx512_agrees_with_plain_c)
{
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))
		compare_with_plain(&cells_walk_avx512);
	else
		printf("ok - avx512 # SKIP this processor has no AVX-512\n");
}
#endif
