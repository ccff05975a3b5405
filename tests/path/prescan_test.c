/* SPDX-License-Identifier: MIT */
/*
 * prescan - who found a listener, as the rest of the capture tells.
 */
#include "harness.h"

#include "path/prescan.h"
#include "pcap_bytes.h"

#define CLIENT 0x0a000001u
#define SERVER 0x0a000002u

static struct prescan *s;

static void see(const struct buf *b)
{
	struct headers h;

	CHECK_EQ_U(headers_parse(&h, b->data, (uint32_t)b->len), HEADERS_OK);
	CHECK_OK(prescan_observe(s, &h, b->data));
}

static void see_tcp(bool from_server, unsigned flags)
{
	struct buf b = {0};

	if (from_server)
		put_tcp4(&b, SERVER, 80, CLIENT, 4000, 1, 1, flags);
	else
		put_tcp4(&b, CLIENT, 4000, SERVER, 80, 1, 1, flags);
	see(&b);
	buf_free(&b);
}

static enum port_endpoint ask_tcp(void)
{
	struct buf b = {0};
	struct headers h;

	put_tcp4(&b, CLIENT, 4000, SERVER, 80, 1, 0, HEADERS_SYN);
	CHECK_EQ_U(headers_parse(&h, b.data, (uint32_t)b.len), HEADERS_OK);
	buf_free(&b);
	return prescan_endpoint(s, &h);
}

TEST(a_syn_answered_by_syn_found_a_listener)
{
	CHECK_OK(prescan_create(&s));
	see_tcp(false, HEADERS_SYN);
	see_tcp(true, HEADERS_SYN | HEADERS_ACK);
	see_tcp(true, HEADERS_RST);
	CHECK_EQ_U(ask_tcp(), PORT_ENDPOINT_EXISTS);
	prescan_destroy(s);
}

TEST(a_syn_answered_by_rst_alone_found_none)
{
	CHECK_OK(prescan_create(&s));
	see_tcp(false, HEADERS_SYN);
	see_tcp(true, HEADERS_RST | HEADERS_ACK);
	CHECK_EQ_U(ask_tcp(), PORT_ENDPOINT_NONE);
	prescan_destroy(s);
}

TEST(a_syn_without_an_answer_tells_nothing)
{
	CHECK_OK(prescan_create(&s));
	see_tcp(false, HEADERS_SYN);
	CHECK_EQ_U(ask_tcp(), PORT_ENDPOINT_UNKNOWN);
	prescan_destroy(s);
}

TEST(what_began_before_the_capture_tells_nothing)
{
	CHECK_OK(prescan_create(&s));
	see_tcp(false, HEADERS_ACK);
	see_tcp(true, HEADERS_RST);
	CHECK_EQ_U(ask_tcp(), PORT_ENDPOINT_UNKNOWN);
	prescan_destroy(s);
}

TEST(port_unreachable_names_the_datagram)
{
	static struct buf asked, error;
	struct headers h;

	CHECK_OK(prescan_create(&s));
	put_udp4(&asked, CLIENT, 4000, SERVER, 53, "q");
	see(&asked);
	CHECK_EQ_U(headers_parse(&h, asked.data, (uint32_t)asked.len), HEADERS_OK);
	CHECK_EQ_U(prescan_endpoint(s, &h), PORT_ENDPOINT_UNKNOWN);
	put_ipv4(&error, SERVER, CLIENT, 1, 8 + 28);
	put_be32(&error, 3 << 24 | 3 << 16);
	put_be32(&error, 0);
	buf_append(&error, asked.data, 28);
	see(&error);
	CHECK_EQ_U(prescan_endpoint(s, &h), PORT_ENDPOINT_NONE);
	prescan_destroy(s);
}

TEST(an_answered_datagram_found_somebody)
{
	static struct buf asked, answer;
	struct headers h;

	CHECK_OK(prescan_create(&s));
	put_udp4(&asked, CLIENT, 4000, SERVER, 53, "q");
	put_udp4(&answer, SERVER, 53, CLIENT, 4000, "a");
	see(&asked);
	see(&answer);
	CHECK_EQ_U(headers_parse(&h, asked.data, (uint32_t)asked.len), HEADERS_OK);
	CHECK_EQ_U(prescan_endpoint(s, &h), PORT_ENDPOINT_EXISTS);
	prescan_destroy(s);
}
