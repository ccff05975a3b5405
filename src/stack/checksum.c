/* SPDX-License-Identifier: MIT */
/*
 * checksum - sums over native words, turned to network order once at the end.
 *
 * One's complement addition does not care about byte order, so the loop adds what memory holds.
 * What is summed is never longer than transport_size + payload_len, which headers_parse checked.
 */
#include "stack/checksum.h"

#include "base/be.h"

#include <string.h>

/* Where a transport keeps its checksum. */
struct place {
	uint8_t protocol, version; /* version 0: both */
	uint8_t at;
	bool pseudo;	  /* covers addresses, protocol and length */
	bool zero_absent; /* 0 means "none" over IPv4; the sum 0 is sent as 0xffff */
};

static const struct place places[] = {
	{HEADERS_TCP, 0, 16, true, false},     {HEADERS_UDP, 0, 6, true, true},
	{HEADERS_UDP_LITE, 0, 6, true, false}, {HEADERS_ICMP, 4, 2, false, false},
	{HEADERS_ICMPV6, 6, 2, true, false},
};

static const struct place *place_of(const struct headers *h)
{
	if (!h->has_transport || h->is_fragment || h->final_dst == HEADERS_FINAL_UNKNOWN)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (places[i].protocol == h->protocol &&
		    (places[i].version == 0 || places[i].version == h->version))
			return &places[i];
	return NULL;
}

static uint32_t fold16(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)sum;
}

uint32_t checksum_add(uint32_t sum, const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	uint64_t native = 0;
	uint32_t word;
	uint16_t folded;
	uint8_t in_order[2];

	for (; len >= 4; len -= 4, b += 4) {
		memcpy(&word, b, 4);
		native += word;
	}
	if (len > 0) {
		word = 0;
		memcpy(&word, b, len);
		native += word;
	}
	folded = (uint16_t)fold16(native);
	memcpy(in_order, &folded, 2);
	return fold16((uint64_t)sum + (uint32_t)(in_order[0] << 8 | in_order[1]));
}

uint16_t checksum_fold(uint32_t sum)
{
	return (uint16_t)~fold16(sum);
}

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t ipv4_header_size(const uint8_t *bytes)
{
	return (bytes[0] & 15u) * 4;
}

static uint32_t pseudo_sum(const struct headers *h, const uint8_t *bytes, uint32_t len)
{
	uint32_t size = headers_addr_size(h->version);
	uint32_t src = h->version == 4 ? 12 : 8;
	uint32_t dst = h->final_dst ? h->final_dst : src + size;
	uint32_t sum = checksum_add(0, bytes + src, size);

	sum = checksum_add(sum, bytes + dst, size);
	return sum + h->protocol + (len >> 16) + (len & 0xffff);
}

/* What is covered: all of it, or as much as UDP-Lite says; 0: a coverage that cannot be. */
static uint32_t covered(const struct headers *h, const uint8_t *bytes, uint32_t len)
{
	uint32_t coverage;

	if (h->protocol != HEADERS_UDP_LITE)
		return len;
	coverage = get16(bytes + h->ip_size + 4);
	if (coverage == 0)
		return len;
	return coverage >= 8 && coverage <= len ? coverage : 0;
}

static uint32_t transport_sum(const struct headers *h, const uint8_t *bytes, bool pseudo,
			      uint32_t coverage)
{
	uint32_t len = h->transport_size + h->payload_len;
	uint32_t sum = pseudo ? pseudo_sum(h, bytes, len) : 0;

	return checksum_add(sum, bytes + h->ip_size, coverage);
}

enum checksum_state checksum_ip_verify(const struct headers *h, const uint8_t *bytes)
{
	if (h->version != 4)
		return CHECKSUM_ABSENT;
	if (checksum_fold(checksum_add(0, bytes, ipv4_header_size(bytes))))
		return CHECKSUM_BAD;
	return CHECKSUM_GOOD;
}

enum checksum_state checksum_transport_verify(const struct headers *h, const uint8_t *bytes)
{
	const struct place *place = place_of(h);
	uint32_t coverage;

	if (!place)
		return CHECKSUM_ABSENT;
	if (place->zero_absent && get16(bytes + h->ip_size + place->at) == 0)
		return h->version == 4 ? CHECKSUM_ABSENT : CHECKSUM_BAD;
	coverage = covered(h, bytes, h->transport_size + h->payload_len);
	if (coverage == 0 || checksum_fold(transport_sum(h, bytes, place->pseudo, coverage)))
		return CHECKSUM_BAD;
	return CHECKSUM_GOOD;
}

static void fix_ipv4(uint8_t *bytes)
{
	be16_put(bytes + 10, 0);
	be16_put(bytes + 10, checksum_fold(checksum_add(0, bytes, ipv4_header_size(bytes))));
}

static void fix_transport(struct packet *p, const struct place *place)
{
	uint8_t *at = p->data + p->h.ip_size + place->at;
	uint32_t coverage = covered(&p->h, p->data, p->h.transport_size + p->h.payload_len);
	uint16_t sum;

	if (coverage == 0)
		return;
	if (place->zero_absent && p->h.version == 4 && get16(at) == 0 && !p->checksum_pending)
		return;
	be16_put(at, 0);
	sum = checksum_fold(transport_sum(&p->h, p->data, place->pseudo, coverage));
	be16_put(at, place->zero_absent && sum == 0 ? 0xffff : sum);
}

void checksum_fix(struct packet *p)
{
	const struct place *place = place_of(&p->h);

	if (p->h.fault)
		return;
	if (p->h.version == 4)
		fix_ipv4(p->data);
	if (place)
		fix_transport(p, place);
	p->checksum_pending = false;
}
