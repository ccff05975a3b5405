/* SPDX-License-Identifier: MIT */
/*
 * classify - the ways of one classify; for the files of src/engine only.
 *
 * Each as engine_classify on the snapshot s, inside the caller's RCU section; s NULL: on the
 * current one, in a section of its own.
 */
#pragma once

#include "engine/snapshot.h"
#include "engine/state.h"

struct engine_query;

/* Perhaps from the indication's cache.  query: begun on s, NULL: it makes its own. */
void engine_classify_on(struct engine *e, const struct engine_snapshot *s,
			struct engine_query *query, const struct engine_indication *ind,
			struct engine_verdict *out);

/* The part that callouts had in a verdict: they were called, or would have been if registered. */
enum classify_part {
	CLASSIFY_PART_NONE,
	CLASSIFY_PART_CACHEABLE, /* each says that its verdict may be cached */
	CLASSIFY_PART_OTHER,
};
/* Asks the policy; the trail is this one instead of the indication's, NULL: not wanted. */
enum classify_part classify_anew(struct engine *e, const struct engine_snapshot *s,
				 struct engine_query *query, const struct engine_indication *ind,
				 struct engine_trail *trail, struct engine_verdict *out);

/* With ind->cache.  In flow_cache.c, and so is what follows. */
void flow_cache_classify(struct engine *e, const struct engine_snapshot *s,
			 const struct engine_indication *ind, struct engine_verdict *out);
/* Adds what the engine's caches have counted.  caches_lock is held. */
void flow_caches_count(struct engine *e, uint64_t words[ENGINE_COUNTER_WORDS]);
/* Is there one?  Takes the lock of the list.  Any thread. */
bool flow_caches_any(struct engine *e);
struct cache_secret;
const struct cache_secret *flow_cache_secret(const struct engine_flow_cache *c);
