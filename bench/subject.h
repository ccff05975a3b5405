/* SPDX-License-Identifier: MIT */
/*
 * subject - the engine under test: a rule set as filters of one sublayer, at an ALE layer and at a
 * transport layer, and headers as indications.
 *
 * Works through the engine's public functions alone.  The first rule has the highest weight.  Each
 * field that a layer has is indicated with the type it has; those that no rule speaks of are zero.
 * A header is written into the values right before its classify, as the stack would, and that is
 * part of what is timed.  One thread changes and one classifies; a benchmark that cannot be set up
 * ends the program.
 */
#pragma once

#include "ruleset.h"

#include "engine/engine.h"

enum subject_layer_name { SUBJECT_ALE, SUBJECT_TRANSPORT, SUBJECT_LAYERS };
extern const char *const subject_layer_names[SUBJECT_LAYERS];

struct subject;

struct subject *subject_create(const struct ruleset *s);
void subject_destroy(struct subject *s);
/* Bytes of the heap that each filter of the set costs, the engine's own object among them. */
double subject_bytes_per_filter(const struct subject *s);
uint64_t subject_load_ns(const struct subject *s); /* the commit that brought the first layer */

/* ---- classifies ------------------------------------------------------------------------------ */

#define SUBJECT_BURST_MAX 256u

/* One worker at one layer. */
struct subject_worker;
struct subject_worker_options {
	enum subject_layer_name layer;
	unsigned burst; /* how many at once; 1: by the function for one */
	bool cached;	/* with a flow cache */
};
struct subject_worker *subject_worker_create(struct subject *s, const struct ruletrace *t,
					     struct subject_worker_options o);
void subject_worker_destroy(struct subject_worker *w);
/*
 * Headers first to first + n - 1; out, unless NULL: the place of the rule plus one, 0: none,
 * SUBJECT_STALE: a filter that has been replaced.  A CONTINUE filter never decides.
 */
#define SUBJECT_STALE UINT32_MAX
void subject_worker_run(struct subject_worker *w, uint32_t first, uint32_t n, uint32_t *out);
/* The same, each classify begun when the one before it has answered. */
void subject_worker_run_dependent(struct subject_worker *w, uint32_t first, uint32_t n);
/* How many of 100 classifies the flow cache has answered since this was asked last. */
double subject_worker_hits(struct subject_worker *w);
/* Writes the values and does not classify: what of the above is not the engine's. */
void subject_worker_run_nothing(struct subject_worker *w, uint32_t first, uint32_t n);

/* ---- changes, at the ALE layer --------------------------------------------------------------- */

/* Filters made beforehand for one commit. */
struct subject_change;

/* Replaces n filters, of places that a generator picks, by the same under new ids. */
struct subject_change *subject_replacement(struct subject *s, uint32_t n, struct rng *rng);
/* n more filters, like those of the set but for the weight: below them, so nothing changes. */
struct subject_change *subject_addition(struct subject *s, uint32_t n);
/* n CONTINUE filters above everything: of nested ranges of the remote port around 32 768. */
struct subject_change *subject_continues(struct subject *s, uint32_t n);
/* Commits, frees what the change was made of, and returns how long the commit took. */
uint64_t subject_apply(struct subject *s, struct subject_change *c);
/* What wfpd does once a second: decayed indexes are built anew. */
void subject_maintain(struct subject *s);
/* Takes back the last addition, or the CONTINUE filters; how long the commit took. */
uint64_t subject_remove_extra(struct subject *s);
