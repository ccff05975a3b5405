/* SPDX-License-Identifier: MIT */
/*
 * headers - the walk through one IP packet.
 *
 * Every read is preceded by fits(), which compares with what is left and never adds to an offset
 * that came from the packet.  A first fragment and a packet quoted by an ICMP error may end early:
 * that is judged when the pieces are together, or forgiven.
 */
#include "stack/headers.h"

#include <string.h>

#define IPV4_MIN	     20u
#define IPV6_SIZE	     40u
#define IPV4_LSRR	     131u
#define IPV4_SSRR	     137u
#define OPT6_JUMBO	     0xc2u
#define FRAGMENT_HEADER_SIZE 8u

enum mode { WHOLE, FIRST_FRAGMENT, QUOTED };

struct walk {
	struct headers *h;
	const uint8_t *bytes;
	uint32_t at, end;
	enum mode mode;
};

static uint16_t be16(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

static uint32_t be32(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool fits(const struct walk *w, uint32_t n)
{
	return n <= w->end - w->at;
}

/* ---- transport ---------------------------------------------------------------------------- */

static void read_ports(struct headers *h, const uint8_t *t)
{
	h->src_port = be16(t);
	h->dst_port = be16(t + 2);
}

static enum headers_fault read_tcp(struct walk *w, const uint8_t *t)
{
	struct headers *h = w->h;
	uint32_t size;

	read_ports(h, t);
	h->tcp_seq = be32(t + 4);
	h->transport_size = 8;
	if (!fits(w, 20))
		return HEADERS_OK; /* quoted: eight bytes are promised, no more */
	h->tcp_ack = be32(t + 8);
	h->tcp_flags = t[13];
	h->tcp_window = be16(t + 14);
	size = (t[12] >> 4) * 4u;
	h->transport_size = size >= 20 && fits(w, size) ? size : 20;
	if (size < 20 || (!fits(w, size) && w->mode != QUOTED))
		return HEADERS_BAD_TCP_OFFSET;
	return HEADERS_OK;
}

static enum headers_fault read_udp(struct walk *w, const uint8_t *t)
{
	uint32_t len = be16(t + 4);

	read_ports(w->h, t);
	w->h->transport_size = 8;
	if (len == 0 && w->h->is_jumbo)
		return HEADERS_OK;
	if (len < 8)
		return HEADERS_BAD_UDP_LENGTH;
	if (fits(w, len))
		w->end = w->at + len;
	else if (w->mode == WHOLE)
		return HEADERS_BAD_UDP_LENGTH;
	return HEADERS_OK;
}

static enum headers_fault read_udp_lite(struct walk *w, const uint8_t *t)
{
	read_ports(w->h, t);
	w->h->transport_size = 8;
	return HEADERS_OK;
}

static enum headers_fault read_sctp(struct walk *w, const uint8_t *t)
{
	read_ports(w->h, t);
	w->h->transport_size = fits(w, 12) ? 12 : 8;
	return HEADERS_OK;
}

static enum headers_fault read_dccp(struct walk *w, const uint8_t *t)
{
	uint32_t size = fits(w, 12) ? t[4] * 4u : 8;

	read_ports(w->h, t);
	w->h->transport_size = size >= 12 && fits(w, size) ? size : 8;
	return HEADERS_OK;
}

/* Query types carry an id and a sequence number: icmp.c knows them by meaning, here by number. */
static bool is_query(uint8_t version, uint8_t type)
{
	if (version == 6)
		return type == 128 || type == 129;
	return type == 0 || type == 8 || (type >= 13 && type <= 18);
}

static enum headers_fault read_icmp(struct walk *w, const uint8_t *t)
{
	struct headers *h = w->h;

	h->icmp_type = t[0];
	h->icmp_code = t[1];
	h->transport_size = 4;
	if (!fits(w, 8))
		return HEADERS_OK;
	h->transport_size = 8;
	if (is_query(h->version, h->icmp_type)) {
		h->icmp_id = be16(t + 4);
		h->icmp_sequence = be16(t + 6);
	}
	return HEADERS_OK;
}

static enum headers_fault read_esp(struct walk *w, const uint8_t *t)
{
	w->h->transport_size = 8;
	return HEADERS_OK;
}

static const struct transport {
	uint8_t protocol;
	uint8_t version;     /* 0: both */
	uint8_t min, quoted; /* bytes that must be there, and if quoted by an ICMP error */
	enum headers_fault (*read)(struct walk *w, const uint8_t *t);
} transports[] = {
	{HEADERS_TCP, 0, 20, 8, read_tcp},	    {HEADERS_UDP, 0, 8, 8, read_udp},
	{HEADERS_ICMP, 4, 8, 8, read_icmp},	    {HEADERS_ICMPV6, 6, 4, 4, read_icmp},
	{HEADERS_UDP_LITE, 0, 8, 8, read_udp_lite}, {HEADERS_SCTP, 0, 12, 8, read_sctp},
	{HEADERS_DCCP, 0, 12, 8, read_dccp},	    {HEADERS_ESP, 0, 8, 8, read_esp},
};

static const struct transport *transport_find(uint8_t version, uint8_t protocol)
{
	for (size_t i = 0; i < ARRAY_LEN(transports); i++)
		if (transports[i].protocol == protocol &&
		    (transports[i].version == 0 || transports[i].version == version))
			return &transports[i];
	return NULL;
}

/* The cursor stands behind IP and its extension headers. */
static enum headers_fault walk_transport(struct walk *w)
{
	struct headers *h = w->h;
	const struct transport *t = transport_find(h->version, h->protocol);
	enum headers_fault fault = HEADERS_OK;

	h->ip_size = w->at;
	if (t && fits(w, w->mode == QUOTED ? t->quoted : t->min)) {
		fault = t->read(w, w->bytes + w->at);
		h->has_transport = fault == HEADERS_OK;
	} else if (t) {
		fault = HEADERS_TRANSPORT_TRUNCATED;
	}
	h->payload = h->ip_size + h->transport_size;
	h->payload_len = w->end - h->payload;
	return w->mode == FIRST_FRAGMENT ? HEADERS_OK : fault;
}

/* ---- fragments ---------------------------------------------------------------------------- */

/* The cursor stands on the fragment's data; `base` counts the headers that every fragment has. */
static enum headers_fault walk_fragment(struct walk *w, uint16_t field, bool more, uint32_t base)
{
	struct headers *h = w->h;
	uint32_t size = w->end - w->at;

	h->frag_offset = field;
	h->more = more;
	h->is_fragment = more || field > 0;
	if (!h->is_fragment || w->mode == QUOTED)
		return HEADERS_OK;
	w->mode = FIRST_FRAGMENT;
	if (size == 0 || (more && size % 8 != 0) || base + field + size > 65535)
		return HEADERS_BAD_FRAGMENT;
	return HEADERS_OK;
}

/* Nothing but data: the rest of a datagram whose headers are in another fragment. */
static enum headers_fault end_of_piece(struct walk *w)
{
	w->h->ip_size = w->h->payload = w->at;
	w->h->payload_len = w->end - w->at;
	return HEADERS_OK;
}

/* ---- IPv4 --------------------------------------------------------------------------------- */

/* A source route with hops left: transport checksums are over the last of them. */
static enum headers_fault read_source_route(struct headers *h, const uint8_t *opt, uint32_t at,
					    uint32_t size)
{
	if (size < 3 || size % 4 != 3 || opt[2] < 4)
		return HEADERS_BAD_OPTION;
	if (opt[2] + 3u <= size)
		h->final_dst = at + size - 4;
	return HEADERS_OK;
}

static enum headers_fault walk_ipv4_options(struct walk *w, uint32_t end)
{
	while (w->at < end) {
		const uint8_t *opt = w->bytes + w->at;
		uint32_t left = end - w->at, size = 1;
		enum headers_fault fault = HEADERS_OK;

		if (opt[0] == 0)
			break;
		if (opt[0] != 1) {
			if (left < 2 || opt[1] < 2 || opt[1] > left)
				return HEADERS_BAD_OPTION;
			size = opt[1];
		}
		if (opt[0] == IPV4_LSRR || opt[0] == IPV4_SSRR)
			fault = read_source_route(w->h, opt, w->at, size);
		if (fault)
			return fault;
		w->at += size;
	}
	w->at = end;
	return HEADERS_OK;
}

/*
 * An offloaded TCP segment above 64 KiB, or one seen before the hardware cut it, states no length:
 * then it is as long as what is there.
 */
static enum headers_fault cut_ipv4(struct walk *w, uint32_t header)
{
	uint32_t total = be16(w->bytes + 2);

	if (total == 0 && w->h->protocol == HEADERS_TCP)
		total = w->end;
	if ((total < header || total > w->end) && w->mode != QUOTED)
		return HEADERS_BAD_TOTAL_LENGTH;
	if (total >= header && total < w->end)
		w->end = total;
	return HEADERS_OK;
}

static enum headers_fault walk_ipv4(struct walk *w)
{
	struct headers *h = w->h;
	const uint8_t *b = w->bytes;
	uint32_t header;
	enum headers_fault fault;

	if (!fits(w, IPV4_MIN))
		return HEADERS_TRUNCATED;
	header = (b[0] & 15u) * 4;
	h->tos = b[1];
	h->ttl = b[8];
	h->protocol = b[9];
	h->src = headers_addr_read(4, b + 12);
	h->dst = headers_addr_read(4, b + 16);
	h->frag_id = be16(b + 4);
	h->dont_fragment = b[6] & 0x40;
	if (header < IPV4_MIN || !fits(w, header))
		return HEADERS_BAD_HEADER_LENGTH;
	fault = cut_ipv4(w, header);
	h->total_len = w->end;
	w->at = IPV4_MIN;
	if (!fault)
		fault = walk_ipv4_options(w, header);
	if (!fault)
		fault = walk_fragment(w, (uint16_t)((be16(b + 6) & 0x1fff) * 8), b[6] & 0x20,
				      header);
	if (fault)
		return fault;
	return h->frag_offset > 0 ? end_of_piece(w) : walk_transport(w);
}

/* ---- IPv6 --------------------------------------------------------------------------------- */

static enum headers_fault read_jumbo(struct walk *w, const uint8_t *opt, uint32_t size)
{
	uint32_t total;

	if (size != 6 || be16(w->bytes + 4) != 0 || w->h->is_jumbo)
		return HEADERS_BAD_JUMBO;
	total = be32(opt + 2);
	if (total < 65536)
		return HEADERS_BAD_JUMBO;
	if (total > HEADERS_MAX_LEN - IPV6_SIZE)
		return HEADERS_TOO_LONG;
	total += IPV6_SIZE;
	if (total > w->end && w->mode != QUOTED)
		return HEADERS_BAD_TOTAL_LENGTH;
	w->h->is_jumbo = true;
	if (total < w->end)
		w->end = total;
	return HEADERS_OK;
}

/* Options of a hop-by-hop or destination header: type and length each, or one byte of padding. */
static enum headers_fault walk_ipv6_options(struct walk *w, uint32_t size, bool hop_by_hop)
{
	const uint8_t *opt = w->bytes + w->at + 2;
	uint32_t left = size - 2;

	for (unsigned n = 0; left > 0; n++) {
		uint32_t len = 1;
		enum headers_fault fault = HEADERS_OK;

		if (n == HEADERS_MAX_OPTIONS)
			return HEADERS_EXTENSION_LOOP;
		if (opt[0] != 0) {
			if (left < 2 || opt[1] > left - 2)
				return HEADERS_BAD_OPTION;
			len = opt[1] + 2u;
		}
		if (opt[0] == OPT6_JUMBO && hop_by_hop)
			fault = read_jumbo(w, opt, len);
		if (fault)
			return fault;
		opt += len;
		left -= len;
	}
	return HEADERS_OK;
}

/* Where the route ends, if this node is not the end of it. */
static enum headers_fault walk_routing(struct walk *w, uint32_t size)
{
	const uint8_t *r = w->bytes + w->at;
	uint8_t type = r[2], left = r[3];

	if (left == 0)
		return HEADERS_OK;
	w->h->final_dst = HEADERS_FINAL_UNKNOWN;
	if (type == 0 || type == 2) {
		if (size < 24 || (size - 8) % 16 != 0 || left > (size - 8) / 16)
			return HEADERS_BAD_EXTENSION;
		w->h->final_dst = w->at + size - 16;
	} else if (type == 4) {
		if (size < 24)
			return HEADERS_BAD_EXTENSION;
		w->h->final_dst = w->at + 8;
	}
	return HEADERS_OK;
}

static enum headers_fault walk_fragment_header(struct walk *w, uint32_t link)
{
	struct headers *h = w->h;
	const uint8_t *f = w->bytes + w->at;
	uint16_t field = be16(f + 2);
	enum headers_fault fault;

	if (h->frag_header)
		return HEADERS_EXTENSION_ORDER;
	if (h->is_jumbo)
		return HEADERS_BAD_JUMBO;
	h->frag_header = w->at;
	h->frag_link = link;
	h->frag_id = be32(f + 4);
	h->protocol = f[0];
	w->at += FRAGMENT_HEADER_SIZE;
	fault = walk_fragment(w, field & 0xfff8, field & 1, h->frag_header - IPV6_SIZE);
	h->is_atomic = !h->is_fragment;
	return fault;
}

static uint32_t extension_size(const struct walk *w, uint8_t protocol)
{
	uint32_t units = w->bytes[w->at + 1];

	if (protocol == HEADERS_FRAGMENT)
		return FRAGMENT_HEADER_SIZE;
	return protocol == HEADERS_AH ? (units + 2) * 4 : (units + 1) * 8;
}

static bool is_extension(uint8_t protocol)
{
	switch (protocol) {
	case HEADERS_HOP_BY_HOP:
	case HEADERS_ROUTING:
	case HEADERS_FRAGMENT:
	case HEADERS_AH:
	case HEADERS_DESTINATION:
		return true;
	default:
		return false;
	}
}

/* One extension header; *link is the offset of the byte that named it. */
static enum headers_fault walk_extension(struct walk *w, uint32_t *link)
{
	struct headers *h = w->h;
	uint32_t size, start = w->at;
	enum headers_fault fault = HEADERS_OK;

	if (!fits(w, 8))
		return HEADERS_BAD_EXTENSION;
	size = extension_size(w, h->protocol);
	if (!fits(w, size))
		return HEADERS_BAD_EXTENSION;
	if (h->protocol == HEADERS_FRAGMENT) {
		fault = walk_fragment_header(w, *link);
		*link = start;
		return fault;
	}
	if (h->protocol == HEADERS_HOP_BY_HOP || h->protocol == HEADERS_DESTINATION)
		fault = walk_ipv6_options(w, size, h->protocol == HEADERS_HOP_BY_HOP);
	else if (h->protocol == HEADERS_ROUTING)
		fault = walk_routing(w, size);
	if (fault)
		return fault;
	h->protocol = w->bytes[w->at];
	w->at += size;
	*link = start;
	return HEADERS_OK;
}

static enum headers_fault walk_chain(struct walk *w)
{
	struct headers *h = w->h;
	uint32_t link = 6;

	while (is_extension(h->protocol)) {
		enum headers_fault fault;

		if (h->protocol == HEADERS_HOP_BY_HOP && h->n_extensions > 0)
			return HEADERS_EXTENSION_ORDER;
		if (h->n_extensions++ == HEADERS_MAX_EXT)
			return HEADERS_EXTENSION_LOOP;
		fault = walk_extension(w, &link);
		if (fault)
			return fault;
		if (h->frag_offset > 0)
			break;
	}
	return HEADERS_OK;
}

/* Payload length 0: a jumbogram says more in its first extension header, an offloaded segment not.
 */
static enum headers_fault cut_ipv6(struct walk *w)
{
	uint32_t payload = be16(w->bytes + 4);

	if (payload == 0 && (w->h->protocol == HEADERS_HOP_BY_HOP || w->h->protocol == HEADERS_TCP))
		return HEADERS_OK;
	if (payload > w->end - IPV6_SIZE && w->mode != QUOTED)
		return HEADERS_BAD_TOTAL_LENGTH;
	if (payload < w->end - IPV6_SIZE)
		w->end = IPV6_SIZE + payload;
	return HEADERS_OK;
}

/* What a chain that ends early means for a first fragment: no transport header in it. */
static enum headers_fault end_of_chain(struct walk *w, enum headers_fault fault)
{
	if (w->mode != FIRST_FRAGMENT || fault == HEADERS_BAD_FRAGMENT)
		return fault;
	return end_of_piece(w);
}

static enum headers_fault walk_ipv6(struct walk *w)
{
	struct headers *h = w->h;
	const uint8_t *b = w->bytes;
	bool unsized;
	enum headers_fault fault;

	if (!fits(w, IPV6_SIZE))
		return HEADERS_TRUNCATED;
	h->tos = (uint8_t)(be16(b) >> 4);
	h->flow_label = be32(b) & 0xfffff;
	h->protocol = b[6];
	h->ttl = b[7];
	h->src = headers_addr_read(6, b + 8);
	h->dst = headers_addr_read(6, b + 24);
	unsized = be16(b + 4) == 0 && h->protocol == HEADERS_HOP_BY_HOP;
	fault = cut_ipv6(w);
	w->at = IPV6_SIZE;
	if (!fault)
		fault = walk_chain(w);
	h->total_len = w->end;
	if (!fault && unsized && !h->is_jumbo && w->mode != QUOTED)
		return HEADERS_BAD_TOTAL_LENGTH;
	if (fault)
		return end_of_chain(w, fault);
	return h->frag_offset > 0 ? end_of_piece(w) : walk_transport(w);
}

/* ---- the whole ---------------------------------------------------------------------------- */

static enum headers_fault parse(struct headers *h, const uint8_t *bytes, uint32_t len,
				enum mode mode)
{
	struct walk w = {.h = h, .bytes = bytes, .end = len, .mode = mode};
	enum headers_fault fault = HEADERS_BAD_VERSION;

	memset(h, 0, sizeof(*h));
	if (len == 0)
		fault = HEADERS_TRUNCATED;
	else if (len > HEADERS_MAX_LEN)
		fault = HEADERS_TOO_LONG;
	else if (bytes[0] >> 4 == 4 || bytes[0] >> 4 == 6)
		h->version = bytes[0] >> 4;
	if (h->version == 4)
		fault = walk_ipv4(&w);
	else if (h->version == 6)
		fault = walk_ipv6(&w);
	h->fault = (uint8_t)fault;
	return fault;
}

enum headers_fault headers_parse(struct headers *h, const uint8_t *bytes, uint32_t len)
{
	return parse(h, bytes, len, WHOLE);
}

enum headers_fault headers_parse_embedded(struct headers *h, const uint8_t *bytes, uint32_t len)
{
	return parse(h, bytes, len, QUOTED);
}

const char *headers_fault_name(enum headers_fault fault)
{
	static const char *const names[HEADERS_FAULTS] = {
		[HEADERS_OK] = "well formed",
		[HEADERS_TRUNCATED] = "truncated IP header",
		[HEADERS_BAD_VERSION] = "bad IP version",
		[HEADERS_BAD_HEADER_LENGTH] = "bad IP header length",
		[HEADERS_BAD_TOTAL_LENGTH] = "bad total length",
		[HEADERS_BAD_OPTION] = "bad IP option",
		[HEADERS_BAD_EXTENSION] = "bad extension header",
		[HEADERS_EXTENSION_ORDER] = "extension header out of order",
		[HEADERS_EXTENSION_LOOP] = "too many extension headers or options",
		[HEADERS_BAD_JUMBO] = "bad jumbo length",
		[HEADERS_TOO_LONG] = "too long",
		[HEADERS_BAD_FRAGMENT] = "bad fragment",
		[HEADERS_TRANSPORT_TRUNCATED] = "truncated transport header",
		[HEADERS_BAD_TCP_OFFSET] = "bad TCP header length",
		[HEADERS_BAD_UDP_LENGTH] = "bad UDP length",
	};

	return (unsigned)fault < HEADERS_FAULTS ? names[fault] : "unknown fault";
}
