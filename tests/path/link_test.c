/* SPDX-License-Identifier: MIT */
/*
 * link - every format that carries IP, and frames that end where the reader would like to go on.
 */
#include "harness.h"

#include "base/rng.h"
#include "path/link.h"

/* Offset of the packet, or -1. */
static int find(int dlt, const uint8_t *frame, uint32_t len, enum link_direction *direction)
{
	struct link_place place;

	if (!link_type_find(dlt)->find_ip(frame, len, &place))
		return -1;
	if (direction)
		*direction = place.direction;
	return (int)place.offset;
}

TEST(ethernet_without_tags)
{
	uint8_t frame[34] = {[12] = 0x08, [13] = 0x00, [14] = 0x45};

	CHECK_EQ_U(find(1, frame, 34, NULL), 14);
	frame[12] = 0x86;
	frame[13] = 0xdd;
	CHECK_EQ_U(find(1, frame, 34, NULL), 14);
	frame[12] = 0x08;
	frame[13] = 0x06; /* ARP */
	CHECK(find(1, frame, 34, NULL) == -1);
}

TEST(ethernet_with_tags_up_to_the_bound)
{
	uint8_t frame[14 + 4 * 16 + 20];
	uint32_t at;

	for (uint32_t tags = 0; tags <= LINK_MAX_TAGS + 1; tags++) {
		memset(frame, 0, sizeof(frame));
		for (at = 12; at < 12 + 4 * tags; at += 4) {
			frame[at] = tags % 2 ? 0x81 : 0x88;
			frame[at + 1] = tags % 2 ? 0x00 : 0xa8;
		}
		frame[at] = 0x08;
		frame[at + 2] = 0x45;
		CHECK_EQ_U(find(1, frame, at + 22, NULL), tags <= LINK_MAX_TAGS ? (int)at + 2 : -1);
	}
}

TEST(raw_ip_is_told_by_its_version)
{
	const uint8_t v4 = 0x45, v6 = 0x60, other = 0x50;

	for (unsigned i = 0; i < 3; i++) {
		const int dlt[] = {12, 14, 101};

		CHECK_EQ_U(find(dlt[i], &v4, 1, NULL), 0);
		CHECK_EQ_U(find(dlt[i], &v6, 1, NULL), 0);
		CHECK(find(dlt[i], &other, 1, NULL) == -1);
		CHECK(find(dlt[i], &v4, 0, NULL) == -1);
	}
	CHECK_EQ_U(find(228, &other, 1, NULL),
		   0); /* promised by the file: malformed, not another kind */
	CHECK_EQ_U(find(229, &other, 1, NULL), 0);
}

TEST(cooked_v1_knows_the_direction)
{
	uint8_t frame[36] = {[14] = 0x08, [16] = 0x45};
	enum link_direction d;

	CHECK_EQ_U(find(113, frame, 36, &d), 16);
	CHECK_EQ_U(d, LINK_DIRECTION_IN);
	frame[1] = 4;
	CHECK_EQ_U(find(113, frame, 36, &d), 16);
	CHECK_EQ_U(d, LINK_DIRECTION_OUT);
	frame[1] = 3; /* to another host */
	CHECK_EQ_U(find(113, frame, 36, &d), 16);
	CHECK_EQ_U(d, LINK_DIRECTION_UNKNOWN);
	CHECK(find(113, frame, 15, NULL) == -1);
	CHECK(find(113, frame, 16, NULL) == -1);
}

TEST(cooked_v2_with_and_without_a_tag)
{
	uint8_t frame[44] = {[0] = 0x86, [1] = 0xdd, [10] = 4, [20] = 0x60};
	enum link_direction d;

	CHECK_EQ_U(find(276, frame, 44, &d), 20);
	CHECK_EQ_U(d, LINK_DIRECTION_OUT);
	frame[0] = 0x81;
	frame[1] = 0x00;
	frame[22] = 0x08;
	CHECK_EQ_U(find(276, frame, 44, &d), 24);
	CHECK(find(276, frame, 19, NULL) == -1);
}

TEST(loopback_in_both_byte_orders)
{
	uint8_t little[5] = {2, 0, 0, 0, 0x45}, big[5] = {0, 0, 0, 30, 0x60}, other[5] = {7};

	CHECK_EQ_U(find(0, little, 5, NULL), 4);
	CHECK_EQ_U(find(0, big, 5, NULL), 4);
	CHECK_EQ_U(find(108, big, 5, NULL), 4);
	CHECK(find(0, other, 5, NULL) == -1);
	CHECK(find(0, little, 4, NULL) == -1);
}

TEST(ipnet_names_the_family_of_its_system)
{
	uint8_t frame[44] = {[1] = 26, [24] = 0x60};

	CHECK_EQ_U(find(226, frame, 44, NULL), 24);
	frame[1] = 2;
	CHECK_EQ_U(find(226, frame, 44, NULL), 24);
	CHECK(find(226, frame, 24, NULL) == -1);
	frame[1] = 10;
	CHECK(find(226, frame, 44, NULL) == -1);
}

TEST(unknown_link_types_have_no_row)
{
	CHECK(link_type_find(105) == NULL); /* 802.11 */
}

/* The memory of each frame ends with it, so that a sanitizer sees any step beyond. */
TEST(random_frames_never_place_a_packet_outside)
{
	const int dlts[] = {0, 1, 12, 101, 108, 113, 226, 228, 229, 276};
	const uint8_t likely[] = {0, 2, 4, 8, 0x81, 0x88, 0xa8, 0x86, 0xdd, 0x45, 0x60};
	struct rng rng;

	rng_seed(&rng, test_seed());
	for (unsigned i = 0; i < 200000; i++) {
		uint32_t len = rng_below(&rng, 64);
		uint8_t *frame = malloc(len ? len : 1);
		int at;

		for (uint32_t k = 0; k < len; k++)
			frame[k] = likely[rng_below(&rng, sizeof(likely))];
		at = find(dlts[rng_below(&rng, 10)], frame, len, NULL);
		CHECK(at == -1 || (uint32_t)at < len);
		free(frame);
	}
}
