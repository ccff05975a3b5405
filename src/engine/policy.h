/* SPDX-License-Identifier: MIT */
/*
 * policy - the filters and sublayers as whoever commits sees them: by id, by key, and in sets.
 *
 * A set is what one sublayer has at one layer.  While a commit runs, what it adds and removes hangs
 * on the set in lists of its own; settling makes them the set's, putting back takes them away
 * again.  Everything here belongs to the holder of the turn, and nothing is looked at by a
 * classify.
 */
#pragma once

#include "engine/snapshot.h"
#include "engine/state.h"

struct policy_sublayer {
	struct hnode node;
	struct guid key;      /* [I] */
	uint16_t weight;      /* as published */
	uint16_t next_weight; /* as of the commit that runs */
	uint32_t n_filters;   /* of all layers, as of the commit that runs */
	bool removing;
};

struct policy_set {
	struct hnode node;
	struct policy_sublayer *sublayer;
	struct policy_set *next_touched; /* by the commit that runs */
	uint16_t layer;
	bool touched;
	uint32_t members;    /* filters that point here, disabled ones too */
	uint32_t n;	     /* of the list */
	uint32_t n_added;    /* by the commit that runs */
	uint32_t n_removed;  /* by the commit that runs */
	struct list filters; /* policy_filter.link; what a classify sees, oldest commit first */
	struct list added, removed;
	struct list *keep; /* where what is removed goes while it is maintained; NULL: it is not */
	bool put_back;	   /* since then the list is not in order */
	bool emptied;	   /* since then it had no filter at all for a time */
};

struct engine_policy {
	struct htable filters;	 /* struct policy_filter by id */
	struct htable sublayers; /* struct policy_sublayer by key */
	struct htable sets;	 /* struct policy_set by sublayer and layer */
	uint64_t seed;		 /* [I] of hashes of sublayers' keys: clients choose these */
	uint64_t changes;	 /* begun so far: the last one's number */
	struct list retired;	 /* struct policy_change, see retire.c */
	size_t retired_bytes;
	uint32_t n_retired;
	const struct guid *user_key, *app_key; /* [I] of the fields that engine_look is about */
	bool maintaining;		       /* engine_maintain is under way */
	struct engine_history histories[MODEL_LAYERS_MAX];
	struct history_block *forgotten; /* by them; freed with what is retired */
};

/* NULL: none; what the commit that runs removes is not found any more. */
struct policy_filter *policy_filter_find(const struct engine_policy *p, uint64_t id);
struct policy_sublayer *policy_sublayer_find(const struct engine_policy *p, const struct guid *key);

/* NULL: no memory. */
struct policy_sublayer *policy_sublayer_add(struct engine_policy *p, const struct guid *key,
					    uint16_t weight);
void policy_sublayer_free(struct engine_policy *p, struct policy_sublayer *s);

/* A filter that the commit adds: in the table and among those its set adds. */
MUST_CHECK wfp_err policy_filter_add(struct engine *e, struct model_filter *f,
				     struct policy_filter **out);
/* Takes it back: it was never seen. */
void policy_filter_unadd(struct engine *e, struct policy_filter *f);
void policy_filter_remove(struct policy_filter *f);
void policy_filter_unremove(struct policy_filter *f);
/*
 * It has been removed, and the next snapshot is visible: no longer found, and with those that
 * `change` frees.
 */
void policy_filter_settle(struct engine_policy *p, struct policy_filter *f,
			  struct policy_change *change);
/* After a grace period.  Its callout's slot must be released before. */
void policy_filter_free(struct policy_filter *f);

/* Would a classify see it? */
static inline bool policy_filter_seen(const struct policy_filter *f)
{
	return !(f->filter->flags & MODEL_FILTER_DISABLED);
}

/* How many filters the set will have. */
static inline uint32_t policy_set_next(const struct policy_set *s)
{
	return s->n + s->n_added - s->n_removed;
}

/* Does engine_maintain build an index of what the set has?  Then its old one and its plan stay. */
static inline bool policy_set_maintained(const struct policy_set *s)
{
	return s->keep && !s->emptied;
}

/* What was added is the set's, and no longer touched; its removed filters are settled later. */
void policy_set_settle(struct policy_set *s);

/* Highest weight, newest first. */
static inline struct rule_order policy_filter_order(const struct policy_filter *f)
{
	return (struct rule_order){f->filter->weight, f->filter->id};
}

/*
 * For engine_maintain: from now on the set stays, keeps its index, and what is removed from it goes
 * to `gone`, until it is released and these are the change's.
 */
void policy_set_keep(struct policy_set *s, struct list *gone);
void policy_set_release(struct engine_policy *p, struct policy_set *s, struct policy_change *c);

MUST_CHECK wfp_err policy_tables_create(struct engine *e);
void policy_tables_destroy(struct engine *e);
