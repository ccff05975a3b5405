/* SPDX-License-Identifier: MIT */
/*
 * rawsock - packets of our own making, sent with their headers as they are.
 *
 * For injection on the live path.  The mark lets our rules know the packet again.  Host only;
 * needs CAP_NET_RAW, and CAP_NET_ADMIN for the mark.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"

struct rawsock;

/* One socket per IP version inside; owned by one thread. */
MUST_CHECK wfp_err rawsock_open(struct rawsock **out, uint32_t mark);
void rawsock_close(struct rawsock *r);

/*
 * packet begins with its IPv4 or IPv6 header and is routed by its destination address.  if_index
 * names the interface a link-local destination is reached through, or is 0.
 */
MUST_CHECK wfp_err rawsock_send(struct rawsock *r, const uint8_t *packet, size_t len,
				uint32_t if_index);
