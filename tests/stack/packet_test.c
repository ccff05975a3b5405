/* SPDX-License-Identifier: MIT */
/*
 * packet - references, tokens, room; and headers rebuilt around a transport.
 */
#include "harness.h"

#include "craft.h"

#include "base/mem.h"
#include "stack/port.h"

TEST(bytes_are_copied_and_there_is_room_in_front)
{
	struct packet *p;

	CHECK_OK(packet_create(&p, "abc", 3));
	CHECK_EQ_U(p->len, 3);
	CHECK(memcmp(p->data, "abc", 3) == 0);
	CHECK_EQ_U(packet_head_room(p), PACKET_HEAD_ROOM);
	CHECK_EQ_U(p->uid, PACKET_UID_UNKNOWN);
	packet_put(p);
}

TEST(a_packet_above_the_limit_is_refused)
{
	struct packet *p = NULL;

	CHECK_ERR(packet_create_blank(&p, HEADERS_MAX_LEN + 1), ERR_INVALID_PARAMETER);
	CHECK(!p);
	CHECK_OK(packet_create_blank(&p, HEADERS_MAX_LEN));
	packet_put(p);
}

TEST(no_memory_is_an_error)
{
	struct packet *p = NULL;

	mem_fail_at(1);
	CHECK_ERR(packet_create(&p, "abc", 3), ERR_NO_MEMORY);
	CHECK(!p);
}

TEST(the_last_reference_frees_the_origins_too)
{
	uint64_t before = mem_live();
	struct packet *a, *b, *c;

	CHECK_OK(packet_create(&a, "a", 1));
	CHECK_OK(packet_create(&b, "b", 1));
	CHECK_OK(packet_create(&c, "c", 1));
	b->origin = packet_get(a);
	c->origin = b;
	packet_put(a);
	CHECK_EQ_U(mem_live(), before + 3);
	packet_put(c);
	CHECK_EQ_U(mem_live(), before);
}

TEST(a_token_moves_once)
{
	struct stack_port port = {0};
	struct packet *from, *to;

	CHECK_OK(packet_create(&from, "a", 1));
	CHECK_OK(packet_create(&to, "b", 1));
	from->port = &port;
	from->token = 42;
	packet_move_token(to, from);
	CHECK(!from->port && to->port == &port);
	CHECK_EQ_U(to->token, 42);
	to->port = NULL;
	packet_put(from);
	packet_put(to);
}

TEST(a_header_like_another_ones_fits_new_contents)
{
	static const uint8_t options[] = {1, 1, 1, 0};
	struct craft c = {.src = "10.0.0.1",
			  .dst = "10.0.0.2",
			  .src_port = 1,
			  .dst_port = 2,
			  .id = 9,
			  .options = options,
			  .options_len = 4};
	struct packet *like = craft_udp(&c, "hello", 5), *p;
	static const uint8_t t[] = {0, 1, 0, 2, 0, 9, 0, 0, 'x'};

	CHECK_OK(rebuild_ip_header_like(&p, like, t, sizeof(t)));
	CHECK_EQ_U(p->h.ip_size, 24);
	CHECK_EQ_U(p->h.total_len, 33);
	CHECK_EQ_U(p->h.frag_id, 9);
	CHECK(headers_addr_equal(&p->h.src, &like->h.src));
	CHECK_EQ_U(checksum_ip_verify(&p->h, p->data), CHECKSUM_GOOD);
	CHECK_EQ_U(checksum_transport_verify(&p->h, p->data), CHECKSUM_GOOD);
	packet_put(p);
	packet_put(like);
}

TEST(extension_headers_are_kept_by_a_rebuilt_header)
{
	static const uint8_t ext[] = {HEADERS_UDP, 0, 1, 4, 0, 0, 0, 0};
	struct craft c = {.src = "2001:db8::1",
			  .dst = "2001:db8::2",
			  .src_port = 1,
			  .dst_port = 2,
			  .options = ext,
			  .options_len = 8,
			  .first_extension = HEADERS_DESTINATION};
	struct packet *like = craft_udp(&c, "hello", 5), *p;

	CHECK_OK(rebuild_ip_header_like(&p, like, like->data + like->h.ip_size,
					like->h.transport_size + like->h.payload_len));
	CHECK_EQ_U(p->len, like->len);
	CHECK(memcmp(p->data, like->data, p->len) == 0);
	packet_put(p);
	packet_put(like);
}

TEST(nonsense_around_a_transport_is_refused)
{
	struct rebuild_ip ip = {.version = 5};
	struct packet *p = NULL;
	static uint8_t big[65536];

	CHECK_ERR(rebuild_ip_header(&p, &ip, "x", 1), ERR_INVALID_PARAMETER);
	ip.version = 4;
	CHECK_ERR(rebuild_ip_header(&p, &ip, big, 65516), ERR_INVALID_PARAMETER);
	ip.protocol = HEADERS_TCP;
	CHECK_ERR(rebuild_ip_header(&p, &ip, big, 20), ERR_INVALID_DATA);
	CHECK(!p);
}

TEST(a_fragment_is_no_template)
{
	struct craft c = {.src = "10.0.0.1", .dst = "10.0.0.2", .src_port = 1, .dst_port = 2};
	struct packet *whole = craft_udp(&c, "0123456789abcdef", 16), *p = NULL;
	struct packet *piece = craft_piece(whole, 1, 0, 16, true);

	CHECK_ERR(rebuild_ip_header_like(&p, piece, "x", 1), ERR_INVALID_PARAMETER);
	packet_put(piece);
	packet_put(whole);
}
