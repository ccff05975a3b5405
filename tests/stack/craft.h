/* SPDX-License-Identifier: MIT */
/*
 * craft - packets for tests: valid ones in one call, to be bent by the test afterwards.
 *
 * A struct craft says who speaks to whom and where it is seen; the functions add transport, lengths
 * and checksums.  Everything returns a packet with one reference, parsed, without a port.
 */
#pragma once

#include "base/be.h"
#include "stack/checksum.h"
#include "stack/packet.h"
#include "stack/rebuild.h"

#include <arpa/inet.h>
#include <string.h>

struct craft {
	const char *src, *dst; /* as text; the version follows from it */
	uint16_t src_port, dst_port;
	enum packet_hook hook;
	uint16_t window;	/* TCP; 0: 65 535 */
	uint8_t scale;		/* TCP: window scale option on a SYN; 0: none */
	uint16_t id;		/* IPv4 */
	const uint8_t *options; /* IPv4 options, or IPv6 extension headers */
	uint32_t options_len;
	uint8_t first_extension; /* IPv6: what the first of them is */
};

static inline UNUSED uint8_t craft_version(const struct craft *c)
{
	return strchr(c->src, ':') ? 6 : 4;
}

static inline UNUSED union headers_addr craft_addr(const char *text)
{
	uint8_t version = strchr(text, ':') ? 6 : 4, bytes[16];

	BUG_ON(inet_pton(version == 6 ? AF_INET6 : AF_INET, text, bytes) != 1);
	return headers_addr_read(version, bytes);
}

/* The other side's turn; seen at the hook given. */
static inline UNUSED struct craft craft_reply(const struct craft *c, enum packet_hook hook)
{
	struct craft r = *c;

	r.src = c->dst;
	r.dst = c->src;
	r.src_port = c->dst_port;
	r.dst_port = c->src_port;
	r.hook = hook;
	return r;
}

static inline UNUSED struct packet *craft_ip(const struct craft *c, uint8_t protocol,
					     const void *transport, uint32_t len)
{
	uint8_t version = craft_version(c);
	struct rebuild_ip ip = {
		.version = version,
		.protocol = version == 6 && c->options_len > 0 ? c->first_extension : protocol,
		.ttl = 64,
		.id = c->id,
		.src = craft_addr(c->src),
		.dst = craft_addr(c->dst),
		.options = c->options,
		.options_len = c->options_len,
	};
	struct packet *p;

	BUG_ON(rebuild_ip_header(&p, &ip, transport, len));
	p->hook = c->hook;
	p->in_ifindex = c->hook == PACKET_OUT ? 0 : 1;
	p->out_ifindex = c->hook == PACKET_IN ? 0 : 2;
	return p;
}

static inline UNUSED struct packet *craft_tcp(const struct craft *c, uint32_t seq, uint32_t ack,
					      uint8_t flags, const void *data, uint32_t len)
{
	static uint8_t t[65536];
	uint32_t header = c->scale && (flags & HEADERS_SYN) ? 24 : 20;

	memset(t, 0, header);
	be16_put(t, c->src_port);
	be16_put(t + 2, c->dst_port);
	be32_put(t + 4, seq);
	be32_put(t + 8, ack);
	t[12] = (uint8_t)(header / 4 << 4);
	t[13] = flags;
	be16_put(t + 14, c->window ? c->window : 65535);
	if (header > 20)
		memcpy(t + 20, (uint8_t[]){3, 3, c->scale, 0}, 4);
	if (len > 0)
		memcpy(t + header, data, len);
	return craft_ip(c, HEADERS_TCP, t, header + len);
}

static inline UNUSED struct packet *craft_udp(const struct craft *c, const void *data, uint32_t len)
{
	static uint8_t t[65536];

	memset(t, 0, 8);
	be16_put(t, c->src_port);
	be16_put(t + 2, c->dst_port);
	be16_put(t + 4, 8 + len);
	if (len > 0)
		memcpy(t + 8, data, len);
	return craft_ip(c, HEADERS_UDP, t, 8 + len);
}

/* rest: the four bytes after the checksum, such as id and sequence number. */
static inline UNUSED struct packet *craft_icmp(const struct craft *c, uint8_t type, uint8_t code,
					       uint32_t rest, const void *data, uint32_t len)
{
	static uint8_t t[65536];

	memset(t, 0, 8);
	t[0] = type;
	t[1] = code;
	be32_put(t + 4, rest);
	if (len > 0)
		memcpy(t + 8, data, len);
	return craft_ip(c, craft_version(c) == 4 ? HEADERS_ICMP : HEADERS_ICMPV6, t, 8 + len);
}

static inline UNUSED struct packet *craft_echo(const struct craft *c, bool reply, uint16_t id,
					       uint16_t sequence)
{
	bool v4 = craft_version(c) == 4;
	uint8_t request_type = v4 ? 8 : 128, reply_type = v4 ? 0 : 129;

	return craft_icmp(c, reply ? reply_type : request_type, 0, (uint32_t)id << 16 | sequence,
			  "ping", 4);
}

/* "Unreachable", quoting the first `quoted` bytes of a packet. */
static inline UNUSED struct packet *craft_unreachable(const struct craft *c,
						      const struct packet *about, uint32_t quoted)
{
	if (quoted > about->len)
		quoted = about->len;
	return craft_icmp(c, craft_version(c) == 4 ? 3 : 1, 1, 0, about->data, quoted);
}

/* One piece of a whole packet: `size` bytes of what follows its IP header, from `offset`. */
static inline UNUSED struct packet *craft_piece(const struct packet *whole, uint32_t id,
						uint32_t offset, uint32_t size, bool more)
{
	uint32_t base = whole->h.version == 4 ? whole->h.ip_size : 40;
	uint32_t header = whole->h.version == 4 ? base : base + 8;
	struct packet *p;

	BUG_ON(packet_create_blank(&p, header + size));
	memcpy(p->data, whole->data, base);
	if (whole->h.version == 4) {
		be16_put(p->data + 2, p->len);
		be16_put(p->data + 4, id);
		be16_put(p->data + 6, (more ? 0x2000u : 0) | offset / 8);
	} else {
		be16_put(p->data + 4, p->len - 40);
		p->data[6] = HEADERS_FRAGMENT;
		memset(p->data + 40, 0, 8);
		p->data[40] = whole->data[6];
		be16_put(p->data + 42, offset | more);
		be32_put(p->data + 44, id);
	}
	for (uint32_t i = 0; i < size; i++)
		p->data[header + i] =
			base + offset + i < whole->len ? whole->data[base + offset + i] : 0xee;
	packet_copy_facts(p, whole);
	if (!headers_parse(&p->h, p->data, p->len))
		checksum_fix(p);
	return p;
}

/* Cuts a packet into pieces of `size` bytes (a multiple of eight); the number of pieces. */
static inline UNUSED unsigned craft_train(const struct packet *whole, uint32_t id, uint32_t size,
					  struct packet **out, unsigned max)
{
	uint32_t base = whole->h.version == 4 ? whole->h.ip_size : 40;
	uint32_t total = whole->len - base;
	unsigned n = 0;

	for (uint32_t at = 0; at < total; at += size) {
		uint32_t left = total - at;

		BUG_ON(n == max);
		out[n++] = craft_piece(whole, id, at, left < size ? left : size, left > size);
	}
	return n;
}
