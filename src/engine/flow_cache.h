/* SPDX-License-Identifier: MIT */
/*
 * flow_cache - what engine_classify said lately, for one worker; docs/design/flow-cache.md.
 *
 * A worker that has one puts it into engine_indication.cache.  The verdict, the trail and the
 * counters are then the same as without, except that a callout that allows it
 * (ENGINE_CALLOUT_VERDICT_CACHEABLE) is not asked again.  Never cached: an indication with an
 * operation or with reauthorize, a verdict that any other callout had a part in, and a packet
 * with a value that has no key (cache_key.h).
 */
#pragma once

#include "engine/engine.h"

struct engine_flow_cache;

/* More than enough for 16 000 flows; 6 MiB when all of it is used. */
#define ENGINE_FLOW_CACHE_ENTRIES 32768u

/* entries: rounded up to a power of two.  Thread: any. */
MUST_CHECK wfp_err engine_flow_cache_create(struct engine_flow_cache **out, struct engine *e,
					    uint32_t entries);
/* Nobody classifies with it any more; the engine still exists.  NULL is fine. */
void engine_flow_cache_destroy(struct engine_flow_cache *c);

/* [W] the worker's own: read them on its thread. */
struct engine_flow_cache_stats {
	uint64_t hits;	      /* without a look at the policy, or after a look at what it changed */
	uint64_t revalidated; /* of them: the policy had changed */
	uint64_t misses;
	uint64_t inserted, refused; /* refused: everybody in the set is in use */
	uint64_t flushes;
};
struct engine_flow_cache_stats engine_flow_cache_stats(const struct engine_flow_cache *c);
size_t engine_flow_cache_bytes(const struct engine_flow_cache *c);
