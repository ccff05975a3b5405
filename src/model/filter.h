/* SPDX-License-Identifier: MIT */
/*
 * filter - filters, sublayers and callout objects as plain data.
 *
 * A filter is immutable once built and counted: policy snapshots, classifies in flight and the
 * base filtering engine share it.  model_filter_create checks everything that can be checked
 * without knowing other objects (types against fields, ranges, match types, action, weight) and
 * answers with the code that FwpmFilterAdd0 documents.
 */
#pragma once

#include "base/atomic.h"
#include "model/guid.h"
#include "model/value.h"

/* FWP_ACTION_TYPE; the flags are part of the values. */
enum model_action {
	MODEL_ACTION_BLOCK = 0x1001,
	MODEL_ACTION_PERMIT = 0x1002,
	MODEL_ACTION_CALLOUT_TERMINATING = 0x5003,
	MODEL_ACTION_CALLOUT_INSPECTION = 0x6004,
	MODEL_ACTION_CALLOUT_UNKNOWN = 0x4005,
	MODEL_ACTION_CONTINUE = 0x2006,
	MODEL_ACTION_NONE = 0x0007,
	MODEL_ACTION_NONE_NO_MATCH = 0x0008,
};
#define MODEL_ACTION_IS_CALLOUT(a) (((a)&0x4000u) != 0)

/* FWPM_FILTER_FLAG_*; see fwpmtypes.h for the meanings. */
enum model_filter_flag {
	MODEL_FILTER_PERSISTENT = 0x1,
	MODEL_FILTER_BOOTTIME = 0x2,
	MODEL_FILTER_HAS_PROVIDER_CONTEXT = 0x4,
	MODEL_FILTER_CLEAR_ACTION_RIGHT = 0x8,
	MODEL_FILTER_PERMIT_IF_CALLOUT_UNREGISTERED = 0x10,
	MODEL_FILTER_DISABLED = 0x20,
	MODEL_FILTER_INDEXED = 0x40,
	/* Kept and shown, without effect on this platform: flags of other editions. */
	MODEL_FILTER_OTHER = 0x7f80,
};

struct model_condition {
	struct guid field_key;
	int16_t field;		  /* index in the newest schema of the layer */
	uint8_t match;		  /* enum model_match */
	uint32_t place;		  /* where it stood when the filter was made, from 1; draft: 0 */
	struct model_value value; /* owned by the filter */
};

struct model_field;
/*
 * May a condition of this value and match type be put to the field?  The errors about conditions of
 * model_filter_create, whose matchers rely on it.
 */
MUST_CHECK wfp_err model_condition_check(const struct model_field *field,
					 const struct model_condition *c);

/* [I] everything after creation   [A] refs */
struct model_filter {
	struct atom32 refs; /* [A] */
	struct guid key;
	uint64_t id; /* given by the base filtering engine, never reused */
	uint16_t layer;
	struct guid sublayer;
	uint64_t weight;		     /* effective weight */
	struct model_value requested_weight; /* as asked for: EMPTY, UINT8 or UINT64 */
	uint32_t flags;
	uint32_t action;	  /* enum model_action */
	struct guid callout;	  /* when the action calls one */
	struct guid filter_type;  /* when it calls none: for the caller's use, kept */
	uint64_t context;	  /* rawContext; with HAS_PROVIDER_CONTEXT the context's id */
	struct guid context_key;  /* of the provider context, when the flag says so */
	struct guid provider;	  /* zero: none */
	struct model_blob data;	  /* providerData; owned */
	char *name, *description; /* UTF-8, owned */
	uint32_t n_conditions;
	struct model_condition *conditions; /* sorted by field, stable; owned */
};

/*
 * Checks *draft and makes an immutable copy with one reference.  The draft stays the caller's.
 * Errors: FWP_E_LAYER_NOT_FOUND, FWP_E_CONDITION_NOT_FOUND, FWP_E_TYPE_MISMATCH,
 * FWP_E_MATCH_TYPE_MISMATCH, FWP_E_INVALID_RANGE, FWP_E_INVALID_NET_MASK,
 * FWP_E_INVALID_ACTION_TYPE, FWP_E_INVALID_FLAGS, FWP_E_NULL_DISPLAY_NAME,
 * FWP_E_ACTION_INCOMPATIBLE_WITH_LAYER, no memory.
 */
MUST_CHECK wfp_err model_filter_create(struct model_filter **out, const struct model_filter *draft);
struct model_filter *model_filter_get(struct model_filter *f);
/* A draft that borrows everything f has; f may be shared, so its count is not looked at. */
struct model_filter model_filter_draft(const struct model_filter *f);
void model_filter_put(struct model_filter *f); /* NULL is fine */

struct model_sublayer {
	struct guid key;
	uint16_t weight; /* after collisions were moved: unique */
};

struct model_callout { /* the policy's object, not the driver's registration */
	struct guid key;
	uint32_t id; /* given by the base filtering engine */
	uint16_t layer;
	uint32_t flags;
};
