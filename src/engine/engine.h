/* SPDX-License-Identifier: MIT */
/*
 * engine - the filter engine: given a layer, values and metadata, the verdict.
 *
 * Policy arrives as deltas through the one hinge, engine_commit, and is published as an immutable
 * snapshot; a classify finishes on the snapshot it began with and never waits.  The engine owns the
 * registered callouts (callout.h), the flow contexts (flowctx.h), the pended operations (pend.h)
 * and the ledger of absorbed packets (ledger.h).
 */
#pragma once

#include "base/atomic.h"
#include "base/err.h"
#include "engine/metadata.h"
#include "model/filter.h"

struct engine;
struct engine_callout;
struct engine_flow;
struct engine_flow_cache;
struct engine_frame;
struct engine_trail;
struct ledger_entry;
struct pend_op;

/* What happens to held operations when the engine stops, a watchdog fires or a holder vanishes. */
enum engine_default { ENGINE_DEFAULT_BLOCK, ENGINE_DEFAULT_PERMIT };
/* pend.md, "How several callouts join". */
enum engine_join { ENGINE_JOIN_PARALLEL, ENGINE_JOIN_FREEZE };

/* The rules that a driver broke, each reported by name. */
enum engine_rule {
#define RULE(name, text) ENGINE_RULE_##name,
#include "engine/rules.def"
#undef RULE
	ENGINE_RULES
};

struct engine_report {
	enum engine_rule rule;
	uint32_t callout_id; /* 0: unknown */
	const char *driver;  /* "" when unknown */
	uint64_t op;	     /* the handle concerned, 0: none */
};

struct engine_config {
	enum engine_default on_revoke;
	enum engine_join join;
	bool strict_rights;    /* a callout whose right was cleared above may not pend */
	uint64_t pend_timeout; /* ns until the watchdog revokes a hold; 0: never */
	uint32_t max_ops;      /* operations that can be held at once; 0: 65 536 */
	uint32_t max_retired;  /* commits that may leave what they replaced to be freed together;
				  0: 64, 1: each commit waits until no classify uses it */
	/* For each broken rule, on the thread that broke it, no lock held; NULL: only counted. */
	void (*report)(void *ctx, const struct engine_report *r);
	void *report_ctx;
};

MUST_CHECK wfp_err engine_create(struct engine **out, const struct engine_config *config);
/* Every callout must have been unregistered and every operation ended (engine_stop). */
void engine_destroy(struct engine *e);

/*
 * Refuses new pends (STATUS_FWP_TCPIP_NOT_READY) and revokes every hold; the owners of the
 * operations resume them with the configured verdict.  Thread: any; returns at once.
 */
void engine_stop(struct engine *e);
/* Revokes the holds that the watchdog's time has run out for.  Thread: any one. */
void engine_tick(struct engine *e, uint64_t now);

/* ---- the hinge: policy ------------------------------------------------------------------ */

struct engine_delta {
	struct model_filter *const *add_filters; /* references are taken */
	size_t n_add_filters;
	const uint64_t *remove_filters; /* ids */
	size_t n_remove_filters;
	const struct model_sublayer *add_sublayers; /* also changes the weight of a known one */
	size_t n_add_sublayers;
	const struct guid *remove_sublayers;
	size_t n_remove_sublayers;
	const struct model_callout *add_callouts;
	size_t n_add_callouts;
	const struct guid *remove_callouts;
	size_t n_remove_callouts;
	/* Called when nothing else can fail any more and nothing is visible yet, no lock held:
	 * makes the change last.  An error undoes the commit.  NULL: nothing to do. */
	wfp_err (*durable)(void *ctx);
	void *durable_ctx;
};

/*
 * All or nothing.  Notifies the callouts of added filters first (a refusal undoes the notifications
 * made and fails with FWP_E_CALLOUT_NOTIFICATION_FAILED), publishes the next snapshot, then
 * notifies of deletions.  On return every new classify sees the new policy.  Callers are serialised
 * inside.
 */
MUST_CHECK wfp_err engine_commit(struct engine *e, const struct engine_delta *delta);
/*
 * Builds anew, for one layer, what many small commits have made slow: indexes that have lost their
 * shape.  Commits and classifies go on meanwhile, and see no difference but the time.  Thread: any
 * outside of callouts; call it now and then.  No memory is the only error, and the old index goes
 * on.
 */
MUST_CHECK wfp_err engine_maintain(struct engine *e);
/* What the engine has made of the policy, in bytes, without what the allocator adds. */
struct engine_footprint {
	uint64_t filters;
	uint64_t filter_bytes, rule_bytes, index_bytes;
	uint64_t other_bytes;	/* snapshot, layers, tables of filters */
	uint64_t retired_bytes; /* about: replaced, and not freed yet */
};
/* Looks at every filter, in a turn.  Thread: as engine_commit, whose errors before staging it has.
 */
MUST_CHECK wfp_err engine_measure(struct engine *e, struct engine_footprint *out);
/* Grows by one with each commit that changed what a layer decides; flows compare it. */
uint64_t engine_generation(const struct engine *e, uint16_t layer);

/* ---- classify --------------------------------------------------------------------------- */

struct engine_indication {
	uint16_t layer;
	uint16_t n_values;
	bool reauthorize;		  /* IS_REAUTHORIZE is set in the flags field, too */
	const struct model_value *values; /* one per field, newest schema's order */
	const struct engine_metadata *meta;
	void *layer_data;		 /* struct packet, stream data or NULL: opaque here */
	struct engine_flow *flow;	 /* contexts of callouts; NULL: none */
	struct pend_op *op;		 /* from pend_begin; NULL: cannot be pended */
	const struct engine_seen *seen;	 /* who absorbed this packet before; NULL: nobody */
	uint32_t injected_by_driver;	 /* who injected the packet shown last; 0: nobody */
	struct ledger_entry *ledger;	 /* engine_classify makes each callout whose Block with
					    absorb stands a holder; NULL: nothing to hold */
	struct engine_trail *trail;	 /* who spoke for each sublayer (trail.h); NULL: not
					    wanted */
	struct engine_flow_cache *cache; /* the worker's own (flow_cache.h); NULL: none */
};

/* Callouts that have absorbed and reinjected a packet; they may not absorb it again. */
#define ENGINE_SEEN_MAX 16
struct engine_seen {
	uint8_t n;
	uint32_t callout[ENGINE_SEEN_MAX];
};
bool engine_seen_has(const struct engine_seen *s, uint32_t callout);
/* False: full; the caller drops the packet and reports WfpInjectLoop. */
bool engine_seen_add(struct engine_seen *s, uint32_t callout);

enum engine_outcome {
	ENGINE_PERMIT,
	ENGINE_BLOCK,
	ENGINE_ABSORB, /* blocked, and a callout has taken charge of the packet */
	ENGINE_PENDED, /* op is held: the verdict comes with its resume */
};

/* Who decided: for events, comments in captures and "why". */
struct engine_verdict {
	enum engine_outcome outcome;
	bool veto;	    /* a block against a cleared right: audit event 5153 */
	bool hard;	    /* ACTION_WRITE was cleared by the decider; with ENGINE_PENDED: somebody
			       else blocks for good, so the resume may only block */
	uint64_t filter_id; /* 0: no filter matched */
	uint32_t callout_id; /* 0: the filter itself */
	uint16_t sublayer_weight;
	struct guid sublayer;
	uint32_t absorber; /* the first callout that absorbed; the ledger knows all of them */
};

/*
 * Classifies on the current snapshot.  Thread: the owning worker, registered with RCU by
 * thread_start; not inside a read section of its own.  Takes no lock, allocates nothing.
 */
void engine_classify(struct engine *e, const struct engine_indication *ind,
		     struct engine_verdict *out);
/*
 * As n calls of engine_classify, in order, on one snapshot for each ENGINE_BURST_MAX of them.  An
 * array of indications, an array of verdicts.
 */
#define ENGINE_BURST_MAX 32u
void engine_classify_burst(struct engine *e, const struct engine_indication *inds, unsigned n,
			   struct engine_verdict *out);
#ifdef BASE_SIM
/*
 * Is shown each classify, who spoke in it and what came of it, on the thread that classified; for
 * the explorer, which works it out once more.  Set before the first classify.
 */
typedef void engine_witness_fn(void *ctx, const struct engine_indication *ind,
			       const struct engine_trail *trail, const struct engine_verdict *v);
void engine_witness(struct engine *e, engine_witness_fn *fn, void *ctx);
#endif
/* True: no filter at this layer, so building the values can be skipped. */
bool engine_layer_empty(struct engine *e, uint16_t layer);
/*
 * What is dear to find out, and somebody at this layer looks at: a filter has a condition on it, or
 * calls a callout, which may look at everything.
 */
enum engine_look { ENGINE_LOOKS_AT_USER = 0x1, ENGINE_LOOKS_AT_APP = 0x2 };
uint32_t engine_layer_looks(struct engine *e, uint16_t layer); /* enum engine_look, ORed */

/* ---- counters ---------------------------------------------------------------------------- */

struct engine_counters {
	uint64_t classifies, callout_calls;
	uint64_t cache_hits, cache_misses; /* of classifies with a cache that may use it */
	uint64_t permits, blocks, absorbs, pends;
	uint64_t pended_now, joined, completed_before_return, resumed;
	uint64_t absorbed_now, injected, discarded, reclaimed;
	uint64_t rules[ENGINE_RULES];
};
void engine_counters_get(struct engine *e, struct engine_counters *out);
/* Holds that the callouts of a driver have taken, over all its registrations. */
uint64_t engine_driver_pend_count(struct engine *e, const char *driver);
const char *engine_rule_name(enum engine_rule rule); /* "WfpPendDoubleComplete" */
const char *engine_rule_text(enum engine_rule rule);
