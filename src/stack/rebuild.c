/* SPDX-License-Identifier: MIT */
/*
 * rebuild - IP headers from parts.
 *
 * Thread: any.  The result is parsed like any packet from outside: what a driver handed over may
 * be nonsense.
 */
#include "stack/rebuild.h"

#include "base/be.h"
#include "stack/checksum.h"

#include <string.h>

#define DEFAULT_TTL 128u

static void write_ipv4(uint8_t *b, const struct rebuild_ip *ip, uint32_t header, uint32_t total)
{
	memset(b, 0, header);
	b[0] = (uint8_t)(0x40 | header / 4);
	b[1] = ip->tos;
	be16_put(b + 2, total);
	be16_put(b + 4, ip->id);
	b[6] = ip->dont_fragment ? 0x40 : 0;
	b[8] = ip->ttl ? ip->ttl : DEFAULT_TTL;
	b[9] = ip->protocol;
	headers_addr_write(4, &ip->src, b + 12);
	headers_addr_write(4, &ip->dst, b + 16);
	if (ip->options_len > 0)
		memcpy(b + 20, ip->options, ip->options_len);
}

static void write_ipv6(uint8_t *b, const struct rebuild_ip *ip, uint32_t header, uint32_t total)
{
	be16_put(b, 0x6000u | (uint32_t)ip->tos << 4 | (ip->flow_label >> 16 & 0xf));
	be16_put(b + 2, ip->flow_label);
	be16_put(b + 4, total - 40);
	b[6] = ip->protocol;
	b[7] = ip->ttl ? ip->ttl : DEFAULT_TTL;
	headers_addr_write(6, &ip->src, b + 8);
	headers_addr_write(6, &ip->dst, b + 24);
	if (ip->options_len > 0)
		memcpy(b + 40, ip->options, ip->options_len);
}

/* 0: there is no such header. */
static uint32_t header_size(const struct rebuild_ip *ip)
{
	if (ip->version == 4 && ip->options_len <= 40)
		return 20 + (ip->options_len + 3) / 4 * 4;
	if (ip->version == 6 && ip->options_len <= 65535)
		return 40 + ip->options_len;
	return 0;
}

wfp_err rebuild_ip_header(struct packet **out, const struct rebuild_ip *ip, const void *transport,
			  uint32_t len)
{
	uint32_t header = header_size(ip), max = ip->version == 4 ? 65535 : 65575;
	struct packet *p;
	wfp_err err;

	if (header == 0 || header > max || len > max - header)
		return ERR_INVALID_PARAMETER;
	err = packet_create_blank(&p, header + len);
	if (err)
		return err;
	if (ip->version == 4)
		write_ipv4(p->data, ip, header, header + len);
	else
		write_ipv6(p->data, ip, header, header + len);
	if (len > 0)
		memcpy(p->data + header, transport, len);
	if (headers_parse(&p->h, p->data, p->len)) {
		packet_put(p);
		return ERR_INVALID_DATA;
	}
	p->checksum_pending = true; /* so that a UDP checksum of 0 is computed, too */
	checksum_fix(p);
	*out = p;
	return ERR_OK;
}

wfp_err rebuild_ip_header_like(struct packet **out, const struct packet *like,
			       const void *transport, uint32_t len)
{
	const struct headers *h = &like->h;
	uint32_t fixed = h->version == 4 ? 20 : 40;
	struct rebuild_ip ip;

	if (h->fault || h->version == 0 || h->is_fragment || h->frag_header || h->is_jumbo)
		return ERR_INVALID_PARAMETER;
	ip = (struct rebuild_ip){
		.version = h->version,
		.protocol = like->data[h->version == 4 ? 9 : 6],
		.ttl = h->ttl,
		.tos = h->tos,
		.id = (uint16_t)h->frag_id,
		.dont_fragment = h->dont_fragment,
		.flow_label = h->flow_label,
		.src = h->src,
		.dst = h->dst,
		.options = like->data + fixed,
		.options_len = h->ip_size - fixed,
	};
	return rebuild_ip_header(out, &ip, transport, len);
}
