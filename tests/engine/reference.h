/* SPDX-License-Identifier: MIT */
/*
 * reference - what the documents say a classify does, written to be read and not to be fast.
 *
 * Filters are a heap in no order, and all of them are asked; at each step the best match that has
 * not been heard is searched for.  Only the data model is shared with the engine.
 */
#pragma once

#include "engine/callout.h"

#define REFERENCE_CALLS_MAX   64
#define REFERENCE_MATCHES_MAX 16384

/* What a callout will answer to this packet. */
struct reference_answer {
	uint32_t action; /* 0: it leaves classifyOut as it is */
	bool clears_right, absorbs;
};

struct reference_callout {
	struct guid key;
	uint32_t id;
	bool registered;
	struct reference_answer answer;
};

struct reference_policy {
	struct model_filter *const *filters;
	unsigned n_filters;
	const struct model_sublayer *sublayers;
	unsigned n_sublayers;
	const struct reference_callout *callouts;
	unsigned n_callouts;
};

/* A call that must be made, and what classifyOut must hold then. */
struct reference_call {
	uint32_t callout;
	uint64_t filter;
	uint32_t action, rights;
};

struct reference_result {
	struct engine_verdict verdict;
	unsigned n_calls;
	struct reference_call calls[REFERENCE_CALLS_MAX];
};

void reference_classify(const struct reference_policy *p, const struct engine_indication *ind,
			struct reference_result *out);
bool reference_condition(const struct model_condition *c, const struct model_value *v);
