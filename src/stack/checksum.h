/* SPDX-License-Identifier: MIT */
/*
 * checksum - the Internet checksum of IPv4, TCP, UDP, UDP-Lite, ICMP and ICMPv6.
 *
 * The stack verifies what arrived from the wire and fixes what an injector built.  A packet whose
 * checksum is left to the hardware (packet.checksum_pending) is neither.  Pure functions; any
 * thread; they trust the offsets that headers_parse found.
 */
#pragma once

#include "stack/packet.h"

enum checksum_state {
	CHECKSUM_GOOD,
	CHECKSUM_BAD,
	CHECKSUM_ABSENT, /* none is defined, the sender left it out, or it covers other fragments */
};

/* One's complement sum of big-endian words, not inverted; `sum` continues an earlier, even part. */
uint32_t checksum_add(uint32_t sum, const void *bytes, size_t len);
uint16_t checksum_fold(uint32_t sum); /* folded and inverted, in host order */

enum checksum_state checksum_ip_verify(const struct headers *h, const uint8_t *bytes);
enum checksum_state checksum_transport_verify(const struct headers *h, const uint8_t *bytes);

/*
 * Writes the IPv4 header's checksum and the transport's; clears checksum_pending.  A fragment gets
 * the header's only.  UDP without a checksum keeps doing without over IPv4.  p->h must be current.
 */
void checksum_fix(struct packet *p);
