/* SPDX-License-Identifier: MIT */
/*
 * scenario_packet - the bytes of a scenario's packet: a transport header, then what the stack
 * itself puts before one.
 *
 * Called before anything runs: by the explorer, and by what plays scenarios with threads of the
 * system.
 */
#include "explore/scenario_packet.h"

#include "base/be.h"
#include "stack/rebuild.h"

#include <string.h>

static uint32_t tcp_header(uint8_t *t, const struct scenario_packet *p)
{
	be16_put(t, p->src_port);
	be16_put(t + 2, p->dst_port);
	be32_put(t + 4, p->seq);
	be32_put(t + 8, p->ack);
	t[12] = 5 << 4;
	t[13] = p->tcp_flags;
	be16_put(t + 14, UINT16_MAX);
	return 20;
}

static uint32_t udp_header(uint8_t *t, const struct scenario_packet *p)
{
	be16_put(t, p->src_port);
	be16_put(t + 2, p->dst_port);
	be16_put(t + 4, 8 + p->len);
	return 8;
}

static uint32_t icmp_header(uint8_t *t, const struct scenario_packet *p)
{
	static const uint8_t types[2][2] = {{8, 0}, {128, 129}}; /* request, reply */

	t[0] = types[p->v6][p->reply];
	be16_put(t + 4, 1);
	be16_put(t + 6, p->seq);
	return 8;
}

wfp_err scenario_packet_make(const struct scenario_packet *p, struct packet **out)
{
	const uint8_t version = p->v6 ? 6 : 4;
	const struct rebuild_ip ip = {
		.version = version,
		.protocol = p->protocol,
		.ttl = 64,
		.src = headers_addr_read(version, p->src),
		.dst = headers_addr_read(version, p->dst),
	};
	uint8_t t[20 + SCENARIO_PAYLOAD] = {0};
	uint32_t header;

	if (p->protocol == HEADERS_TCP)
		header = tcp_header(t, p);
	else
		header = p->protocol == HEADERS_UDP ? udp_header(t, p) : icmp_header(t, p);
	if (p->len > 0)
		memcpy(t + header, p->payload, p->len);
	return rebuild_ip_header(out, &ip, t, header + p->len);
}
