/* SPDX-License-Identifier: MIT */
/*
 * registry - which key and id belong to which registration; for the files of src/engine only.
 *
 * A slot ties together a callout's key, its run-time id, the policy's object and the driver's
 * registration, in whichever order they come.  Filters point to slots, a slot to the registration
 * that may be called now: unregistering takes that pointer away and waits for a grace period, which
 * ends after the last call in flight, because a classify is one RCU section.
 */
#pragma once

#include "base/hash.h"
#include "engine/state.h"

/* [I] immutable   [T] the holder of the turn   [L] registry lock   [R] read in RCU sections */
struct callout_slot {
	struct hnode by_key, by_id; /* [L] */
	struct guid key;	    /* [I] */
	uint32_t id;		    /* [I] */
	uint32_t refs;		    /* [T] filters, the policy's object, the registration */
	bool in_policy;		    /* [T] the policy has an object with this key */
	bool removing;		    /* [T] that object goes with the commit that runs */
	struct rcu_ptr callable;    /* [R] struct engine_callout, NULL: block or be forgiven */
	struct engine_callout *registered; /* [L] also while it leaves */
};

/* [I] immutable   [A] atomic   [F] lock of the flow contexts */
struct engine_callout {
	struct atom32 refs;		      /* [A] the registration and pins */
	struct engine *engine;		      /* [I] */
	uint32_t id;			      /* [I] */
	uint32_t driver;		      /* [I] */
	uint32_t flags;			      /* [I] */
	bool cacheable;			      /* [I] its verdicts may be cached */
	char *name;			      /* [I] owned */
	const struct engine_callout_ops *ops; /* [I] */
	void *ctx;			      /* [I] */
	struct atom32 holds;		      /* [A] operations it holds now */
	struct engine_tally *tally;	      /* [I] of its driver */
	bool leaving;			      /* [F] no new flow contexts */
	uint32_t contexts; /* [F] flow contexts whose flow_delete has not returned */
};

/*
 * The slot for a key, made if need be with this id (0: any), and one reference.  Thread: the turn.
 */
MUST_CHECK wfp_err engine_slot_get(struct engine *e, const struct guid *key, uint32_t id,
				   struct callout_slot **out);
/* Thread: the turn, after a grace period if the slot has been published. */
void engine_slot_put(struct engine *e, struct callout_slot *slot);
/* NULL: none.  Thread: the turn. */
struct callout_slot *engine_slot_find(struct engine *e, const struct guid *key);

/* The policy's objects go: the end of the engine. */
void engine_slots_forget_policy(struct engine *e);
/* NULL: none.  Thread: the turn. */
struct callout_slot *engine_slot_find_id(struct engine *e, uint32_t id);
/* From here the callout is called; c NULL: it is found no more.  Thread: the turn. */
void engine_slot_register(struct engine *e, struct callout_slot *slot, struct engine_callout *c);

/* A pin on the registration with that id, also while it leaves; NULL: none.  Any thread. */
struct engine_callout *engine_callout_find(struct engine *e, uint32_t id);

/* Clients choose keys: with a seed that they do not know none can make a long chain of them. */
uint64_t engine_guid_hash(uint64_t seed, const struct guid *key);
