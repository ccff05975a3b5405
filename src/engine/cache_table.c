/* SPDX-License-Identifier: MIT */
/*
 * cache_table - see cache_table.h; on the worker that owns the table, no lock.
 */
#include "engine/cache_table.h"

#include <string.h>

#include "base/mem.h"

#define USE_MAX	  3u
#define AGE_EVERY 8u /* displacements */

static uint32_t round_up(uint32_t n)
{
	uint32_t power = CACHE_WAYS;

	while (power < n && power < 1u << 24)
		power *= 2;
	return power;
}

wfp_err cache_table_create(struct cache_table *t, uint32_t entries)
{
	const uint32_t n = round_up(entries);

	*t = (struct cache_table){.entries = n, .set_mask = n / CACHE_WAYS - 1};
	t->sets = mem_zalloc_aligned(CACHELINE, n / CACHE_WAYS * sizeof(*t->sets));
	t->hot = mem_zalloc_aligned(CACHELINE, n * sizeof(*t->hot));
	t->cold = mem_zalloc_aligned(CACHELINE, n * sizeof(*t->cold));
	t->door = mem_zalloc_array(n / CACHE_WAYS, sizeof(*t->door));
	if (t->sets && t->hot && t->cold && t->door)
		return ERR_OK;
	cache_table_destroy(t);
	return ERR_NO_MEMORY;
}

void cache_table_destroy(struct cache_table *t)
{
	mem_free(t->sets);
	mem_free(t->hot);
	mem_free(t->cold);
	mem_free(t->door);
}

void cache_table_clear(struct cache_table *t)
{
	memset(t->sets, 0, (t->set_mask + 1) * sizeof(*t->sets));
}

size_t cache_table_bytes(const struct cache_table *t)
{
	return (t->set_mask + 1) * (sizeof(*t->sets) + sizeof(*t->door)) +
	       t->entries * (sizeof(*t->hot) + sizeof(*t->cold));
}

/* Two sets for each key: few keys find both full before the table is. */
static uint32_t set_of(const struct cache_table *t, uint64_t hash, unsigned choice)
{
	return (uint32_t)(choice ? hash >> 24 : hash) & t->set_mask;
}

/* Where a key is most likely to be; read ahead while the tags are compared. */
static unsigned first_way(uint64_t hash)
{
	return (unsigned)(hash >> 40) % CACHE_WAYS;
}

static uint16_t tag_of(uint64_t hash)
{
	return (uint16_t)(hash >> 48 | 1);
}

static bool has_key(const struct cache_table *t, uint32_t entry, const struct cache_key *key,
		    unsigned words)
{
	const uint64_t *hot = t->hot[entry].key, *k = key->words;
	uint64_t differs = 0;

	for (unsigned i = 0; i < CACHE_HOT_WORDS; i++)
		differs |= hot[i] ^ k[i];
	if (differs)
		return false;
	return words <= CACHE_HOT_WORDS || memcmp(t->cold[entry].key, &k[CACHE_HOT_WORDS],
						  (words - CACHE_HOT_WORDS) * sizeof(*k)) == 0;
}

static uint32_t find_in(struct cache_table *t, uint32_t set, const struct cache_key *key,
			unsigned words)
{
	struct cache_set *s = &t->sets[set];
	const uint16_t tag = tag_of(key->hash);

	for (unsigned way = 0; way < CACHE_WAYS; way++) {
		const uint32_t entry = set * CACHE_WAYS + way;

		if (s->tag[way] != tag || !has_key(t, entry, key, words))
			continue;
		if (s->use[way] < USE_MAX)
			s->use[way]++;
		return entry;
	}
	return CACHE_NONE;
}

uint32_t cache_table_find(struct cache_table *t, const struct cache_key *key, unsigned words)
{
	const uint32_t set = set_of(t, key->hash, 0);
	uint32_t entry;

	__builtin_prefetch(&t->hot[set * CACHE_WAYS + first_way(key->hash)]);
	entry = find_in(t, set, key, words);
	return LIKELY(entry != CACHE_NONE) ? entry
					   : find_in(t, set_of(t, key->hash, 1), key, words);
}

/*
 * Has it come before?  If not, the door remembers that it has come now.  Whom it forgets for that
 * is not the oldest: of five that come in turn, some would then never pass.
 */
static bool passes_door(struct cache_table *t, uint64_t hash)
{
	struct cache_door *d = &t->door[(uint32_t)(hash >> 16) & t->set_mask];
	const uint16_t tag = tag_of(hash);

	for (unsigned i = 0; i < ARRAY_LEN(d->tag); i++)
		if (d->tag[i] == tag)
			return true;
	d->tag[t->turn++ % ARRAY_LEN(d->tag)] = tag;
	return false;
}

/* A free one, the key's first way before others; else the one least in use, each in turn of
 * several.
 */
static unsigned choose_way(const struct cache_set *s, unsigned first, unsigned turn)
{
	unsigned best = turn % CACHE_WAYS;

	for (unsigned i = 0; i < CACHE_WAYS; i++) {
		const unsigned way = (first + i) % CACHE_WAYS;

		if (!s->tag[way])
			return way;
		if (s->use[way] < s->use[best])
			best = way;
	}
	return best;
}

/* Less than any use: nobody is there. */
static int in_use(const struct cache_set *s, unsigned way)
{
	return s->tag[way] ? s->use[way] : -1;
}

/* Of the key's two sets the one whose best place is less in use. */
static uint32_t choose_set(struct cache_table *t, uint64_t hash, unsigned *way)
{
	const uint32_t first = set_of(t, hash, 0), second = set_of(t, hash, 1);
	const unsigned turn = t->turn++, way_first = first_way(hash);
	const unsigned other = choose_way(&t->sets[second], way_first, turn);

	*way = choose_way(&t->sets[first], way_first, turn);
	if (in_use(&t->sets[first], *way) <= in_use(&t->sets[second], other))
		return first;
	*way = other;
	return second;
}

/* So that those that have ended make room for several new ones, not for one at a time. */
static void age(struct cache_set *s)
{
	for (unsigned way = 0; way < CACHE_WAYS; way++)
		if (s->use[way] > 0)
			s->use[way]--;
}

static void set_key(struct cache_table *t, uint32_t entry, const struct cache_key *key,
		    unsigned words)
{
	memcpy(t->hot[entry].key, key->words, sizeof(t->hot[entry].key));
	if (words > CACHE_HOT_WORDS)
		memcpy(t->cold[entry].key, &key->words[CACHE_HOT_WORDS],
		       (words - CACHE_HOT_WORDS) * sizeof(key->words[0]));
}

enum cache_place cache_table_place(struct cache_table *t, const struct cache_key *key,
				   unsigned words, uint32_t *entry)
{
	struct cache_set *s;
	unsigned way;
	uint32_t set;

	if (!passes_door(t, key->hash))
		return CACHE_AT_THE_DOOR;
	set = choose_set(t, key->hash, &way);
	s = &t->sets[set];
	if (in_use(s, way) > 0) {
		s->use[way]--;
		return CACHE_FULL;
	}
	if (s->tag[way] && t->turn % AGE_EVERY == 0)
		age(s);
	s->tag[way] = tag_of(key->hash);
	s->use[way] = 0;
	*entry = set * CACHE_WAYS + way;
	set_key(t, *entry, key, words);
	return CACHE_PLACED;
}

void cache_table_copy(struct cache_table *t, uint32_t to, uint32_t from)
{
	t->hot[to].stamp = t->hot[from].stamp;
	t->hot[to].filter_id = t->hot[from].filter_id;
	memcpy(t->cold[to].trail, t->cold[from].trail, sizeof(t->cold[to].trail));
	t->cold[to].n_trail = t->cold[from].n_trail;
}
