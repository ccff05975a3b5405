/* SPDX-License-Identifier: MIT */
/*
 * icmp - what an ICMP or ICMPv6 message is about.
 *
 * Queries and their replies (echo, timestamp, mask, information) carry an id and belong together:
 * icmp_class gives both the request's type.  Errors quote the packet that caused them, and belong
 * to that packet's flow.  Pure functions; any thread.
 */
#pragma once

#include "stack/flow.h"

/* The type that stands for a message and its answer: the request's; else the type itself. */
uint8_t icmp_class(uint8_t version, uint8_t type);
/* The message has an id and a sequence number. */
bool icmp_has_id(uint8_t version, uint8_t type);
bool icmp_is_error(const struct headers *h);
/* Echo replies and their like: they answer and never open a conversation. */
bool icmp_is_reply(uint8_t version, uint8_t type);

/* The headers of the packet that an error quotes.  False: no error, or nothing readable in it. */
MUST_CHECK bool icmp_quoted(struct headers *quoted, const struct headers *h, const uint8_t *bytes);
/* The flow that an error seen at this hook is about.  False: no error, or it names none. */
MUST_CHECK bool icmp_flow_key(struct flow_key *out, const struct headers *h, const uint8_t *bytes,
			      enum packet_hook hook);
