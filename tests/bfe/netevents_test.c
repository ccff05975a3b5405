/* SPDX-License-Identifier: MIT */
/*
 * Net events: the history and its bound, snapshots, subscribers who come and go, the options.
 */
#include "events.h"

#include "base/lock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "stack/sink.h"

static struct atom32 wanted;

static struct bfe_netevents *begin(uint32_t max)
{
	struct bfe_netevents *n;

	atom32_init(&wanted, STACK_WANT_CONNECTIONS);
	CHECK_OK(bfe_netevents_create(&n, max, &wanted));
	return n;
}

/* The filter ids of what an enumeration shows. */
static unsigned list(struct bfe_netevents *n, const struct bfe_netevent_template *t, uint64_t *ids)
{
	const struct model_netevent *some[3];
	struct bfe_netevent_enum *e;
	unsigned total = 0;
	uint32_t got;

	CHECK_OK(bfe_netevents_enum_create(n, t, &e));
	while ((got = bfe_netevents_enum_next(e, ARRAY_LEN(some), some)) > 0)
		for (uint32_t i = 0; i < got; i++)
			ids[total++] = some[i]->filter_id;
	bfe_netevents_enum_destroy(e);
	return total;
}

/* ---- history and snapshots ------------------------------------------------------------------- */

TEST(events_are_shown_in_the_order_of_their_arrival)
{
	struct bfe_netevents *n = begin(8);
	uint64_t ids[8];

	for (uint64_t i = 0; i < 5; i++)
		event_add(n, i);
	CHECK_EQ_U(list(n, NULL, ids), 5);
	for (uint64_t i = 0; i < 5; i++)
		CHECK_EQ_U(ids[i], i);
	bfe_netevents_destroy(n);
}

TEST(a_full_history_forgets_its_oldest_and_counts_them)
{
	struct bfe_netevents_counters c;
	struct bfe_netevents *n = begin(4);
	uint64_t ids[4];

	for (uint64_t i = 0; i < 11; i++)
		event_add(n, i);
	CHECK_EQ_U(list(n, NULL, ids), 4);
	for (uint64_t i = 0; i < 4; i++)
		CHECK_EQ_U(ids[i], 7 + i);
	bfe_netevents_counters_get(n, &c);
	CHECK_EQ_U(c.collected, 11);
	CHECK_EQ_U(c.forgotten, 7);
	CHECK_EQ_U(c.now, 4);
	CHECK_EQ_U(c.lost, 0);
	bfe_netevents_destroy(n);
}

TEST(an_enumeration_shows_what_was_there_when_it_was_made)
{
	struct bfe_netevents *n = begin(2);
	const struct model_netevent *shown[4];
	struct bfe_netevent_enum *e;

	event_add(n, 1);
	event_add(n, 2);
	CHECK_OK(bfe_netevents_enum_create(n, NULL, &e));
	for (uint64_t i = 3; i < 9; i++)
		event_add(n, i);
	CHECK_EQ_U(bfe_netevents_enum_next(e, 4, shown), 2);
	CHECK_EQ_U(shown[0]->filter_id, 1);
	CHECK_EQ_U(shown[1]->filter_id, 2);
	CHECK_EQ_U(bfe_netevents_enum_next(e, 4, shown), 0);
	bfe_netevents_enum_destroy(e);
	bfe_netevents_destroy(n);
}

TEST(a_template_shows_a_part_in_the_same_order)
{
	struct bfe_netevents *n = begin(100);
	const struct bfe_netevent_template t = {.start = 1010, .end = 1012};
	uint64_t ids[100];

	for (uint64_t i = 0; i < 100; i++)
		event_add(n, i);
	CHECK_EQ_U(list(n, &t, ids), 3);
	CHECK_EQ_U(ids[0], 10);
	CHECK_EQ_U(ids[2], 12);
	bfe_netevents_destroy(n);
}

TEST(more_events_than_a_batch_come_in_at_once)
{
	struct model_netevent *events = mem_zalloc_array(300, sizeof(*events));
	struct bfe_netevents *n = begin(1000);
	uint64_t ids[1000];

	BUG_ON(!events);
	for (uint64_t i = 0; i < 300; i++)
		events[i] = event_drop(i);
	bfe_netevents_add(n, events, 300);
	CHECK_EQ_U(list(n, NULL, ids), 300);
	for (uint64_t i = 0; i < 300; i++)
		CHECK_EQ_U(ids[i], i);
	mem_free(events);
	bfe_netevents_destroy(n);
}

TEST(the_id_of_an_application_lives_as_long_as_somebody_shows_it)
{
	struct bfe_netevents *n = begin(1);
	struct model_netevent e = event_drop(1);
	const struct model_netevent *shown;
	struct bfe_netevent_enum *snapshot;

	CHECK_OK(model_app_create(&e.app, "/bin/a", 6));
	e.flags |= MODEL_NETEVENT_HAS_APP;
	bfe_netevents_add(n, &e, 1);
	model_app_put(e.app);
	CHECK_OK(bfe_netevents_enum_create(n, NULL, &snapshot));
	event_add(n, 2);
	CHECK_EQ_U(bfe_netevents_enum_next(snapshot, 1, &shown), 1);
	CHECK_EQ_U(atom32_load(&shown->app->refs), 1);
	CHECK_EQ_U(shown->app->blob.size, 6);
	bfe_netevents_enum_destroy(snapshot);
	bfe_netevents_destroy(n);
}

/* ---- options --------------------------------------------------------------------------------- */

TEST(drops_are_collected_at_first_and_nothing_else)
{
	struct bfe_netevents *n = begin(4);

	CHECK(bfe_netevents_collect(n));
	CHECK_EQ_U(bfe_netevents_keywords(n), 0);
	CHECK_EQ_U(atom32_load(&wanted), STACK_WANT_CONNECTIONS | STACK_WANT_DROPS);
	bfe_netevents_destroy(n);
	CHECK_EQ_U(atom32_load(&wanted), STACK_WANT_CONNECTIONS);
}

TEST(keywords_say_what_else_is_wanted)
{
	struct bfe_netevents *n = begin(4);

	CHECK_OK(bfe_netevents_set_keywords(n, MODEL_NETEVENT_KEYWORD_CLASSIFY_ALLOW |
						       MODEL_NETEVENT_KEYWORD_INBOUND_MCAST));
	CHECK_EQ_U(atom32_load(&wanted), STACK_WANT_CONNECTIONS | STACK_WANT_DROPS |
						 STACK_WANT_ALLOWS | STACK_WANT_INBOUND_MULTICAST);
	CHECK_OK(bfe_netevents_set_keywords(n, MODEL_NETEVENT_KEYWORD_INBOUND_BCAST |
						       MODEL_NETEVENT_KEYWORD_PORT_SCANNING_DROP));
	CHECK_EQ_U(atom32_load(&wanted), STACK_WANT_CONNECTIONS | STACK_WANT_DROPS |
						 STACK_WANT_INBOUND_BROADCAST |
						 STACK_WANT_NO_ENDPOINT);
	CHECK_ERR(bfe_netevents_set_keywords(n, 0x40), ERR_FWP_INVALID_PARAMETER);
	CHECK_EQ_U(bfe_netevents_keywords(n), MODEL_NETEVENT_KEYWORD_INBOUND_BCAST |
						      MODEL_NETEVENT_KEYWORD_PORT_SCANNING_DROP);
	bfe_netevents_destroy(n);
}

TEST(without_collection_nothing_is_wanted_kept_or_enumerated)
{
	struct bfe_netevents *n = begin(4);
	struct bfe_netevent_enum *e;
	uint64_t ids[4];

	event_add(n, 1);
	bfe_netevents_set_collect(n, false);
	CHECK_EQ_U(atom32_load(&wanted), STACK_WANT_CONNECTIONS);
	event_add(n, 2);
	CHECK_ERR(bfe_netevents_enum_create(n, NULL, &e), ERR_NET_EVENTS_DISABLED);
	bfe_netevents_set_collect(n, true);
	CHECK_EQ_U(list(n, NULL, ids), 1);
	CHECK_EQ_U(ids[0], 1);
	bfe_netevents_destroy(n);
}

/* ---- subscriptions --------------------------------------------------------------------------- */

struct listener {
	struct bfe_netevents *n;
	struct bfe_netevent_sub *sub;
	uint64_t heard[64];
	unsigned calls;
	bool leave_inside;
};

static void listen(void *ctx, const struct model_netevent *e)
{
	struct listener *l = ctx;

	lock_assert_none_held();
	l->heard[l->calls++] = e->filter_id;
	if (l->leave_inside)
		bfe_netevents_unsubscribe(l->n, l->sub);
}

static void subscribe(struct listener *l, struct bfe_netevents *n,
		      const struct bfe_netevent_template *t)
{
	*l = (struct listener){.n = n};
	CHECK_OK(bfe_netevents_subscribe(n, t, listen, l, &l->sub));
}

TEST(each_subscriber_hears_what_his_template_says_from_then_on)
{
	struct bfe_netevents *n = begin(4);
	const struct bfe_netevent_template t = {.start = 1003, .end = UINT64_MAX};
	struct listener all, some;

	event_add(n, 1);
	subscribe(&all, n, NULL);
	subscribe(&some, n, &t);
	event_add(n, 2);
	event_add(n, 3);
	CHECK_EQ_U(all.calls, 2);
	CHECK_EQ_U(all.heard[0], 2);
	CHECK_EQ_U(some.calls, 1);
	CHECK_EQ_U(some.heard[0], 3);
	bfe_netevents_unsubscribe(n, all.sub);
	event_add(n, 4);
	CHECK_EQ_U(all.calls, 2);
	CHECK_EQ_U(some.calls, 2);
	bfe_netevents_unsubscribe(n, some.sub);
	bfe_netevents_unsubscribe(n, NULL);
	bfe_netevents_destroy(n);
}

TEST(who_leaves_from_inside_his_call_hears_nothing_more)
{
	struct bfe_netevents *n = begin(8);
	const struct model_netevent events[] = {event_drop(1), event_drop(2), event_drop(3)};
	struct listener leaver, other;
	struct bfe_netevents_counters c;

	subscribe(&leaver, n, NULL);
	subscribe(&other, n, NULL);
	leaver.leave_inside = true;
	bfe_netevents_add(n, events, 3);
	CHECK_EQ_U(leaver.calls, 1);
	CHECK_EQ_U(other.calls, 3);
	bfe_netevents_counters_get(n, &c);
	CHECK_EQ_U(c.subscriptions, 1);
	bfe_netevents_unsubscribe(n, other.sub);
	bfe_netevents_destroy(n);
}

/* A callback that takes its time, and a thread that leaves meanwhile. */
struct slow {
	struct bfe_netevents *n;
	struct bfe_netevent_sub *sub;
	struct atom32 inside, left, calls;
};

static void take_time(void *ctx, UNUSED const struct model_netevent *e)
{
	struct slow *s = ctx;

	atom32_add(&s->calls, 1);
	atom32_store(&s->inside, 1);
	for (unsigned i = 0; i < 20; i++) {
		CHECK(!atom32_load(&s->left));
		thread_yield();
	}
	atom32_store(&s->inside, 0);
}

static void leave(void *arg)
{
	struct slow *s = arg;

	while (!atom32_load(&s->inside))
		thread_yield();
	bfe_netevents_unsubscribe(s->n, s->sub);
	CHECK(!atom32_load(&s->inside));
	atom32_store(&s->left, 1);
}

SIM_TEST(leaving_waits_for_the_call_that_is_under_way)
{
	struct slow s = {.n = begin(8)};
	struct thread *leaver;

	CHECK_OK(bfe_netevents_subscribe(s.n, NULL, take_time, &s, &s.sub));
	CHECK_OK(thread_start(&leaver, "leaver", leave, &s));
	while (!atom32_load(&s.left))
		event_add(s.n, 1);
	thread_join(leaver);
	CHECK(atom32_load(&s.calls) > 0);
	bfe_netevents_destroy(s.n);
}

struct visitor {
	struct bfe_netevents *n;
	struct thread *thread;
};

static void count_call(void *ctx, UNUSED const struct model_netevent *e)
{
	atom32_add(ctx, 1);
}

static void visit(void *arg)
{
	const struct visitor *v = arg;

	for (unsigned i = 0; i < 20; i++) {
		struct bfe_netevent_enum *e;
		struct bfe_netevent_sub *sub;
		struct atom32 calls;

		atom32_init(&calls, 0);
		CHECK_OK(bfe_netevents_subscribe(v->n, NULL, count_call, &calls, &sub));
		CHECK_OK(bfe_netevents_enum_create(v->n, NULL, &e));
		bfe_netevents_enum_destroy(e);
		bfe_netevents_unsubscribe(v->n, sub);
	}
}

SIM_TEST(visitors_come_and_go_while_events_come_in)
{
	struct bfe_netevents *n = begin(8);
	struct visitor visitors[3];

	for (unsigned i = 0; i < ARRAY_LEN(visitors); i++) {
		visitors[i].n = n;
		CHECK_OK(thread_start(&visitors[i].thread, "visitor", visit, &visitors[i]));
	}
	for (unsigned i = 0; i < 40; i++)
		event_add(n, i);
	for (unsigned i = 0; i < ARRAY_LEN(visitors); i++)
		thread_join(visitors[i].thread);
	bfe_netevents_destroy(n);
}

/* ---- memory ---------------------------------------------------------------------------------- */

#if MEM_TRACKED
/* False: something found no memory.  Nothing is left behind either way. */
static bool live_a_little(void)
{
	const struct model_condition protocol =
		event_condition("IP_PROTOCOL", MODEL_MATCH_EQUAL, event_u8(17));
	const struct bfe_netevent_template t = {.n_conditions = 1, .conditions = &protocol};
	struct bfe_netevents *n;
	struct listener l = {0};
	struct bfe_netevent_enum *e = NULL;
	struct bfe_netevents_counters c;
	bool whole;

	if (bfe_netevents_create(&n, 4, &wanted))
		return false;
	whole = bfe_netevents_subscribe(n, &t, listen, &l, &l.sub) == ERR_OK;
	event_add(n, 1);
	bfe_netevents_counters_get(n, &c);
	CHECK_EQ_U(c.now + c.lost, 1);
	whole &= c.lost == 0;
	whole &= bfe_netevents_enum_create(n, &t, &e) == ERR_OK;
	bfe_netevents_enum_destroy(e);
	bfe_netevents_unsubscribe(n, l.sub);
	bfe_netevents_destroy(n);
	return whole;
}

TEST(out_of_memory_loses_events_and_counts_them_and_leaks_nothing)
{
	const uint64_t live = mem_live();
	bool whole = false;

	atom32_init(&wanted, 0);
	for (uint64_t nth = 1; !whole; nth++) {
		CHECK(nth < 100);
		mem_fail_at(nth);
		whole = live_a_little();
		CHECK_EQ_U(mem_live(), live);
	}
	mem_fail_at(0);
}
#endif
