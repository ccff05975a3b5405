/* SPDX-License-Identifier: MIT */
/*
 * policy - an engine with filters for the benchmarks, and packets to ask it about.
 */
#pragma once

#include "engine/callout.h"
#include "engine/engine.h"
#include "model/catalogue.h"

#define POLICY_LAYER   MODEL_LAYER_ALE_AUTH_CONNECT_V4
#define POLICY_PACKETS 1024u

struct policy_packet {
	struct model_value values[64];
};

struct policy {
	struct engine *engine;
	uint32_t callout; /* registered with policy_callout_create, or 0 */
	uint16_t n_values;
	struct policy_packet packets[POLICY_PACKETS];
	struct engine_metadata meta;
};

/* n_filters permit filters of address prefix, port and protocol; a third of the packets match one.
 */
struct policy *policy_create(unsigned n_filters, uint64_t seed);
/* One filter that calls `ops` for every packet. */
struct policy *policy_callout_create(const struct engine_callout_ops *ops, void *ctx);
void policy_destroy(struct policy *p);

/* The indication for packet i; the caller adds op. */
struct engine_indication policy_indication(const struct policy *p, uint64_t i);
