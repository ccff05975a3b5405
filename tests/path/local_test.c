/* SPDX-License-Identifier: MIT */
/*
 * local - whose capture it is, said or guessed, and where each packet is then seen.
 */
#include "harness.h"

#include "path/local.h"
#include "pcap_bytes.h"

static struct local *l;
static struct buf why;

static struct headers packet(uint32_t src, uint32_t dst, unsigned flags)
{
	struct buf b = {0};
	struct headers h;

	put_tcp4(&b, src, 1000, dst, 80, 1, 1, flags);
	CHECK_EQ_U(headers_parse(&h, b.data, (uint32_t)b.len), HEADERS_OK);
	buf_free(&b);
	return h;
}

static void see(uint32_t src, uint32_t dst, unsigned flags, enum link_direction d)
{
	struct headers h = packet(src, dst, flags);

	CHECK_OK(local_observe(l, &h, d));
}

static bool is_local(uint32_t addr)
{
	union headers_addr a;

	memset(&a, 0, sizeof(a));
	a.v4 = addr;
	return local_has(l, 4, &a);
}

static enum packet_hook hook(uint32_t src, uint32_t dst, bool *loopback)
{
	struct headers h = packet(src, dst, HEADERS_ACK);

	return local_hook(l, &h, LINK_DIRECTION_UNKNOWN, loopback);
}

TEST(the_busiest_address_is_local)
{
	CHECK_OK(local_create(&l));
	see(1, 9, HEADERS_SYN, LINK_DIRECTION_UNKNOWN);
	see(2, 9, HEADERS_SYN, LINK_DIRECTION_UNKNOWN);
	local_guess(l);
	CHECK(is_local(9) && !is_local(1) && !is_local(2));
	local_destroy(l);
}

TEST(of_two_it_is_the_client)
{
	CHECK_OK(local_create(&l));
	see(9, 1, HEADERS_ACK, LINK_DIRECTION_UNKNOWN);
	see(1, 9, HEADERS_SYN, LINK_DIRECTION_UNKNOWN);
	local_guess(l);
	CHECK(is_local(1) && !is_local(9));
	local_destroy(l);
}

TEST(without_a_syn_it_is_the_private_one)
{
	CHECK_OK(local_create(&l));
	see(0x08080808, 0xc0a80105, HEADERS_ACK, LINK_DIRECTION_UNKNOWN);
	local_guess(l);
	CHECK(is_local(0xc0a80105) && !is_local(0x08080808));
	local_destroy(l);
}

TEST(frames_that_know_their_direction_decide)
{
	CHECK_OK(local_create(&l));
	see(1, 9, HEADERS_SYN, LINK_DIRECTION_IN);
	see(2, 9, HEADERS_SYN, LINK_DIRECTION_IN);
	see(9, 2, HEADERS_ACK, LINK_DIRECTION_OUT);
	see(3, 4, HEADERS_ACK, LINK_DIRECTION_IN); /* transit: once in, once out */
	see(3, 4, HEADERS_ACK, LINK_DIRECTION_OUT);
	local_guess(l);
	CHECK(is_local(9));
	for (uint32_t other = 1; other <= 4; other++)
		CHECK(!is_local(other));
	local_destroy(l);
}

TEST(what_was_said_is_not_guessed)
{
	CHECK_OK(local_create(&l));
	CHECK_OK(local_add(l, "0.0.0.2", &why));
	CHECK_OK(local_add(l, "fd00::1", &why));
	CHECK_ERR(local_add(l, "somewhere", &why), ERR_INVALID_PARAMETER);
	CHECK(strstr(buf_str(&why), "somewhere"));
	see(1, 9, HEADERS_SYN, LINK_DIRECTION_UNKNOWN);
	local_guess(l);
	CHECK(is_local(2) && !is_local(1) && !is_local(9));
	local_destroy(l);
}

TEST(where_a_packet_is_seen)
{
	const uint32_t here = 0x0a000001, there = 0x0a000002, group = 0xe00000fb;
	bool loopback;

	CHECK_OK(local_create(&l));
	CHECK_OK(local_add(l, "10.0.0.1", &why));
	CHECK_EQ_U(hook(here, there, &loopback), PACKET_OUT);
	CHECK_EQ_U(hook(there, here, &loopback), PACKET_IN);
	CHECK_EQ_U(hook(there, group, &loopback), PACKET_IN);
	CHECK_EQ_U(hook(here, group, &loopback), PACKET_OUT);
	CHECK_EQ_U(hook(there, 0xffffffff, &loopback), PACKET_IN);
	CHECK_EQ_U(hook(0, 0xffffffff, &loopback), PACKET_OUT);
	CHECK_EQ_U(hook(there, 0x0a000003, &loopback), PACKET_FORWARD);
	CHECK(!loopback);
	CHECK_EQ_U(hook(here, here, &loopback), PACKET_OUT);
	CHECK(loopback);
	CHECK_EQ_U(hook(0x7f000001, 0x7f000002, &loopback), PACKET_OUT);
	CHECK(loopback);
	local_destroy(l);
}
