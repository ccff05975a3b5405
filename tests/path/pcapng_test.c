/* SPDX-License-Identifier: MIT */
/*
 * pcapng - what is written reads back, with our own reader and with tshark.
 */
#include "harness.h"

#include "base/proc.h"
#include "path/capture.h"
#include "path/pcapng.h"
#include "pcap_bytes.h"

#define TIME UINT64_C(1700000000123456789)

static const char *write_two(const char *comment)
{
	const char *path = temp_path("out.pcapng");
	static const uint8_t head[14] = {[12] = 0x08};
	struct buf packet = {0};
	struct pcapng *w;
	uint32_t id;

	put_udp4(&packet, 0x0a000001, 1000, 0x0a000002, 53, "odd");
	CHECK_OK(pcapng_create(&w, path));
	CHECK_OK(pcapng_interface(w, 1, "in.pcap", &id));
	CHECK_EQ_U(id, 0);
	for (unsigned i = 0; i < 2; i++)
		CHECK_OK(pcapng_write(w, &(struct pcapng_packet){
						 .interface = id,
						 .time = TIME + i,
						 .head = head,
						 .head_len = sizeof(head),
						 .bytes = packet.data,
						 .len = (uint32_t)packet.len,
						 .wire_len = (uint32_t)packet.len + 14,
						 .comment = i ? NULL : comment,
					 }));
	CHECK_OK(pcapng_close(w));
	buf_free(&packet);
	return path;
}

TEST(what_is_written_reads_back)
{
	const char *path = write_two("a comment");
	static struct buf why;
	struct capture *c;
	struct capture_frame f;

	CHECK_OK(capture_open(&c, path, &why));
	for (unsigned i = 0; i < 2; i++) {
		CHECK_OK(capture_next(c, &f, &why));
		CHECK_EQ_U(f.time, TIME + i);
		CHECK_EQ_U(f.len, 14 + 28 + 3);
		CHECK(f.ip != NULL);
	}
	CHECK_ERR(capture_next(c, &f, &why), ERR_NO_MORE_ITEMS);
	capture_close(c);
	temp_remove(path);
}

TEST(the_same_packets_give_the_same_bytes)
{
	static struct buf first, second;
	const char *path = write_two("x");

	CHECK_OK(file_read_all(path, 1 << 20, &first));
	path = write_two("x");
	CHECK_OK(file_read_all(path, 1 << 20, &second));
	CHECK_EQ_U(first.len, second.len);
	CHECK(memcmp(first.data, second.data, first.len) == 0);
	temp_remove(path);
}

/* Without tshark there is nothing to compare with: the point is counted as skipped by the runner.
 */
TEST(tshark_shows_the_comment_and_the_time)
{
	const char *path = write_two("BLOCK by filter 65537 \"\xc3\xa4\"");
	const char *const argv[] = {"tshark",
				    "-r",
				    path,
				    "-T",
				    "fields",
				    "-e",
				    "frame.comment",
				    "-e",
				    "frame.time_epoch",
				    "-e",
				    "udp.dstport",
				    NULL};
	struct buf out = {0};
	int status;

	if (proc_run(argv, &status, &out) != ERR_OK || status == 127) {
		puts("ok - tshark_shows_the_comment_and_the_time # SKIP tshark is not installed");
		temp_remove(path);
		return;
	}
	CHECK_EQ_U(status, 0);
	CHECK(strstr(buf_str(&out),
		     "BLOCK by filter 65537 \"\xc3\xa4\"\t1700000000.123456789\t53\n"));
	CHECK(strstr(buf_str(&out), "\n\t1700000000.123456790\t53\n"));
	buf_free(&out);
	temp_remove(path);
}

TEST(a_comment_beyond_an_option_is_cut_between_characters)
{
	static struct buf text, why;
	struct capture *c;
	struct capture_frame f;
	const char *path;

	for (unsigned i = 0; i < 40000; i++)
		buf_append_str(&text, "\xc3\xa4");
	path = write_two(buf_str(&text));
	CHECK_OK(capture_open(&c, path, &why));
	CHECK_OK(capture_next(c, &f, &why));
	CHECK_OK(capture_next(c, &f, &why));
	capture_close(c);
	temp_remove(path);
}

TEST(a_full_disk_is_reported)
{
	struct pcapng *w;
	wfp_err err = pcapng_create(&w, "/dev/full");

	if (!err)
		err = pcapng_close(w);
	CHECK(err != ERR_OK);
}

TEST(a_directory_that_is_missing_is_reported)
{
	struct pcapng *w;

	CHECK_ERR(pcapng_create(&w, "/nonexistent/out.pcapng"), ERR_FILE_NOT_FOUND);
}
