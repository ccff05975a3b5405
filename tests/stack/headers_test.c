/* SPDX-License-Identifier: MIT */
/*
 * headers - what is found in whole packets, and the name of the fault in broken ones.
 */
#include "harness.h"

#include "craft.h"

#include "base/mem.h"
#include "base/rng.h"

static const struct craft v4 = {
	.src = "10.0.0.1", .dst = "10.0.0.2", .src_port = 40000, .dst_port = 80};
static const struct craft v6 = {
	.src = "2001:db8::1", .dst = "2001:db8::2", .src_port = 40000, .dst_port = 80};

static enum headers_fault reparse(struct packet *p)
{
	return headers_parse(&p->h, p->data, p->len);
}

/* Bends one byte of a packet and says what is found now; the packet is gone. */
static enum headers_fault fault_with(struct packet *p, uint32_t at, uint8_t value)
{
	enum headers_fault fault;

	CHECK(at < p->len);
	p->data[at] = value;
	fault = reparse(p);
	CHECK_EQ_U(fault, p->h.fault);
	packet_put(p);
	return fault;
}

static enum headers_fault fault_cut(struct packet *p, uint32_t len)
{
	enum headers_fault fault;

	CHECK(len <= p->len);
	p->len = len;
	fault = reparse(p);
	packet_put(p);
	return fault;
}

/* An IPv6 packet with these extension headers in front of an 8-byte UDP header. */
static enum headers_fault fault_of_chain(struct headers *h, uint8_t first, const uint8_t *ext,
					 uint32_t len)
{
	uint8_t b[4096] = {0x60};

	be16_put(b + 4, len + 8);
	b[6] = first;
	memcpy(b + 40, ext, len);
	be16_put(b + 40 + len + 4, 8);
	return headers_parse(h, b, 48 + len);
}

TEST(tcp_over_ipv4_is_found_where_it_is)
{
	struct packet *p = craft_tcp(&v4, 1000, 2000, HEADERS_ACK | HEADERS_PSH, "hello", 5);
	const struct headers *h = &p->h;

	CHECK_EQ_U(h->version, 4);
	CHECK_EQ_U(h->protocol, HEADERS_TCP);
	CHECK(h->has_transport);
	CHECK_EQ_U(h->src.v4, 0x0a000001);
	CHECK_EQ_U(h->dst.v4, 0x0a000002);
	CHECK_EQ_U(h->ip_size, 20);
	CHECK_EQ_U(h->transport_size, 20);
	CHECK_EQ_U(h->payload, 40);
	CHECK_EQ_U(h->payload_len, 5);
	CHECK_EQ_U(h->total_len, 45);
	CHECK_EQ_U(h->src_port, 40000);
	CHECK_EQ_U(h->dst_port, 80);
	CHECK_EQ_U(h->tcp_seq, 1000);
	CHECK_EQ_U(h->tcp_ack, 2000);
	CHECK_EQ_U(h->tcp_flags, HEADERS_ACK | HEADERS_PSH);
	CHECK_EQ_U(h->ttl, 64);
	packet_put(p);
}

TEST(udp_over_ipv6_is_found_where_it_is)
{
	struct packet *p = craft_udp(&v6, "hello", 5);

	CHECK_EQ_U(p->h.version, 6);
	CHECK_EQ_U(p->h.protocol, HEADERS_UDP);
	CHECK_EQ_U(p->h.ip_size, 40);
	CHECK_EQ_U(p->h.payload, 48);
	CHECK_EQ_U(p->h.payload_len, 5);
	CHECK_EQ_U(p->h.src.v6.b[15], 1);
	CHECK_EQ_U(p->h.dst.v6.b[15], 2);
	CHECK_EQ_U(p->h.src_port, 40000);
	packet_put(p);
}

TEST(echo_has_id_and_sequence)
{
	struct packet *p = craft_echo(&v6, false, 7, 9);

	CHECK_EQ_U(p->h.icmp_type, 128);
	CHECK_EQ_U(p->h.icmp_id, 7);
	CHECK_EQ_U(p->h.icmp_sequence, 9);
	CHECK_EQ_U(p->h.payload_len, 4);
	packet_put(p);
}

TEST(padding_behind_the_total_length_is_not_part_of_the_packet)
{
	uint8_t frame[64] = {0};
	struct packet *p = craft_udp(&v4, "x", 1);
	struct headers h;

	memcpy(frame, p->data, p->len);
	CHECK_EQ_U(headers_parse(&h, frame, 46), HEADERS_OK);
	CHECK_EQ_U(h.total_len, 29);
	CHECK_EQ_U(h.payload_len, 1);
	packet_put(p);
}

TEST(udp_length_may_leave_bytes_to_ip)
{
	struct packet *p = craft_udp(&v4, "abcdef", 6);

	p->data[25] = 8 + 2;
	CHECK_EQ_U(reparse(p), HEADERS_OK);
	CHECK_EQ_U(p->h.payload_len, 2);
	CHECK_EQ_U(p->h.total_len, 34);
	packet_put(p);
}

TEST(options_of_ipv4_are_walked)
{
	static const uint8_t options[] = {1, 1, 7, 3, 4, 0};
	struct craft c = v4;
	struct packet *p;

	c.options = options;
	c.options_len = sizeof(options);
	p = craft_udp(&c, "x", 1);
	CHECK_EQ_U(p->h.ip_size, 28);
	CHECK_EQ_U(p->h.dst_port, 80);
	packet_put(p);
}

TEST(faults_of_ipv4_have_names)
{
	CHECK_EQ_U(fault_cut(craft_udp(&v4, "x", 1), 0), HEADERS_TRUNCATED);
	CHECK_EQ_U(fault_cut(craft_udp(&v4, "x", 1), 19), HEADERS_TRUNCATED);
	CHECK_EQ_U(fault_cut(craft_udp(&v4, "x", 1), 28), HEADERS_BAD_TOTAL_LENGTH);
	CHECK_EQ_U(fault_with(craft_udp(&v4, "x", 1), 0, 0x55), HEADERS_BAD_VERSION);
	CHECK_EQ_U(fault_with(craft_udp(&v4, "x", 1), 0, 0x44), HEADERS_BAD_HEADER_LENGTH);
	CHECK_EQ_U(fault_with(craft_udp(&v4, "x", 1), 0, 0x4f), HEADERS_BAD_HEADER_LENGTH);
	CHECK_EQ_U(fault_with(craft_udp(&v4, "x", 1), 3, 19), HEADERS_BAD_TOTAL_LENGTH);
	CHECK_EQ_U(fault_with(craft_udp(&v4, "x", 1), 3, 0), HEADERS_BAD_TOTAL_LENGTH);
	CHECK_EQ_U(fault_with(craft_udp(&v4, "x", 1), 2, 255), HEADERS_BAD_TOTAL_LENGTH);
	CHECK_EQ_U(fault_with(craft_udp(&v4, "x", 1), 3, 24), HEADERS_TRANSPORT_TRUNCATED);
	CHECK_EQ_U(fault_with(craft_udp(&v4, "x", 1), 25, 7), HEADERS_BAD_UDP_LENGTH);
	CHECK_EQ_U(fault_with(craft_udp(&v4, "x", 1), 25, 10), HEADERS_BAD_UDP_LENGTH);
	CHECK_EQ_U(fault_with(craft_tcp(&v4, 0, 0, 0, "x", 1), 32, 0x40), HEADERS_BAD_TCP_OFFSET);
	CHECK_EQ_U(fault_with(craft_tcp(&v4, 0, 0, 0, "x", 1), 32, 0x60), HEADERS_BAD_TCP_OFFSET);
}

TEST(options_that_do_not_fit_are_faults)
{
	static const uint8_t options[] = {7, 8, 4, 0, 0, 0, 0, 0};
	struct craft c = v4;

	c.options = options;
	c.options_len = sizeof(options);
	CHECK_EQ_U(fault_with(craft_udp(&c, "x", 1), 21, 9), HEADERS_BAD_OPTION);
	CHECK_EQ_U(fault_with(craft_udp(&c, "x", 1), 21, 1), HEADERS_BAD_OPTION);
	CHECK_EQ_U(fault_with(craft_udp(&c, "x", 1), 21, 0), HEADERS_BAD_OPTION);
}

TEST(source_route_says_where_it_ends)
{
	static const uint8_t options[] = {131, 11, 4, 1, 2, 3, 4, 5, 6, 7, 8, 0};
	struct craft c = v4;
	struct packet *p;

	c.options = options;
	c.options_len = sizeof(options);
	p = craft_udp(&c, "x", 1);
	CHECK_EQ_U(p->h.final_dst, 20 + 7);
	CHECK_EQ_U(checksum_transport_verify(&p->h, p->data), CHECKSUM_GOOD);
	packet_put(p);
}

TEST(offloaded_segment_without_a_length_is_as_long_as_what_came)
{
	struct packet *p = craft_tcp(&v4, 1, 1, HEADERS_ACK, "hello", 5);

	be16_put(p->data + 2, 0);
	CHECK_EQ_U(reparse(p), HEADERS_OK);
	CHECK_EQ_U(p->h.total_len, 45);
	packet_put(p);
}

TEST(a_chain_of_extension_headers_leads_to_the_transport)
{
	static const uint8_t chain[] = {
		HEADERS_DESTINATION, 0, 1, 4, 0, 0, 0, 0,	      /* hop-by-hop, one PadN */
		HEADERS_AH,	     0, 0, 0, 0, 0, 0, 0,	      /* destination, eight Pad1 */
		HEADERS_ROUTING,     1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, /* authentication: 12 bytes */
		HEADERS_UDP,	     0, 0, 0, 0, 0, 0, 0,	      /* routing, no hop left */
	};
	struct headers h;

	CHECK_EQ_U(fault_of_chain(&h, HEADERS_HOP_BY_HOP, chain, sizeof(chain)), HEADERS_OK);
	CHECK_EQ_U(h.protocol, HEADERS_UDP);
	CHECK_EQ_U(h.n_extensions, 4);
	CHECK_EQ_U(h.ip_size, 40 + sizeof(chain));
	CHECK(h.has_transport);
}

TEST(esp_and_no_next_header_end_the_chain)
{
	static const uint8_t esp[] = {HEADERS_ESP, 0, 1, 4, 0, 0, 0, 0};
	static const uint8_t none[] = {HEADERS_NO_NEXT, 0, 1, 4, 0, 0, 0, 0};
	struct headers h;

	CHECK_EQ_U(fault_of_chain(&h, HEADERS_DESTINATION, esp, sizeof(esp)), HEADERS_OK);
	CHECK_EQ_U(h.protocol, HEADERS_ESP);
	CHECK_EQ_U(fault_of_chain(&h, HEADERS_DESTINATION, none, sizeof(none)), HEADERS_OK);
	CHECK_EQ_U(h.protocol, HEADERS_NO_NEXT);
	CHECK(!h.has_transport);
}

TEST(endless_chains_are_cut_short)
{
	uint8_t chain[8 * 40] = {0};
	struct headers h;

	for (unsigned i = 0; i < 40; i++)
		chain[8 * i] = HEADERS_DESTINATION;
	CHECK_EQ_U(fault_of_chain(&h, HEADERS_DESTINATION, chain, sizeof(chain)),
		   HEADERS_EXTENSION_LOOP);
}

TEST(endless_options_are_cut_short)
{
	uint8_t chain[8 * 16] = {HEADERS_UDP, 15};
	struct headers h;

	CHECK_EQ_U(fault_of_chain(&h, HEADERS_DESTINATION, chain, sizeof(chain)),
		   HEADERS_EXTENSION_LOOP);
}

TEST(hop_by_hop_must_come_first)
{
	static const uint8_t chain[] = {HEADERS_HOP_BY_HOP, 0, 1, 4, 0, 0, 0, 0,
					HEADERS_UDP,	    0, 1, 4, 0, 0, 0, 0};
	struct headers h;

	CHECK_EQ_U(fault_of_chain(&h, HEADERS_DESTINATION, chain, sizeof(chain)),
		   HEADERS_EXTENSION_ORDER);
}

TEST(extension_headers_must_fit)
{
	static const uint8_t chain[] = {HEADERS_UDP, 9, 1, 4, 0, 0, 0, 0};
	static const uint8_t option[] = {HEADERS_UDP, 0, 1, 5, 0, 0, 0, 0};
	static const uint8_t route[] = {HEADERS_UDP, 0, 0, 1, 0, 0, 0, 0};
	struct headers h;

	CHECK_EQ_U(fault_of_chain(&h, HEADERS_DESTINATION, chain, sizeof(chain)),
		   HEADERS_BAD_EXTENSION);
	CHECK_EQ_U(fault_of_chain(&h, HEADERS_DESTINATION, option, sizeof(option)),
		   HEADERS_BAD_OPTION);
	CHECK_EQ_U(fault_of_chain(&h, HEADERS_ROUTING, route, sizeof(route)),
		   HEADERS_BAD_EXTENSION);
}

TEST(faults_of_ipv6_have_names)
{
	CHECK_EQ_U(fault_cut(craft_udp(&v6, "x", 1), 39), HEADERS_TRUNCATED);
	CHECK_EQ_U(fault_cut(craft_udp(&v6, "x", 1), 48), HEADERS_BAD_TOTAL_LENGTH);
	CHECK_EQ_U(fault_with(craft_udp(&v6, "x", 1), 5, 4), HEADERS_TRANSPORT_TRUNCATED);
	CHECK_EQ_U(fault_with(craft_udp(&v6, "x", 1), 6, 0), HEADERS_BAD_EXTENSION);
}

/* A jumbogram with a hop-by-hop header that says `stated`, in `len` bytes. */
static enum headers_fault jumbo(struct headers *h, uint32_t stated, uint32_t len)
{
	uint8_t *b = mem_zalloc(len);
	enum headers_fault fault;

	b[0] = 0x60;
	memcpy(b + 40, (uint8_t[]){HEADERS_UDP, 0, 0xc2, 4}, 4);
	be32_put(b + 44, stated);
	fault = headers_parse(h, b, len);
	mem_free(b);
	return fault;
}

TEST(jumbograms_state_their_length_in_an_option)
{
	struct headers h;

	CHECK_EQ_U(jumbo(&h, 70000, 70040), HEADERS_OK);
	CHECK(h.is_jumbo);
	CHECK_EQ_U(h.total_len, 70040);
	CHECK_EQ_U(h.payload_len, 70040 - 56);
	CHECK_EQ_U(jumbo(&h, 70000, 70039), HEADERS_BAD_TOTAL_LENGTH);
	CHECK_EQ_U(jumbo(&h, 65535, 70040), HEADERS_BAD_JUMBO);
	CHECK_EQ_U(jumbo(&h, UINT32_MAX, 70040), HEADERS_TOO_LONG);
}

TEST(fragments_show_their_place)
{
	struct packet *whole = craft_udp(&v6, "0123456789abcdef", 16);
	struct packet *first = craft_piece(whole, 77, 0, 16, true);
	struct packet *last = craft_piece(whole, 77, 16, 8, false);

	CHECK(first->h.is_fragment && first->h.more && first->h.has_transport);
	CHECK_EQ_U(first->h.frag_id, 77);
	CHECK(last->h.is_fragment && !last->h.more && !last->h.has_transport);
	CHECK_EQ_U(last->h.frag_offset, 16);
	CHECK_EQ_U(last->h.payload_len, 8);
	packet_put(first);
	packet_put(last);
	packet_put(whole);
}

TEST(impossible_fragments_are_faults)
{
	struct packet *whole = craft_udp(&v4, "0123456789abcdef", 16);
	struct packet *odd = craft_piece(whole, 1, 0, 12, true);
	struct packet *beyond = craft_piece(whole, 1, 65528, 16, false);
	struct packet *empty = craft_piece(whole, 1, 8, 0, false);

	CHECK_EQ_U(odd->h.fault, HEADERS_BAD_FRAGMENT);
	CHECK_EQ_U(beyond->h.fault, HEADERS_BAD_FRAGMENT);
	CHECK_EQ_U(empty->h.fault, HEADERS_BAD_FRAGMENT);
	packet_put(odd);
	packet_put(beyond);
	packet_put(empty);
	packet_put(whole);
}

TEST(a_second_fragment_header_is_a_fault)
{
	static const uint8_t chain[] = {HEADERS_FRAGMENT, 0, 0, 0, 0, 0, 0, 1,
					HEADERS_UDP,	  0, 0, 0, 0, 0, 0, 1};
	struct headers h;

	CHECK_EQ_U(fault_of_chain(&h, HEADERS_FRAGMENT, chain, sizeof(chain)),
		   HEADERS_EXTENSION_ORDER);
}

TEST(an_atomic_fragment_is_no_fragment)
{
	static const uint8_t chain[] = {HEADERS_UDP, 0, 0, 0, 0, 0, 0, 1};
	struct headers h;

	CHECK_EQ_U(fault_of_chain(&h, HEADERS_FRAGMENT, chain, sizeof(chain)), HEADERS_OK);
	CHECK(h.is_atomic && !h.is_fragment && h.has_transport);
}

TEST(a_quoted_packet_may_end_early)
{
	struct packet *p = craft_tcp(&v4, 5, 6, HEADERS_ACK, "hello", 5);
	struct headers h;

	CHECK_EQ_U(headers_parse_embedded(&h, p->data, 28), HEADERS_OK);
	CHECK(h.has_transport);
	CHECK_EQ_U(h.src_port, 40000);
	CHECK_EQ_U(h.tcp_seq, 5);
	CHECK_EQ_U(headers_parse_embedded(&h, p->data, 24), HEADERS_TRANSPORT_TRUNCATED);
	CHECK_EQ_U(h.dst.v4, 0x0a000002);
	CHECK(!h.has_transport);
	packet_put(p);
}

TEST(addresses_become_values)
{
	struct packet *p = craft_udp(&v4, "x", 1), *q = craft_udp(&v6, "x", 1);
	struct model_value value = headers_addr_value(4, &p->h.src);

	CHECK_EQ_U(value.type, MODEL_UINT32);
	CHECK_EQ_U(value.u32, 0x0a000001);
	value = headers_addr_value(6, &q->h.src);
	CHECK_EQ_U(value.type, MODEL_BYTE_ARRAY16_TYPE);
	CHECK_EQ_U(value.bytes16->b[0], 0x20);
	packet_put(p);
	packet_put(q);
}

TEST(classes_of_addresses)
{
	union headers_addr a = craft_addr("224.0.0.251"), b = craft_addr("ff02::1");
	union headers_addr c = craft_addr("127.1.2.3"), d = craft_addr("::1");
	union headers_addr e = craft_addr("169.254.1.1"), f = craft_addr("fe80::1");
	union headers_addr g = craft_addr("255.255.255.255"), zero = craft_addr("::");

	CHECK(headers_addr_is_multicast(4, &a) && headers_addr_is_multicast(6, &b));
	CHECK(headers_addr_is_loopback(4, &c) && headers_addr_is_loopback(6, &d));
	CHECK(headers_addr_is_link_local(4, &e) && headers_addr_is_link_local(6, &f));
	CHECK(headers_addr_is_broadcast(4, &g) && !headers_addr_is_multicast(4, &g));
	CHECK(headers_addr_is_unspecified(&zero) && !headers_addr_is_unspecified(&d));
}

static void check_inside(const struct headers *h, uint32_t len)
{
	CHECK(h->total_len <= len);
	CHECK(h->ip_size <= h->total_len);
	CHECK_EQ_U(h->payload, h->ip_size + h->transport_size);
	CHECK(h->payload + h->payload_len <= h->total_len);
	CHECK(h->frag_header == 0 || h->frag_header + 8 <= h->ip_size);
	CHECK(h->final_dst == 0 || h->final_dst == HEADERS_FINAL_UNKNOWN ||
	      h->final_dst + headers_addr_size(h->version) <= h->ip_size);
}

/* The block is exactly as long as the packet, so that a sanitizer sees the first byte too far. */
static void parse_copy(const uint8_t *bytes, uint32_t len)
{
	uint8_t *exact = mem_dup(bytes, len ? len : 1);
	struct headers h;

	if (!headers_parse(&h, exact, len))
		check_inside(&h, len);
	if (!headers_parse_embedded(&h, exact, len))
		check_inside(&h, len);
	mem_free(exact);
}

TEST(random_damage_never_points_outside)
{
	static const uint8_t chain[] = {HEADERS_FRAGMENT,
					1,
					1,
					4,
					0,
					0,
					0,
					0,
					1,
					4,
					0,
					0,
					0,
					0,
					0,
					0,
					HEADERS_ROUTING,
					0,
					0,
					0,
					0,
					0,
					0,
					9,
					HEADERS_UDP,
					2,
					0,
					1,
					0,
					0,
					0,
					0,
					1,
					2,
					3,
					4,
					5,
					6,
					7,
					8,
					9,
					8,
					7,
					6,
					5,
					4,
					3,
					2};
	struct craft long6 = v6;
	struct packet *seeds[4];
	struct rng rng;

	long6.options = chain;
	long6.options_len = sizeof(chain);
	long6.first_extension = HEADERS_HOP_BY_HOP;
	seeds[0] = craft_tcp(&v4, 1, 2, HEADERS_ACK, "hello", 5);
	seeds[1] = craft_udp(&long6, "hello", 5);
	seeds[2] = craft_echo(&v6, false, 1, 2);
	seeds[3] = craft_piece(seeds[1], 5, 8, 16, true);
	rng_seed(&rng, test_seed());
	for (unsigned i = 0; i < 200000; i++) {
		uint8_t b[256];
		const struct packet *p = seeds[rng_below(&rng, 4)];

		memcpy(b, p->data, p->len);
		for (unsigned n = rng_below(&rng, 4); n > 0; n--)
			b[rng_below(&rng, p->len)] = (uint8_t)rng_u32(&rng);
		parse_copy(b, rng_below(&rng, 3) ? p->len : rng_below(&rng, p->len));
	}
	for (unsigned i = 0; i < 4; i++)
		packet_put(seeds[i]);
}

TEST(every_fault_has_a_name)
{
	for (unsigned i = 0; i < HEADERS_FAULTS; i++)
		CHECK(headers_fault_name((enum headers_fault)i) != NULL);
	CHECK_EQ_S(headers_fault_name(HEADERS_BAD_TOTAL_LENGTH), "bad total length");
}
