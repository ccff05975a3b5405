/* SPDX-License-Identifier: MIT */
/*
 * pcap_bytes - captures and packets put together by hand, for the tests of the paths.
 */
#pragma once

#include "base/buf.h"
#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static inline UNUSED void put_be16(struct buf *b, unsigned v)
{
	buf_append_byte(b, (uint8_t)(v >> 8));
	buf_append_byte(b, (uint8_t)v);
}

static inline UNUSED void put_be32(struct buf *b, uint32_t v)
{
	put_be16(b, v >> 16);
	put_be16(b, v & 0xffff);
}

/* A pcap file's header, nanoseconds, the byte order of this machine. */
static inline UNUSED void put_pcap_header(struct buf *b, uint32_t link_type)
{
	const uint32_t header[6] = {0xa1b23c4d, 2 | 4 << 16, 0, 0, 262144, link_type};

	buf_append(b, header, sizeof(header));
}

static inline UNUSED void put_pcap_frame(struct buf *b, uint64_t time, const void *bytes,
					 uint32_t len, uint32_t wire_len)
{
	const uint32_t header[4] = {(uint32_t)(time / 1000000000), (uint32_t)(time % 1000000000),
				    len, wire_len};

	buf_append(b, header, sizeof(header));
	buf_append(b, bytes, len);
}

static inline UNUSED unsigned ip_sum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static inline UNUSED void put_ipv4(struct buf *b, uint32_t src, uint32_t dst, unsigned protocol,
				   unsigned payload)
{
	size_t at = b->len;
	unsigned sum;

	put_be16(b, 0x4500);
	put_be16(b, 20 + payload);
	put_be32(b, 0);
	put_be16(b, 64 << 8 | protocol);
	put_be16(b, 0);
	put_be32(b, src);
	put_be32(b, dst);
	sum = ip_sum(b->data + at, 20);
	b->data[at + 10] = (uint8_t)(sum >> 8);
	b->data[at + 11] = (uint8_t)sum;
}

/* An IPv4 packet with a UDP datagram, checksum not used. */
static inline UNUSED void put_udp4(struct buf *b, uint32_t src, unsigned src_port, uint32_t dst,
				   unsigned dst_port, const char *text)
{
	put_ipv4(b, src, dst, 17, 8 + (unsigned)strlen(text));
	put_be16(b, src_port);
	put_be16(b, dst_port);
	put_be16(b, 8 + (unsigned)strlen(text));
	put_be16(b, 0);
	buf_append_str(b, text);
}

static inline UNUSED void put_tcp4(struct buf *b, uint32_t src, unsigned src_port, uint32_t dst,
				   unsigned dst_port, uint32_t seq, uint32_t ack, unsigned flags)
{
	put_ipv4(b, src, dst, 6, 20);
	put_be16(b, src_port);
	put_be16(b, dst_port);
	put_be32(b, seq);
	put_be32(b, ack);
	put_be16(b, 0x5000 | flags);
	put_be16(b, 65535);
	put_be32(b, 0);
}

/* A file in a directory of this test program; temp_remove removes both. */
static inline UNUSED const char *temp_path(const char *name)
{
	static char path[2][256];
	static unsigned turn;
	const char *tmp = getenv("TMPDIR");
	char dir[128];

	snprintf(dir, sizeof(dir), "%s/openwfp-path-%d", tmp ? tmp : "/tmp", (int)getpid());
	BUG_ON(mkdir(dir, 0700) != 0 && errno != EEXIST);
	turn ^= 1;
	snprintf(path[turn], sizeof(path[0]), "%s/%s", dir, name);
	return path[turn];
}

static inline UNUSED void temp_remove(const char *path)
{
	char dir[256];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	unlink(path);
	slash = strrchr(dir, '/');
	*slash = 0;
	rmdir(dir);
}
