/* SPDX-License-Identifier: MIT */
/*
 * cache_table - keys and the verdicts found for them, in sets of four; two sets for each key.
 *
 * A key must come twice before it takes a place (a door remembers those that came once), and a
 * place in use is given up only when nobody else in its set is less in use.  Whoever comes twice
 * and not again can so displace only others of his kind, and one flow of a set that has been quiet.
 * For src/engine/flow_cache.c only; on the worker that owns it.
 */
#pragma once

#include "base/err.h"
#include "engine/cache_key.h"
#include "engine/engine.h"

#define CACHE_WAYS 4u

enum cache_flag {
	CACHE_BLOCK = 0x1,
	CACHE_VETO = 0x2,
	CACHE_HARD = 0x4,
	CACHE_CALLOUT = 0x8, /* a callout decided; its id is in the trail */
};

#define CACHE_HOT_WORDS CACHE_KEY_WORDS_MIN
/* What a hit reads. */
struct CACHELINE_ALIGNED cache_hot {
	uint64_t stamp; /* version << 16 | sublayer << 8 | flags */
	uint64_t filter_id;
	uint64_t key[CACHE_HOT_WORDS];
};
STATIC_ASSERT(sizeof(struct cache_hot) == CACHELINE, "a hit reads one line");

/* One word of a trail. */
struct cache_word {
	uint64_t filter_id;
	uint32_t callout_id;
	uint8_t sublayer;
	uint8_t flags; /* enum cache_flag */
};

#define CACHE_TRAIL 3u
/* What a hit reads when the key is long, the trail is wanted, or a callout decided. */
struct CACHELINE_ALIGNED cache_cold {
	uint64_t key[CACHE_KEY_WORDS - CACHE_HOT_WORDS];
	struct cache_word trail[CACHE_TRAIL];
	uint8_t n_trail;
};

struct cache_set {
	uint16_t tag[CACHE_WAYS]; /* of the hash, never 0; 0: free */
	uint8_t use[CACHE_WAYS];
	uint32_t unused; /* none lies in two cache lines */
};

/* Tags of keys that came once. */
struct cache_door {
	uint16_t tag[4];
};

struct cache_table {
	struct cache_set *sets;
	struct cache_hot *hot;
	struct cache_cold *cold;
	struct cache_door *door; /* as many as sets */
	uint32_t set_mask, entries;
	uint32_t turn; /* which of several equals is displaced or forgotten */
};

MUST_CHECK wfp_err cache_table_create(struct cache_table *t, uint32_t entries);
void cache_table_destroy(struct cache_table *t);
void cache_table_clear(struct cache_table *t);
size_t cache_table_bytes(const struct cache_table *t);

#define CACHE_NONE UINT32_MAX
/* The key's entry; CACHE_NONE: it has none. */
uint32_t cache_table_find(struct cache_table *t, const struct cache_key *key, unsigned words);
/* A place for a key that has none: its key is set, the rest is the caller's. */
enum cache_place { CACHE_PLACED, CACHE_AT_THE_DOOR, CACHE_FULL };
enum cache_place cache_table_place(struct cache_table *t, const struct cache_key *key,
				   unsigned words, uint32_t *entry);
/* What the entry from says, without its key. */
void cache_table_copy(struct cache_table *t, uint32_t to, uint32_t from);
