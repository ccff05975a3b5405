/* SPDX-License-Identifier: MIT */
/*
 * cache_kit - kit.h at a layer that every packet passes, with a flow cache.
 */
#pragma once

#include "kit.h"

#include "engine/flow_cache.h"
#include "engine/trail.h"

#define CACHE_LAYER MODEL_LAYER_OUTBOUND_TRANSPORT_V4

static struct engine_flow_cache *cache;

static inline void cache_begin(uint32_t entries)
{
	kit_begin();
	kit_sublayer(1);
	kit_sublayer(2);
	CHECK_OK(engine_flow_cache_create(&cache, kit, entries));
	kit_ind.layer = CACHE_LAYER;
	kit_ind.cache = cache;
}

static inline void cache_end(void)
{
	engine_flow_cache_destroy(cache);
	kit_end();
}

static inline UNUSED struct engine_flow_cache_stats cache_stats(void)
{
	return engine_flow_cache_stats(cache);
}

static inline struct model_value cache_u16(unsigned n)
{
	return (struct model_value){MODEL_UINT16, {.u16 = (uint16_t)n}};
}

/* A packet of the flow with these ports. */
static inline UNUSED struct engine_verdict cache_packet(unsigned local, unsigned remote)
{
	kit_set("IP_LOCAL_PORT", cache_u16(local));
	kit_set("IP_REMOTE_PORT", cache_u16(remote));
	return kit_classify();
}

/* Was that one a hit? */
static inline UNUSED bool cache_hits(unsigned local, unsigned remote)
{
	const uint64_t before = cache_stats().hits;

	(void)cache_packet(local, remote);
	return cache_stats().hits == before + 1;
}

/* Twice for a place, and once more to find it. */
static inline UNUSED void cache_establish(unsigned local, unsigned remote)
{
	(void)cache_packet(local, remote);
	(void)cache_packet(local, remote);
	CHECK(cache_hits(local, remote));
}

static inline UNUSED struct model_filter cache_draft(uint16_t sublayer, uint64_t weight,
						     uint32_t action)
{
	struct model_filter draft = kit_draft(sublayer, weight, action);

	draft.layer = CACHE_LAYER;
	return draft;
}

static inline UNUSED uint64_t cache_filter_with(uint16_t sublayer, uint64_t weight, uint32_t action,
						const char *field, struct model_value v)
{
	struct model_condition c = kit_condition(field, MODEL_MATCH_EQUAL, v);
	struct model_filter draft = cache_draft(sublayer, weight, action);

	draft.conditions = &c;
	draft.n_conditions = 1;
	return kit_add(&draft);
}

static inline UNUSED uint64_t cache_filter(uint16_t sublayer, uint64_t weight, uint32_t action)
{
	struct model_filter draft = cache_draft(sublayer, weight, action);

	return kit_add(&draft);
}

static inline UNUSED uint64_t cache_callout_filter(uint16_t sublayer, const struct guid *callout)
{
	struct model_filter draft = cache_draft(sublayer, 1, MODEL_ACTION_CALLOUT_UNKNOWN);

	draft.callout = *callout;
	return kit_add(&draft);
}
