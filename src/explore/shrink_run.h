/* SPDX-License-Identifier: MIT */
/*
 * shrink_run - what the two halves of shrinking share: the smallest run known, and trying another.
 */
#pragma once

#include "explore/guide.h"
#include "explore/shrink.h"

/* Sees every run: what its threads were called, when it finds what is looked for. */
struct shrink_watch {
	struct explore_watcher watcher;
	struct guide_names names; /* of the run at hand */
	struct guide_names found; /* of the last run that found it */
	uint32_t choices;	  /* made in the run at hand */
	uint32_t needed;	  /* before it was found, in the last run that found it */
	bool met;		  /* it was found in the run at hand */
	uint64_t place;
};

struct shrink {
	const struct explore_maker *maker;
	struct shrink_limits limits;
	uint64_t deadline; /* of the machine's clock */
	struct explore_shrunk *best;
	struct explore_session *session; /* of the best scenario, while schedules are tried */
	struct shrink_watch *watch;	 /* outlives rewinds */
	struct guide_names names;	 /* of the best schedule's threads */
	struct buf *why;
	wfp_err err; /* the first one that is no verdict about a candidate; nothing is tried then */
};

/* Is there time for one more candidate? */
bool shrink_may_go_on(struct shrink *s);

/* Runs the best scenario by another schedule; true: the same finding, and it is the best one now.
 */
bool shrink_try_schedule(struct shrink *s, const struct explore_schedule *candidate);

/* The passes over the best schedule, until none gets anywhere. */
void shrink_schedule(struct shrink *s);

void shrink_measure(struct shrink_size *size, const struct explore_schedule *schedule);
