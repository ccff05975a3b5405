/* SPDX-License-Identifier: MIT */
/*
 * rebuild - an IP header for a transport header and its payload.
 *
 * For injection at the transport layers, where a driver hands over what is above IP and an address,
 * and for the function that constructs IP headers for drivers.  Any thread.
 */
#pragma once

#include "stack/packet.h"

struct rebuild_ip {
	uint8_t version;   /* 4 or 6 */
	uint8_t protocol;
	uint8_t ttl;	   /* 0: 128, as Windows sends */
	uint8_t tos;
	uint32_t flow_label;
	union headers_addr src, dst;
	const uint8_t *options; /* IPv4 options, or IPv6 extension headers of which `protocol` is */
	uint32_t options_len;	/* the first; IPv4: at most 40, padded to a multiple of four */
};

/*
 * Header, then `len` bytes of transport; lengths and checksums are filled in, p->h is parsed.
 * ERR_INVALID_PARAMETER: a wrong version, or too long.  ERR_INVALID_DATA: the result is malformed.
 */
MUST_CHECK wfp_err rebuild_ip_header(struct packet **out, const struct rebuild_ip *ip,
				     const void *transport, uint32_t len);

/* As the template's header, except for its length: same addresses, ttl, tos, options. */
MUST_CHECK wfp_err rebuild_ip_header_like(struct packet **out, const struct packet *like,
					  const void *transport, uint32_t len);
