/* SPDX-License-Identifier: MIT */
/*
 * The documented order of layers, as golden sequences, for every kind of conversation.
 */
#include "world.h"

struct family {
	const char *v, *local, *remote;
};

static const struct family families[] = {
	{"V4", "10.0.0.1", "10.0.0.2"},
	{"V6", "2001:db8::1", "2001:db8::2"},
};

/* The expected log, with every # replaced by the version. */
static const char *in_version(const char *text, const char *v)
{
	static char out[2048];
	char *at = out;

	for (; *text; text++) {
		if (*text == '#')
			at += sprintf(at, "%s", v);
		else
			*at++ = *text;
	}
	*at = '\0';
	return out;
}

static struct craft outbound(const struct family *f)
{
	return (struct craft){.src = f->local,
			      .dst = f->remote,
			      .src_port = 1111,
			      .dst_port = 80,
			      .hook = PACKET_OUT};
}

static struct craft inbound(const struct family *f)
{
	const struct craft out = outbound(f);

	return craft_reply(&out, PACKET_IN);
}

static void expect(struct world *w, const struct family *f, struct packet *p, const char *layers)
{
	const uint64_t token = world_give_and_turn(w, p);

	CHECK_EQ_S(world_log(w), in_version(layers, f->v));
	CHECK(world_accepted(w, token));
}

/* Runs a test on both families. */
static void on_both(void (*test)(struct world *w, const struct family *f))
{
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		struct world *w = world_create();

		world_log_all(w);
		test(w, &families[i]);
		world_destroy(w);
	}
}

static void tcp_client(struct world *w, const struct family *f)
{
	const struct craft out = outbound(f), in = inbound(f);

	expect(w, f, craft_tcp(&out, 100, 0, HEADERS_SYN, NULL, 0),
	       "ALE_AUTH_CONNECT_# OUTBOUND_TRANSPORT_# OUTBOUND_IPPACKET_#");
	expect(w, f, craft_tcp(&in, 500, 101, HEADERS_SYN | HEADERS_ACK, NULL, 0),
	       "INBOUND_IPPACKET_# INBOUND_TRANSPORT_# ALE_FLOW_ESTABLISHED_#");
	expect(w, f, craft_tcp(&out, 101, 501, HEADERS_ACK, NULL, 0),
	       "OUTBOUND_TRANSPORT_# OUTBOUND_IPPACKET_#");
	expect(w, f, craft_tcp(&out, 101, 501, HEADERS_ACK | HEADERS_PSH, "hello", 5),
	       "STREAM_# OUTBOUND_TRANSPORT_# OUTBOUND_IPPACKET_#");
	expect(w, f, craft_tcp(&in, 501, 106, HEADERS_ACK | HEADERS_PSH, "world", 5),
	       "INBOUND_IPPACKET_# INBOUND_TRANSPORT_# STREAM_#");
}

SIM_TEST(layers_of_a_tcp_client_come_in_the_documented_order)
{
	on_both(tcp_client);
}

static void tcp_server(struct world *w, const struct family *f)
{
	const struct craft out = outbound(f), in = inbound(f);

	expect(w, f, craft_tcp(&in, 100, 0, HEADERS_SYN, NULL, 0),
	       "INBOUND_IPPACKET_# INBOUND_TRANSPORT_# ALE_AUTH_RECV_ACCEPT_#");
	expect(w, f, craft_tcp(&out, 500, 101, HEADERS_SYN | HEADERS_ACK, NULL, 0),
	       "OUTBOUND_TRANSPORT_# OUTBOUND_IPPACKET_#");
	expect(w, f, craft_tcp(&in, 101, 501, HEADERS_ACK, NULL, 0),
	       "INBOUND_IPPACKET_# INBOUND_TRANSPORT_# ALE_FLOW_ESTABLISHED_#");
	expect(w, f, craft_tcp(&in, 101, 501, HEADERS_ACK, "hello", 5),
	       "INBOUND_IPPACKET_# INBOUND_TRANSPORT_# STREAM_#");
}

SIM_TEST(layers_of_a_tcp_server_come_in_the_documented_order)
{
	on_both(tcp_server);
}

static void udp_sender(struct world *w, const struct family *f)
{
	const struct craft out = outbound(f), in = inbound(f);

	expect(w, f, craft_udp(&out, "a", 1),
	       "ALE_AUTH_CONNECT_# ALE_FLOW_ESTABLISHED_# DATAGRAM_DATA_# OUTBOUND_TRANSPORT_# "
	       "OUTBOUND_IPPACKET_#");
	expect(w, f, craft_udp(&in, "b", 1),
	       "INBOUND_IPPACKET_# INBOUND_TRANSPORT_# DATAGRAM_DATA_#");
	expect(w, f, craft_udp(&out, "c", 1),
	       "DATAGRAM_DATA_# OUTBOUND_TRANSPORT_# OUTBOUND_IPPACKET_#");
}

SIM_TEST(layers_of_a_udp_sender_come_in_the_documented_order)
{
	on_both(udp_sender);
}

static void udp_receiver(struct world *w, const struct family *f)
{
	const struct craft out = outbound(f), in = inbound(f);

	expect(w, f, craft_udp(&in, "a", 1),
	       "INBOUND_IPPACKET_# INBOUND_TRANSPORT_# ALE_AUTH_RECV_ACCEPT_# "
	       "ALE_FLOW_ESTABLISHED_# DATAGRAM_DATA_#");
	expect(w, f, craft_udp(&out, "b", 1),
	       "DATAGRAM_DATA_# OUTBOUND_TRANSPORT_# OUTBOUND_IPPACKET_#");
}

SIM_TEST(layers_of_a_udp_receiver_come_in_the_documented_order)
{
	on_both(udp_receiver);
}

/* Who closes, and who is told: the segments of the end, and no layer for the end itself. */
static void tcp_end(struct world *w, const struct family *f)
{
	const struct craft out = outbound(f), in = inbound(f);
	const uint8_t fin = HEADERS_FIN | HEADERS_ACK;

	world_give_and_turn(w, craft_tcp(&out, 100, 0, HEADERS_SYN, NULL, 0));
	world_give_and_turn(w, craft_tcp(&in, 500, 101, HEADERS_SYN | HEADERS_ACK, NULL, 0));
	world_give_and_turn(w, craft_tcp(&out, 101, 501, HEADERS_ACK, NULL, 0));
	world_log(w);
	expect(w, f, craft_tcp(&out, 101, 501, fin, NULL, 0),
	       "STREAM_# OUTBOUND_TRANSPORT_# OUTBOUND_IPPACKET_#");
	expect(w, f, craft_tcp(&in, 501, 102, fin, NULL, 0),
	       "INBOUND_IPPACKET_# INBOUND_TRANSPORT_# STREAM_#");
	expect(w, f, craft_tcp(&out, 102, 502, HEADERS_ACK, NULL, 0),
	       "OUTBOUND_TRANSPORT_# OUTBOUND_IPPACKET_#");
}

SIM_TEST(the_end_of_a_connection_is_indicated_at_no_layer_of_ale)
{
	on_both(tcp_end);
}

static void other_protocol(struct world *w, const struct family *f)
{
	const struct craft out = outbound(f), in = inbound(f);

	expect(w, f, craft_ip(&out, 253, "0123456789abcdef", 16),
	       "ALE_AUTH_CONNECT_# ALE_FLOW_ESTABLISHED_# DATAGRAM_DATA_# OUTBOUND_TRANSPORT_# "
	       "OUTBOUND_IPPACKET_#");
	expect(w, f, craft_ip(&in, 253, "0123456789abcdef", 16),
	       "INBOUND_IPPACKET_# INBOUND_TRANSPORT_# DATAGRAM_DATA_#");
	expect(w, f, craft_ip(&in, 47, "0123456789abcdef", 16),
	       "INBOUND_IPPACKET_# INBOUND_TRANSPORT_# ALE_AUTH_RECV_ACCEPT_# "
	       "ALE_FLOW_ESTABLISHED_# DATAGRAM_DATA_#");
}

SIM_TEST(protocols_other_than_tcp_follow_the_order_of_udp)
{
	on_both(other_protocol);
}

static void ping(struct world *w, const struct family *f)
{
	const struct craft out = outbound(f), in = inbound(f);

	expect(w, f, craft_echo(&in, false, 7, 1),
	       "INBOUND_IPPACKET_# INBOUND_TRANSPORT_# ALE_AUTH_RECV_ACCEPT_# "
	       "ALE_FLOW_ESTABLISHED_# DATAGRAM_DATA_#");
	expect(w, f, craft_echo(&out, true, 7, 1),
	       "DATAGRAM_DATA_# OUTBOUND_TRANSPORT_# OUTBOUND_IPPACKET_#");
	expect(w, f, craft_echo(&out, false, 9, 1),
	       "ALE_AUTH_CONNECT_# ALE_FLOW_ESTABLISHED_# DATAGRAM_DATA_# OUTBOUND_TRANSPORT_# "
	       "OUTBOUND_IPPACKET_#");
}

SIM_TEST(icmp_queries_follow_the_order_of_udp)
{
	on_both(ping);
}

static void icmp_errors(struct world *w, const struct family *f)
{
	const struct craft out = outbound(f), in = inbound(f);
	struct packet *sent = craft_udp(&out, "a", 1), *got = craft_udp(&in, "b", 1);

	expect(w, f, craft_unreachable(&in, sent, 64),
	       "INBOUND_IPPACKET_# INBOUND_TRANSPORT_# INBOUND_ICMP_ERROR_#");
	expect(w, f, craft_unreachable(&out, got, 64),
	       "OUTBOUND_ICMP_ERROR_# OUTBOUND_TRANSPORT_# OUTBOUND_IPPACKET_#");
	packet_put(sent);
	packet_put(got);
}

SIM_TEST(icmp_errors_are_shown_at_their_own_layers_and_not_to_ale)
{
	on_both(icmp_errors);
}

static void no_listener(struct world *w, const struct family *f)
{
	const struct craft out = outbound(f), in = inbound(f);

	w->endpoint = PORT_ENDPOINT_NONE;
	expect(w, f, craft_tcp(&in, 100, 0, HEADERS_SYN, NULL, 0),
	       "INBOUND_IPPACKET_# INBOUND_TRANSPORT_#_DISCARD");
	expect(w, f, craft_tcp(&out, 0, 101, HEADERS_RST | HEADERS_ACK, NULL, 0),
	       "OUTBOUND_TRANSPORT_# OUTBOUND_IPPACKET_#");
	expect(w, f, craft_udp(&in, "a", 1), "INBOUND_IPPACKET_# INBOUND_IPPACKET_#_DISCARD");
}

SIM_TEST(without_a_listener_tcp_is_shown_at_transport_discard_and_udp_at_ippacket_discard)
{
	on_both(no_listener);
}

static void block_no_listener(struct world *w, const struct family *f)
{
	const struct craft in = inbound(f);
	const unsigned v6 = strcmp(f->v, "V6") == 0 ? 2 : 0;
	uint64_t tcp, udp;

	w->endpoint = PORT_ENDPOINT_NONE;
	world_filter(w, (uint16_t)(MODEL_LAYER_INBOUND_TRANSPORT_V4_DISCARD + v6),
		     MODEL_ACTION_BLOCK, NULL, 1);
	world_filter(w, (uint16_t)(MODEL_LAYER_INBOUND_IPPACKET_V4_DISCARD + v6),
		     MODEL_ACTION_BLOCK, NULL, 1);
	tcp = world_give_and_turn(w, craft_tcp(&in, 100, 0, HEADERS_SYN, NULL, 0));
	udp = world_give_and_turn(w, craft_udp(&in, "a", 1));
	CHECK(world_dropped(w, tcp));
	CHECK(world_dropped(w, udp));
}

SIM_TEST(a_block_at_the_discard_layer_keeps_the_host_from_answering)
{
	on_both(block_no_listener);
}

static void forwarded(struct world *w, const struct family *f)
{
	struct craft c = outbound(f);

	c.hook = PACKET_FORWARD;
	expect(w, f, craft_udp(&c, "a", 1), "IPFORWARD_#");
	expect(w, f, craft_tcp(&c, 1, 0, HEADERS_SYN, NULL, 0), "IPFORWARD_#");
}

SIM_TEST(forwarded_packets_cross_ipforward_only)
{
	on_both(forwarded);
}

static void fragments(struct world *w, const struct family *f)
{
	static uint8_t data[100];
	const struct craft in = inbound(f);
	struct packet *whole = craft_udp(&in, data, sizeof(data)), *pieces[8];
	const unsigned n = craft_train(whole, 77, 48, pieces, ARRAY_LEN(pieces));

	CHECK_EQ_U(n, 3);
	for (unsigned i = 0; i + 1 < n; i++) {
		world_give_and_turn(w, pieces[i]);
		CHECK_EQ_S(world_log(w), in_version("INBOUND_IPPACKET_#", f->v));
		CHECK(world_open(w, i));
	}
	expect(w, f, pieces[n - 1],
	       "INBOUND_IPPACKET_# INBOUND_TRANSPORT_# ALE_AUTH_RECV_ACCEPT_# "
	       "ALE_FLOW_ESTABLISHED_# DATAGRAM_DATA_#");
	for (unsigned i = 0; i < n; i++)
		CHECK(world_accepted(w, i));
	packet_put(whole);
}

SIM_TEST(each_fragment_is_shown_at_ippacket_and_the_datagram_above)
{
	on_both(fragments);
}

static void blocked_connect(struct world *w, const struct family *f)
{
	const unsigned v6 = strcmp(f->v, "V6") == 0 ? 2 : 0;
	const struct craft out = outbound(f);
	uint64_t token;

	world_filter(w, (uint16_t)(MODEL_LAYER_ALE_AUTH_CONNECT_V4 + v6), MODEL_ACTION_BLOCK, NULL,
		     1);
	token = world_give_and_turn(w, craft_tcp(&out, 100, 0, HEADERS_SYN, NULL, 0));
	CHECK_EQ_S(world_log(w), in_version("ALE_AUTH_CONNECT_# ALE_AUTH_CONNECT_#_DISCARD", f->v));
	CHECK(world_dropped(w, token));
	CHECK_EQ_U(w->answers[token].layer, MODEL_LAYER_ALE_AUTH_CONNECT_V4 + v6);
}

SIM_TEST(a_block_is_shown_to_the_discard_twin_and_dropped)
{
	on_both(blocked_connect);
}
