/* SPDX-License-Identifier: MIT */
/*
 * object - what the base filtering engine manages, as plain data: providers, provider contexts,
 * sublayers, callouts and filters share one struct.
 *
 * An object is immutable once the base filtering engine has it, and counted: tables, snapshots of
 * enumerations and messages in the making share it.  It converts to and from a protocol message
 * (rpc), the driver's structs (ntshim) and a store's record.
 */
#pragma once

#include "base/atomic.h"
#include "model/filter.h"

/* The order is that of references: an object refers to kinds before its own only. */
enum model_kind {
	MODEL_PROVIDER,
	MODEL_PROVIDER_CONTEXT,
	MODEL_SUBLAYER,
	MODEL_CALLOUT,
	MODEL_FILTER,
	MODEL_KINDS
};

/* Flags that other modules must know; all values are FWPM_*_FLAG_*. */
#define MODEL_PROVIDER_PERSISTENT	    0x1u
#define MODEL_PROVIDER_DISABLED		    0x10u
#define MODEL_CONTEXT_PERSISTENT	    0x1u
#define MODEL_CONTEXT_DOWNLEVEL		    0x2u
#define MODEL_SUBLAYER_PERSISTENT	    0x1u
#define MODEL_CALLOUT_PERSISTENT	    0x10000u
#define MODEL_CALLOUT_USES_PROVIDER_CONTEXT 0x20000u
#define MODEL_CALLOUT_REGISTERED	    0x40000u

/* FWPM_PROVIDER_CONTEXT_TYPE. */
enum model_context_type {
	MODEL_CONTEXT_IPSEC_KEYING,
	MODEL_CONTEXT_IKE_QM_TRANSPORT,
	MODEL_CONTEXT_IKE_QM_TUNNEL,
	MODEL_CONTEXT_AUTHIP_QM_TRANSPORT,
	MODEL_CONTEXT_AUTHIP_QM_TUNNEL,
	MODEL_CONTEXT_IKE_MM,
	MODEL_CONTEXT_AUTHIP_MM,
	MODEL_CONTEXT_CLASSIFY_OPTIONS,
	MODEL_CONTEXT_GENERAL,
	MODEL_CONTEXT_IKEV2_QM_TUNNEL,
	MODEL_CONTEXT_IKEV2_MM,
	MODEL_CONTEXT_IPSEC_DOSP,
	MODEL_CONTEXT_IKEV2_QM_TRANSPORT,
	MODEL_CONTEXT_NETWORK_CONNECTION_POLICY,
	MODEL_CONTEXT_TYPES
};

/*
 * [I] everything after creation   [A] refs
 * A draft may borrow everything it points to; model_object_create copies.  Of a filter, key, id,
 * texts, flags, provider, data and context key are those of `filter`; the object's own are equal
 * once it is created.
 */
struct model_object {
	struct atom32 refs; /* [A] */
	enum model_kind kind;
	struct guid key; /* zero in a draft: one is made */
	uint64_t id;	 /* contexts, callouts, filters; given by the base filtering engine */
	char *name, *description; /* UTF-8; description NULL: none */
	uint32_t flags;
	struct guid provider;	  /* zero: none */
	struct model_blob data;	  /* providerData */
	char *service;		  /* providers; NULL: none */
	uint32_t context_type;	  /* contexts: enum model_context_type */
	struct model_blob policy; /* contexts: a packed ContextPolicy message (rpc), opaque here */
	uint16_t weight;	  /* sublayers: as granted (in a draft: as asked for) */
	uint16_t layer;		  /* callouts */
	struct model_filter *filter; /* filters; a reference (in a draft: borrowed, not counted) */
};

/*
 * Copies *draft; for a filter draft->filter is itself a draft and goes through model_filter_create
 * with its checks.  Only what concerns one object alone is checked: the name
 * (FWP_E_NULL_DISPLAY_NAME), the kind, the context type (FWP_E_INVALID_ENUMERATOR).
 */
MUST_CHECK wfp_err model_object_create(struct model_object **out, const struct model_object *draft);
struct model_object *model_object_get(struct model_object *o);
/* A draft that borrows everything o has; o may be shared, so its count is not looked at. */
struct model_object model_object_draft(const struct model_object *o);
void model_object_put(struct model_object *o); /* NULL is fine */

const char *model_kind_name(enum model_kind kind); /* "filter", "provider context" */
