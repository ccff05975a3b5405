/* SPDX-License-Identifier: MIT */
/*
 * icmp - queries and their answers share a key; errors lead to the flow they are about.
 */
#include "harness.h"

#include "craft.h"

#include "stack/icmp.h"

static const struct craft out4 = {.src = "10.0.0.1",
				  .dst = "10.0.0.2",
				  .src_port = 40000,
				  .dst_port = 53,
				  .hook = PACKET_OUT};
static const struct craft out6 = {.src = "2001:db8::1",
				  .dst = "2001:db8::2",
				  .src_port = 40000,
				  .dst_port = 53,
				  .hook = PACKET_OUT};

static struct flow_key key_of(const struct packet *p)
{
	return flow_key_from(&p->h, p->hook);
}

static void check_echo_pairs(const struct craft *out)
{
	struct craft in = craft_reply(out, PACKET_IN);
	struct packet *ping = craft_echo(out, false, 7, 1), *pong = craft_echo(&in, true, 7, 1);
	struct packet *other = craft_echo(out, false, 8, 1);
	struct flow_key a = key_of(ping), b = key_of(pong), c = key_of(other);

	CHECK(flow_key_equal(&a, &b));
	CHECK(!flow_key_equal(&a, &c));
	CHECK(icmp_has_id(ping->h.version, ping->h.icmp_type));
	CHECK(!icmp_is_reply(ping->h.version, ping->h.icmp_type));
	CHECK(icmp_is_reply(pong->h.version, pong->h.icmp_type));
	packet_put(ping);
	packet_put(pong);
	packet_put(other);
}

TEST(an_echo_and_its_reply_are_one_flow_and_another_id_is_not)
{
	check_echo_pairs(&out4);
	check_echo_pairs(&out6);
}

TEST(a_timestamp_is_not_an_echo)
{
	struct packet *echo = craft_icmp(&out4, 8, 0, 7u << 16, NULL, 0);
	struct packet *stamp = craft_icmp(&out4, 13, 0, 7u << 16, NULL, 0);
	struct flow_key a = key_of(echo), b = key_of(stamp);

	CHECK(!flow_key_equal(&a, &b));
	packet_put(echo);
	packet_put(stamp);
}

static void check_error_finds(const struct craft *out, struct packet *about, enum packet_hook hook)
{
	struct craft router = {.src = craft_version(out) == 4 ? "10.9.9.9" : "2001:db8:9::9",
			       .dst = out->src,
			       .hook = hook};
	struct packet *error = craft_unreachable(&router, about, 64);
	struct flow_key want = key_of(about), got;

	CHECK(icmp_is_error(&error->h));
	CHECK(icmp_flow_key(&got, &error->h, error->data, error->hook));
	CHECK(flow_key_equal(&got, &want));
	packet_put(error);
	packet_put(about);
}

TEST(an_error_belongs_to_the_flow_that_it_quotes)
{
	check_error_finds(&out4, craft_udp(&out4, "query", 5), PACKET_IN);
	check_error_finds(&out4, craft_tcp(&out4, 1, 0, HEADERS_SYN, NULL, 0), PACKET_IN);
	check_error_finds(&out4, craft_echo(&out4, false, 1, 1), PACKET_IN);
	check_error_finds(&out6, craft_udp(&out6, "query", 5), PACKET_IN);
}

TEST(an_error_that_this_host_sends_is_about_what_it_received)
{
	struct craft in = craft_reply(&out4, PACKET_IN);

	check_error_finds(&in, craft_udp(&in, "query", 5), PACKET_OUT);
}

TEST(a_forwarded_error_belongs_to_the_forwarded_flow)
{
	struct craft through = out4;

	through.hook = PACKET_FORWARD;
	check_error_finds(&through, craft_udp(&through, "query", 5), PACKET_FORWARD);
}

static bool finds(const void *quote, uint32_t len)
{
	struct craft router = {.src = "10.9.9.9", .dst = "10.0.0.1", .hook = PACKET_IN};
	struct packet *error = craft_icmp(&router, 11, 0, 0, quote, len);
	struct flow_key key;
	bool found = icmp_flow_key(&key, &error->h, error->data, error->hook);

	packet_put(error);
	return found;
}

TEST(an_error_without_ports_names_no_flow)
{
	struct packet *about = craft_udp(&out4, "0123456789abcdef", 16);
	struct packet *late = craft_piece(about, 1, 8, 8, true);
	struct headers quoted;

	CHECK(finds(about->data, 28));
	CHECK(!finds(about->data, 27));
	CHECK(!finds(about->data, 0));
	CHECK(!finds("garbage!garbage!garbage!", 24));
	CHECK(!finds(late->data, late->len));
	CHECK(!icmp_quoted(&quoted, &about->h, about->data));
	packet_put(late);
	packet_put(about);
}

TEST(an_error_about_an_error_names_no_flow)
{
	struct craft router = {.src = "10.0.0.1", .dst = "10.9.9.9", .hook = PACKET_OUT};
	struct packet *about = craft_udp(&out4, "query", 5);
	struct packet *error = craft_unreachable(&router, about, 28);

	CHECK(!finds(error->data, error->len));
	packet_put(error);
	packet_put(about);
}
