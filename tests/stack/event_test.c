/* SPDX-License-Identifier: MIT */
/*
 * What the stack tells its sink: drops and allows with who said so, connections with their bytes.
 */
#include "world.h"

#include "base/lock.h"
#include "stack/sink.h"

#define CONNECT MODEL_LAYER_ALE_AUTH_CONNECT_V4
#define ACCEPT	MODEL_LAYER_ALE_AUTH_RECV_ACCEPT_V4
#define IN_IP	MODEL_LAYER_INBOUND_IPPACKET_V4
#define BLOCK	MODEL_ACTION_BLOCK
#define PERMIT	MODEL_ACTION_PERMIT
#define MAX	64u

static const struct craft out = {
	.src = "10.0.0.1", .dst = "10.0.0.2", .src_port = 1111, .dst_port = 80, .hook = PACKET_OUT};
static const struct craft in = {
	.src = "10.0.0.2", .dst = "10.0.0.1", .src_port = 80, .dst_port = 1111, .hook = PACKET_IN};

/* ---- a sink that remembers ------------------------------------------------------------------- */

struct memory {
	struct stack_sink sink; /* first */
	struct model_netevent events[MAX];
	unsigned n_events;
	struct model_connection connections[MAX];
	struct stack_connection watched[MAX];
	unsigned n_opened, n_closed;
	bool refuse;
};

static struct memory memory;

static void on_event(struct stack_sink *sink, const struct model_netevent *e)
{
	struct memory *m = (struct memory *)sink;

	lock_assert_none_held();
	BUG_ON(m->n_events == MAX);
	m->events[m->n_events++] = *e;
}

static struct stack_connection *on_opened(struct stack_sink *sink,
					  const struct model_connection *facts)
{
	struct memory *m = (struct memory *)sink;

	BUG_ON(m->n_opened == MAX);
	m->connections[m->n_opened] = *facts;
	m->n_opened++;
	return m->refuse ? NULL : &m->watched[m->n_opened - 1];
}

static void on_closed(struct stack_sink *sink, UNUSED struct stack_connection *c)
{
	((struct memory *)sink)->n_closed++;
}

static struct world *begin(uint32_t wants)
{
	struct world *w;

	memory = (struct memory){
		.sink = {.event = on_event, .opened = on_opened, .closed = on_closed}};
	atom32_init(&memory.sink.wanted, wants);
	world_sink = &memory.sink;
	w = world_create();
	world_sink = NULL;
	return w;
}

/* The only event so far, which must be of this type and layer. */
static const struct model_netevent *only(enum model_netevent_type type, uint16_t layer)
{
	CHECK_EQ_U(memory.n_events, 1);
	CHECK_EQ_U(memory.events[0].type, type);
	CHECK_EQ_U(memory.events[0].layer, layer);
	return &memory.events[0];
}

static const struct model_netevent *only_drop(uint16_t layer)
{
	return only(MODEL_NETEVENT_CLASSIFY_DROP, layer);
}

static const struct model_netevent *only_allow(uint16_t layer)
{
	return only(MODEL_NETEVENT_CLASSIFY_ALLOW, layer);
}

static struct packet *of_user(struct packet *p, uint32_t uid)
{
	p->uid = uid;
	return p;
}

/* ---- drops ---------------------------------------------------------------------------------- */

SIM_TEST(a_blocked_connect_is_told_with_everything_that_is_known)
{
	struct world *w = begin(STACK_WANT_DROPS);
	const uint64_t filter = world_filter(w, CONNECT, BLOCK, NULL, 1);
	const struct model_netevent *e;
	char text[SID_TEXT];

	world_give_and_turn(w, of_user(craft_udp(&out, "a", 1), 1000));
	e = only_drop(CONNECT);
	CHECK_EQ_U(e->filter_id, filter);
	CHECK_EQ_U(e->callout_id, 0);
	CHECK_EQ_U(e->direction, MODEL_NETEVENT_OUT);
	CHECK_EQ_U(e->ip, MODEL_NETEVENT_V4);
	CHECK_EQ_U(e->protocol, HEADERS_UDP);
	CHECK_EQ_U(e->local.v4, 0x0a000001);
	CHECK_EQ_U(e->remote.v4, 0x0a000002);
	CHECK_EQ_U(e->local_port, 1111);
	CHECK_EQ_U(e->remote_port, 80);
	CHECK_EQ_U(e->ifindex, 2);
	CHECK_EQ_S(sid_format(&e->user, text), "S-1-22-1-1000");
	CHECK_EQ_U(e->flags, MODEL_NETEVENT_HAS_IP_VERSION | MODEL_NETEVENT_HAS_PROTOCOL |
				     MODEL_NETEVENT_HAS_LOCAL_ADDRESS |
				     MODEL_NETEVENT_HAS_REMOTE_ADDRESS |
				     MODEL_NETEVENT_HAS_LOCAL_PORT |
				     MODEL_NETEVENT_HAS_REMOTE_PORT | MODEL_NETEVENT_HAS_USER);
	CHECK(e->time > 0);
	world_destroy(w);
}

SIM_TEST(a_blocked_arrival_has_the_local_end_of_this_host)
{
	struct world *w = begin(STACK_WANT_DROPS);
	const struct model_netevent *e;

	world_filter(w, IN_IP, BLOCK, NULL, 1);
	world_give_and_turn(w, craft_tcp(&in, 1, 0, HEADERS_SYN, NULL, 0));
	e = only_drop(IN_IP);
	CHECK_EQ_U(e->direction, MODEL_NETEVENT_IN);
	CHECK_EQ_U(e->local.v4, 0x0a000001);
	CHECK_EQ_U(e->local_port, 1111);
	CHECK_EQ_U(e->remote_port, 80);
	CHECK_EQ_U(e->ifindex, 1);
	CHECK(!(e->flags & MODEL_NETEVENT_HAS_USER));
	world_destroy(w);
}

SIM_TEST(a_blocked_passer_by_shows_its_sender_as_the_local_end)
{
	struct world *w = begin(STACK_WANT_DROPS);
	struct craft forward = out;
	const struct model_netevent *e;

	forward.hook = PACKET_FORWARD;
	world_filter(w, MODEL_LAYER_IPFORWARD_V4, BLOCK, NULL, 1);
	world_give_and_turn(w, craft_udp(&forward, "a", 1));
	e = only_drop(MODEL_LAYER_IPFORWARD_V4);
	CHECK_EQ_U(e->direction, MODEL_NETEVENT_FORWARD);
	CHECK_EQ_U(e->local.v4, 0x0a000001);
	CHECK_EQ_U(e->local_port, 1111);
	CHECK_EQ_U(e->remote_port, 80);
	world_destroy(w);
}

SIM_TEST(a_blocked_ping_shows_its_type_and_code_as_ports)
{
	struct world *w = begin(STACK_WANT_DROPS);
	const struct model_netevent *e;

	world_filter(w, CONNECT, BLOCK, NULL, 1);
	world_give_and_turn(w, craft_echo(&out, false, 77, 1));
	e = only_drop(CONNECT);
	CHECK_EQ_U(e->protocol, HEADERS_ICMP);
	CHECK_EQ_U(e->local_port, 8);
	CHECK_EQ_U(e->remote_port, 0);
	CHECK(e->flags & MODEL_NETEVENT_HAS_LOCAL_PORT);
	world_destroy(w);
}

SIM_TEST(a_blocked_fragment_has_no_ports)
{
	struct world *w = begin(STACK_WANT_DROPS);
	struct packet *whole = craft_udp(&in, "0123456789abcdef", 16);
	const struct model_netevent *e;

	world_filter(w, IN_IP, BLOCK, NULL, 1);
	world_give_and_turn(w, craft_piece(whole, 7, 8, 16, false));
	packet_put(whole);
	e = only_drop(IN_IP);
	CHECK_EQ_U(e->protocol, HEADERS_UDP);
	CHECK_EQ_U(e->local_port, 0);
	CHECK(!(e->flags & MODEL_NETEVENT_HAS_LOCAL_PORT));
	world_destroy(w);
}

SIM_TEST(a_link_local_neighbour_has_a_scope)
{
	struct world *w = begin(STACK_WANT_DROPS);
	const struct craft six = {.src = "fe80::2",
				  .dst = "fe80::1",
				  .src_port = 5,
				  .dst_port = 6,
				  .hook = PACKET_IN};
	const struct model_netevent *e;

	world_filter(w, MODEL_LAYER_INBOUND_IPPACKET_V6, BLOCK, NULL, 1);
	world_give_and_turn(w, craft_udp(&six, "a", 1));
	e = only_drop(MODEL_LAYER_INBOUND_IPPACKET_V6);
	CHECK_EQ_U(e->ip, MODEL_NETEVENT_V6);
	CHECK_EQ_U(e->af, MODEL_NETEVENT_AF_INET6);
	CHECK_EQ_U(e->remote.v6.b[15], 2);
	CHECK(e->flags & MODEL_NETEVENT_HAS_SCOPE_ID);
	CHECK_EQ_U(e->scope_id, 1);
	world_destroy(w);
}

SIM_TEST(every_sublayer_that_spoke_is_in_the_event)
{
	struct world *w = begin(STACK_WANT_DROPS);
	uint64_t high, low;
	const struct model_netevent *e;

	w->sublayer = 0;
	high = world_filter(w, CONNECT, PERMIT, NULL, 1);
	w->sublayer = 2;
	low = world_filter(w, CONNECT, BLOCK, NULL, 1);
	world_give_and_turn(w, craft_udp(&out, "a", 1));
	e = only_drop(CONNECT);
	CHECK_EQ_U(e->filter_id, low);
	CHECK_EQ_U(e->n_words, 2);
	CHECK_EQ_U(e->words[0].filter_id, high);
	CHECK_EQ_U(e->words[0].action, PERMIT);
	CHECK_EQ_U(e->words[1].filter_id, low);
	CHECK_EQ_U(e->words[1].action, BLOCK);
	CHECK(guid_equal(&e->words[1].sublayer, &world_sublayers[2].key));
	world_destroy(w);
}

static void veto(UNUSED struct world_callout *c, UNUSED const struct engine_call *call,
		 struct engine_classify_out *o)
{
	o->action = BLOCK;
}

SIM_TEST(a_veto_is_marked)
{
	struct world *w = begin(STACK_WANT_DROPS);
	struct model_filter draft = {
		.key = {.a = 0xf117ffff},
		.id = 900,
		.layer = CONNECT,
		.sublayer = world_sublayers[0].key,
		.requested_weight = {.type = MODEL_EMPTY},
		.action = PERMIT,
		.flags = MODEL_FILTER_CLEAR_ACTION_RIGHT,
		.name = (char *)(uintptr_t) "hard permit",
	};
	struct model_filter *f;
	struct engine_delta delta = {.add_filters = &f, .n_add_filters = 1};

	CHECK_OK(model_filter_create(&f, &draft));
	CHECK_OK(engine_commit(w->engine, &delta));
	model_filter_put(f);
	w->sublayer = 2;
	world_callout(w, CONNECT, MODEL_ACTION_CALLOUT_UNKNOWN, 1, veto);
	world_give_and_turn(w, craft_udp(&out, "a", 1));
	CHECK(only_drop(CONNECT)->veto);
	CHECK_EQ_U(memory.events[0].callout_id, w->callouts[0].id);
	world_unfilter(w, 900);
	world_destroy(w);
}

SIM_TEST(what_the_flow_remembers_as_blocked_is_not_told_again)
{
	struct world *w = begin(STACK_WANT_DROPS);

	world_filter(w, CONNECT, BLOCK, NULL, 1);
	for (unsigned i = 0; i < 3; i++)
		CHECK(world_dropped(w, world_give_and_turn(w, craft_udp(&out, "a", 1))));
	only_drop(CONNECT);
	world_destroy(w);
}

SIM_TEST(a_pended_connect_that_ends_in_a_block_is_told_when_it_ends)
{
	struct world *w = begin(STACK_WANT_DROPS);
	struct world_callout *c;

	w->sublayer = 0;
	c = world_callout(w, CONNECT, MODEL_ACTION_CALLOUT_UNKNOWN, 1, world_pend);
	world_give_and_turn(w, craft_udp(&out, "a", 1));
	CHECK_EQ_U(memory.n_events, 0);
	w->sublayer = 2;
	world_filter(w, CONNECT, BLOCK, NULL, 1);
	world_complete(c);
	world_turn(w);
	only_drop(CONNECT);
	CHECK_EQ_U(memory.events[0].n_words, 1);
	world_destroy(w);
}

SIM_TEST(a_pended_connect_that_is_revoked_is_told_as_a_drop_without_a_filter)
{
	struct world *w = begin(STACK_WANT_DROPS);

	world_callout(w, CONNECT, MODEL_ACTION_CALLOUT_UNKNOWN, 1, world_pend);
	world_give_and_turn(w, craft_udp(&out, "a", 1));
	engine_stop(w->engine);
	world_turn(w);
	CHECK_EQ_U(only_drop(CONNECT)->filter_id, 0);
	CHECK_EQ_U(memory.events[0].callout_id, w->callouts[0].id);
	CHECK_EQ_U(memory.events[0].n_words, 0);
	world_destroy(w);
}

SIM_TEST(a_drop_after_a_permit_is_a_reauthorization)
{
	struct world *w = begin(STACK_WANT_DROPS);

	world_give_and_turn(w, craft_udp(&out, "a", 1));
	world_filter(w, CONNECT, BLOCK, NULL, 1);
	world_give_and_turn(w, craft_udp(&out, "b", 1));
	CHECK(only_drop(CONNECT)->flags & MODEL_NETEVENT_IS_REAUTHORIZATION);
	CHECK_EQ_U(memory.events[0].reauth_reason, 1);
	world_destroy(w);
}

/* ---- what is wanted ------------------------------------------------------------------------- */

SIM_TEST(nothing_is_told_that_nobody_wants)
{
	struct world *w = begin(0);

	world_filter(w, IN_IP, BLOCK, NULL, 1);
	world_give_and_turn(w, craft_udp(&in, "a", 1));
	world_give_and_turn(w, craft_udp(&out, "a", 1));
	CHECK_EQ_U(memory.n_events, 0);
	CHECK_EQ_U(memory.n_opened, 0);
	world_destroy(w);
}

/* Events about a datagram to this address that is blocked as it arrives. */
static unsigned told_about(uint32_t wants, const char *to)
{
	struct world *w = begin(wants);
	struct craft c = in;
	unsigned n;

	c.dst = to;
	world_filter(w, IN_IP, BLOCK, NULL, 1);
	world_give_and_turn(w, craft_udp(&c, "a", 1));
	n = memory.n_events;
	world_destroy(w);
	return n;
}

SIM_TEST(arriving_multicast_and_broadcast_must_be_wanted_by_name)
{
	CHECK_EQ_U(told_about(STACK_WANT_DROPS, "10.0.0.1"), 1);
	CHECK_EQ_U(told_about(STACK_WANT_DROPS, "224.0.0.251"), 0);
	CHECK_EQ_U(told_about(STACK_WANT_DROPS, "255.255.255.255"), 0);
	CHECK_EQ_U(told_about(STACK_WANT_DROPS | STACK_WANT_INBOUND_MULTICAST, "224.0.0.251"), 1);
	CHECK_EQ_U(told_about(STACK_WANT_DROPS | STACK_WANT_INBOUND_BROADCAST, "224.0.0.251"), 0);
	CHECK_EQ_U(told_about(STACK_WANT_DROPS | STACK_WANT_INBOUND_BROADCAST, "255.255.255.255"),
		   1);
}

static unsigned told_about_a_scan(uint32_t wants)
{
	struct world *w = begin(wants);
	unsigned n;

	w->endpoint = PORT_ENDPOINT_NONE;
	world_filter(w, MODEL_LAYER_INBOUND_TRANSPORT_V4_DISCARD, BLOCK, NULL, 1);
	world_give_and_turn(w, craft_tcp(&in, 1, 0, HEADERS_SYN, NULL, 0));
	n = memory.n_events;
	if (n)
		only_drop(MODEL_LAYER_INBOUND_TRANSPORT_V4_DISCARD);
	world_destroy(w);
	return n;
}

SIM_TEST(drops_of_what_nobody_listens_for_must_be_wanted_by_name)
{
	CHECK_EQ_U(told_about_a_scan(STACK_WANT_DROPS), 0);
	CHECK_EQ_U(told_about_a_scan(STACK_WANT_DROPS | STACK_WANT_NO_ENDPOINT), 1);
}

/* ---- allows --------------------------------------------------------------------------------- */

SIM_TEST(a_permitted_connect_is_told_once_with_its_filter)
{
	struct world *w = begin(STACK_WANT_ALLOWS);
	const uint64_t filter = world_filter(w, CONNECT, PERMIT, NULL, 1);

	world_give_and_turn(w, craft_udp(&out, "a", 1));
	world_give_and_turn(w, craft_udp(&out, "b", 1));
	CHECK_EQ_U(only_allow(CONNECT)->filter_id, filter);
	CHECK_EQ_U(memory.events[0].n_words, 1);
	CHECK(!(memory.events[0].flags & MODEL_NETEVENT_IS_REAUTHORIZATION));
	world_destroy(w);
}

SIM_TEST(a_connect_that_no_filter_looks_at_is_told_without_one)
{
	struct world *w = begin(STACK_WANT_ALLOWS);
	const uint64_t filter = world_filter(w, CONNECT, PERMIT, NULL, 1);
	struct craft other = out;

	world_give_and_turn(w, craft_udp(&out, "a", 1));
	world_unfilter(w, filter);
	memory.n_events = 0;
	other.src_port++;
	world_give_and_turn(w, craft_udp(&other, "a", 1));
	CHECK_EQ_U(only_allow(CONNECT)->filter_id, 0);
	CHECK_EQ_U(memory.events[0].n_words, 0);
	world_destroy(w);
}

SIM_TEST(an_accepted_arrival_is_told_as_an_allow_at_recv_accept)
{
	struct world *w = begin(STACK_WANT_ALLOWS);

	world_give_and_turn(w, craft_tcp(&in, 1, 0, HEADERS_SYN, NULL, 0));
	CHECK_EQ_U(only_allow(ACCEPT)->direction, MODEL_NETEVENT_IN);
	world_destroy(w);
}

SIM_TEST(a_pended_connect_that_is_permitted_is_told_when_it_ends)
{
	struct world *w = begin(STACK_WANT_ALLOWS);
	struct world_callout *c =
		world_callout(w, CONNECT, MODEL_ACTION_CALLOUT_UNKNOWN, 1, world_pend);

	world_give_and_turn(w, craft_udp(&out, "a", 1));
	CHECK_EQ_U(memory.n_events, 0);
	world_complete(c);
	world_turn(w);
	only_allow(CONNECT);
	world_destroy(w);
}

/* ---- connections ---------------------------------------------------------------------------- */

SIM_TEST(a_connection_is_told_when_its_handshake_is_complete_and_counts_its_bytes)
{
	struct world *w = begin(STACK_WANT_CONNECTIONS);

	world_give_and_turn(w, craft_tcp(&out, 100, 0, HEADERS_SYN, NULL, 0));
	CHECK_EQ_U(memory.n_opened, 0);
	world_give_and_turn(w, craft_tcp(&in, 500, 101, HEADERS_SYN | HEADERS_ACK, NULL, 0));
	CHECK_EQ_U(memory.n_opened, 1);
	CHECK_EQ_U(memory.connections[0].protocol, HEADERS_TCP);
	CHECK_EQ_U(memory.connections[0].version, 4);
	CHECK_EQ_U(memory.connections[0].local_port, 1111);
	CHECK_EQ_U(memory.connections[0].remote.v4, 0x0a000002);
	CHECK(!memory.connections[0].inbound);
	CHECK(memory.connections[0].id != 0);
	world_give_and_turn(w, craft_tcp(&out, 101, 501, HEADERS_ACK, "hello", 5));
	CHECK_EQ_U(atom64_load(&memory.watched[0].bytes_out), 40 + 45);
	CHECK_EQ_U(atom64_load(&memory.watched[0].bytes_in), 40);
	CHECK_EQ_U(memory.n_opened, 1);
	world_destroy(w);
	CHECK_EQ_U(memory.n_closed, 1);
}

SIM_TEST(the_bytes_of_an_accepted_connection_are_not_mixed_up)
{
	struct world *w = begin(STACK_WANT_CONNECTIONS);

	world_give_and_turn(w, craft_udp(&in, "four", 4));
	world_give_and_turn(w, craft_udp(&out, "a", 1));
	CHECK(memory.connections[0].inbound);
	CHECK_EQ_U(atom64_load(&memory.watched[0].bytes_in), 32);
	CHECK_EQ_U(atom64_load(&memory.watched[0].bytes_out), 29);
	world_destroy(w);
}

SIM_TEST(a_flow_that_was_blocked_is_no_connection)
{
	struct world *w = begin(STACK_WANT_CONNECTIONS);

	world_filter(w, CONNECT, BLOCK, NULL, 1);
	world_give_and_turn(w, craft_udp(&out, "a", 1));
	world_destroy(w);
	CHECK_EQ_U(memory.n_opened, 0);
	CHECK_EQ_U(memory.n_closed, 0);
}

SIM_TEST(a_connection_that_is_not_watched_is_offered_once_and_never_closed)
{
	struct world *w = begin(STACK_WANT_CONNECTIONS);

	memory.refuse = true;
	world_give_and_turn(w, craft_udp(&out, "a", 1));
	world_give_and_turn(w, craft_udp(&out, "b", 1));
	world_destroy(w);
	CHECK_EQ_U(memory.n_opened, 1);
	CHECK_EQ_U(memory.n_closed, 0);
}

SIM_TEST(a_connection_older_than_the_wish_is_told_with_its_next_packet)
{
	struct world *w = begin(0);

	world_give_and_turn(w, craft_udp(&out, "a", 1));
	atom32_store(&memory.sink.wanted, STACK_WANT_CONNECTIONS);
	world_give_and_turn(w, craft_udp(&in, "b", 1));
	CHECK_EQ_U(memory.n_opened, 1);
	CHECK_EQ_U(atom64_load(&memory.watched[0].bytes_out), 29);
	world_destroy(w);
	CHECK_EQ_U(memory.n_closed, 1);
}
