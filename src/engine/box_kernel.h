/* SPDX-License-Identifier: MIT */
/*
 * box_kernel - is a key inside a box: sixteen children of a tree's node at once, or one rule.
 *
 * For tree_walk.h and cells_walk.h, inside a file that is compiled once for each instruction set.
 * BOX_BYTES says how wide a vector is: 0 (or nothing) is plain C, 16 any processor's (SSE2, NEON),
 * 32 AVX2, 64 AVX-512.  All say the same as plain C; tests compare them.  A node's words are looked
 * at until no child is left, the most used fields first.  No memory, any thread.
 */
#pragma once

#include "engine/tree.h"

#ifndef BOX_BYTES
#define BOX_BYTES 0
#endif

#if BOX_BYTES >= 16 && defined(__x86_64__)
#include <immintrin.h>
#elif BOX_BYTES >= 16 && defined(__aarch64__)
#include <arm_neon.h>
#endif

/*
 * A bit for each child whose box holds the key; none for those past the last.  bounds are those of
 * struct tree_node, words is 8 or 16.
 */
static inline uint32_t box_node_mask(const struct key *key, const uint32_t *bounds, unsigned words);

/* lo and hi are those of a rule, so aligned to RULE_ALIGN. */
static inline bool box_rule_holds(const struct key *key, const uint32_t *lo, const uint32_t *hi,
				  unsigned words);

#if BOX_BYTES == 0

static inline uint32_t box_word_mask(uint32_t key, const uint32_t *bounds)
{
	uint32_t mask = 0;

	for (unsigned i = 0; i < TREE_FAN; i++)
		mask |= (uint32_t)(bounds[i] <= key && key <= bounds[TREE_FAN + i]) << i;
	return mask;
}

static inline bool box_rule_holds(const struct key *key, const uint32_t *lo, const uint32_t *hi,
				  unsigned words)
{
	for (unsigned w = 0; w < words; w++)
		if (key->words[w] < lo[w] || key->words[w] > hi[w])
			return false;
	return true;
}

#elif BOX_BYTES == 64

static inline uint32_t box_node_mask(const struct key *key, const uint32_t *bounds, unsigned words)
{
	__mmask16 mask = 0xffff;

	for (unsigned w = 0; w < words && mask; w++) {
		const uint32_t *b = bounds + w * 2 * TREE_FAN;
		const __m512i k = _mm512_set1_epi32((int)key->words[w]);

		mask = _mm512_mask_cmple_epu32_mask(mask, _mm512_load_si512(b), k);
		mask = _mm512_mask_cmpge_epu32_mask(mask, _mm512_load_si512(b + TREE_FAN), k);
	}
	return mask;
}

static inline bool box_rule_holds(const struct key *key, const uint32_t *lo, const uint32_t *hi,
				  unsigned words)
{
	unsigned out = 0;

	for (unsigned w = 0; w < words; w += 8) {
		const __m256i k = _mm256_load_si256((const void *)(key->words + w));

		out |= _mm256_cmplt_epu32_mask(k, _mm256_load_si256((const void *)(lo + w)));
		out |= _mm256_cmpgt_epu32_mask(k, _mm256_load_si256((const void *)(hi + w)));
	}
	return out == 0;
}

#else

/* Lanes are 32-bit numbers; a comparison makes a lane all ones or zero. */
typedef uint32_t box_vec __attribute__((vector_size(BOX_BYTES)));
#define BOX_LANES (BOX_BYTES / 4u)
#define BOX_VECS  (TREE_FAN / BOX_LANES) /* of a word's lower bounds in a node */
#define BOX_ALL	  ((1u << BOX_LANES) - 1)

/* A bit for each lane; a lane is all ones or zero. */
static inline uint32_t box_lane_bits(box_vec v)
{
#if defined(__x86_64__) && BOX_BYTES == 32
	return (uint32_t)_mm256_movemask_ps((__m256)v);
#elif defined(__x86_64__)
	return (uint32_t)_mm_movemask_ps((__m128)v);
#else
	return vaddvq_u32((uint32x4_t)(v & (box_vec){1, 2, 4, 8}));
#endif
}

static inline box_vec box_load(const uint32_t *p)
{
	return *(const box_vec *)p;
}

/* Where lo <= key <= hi. */
static inline box_vec box_between(box_vec key, box_vec lo, box_vec hi)
{
	return (box_vec)((key >= lo) & (key <= hi));
}

/* Of the children from BOX_LANES * i on. */
static inline box_vec box_children(box_vec key, const uint32_t *bounds, unsigned i)
{
	const uint32_t *low = bounds + i * BOX_LANES;

	return box_between(key, box_load(low), box_load(low + TREE_FAN));
}

#if defined(__aarch64__)

/* Asking a vector for its bits is dear here: all four have different ones and are asked together.
 */
static inline uint32_t box_word_mask(uint32_t key, const uint32_t *bounds)
{
	const box_vec k = key - (box_vec){0}, bits = {1, 2, 4, 8};
	box_vec in = {0};

#pragma GCC unroll 4
	for (unsigned i = 0; i < BOX_VECS; i++)
		in |= box_children(k, bounds, i) & bits << i * BOX_LANES;
	return vaddvq_u32((uint32x4_t)in);
}

#else

static inline uint32_t box_word_mask(uint32_t key, const uint32_t *bounds)
{
	const box_vec k = key - (box_vec){0};
	uint32_t mask = 0;

#pragma GCC unroll 4
	for (unsigned i = 0; i < BOX_VECS; i++)
		mask |= box_lane_bits(box_children(k, bounds, i)) << i * BOX_LANES;
	return mask;
}

#endif

static inline bool box_rule_holds(const struct key *key, const uint32_t *lo, const uint32_t *hi,
				  unsigned words)
{
	box_vec in = ~(box_vec){0};

	for (unsigned w = 0; w < words; w += BOX_LANES)
		in &= box_between(box_load(key->words + w), box_load(lo + w), box_load(hi + w));
	return box_lane_bits(in) == BOX_ALL;
}

#endif

#if BOX_BYTES != 64

static inline uint32_t box_node_mask(const struct key *key, const uint32_t *bounds, unsigned words)
{
	uint32_t mask = (1u << TREE_FAN) - 1;

	for (unsigned w = 0; w < words && mask; w++)
		mask &= box_word_mask(key->words[w], bounds + w * 2 * TREE_FAN);
	return mask;
}

#endif
