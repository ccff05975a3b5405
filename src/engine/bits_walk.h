/* SPDX-License-Identifier: MIT */
/*
 * bits_walk - searching rows of bits: the interval of each word, its row, the first common bits.
 *
 * Included by each translation unit that searches, so that it is compiled for each instruction set.
 * A search has no branch that depends on the packet until the first bit is found, and the words'
 * searches do not wait for each other.  Inside an RCU section or by the holder of the turn; no
 * lock, no memory.
 */
#pragma once

#include "engine/bits.h"
#include "engine/box_kernel.h"
#include "engine/walk.h"

/* How many of a node's ends are below x. */
static inline uint32_t bits_node_rank(const int32_t *ends, int32_t x)
{
#if BOX_BYTES == 64
	return (uint32_t)__builtin_popcount(
		_mm512_cmplt_epi32_mask(_mm512_load_si512(ends), _mm512_set1_epi32(x)));
#elif BOX_BYTES == 32
	const __m256i *half = (const __m256i *)ends;
	const __m256i k = _mm256_set1_epi32(x);
	const __m256i below =
		_mm256_packs_epi32(_mm256_cmpgt_epi32(k, _mm256_load_si256(half)),
				   _mm256_cmpgt_epi32(k, _mm256_load_si256(half + 1)));

	return (uint32_t)__builtin_popcount((uint32_t)_mm256_movemask_epi8(below)) / 2;
#else
	uint32_t n = 0;

	for (unsigned i = 0; i < BITS_FAN; i++)
		n += ends[i] < x;
	return n;
#endif
}

/* The row of the interval that the value lies in.  n_levels is that of the word, as a constant. */
static inline __attribute__((always_inline)) const uint64_t *
bits_row_of(const struct bits_word *w, uint32_t value, unsigned n_levels)
{
	const int32_t x = (int32_t)(value ^ BITS_BIAS);
	uint32_t node = 0;

	for (unsigned i = 0; i + 1 < n_levels; i++)
		node = node * (BITS_FAN + 1) +
		       bits_node_rank(w->levels[i] + (size_t)node * BITS_FAN, x);
	node = node * BITS_FAN +
	       bits_node_rank(w->levels[n_levels - 1] + (size_t)node * BITS_FAN, x);
	return w->rows + (size_t)w->row[node] * BITS_BLOCK;
}

static inline const uint64_t *bits_row(const struct bits_word *w, const uint32_t *key)
{
	const uint32_t value = key[w->word];

	if (w->n_levels == 1)
		return bits_row_of(w, value, 1);
	return w->n_levels == 2 ? bits_row_of(w, value, 2) : bits_row_of(w, value, 3);
}

/* The rules whose box holds the key, as far as they have not been looked at. */
struct bits_hits {
	_Alignas(BITS_BLOCK * sizeof(uint64_t)) uint64_t left[BITS_ROW];
	uint32_t some; /* bit i: left[i] is not 0 */
};

/* ANDs all rows, which have so many blocks: a constant, so that they stay in registers. */
static inline __attribute__((always_inline)) void bits_and_blocks(struct bits_hits *h,
								  const struct bits *b,
								  const uint64_t *const *rows,
								  unsigned blocks)
{
	uint32_t some = 0;
#if BOX_BYTES >= 32
	__m256i all[BITS_ROW / BITS_BLOCK];

	for (unsigned i = 0; i < blocks; i++)
		all[i] = _mm256_set1_epi64x(-1);
	for (unsigned w = 0; w < b->n_words; w++)
		for (unsigned i = 0; i < blocks; i++)
			all[i] = _mm256_and_si256(all[i],
						  _mm256_load_si256((const __m256i *)rows[w] + i));
	for (unsigned i = 0; i < blocks; i++) {
		const __m256i left =
			_mm256_and_si256(all[i], _mm256_load_si256((const __m256i *)b->alive + i));
		const __m256i none = _mm256_cmpeq_epi64(left, _mm256_setzero_si256());

		_mm256_store_si256((__m256i *)h->left + i, left);
		some |= (0xf ^ (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(none)))
			<< i * BITS_BLOCK;
	}
#else
	for (unsigned i = 0; i < blocks * BITS_BLOCK; i++) {
		h->left[i] = b->alive[i];
		for (unsigned w = 0; w < b->n_words; w++)
			h->left[i] &= rows[w][i];
		some |= (uint32_t)(h->left[i] != 0) << i;
	}
#endif
	h->some = some;
}

static inline void bits_and(struct bits_hits *h, const struct bits *b, const uint64_t *const *rows)
{
	if (b->blocks == 1)
		bits_and_blocks(h, b, rows, 1);
	else if (b->blocks == 2)
		bits_and_blocks(h, b, rows, 2);
	else
		bits_and_blocks(h, b, rows, 4);
}

static inline void bits_find(struct bits_hits *h, const struct bits *b, const uint32_t *key)
{
	const uint64_t *rows[KEY_WORDS_MAX];

	for (unsigned w = 0; w < b->n_words; w++)
		rows[w] = bits_row(&b->words[w], key);
	bits_and(h, b, rows);
}

/* Forgets the bits before this one. */
static inline void bits_skip(struct bits_hits *h, unsigned bit)
{
	const unsigned i = bit / 64;

	h->some &= UINT32_MAX << i;
	if (h->some >> i & 1) {
		h->left[i] &= UINT64_MAX << bit % 64;
		h->some &= ~((uint32_t)(h->left[i] == 0) << i);
	}
}

/* Takes out the first bit, which is there. */
static inline unsigned bits_take(struct bits_hits *h)
{
	const unsigned i = (unsigned)__builtin_ctz(h->some);
	const unsigned bit = i * 64 + (unsigned)__builtin_ctzll(h->left[i]);

	h->left[i] &= h->left[i] - 1;
	h->some &= ~((uint32_t)(h->left[i] == 0) << i);
	return bit;
}

/* The next rule that matches, if it is before `than` (NULL: any); NULL: none. */
static inline const struct index_rule *bits_next(struct bits_hits *h, const struct bits *b,
						 const struct index_query *q,
						 const struct index_rule *than)
{
	while (h->some) {
		const unsigned bit = bits_take(h);
		const struct index_rule *r;

		if (than && !rule_before(b->orders[bit], than->order))
			return NULL;
		r = b->rules[bit];
		if (walk_confirms(r, b->exact[bit / 64] >> bit % 64 & 1, q))
			return r;
	}
	return NULL;
}

/* Can there be a rule that is before best? */
static inline bool bits_worth(const struct bits *b, const struct index_rule *best)
{
	return !best || rule_before(b->best, best->order);
}

/* What matches and is strictly below (NULL: all). */
static inline void bits_search(struct bits_hits *h, const struct bits *b,
			       const struct index_query *q, const struct rule_order *below)
{
	bits_find(h, b, q->key->words);
	if (below)
		bits_skip(h, bits_after(b, *below));
}

/* The best matching rule strictly below, or best (NULL: none) if that is before. */
static inline const struct index_rule *bits_best(const struct bits *b, const struct index_query *q,
						 const struct rule_order *below,
						 const struct index_rule *best)
{
	const struct index_rule *found;
	struct bits_hits h;

	if (!bits_worth(b, best))
		return best;
	bits_search(&h, b, q, below);
	found = bits_next(&h, b, q, best);
	return found ? found : best;
}

/* The word's row for each query. */
static inline __attribute__((always_inline)) void
bits_burst_word(const struct bits *b, unsigned word, unsigned n_levels,
		const struct index_query *const *q, unsigned n,
		const uint64_t *rows[][KEY_WORDS_MAX])
{
	const struct bits_word w = b->words[word];
	const unsigned last = (b->blocks - 1) * BITS_BLOCK;

	for (unsigned i = 0; i < n; i++) {
		const uint64_t *row = bits_row_of(&w, q[i]->key->words[w.word], n_levels);

		__builtin_prefetch(row);
		__builtin_prefetch(row + last);
		rows[i][word] = row;
	}
}

/* One word after the other: no query waits for another. */
static inline void bits_burst_rows(const struct bits *b, const struct index_query *const *q,
				   unsigned n, const uint64_t *rows[][KEY_WORDS_MAX])
{
	for (unsigned w = 0; w < b->n_words; w++)
		if (b->words[w].n_levels == 1)
			bits_burst_word(b, w, 1, q, n, rows);
		else if (b->words[w].n_levels == 2)
			bits_burst_word(b, w, 2, q, n, rows);
		else
			bits_burst_word(b, w, 3, q, n, rows);
}

/* The same from the top for each of n queries; best[i] (or NULL) before and after. */
static inline void bits_burst(const struct bits *b, const struct index_query *q, unsigned n,
			      const struct index_rule **best)
{
	const uint64_t *rows[INDEX_BURST_MAX][KEY_WORDS_MAX];
	const struct index_query *asked[INDEX_BURST_MAX];
	const struct index_rule **out[INDEX_BURST_MAX];
	unsigned n_asked = 0;

	for (unsigned i = 0; i < n; i++) {
		asked[n_asked] = &q[i];
		out[n_asked] = &best[i];
		n_asked += bits_worth(b, best[i]);
	}
	bits_burst_rows(b, asked, n_asked, rows);
	for (unsigned i = 0; i < n_asked; i++) {
		const struct index_rule *found;
		struct bits_hits h;

		bits_and(&h, b, rows[i]);
		found = bits_next(&h, b, asked[i], *out[i]);
		if (found)
			*out[i] = found;
	}
}
