/* SPDX-License-Identifier: MIT */
/*
 * snapshot - the policy as a classify sees it: immutable, one array of layers.
 *
 * A layer has its sublayers by descending weight.  A sublayer with few filters has them in an
 * array, by descending weight and of two equal weights the newer filter (higher id) first; any
 * other has an index.  What a commit does not touch is shared between snapshots.  All parts are
 * those of edit.h; what filters and rules own is freed after a grace period, too (change.h).
 */
#pragma once

#include "engine/callout.h"
#include "engine/history.h"
#include "engine/index.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/rcu.h"
#include "model/catalogue.h"

struct callout_slot;
struct policy_change;
struct policy_set;

/* The rules of one filter: most have one. */
union policy_rules {
	struct index_rule *one;
	struct index_rule **many;
};

/* [I] immutable   [T] the holder of the turn */
struct policy_filter {
	struct hnode node;	     /* [T] by id, until it is removed */
	struct list link;	     /* [T] in its set, then with what is freed */
	struct model_filter *filter; /* [I] a reference */
	struct callout_slot *slot;   /* [I] whom its action calls, NULL: nobody; a reference */
	struct policy_set *set;	     /* [T] until it is removed */
	union policy_rules rules;    /* [T] owned, by the layer's plan */
	uint8_t n_rules;	     /* [T] 0: the set has no index */
	uint8_t looks;		     /* [I] enum engine_look */
	uint8_t word;		     /* [I] enum rule_word */
	bool removing;		     /* [T] */
	bool noted;		     /* [T] engine_maintain knew of it when it looked last */
};

/*
 * Asking so many filters one by one is no slower than a search of an index, with the key that it
 * needs (bench/classify.c).
 */
#define ENGINE_FEW_MAX 2u

struct engine_few {
	struct edit_part part;
	uint32_t n;
	const struct policy_filter *filters[ENGINE_FEW_MAX]; /* in order */
};

struct engine_sublayer {
	struct guid key;
	uint16_t weight;
	uint32_t n_filters;
	struct engine_few *few; /* NULL: it has an index */
	struct index *index;	/* NULL: it has few */
	struct policy_set *set; /* what the next commit goes on from */
};

/* How packets become keys at a layer; there while some sublayer has an index. */
struct engine_plan {
	struct edit_part part;
	struct key_plan key; /* [I] */
};

struct engine_layer {
	struct edit_part part;
	uint32_t n_sublayers;
	uint32_t n_filters;
	uint32_t n_user, n_app;	 /* filters that look at those, see enum engine_look */
	struct engine_view view; /* set by the commit that makes the version */
	struct engine_plan *plan;
	struct engine_sublayer sublayers[];
};

struct engine_snapshot {
	struct edit_part part;
	struct engine_layer *layers[MODEL_LAYERS_MAX]; /* NULL: no filters */
};

/*
 * The next version of a layer: old (NULL: empty) with what `touched`, a chain of sets, adds and
 * removes, in the order of the sublayers' next weights.  uses: HISTORY_FIELDS of the next version,
 * see history.h.  *out is NULL when nothing is left.  All that is made and replaced is the
 * change's, also when it fails.  Thread: the turn.
 */
MUST_CHECK wfp_err engine_layer_build(struct engine_layer **out, struct engine_layer *old,
				      struct policy_set *touched, const uint32_t *uses,
				      struct policy_change *change);
/* Has a sublayer of the layer got another weight in the commit that runs? */
bool engine_layer_resorted(const struct engine_layer *l);
/* Frees a layer whole, when nobody can see it. */
void engine_layer_free(struct engine_layer *l);
