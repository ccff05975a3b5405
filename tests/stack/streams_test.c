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

static void read_stream(struct world_callout *c, const struct engine_call *call,
			struct engine_classify_out *o)
{
	const struct layer_stream *s = call->ind->layer_data;

	if (s->flags & LAYER_STREAM_DISCONNECT)
		buf_append_str(&c->world->log, "<end>");
	else if (s->flags & LAYER_STREAM_ABORT)
		buf_append_str(&c->world->log, "<reset>");
	else
		buf_append(&c->world->log, s->bytes, s->len);
	if (s->len >= 5 && s->bytes && memcmp(s->bytes, "virus", 5) == 0)
		o->action = MODEL_ACTION_BLOCK;
}

/* The same with a reader of the stream. */
static struct world *reading(void)
{
	const struct craft in = craft_reply(&out, PACKET_IN);
	struct world *w = world_create();

	world_callout(w, MODEL_LAYER_STREAM_V4, MODEL_ACTION_CALLOUT_UNKNOWN, 1, read_stream);
	world_give_and_turn(w, craft_tcp(&out, 100, 0, HEADERS_SYN, NULL, 0));
	world_give_and_turn(w, craft_tcp(&in, 500, 101, HEADERS_SYN | HEADERS_ACK, NULL, 0));
	world_give_and_turn(w, craft_tcp(&out, 101, 501, HEADERS_ACK, NULL, 0));
	return w;
}

static uint64_t say(struct world *w, uint32_t seq, const char *text)
{
	return world_give_and_turn(
		w, craft_tcp(&out, seq, 501, HEADERS_ACK, text, (uint32_t)strlen(text)));
}

SIM_TEST(data_are_shown_in_order_and_once)
{
	struct world *w = reading();

	say(w, 101, "one ");
	say(w, 109, "three ");
	say(w, 101, "one ");
	CHECK_EQ_S(world_log(w), "one ");
	say(w, 105, "two ");
	CHECK_EQ_S(world_log(w), "two three ");
	world_give_and_turn(w, craft_tcp(&out, 115, 501, HEADERS_ACK | HEADERS_FIN, NULL, 0));
	CHECK_EQ_S(world_log(w), "<end>");
	world_destroy(w);
}

SIM_TEST(a_reset_is_shown)
{
	const struct craft in = craft_reply(&out, PACKET_IN);
	struct world *w = reading();

	world_give_and_turn(w, craft_tcp(&in, 501, 101, HEADERS_RST | HEADERS_ACK, NULL, 0));
	CHECK_EQ_S(world_log(w), "<reset>");
	world_destroy(w);
}

SIM_TEST(a_block_drops_the_segment_and_the_connection_from_there)
{
	const struct craft in = craft_reply(&out, PACKET_IN);
	struct world *w = reading();
	uint64_t a, b, c;

	a = say(w, 101, "one ");
	b = say(w, 105, "virus");
	c = world_give_and_turn(w, craft_tcp(&in, 501, 105, HEADERS_ACK, "more", 4));
	CHECK(world_accepted(w, a));
	CHECK(world_dropped(w, b) && world_dropped(w, c));
	CHECK_EQ_U(w->answers[b].layer, MODEL_LAYER_STREAM_V4);
	world_destroy(w);
}
