/* SPDX-License-Identifier: MIT */
/*
 * link - where the IP packet begins inside a captured frame.
 *
 * One row per link type that carries IP: Ethernet (with VLAN tags, as deep as LINK_MAX_TAGS), raw
 * IP, Linux cooked v1 and v2, and BSD loopback in both byte orders.  Pure functions over bytes that
 * nobody vouches for; callable from any thread.
 */
#pragma once

#include "base/compiler.h"

#define LINK_MAX_TAGS 8u

/* What the frame itself says about its way; only cooked captures do. */
enum link_direction { LINK_DIRECTION_UNKNOWN, LINK_DIRECTION_IN, LINK_DIRECTION_OUT };

struct link_place {
	uint32_t offset; /* of the IP header; less than the frame's length */
	enum link_direction direction;
};

struct link_type {
	int dlt;	 /* as libpcap names it in memory */
	uint16_t number; /* as files name it (LINKTYPE_*) */
	const char *name;
	/* False: not an IP packet, or too short to tell.  out is written on success only. */
	bool (*find_ip)(const uint8_t *frame, uint32_t len, struct link_place *out);
};

const struct link_type *link_type_find(int dlt); /* NULL: carries no IP that is known here */

/* The names of all link types, for an error message. */
const char *link_type_names(void);
