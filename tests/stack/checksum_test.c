/* SPDX-License-Identifier: MIT */
/*
 * checksum - against a stupid sum, and over every transport it knows.
 */
#include "harness.h"

#include "craft.h"

#include "base/rng.h"

static const struct craft v4 = {
	.src = "192.0.2.1", .dst = "192.0.2.2", .src_port = 1, .dst_port = 2};
static const struct craft v6 = {
	.src = "2001:db8::1", .dst = "2001:db8::2", .src_port = 1, .dst_port = 2};

static uint16_t stupid(const uint8_t *b, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? b[i] : (uint32_t)b[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

TEST(agrees_with_a_stupid_sum)
{
	uint8_t b[2048];
	struct rng rng;

	rng_seed(&rng, test_seed());
	for (unsigned i = 0; i < 2000; i++) {
		uint32_t len = rng_below(&rng, sizeof(b)), cut = rng_below(&rng, len / 2 + 1) * 2;

		for (uint32_t k = 0; k < len; k++)
			b[k] = rng_below(&rng, 4) ? (uint8_t)rng_u32(&rng) : 0xff;
		CHECK_EQ_U(checksum_fold(checksum_add(0, b, len)), stupid(b, len));
		if (cut <= len)
			CHECK_EQ_U(checksum_fold(checksum_add(checksum_add(0, b, cut), b + cut,
							      len - cut)),
				   stupid(b, len));
	}
}

TEST(a_known_header_has_the_known_sum)
{
	static const uint8_t b[] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
				    0x00, 0x00, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};

	CHECK_EQ_U(checksum_fold(checksum_add(0, b, sizeof(b))), 0xb861);
}

static void check_detects(struct packet *p)
{
	CHECK_EQ_U(checksum_transport_verify(&p->h, p->data), CHECKSUM_GOOD);
	p->data[p->len - 1] ^= 1;
	CHECK_EQ_U(checksum_transport_verify(&p->h, p->data), CHECKSUM_BAD);
	checksum_fix(p);
	CHECK_EQ_U(checksum_transport_verify(&p->h, p->data), CHECKSUM_GOOD);
	packet_put(p);
}

TEST(damage_is_seen_and_fixed_in_every_transport)
{
	const struct craft *both[] = {&v4, &v6};

	for (unsigned i = 0; i < 2; i++) {
		check_detects(craft_tcp(both[i], 1, 2, HEADERS_ACK, "odd", 3));
		check_detects(craft_udp(both[i], "payload", 7));
		check_detects(craft_echo(both[i], false, 1, 1));
	}
}

TEST(the_ipv4_header_is_covered)
{
	struct packet *p = craft_udp(&v4, "x", 1);

	CHECK_EQ_U(checksum_ip_verify(&p->h, p->data), CHECKSUM_GOOD);
	p->data[8]--;
	CHECK_EQ_U(checksum_ip_verify(&p->h, p->data), CHECKSUM_BAD);
	packet_put(p);
}

TEST(udp_may_do_without_over_ipv4_only)
{
	struct packet *p = craft_udp(&v4, "x", 1), *q = craft_udp(&v6, "x", 1);

	be16_put(p->data + 26, 0);
	be16_put(q->data + 46, 0);
	CHECK_EQ_U(checksum_transport_verify(&p->h, p->data), CHECKSUM_ABSENT);
	CHECK_EQ_U(checksum_transport_verify(&q->h, q->data), CHECKSUM_BAD);
	checksum_fix(p);
	CHECK_EQ_U(checksum_transport_verify(&p->h, p->data), CHECKSUM_ABSENT);
	packet_put(p);
	packet_put(q);
}

TEST(a_checksum_left_to_the_hardware_is_computed)
{
	struct packet *p = craft_udp(&v4, "x", 1);

	be16_put(p->data + 26, 0);
	p->checksum_pending = true;
	checksum_fix(p);
	CHECK(!p->checksum_pending);
	CHECK_EQ_U(checksum_transport_verify(&p->h, p->data), CHECKSUM_GOOD);
	packet_put(p);
}

TEST(udp_lite_covers_what_it_says)
{
	uint8_t t[12] = {0, 1, 0, 2, 0, 8, 0, 0, 'd', 'a', 't', 'a'};
	struct packet *p = craft_ip(&v4, HEADERS_UDP_LITE, t, sizeof(t));

	CHECK_EQ_U(checksum_transport_verify(&p->h, p->data), CHECKSUM_GOOD);
	p->data[p->len - 1] ^= 1;
	CHECK_EQ_U(checksum_transport_verify(&p->h, p->data), CHECKSUM_GOOD);
	p->data[20] ^= 1;
	CHECK_EQ_U(checksum_transport_verify(&p->h, p->data), CHECKSUM_BAD);
	packet_put(p);
}

TEST(a_fragment_has_no_transport_checksum_to_check)
{
	struct packet *whole = craft_udp(&v4, "0123456789abcdef", 16);
	struct packet *p = craft_piece(whole, 1, 0, 16, true);

	CHECK_EQ_U(checksum_transport_verify(&p->h, p->data), CHECKSUM_ABSENT);
	CHECK_EQ_U(checksum_ip_verify(&p->h, p->data), CHECKSUM_GOOD);
	packet_put(p);
	packet_put(whole);
}

TEST(a_routing_header_with_hops_left_counts_its_last_address)
{
	uint8_t route[24] = {HEADERS_UDP, 2, 0, 1};
	struct craft c = v6;
	struct packet *p;
	uint8_t swapped[16];

	inet_pton(AF_INET6, "2001:db8::99", route + 8);
	c.options = route;
	c.options_len = sizeof(route);
	c.first_extension = HEADERS_ROUTING;
	p = craft_udp(&c, "x", 1);
	CHECK_EQ_U(p->h.final_dst, 48);
	/* At the last hop the two addresses have changed places; the checksum still fits. */
	memcpy(swapped, p->data + 24, 16);
	memcpy(p->data + 24, p->data + 48, 16);
	memcpy(p->data + 48, swapped, 16);
	p->data[43] = 0;
	CHECK_EQ_U(headers_parse(&p->h, p->data, p->len), HEADERS_OK);
	CHECK_EQ_U(p->h.final_dst, 0);
	CHECK_EQ_U(checksum_transport_verify(&p->h, p->data), CHECKSUM_GOOD);
	packet_put(p);
}
