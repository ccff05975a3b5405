/* SPDX-License-Identifier: MIT */
/*
 * link - one function per frame format, one table over them.
 *
 * A format names the protocol it carries by an Ethernet type, by an address family (whose value for
 * IPv6 differs from system to system), or not at all; in the last case the version in the first
 * byte decides.  Every length is checked before the byte behind it is read.
 */
#include "path/link.h"

#include <pcap/dlt.h>

#define ETHERTYPE_V4	0x0800u
#define ETHERTYPE_V6	0x86ddu
#define COOKED_OUTGOING 4u

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
	return be16(p) << 16 | be16(p + 2);
}

static bool place_at(uint32_t offset, uint32_t len, enum link_direction direction,
		     struct link_place *out)
{
	if (offset >= len)
		return false;
	*out = (struct link_place){.offset = offset, .direction = direction};
	return true;
}

static bool is_tag(uint32_t ethertype)
{
	return ethertype == 0x8100u || ethertype == 0x88a8u || ethertype == 0x9100u ||
	       ethertype == 0x9200u;
}

/* at: where an Ethernet type stands; tags may follow it, then the packet. */
static bool find_behind_type(const uint8_t *frame, uint32_t len, uint32_t at,
			     enum link_direction direction, struct link_place *out)
{
	for (unsigned tags = 0; tags <= LINK_MAX_TAGS && len >= at + 2; tags++) {
		uint32_t type = be16(frame + at);

		if (type == ETHERTYPE_V4 || type == ETHERTYPE_V6)
			return place_at(at + 2, len, direction, out);
		if (!is_tag(type))
			return false;
		at += 4;
	}
	return false;
}

static bool find_ethernet(const uint8_t *frame, uint32_t len, struct link_place *out)
{
	return find_behind_type(frame, len, 12, LINK_DIRECTION_UNKNOWN, out);
}

static bool find_raw(const uint8_t *frame, uint32_t len, struct link_place *out)
{
	if (len == 0 || (frame[0] >> 4 != 4 && frame[0] >> 4 != 6))
		return false;
	return place_at(0, len, LINK_DIRECTION_UNKNOWN, out);
}

/* The link type has promised the version: whatever stands there is shown to the stack. */
static bool find_promised(const uint8_t *frame, uint32_t len, struct link_place *out)
{
	return place_at(0, len, LINK_DIRECTION_UNKNOWN, out);
}

static enum link_direction cooked_direction(uint32_t packet_type)
{
	return packet_type == COOKED_OUTGOING ? LINK_DIRECTION_OUT
	       : packet_type == 0	      ? LINK_DIRECTION_IN
					      : LINK_DIRECTION_UNKNOWN;
}

/* packet type, device type, address length, address[8], protocol */
static bool find_cooked(const uint8_t *frame, uint32_t len, struct link_place *out)
{
	if (len < 16)
		return false;
	return find_behind_type(frame, len, 14, cooked_direction(be16(frame)), out);
}

/* protocol, reserved, interface, device type, packet type, address length, address[8] */
static bool find_cooked2(const uint8_t *frame, uint32_t len, struct link_place *out)
{
	uint32_t type;

	if (len < 20)
		return false;
	type = be16(frame);
	if (is_tag(type)) /* the tag's own two bytes, then the type that it hid */
		return find_behind_type(frame, len, 22, cooked_direction(frame[10]), out);
	if (type != ETHERTYPE_V4 && type != ETHERTYPE_V6)
		return false;
	return place_at(20, len, cooked_direction(frame[10]), out);
}

/* AF_INET is 2 everywhere; AF_INET6 is 10, 24, 28 or 30 by system, 23 on Windows. */
static bool is_ip_family(uint32_t family)
{
	return family == 2 || family == 10 || family == 23 || family == 24 || family == 28 ||
	       family == 30;
}

/* A family of 32 bits in the byte order of the capturing host, which the file does not name. */
static bool find_loopback(const uint8_t *frame, uint32_t len, struct link_place *out)
{
	uint32_t family;

	if (len < 4)
		return false;
	family = be32(frame);
	if (!is_ip_family(family) && !is_ip_family(__builtin_bswap32(family)))
		return false;
	return place_at(4, len, LINK_DIRECTION_UNKNOWN, out);
}

/* Solaris: version, family, hook, length, interfaces and zones. */
static bool find_ipnet(const uint8_t *frame, uint32_t len, struct link_place *out)
{
	if (len < 2 || (frame[1] != 2 && frame[1] != 26))
		return false;
	return place_at(24, len, LINK_DIRECTION_UNKNOWN, out);
}

static const struct link_type types[] = {
	{DLT_EN10MB, 1, "Ethernet", find_ethernet},
	{DLT_RAW, 101, "raw IP", find_raw},
	{101, 101, "raw IP", find_raw},
	{14, 101, "raw IP", find_raw},
	{12, 101, "raw IP", find_raw},
	{DLT_IPV4, 228, "IPv4", find_promised},
	{DLT_IPV6, 229, "IPv6", find_promised},
	{DLT_LINUX_SLL, 113, "Linux cooked v1", find_cooked},
	{DLT_LINUX_SLL2, 276, "Linux cooked v2", find_cooked2},
	{DLT_NULL, 0, "BSD loopback", find_loopback},
	{DLT_LOOP, 108, "OpenBSD loopback", find_loopback},
	{DLT_IPNET, 226, "Solaris ipnet", find_ipnet},
};

const struct link_type *link_type_find(int dlt)
{
	for (unsigned i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].dlt == dlt)
			return &types[i];
	return NULL;
}

const char *link_type_names(void)
{
	return "Ethernet, raw IP, IPv4, IPv6, Linux cooked v1 and v2, BSD and OpenBSD loopback, "
	       "Solaris ipnet";
}
