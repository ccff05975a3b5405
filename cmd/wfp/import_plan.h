/* SPDX-License-Identifier: MIT */
/*
 * import_plan - what becomes of each object of a document, before the engine is asked to add any.
 *
 * Objects are added in the order of references, filters by their old ids: where weights are equal
 * the newer filter is asked first, here as on Windows.  Ids and effective weights are the engine's
 * to give; an object that a filter refers to and that nobody has is made up, and called so.
 */
#pragma once

#include "base/arena.h"
#include "wfp/remote.h"

enum plan_fate {
	PLAN_ADD,
	PLAN_STAND_IN,	/* add: made up, because others refer to it */
	PLAN_BUILT_IN,	/* the engine has it from the start */
	PLAN_EQUAL,	/* it exists and says the same */
	PLAN_DIFFERENT, /* it exists and says something else; it is left as it is */
	PLAN_FATES
};

struct plan_item {
	enum plan_fate fate;
	const struct remote_kind *kind;
	Openwfp__Object object; /* as it is added: without ids and what is computed */
	struct guid key;
	uint64_t old_id;     /* 0: none */
	size_t place;	     /* in the document */
	const char *differs; /* names of fields, by commas */

	/* What the engine said. */
	wfp_err err;
	uint64_t id;
};

struct plan {
	struct arena *arena; /* everything here is in it */
	struct plan_item *items;
	size_t n;
	struct buf *notes;	   /* a line each: what could not be kept as it is */
	size_t n_notes, n_ignored; /* ignored: of the document, but no policy: layers, sessions */
};

/*
 * engine: every object it has.  keep_weights: effective weights instead of what was asked for.
 * p->arena and p->notes are set by the caller.  Only a lack of memory is an error.
 */
MUST_CHECK wfp_err plan_make(struct plan *p, const struct import_state *document,
			     const struct import_state *engine, bool keep_weights);
const char *plan_fate_name(enum plan_fate fate); /* as in JSON */

/* ---- between the files of the plan ------------------------------------------------------------
 */

void plan_note(struct plan *p, const struct plan_item *item, const char *sentence);
/*
 * Gives sublayers that were made up weights that keep the order in which the document lists its
 * filters: by layer, in each the heavier sublayer first.  Where that cannot be had it is noted.
 */
MUST_CHECK wfp_err plan_weigh(struct plan *p, const struct import_state *document,
			      const struct import_state *engine, bool state_form);
