/* SPDX-License-Identifier: MIT */
/*
 * history - which filters of a layer the last commits have changed: for the flow caches.
 *
 * Each version of a layer carries a view: its number, the fields that its filters look at, and the
 * list of what changed lately, newest first.  Whoever has a verdict of an older version asks the
 * filters that came or went since; if none matches, the verdict still holds.  Blocks of the list
 * are immutable, shared between versions, and freed after a grace period.  Views are read inside
 * RCU sections; everything else is for the holder of the turn.
 */
#pragma once

#include "model/filter.h"

#define HISTORY_FIELDS 64u /* no layer has more */
/* So many changed filters are remembered for a layer. */
#define HISTORY_MAX 256u

/* What one commit has changed at one layer. */
struct history_block {
	uint64_t version;		/* [I] the one it brought */
	uint64_t before;		/* [I] that of older, 0: there is none */
	struct history_block *older;	/* [I] freed when before is not above the view's floor */
	struct history_block *newer;	/* [T] */
	uint32_t n;			/* [I] */
	struct model_filter *filters[]; /* [I] references: what was added, then what was removed */
};

/* [I] part of a version of a layer. */
struct engine_view {
	uint64_t version;    /* engine_generation once this is the newest */
	uint64_t floor;	     /* what was found on this or a later version can be brought up */
	uint64_t fields;     /* a bit for each field that some filter has a condition on */
	uint32_t n_callouts; /* filters that call one */
	const struct history_block *newest; /* not to be looked at when floor is version */
};

/* Does some filter that was changed after `since`, at least the view's floor, match? */
bool engine_view_touched(const struct engine_view *v, uint64_t since,
			 const struct model_value *values, unsigned n_values);

/* ---- the writer's side: [T] all ----------------------------------------------------------------
 */

/* Of one layer; zero is a history of nothing. */
struct engine_history {
	uint32_t uses[HISTORY_FIELDS]; /* filters with a condition on each field; plans go by it */
	uint32_t n_callouts;
	uint32_t n; /* filters in the blocks; a block without any counts as one */
	struct history_block *oldest, *newest;
};

/* What a commit makes of it; nothing that readers see changes before it is settled. */
struct history_next {
	uint32_t uses[HISTORY_FIELDS];
	uint32_t n_callouts;
	uint64_t version, floor;
	struct history_block *block; /* NULL: older verdicts prove nothing */
};

/*
 * n: how many filters the commit adds to the layer and removes from it, each of which is then told.
 * wholesale: the order of evaluation changes, so that older verdicts prove nothing.
 */
MUST_CHECK wfp_err history_begin(struct history_next **out, const struct engine_history *h,
				 uint64_t version, uint32_t n, bool wholesale);
void history_add(struct history_next *next, struct model_filter *f);
void history_remove(struct history_next *next, struct model_filter *f);
/* When all are told. */
struct engine_view history_view(const struct history_next *next);
void history_undo(struct history_next *next); /* NULL is fine */
/*
 * The view is visible: frees next.  What no view from now on reaches is added to *forgotten, for
 * history_free a grace period later.
 */
void history_settle(struct engine_history *h, struct history_next *next,
		    struct history_block **forgotten);
void history_free(struct history_block **blocks);
/* Nobody can see it any more. */
void history_clear(struct engine_history *h);
