/* SPDX-License-Identifier: MIT */
/*
 * prescan - what became of each attempt to reach somebody, known before the replay begins.
 *
 * On a live system the port asks the kernel whether an endpoint exists; in a capture the answer
 * lies further on: a SYN that is answered by RST alone, a datagram that is answered by "port
 * unreachable" alone, found no listener.  One thread: observe everything first, then ask.
 */
#pragma once

#include "stack/headers.h"
#include "stack/port.h"

struct prescan;

MUST_CHECK wfp_err prescan_create(struct prescan **out);
void prescan_destroy(struct prescan *s); /* NULL is fine */

/* bytes: the packet that h describes. */
MUST_CHECK wfp_err prescan_observe(struct prescan *s, const struct headers *h,
				   const uint8_t *bytes);

/* For the receiver of this packet; UNKNOWN when the capture does not tell. */
enum port_endpoint prescan_endpoint(const struct prescan *s, const struct headers *h);
