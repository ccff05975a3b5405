/* SPDX-License-Identifier: MIT */
/*
 * streams - what the STREAM layer is shown of a connection, and what it is not.
 */
#include "world.h"

static const struct craft out = {.src = "10.0.0.1",
				 .dst = "10.0.0.2",
				 .src_port = 1111,
				 .dst_port = 80,
				 .hook = PACKET_OUT,
				 .window = 1000};

#define IN "INBOUND_IPPACKET_V4 INBOUND_TRANSPORT_V4"

static void expect(struct world *w, struct packet *p, const char *layers)
{
	const uint64_t token = world_give_and_turn(w, p);

	CHECK_EQ_S(world_log(w), layers);
	CHECK(world_accepted(w, token));
}

/* A connection of this host: it has sent up to 101, the other side up to 501. */
static struct world *connected(void)
{
	const struct craft in = craft_reply(&out, PACKET_IN);
	struct world *w = world_create();

	world_log_all(w);
	world_give_and_turn(w, craft_tcp(&out, 100, 0, HEADERS_SYN, NULL, 0));
	world_give_and_turn(w, craft_tcp(&in, 500, 101, HEADERS_SYN | HEADERS_ACK, NULL, 0));
	world_give_and_turn(w, craft_tcp(&out, 101, 501, HEADERS_ACK, NULL, 0));
	(void)world_log(w);
	return w;
}

SIM_TEST(a_forged_reset_does_not_end_the_inspection)
{
	const struct craft in = craft_reply(&out, PACKET_IN);
	struct world *w = connected();

	expect(w, craft_tcp(&in, 700, 0, HEADERS_RST, NULL, 0), IN);
	expect(w, craft_tcp(&in, 90000, 0, HEADERS_RST, NULL, 0), IN);
	expect(w, craft_tcp(&in, 501, 101, HEADERS_ACK, "data", 4), IN " STREAM_V4");
	expect(w, craft_tcp(&in, 505, 0, HEADERS_RST, NULL, 0), IN " STREAM_V4");
	world_destroy(w);
}

SIM_TEST(a_fin_or_data_outside_the_window_are_not_shown)
{
	const struct craft in = craft_reply(&out, PACKET_IN);
	struct world *w = connected();

	expect(w, craft_tcp(&in, 90000, 101, HEADERS_ACK | HEADERS_FIN, NULL, 0), IN);
	expect(w, craft_tcp(&in, 90000, 101, HEADERS_ACK, "evil", 4), IN);
	expect(w, craft_tcp(&in, 501, 101, HEADERS_ACK, "data", 4), IN " STREAM_V4");
	expect(w, craft_tcp(&in, 505, 101, HEADERS_ACK | HEADERS_FIN, NULL, 0), IN " STREAM_V4");
	world_destroy(w);
}

SIM_TEST(an_early_segment_is_shown_with_the_one_that_closes_the_gap)
{
	const struct craft in = craft_reply(&out, PACKET_IN);
	struct world *w = connected();

	expect(w, craft_tcp(&in, 505, 101, HEADERS_ACK, "late", 4), IN);
	expect(w, craft_tcp(&in, 501, 101, HEADERS_ACK, "data", 4), IN " STREAM_V4 STREAM_V4");
	expect(w, craft_tcp(&in, 501, 101, HEADERS_ACK, "data", 4), IN);
	world_destroy(w);
}
