/* SPDX-License-Identifier: MIT */
/*
 * threads_packets - the packets of a scenario, for a stack.
 *
 * Made by the main thread before the others start.
 */
#pragma once

#include "../stack/craft.h"
#include "explore/scenario.h"

#define ADDRESS_TEXT 46

static inline void address_text(bool v6, const uint8_t *bytes, char out[ADDRESS_TEXT])
{
	BUG_ON(!inet_ntop(v6 ? AF_INET6 : AF_INET, bytes, out, ADDRESS_TEXT));
}

static inline struct packet *packet_of(const struct scenario_packet *s)
{
	char src[ADDRESS_TEXT], dst[ADDRESS_TEXT];
	struct craft way = {
		.src = src,
		.dst = dst,
		.src_port = s->src_port,
		.dst_port = s->dst_port,
		.hook = s->out ? PACKET_OUT : PACKET_IN,
	};

	address_text(s->v6, s->src, src);
	address_text(s->v6, s->dst, dst);
	switch (s->protocol) {
	case HEADERS_TCP:
		return craft_tcp(&way, s->seq, s->ack, s->tcp_flags, s->payload, s->len);
	case HEADERS_UDP:
		return craft_udp(&way, s->payload, s->len);
	default:
		return craft_icmp(&way, s->v6 ? 128 : 8, 0, s->seq, s->payload, s->len);
	}
}
