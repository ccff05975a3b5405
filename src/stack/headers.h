/* SPDX-License-Identifier: MIT */
/*
 * headers - where everything is in one IP packet, found once and never looked for again.
 *
 * headers_parse walks the IP header, its options or extension headers and the transport header
 * with a cursor that cannot leave the packet.  A packet that is truncated, lies about a length or
 * winds its extension headers endlessly gets a named fault and goes nowhere.  Bytes behind the
 * length that the IP header states (Ethernet padding) are not part of the packet.
 *
 * Pure functions over bytes; any thread.  Numbers are in host order, as the layers indicate them.
 */
#pragma once

#include "base/compiler.h"
#include "model/value.h"

#define HEADERS_MAX_LEN	    (1u << 20) /* jumbograms beyond are refused */
#define HEADERS_MAX_EXT	    16u	       /* extension headers in one packet */
#define HEADERS_MAX_OPTIONS 64u	       /* options in one hop-by-hop or destination header */

enum headers_protocol {
	HEADERS_HOP_BY_HOP = 0,
	HEADERS_ICMP = 1,
	HEADERS_IPV4 = 4,
	HEADERS_TCP = 6,
	HEADERS_UDP = 17,
	HEADERS_IPV6 = 41,
	HEADERS_ROUTING = 43,
	HEADERS_FRAGMENT = 44,
	HEADERS_ESP = 50,
	HEADERS_AH = 51,
	HEADERS_ICMPV6 = 58,
	HEADERS_NO_NEXT = 59,
	HEADERS_DESTINATION = 60,
	HEADERS_DCCP = 33,
	HEADERS_SCTP = 132,
	HEADERS_MOBILITY = 135, /* ends the chain, like ESP */
	HEADERS_UDP_LITE = 136,
};

enum headers_tcp_flag {
	HEADERS_FIN = 0x01,
	HEADERS_SYN = 0x02,
	HEADERS_RST = 0x04,
	HEADERS_PSH = 0x08,
	HEADERS_ACK = 0x10,
	HEADERS_URG = 0x20,
};

/* Why a packet is not one.  headers_fault_name says it in words. */
enum headers_fault {
	HEADERS_OK,
	HEADERS_TRUNCATED,	     /* ends inside its IP header */
	HEADERS_BAD_VERSION,	     /* neither 4 nor 6 */
	HEADERS_BAD_HEADER_LENGTH,   /* an IPv4 header below 20 bytes or beyond the packet */
	HEADERS_BAD_TOTAL_LENGTH,    /* shorter than its headers or longer than what arrived */
	HEADERS_BAD_OPTION,	     /* an option that does not fit its header */
	HEADERS_BAD_EXTENSION,	     /* an extension header that does not fit the packet */
	HEADERS_EXTENSION_ORDER,     /* hop-by-hop not first, or a second fragment header */
	HEADERS_EXTENSION_LOOP,	     /* more extension headers or options than anybody needs */
	HEADERS_BAD_JUMBO,	     /* a jumbo length where there must be none, or below 65 536 */
	HEADERS_TOO_LONG,	     /* above HEADERS_MAX_LEN */
	HEADERS_BAD_FRAGMENT,	     /* beyond 65 535, empty, or not a multiple of eight */
	HEADERS_TRANSPORT_TRUNCATED, /* ends inside its transport header */
	HEADERS_BAD_TCP_OFFSET,	     /* a TCP header below 20 bytes or beyond the packet */
	HEADERS_BAD_UDP_LENGTH,	     /* below 8 or beyond the packet */
	HEADERS_FAULTS
};

union headers_addr {
	uint32_t v4; /* host order; the other bytes are zero */
	struct model_bytes16 v6;
	uint64_t words[2]; /* for hashing and comparing */
};

/* As final_dst: a source route of a kind that we cannot follow. */
#define HEADERS_FINAL_UNKNOWN UINT32_MAX

/* Offsets count from the first byte of the IP header.  Plain data; compare nothing but members. */
struct headers {
	uint8_t version;      /* 4 or 6; 0: not parsed */
	uint8_t protocol;     /* above IP and its extension headers */
	uint8_t ttl;	      /* hop limit */
	uint8_t tos;	      /* traffic class */
	uint8_t fault;	      /* enum headers_fault */
	uint8_t n_extensions; /* IPv6 */
	bool has_transport;   /* the transport members below are meaningful */
	bool is_fragment;     /* a piece: offset not 0 or more to come */
	bool is_atomic;	      /* IPv6: a fragment header, yet the whole datagram (RFC 6946) */
	bool more;	      /* more fragments follow */
	bool dont_fragment;   /* IPv4 */
	bool is_jumbo;

	uint32_t total_len; /* bytes of the packet, padding cut */
	uint32_t ip_size; /* IP header with options or extension headers: the transport's offset */
	uint32_t transport_size; /* 0: unknown protocol or no transport header here */
	uint32_t payload;	 /* offset: ip_size + transport_size */
	uint32_t payload_len;

	union headers_addr src, dst;
	uint32_t final_dst; /* offset of the address where a source route ends; 0: dst */
	uint32_t flow_label;

	uint32_t frag_id;
	uint32_t frag_offset; /* bytes */
	uint32_t frag_header; /* IPv6: offset of the fragment header; 0: none */
	uint32_t frag_link;   /* IPv6: offset of the next-header byte that names it */

	uint16_t src_port, dst_port; /* TCP, UDP, UDP-Lite, SCTP, DCCP; else 0 */
	uint8_t icmp_type, icmp_code;
	uint8_t tcp_flags;		 /* enum headers_tcp_flag, ORed */
	uint16_t icmp_id, icmp_sequence; /* of queries; else 0 */
	uint16_t tcp_window;		 /* not scaled */
	uint32_t tcp_seq, tcp_ack;
};

/* Everything in *h is overwritten.  On a fault what was found before it stays readable. */
MUST_CHECK enum headers_fault headers_parse(struct headers *h, const uint8_t *bytes, uint32_t len);

/*
 * The packet inside an ICMP error: its end may be missing, and its lengths may point past `len`.
 * HEADERS_TRANSPORT_TRUNCATED: not even ports (or the ICMP id) are there, the rest is meaningful.
 */
MUST_CHECK enum headers_fault headers_parse_embedded(struct headers *h, const uint8_t *bytes,
						     uint32_t len);

const char *headers_fault_name(enum headers_fault fault); /* "bad total length" */

/* FWP_UINT32 for v4; for v6 FWP_BYTE_ARRAY16, which points into *addr. */
struct model_value headers_addr_value(uint8_t version, const union headers_addr *addr);
/* Reads an address in network order, writes it in network order: 4 or 16 bytes. */
union headers_addr headers_addr_read(uint8_t version, const uint8_t *bytes);
void headers_addr_write(uint8_t version, const union headers_addr *addr, uint8_t *bytes);
uint32_t headers_addr_size(uint8_t version);

static inline bool headers_addr_equal(const union headers_addr *a, const union headers_addr *b)
{
	return a->words[0] == b->words[0] && a->words[1] == b->words[1];
}

/* Destination: unicast is everything else. */
bool headers_addr_is_multicast(uint8_t version, const union headers_addr *addr);
bool headers_addr_is_broadcast(uint8_t version, const union headers_addr *addr); /* all ones */
bool headers_addr_is_loopback(uint8_t version, const union headers_addr *addr);
bool headers_addr_is_link_local(uint8_t version, const union headers_addr *addr);
bool headers_addr_is_unspecified(const union headers_addr *addr);
