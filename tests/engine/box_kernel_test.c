/* SPDX-License-Identifier: MIT */
/*
 * Every kernel that this processor can run against the one in plain C, which is tried by hand.
 *
 * KERNEL_ROUNDS is the number of random nodes.
 */
#include "harness.h"

#include "base/rng.h"
#include "engine/box_kernel_isa.h"

#define ROUNDS 200000u

static struct rng rng;
static struct key key;
static _Alignas(CACHELINE) uint32_t bounds[2 * TREE_FAN * KEY_WORDS_MAX];
static _Alignas(RULE_ALIGN) uint32_t lo[KEY_WORDS_MAX], hi[KEY_WORDS_MAX];

/* Both ends, both sides of the sign, and neighbours. */
static uint32_t any_word(void)
{
	static const uint32_t ends[] = {0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, UINT32_MAX};

	return rng_below(&rng, 4) ? ends[rng_below(&rng, ARRAY_LEN(ends))] : rng_u32(&rng);
}

/* Mostly around the key, sometimes beside it, sometimes upside down as past a node's last child. */
static void any_bounds(uint32_t *low, uint32_t *high, uint32_t k)
{
	uint32_t x = any_word(), y = any_word();

	*low = rng_below(&rng, 8) ? (x < k ? x : k) : x;
	*high = rng_below(&rng, 8) ? (y > k ? y : k) : y;
}

static void next_node(unsigned words)
{
	for (unsigned w = 0; w < words; w++) {
		key.words[w] = any_word();
		for (unsigned i = 0; i < TREE_FAN; i++)
			any_bounds(&bounds[2 * TREE_FAN * w + i],
				   &bounds[2 * TREE_FAN * w + TREE_FAN + i], key.words[w]);
	}
}

static void next_rule(unsigned words)
{
	for (unsigned w = 0; w < words; w++)
		any_bounds(&lo[w], &hi[w], key.words[w]);
}

static void compare_with_plain(const struct box_kernel *k)
{
	const struct box_kernel *plain = &box_kernel_plain;
	const char *text = getenv("KERNEL_ROUNDS");
	unsigned rounds = text ? (unsigned)strtoul(text, NULL, 0) : ROUNDS;
	uint64_t children = 0, held = 0;

	rng_seed(&rng, test_seed());
	for (unsigned round = 0; round < rounds; round++) {
		unsigned words = round % 2 ? 8 : 16;
		uint32_t mask;

		next_node(words);
		next_rule(words);
		mask = plain->node_mask(&key, bounds, words);
		CHECK_EQ_U(k->node_mask(&key, bounds, words), mask);
		CHECK_EQ_U(k->rule_holds(&key, lo, hi, words),
			   plain->rule_holds(&key, lo, hi, words));
		children += (uint64_t)__builtin_popcount(mask);
		held += plain->rule_holds(&key, lo, hi, words);
	}
	CHECK(children > rounds / 10 && held > rounds / 100);
}

TEST(a_child_is_found_only_if_each_word_lies_between_its_bounds_ends_included)
{
	for (unsigned w = 0; w < 8; w++) {
		key.words[w] = 100 + w;
		for (unsigned i = 0; i < TREE_FAN; i++) {
			bounds[2 * TREE_FAN * w + i] = i == 3 ? UINT32_MAX : 0;
			bounds[2 * TREE_FAN * w + TREE_FAN + i] = i == 3 ? 0 : UINT32_MAX;
		}
	}
	CHECK_EQ_U(box_kernel_plain.node_mask(&key, bounds, 8), 0xffff & ~(1u << 3));
	bounds[2 * TREE_FAN * 7 + 5] = 107;
	bounds[2 * TREE_FAN * 7 + 6] = 108;
	bounds[2 * TREE_FAN * 0 + TREE_FAN + 7] = 100;
	bounds[2 * TREE_FAN * 0 + TREE_FAN + 8] = 99;
	CHECK_EQ_U(box_kernel_plain.node_mask(&key, bounds, 8),
		   0xffff & ~(1u << 3 | 1u << 6 | 1u << 8));
}

TEST(a_rule_holds_a_key_only_if_each_word_lies_between_its_bounds_ends_included)
{
	for (unsigned w = 0; w < 8; w++)
		lo[w] = hi[w] = key.words[w] = w;
	CHECK(box_kernel_plain.rule_holds(&key, lo, hi, 8));
	hi[7] = 6;
	CHECK(!box_kernel_plain.rule_holds(&key, lo, hi, 8));
	hi[7] = lo[7] = 8;
	CHECK(!box_kernel_plain.rule_holds(&key, lo, hi, 8));
}

TEST(vectors_of_sixteen_bytes_agree_with_plain_c)
{
	compare_with_plain(&box_kernel_vec16);
}

#if defined(__x86_64__)
TEST(avx2_agrees_with_plain_c)
{
	if (__builtin_cpu_supports("avx2"))
		compare_with_plain(&box_kernel_avx2);
	else
		printf("ok - avx2 # SKIP this processor has no AVX2\n");
}

TEST(avx512_agrees_with_plain_c)
{
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))
		compare_with_plain(&box_kernel_avx512);
	else
		printf("ok - avx512 # SKIP this processor has no AVX-512\n");
}
#endif
