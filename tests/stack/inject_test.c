/* SPDX-License-Identifier: MIT */
/*
 * Absorbed packets: injected, merged, thrown away, changed, and injections from nothing.
 */
#include "world.h"

#define OUT_TRANSPORT MODEL_LAYER_OUTBOUND_TRANSPORT_V4
#define DATAGRAM      MODEL_LAYER_DATAGRAM_DATA_V4

static const struct craft out = {
	.src = "10.0.0.1", .dst = "10.0.0.2", .src_port = 1111, .dst_port = 80, .hook = PACKET_OUT};

static void absorb(struct world_callout *c, const struct engine_call *call,
		   struct engine_classify_out *o)
{
	if (engine_seen_has(call->ind->seen, c->id))
		return;
	world_take(c, call);
	world_absorb(o);
}

static void absorb_empty_handed(UNUSED struct world_callout *c,
				UNUSED const struct engine_call *call,
				struct engine_classify_out *o)
{
	world_absorb(o);
}

static struct world_callout *absorber(struct world *w, uint16_t layer, uint64_t weight)
{
	return world_callout(w, layer, MODEL_ACTION_CALLOUT_UNKNOWN, weight, absorb);
}

SIM_TEST(an_absorbed_packet_is_answered_when_its_clone_has_gone_on)
{
	struct world *w = world_create();
	struct world_callout *c = absorber(w, OUT_TRANSPORT, 1);
	uint64_t t = world_give_and_turn(w, craft_udp(&out, "a", 1));

	CHECK(world_open(w, t));
	world_inject(c, PACKET_ENTRY_TRANSPORT, 0);
	world_turn(w);
	CHECK(world_accepted(w, t) && !w->answers[t].modified);
	CHECK_EQ_U(c->done, 1);
	CHECK_OK(c->done_error);
	CHECK_EQ_U(c->calls, 2);
	CHECK_EQ_U(w->n_sent, 0);
	world_destroy(w);
}

SIM_TEST(a_changed_clone_supersedes_the_packet)
{
	struct world *w = world_create();
	struct world_callout *c = absorber(w, OUT_TRANSPORT, 1);
	uint64_t t = world_give_and_turn(w, craft_udp(&out, "a", 1));

	world_inject(c, PACKET_ENTRY_TRANSPORT, 'z');
	world_turn(w);
	CHECK(world_accepted(w, t) && w->answers[t].modified);
	CHECK_EQ_U(w->answers[t].last_byte, 'z');
	world_destroy(w);
}

SIM_TEST(a_packet_absorbed_and_thrown_away_is_dropped)
{
	struct world *w = world_create();
	struct world_callout *c = absorber(w, OUT_TRANSPORT, 1);
	uint64_t t = world_give_and_turn(w, craft_udp(&out, "a", 1));

	world_let_go(c);
	world_turn(w);
	CHECK(world_dropped(w, t));
	world_destroy(w);
}

SIM_TEST(a_packet_absorbed_without_a_claim_is_dropped_at_once)
{
	struct world *w = world_create();
	uint64_t t;

	world_callout(w, OUT_TRANSPORT, MODEL_ACTION_CALLOUT_UNKNOWN, 1, absorb_empty_handed);
	t = world_give_and_turn(w, craft_udp(&out, "a", 1));
	CHECK(world_dropped(w, t));
	world_destroy(w);
}

SIM_TEST(two_callouts_that_reinject_do_not_loop_and_deliver_one_copy)
{
	struct world *w = world_create();
	struct world_callout *a = absorber(w, OUT_TRANSPORT, 10),
			     *b = absorber(w, OUT_TRANSPORT, 5);
	uint64_t t = world_give_and_turn(w, craft_udp(&out, "a", 1));

	for (unsigned i = 0; i < 4; i++) {
		if (a->taken && a->done == 0)
			world_inject(a, PACKET_ENTRY_TRANSPORT, 0);
		world_turn(w);
		if (b->taken && b->done == 0)
			world_inject(b, PACKET_ENTRY_TRANSPORT, 0);
		world_turn(w);
	}
	CHECK(world_accepted(w, t));
	CHECK_EQ_U(a->done, 1);
	CHECK_EQ_U(b->done, 1);
	CHECK_EQ_U(w->n_sent, 0);
	world_destroy(w);
}

static void clone_and_permit(struct world_callout *c, const struct engine_call *call,
			     UNUSED struct engine_classify_out *o)
{
	if (!c->taken && !c->done)
		world_take(c, call);
}

SIM_TEST(a_clone_of_a_packet_that_went_on_is_sent_as_a_packet_of_its_own)
{
	struct world *w = world_create();
	struct world_callout *c = world_callout(w, OUT_TRANSPORT, MODEL_ACTION_CALLOUT_INSPECTION,
						1, clone_and_permit);
	uint64_t t = world_give_and_turn(w, craft_udp(&out, "a", 1));

	CHECK(world_accepted(w, t));
	world_inject(c, PACKET_ENTRY_TRANSPORT, 0);
	world_turn(w);
	CHECK_EQ_U(w->n_sent, 1);
	CHECK_EQ_U(c->done, 1);
	world_destroy(w);
}

SIM_TEST(an_injection_from_nothing_is_sent)
{
	struct world *w = world_create();
	struct stack_injection in = {.entry = PACKET_ENTRY_TRANSPORT, .handle = 1, .driver = 1};

	world_give_and_turn(w, craft_udp(&out, "a", 1));
	in.packet = craft_udp(&out, "b", 1);
	CHECK_OK(stack_inject(w->stack, &in));
	CHECK_EQ_U(w->n_sent, 0); /* never on the injector's stack */
	world_turn(w);
	CHECK_EQ_U(w->n_sent, 1);
	CHECK_EQ_U(w->sent_last_byte, 'b');
	world_destroy(w);
}

SIM_TEST(an_injection_that_another_callout_blocks_says_so)
{
	struct world *w = world_create();
	struct world_callout *c = absorber(w, DATAGRAM, 1);
	uint64_t t = world_give_and_turn(w, craft_udp(&out, "a", 1));

	world_filter(w, OUT_TRANSPORT, MODEL_ACTION_BLOCK, NULL, 1);
	world_inject(c, PACKET_ENTRY_TRANSPORT, 0);
	world_turn(w);
	CHECK(world_dropped(w, t));
	CHECK_ERR(c->done_error, ERR_ACCESS_DENIED);
	world_destroy(w);
}

/* A packet made by this driver arrives where a callout pends. */
static void inject_inbound(struct world *w, uint32_t driver)
{
	const struct craft in = craft_reply(&out, PACKET_IN);
	struct craft before = out;
	struct stack_injection i = {
		.entry = PACKET_ENTRY_TRANSPORT, .handle = 500, .driver = driver};

	before.src_port = 9;
	world_give_and_turn(w, craft_udp(&before, "a", 1)); /* so that the port is known */
	i.packet = craft_udp(&in, "a", 1);
	CHECK_OK(stack_inject(w->stack, &i));
	world_turn(w);
}

SIM_TEST(a_packet_that_its_own_driver_injected_last_is_not_pended_again)
{
	struct world *w = world_create();
	struct world_callout *c = world_callout(w, MODEL_LAYER_ALE_AUTH_RECV_ACCEPT_V4,
						MODEL_ACTION_CALLOUT_UNKNOWN, 1, world_pend);

	inject_inbound(w, c->driver);
	CHECK_ERR(c->pend_error, ERR_CANNOT_PEND);
	CHECK_EQ_U(w->reports[ENGINE_RULE_PendSelfInjected], 1);
	CHECK_EQ_U(w->n_sent, 1);
	world_destroy(w);
}

SIM_TEST(a_packet_that_another_driver_injected_last_may_be_pended)
{
	struct world *w = world_create();
	struct world_callout *c = world_callout(w, MODEL_LAYER_ALE_AUTH_RECV_ACCEPT_V4,
						MODEL_ACTION_CALLOUT_UNKNOWN, 1, world_pend);

	inject_inbound(w, c->driver + 1);
	CHECK_OK(c->pend_error);
	CHECK_EQ_U(w->n_sent, 0);
	world_complete(c);
	world_turn(w);
	CHECK_EQ_U(w->n_sent, 1);
	CHECK_EQ_U(w->reports[ENGINE_RULE_PendSelfInjected], 0);
	world_destroy(w);
}

/* Never asks whose packet it is; it throws nothing away, so what it has not absorbed it lets go. */
static void absorb_always(struct world_callout *c, const struct engine_call *call,
			  struct engine_classify_out *o)
{
	if (c->calls == 1)
		world_take(c, call);
	world_absorb(o);
}

SIM_TEST(a_callout_that_absorbs_its_own_clone_again_is_reported_and_the_clone_goes_on)
{
	struct world *w = world_create();
	struct world_callout *c =
		world_callout(w, OUT_TRANSPORT, MODEL_ACTION_CALLOUT_UNKNOWN, 1, absorb_always);
	uint64_t t = world_give_and_turn(w, craft_udp(&out, "a", 1));

	world_inject(c, PACKET_ENTRY_TRANSPORT, 0);
	world_turn(w);
	CHECK(world_accepted(w, t));
	CHECK_EQ_U(w->reports[ENGINE_RULE_InjectLoop], 1);
	world_destroy(w);
}

SIM_TEST(a_malformed_injection_is_refused)
{
	struct world *w = world_create();
	struct stack_injection in = {.entry = PACKET_ENTRY_NETWORK};

	in.packet = craft_udp(&out, "b", 1);
	in.packet->data[0] = 0;
	CHECK_ERR(stack_inject(w->stack, &in), ERR_INVALID_PARAMETER);
	in.packet->data[0] = 0x45;
	in.entry = PACKET_ENTRY_FORWARD;
	CHECK_ERR(stack_inject(w->stack, &in), ERR_INVALID_PARAMETER);
	packet_put(in.packet);
	world_destroy(w);
}

SIM_TEST(a_forwarded_packet_is_absorbed_and_injected_at_ipforward)
{
	struct world *w = world_create();
	struct world_callout *c = absorber(w, MODEL_LAYER_IPFORWARD_V4, 1);
	struct craft forward = out;
	uint64_t t;

	forward.hook = PACKET_FORWARD;
	t = world_give_and_turn(w, craft_udp(&forward, "a", 1));
	CHECK(world_open(w, t));
	world_inject(c, PACKET_ENTRY_FORWARD, 0);
	world_turn(w);
	CHECK(world_accepted(w, t));
	CHECK_EQ_U(c->calls, 2);
	world_destroy(w);
}

SIM_TEST(a_packet_absorbed_at_ippacket_is_injected_at_the_network_layer_and_still_opens_its_flow)
{
	struct world *w = world_create();
	struct world_callout *c = absorber(w, MODEL_LAYER_INBOUND_IPPACKET_V4, 1), *established;
	struct craft in = craft_reply(&out, PACKET_IN);
	struct stack_counters count;
	uint64_t t;

	established = world_callout(w, MODEL_LAYER_ALE_FLOW_ESTABLISHED_V4,
				    MODEL_ACTION_CALLOUT_INSPECTION, 1, NULL);
	t = world_give_and_turn(w, craft_udp(&in, "a", 1));
	world_inject(c, PACKET_ENTRY_NETWORK, 0);
	world_turn(w);
	CHECK(world_accepted(w, t));
	CHECK_EQ_U(c->calls, 2);
	CHECK_EQ_U(established->calls, 1);
	stack_counters_get(w->stack, &count);
	CHECK_EQ_U(count.flows_now, 1);
	CHECK_EQ_U(count.absorbed, 1);
	CHECK_EQ_U(count.injected, 1);
	world_destroy(w);
}

SIM_TEST(a_packet_that_nobody_gives_back_is_reclaimed_in_time)
{
	struct world *w = world_create();
	struct world_callout *c = absorber(w, OUT_TRANSPORT, 1);
	uint64_t t = world_give_and_turn(w, craft_udp(&out, "a", 1));

	clock_sleep_until(clock_now() + 61 * CLOCK_S);
	world_turn(w);
	CHECK(world_dropped(w, t));
	CHECK_EQ_U(w->reports[ENGINE_RULE_PacketLost], 1);
	world_let_go(c);
	world_destroy(w);
}

SIM_TEST(a_datagram_made_of_pieces_is_replaced_by_a_changed_clone)
{
	static uint8_t data[100];
	struct world *w = world_create();
	struct craft in = craft_reply(&out, PACKET_IN);
	struct packet *whole = craft_udp(&in, data, sizeof(data)), *pieces[4];
	const unsigned n = craft_train(whole, 7, 56, pieces, ARRAY_LEN(pieces));
	struct world_callout *c = absorber(w, DATAGRAM, 1);

	for (unsigned i = 0; i < n; i++)
		world_give_and_turn(w, pieces[i]);
	world_inject(c, PACKET_ENTRY_TRANSPORT, 'z');
	world_turn(w);
	CHECK(world_accepted(w, 0) && w->answers[0].modified);
	CHECK_EQ_U(w->answers[0].len, whole->len);
	for (unsigned i = 1; i < n; i++)
		CHECK(world_dropped(w, i));
	packet_put(whole);
	world_destroy(w);
}

SIM_TEST(an_absorb_at_inbound_transport_before_ale_is_refused_and_reported)
{
	struct world *w = world_create();
	struct craft in = craft_reply(&out, PACKET_IN);
	uint64_t t;

	world_callout(w, MODEL_LAYER_INBOUND_TRANSPORT_V4, MODEL_ACTION_CALLOUT_UNKNOWN, 1,
		      absorb_empty_handed);
	t = world_give_and_turn(w, craft_udp(&in, "a", 1));
	CHECK(world_dropped(w, t));
	CHECK_EQ_U(w->reports[ENGINE_RULE_AbsorbNotAllowed], 1);
	world_destroy(w);
}

SIM_TEST(a_malformed_packet_is_dropped_before_any_layer)
{
	struct world *w = world_create();
	struct packet *p = craft_udp(&out, "a", 1);
	struct stack_counters count;

	world_log_all(w);
	p->data[0] = 0x41;
	CHECK(world_dropped(w, world_give_and_turn(w, p)));
	CHECK_EQ_S(w->answers[0].what, "malformed");
	CHECK_EQ_S(world_log(w), "");
	stack_counters_get(w->stack, &count);
	CHECK_EQ_U(count.malformed, 1);
	world_destroy(w);
}

SIM_TEST(what_callouts_still_have_at_the_end_is_taken_back)
{
	struct world *w = world_create();
	struct world_callout *c = absorber(w, OUT_TRANSPORT, 1);
	uint64_t t = world_give_and_turn(w, craft_udp(&out, "a", 1));

	CHECK(!stack_quiet(w->stack));
	stack_reclaim(w->stack);
	world_turn(w);
	CHECK(world_dropped(w, t));
	CHECK(stack_quiet(w->stack));
	world_let_go(c);
	world_destroy(w);
}

SIM_TEST(an_injection_that_the_port_cannot_send_says_so)
{
	static const struct stack_port_ops mute = {.verdict = world_verdict};
	struct world *w = world_create();
	struct world_callout *c = world_callout(w, OUT_TRANSPORT, MODEL_ACTION_CALLOUT_INSPECTION,
						1, clone_and_permit);

	w->port.ops = &mute;
	world_give_and_turn(w, craft_udp(&out, "a", 1));
	world_inject(c, PACKET_ENTRY_TRANSPORT, 0);
	world_turn(w);
	CHECK_ERR(c->done_error, ERR_NOT_SUPPORTED);
	world_destroy(w);
}

/* As a driver that made the packet itself. */
static wfp_err inject_own(struct world *w, struct packet *p)
{
	return stack_inject(
		w->stack,
		&(struct stack_injection){.packet = p, .entry = PACKET_ENTRY_NETWORK, .handle = 7});
}

static struct packet *make_train(struct packet **pieces, unsigned max, unsigned *n)
{
	static uint8_t data[100];
	const struct craft in = craft_reply(&out, PACKET_IN);
	struct packet *whole = craft_udp(&in, data, sizeof(data));

	*n = craft_train(whole, 77, 48, pieces, max);
	return whole;
}

SIM_TEST(a_datagram_of_pieces_that_a_driver_made_is_sent_as_one)
{
	struct world *w = world_create();
	struct packet *pieces[8], *whole;
	unsigned n;

	stack_worker_set_port(w->worker, &w->port);
	whole = make_train(pieces, ARRAY_LEN(pieces), &n);
	for (unsigned i = 0; i < n; i++)
		CHECK_OK(inject_own(w, pieces[i]));
	world_turn(w);
	CHECK_EQ_U(w->n_sent, 1);
	packet_put(whole);
	world_destroy(w);
}

SIM_TEST(a_datagram_with_a_piece_of_a_drivers_own_is_carried_whole_by_the_ports_first)
{
	struct world *w = world_create();
	struct packet *pieces[8], *whole;
	uint64_t t = 0;
	unsigned n;

	whole = make_train(pieces, ARRAY_LEN(pieces), &n);
	CHECK_OK(inject_own(w, pieces[0]));
	for (unsigned i = 1; i < n; i++)
		t = world_give_and_turn(w, pieces[i]);
	CHECK(world_accepted(w, 0) && w->answers[0].modified);
	CHECK_EQ_U(w->answers[0].len, whole->len);
	for (uint64_t i = 1; i <= t; i++)
		CHECK(world_dropped(w, i));
	CHECK_EQ_U(w->n_sent, 0);
	packet_put(whole);
	world_destroy(w);
}

SIM_TEST(when_no_worker_will_run_injections_under_way_complete_and_new_ones_are_refused)
{
	struct world *w = world_create();
	struct world_callout *c = world_callout(w, OUT_TRANSPORT, MODEL_ACTION_CALLOUT_INSPECTION,
						1, clone_and_permit);
	struct packet *late;

	world_give_and_turn(w, craft_udp(&out, "a", 1));
	world_inject(c, PACKET_ENTRY_TRANSPORT, 0);
	stack_end(w->stack);
	CHECK_EQ_U(c->done, 1);
	late = craft_udp(&out, "b", 1);
	CHECK_ERR(inject_own(w, late), ERR_TCPIP_NOT_READY);
	packet_put(late);
	world_destroy(w);
}

/* ---- being quiet is said of all workers at once --------------------------------------------- */

#define HOPS 12u

static struct relay {
	struct world *w;
	struct stack *stack;
	struct atom32 hops, stop;
} relay;

static void relay_send(void);

static void relay_done(UNUSED void *ctx, UNUSED wfp_err status)
{
	if (atom32_add(&relay.hops, 1) < HOPS)
		relay_send();
}

/* Each to another port, so that now this worker has it and now that one. */
static void relay_send(void)
{
	struct craft c = out;

	c.src_port = (uint16_t)(2000 + atom32_load(&relay.hops));
	CHECK_OK(stack_inject(relay.stack, &(struct stack_injection){
						   .packet = craft_udp(&c, "a", 1),
						   .entry = PACKET_ENTRY_TRANSPORT,
						   .handle = 7,
						   .done = relay_done,
					   }));
}

static void relay_turns(void *worker)
{
	stack_worker_enter(worker);
	while (!atom32_load(&relay.stop)) {
		stack_worker_poll(worker, clock_now());
		thread_yield();
	}
	stack_worker_leave(worker);
}

SIM_TEST(the_stack_is_not_quiet_while_a_letter_is_handed_from_worker_to_worker)
{
	struct world *w = world_create();
	struct thread *threads[2];

	relay = (struct relay){.w = w};
	CHECK_OK(stack_create(&relay.stack,
			      &(struct stack_config){.engine = w->engine, .workers = 2}));
	relay_send();
	for (unsigned i = 0; i < ARRAY_LEN(threads); i++)
		CHECK_OK(thread_start(&threads[i], "worker", relay_turns,
				      stack_worker(relay.stack, i)));
	while (!stack_quiet(relay.stack))
		thread_yield();
	CHECK_EQ_U(atom32_load(&relay.hops), HOPS);
	atom32_store(&relay.stop, 1);
	for (unsigned i = 0; i < ARRAY_LEN(threads); i++)
		thread_join(threads[i]);
	stack_destroy(relay.stack);
	world_destroy(w);
}
