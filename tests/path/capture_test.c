/* SPDX-License-Identifier: MIT */
/*
 * capture - what is found in a file, and what is said about a file that is broken.
 */
#include "harness.h"

#include "path/capture.h"
#include "pcap_bytes.h"

/* Each test is a process of its own. */
static struct buf file, why, packet;

static wfp_err open_bytes(struct capture **out)
{
	FILE *stream = fmemopen(file.data, file.len, "rb");

	CHECK(stream != NULL);
	buf_reset(&why);
	return capture_open_stream(out, stream, "test.pcap", &why);
}

static void put_frame(uint64_t time, uint32_t wire_len)
{
	struct buf frame = {0};

	buf_append_zeros(&frame, 12);
	put_be16(&frame, 0x0800);
	buf_append(&frame, packet.data, packet.len);
	put_pcap_frame(&file, time, frame.data, (uint32_t)frame.len,
		       wire_len ? wire_len : (uint32_t)frame.len);
	buf_free(&frame);
}

TEST(a_packet_with_time_and_place)
{
	struct capture *c;
	struct capture_frame f;

	put_udp4(&packet, 0x0a000001, 1000, 0x0a000002, 53, "hello");
	put_pcap_header(&file, 1);
	put_frame(5000000123, 0);
	CHECK_OK(open_bytes(&c));
	CHECK_EQ_U(capture_link_type(c)->number, 1);
	CHECK_OK(capture_next(c, &f, &why));
	CHECK_EQ_U(f.number, 1);
	CHECK_EQ_U(f.time, 5000000123);
	CHECK_EQ_U(f.ip_len, packet.len);
	CHECK(memcmp(f.ip, packet.data, packet.len) == 0);
	CHECK(!f.truncated);
	CHECK_ERR(capture_next(c, &f, &why), ERR_NO_MORE_ITEMS);
	capture_close(c);
}

TEST(padding_of_the_link_is_not_the_packet)
{
	struct capture *c;
	struct capture_frame f;
	size_t len;

	put_udp4(&packet, 1, 1, 2, 2, "x");
	len = packet.len;
	buf_append_zeros(&packet, 20);
	put_pcap_header(&file, 1);
	put_frame(0, 0);
	CHECK_OK(open_bytes(&c));
	CHECK_OK(capture_next(c, &f, &why));
	CHECK_EQ_U(f.ip_len, len);
	capture_close(c);
}

TEST(a_cut_packet_is_shown_as_far_as_it_goes)
{
	struct capture *c;
	struct capture_frame f;

	put_udp4(&packet, 1, 1, 2, 2, "a text that the capture has only half of");
	packet.len -= 20;
	put_pcap_header(&file, 1);
	put_frame(0, (uint32_t)packet.len + 14 + 20);
	CHECK_OK(open_bytes(&c));
	CHECK_OK(capture_next(c, &f, &why));
	CHECK(f.truncated);
	CHECK_EQ_U(f.ip_len, packet.len);
	capture_close(c);
}

TEST(a_cut_in_the_padding_is_no_loss)
{
	struct capture *c;
	struct capture_frame f;

	put_udp4(&packet, 1, 1, 2, 2, "whole");
	put_pcap_header(&file, 1);
	put_frame(0, (uint32_t)packet.len + 14 + 6);
	CHECK_OK(open_bytes(&c));
	CHECK_OK(capture_next(c, &f, &why));
	CHECK(!f.truncated);
	capture_close(c);
}

TEST(other_frames_are_shown_without_a_packet)
{
	const uint8_t arp[42] = {[12] = 0x08, [13] = 0x06};
	struct capture *c;
	struct capture_frame f;

	put_pcap_header(&file, 1);
	put_pcap_frame(&file, 7, arp, sizeof(arp), sizeof(arp));
	put_pcap_frame(&file, 7, arp, 3, 3);
	CHECK_OK(open_bytes(&c));
	CHECK_OK(capture_next(c, &f, &why));
	CHECK(f.ip == NULL);
	CHECK_EQ_U(f.len, 42);
	CHECK_OK(capture_next(c, &f, &why));
	CHECK(f.ip == NULL);
	capture_close(c);
}

TEST(a_file_that_is_no_capture_is_refused_by_name)
{
	struct capture *c;

	buf_append_str(&file, "this is a text, and a long one, but it is not a capture");
	CHECK_ERR(open_bytes(&c), ERR_BAD_FORMAT);
	CHECK(strstr(buf_str(&why), "test.pcap: not a capture"));
}

TEST(an_empty_file_is_refused)
{
	struct capture *c;
	const char *path = temp_path("empty");

	CHECK_OK(file_write_all(path, "", 0));
	CHECK_ERR(capture_open(&c, path, &why), ERR_BAD_FORMAT);
	temp_remove(path);
}

TEST(a_missing_file_is_named)
{
	struct capture *c;

	CHECK_ERR(capture_open(&c, "/nonexistent/capture.pcap", &why), ERR_FILE_NOT_FOUND);
	CHECK(strstr(buf_str(&why), "/nonexistent/capture.pcap"));
}

TEST(a_link_type_without_ip_is_refused_with_what_would_do)
{
	struct capture *c;

	put_pcap_header(&file, 105);
	CHECK_ERR(open_bytes(&c), ERR_BAD_FORMAT);
	CHECK(strstr(buf_str(&why), "IEEE802_11"));
	CHECK(strstr(buf_str(&why), "Ethernet"));
}

TEST(a_file_that_ends_inside_a_frame_says_which)
{
	struct capture *c;
	struct capture_frame f;

	put_udp4(&packet, 1, 1, 2, 2, "x");
	put_pcap_header(&file, 1);
	put_frame(0, 0);
	put_frame(0, 0);
	file.len -= 5;
	CHECK_OK(open_bytes(&c));
	CHECK_OK(capture_next(c, &f, &why));
	CHECK_ERR(capture_next(c, &f, &why), ERR_INVALID_DATA);
	CHECK(strstr(buf_str(&why), "test.pcap: frame 2: "));
	capture_close(c);
}

TEST(a_length_that_offload_left_out_is_completed)
{
	uint8_t v6[60] = {0x60, [6] = 6}, jumbo[60] = {0x60};

	put_udp4(&packet, 1, 1, 2, 2, "x");
	packet.data[2] = packet.data[3] = 0;
	capture_complete_length(packet.data, (uint32_t)packet.len);
	CHECK_EQ_U(packet.data[3], packet.len);
	packet.data[3] = 1; /* wrong, but there */
	capture_complete_length(packet.data, (uint32_t)packet.len);
	CHECK_EQ_U(packet.data[3], 1);
	capture_complete_length(v6, 60);
	CHECK_EQ_U(v6[5], 20);
	capture_complete_length(jumbo, 60);
	CHECK_EQ_U(jumbo[5], 0);
	capture_complete_length(v6, 0);
}
