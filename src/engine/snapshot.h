/* SPDX-License-Identifier: MIT */
/*
 * snapshot - the policy as a classify sees it: immutable, one array of layers.
 *
 * A layer has its sublayers by descending weight, each with its filters by descending weight; of
 * two equal weights the newer filter (higher id) comes first.  Layers that a commit does not touch
 * are shared between snapshots.  What filters point to is owned by the policy (commit.c), which
 * frees nothing before a grace period has passed.
 */
#pragma once

#include "engine/callout.h"
#include "model/catalogue.h"
#include "base/hash.h"
#include "base/rcu.h"

struct callout_slot;

/* [I] immutable   [T] the holder of the turn */
struct policy_sublayer {
	struct hnode node;    /* [T] */
	struct guid key;      /* [I] */
	uint16_t weight;      /* [T] as published */
	uint16_t next_weight; /* [T] as of the commit that runs */
	uint32_t n_filters;   /* [T] of all layers, as of the commit that runs */
	bool removing;	      /* [T] */
};

struct policy_filter {
	struct hnode node;		  /* [T] */
	struct model_filter *filter;	  /* [I] a reference */
	struct callout_slot *slot;	  /* [I] whom its action calls, NULL: nobody; a reference */
	struct policy_sublayer *sublayer; /* [I] */
	bool removing;			  /* [T] */
};

struct engine_sublayer {
	struct guid key;
	uint16_t weight;
	uint32_t n_filters;
	const struct policy_filter *const *filters;
};

struct engine_layer {
	uint32_t n_sublayers;
	uint32_t n_filters;
	uint32_t n_user, n_app;		      /* filters that look at those, see enum engine_look */
	struct engine_sublayer *sublayers;    /* in the same block */
	const struct policy_filter **filters; /* all, in order of evaluation; in the same block */
};

struct engine_snapshot {
	struct engine_layer *layers[MODEL_LAYERS_MAX]; /* NULL: no filters */
};

/* Highest sublayer, highest weight, newest first; by the weights of the commit that runs. */
int engine_filter_order(const struct policy_filter *x, const struct policy_filter *y);

/* What a commit does to one layer.  The arrays are sorted in place. */
struct engine_layer_change {
	const struct policy_filter **added, **removed;
	uint32_t n_added, n_removed;
	bool resort; /* sublayers have changed their weights */
};

/* The next version of a layer; old may be NULL.  *out is NULL when nothing is left. */
MUST_CHECK wfp_err engine_layer_build(struct engine_layer **out, const struct engine_layer *old,
				      const struct engine_layer_change *change);
