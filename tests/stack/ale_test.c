/* SPDX-License-Identifier: MIT */
/*
 * ALE: blocks, memory, reauthorization, pended operations and what waits behind them.
 */
#include "world.h"

#define CONNECT MODEL_LAYER_ALE_AUTH_CONNECT_V4
#define ACCEPT	MODEL_LAYER_ALE_AUTH_RECV_ACCEPT_V4

static const struct craft out = {
	.src = "10.0.0.1", .dst = "10.0.0.2", .src_port = 1111, .dst_port = 80, .hook = PACKET_OUT};
static const struct craft in = {
	.src = "10.0.0.2", .dst = "10.0.0.1", .src_port = 80, .dst_port = 1111, .hook = PACKET_IN};

static struct packet *syn_out(void)
{
	return craft_tcp(&out, 100, 0, HEADERS_SYN, NULL, 0);
}

static struct packet *syn_in(void)
{
	return craft_tcp(&in, 100, 0, HEADERS_SYN, NULL, 0);
}

static struct flow_key key_of(const struct packet *p)
{
	return flow_key_from(&p->h, p->hook);
}

static struct world_callout *pender(struct world *w, uint16_t layer, uint64_t weight)
{
	return world_callout(w, layer, MODEL_ACTION_CALLOUT_UNKNOWN, weight, world_pend);
}

static struct stack_counters counters(struct world *w)
{
	struct stack_counters c;

	stack_counters_get(w->stack, &c);
	return c;
}

/* ---- without callouts ----------------------------------------------------------------------- */

SIM_TEST(a_permitted_flow_is_asked_once)
{
	struct world *w = world_create();
	struct world_callout *c =
		world_callout(w, CONNECT, MODEL_ACTION_CALLOUT_INSPECTION, 1, NULL);

	world_give_and_turn(w, craft_udp(&out, "a", 1));
	world_give_and_turn(w, craft_udp(&out, "b", 1));
	world_give_and_turn(w, craft_udp(&in, "c", 1));
	CHECK_EQ_U(c->calls, 1);
	world_destroy(w);
}

/* How often AUTH_CONNECT was asked in all, when this packet has left after the others. */
static unsigned asked_after(struct world *w, const struct world_callout *c, struct packet *p)
{
	world_give_and_turn(w, p);
	return c->calls;
}

SIM_TEST(a_flow_is_its_five_tuple_and_each_other_one_is_asked)
{
	struct world *w = world_create();
	struct world_callout *c =
		world_callout(w, CONNECT, MODEL_ACTION_CALLOUT_INSPECTION, 1, NULL);
	struct craft other = out;

	CHECK_EQ_U(asked_after(w, c, craft_udp(&out, "a", 1)), 1);
	CHECK_EQ_U(asked_after(w, c, craft_tcp(&out, 1, 0, HEADERS_SYN, NULL, 0)), 2);
	other.src_port++;
	CHECK_EQ_U(asked_after(w, c, craft_udp(&other, "a", 1)), 3);
	other.dst_port++;
	CHECK_EQ_U(asked_after(w, c, craft_udp(&other, "a", 1)), 4);
	other.dst = "10.0.0.3";
	CHECK_EQ_U(asked_after(w, c, craft_udp(&other, "a", 1)), 5);
	other.src = "10.0.0.9";
	CHECK_EQ_U(asked_after(w, c, craft_udp(&other, "a", 1)), 6);
	CHECK_EQ_U(asked_after(w, c, craft_udp(&other, "a", 1)), 6);
	world_destroy(w);
}

SIM_TEST(an_icmp_flow_is_its_six_tuple_with_type_code_and_id)
{
	struct world *w = world_create();
	struct world_callout *c =
		world_callout(w, CONNECT, MODEL_ACTION_CALLOUT_INSPECTION, 1, NULL);

	CHECK_EQ_U(asked_after(w, c, craft_echo(&out, false, 7, 1)), 1);
	CHECK_EQ_U(asked_after(w, c, craft_echo(&out, false, 7, 2)), 1);
	CHECK_EQ_U(asked_after(w, c, craft_echo(&in, true, 7, 2)), 1);
	CHECK_EQ_U(asked_after(w, c, craft_echo(&out, false, 8, 1)), 2);
	CHECK_EQ_U(asked_after(w, c, craft_icmp(&out, 13, 0, 7u << 16, NULL, 0)), 3);
	CHECK_EQ_U(asked_after(w, c, craft_icmp(&out, 8, 1, 7u << 16 | 1, "ping", 4)), 4);
	world_destroy(w);
}

SIM_TEST(udp_and_icmp_flows_idle_for_sixty_seconds_are_asked_anew)
{
	struct world *w = world_create();
	struct world_callout *c =
		world_callout(w, CONNECT, MODEL_ACTION_CALLOUT_INSPECTION, 1, NULL);

	world_give_and_turn(w, craft_udp(&out, "a", 1));
	world_give_and_turn(w, craft_echo(&out, false, 7, 1));
	CHECK_EQ_U(c->calls, 2);
	clock_sleep_until(clock_now() + 59 * CLOCK_S);
	world_turn(w);
	world_give_and_turn(w, craft_udp(&in, "b", 1));
	world_give_and_turn(w, craft_echo(&in, true, 7, 1));
	CHECK_EQ_U(c->calls, 2);
	clock_sleep_until(clock_now() + 61 * CLOCK_S);
	world_turn(w);
	CHECK_EQ_U(counters(w).flows_now, 0);
	world_give_and_turn(w, craft_udp(&out, "c", 1));
	world_give_and_turn(w, craft_echo(&out, false, 7, 2));
	CHECK_EQ_U(c->calls, 4);
	CHECK_EQ_U(c->reauthorized, 0);
	world_destroy(w);
}

SIM_TEST(an_accepted_flow_is_reauthorized_by_the_next_packet_that_leaves)
{
	struct world *w = world_create();
	struct world_callout *c =
		world_callout(w, ACCEPT, MODEL_ACTION_CALLOUT_INSPECTION, 10, NULL);

	world_give_and_turn(w, craft_udp(&in, "a", 1));
	CHECK_EQ_U(c->reauthorized, 0);
	world_filter(w, ACCEPT, MODEL_ACTION_BLOCK, NULL, 1);
	CHECK(world_dropped(w, world_give_and_turn(w, craft_udp(&out, "b", 1))));
	CHECK_EQ_U(c->reauthorized, 1);
	world_destroy(w);
}

SIM_TEST(a_blocked_connect_is_remembered_for_retransmissions)
{
	struct world *w = world_create();
	struct world_callout *c =
		world_callout(w, CONNECT, MODEL_ACTION_CALLOUT_INSPECTION, 10, NULL);
	uint64_t filter = world_filter(w, CONNECT, MODEL_ACTION_BLOCK, NULL, 1), t[3];

	t[0] = world_give_and_turn(w, syn_out());
	t[1] = world_give_and_turn(w, syn_out());
	CHECK_EQ_U(c->calls, 1);
	world_unfilter(w, filter);
	t[2] = world_give_and_turn(w, syn_out());
	CHECK_EQ_U(c->calls, 2);
	CHECK(world_dropped(w, t[0]) && world_dropped(w, t[1]) && world_accepted(w, t[2]));
	world_destroy(w);
}

SIM_TEST(a_policy_change_reauthorizes_with_the_next_packet_of_either_direction)
{
	struct world *w = world_create();
	struct world_callout *c =
		world_callout(w, CONNECT, MODEL_ACTION_CALLOUT_INSPECTION, 10, NULL);
	uint64_t filter;

	world_give_and_turn(w, craft_udp(&out, "a", 1));
	CHECK_EQ_U(c->reauthorized, 0);
	filter = world_filter(w, CONNECT, MODEL_ACTION_BLOCK, NULL, 1);
	CHECK(world_dropped(w, world_give_and_turn(w, craft_udp(&in, "b", 1))));
	CHECK_EQ_U(c->reauthorized, 1);
	world_unfilter(w, filter);
	CHECK(world_accepted(w, world_give_and_turn(w, craft_udp(&out, "c", 1))));
	CHECK_EQ_U(c->reauthorized, 2);
	world_filter(w, ACCEPT, MODEL_ACTION_BLOCK, NULL, 1);
	CHECK(world_accepted(w, world_give_and_turn(w, craft_udp(&in, "d", 1))));
	CHECK_EQ_U(c->reauthorized, 2);
	world_destroy(w);
}

/* ---- pend at connect ------------------------------------------------------------------------ */

SIM_TEST(a_completed_connect_is_reauthorized_once_and_goes_on)
{
	struct world *w = world_create();
	struct world_callout *c = pender(w, CONNECT, 1);
	uint64_t t = world_give_and_turn(w, syn_out());

	CHECK(world_open(w, t));
	CHECK(!stack_worker_quiet(w->worker));
	world_complete(c);
	world_turn(w);
	CHECK(world_accepted(w, t));
	CHECK_EQ_U(c->calls, 2);
	CHECK_EQ_U(c->reauthorized, 1);
	world_destroy(w);
}

static void complete_inside(struct world_callout *c, const struct engine_call *call,
			    struct engine_classify_out *o)
{
	world_pend(c, call, o);
	if (!call->ind->reauthorize)
		world_complete(c);
}

SIM_TEST(an_operation_completed_before_its_classify_returned_goes_on)
{
	struct world *w = world_create();
	struct world_callout *c =
		world_callout(w, CONNECT, MODEL_ACTION_CALLOUT_UNKNOWN, 1, complete_inside);
	uint64_t t = world_give_and_turn(w, syn_out());

	CHECK(world_accepted(w, t));
	CHECK_EQ_U(c->reauthorized, 1);
	world_destroy(w);
}

static void pend_then_block(struct world_callout *c, const struct engine_call *call,
			    struct engine_classify_out *o)
{
	world_pend(c, call, o);
	if (call->ind->reauthorize)
		o->action = MODEL_ACTION_BLOCK;
}

SIM_TEST(a_block_at_the_reauthorization_drops_the_connect_and_its_queue)
{
	struct world *w = world_create();
	struct world_callout *c =
		world_callout(w, CONNECT, MODEL_ACTION_CALLOUT_UNKNOWN, 1, pend_then_block);
	uint64_t a = world_give_and_turn(w, craft_udp(&out, "a", 1));
	uint64_t b = world_give_and_turn(w, craft_udp(&out, "b", 1));

	world_complete(c);
	world_turn(w);
	CHECK(world_dropped(w, a) && world_dropped(w, b));
	world_destroy(w);
}

SIM_TEST(packets_behind_a_pended_one_wait_and_go_on_in_order)
{
	struct world *w = world_create();
	struct world_callout *c = pender(w, CONNECT, 1);
	uint64_t t[4];

	world_callout(w, MODEL_LAYER_OUTBOUND_IPPACKET_V4, MODEL_ACTION_CALLOUT_INSPECTION, 1,
		      NULL);
	for (unsigned i = 0; i < ARRAY_LEN(t); i++)
		t[i] = world_give_and_turn(w, craft_udp(&out, &"abcd"[i], 1));
	for (unsigned i = 0; i < ARRAY_LEN(t); i++)
		CHECK(world_open(w, t[i]));
	world_complete(c);
	world_turn(w);
	for (unsigned i = 0; i < ARRAY_LEN(t); i++)
		CHECK(world_accepted(w, t[i]));
	CHECK_EQ_U(c->calls, 2);
	world_destroy(w);
}

SIM_TEST(a_full_queue_drops_and_counts)
{
	struct world *w = world_create();
	struct world_callout *c = pender(w, CONNECT, 1);

	for (unsigned i = 0; i < 70; i++)
		world_give_and_turn(w, craft_udp(&out, "a", 1));
	CHECK_EQ_U(counters(w).dropped_full, 5);
	world_complete(c);
	world_destroy(w);
}

SIM_TEST(retransmitted_syns_of_a_pended_connect_coalesce)
{
	struct world *w = world_create();
	struct world_callout *c = pender(w, CONNECT, 1);
	uint64_t a = world_give_and_turn(w, syn_out()), b = world_give_and_turn(w, syn_out());

	CHECK(world_open(w, a) && world_dropped(w, b));
	world_complete(c);
	world_turn(w);
	CHECK(world_accepted(w, a));
	CHECK_EQ_U(c->calls, 2);
	world_destroy(w);
}

SIM_TEST(two_callouts_that_pend_join_and_the_last_one_resumes)
{
	struct world *w = world_create();
	struct world_callout *a = pender(w, CONNECT, 1), *b;
	uint64_t t;

	w->sublayer = 1;
	b = pender(w, CONNECT, 1);
	t = world_give_and_turn(w, syn_out());
	world_complete(a);
	world_turn(w);
	CHECK(world_open(w, t));
	world_complete(b);
	world_turn(w);
	CHECK(world_accepted(w, t));
	CHECK_EQ_U(a->reauthorized, 1);
	CHECK_EQ_U(b->reauthorized, 1);
	world_destroy(w);
}

SIM_TEST(a_closed_endpoint_aborts_what_it_has_pended)
{
	struct world *w = world_create();
	struct world_callout *c = pender(w, CONNECT, 1);
	struct packet *p = syn_out();
	const struct flow_key key = key_of(p);
	uint64_t t = world_give_and_turn(w, p);

	stack_endpoint_closed(w->stack, &key);
	world_turn(w);
	CHECK(world_dropped(w, t));
	CHECK(stack_worker_quiet(w->worker));
	CHECK_EQ_U(counters(w).closed_while_pended, 1);
	(void)pend_complete(w->engine, c->context);
	world_turn(w);
	CHECK_EQ_U(c->reauthorized, 0);
	world_destroy(w);
}

SIM_TEST(a_connect_whose_socket_was_closed_meanwhile_is_aborted_when_it_is_completed)
{
	/* One that was never seen, such as a raw socket's, is not taken for closed. */
	static const enum port_endpoint before[] = {PORT_ENDPOINT_EXISTS, PORT_ENDPOINT_NONE};

	for (unsigned i = 0; i < ARRAY_LEN(before); i++) {
		struct world *w = world_create();
		struct world_callout *c = pender(w, CONNECT, 1);
		uint64_t t;

		w->sender = before[i];
		t = world_give_and_turn(w, syn_out());
		w->sender = PORT_ENDPOINT_NONE;
		world_complete(c);
		world_turn(w);
		CHECK_EQ_U(world_dropped(w, t), i == 0);
		CHECK_EQ_U(counters(w).closed_while_pended, i == 0);
		CHECK_EQ_U(c->reauthorized, i);
		world_destroy(w);
	}
}

SIM_TEST(a_datagram_outlives_the_socket_that_sent_it)
{
	struct world *w = world_create();
	struct world_callout *c = pender(w, CONNECT, 1);
	uint64_t t;

	w->sender = PORT_ENDPOINT_EXISTS;
	t = world_give_and_turn(w, craft_udp(&out, "log", 3));
	w->sender = PORT_ENDPOINT_NONE;
	world_complete(c);
	world_turn(w);
	CHECK(world_accepted(w, t));
	CHECK_EQ_U(counters(w).closed_while_pended, 0);
	world_destroy(w);
}

SIM_TEST(a_reset_while_pended_closes_the_flow)
{
	struct world *w = world_create();
	struct world_callout *c = pender(w, CONNECT, 1);
	uint64_t a = world_give_and_turn(w, syn_out());
	uint64_t b =
		world_give_and_turn(w, craft_tcp(&in, 0, 101, HEADERS_RST | HEADERS_ACK, NULL, 0));

	CHECK(world_dropped(w, a) && world_dropped(w, b));
	(void)pend_complete(w->engine, c->context);
	world_destroy(w);
}

SIM_TEST(a_stopped_engine_resolves_pended_connects_by_its_default)
{
	for (int permit = 0; permit < 2; permit++) {
		struct world *w = mem_alloc(sizeof(*w));
		struct engine_config config = {
			.on_revoke = permit ? ENGINE_DEFAULT_PERMIT : ENGINE_DEFAULT_BLOCK,
		};
		uint64_t t;

		world_create_with(w, &config);
		pender(w, CONNECT, 1);
		t = world_give_and_turn(w, syn_out());
		engine_stop(w->engine);
		world_turn(w);
		CHECK(permit ? world_accepted(w, t) : world_dropped(w, t));
		world_destroy(w);
	}
}

static void add_filter(void *world)
{
	world_filter(world, CONNECT, MODEL_ACTION_PERMIT, NULL, 1);
}

static struct thread *changers[8];
static unsigned n_changers;

/* Every question is overtaken by a change: it is published while the callout still looks. */
static void change_policy(struct world_callout *c, const struct engine_call *call,
			  struct engine_classify_out *o)
{
	const uint64_t before = engine_generation(c->world->engine, CONNECT);

	world_pend(c, call, o);
	if (!call->ind->reauthorize)
		return;
	CHECK(n_changers < ARRAY_LEN(changers));
	CHECK_OK(thread_start(&changers[n_changers++], "changer", add_filter, c->world));
	while (engine_generation(c->world->engine, CONNECT) == before)
		thread_yield();
}

SIM_TEST(a_policy_that_changes_under_every_question_is_asked_four_times_at_most)
{
	struct world *w = world_create();
	struct world_callout *c =
		world_callout(w, CONNECT, MODEL_ACTION_CALLOUT_UNKNOWN, 100, change_policy);
	uint64_t t = world_give_and_turn(w, syn_out());

	world_complete(c);
	world_turn(w);
	while (n_changers)
		thread_join(changers[--n_changers]);
	CHECK(world_accepted(w, t));
	CHECK_EQ_U(c->reauthorized, 4);
	world_destroy(w);
}

/* ---- pend at accept ------------------------------------------------------------------------- */

SIM_TEST(an_accept_held_without_the_packet_is_reauthorized_like_a_connect)
{
	struct world *w = world_create();
	struct world_callout *c = pender(w, ACCEPT, 1);
	uint64_t t = world_give_and_turn(w, syn_in());

	CHECK(world_open(w, t));
	world_complete(c);
	world_turn(w);
	CHECK(world_accepted(w, t));
	CHECK_EQ_U(c->reauthorized, 1);
	world_destroy(w);
}

static void pend_and_take(struct world_callout *c, const struct engine_call *call,
			  struct engine_classify_out *o)
{
	if (engine_seen_has(call->ind->seen, c->id))
		return;
	c->take = true;
	world_pend(c, call, o);
}

static struct world_callout *taker(struct world *w, uint64_t weight)
{
	return world_callout(w, ACCEPT, MODEL_ACTION_CALLOUT_UNKNOWN, weight, pend_and_take);
}

SIM_TEST(an_accept_whose_packet_was_taken_waits_for_the_clone)
{
	for (int first = 0; first < 2; first++) {
		struct world *w = world_create();
		struct world_callout *c = taker(w, 1);
		uint64_t t = world_give_and_turn(w, syn_in());

		if (first)
			world_inject(c, PACKET_ENTRY_TRANSPORT, 0);
		else
			world_complete(c);
		world_turn(w);
		CHECK(world_open(w, t));
		if (first)
			world_complete(c);
		else
			world_inject(c, PACKET_ENTRY_TRANSPORT, 0);
		world_turn(w);
		CHECK(world_accepted(w, t));
		CHECK(!w->answers[t].modified);
		CHECK_EQ_U(c->reauthorized, 0);
		CHECK_EQ_U(c->calls, 2);
		CHECK_EQ_U(c->done, 1);
		CHECK_EQ_U(w->n_sent, 0);
		world_destroy(w);
	}
}

SIM_TEST(an_accept_whose_packet_is_thrown_away_is_blocked_with_its_queue)
{
	struct world *w = world_create();
	struct world_callout *c = taker(w, 1);
	uint64_t a = world_give_and_turn(w, craft_udp(&in, "a", 1));
	uint64_t b = world_give_and_turn(w, craft_udp(&in, "b", 1)), d;

	world_let_go(c);
	world_complete(c);
	world_turn(w);
	CHECK(world_dropped(w, a) && world_dropped(w, b));
	d = world_give_and_turn(w, craft_udp(&in, "c", 1));
	CHECK(world_dropped(w, d));
	world_destroy(w);
}

/* Both pend the same accept and take the packet. */
static struct world *joined_accept(struct world_callout **a, struct world_callout **b, uint64_t *t)
{
	struct world *w = world_create();

	*a = taker(w, 1);
	w->sublayer = 1;
	*b = taker(w, 1);
	*t = world_give_and_turn(w, syn_in());
	CHECK((*a)->taken && (*b)->taken);
	return w;
}

/* The orders in which two callouts complete (c, C) and inject (i, I). */
static const char *const orders[] = {"cCiI", "ciCI", "iIcC", "icIC",
				     "iICc", "CcIi", "cICi", "IciC"};

static void act(struct world_callout *a, struct world_callout *b, char what)
{
	struct world_callout *c = what < 'a' ? b : a;

	if (what == 'c' || what == 'C')
		world_complete(c);
	else
		world_inject(c, PACKET_ENTRY_TRANSPORT, 0);
}

SIM_TEST(two_joined_accepts_that_both_reinject_deliver_one_copy_in_any_order)
{
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		struct world_callout *a, *b;
		uint64_t t;
		struct world *w = joined_accept(&a, &b, &t);

		for (unsigned k = 0; k < 4; k++) {
			CHECK(world_open(w, t));
			act(a, b, orders[i][k]);
			world_turn(w);
		}
		CHECK(world_accepted(w, t));
		CHECK_EQ_U(w->n_sent, 0);
		CHECK_EQ_U(a->calls + b->calls, 4);
		CHECK_EQ_U(a->done, 1);
		CHECK_EQ_U(b->done, 1);
		world_destroy(w);
	}
}

SIM_TEST(of_two_joined_accepts_the_one_that_throws_the_packet_away_blocks)
{
	struct world_callout *a, *b;
	uint64_t t;
	struct world *w = joined_accept(&a, &b, &t);

	world_complete(a);
	world_inject(a, PACKET_ENTRY_TRANSPORT, 0);
	world_complete(b);
	world_let_go(b);
	world_turn(w);
	CHECK(world_dropped(w, t));
	CHECK_EQ_U(w->n_sent, 0);
	CHECK_EQ_U(a->done, 1);
	world_destroy(w);
}

SIM_TEST(an_endpoint_closed_while_a_clone_is_awaited_drops_it)
{
	struct world *w = world_create();
	struct world_callout *c = taker(w, 1);
	struct packet *p = syn_in();
	const struct flow_key key = key_of(p);
	uint64_t t = world_give_and_turn(w, p);

	world_complete(c);
	world_turn(w);
	stack_endpoint_closed(w->stack, &key);
	world_turn(w);
	CHECK(world_dropped(w, t));
	world_inject(c, PACKET_ENTRY_TRANSPORT, 0);
	world_turn(w);
	CHECK_EQ_U(c->done, 1);
	CHECK_EQ_U(w->n_sent, 0);
	world_destroy(w);
}

static void pend_always(struct world_callout *c, const struct engine_call *call,
			UNUSED struct engine_classify_out *o)
{
	uint64_t context;

	c->pend_error =
		pend_operation(c->world->engine, call->ind->meta->completion_handle, &context);
}

SIM_TEST(the_watchdog_resolves_a_connect_that_nobody_completes)
{
	struct world *w = mem_alloc(sizeof(*w));
	struct engine_config config = {.pend_timeout = 5 * CLOCK_S};
	uint64_t t;

	world_create_with(w, &config);
	pender(w, CONNECT, 1);
	t = world_give_and_turn(w, syn_out());
	clock_sleep_until(clock_now() + 6 * CLOCK_S);
	world_turn(w);
	CHECK(world_dropped(w, t));
	CHECK_EQ_U(w->reports[ENGINE_RULE_PendLost], 1);
	world_destroy(w);
}

SIM_TEST(a_reauthorization_cannot_be_pended)
{
	struct world *w = world_create();
	struct world_callout *c =
		world_callout(w, CONNECT, MODEL_ACTION_CALLOUT_INSPECTION, 1, NULL);
	uint64_t t;

	world_give_and_turn(w, craft_udp(&out, "a", 1));
	c->script = pend_always;
	world_filter(w, CONNECT, MODEL_ACTION_PERMIT, NULL, 0);
	t = world_give_and_turn(w, craft_udp(&out, "b", 1));
	CHECK_ERR(c->pend_error, ERR_CANNOT_PEND);
	CHECK(world_accepted(w, t));
	CHECK_EQ_U(w->reports[ENGINE_RULE_PendOnReauth], 1);
	world_destroy(w);
}

SIM_TEST(a_new_connection_on_a_refused_one_is_asked_anew)
{
	struct world *w = world_create();
	struct world_callout *c =
		world_callout(w, CONNECT, MODEL_ACTION_CALLOUT_INSPECTION, 10, NULL);

	world_filter(w, CONNECT, MODEL_ACTION_BLOCK, NULL, 1);
	world_give_and_turn(w, syn_out());
	world_give_and_turn(w, syn_out());
	CHECK_EQ_U(c->calls, 1);
	world_give_and_turn(w, craft_tcp(&out, 90000, 0, HEADERS_SYN, NULL, 0));
	CHECK_EQ_U(c->calls, 2);
	CHECK_EQ_U(c->reauthorized, 0);
	world_destroy(w);
}

SIM_TEST(the_holds_of_a_callout_that_is_forced_out_are_resolved_by_default)
{
	struct world *w = world_create();
	struct world_callout *c = pender(w, CONNECT, 1);
	uint64_t t = world_give_and_turn(w, syn_out());

	CHECK_ERR(engine_callout_unregister(w->engine, c->id, ENGINE_UNREGISTER_POLITE),
		  ERR_IN_USE);
	CHECK_OK(engine_callout_unregister(w->engine, c->id, ENGINE_UNREGISTER_FORCED));
	world_turn(w);
	CHECK(world_dropped(w, t));
	CHECK(c->released);
	w->n_callouts = 0;
	world_unfilter(w, c->filter);
	world_destroy(w);
}
