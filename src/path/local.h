/* SPDX-License-Identifier: MIT */
/*
 * local - which addresses of a capture belong to the host that the platform plays.
 *
 * A capture does not say whose it is.  Either the user says it (local_add), or it is guessed from
 * all packets (local_observe, then local_guess):
 *   - if frames carry their direction (cooked captures), the addresses that more often send
 *     outgoing and receive incoming frames than the other way round; transit does both equally;
 *   - otherwise, for IPv4 and IPv6 each, the unicast address that takes part in the most packets;
 *     of equals the one that sent the first TCP SYN, then a private one, then the one seen first.
 * Loopback addresses are always local.  The guess depends on the packets alone.
 */
#pragma once

#include "base/buf.h"
#include "path/link.h"
#include "stack/headers.h"
#include "stack/packet.h"

struct local;

MUST_CHECK wfp_err local_create(struct local **out);
void local_destroy(struct local *l); /* NULL is fine */

/* An address in text; ERR_INVALID_PARAMETER with a sentence in `why`. */
MUST_CHECK wfp_err local_add(struct local *l, const char *text, struct buf *why);

MUST_CHECK wfp_err local_observe(struct local *l, const struct headers *h, enum link_direction d);
/* Chooses, unless addresses were added.  Once, after everything was observed. */
void local_guess(struct local *l);

bool local_has(const struct local *l, uint8_t version, const union headers_addr *addr);

/*
 * Where this host would see the packet: a local or unspecified sender makes it outbound, a local
 * receiver or a group inbound, and anything else passes through.  *loopback: both ends are local;
 * then the frame's own word decides, and without one it is outbound.
 */
enum packet_hook local_hook(const struct local *l, const struct headers *h, enum link_direction d,
			    bool *loopback);
