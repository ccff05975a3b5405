/* SPDX-License-Identifier: MIT */
/*
 * hash - SipHash-2-4, XXH3 (from its header alone) and the table that chains nodes.
 *
 * A table doubles when it holds one node per bucket.  Doubling splits each chain in two and keeps
 * the order inside, so what was inserted last is still found first.
 */
#include "base/hash.h"

#include "base/mem.h"

#include <endian.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define BUCKETS_MIN 8u

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t x, unsigned by)
{
	return (x << by) | (x >> (64 - by));
}

static void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static void sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	sip_round(s);
	s->v0 ^= word;
}

static uint64_t load_le64(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return le64toh(word);
}

uint64_t hash_siphash(const uint8_t key[16], const void *data, size_t len)
{
	const uint64_t k0 = load_le64(key), k1 = load_le64(key + 8);
	struct sip s = {
		.v0 = k0 ^ UINT64_C(0x736F6D6570736575),
		.v1 = k1 ^ UINT64_C(0x646F72616E646F6D),
		.v2 = k0 ^ UINT64_C(0x6C7967656E657261),
		.v3 = k1 ^ UINT64_C(0x7465646279746573),
	};
	const uint8_t *p = data;
	uint8_t tail[8] = {0};
	size_t left;

	for (left = len; left >= 8; left -= 8, p += 8)
		sip_word(&s, load_le64(p));
	if (left > 0)
		memcpy(tail, p, left);
	tail[7] = (uint8_t)len;
	sip_word(&s, load_le64(tail));
	s.v2 ^= 0xFF;
	for (unsigned i = 0; i < 4; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t hash_bytes(uint64_t seed, const void *data, size_t len)
{
	return XXH3_64bits_withSeed(data, len, seed);
}

uint64_t hash_u64(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
	return x ^ (x >> 31);
}

wfp_err htable_init(struct htable *t, size_t expected)
{
	struct hnode **buckets;
	size_t n = BUCKETS_MIN;

	while (n < expected && n <= SIZE_MAX / 4)
		n *= 2;
	buckets = mem_zalloc_array(n, sizeof(struct hnode *));
	if (!buckets)
		return ERR_NO_MEMORY;
	*t = (struct htable){.buckets = buckets, .mask = n - 1};
	return ERR_OK;
}

void htable_destroy(struct htable *t)
{
	mem_free(t->buckets);
	*t = (struct htable){0};
}

static void chain_split(struct hnode *chain, uint64_t bit, struct hnode **low, struct hnode **high)
{
	for (; chain; chain = chain->next) {
		struct hnode ***side = (chain->hash & bit) ? &high : &low;

		**side = chain;
		*side = &chain->next;
	}
	*low = NULL;
	*high = NULL;
}

static void htable_grow(struct htable *t)
{
	size_t n = t->mask + 1;
	struct hnode **buckets = mem_zalloc_array(n, 2 * sizeof(struct hnode *));

	if (!buckets)
		return;
	for (size_t i = 0; i < n; i++)
		chain_split(t->buckets[i], n, &buckets[i], &buckets[i + n]);
	mem_free(t->buckets);
	t->buckets = buckets;
	t->mask = 2 * n - 1;
}

void htable_insert(struct htable *t, struct hnode *node, uint64_t hash)
{
	struct hnode **bucket;

	if (t->count > t->mask)
		htable_grow(t);
	bucket = &t->buckets[hash & t->mask];
	node->hash = hash;
	node->next = *bucket;
	*bucket = node;
	t->count++;
}

void htable_remove(struct htable *t, struct hnode *node)
{
	struct hnode **link = &t->buckets[node->hash & t->mask];

	while (*link != node) {
		BUG_ON(!*link);
		link = &(*link)->next;
	}
	*link = node->next;
	node->next = NULL;
	t->count--;
}

static struct hnode *chain_find(struct hnode *node, uint64_t hash)
{
	while (node && node->hash != hash)
		node = node->next;
	return node;
}

struct hnode *htable_first(const struct htable *t, uint64_t hash)
{
	return chain_find(t->buckets[hash & t->mask], hash);
}

struct hnode *htable_next(const struct hnode *node)
{
	return chain_find(node->next, node->hash);
}

struct hnode *htable_walk(const struct htable *t, const struct hnode *after)
{
	size_t i = 0;

	if (after) {
		if (after->next)
			return after->next;
		i = (after->hash & t->mask) + 1;
	}
	for (; i <= t->mask; i++)
		if (t->buckets[i])
			return t->buckets[i];
	return NULL;
}
