/* SPDX-License-Identifier: MIT */
/*
 * session - keys, the list of sessions, options, the watchdog, and who waits for whom no longer.
 */
#include "bfe_world.h"

#include "base/clock.h"
#include "base/thread.h"
#include "model/token.h"

TEST(a_session_has_its_key_alone)
{
	struct world w = world_open();
	struct bfe_session_config config = {.key = key_of(7), .name = "a"};
	struct bfe_session *a, *b;
	struct guid key;

	CHECK_OK(bfe_session_open(w.bfe, &config, &a));
	key = bfe_session_key(a);
	CHECK(guid_equal(&key, &config.key));
	CHECK_ERR(bfe_session_open(w.bfe, &config, &b), ERR_ALREADY_EXISTS);
	bfe_session_close(a);
	CHECK_OK(bfe_session_open(w.bfe, &config, &b));
	bfe_session_close(b);
	key = bfe_session_key(w.s);
	CHECK(!guid_is_zero(&key));
	world_close(&w);
}

TEST(sessions_are_listed_with_what_they_said_of_themselves)
{
	struct world w = world_open();
	struct bfe_session_config config = {.name = "name",
					    .description = "what for",
					    .flags = BFE_SESSION_DYNAMIC,
					    .txn_wait_ms = 300000,
					    .user = "alice",
					    .pid = 42};
	struct bfe_session_info *infos;
	struct model_blob *token;
	struct bfe_session *s;
	size_t n;

	CHECK_OK(model_token_make_unix(&token, 1000, NULL, 0));
	config.token = token;
	CHECK_OK(bfe_session_open(w.bfe, &config, &s));
	mem_free(token);
	CHECK_OK(bfe_sessions_get(w.s, &infos, &n));
	CHECK_EQ_U(n, 2);
	CHECK(!infos[0].has_sid && infos[1].has_sid);
	CHECK_EQ_S(infos[1].name, "name");
	CHECK_EQ_S(infos[1].description, "what for");
	CHECK_EQ_S(infos[1].user, "alice");
	CHECK_EQ_U(infos[1].pid, 42);
	CHECK_EQ_U(infos[1].txn_wait_ms, 300000);
	CHECK_EQ_U(infos[1].flags, BFE_SESSION_DYNAMIC);
	bfe_sessions_free(infos, n);
	bfe_session_close(s);
	world_close(&w);
}

TEST(options_have_defaults_and_limits)
{
	struct world w = world_open();
	uint32_t value;

	CHECK_OK(bfe_option_get(w.s, BFE_OPTION_COLLECT_NET_EVENTS, &value));
	CHECK_EQ_U(value, 1);
	CHECK_OK(bfe_option_set(w.s, BFE_OPTION_COLLECT_NET_EVENTS, 0));
	CHECK_EQ_U(bfe_option_value(w.bfe, BFE_OPTION_COLLECT_NET_EVENTS), 0);
	CHECK_ERR(bfe_option_set(w.s, BFE_OPTION_COLLECT_NET_EVENTS, 2), ERR_OUT_OF_BOUNDS);
	CHECK_OK(bfe_option_set(w.s, BFE_OPTION_NET_EVENT_KEYWORDS, 0x3f));
	CHECK_ERR(bfe_option_set(w.s, BFE_OPTION_NET_EVENT_KEYWORDS, 0x40), ERR_OUT_OF_BOUNDS);
	CHECK_ERR(bfe_option_set(w.s, BFE_OPTIONS, 0), ERR_INVALID_ENUMERATOR);
	CHECK_ERR(bfe_option_get(w.s, BFE_OPTIONS, &value), ERR_INVALID_ENUMERATOR);
	world_close(&w);
}

TEST(the_watch_over_connections_can_be_switched_off_again)
{
	struct world w = world_open();

	CHECK_EQ_U(bfe_option_value(w.bfe, BFE_OPTION_MONITOR_IPSEC_CONNECTIONS), 0);
	CHECK_OK(bfe_option_set(w.s, BFE_OPTION_MONITOR_IPSEC_CONNECTIONS, 1));
	CHECK_OK(bfe_option_set(w.s, BFE_OPTION_MONITOR_IPSEC_CONNECTIONS, 0));
	CHECK_EQ_U(bfe_option_value(w.bfe, BFE_OPTION_MONITOR_IPSEC_CONNECTIONS), 0);
	world_close(&w);
}

TEST(an_option_is_not_set_in_a_transaction_or_a_dynamic_session)
{
	struct world w = world_open();
	struct bfe_session *d = dynamic(&w);

	CHECK_ERR(bfe_option_set(d, BFE_OPTION_COLLECT_NET_EVENTS, 0),
		  ERR_DYNAMIC_SESSION_IN_PROGRESS);
	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_ERR(bfe_option_set(w.s, BFE_OPTION_COLLECT_NET_EVENTS, 0), ERR_TXN_IN_PROGRESS);
	CHECK_OK(bfe_txn_abort(w.s));
	bfe_session_close(d);
	world_close(&w);
}

TEST(a_dynamic_session_deletes_nothing_but_its_own)
{
	struct world w = world_open();
	struct bfe_session *d = dynamic(&w);

	CHECK_OK(add_provider(w.s, 1));
	CHECK_ERR(delete_key(d, MODEL_PROVIDER, 1), ERR_DYNAMIC_SESSION_IN_PROGRESS);
	bfe_session_close(d);
	world_close(&w);
}

TEST(a_session_keeps_texts_of_some_length_and_no_more)
{
	struct world w = world_open();
	struct bfe_session_config config = {.flags = 0};
	char name[4098] = "";
	struct bfe_session *s;

	memset(name, 'x', sizeof(name) - 1);
	config.name = name;
	CHECK_ERR(bfe_session_open(w.bfe, &config, &s), ERR_INVALID_PARAMETER);
	name[4096] = 0;
	CHECK_OK(bfe_session_open(w.bfe, &config, &s));
	bfe_session_close(s);
	config.description = name;
	name[4096] = 'x';
	config.name = NULL;
	CHECK_ERR(bfe_session_open(w.bfe, &config, &s), ERR_INVALID_PARAMETER);
	world_close(&w);
}

TEST(what_could_not_be_deleted_at_the_close_goes_with_the_next_tick)
{
	struct world w = world_open();
	struct bfe_session *d = dynamic(&w);

	CHECK_OK(add_filter(d, 0, NULL));
	mem_fail_every(1);
	bfe_session_close(d);
	mem_fail_every(0);
	CHECK(in_force(&w) || !MEM_TRACKED);
	bfe_tick(w.bfe);
	CHECK(!in_force(&w));
	world_close(&w);
}

#ifdef BASE_SIM
static void wait_for(uint64_t time)
{
	clock_sleep_until(clock_now() + time);
}

SIM_TEST(a_transaction_that_lasts_too_long_is_aborted)
{
	struct world w = world_open();
	struct bfe_session *other = dynamic(&w);
	uint64_t id;

	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_OK(add_filter(w.s, 0, &id));
	wait_for(3599 * CLOCK_S);
	bfe_tick(w.bfe);
	CHECK(knows_filter(&w, id));
	wait_for(2 * CLOCK_S);
	bfe_tick(w.bfe);
	CHECK(!knows_filter(&w, id));
	CHECK_OK(add_filter(other, 0, NULL));
	CHECK_ERR(bfe_txn_commit(w.s), ERR_TXN_ABORTED);
	CHECK_ERR(bfe_txn_commit(w.s), ERR_NO_TXN_IN_PROGRESS);
	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_OK(bfe_txn_commit(w.s));
	bfe_session_close(other);
	world_close(&w);
}

SIM_TEST(the_watchdog_obeys_the_option_and_spares_the_kernel)
{
	struct world w = world_open();
	struct bfe_session *driver, *reader = dynamic(&w);

	CHECK_OK(bfe_session_open(w.bfe, &(struct bfe_session_config){.kernel = true}, &driver));
	CHECK_OK(bfe_option_set(w.s, BFE_OPTION_TXN_WATCHDOG_MS, 1000));
	CHECK_OK(bfe_txn_begin(driver, 0));
	CHECK_OK(bfe_txn_begin(reader, BFE_TXN_READ_ONLY));
	wait_for(2 * CLOCK_S);
	bfe_tick(w.bfe);
	CHECK_OK(bfe_txn_commit(driver));
	CHECK_ERR(bfe_txn_commit(reader), ERR_TXN_ABORTED);
	bfe_session_close(driver);
	bfe_session_close(reader);
	world_close(&w);
}

static bool gone_after_a_second(void *ctx)
{
	return clock_now() < *(uint64_t *)ctx + CLOCK_S;
}

SIM_TEST(nobody_waits_for_the_lock_on_behalf_of_a_client_that_has_gone)
{
	struct world w = world_open();
	uint64_t start = clock_now();
	struct bfe_session_config config = {
		.txn_wait_ms = UINT32_MAX, .alive = gone_after_a_second, .ctx = &start};
	struct bfe_session *s;

	CHECK_OK(bfe_session_open(w.bfe, &config, &s));
	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_ERR(bfe_txn_begin(s, 0), ERR_SESSION_ABORTED);
	CHECK(clock_now() - start < 2 * CLOCK_S);
	CHECK_OK(bfe_txn_commit(w.s));
	bfe_session_close(s);
	world_close(&w);
}

/* Wakes whoever waits, more often than the client is looked after. */
static void make_noise(void *arg)
{
	struct world *w = arg;
	struct bfe_session *s;

	CHECK_OK(session_open(w->bfe, 0, 0, &s));
	for (unsigned i = 0; i < 50; i++) {
		wait_for(100 * CLOCK_MS);
		CHECK(!there(s, MODEL_PROVIDER, 1));
	}
	bfe_session_close(s);
}

SIM_TEST(a_client_that_has_gone_is_noticed_on_a_busy_engine)
{
	struct world w = world_open();
	uint64_t start = clock_now();
	struct bfe_session_config config = {
		.txn_wait_ms = 10000, .alive = gone_after_a_second, .ctx = &start};
	struct bfe_session *s;
	struct thread *noise;

	CHECK_OK(bfe_session_open(w.bfe, &config, &s));
	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_OK(thread_start(&noise, "noise", make_noise, &w));
	CHECK_ERR(bfe_txn_begin(s, 0), ERR_SESSION_ABORTED);
	CHECK(clock_now() - start < 2 * CLOCK_S);
	thread_join(noise);
	CHECK_OK(bfe_txn_commit(w.s));
	bfe_session_close(s);
	world_close(&w);
}
#endif

/* ---- several at once ----------------------------------------------------------------------------
 */

struct client {
	struct world *w;
	uint32_t number;
};

/* Opens, changes, reads, and goes in the middle of something. */
static void live_and_die(void *arg)
{
	const struct client *me = arg;

	for (uint32_t i = 0; i < 3; i++) {
		struct bfe_session *s;
		uint64_t id;

		CHECK_OK(session_open(me->w->bfe, BFE_SESSION_DYNAMIC, UINT32_MAX, &s));
		CHECK_OK(add_sublayer(s, me->number, 100));
		CHECK_OK(bfe_txn_begin(s, 0));
		CHECK_OK(add_filter(s, me->number, &id));
		CHECK_OK(bfe_txn_commit(s));
		CHECK(count_of(s, MODEL_FILTER) >= 1);
		CHECK_OK(bfe_txn_begin(s, i == 0 ? BFE_TXN_READ_ONLY : 0));
		if (i > 0)
			CHECK_OK(filter_delete(s, id));
		bfe_session_close(s);
	}
}

SIM_TEST(sessions_that_die_in_the_middle_leave_nothing_behind)
{
	struct world w = world_open();
	struct client clients[3];
	struct thread *threads[3];

	for (uint32_t i = 0; i < 3; i++) {
		clients[i] = (struct client){.w = &w, .number = i + 1};
		CHECK_OK(thread_start(&threads[i], "client", live_and_die, &clients[i]));
	}
	for (int i = 0; i < 3; i++)
		thread_join(threads[i]);
	CHECK(!in_force(&w));
	CHECK_EQ_U(count_of(w.s, MODEL_FILTER), 0);
	CHECK_EQ_U(count_of(w.s, MODEL_SUBLAYER), 18);
	world_close(&w);
}
