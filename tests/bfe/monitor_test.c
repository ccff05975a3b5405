/* SPDX-License-Identifier: MIT */
/*
 * From a worker to a subscriber: nothing waits, what is lost is counted, nobody sleeps too long.
 */
#include "events.h"
#include "stack/world.h"

#include "bfe/monitor.h"
#include "stack/sink.h"

#define CONNECT MODEL_LAYER_ALE_AUTH_CONNECT_V4

static const struct craft out = {
	.src = "10.0.0.1", .dst = "10.0.0.2", .src_port = 1111, .dst_port = 80, .hook = PACKET_OUT};

static struct bfe_monitor *monitor_of(uint32_t events, uint32_t slots)
{
	const struct bfe_monitor_config config = {
		.max_events = events, .ring_slots = slots, .max_connections = 64};
	struct bfe_monitor *m;

	CHECK_OK(bfe_monitor_create(&m, &config));
	return m;
}

static void push(struct bfe_monitor *m, uint64_t number)
{
	struct stack_sink *sink = bfe_monitor_sink(m);
	const struct model_netevent e = event_drop(number);

	sink->event(sink, &e);
}

static struct bfe_netevents_counters counters_of(struct bfe_monitor *m)
{
	struct bfe_netevents_counters c;

	bfe_netevents_counters_get(bfe_monitor_netevents(m), &c);
	return c;
}

/* ---- the ring -------------------------------------------------------------------------------- */

TEST(what_a_worker_pushes_is_there_after_the_next_drain)
{
	struct bfe_monitor *m = monitor_of(8, 8);

	CHECK(!bfe_monitor_wait_until(m, 0));
	push(m, 1);
	push(m, 2);
	CHECK(bfe_monitor_wait_until(m, 0));
	CHECK_EQ_U(counters_of(m).now, 0);
	bfe_monitor_drain(m);
	CHECK_EQ_U(counters_of(m).now, 2);
	CHECK(!bfe_monitor_wait_until(m, 0));
	bfe_monitor_destroy(m);
}

TEST(a_flood_that_nobody_drains_is_counted_and_does_not_wait)
{
	struct bfe_monitor *m = monitor_of(100, 16);

	for (uint64_t i = 0; i < 1000; i++)
		push(m, i);
	CHECK_EQ_U(bfe_monitor_dropped(m), 1000 - 16);
	bfe_monitor_drain(m);
	CHECK_EQ_U(counters_of(m).collected, 16);
	push(m, 1000);
	bfe_monitor_drain(m);
	CHECK_EQ_U(counters_of(m).collected, 17);
	bfe_monitor_destroy(m);
}

TEST(events_that_nobody_drained_are_given_back_with_the_monitor)
{
	struct bfe_monitor *m = monitor_of(8, 8);
	struct stack_sink *sink = bfe_monitor_sink(m);
	struct model_netevent e = event_drop(1);

	CHECK_OK(model_app_create(&e.app, "a", 1));
	for (unsigned i = 0; i < 12; i++)
		sink->event(sink, &e);
	CHECK_EQ_U(atom32_load(&e.app->refs), 9);
	bfe_monitor_destroy(m);
	CHECK_EQ_U(atom32_load(&e.app->refs), 1);
	model_app_put(e.app);
}

/* ---- threads --------------------------------------------------------------------------------- */

#ifdef BASE_HOST
#define PUSHES 5000u
#else
#define PUSHES 40u
#endif

struct pusher {
	struct bfe_monitor *m;
	struct thread *thread;
};

static void push_many(void *arg)
{
	const struct pusher *p = arg;

	for (uint64_t i = 0; i < PUSHES; i++)
		push(p->m, i);
}

static void count_call(void *ctx, UNUSED const struct model_netevent *e)
{
	++*(uint64_t *)ctx;
}

/* Sleeps when there is nothing, so a wake-up that is missed would never end. */
static void flood(uint32_t slots)
{
	struct bfe_monitor *m = monitor_of(8, slots);
	struct bfe_netevents *n = bfe_monitor_netevents(m);
	struct bfe_netevent_sub *sub;
	struct pusher pushers[3];
	uint64_t calls = 0;

	CHECK_OK(bfe_netevents_subscribe(n, NULL, count_call, &calls, &sub));
	for (unsigned i = 0; i < ARRAY_LEN(pushers); i++) {
		pushers[i].m = m;
		CHECK_OK(thread_start(&pushers[i].thread, "pusher", push_many, &pushers[i]));
	}
	/* The last push of each may be refused, so the end is asked for, not waited for. */
	while (calls + bfe_monitor_dropped(m) < ARRAY_LEN(pushers) * PUSHES) {
		(void)!bfe_monitor_wait_until(m, clock_now() + CLOCK_MS);
		bfe_monitor_drain(m);
	}
	for (unsigned i = 0; i < ARRAY_LEN(pushers); i++)
		thread_join(pushers[i].thread);
	CHECK_EQ_U(calls + bfe_monitor_dropped(m), ARRAY_LEN(pushers) * PUSHES);
	bfe_netevents_unsubscribe(n, sub);
	bfe_monitor_destroy(m);
}

SIM_TEST(every_event_is_heard_or_counted_as_dropped)
{
	flood(4);
}

/* With room for all of them nothing is dropped, and every push is heard although the drainer sleeps
 * without a deadline. */
SIM_TEST(no_wake_up_is_missed)
{
	struct bfe_monitor *m = monitor_of(8, 3 * PUSHES);
	struct bfe_netevents *n = bfe_monitor_netevents(m);
	struct bfe_netevent_sub *sub;
	struct pusher pushers[3];
	uint64_t calls = 0;

	CHECK_OK(bfe_netevents_subscribe(n, NULL, count_call, &calls, &sub));
	for (unsigned i = 0; i < ARRAY_LEN(pushers); i++) {
		pushers[i].m = m;
		CHECK_OK(thread_start(&pushers[i].thread, "pusher", push_many, &pushers[i]));
	}
	while (calls < ARRAY_LEN(pushers) * PUSHES) {
		CHECK(bfe_monitor_wait_until(m, CLOCK_NEVER));
		bfe_monitor_drain(m);
	}
	for (unsigned i = 0; i < ARRAY_LEN(pushers); i++)
		thread_join(pushers[i].thread);
	CHECK_EQ_U(bfe_monitor_dropped(m), 0);
	bfe_netevents_unsubscribe(n, sub);
	bfe_monitor_destroy(m);
}

/* ---- with a stack ---------------------------------------------------------------------------- */

static struct world *world_with(struct bfe_monitor *m)
{
	struct world *w;

	world_sink = bfe_monitor_sink(m);
	w = world_create();
	world_sink = NULL;
	w->now = CLOCK_S; /* stands still, on the host, too */
	return w;
}

SIM_TEST(a_blocked_packet_is_found_with_a_template)
{
	struct bfe_monitor *m = monitor_of(8, 8);
	struct world *w = world_with(m);
	const uint64_t filter = world_filter(w, CONNECT, MODEL_ACTION_BLOCK, NULL, 1);
	const struct model_condition port =
		event_condition("IP_REMOTE_PORT", MODEL_MATCH_EQUAL, event_u16(80));
	const struct bfe_netevent_template t = {.n_conditions = 1, .conditions = &port};
	const struct model_netevent *e[2];
	struct bfe_netevent_enum *list;
	struct craft other = out;

	other.dst_port = 81;
	world_give_and_turn(w, craft_udp(&out, "a", 1));
	world_give_and_turn(w, craft_udp(&other, "a", 1));
	bfe_monitor_drain(m);
	CHECK_OK(bfe_netevents_enum_create(bfe_monitor_netevents(m), &t, &list));
	CHECK_EQ_U(bfe_netevents_enum_next(list, 2, e), 1);
	CHECK_EQ_U(e[0]->filter_id, filter);
	CHECK_EQ_U(e[0]->n_words, 1);
	bfe_netevents_enum_destroy(list);
	world_destroy(w);
	bfe_monitor_destroy(m);
}

SIM_TEST(a_flood_of_drops_is_answered_in_full_although_nobody_drains)
{
	struct bfe_monitor *m = monitor_of(8, 8);
	struct world *w = world_with(m);
	struct craft c = out;

	world_filter(w, CONNECT, MODEL_ACTION_BLOCK, NULL, 1);
	for (uint16_t port = 1; port <= 200; port++) {
		c.src_port = port;
		CHECK(world_dropped(w, world_give(w, craft_udp(&c, "a", 1))));
	}
	CHECK_EQ_U(bfe_monitor_dropped(m), 200 - 8);
	bfe_monitor_drain(m);
	CHECK_EQ_U(counters_of(m).now, 8);
	world_destroy(w);
	bfe_monitor_destroy(m);
}

SIM_TEST(allows_come_once_the_keyword_is_set)
{
	struct bfe_monitor *m = monitor_of(8, 8);
	struct world *w = world_with(m);
	struct craft other = out;

	other.src_port = 2222;
	world_give_and_turn(w, craft_udp(&out, "a", 1));
	bfe_monitor_drain(m);
	CHECK_EQ_U(counters_of(m).now, 0);
	CHECK_OK(bfe_netevents_set_keywords(bfe_monitor_netevents(m),
					    MODEL_NETEVENT_KEYWORD_CLASSIFY_ALLOW));
	world_give_and_turn(w, craft_udp(&other, "a", 1));
	bfe_monitor_drain(m);
	CHECK_EQ_U(counters_of(m).now, 1);
	world_destroy(w);
	bfe_monitor_destroy(m);
}

SIM_TEST(a_conversation_is_a_connection_while_it_lasts)
{
	struct bfe_monitor *m = monitor_of(8, 8);
	struct world *w = world_with(m);
	struct bfe_connections *c = bfe_monitor_connections(m);
	struct bfe_connections_counters n;
	struct model_connection *all;
	uint32_t n_all;

	world_give_and_turn(w, craft_udp(&out, "abc", 3));
	bfe_monitor_drain(m);
	CHECK_OK(bfe_connections_list(c, 0, &all, &n_all));
	CHECK_EQ_U(n_all, 1);
	CHECK_EQ_U(all[0].bytes_out, 31);
	CHECK_EQ_U(all[0].remote_port, 80);
	CHECK(all[0].started > 0);
	mem_free(all);
	world_destroy(w);
	bfe_monitor_drain(m);
	bfe_connections_counters_get(c, &n);
	CHECK_EQ_U(n.now, 0);
	CHECK_EQ_U(n.closed, 1);
	bfe_monitor_destroy(m);
}

SIM_TEST(connections_that_are_not_to_be_watched_are_not)
{
	struct bfe_monitor *m = monitor_of(8, 8);
	struct world *w = world_with(m);
	struct bfe_connections_counters n;

	bfe_monitor_watch_connections(m, false);
	world_give_and_turn(w, craft_udp(&out, "a", 1));
	bfe_monitor_drain(m);
	bfe_connections_counters_get(bfe_monitor_connections(m), &n);
	CHECK_EQ_U(n.opened, 0);
	bfe_monitor_watch_connections(m, true);
	world_give_and_turn(w, craft_udp(&out, "b", 1));
	bfe_monitor_drain(m);
	bfe_connections_counters_get(bfe_monitor_connections(m), &n);
	CHECK_EQ_U(n.opened, 1);
	world_destroy(w);
	bfe_monitor_destroy(m);
}

/* ---- memory ---------------------------------------------------------------------------------- */

#if MEM_TRACKED
TEST(a_monitor_that_finds_no_memory_leaves_nothing_behind)
{
	const uint64_t live = mem_live();
	struct bfe_monitor *m = NULL;

	for (uint64_t nth = 1; !m; nth++) {
		CHECK(nth < 50);
		mem_fail_at(nth);
		if (bfe_monitor_create(&m, &(struct bfe_monitor_config){.max_events = 4}))
			CHECK_EQ_U(mem_live(), live);
	}
	mem_fail_at(0);
	bfe_monitor_destroy(m);
	CHECK_EQ_U(mem_live(), live);
}
#endif
