/* SPDX-License-Identifier: MIT */
/*
 * scenario_packet - a packet of a scenario, as the stack takes it.
 */
#pragma once

#include "explore/scenario.h"
#include "stack/packet.h"

/* Headers are parsed and checksums right; hook, interfaces and the rest are the caller's to say. */
MUST_CHECK wfp_err scenario_packet_make(const struct scenario_packet *p, struct packet **out);
