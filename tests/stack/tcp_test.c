/* SPDX-License-Identifier: MIT */
/*
 * tcp - connections told as the segments that pass by.
 */
#include "harness.h"

#include "craft.h"

#include "stack/tcp.h"

#define O   FLOW_ORIGINAL
#define R   FLOW_REPLY
#define SYN HEADERS_SYN
#define ACK HEADERS_ACK
#define FIN HEADERS_FIN
#define RST HEADERS_RST

/* Initial sequence numbers: one wraps. */
#define ISN_O 0xfffffff0u
#define ISN_R 5000u

static struct tcp_tracker t;

/* Numbers are relative to each side's own SYN. */
static struct tcp_step seg(enum flow_dir dir, uint8_t flags, uint32_t seq, uint32_t ack,
			   uint32_t len)
{
	static uint8_t data[65536];
	struct craft c = {.src = "10.0.0.1",
			  .dst = "10.0.0.2",
			  .src_port = 1,
			  .dst_port = 2,
			  .window = 1000,
			  .scale = 2};
	struct packet *p;
	struct tcp_step step;

	seq += dir == O ? ISN_O : ISN_R;
	ack += dir == O ? ISN_R : ISN_O;
	p = craft_tcp(&c, seq, flags & ACK ? ack : 0, flags, data, len);
	step = tcp_segment(&t, dir, &p->h, p->data);
	packet_put(p);
	return step;
}

static void open_connection(bool original_local)
{
	tcp_init(&t, original_local);
	seg(O, SYN, 0, 0, 0);
	seg(R, SYN | ACK, 0, 1, 0);
	seg(O, ACK, 1, 1, 0);
	CHECK_EQ_U(t.state, TCP_ESTABLISHED);
}

TEST(handshake_seen_by_the_server_ends_with_the_third_segment)
{
	tcp_init(&t, false);
	CHECK(seg(O, SYN, 0, 0, 0).in_window);
	CHECK_EQ_U(t.state, TCP_SYN_SENT);
	CHECK(!seg(R, SYN | ACK, 0, 1, 0).established);
	CHECK_EQ_U(t.state, TCP_SYN_RECEIVED);
	CHECK(seg(O, ACK, 1, 1, 0).established);
	CHECK_EQ_U(t.state, TCP_ESTABLISHED);
	CHECK(!seg(O, ACK, 1, 1, 10).established);
}

TEST(handshake_seen_by_the_client_ends_with_the_syn_ack)
{
	tcp_init(&t, true);
	seg(O, SYN, 0, 0, 0);
	CHECK(seg(R, SYN | ACK, 0, 1, 0).established);
	CHECK(!seg(O, ACK, 1, 1, 0).established);
	CHECK_EQ_U(t.state, TCP_ESTABLISHED);
}

TEST(retransmitted_syns_are_no_new_connections)
{
	tcp_init(&t, false);
	CHECK(!seg(O, SYN, 0, 0, 0).retransmitted_syn);
	CHECK(seg(O, SYN, 0, 0, 0).retransmitted_syn);
	seg(R, SYN | ACK, 0, 1, 0);
	CHECK(seg(R, SYN | ACK, 0, 1, 0).retransmitted_syn);
	CHECK(seg(O, SYN, 0, 0, 0).retransmitted_syn);
	CHECK(seg(O, ACK, 1, 1, 0).established);
	CHECK(seg(R, SYN | ACK, 0, 1, 0).retransmitted_syn);
	CHECK_EQ_U(t.state, TCP_ESTABLISHED);
}

TEST(another_syn_before_the_answer_is_a_new_attempt)
{
	struct tcp_step step;

	tcp_init(&t, false);
	seg(O, SYN, 0, 0, 0);
	step = seg(O, SYN, 777, 0, 0);
	CHECK(step.reopened && step.in_window && !step.retransmitted_syn);
}

TEST(simultaneous_open_is_established_when_both_syns_are_acknowledged)
{
	tcp_init(&t, true);
	seg(O, SYN, 0, 0, 0);
	CHECK(seg(R, SYN, 0, 0, 0).in_window);
	CHECK_EQ_U(t.state, TCP_SYN_CROSSED);
	CHECK(!seg(R, SYN | ACK, 0, 1, 0).established);
	CHECK(seg(O, SYN | ACK, 0, 1, 0).established);
	CHECK_EQ_U(t.state, TCP_ESTABLISHED);
}

TEST(a_syn_ack_must_answer_the_syn)
{
	tcp_init(&t, true);
	CHECK(!seg(R, SYN | ACK, 0, 1, 0).in_window);
	CHECK_EQ_U(t.state, TCP_NONE);
	seg(O, SYN, 0, 0, 0);
	CHECK(!seg(R, SYN | ACK, 0, 2, 0).in_window);
	CHECK(!seg(R, SYN | ACK, 0, 0, 0).in_window);
	CHECK_EQ_U(t.state, TCP_SYN_SENT);
	CHECK(seg(R, SYN | ACK, 0, 1, 0).established);
}

TEST(an_orderly_close_from_either_side)
{
	open_connection(true);
	seg(O, FIN | ACK, 1, 1, 0);
	CHECK_EQ_U(t.state, TCP_FIN_ORIGINAL);
	seg(R, ACK, 1, 2, 0);
	seg(R, ACK, 1, 2, 100);
	CHECK(!seg(R, FIN | ACK, 101, 2, 0).closed);
	CHECK_EQ_U(t.state, TCP_FIN_BOTH);
	CHECK(seg(O, ACK, 2, 102, 0).closed);
	CHECK_EQ_U(t.state, TCP_CLOSED);

	open_connection(true);
	seg(R, FIN | ACK, 1, 1, 0);
	CHECK_EQ_U(t.state, TCP_FIN_REPLY);
	CHECK(!seg(O, FIN | ACK, 1, 2, 0).closed);
	CHECK(seg(R, ACK, 2, 2, 0).closed);
}

TEST(both_close_at_once)
{
	open_connection(false);
	seg(O, FIN | ACK, 1, 1, 0);
	seg(R, FIN | ACK, 1, 1, 0);
	CHECK_EQ_U(t.state, TCP_FIN_BOTH);
	CHECK(!seg(O, ACK, 2, 2, 0).closed);
	CHECK(seg(R, ACK, 2, 2, 0).closed);
}

TEST(a_fin_with_the_last_ack_of_the_handshake_counts)
{
	tcp_init(&t, false);
	seg(O, SYN, 0, 0, 0);
	seg(R, SYN | ACK, 0, 1, 0);
	CHECK(seg(O, FIN | ACK, 1, 1, 5).established);
	CHECK_EQ_U(t.state, TCP_FIN_ORIGINAL);
}

TEST(a_retransmitted_fin_after_the_end_changes_nothing)
{
	open_connection(true);
	seg(O, FIN | ACK, 1, 1, 0);
	seg(R, FIN | ACK, 1, 2, 0);
	CHECK(seg(O, ACK, 2, 2, 0).closed);
	CHECK(seg(R, FIN | ACK, 1, 2, 0).in_window);
	CHECK(!seg(R, FIN | ACK, 1, 2, 0).closed);
	CHECK_EQ_U(t.state, TCP_CLOSED);
}

TEST(a_syn_after_the_end_opens_anew)
{
	open_connection(true);
	CHECK(seg(R, RST | ACK, 1, 1, 0).closed);
	CHECK(seg(O, SYN, 100000, 0, 0).reopened);
	CHECK(!seg(O, SYN, 0, 0, 0).reopened);
	CHECK(!seg(R, SYN | ACK, 100000, 1, 0).reopened);
}

TEST(a_reset_counts_only_with_the_expected_number)
{
	open_connection(true);
	CHECK(seg(R, ACK, 1, 1, 100).in_window);
	CHECK(!seg(R, RST, 90000, 0, 0).closed);
	CHECK(!seg(R, RST, 90000, 0, 0).in_window);
	CHECK(!seg(R, RST, 50, 0, 0).closed);
	CHECK_EQ_U(t.state, TCP_ESTABLISHED);
	CHECK(seg(R, RST, 101, 0, 0).closed);
	CHECK_EQ_U(t.state, TCP_CLOSED);
	CHECK(!seg(R, RST, 101, 0, 0).closed);
}

TEST(a_reset_with_what_the_receiver_expects_closes)
{
	open_connection(true);
	seg(R, ACK, 1, 1, 100);
	CHECK(seg(R, RST, 1, 0, 0).closed);
}

TEST(a_refused_connection_closes)
{
	tcp_init(&t, true);
	seg(O, SYN, 0, 0, 0);
	CHECK(!seg(R, RST | ACK, 0u - ISN_R, 2, 0).closed);
	CHECK(!seg(R, RST, 0u - ISN_R, 0, 0).closed);
	CHECK(seg(R, RST | ACK, 0u - ISN_R, 1, 0).closed);
}

TEST(a_reset_out_of_nothing_closes_nothing)
{
	tcp_init(&t, false);
	CHECK(!seg(O, RST, 0, 0, 0).closed);
	CHECK_EQ_U(t.state, TCP_NONE);
}

TEST(data_outside_the_window_do_not_belong_here)
{
	open_connection(false);
	CHECK(seg(O, ACK, 1, 1, 100).in_window);
	CHECK(!seg(O, ACK, 3000, 1, 100).in_window); /* a SYN's window is not scaled */
	seg(R, ACK, 1, 101, 0);
	CHECK(seg(O, ACK, 3000, 1, 100).in_window);
	CHECK(!seg(O, ACK, 4200, 1, 100).in_window);
	CHECK(!seg(O, ACK, 0u - 100000, 1, 1).in_window);
	CHECK(!seg(O, ACK, 101, 900, 1).in_window);
	CHECK(seg(O, ACK, 0, 1, 1).in_window); /* keepalive */
}

TEST(the_window_scale_counts_only_if_both_sent_it)
{
	open_connection(false);
	CHECK_EQ_U(t.side[O].scale, 2);
	CHECK_EQ_U(t.side[R].scale, 2);
	CHECK_EQ_U(t.side[R].limit, ISN_R + 1 + 4000);
	CHECK_EQ_U(t.side[O].limit, ISN_O + 1 + 1000);
}

TEST(a_connection_seen_from_the_middle_is_taken_as_open)
{
	tcp_init(&t, false);
	CHECK(seg(R, ACK, 1000, 2000, 10).established);
	CHECK(t.picked_up);
	CHECK_EQ_U(t.state, TCP_ESTABLISHED);
	CHECK(seg(O, ACK, 2000, 1010, 500).in_window);
	seg(O, FIN | ACK, 2500, 1010, 0);
	seg(R, FIN | ACK, 1010, 2501, 0);
	CHECK(seg(O, ACK, 2501, 1011, 0).closed);
}

TEST(an_ack_does_not_establish_what_was_not_answered)
{
	tcp_init(&t, false);
	seg(O, SYN, 0, 0, 0);
	CHECK(!seg(O, ACK, 1, 1, 0).in_window);
	CHECK_EQ_U(t.state, TCP_SYN_SENT);
	CHECK(tcp_is_half_open(&t));
}

TEST(a_stray_syn_does_not_disturb_an_open_connection)
{
	open_connection(false);
	CHECK(!seg(O, SYN, 500, 0, 0).in_window);
	CHECK(!seg(R, SYN, 500, 0, 0).in_window);
	CHECK_EQ_U(t.state, TCP_ESTABLISHED);
	CHECK(!tcp_is_half_open(&t));
}
