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
	uint8_t version;  /* 4 or 6 */
	uint8_t protocol; /* as the IP header states it: IPv6 options, if any, come first */
	uint8_t ttl;	  /* 0: 128, as Windows sends */
	uint8_t tos;
	uint16_t id;	    /* IPv4 */
	bool dont_fragment; /* IPv4 */
	uint32_t flow_label;
	union headers_addr src, dst;
	const uint8_t *options; /* IPv4 options, at most 40 bytes; IPv6: extension headers */
	uint32_t options_len;	/* IPv4: made a multiple of four with zeros */
};

/*
 * Header, then `len` bytes of transport; lengths and checksums are filled in, p->h is parsed.
 * ERR_INVALID_PARAMETER: a wrong version, or too long.  ERR_INVALID_DATA: the result is malformed.
 */
MUST_CHECK wfp_err rebuild_ip_header(struct packet **out, const struct rebuild_ip *ip,
				     const void *transport, uint32_t len);

/*
 * As the template's header, except for its length: same addresses, ttl, tos, options.
 * ERR_INVALID_PARAMETER: the template is malformed, a fragment, or a jumbogram.
 */
MUST_CHECK wfp_err rebuild_ip_header_like(struct packet **out, const struct packet *like,
					  const void *transport, uint32_t len);
