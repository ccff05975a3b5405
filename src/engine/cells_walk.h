/* SPDX-License-Identifier: MIT */
/*
 * cells_walk - searching tables of cells: hash, line, slots, rules.
 *
 * Included by each translation unit that searches, so that it is compiled for each instruction set.
 * A search has three steps, so that many can wait for memory at the same time: cells_find says
 * which line and fetches it, cells_hits reads the line and fetches the rules whose piece of the
 * hash is right, cells_test reads these.  cells_search does so for all tables of one query,
 * cells_burst for many queries.  Inside an RCU section or by the holder of the turn; no lock, no
 * memory.
 */
#pragma once

/* Who adds and removes needs no vectors. */
#ifndef BOX_BYTES
#define BOX_BYTES 0
#endif

#include "engine/box_kernel.h"
#include "engine/cells.h"
#include "engine/walk.h"

#define CELLS_TAG_BITS 31u

/*
 * A sum of products of pairs of words, each word plus a secret number modulo 2^32: two keys that
 * differ under the mask have the same sum once in 2^32 secrets, whatever the keys.  The product
 * with another secret spreads the sum over the upper bits.
 */
static inline uint64_t cells_sum(const uint32_t *mask, const uint32_t *secret, unsigned words,
				 const uint32_t *key)
{
#if BOX_BYTES >= 32
	__m256i sum = _mm256_setzero_si256();
	__m128i half;

	for (unsigned w = 0; w < words; w += 8) {
		const __m256i k = _mm256_and_si256(_mm256_load_si256((const void *)(key + w)),
						   _mm256_load_si256((const void *)(mask + w)));
		const __m256i x =
			_mm256_add_epi32(k, _mm256_load_si256((const void *)(secret + w)));

		sum = _mm256_add_epi64(sum, _mm256_mul_epu32(x, _mm256_srli_epi64(x, 32)));
	}
	half = _mm_add_epi64(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
	return (uint64_t)_mm_cvtsi128_si64(half) + (uint64_t)_mm_extract_epi64(half, 1);
#else
	uint64_t sum = 0;

	for (unsigned w = 0; w < words; w += 2)
		sum += (uint64_t)((key[w] & mask[w]) + secret[w]) *
		       ((key[w + 1] & mask[w + 1]) + secret[w + 1]);
	return sum;
#endif
}

/* Vectors want key and mask at multiples of 32 bytes. */
static inline uint32_t cells_hash(const uint32_t *mask, const struct cells_secret *secret,
				  unsigned words, const uint32_t *key)
{
	return (uint32_t)((cells_sum(mask, secret->words, words, key) * secret->spread) >> 32);
}

static inline uint32_t cells_line_number(uint32_t hash, uint32_t lines)
{
	return (uint32_t)(((uint64_t)hash * lines) >> 32);
}

/* 1 to 31, so that an empty slot is never taken for a rule. */
static inline uint32_t cells_tag(uint32_t hash)
{
	const uint32_t tag = hash & CELLS_TAG_BITS;

	return tag + !tag;
}

static inline const struct index_rule *cells_rule(uintptr_t slot)
{
	return (const struct index_rule *)(slot & ~(uintptr_t)CELLS_TAG_BITS);
}

struct cells_spot {
	const struct cells_line *line;
	uint32_t tag;
	uint32_t hits; /* bit i: slot i has the tag; cells_hits writes it */
};

static inline struct cells_spot cells_find(const struct cells *c, const uint32_t *key)
{
	const uint32_t hash = cells_hash(c->mask, &c->secret, c->words, key);
	const uint32_t n = cells_line_number(hash, c->lines);
	const struct cells_page *page = c->pages[n / CELLS_PAGE_LINES];
	const struct cells_spot spot = {&page->lines[n % CELLS_PAGE_LINES], cells_tag(hash), 0};

	__builtin_prefetch(spot.line);
	return spot;
}

static inline uint32_t cells_tagged(const struct cells_line *line, uint32_t tag)
{
#if BOX_BYTES == 64
	const __m512i slots = _mm512_load_si512(line->slots);
	const __m512i differ = _mm512_xor_si512(slots, _mm512_set1_epi64((long long)tag));

	return _mm512_testn_epi64_mask(differ, _mm512_set1_epi64(CELLS_TAG_BITS));
#elif BOX_BYTES == 32
	const __m256i *half = (const __m256i *)line->slots;
	const __m256i bits = _mm256_set1_epi64x(CELLS_TAG_BITS);
	const __m256i want = _mm256_set1_epi64x((long long)tag);
	const __m256i low =
		_mm256_cmpeq_epi64(_mm256_and_si256(_mm256_load_si256(half), bits), want);
	const __m256i high =
		_mm256_cmpeq_epi64(_mm256_and_si256(_mm256_load_si256(half + 1), bits), want);

	return (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(low)) |
	       (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(high)) << 4;
#else
	uint32_t hits = 0;

	for (unsigned i = 0; i < CELLS_SLOTS; i++)
		hits |= (uint32_t)((line->slots[i] & CELLS_TAG_BITS) == tag) << i;
	return hits;
#endif
}

/* Both lines that a rule of eight words lies on; the first candidate is nearly always the last. */
static inline void cells_hits(struct cells_spot *spot)
{
	spot->hits = cells_tagged(spot->line, spot->tag);
	if (spot->hits) {
		const struct index_rule *r =
			cells_rule(spot->line->slots[__builtin_ctz(spot->hits)]);

		__builtin_prefetch(r);
		__builtin_prefetch(r->bounds + CACHELINE / sizeof(r->bounds[0]) / 2);
	}
}

static inline bool cells_rule_matches(const struct index_rule *r, const struct index_query *q)
{
	return box_rule_holds(q->key, rule_lo(r), rule_hi(r), r->words) &&
	       walk_confirms(r, r->exact, q);
}

/* The best rule of the line that matches, is strictly below `below`, and before `best`; else
 * `best`.
 */
static inline const struct index_rule *cells_test(const struct cells_spot *spot,
						  const struct index_query *q,
						  const struct rule_order *below,
						  const struct index_rule *best)
{
	for (uint32_t hits = spot->hits; hits; hits &= hits - 1) {
		const struct index_rule *r = cells_rule(spot->line->slots[__builtin_ctz(hits)]);

		if (best && !rule_before(r->order, best->order))
			return best;
		if (below && !rule_before(*below, r->order))
			continue;
		if (cells_rule_matches(r, q))
			return r;
	}
	return best;
}

/* All of the line that match and are strictly below, in order; returns how many. */
static inline unsigned cells_collect(const struct cells_spot *spot, const struct index_query *q,
				     const struct rule_order *below,
				     const struct index_rule *out[CELLS_SLOTS])
{
	unsigned n = 0;

	for (uint32_t hits = spot->hits; hits; hits &= hits - 1) {
		const struct index_rule *r = cells_rule(spot->line->slots[__builtin_ctz(hits)]);

		if ((!below || rule_before(*below, r->order)) && cells_rule_matches(r, q))
			out[n++] = r;
	}
	return n;
}

/* Can the table have a rule that is before best? */
static inline bool cells_worth(const struct cells *c, const struct index_rule *best)
{
	return !best || !rule_before(best->order, c->best);
}

/* What all tables have for one query, whose spots have been seen to. */
static inline const struct index_rule *
cells_test_all(struct cells *const *tables, const struct cells_spot *spots, unsigned n_tables,
	       const struct index_query *q, const struct rule_order *below,
	       const struct index_rule *best)
{
	for (unsigned t = 0; t < n_tables; t++)
		if (spots[t].hits && cells_worth(tables[t], best))
			best = cells_test(&spots[t], q, below, best);
	return best;
}

/* The best matching rule of all tables that is strictly below, or best if that is before. */
static inline const struct index_rule *cells_search(struct cells *const *tables, unsigned n_tables,
						    const struct index_query *q,
						    const struct rule_order *below,
						    const struct index_rule *best)
{
	struct cells_spot spots[CELLS_TABLES_MAX];

	for (unsigned t = 0; t < n_tables; t++)
		spots[t] = cells_find(tables[t], q->key->words);
	for (unsigned t = 0; t < n_tables; t++)
		cells_hits(&spots[t]);
	return cells_test_all(tables, spots, n_tables, q, below, best);
}

/* The same from the top for each of n queries; best[i] (or NULL) before and after. */
static inline void cells_burst(struct cells *const *tables, unsigned n_tables,
			       const struct index_query *q, unsigned n,
			       const struct index_rule **best)
{
	struct cells_spot spots[INDEX_BURST_MAX][CELLS_TABLES_MAX];

	for (unsigned i = 0; i < n; i++)
		for (unsigned t = 0; t < n_tables; t++)
			spots[i][t] = cells_find(tables[t], q[i].key->words);
	for (unsigned i = 0; i < n; i++)
		for (unsigned t = 0; t < n_tables; t++)
			cells_hits(&spots[i][t]);
	for (unsigned i = 0; i < n; i++)
		best[i] = cells_test_all(tables, spots[i], n_tables, &q[i], NULL, best[i]);
}
