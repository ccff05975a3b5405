/* SPDX-License-Identifier: MIT */
/*
 * state - what struct engine is made of; for the files of src/engine only.
 *
 * The packet's way reads policy through one RCU pointer and adds to its own thread's counters: it
 * takes no lock.  Policy and registrations change in turns (engine_turn_begin): one at a time, with
 * no lock held meanwhile, because notifications are made in a turn.
 */
#pragma once

#include "base/list.h"
#include "base/lock.h"
#include "base/rcu.h"
#include "engine/callout.h"
#include "engine/ledger_book.h"
#include "engine/pend_pool.h"
#include "model/catalogue.h"

/* Ranks of the engine's locks, lowest first; pend and ledger have theirs between 140 and 179. */
enum engine_lock_rank {
	ENGINE_RANK_TURN = 100,
	ENGINE_RANK_CALLOUTS = 110,
	ENGINE_RANK_FLOWS = 120,
	ENGINE_RANK_TALLIES = 130,
	ENGINE_RANK_CACHES = 135,
	ENGINE_RANK_PEND = 140,
	ENGINE_RANK_LEDGER = 160,
};

/* Indices of the 64-bit words of struct engine_counters. */
#define ENGINE_COUNTER(name)  (offsetof(struct engine_counters, name) / sizeof(uint64_t))
#define ENGINE_COUNTER_WORDS  (sizeof(struct engine_counters) / sizeof(uint64_t))
#define ENGINE_COUNTER_SHARDS 32u

/* [A] relaxed; one cache line or more per group of threads, so that counting is not contended. */
struct CACHELINE_ALIGNED engine_shard {
	struct atom64 words[ENGINE_COUNTER_WORDS];
};

struct engine_policy;
struct engine_registry;
struct engine_flows;
struct engine_tallies;

/* [I] immutable after engine_create   [T] the holder of the turn   [A] atomic   [L] turn_lock */
struct engine {
	struct engine_config config;	       /* [I] */
	const char *(*driver_on_thread)(void); /* [I] since engine_report_ask; NULL: unknown */
	struct lock turn_lock;
	struct cond turn_free;
	uint32_t turn_owner;	      /* [L] thread_id of the holder, 0: free */
	struct engine_policy *policy; /* [I] the pointer; contents [T] */
	struct rcu_ptr snapshot;      /* struct engine_snapshot, published in a turn */
	struct atom64 generations[MODEL_LAYERS_MAX]; /* [A] */
	struct engine_registry *registry;	     /* [I] callout.c */
	struct engine_flows *flows;		     /* [I] flowctx.c */
	struct engine_tallies *tallies;		     /* [I] tally.c */
	struct pend_pool *pends;		     /* [I] pend.c */
	struct ledger_book *ledger;		     /* [I] ledger.c */
	struct lock caches_lock;
	struct list caches;		  /* struct engine_flow_cache, under caches_lock */
	struct atom32 cacheable_callouts; /* [A] registered ones whose verdicts may be cached */
	struct atom64 cache_epoch;	  /* [A] grows when such a callout comes or goes */
	struct engine_shard shards[ENGINE_COUNTER_SHARDS];
#ifdef BASE_SIM
	engine_witness_fn *witness; /* [I] since engine_witness; NULL: none */
	void *witness_ctx;	    /* [I] */
#endif
};

/* Adds to a counter of struct engine_counters: engine_count(e, ENGINE_COUNTER(pends), 1). */
void engine_count(struct engine *e, size_t counter, int64_t delta);

/*
 * Only one thread changes policy or registrations at a time.  ERR_TXN_IN_PROGRESS: this thread has
 * the turn already (it is inside a notification); ERR_NOT_SUPPORTED: it is inside a classifyFn,
 * which what follows would have to wait for.
 */
MUST_CHECK wfp_err engine_turn_begin(struct engine *e);
void engine_turn_end(struct engine *e);

/* The parts, in the order they are created; each sets its member of struct engine. */
MUST_CHECK wfp_err engine_registry_create(struct engine *e);
void engine_registry_destroy(struct engine *e);
MUST_CHECK wfp_err engine_flows_create(struct engine *e);
void engine_flows_destroy(struct engine *e);
MUST_CHECK wfp_err engine_tallies_create(struct engine *e);
void engine_tallies_destroy(struct engine *e);
MUST_CHECK wfp_err engine_policy_create(struct engine *e);
void engine_policy_destroy(struct engine *e);
