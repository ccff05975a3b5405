/* SPDX-License-Identifier: MIT */
/*
 * What the flow cache holds, what makes it let go, and who cannot make it.
 */
#include "cache_kit.h"

#include "engine/classify.h"
#include "engine/cache_key.h"

#define BLOCK  MODEL_ACTION_BLOCK
#define PERMIT MODEL_ACTION_PERMIT

TEST(a_flow_is_asked_for_twice_and_found_from_then_on)
{
	uint64_t filter;

	cache_begin(64);
	filter = cache_filter_with(1, 1, BLOCK, "IP_REMOTE_PORT", cache_u16(80));
	CHECK(!cache_hits(1, 80));
	CHECK(!cache_hits(1, 80));
	CHECK(cache_hits(1, 80));
	CHECK_EQ_U(cache_packet(1, 80).filter_id, filter);
	CHECK_EQ_U(cache_packet(1, 80).outcome, ENGINE_BLOCK);
	cache_end();
}

TEST(what_no_filter_looks_at_is_not_in_the_key)
{
	cache_begin(64);
	cache_filter_with(1, 1, BLOCK, "IP_REMOTE_PORT", cache_u16(80));
	cache_establish(1, 80);
	CHECK(cache_hits(2, 80));
	CHECK(!cache_hits(2, 81));
	cache_end();
}

TEST(a_changed_filter_takes_away_only_what_it_matches)
{
	uint64_t filter;

	cache_begin(64);
	cache_filter_with(1, 1, BLOCK, "IP_REMOTE_PORT", cache_u16(80));
	cache_establish(1, 80);
	cache_establish(1, 81);
	filter = cache_filter_with(2, 1, BLOCK, "IP_REMOTE_PORT", cache_u16(81));
	CHECK(cache_hits(1, 80));
	CHECK_EQ_U(cache_stats().revalidated, 1);
	CHECK(cache_hits(1, 80));
	CHECK_EQ_U(cache_stats().revalidated, 1);
	CHECK_EQ_U(cache_packet(1, 81).filter_id, filter);
	CHECK(cache_hits(1, 81));
	kit_remove(filter);
	CHECK(cache_hits(1, 80));
	CHECK(!cache_hits(1, 81));
	CHECK_EQ_U(cache_packet(1, 81).outcome, ENGINE_PERMIT);
	cache_end();
}

TEST(a_filter_on_another_field_takes_away_only_what_it_matches)
{
	cache_begin(64);
	cache_filter_with(1, 1, BLOCK, "IP_REMOTE_PORT", cache_u16(80));
	cache_establish(1, 80);
	cache_filter_with(2, 1, BLOCK, "IP_LOCAL_PORT", cache_u16(7));
	CHECK(cache_hits(1, 80));
	CHECK(!cache_hits(7, 80));
	cache_end();
}

TEST(a_filter_of_another_layer_takes_nothing_away)
{
	cache_begin(64);
	cache_filter(1, 1, BLOCK);
	cache_establish(1, 80);
	kit_filter(1, 1, BLOCK, 0);
	CHECK(cache_hits(1, 80));
	CHECK_EQ_U(cache_stats().revalidated, 0);
	cache_end();
}

static void replace_filter_on_port(unsigned port)
{
	kit_remove(cache_filter_with(2, 1, BLOCK, "IP_REMOTE_PORT", cache_u16(port)));
}

TEST(what_is_older_than_the_remembered_changes_is_classified_anew)
{
	cache_begin(64);
	cache_filter_with(1, 1, BLOCK, "IP_REMOTE_PORT", cache_u16(80));
	cache_establish(1, 80);
	for (unsigned i = 0; i < 128; i++)
		replace_filter_on_port(1000);
	CHECK(cache_hits(1, 80));
	for (unsigned i = 0; i < 129; i++)
		replace_filter_on_port(1000);
	CHECK(!cache_hits(1, 80));
	CHECK(cache_hits(1, 80));
	cache_end();
}

TEST(another_order_of_the_sublayers_takes_everything_away)
{
	const struct model_sublayer s = {kit_sublayer_key(1), 9};

	cache_begin(64);
	cache_filter_with(1, 1, BLOCK, "IP_REMOTE_PORT", cache_u16(80));
	cache_establish(1, 80);
	CHECK_OK(engine_commit(kit,
			       &(struct engine_delta){.add_sublayers = &s, .n_add_sublayers = 1}));
	CHECK(!cache_hits(1, 80));
	CHECK_EQ_U(cache_packet(1, 80).sublayer_weight, 9);
	cache_end();
}

/* ---- what is not cached ---------------------------------------------------------------------- */

TEST(a_value_without_a_key_is_not_cached_but_its_absence_is)
{
	struct model_blob blob = {1, (uint8_t[]){7}};
	const struct model_value v = {MODEL_BYTE_BLOB_TYPE, {.blob = &blob}};

	cache_begin(64);
	cache_filter_with(1, 1, BLOCK, "IPSEC_SECURITY_REALM_ID", v);
	cache_establish(1, 80);
	CHECK_EQ_U(cache_packet(1, 80).outcome, ENGINE_PERMIT);
	kit_set("IPSEC_SECURITY_REALM_ID", v);
	for (unsigned i = 0; i < 4; i++)
		CHECK(!cache_hits(1, 80));
	CHECK_EQ_U(cache_packet(1, 80).outcome, ENGINE_BLOCK);
	cache_end();
}

TEST(a_reauthorization_is_always_asked)
{
	cache_begin(64);
	cache_filter(1, 1, BLOCK);
	cache_establish(1, 80);
	kit_ind.reauthorize = true;
	CHECK(!cache_hits(1, 80));
	cache_end();
}

static const struct engine_callout_ops without_contexts = {.classify = kit_classify_fn};

static void register_with(struct kit_script *s, uint32_t flags,
			  const struct engine_callout_ops *ops)
{
	const struct engine_callout_desc desc = {
		.key = s->key, .flags = flags, .driver = 1, .name = "kit", .ops = ops, .ctx = s};

	CHECK_OK(engine_callout_register(kit, &desc, &s->id));
}

TEST(a_callout_is_asked_each_time)
{
	struct kit_script s = kit_answer(1, BLOCK);

	cache_begin(64);
	register_with(&s, 0, &without_contexts);
	cache_callout_filter(1, &s.key);
	for (unsigned i = 1; i <= 5; i++) {
		CHECK(!cache_hits(1, 80));
		CHECK_EQ_U(s.calls, i);
	}
	kit_unregister(&s);
	cache_end();
}

TEST(a_callout_that_allows_it_is_not_asked_again)
{
	struct kit_script s = kit_answer(1, BLOCK);

	cache_begin(64);
	register_with(&s, ENGINE_CALLOUT_VERDICT_CACHEABLE, &without_contexts);
	cache_callout_filter(1, &s.key);
	cache_establish(1, 80);
	CHECK_EQ_U(s.calls, 2);
	CHECK_EQ_U(cache_packet(1, 80).callout_id, s.id);
	CHECK_EQ_U(cache_packet(1, 80).outcome, ENGINE_BLOCK);
	kit_unregister(&s);
	cache_end();
}

TEST(a_callout_is_asked_about_each_packet_that_differs_in_any_value)
{
	struct kit_script s = kit_answer(1, BLOCK);

	cache_begin(64);
	register_with(&s, ENGINE_CALLOUT_VERDICT_CACHEABLE, &without_contexts);
	cache_callout_filter(1, &s.key);
	cache_establish(1, 80);
	CHECK(!cache_hits(2, 80));
	kit_unregister(&s);
	cache_end();
}

TEST(what_a_callout_said_goes_with_it)
{
	struct kit_script s = kit_answer(1, PERMIT);

	cache_begin(64);
	register_with(&s, ENGINE_CALLOUT_VERDICT_CACHEABLE, &without_contexts);
	cache_callout_filter(1, &s.key);
	cache_establish(1, 80);
	kit_unregister(&s);
	for (unsigned i = 0; i < 4; i++) {
		CHECK(!cache_hits(1, 80));
		CHECK_EQ_U(cache_packet(1, 80).outcome, ENGINE_BLOCK);
	}
	s.action = PERMIT;
	register_with(&s, ENGINE_CALLOUT_VERDICT_CACHEABLE, &without_contexts);
	CHECK_EQ_U(cache_packet(1, 80).outcome, ENGINE_PERMIT);
	kit_unregister(&s);
	cache_end();
}

TEST(a_callout_with_flow_contexts_is_asked_each_time)
{
	static const struct engine_callout_ops with_contexts = {.classify = kit_classify_fn,
								.flow_delete = kit_flow_delete_fn};
	struct kit_script s = kit_answer(1, BLOCK);

	cache_begin(64);
	register_with(&s, ENGINE_CALLOUT_VERDICT_CACHEABLE, &with_contexts);
	cache_callout_filter(1, &s.key);
	for (unsigned i = 0; i < 4; i++)
		CHECK(!cache_hits(1, 80));
	kit_unregister(&s);
	cache_end();
}

TEST(an_absorbed_packet_is_not_cached)
{
	struct kit_script s = kit_answer(1, BLOCK);

	cache_begin(64);
	s.flags = ENGINE_OUT_ABSORB;
	register_with(&s, ENGINE_CALLOUT_VERDICT_CACHEABLE, &without_contexts);
	cache_callout_filter(1, &s.key);
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ_U(cache_packet(1, 80).outcome, ENGINE_ABSORB);
	CHECK_EQ_U(s.calls, 4);
	kit_unregister(&s);
	cache_end();
}

/* ---- who spoke ------------------------------------------------------------------------------- */

TEST(the_trail_of_a_hit_is_the_trail_of_the_classify)
{
	struct engine_trail first = {0}, again = {0};
	uint64_t permits, blocks;

	cache_begin(64);
	permits = cache_filter(2, 1, PERMIT);
	blocks = cache_filter(1, 1, BLOCK);
	kit_ind.trail = &first;
	(void)cache_packet(1, 80);
	kit_ind.trail = NULL;
	cache_establish(1, 80);
	kit_ind.trail = &again;
	CHECK(cache_hits(1, 80));
	CHECK_EQ_U(again.n, 2);
	CHECK_EQ_U(again.words[0].filter_id, permits);
	CHECK_EQ_U(again.words[1].filter_id, blocks);
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ_U(again.words[i].filter_id, first.words[i].filter_id);
		CHECK_EQ_U(again.words[i].action, first.words[i].action);
		CHECK_EQ_U(again.words[i].hard, first.words[i].hard);
		CHECK(guid_equal(&again.words[i].sublayer, &first.words[i].sublayer));
	}
	cache_end();
}

TEST(a_trail_that_is_too_long_is_not_cached)
{
	cache_begin(64);
	for (uint16_t i = 1; i <= 4; i++) {
		kit_sublayer(i);
		cache_filter(i, 1, PERMIT);
	}
	for (unsigned i = 0; i < 4; i++)
		CHECK(!cache_hits(1, 80));
	cache_end();
}

TEST(hits_count_as_classifies_and_stay_counted)
{
	struct engine_counters n;

	cache_begin(64);
	cache_filter(1, 1, BLOCK);
	for (unsigned i = 0; i < 5; i++)
		(void)cache_packet(1, 80);
	engine_counters_get(kit, &n);
	CHECK_EQ_U(n.classifies, 5);
	CHECK_EQ_U(n.blocks, 5);
	CHECK_EQ_U(n.cache_hits, 3);
	CHECK_EQ_U(n.cache_misses, 2);
	engine_flow_cache_destroy(cache);
	cache = NULL;
	engine_counters_get(kit, &n);
	CHECK_EQ_U(n.classifies, 5);
	CHECK_EQ_U(n.cache_hits, 3);
	cache_end();
}

TEST(each_start_has_another_secret)
{
	struct engine_flow_cache *other;

	cache_begin(64);
	CHECK_OK(engine_flow_cache_create(&other, kit, 64));
	CHECK(memcmp(flow_cache_secret(cache), flow_cache_secret(other),
		     sizeof(struct cache_secret)) != 0);
	engine_flow_cache_destroy(other);
	cache_end();
}

/* ---- bounds ---------------------------------------------------------------------------------- */

/* All flows that find a place at all. */
static unsigned settle(unsigned flows)
{
	unsigned hits = 0;

	for (unsigned round = 0; round < 8; round++)
		for (unsigned i = 0; i < flows; i++)
			hits += cache_hits(i, 1) && round == 7;
	return hits;
}

static unsigned count_hits(unsigned flows)
{
	unsigned hits = 0;

	for (unsigned i = 0; i < flows; i++)
		hits += cache_hits(i, 1);
	return hits;
}

#define SCAN_FLOWS 256u

static void begin_scan(void)
{
	cache_begin(1024);
	cache_filter_with(1, 1, PERMIT, "IP_LOCAL_PORT", cache_u16(1));
	cache_filter_with(1, 2, BLOCK, "IP_REMOTE_PORT", cache_u16(80));
}

TEST(a_port_scan_evicts_no_established_flow)
{
	unsigned established;

	begin_scan();
	established = settle(SCAN_FLOWS);
	CHECK(established > SCAN_FLOWS * 9 / 10);
	for (unsigned port = 2; port < 50000; port++)
		(void)cache_packet(60000, port);
	CHECK(count_hits(SCAN_FLOWS) >= established);
	cache_end();
}

/* Each flow of the flood shows up to `times` packets at the layer and then never again. */
static void flood(unsigned times)
{
	for (unsigned port = 2; port < 50000; port++) {
		for (unsigned i = 0; i < times; i++)
			(void)cache_packet(60000, port);
		if (port % 64 == 0)
			(void)count_hits(SCAN_FLOWS);
	}
}

TEST(half_open_floods_evict_no_flow_that_goes_on)
{
	unsigned established;

	begin_scan();
	established = settle(SCAN_FLOWS);
	flood(2);
	CHECK(count_hits(SCAN_FLOWS) >= established - SCAN_FLOWS / 50);
	flood(3);
	CHECK(count_hits(SCAN_FLOWS) >= established - SCAN_FLOWS / 50);
	cache_end();
}

TEST(new_flows_take_the_places_of_those_that_have_ended)
{
	begin_scan();
	(void)settle(1024);
	for (unsigned round = 0; round < 40; round++)
		for (unsigned i = 0; i < 512; i++)
			(void)cache_packet(i, 1000);
	for (unsigned i = 0, hits = 0; i < 512; i++) {
		hits += cache_hits(i, 1000);
		CHECK(i < 511 || hits > 512 * 7 / 10);
	}
	cache_end();
}

TEST(a_cache_takes_no_memory_after_it_was_made)
{
	uint64_t live;

	cache_begin(1024);
	cache_filter_with(1, 1, PERMIT, "IP_LOCAL_PORT", cache_u16(1));
	live = mem_live();
	(void)settle(2000);
	CHECK_EQ_U(mem_live(), live);
	CHECK(engine_flow_cache_bytes(cache) < 1024 * 300 + 200 * 1024);
	cache_end();
}

TEST(more_sublayers_than_the_cache_can_name_empty_it_and_nothing_else)
{
	cache_begin(4096);
	for (uint16_t i = 1; i <= 400; i++) {
		kit_sublayer(i);
		cache_filter_with(i, 1, BLOCK, "IP_REMOTE_PORT", cache_u16(i));
	}
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 1; i <= 400; i++)
			CHECK_EQ_U(cache_packet(1, i).sublayer_weight, i);
	CHECK(cache_stats().flushes > 0);
	cache_end();
}

TEST(creating_a_cache_survives_every_lack_of_memory)
{
	kit_begin();
	for (uint64_t nth = 1;; nth++) {
		struct engine_flow_cache *c = NULL;
		wfp_err err;

		mem_fail_at(nth);
		err = engine_flow_cache_create(&c, kit, 64);
		mem_fail_at(0);
		if (!err) {
			engine_flow_cache_destroy(c);
			break;
		}
		CHECK_EQ_U(err, ERR_NO_MEMORY);
		CHECK(!c);
	}
	kit_end();
}
