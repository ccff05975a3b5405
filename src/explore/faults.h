/* SPDX-License-Identifier: MIT */
/*
 * faults - what happens when there is no memory: each place that allocates fails once.
 *
 * A place is a call stack.  First the plain run shows which there are; then each of them fails in a
 * run of its own, where it comes to it first, until none is left: a failure leads to code that
 * allocates elsewhere, and those places are failed too.  Then each failure is combined with one
 * preemption: all schedules with at most one of them are run with it.
 *
 * The subject asks about its allocations (sim_choose_failures, "choose memory" in a scenario).
 * Everything is reproducible: places are failed in the order in which they were met, and a
 * finding's schedule holds the failure as a choice.  Thread: the explorer's, outside the world.
 */
#pragma once

#include "base/buf.h"
#include "explore/search.h"

#define FAULTS_FRAMES 16u   /* of a call stack: two that agree in so many are one */
#define FAULTS_MAX    4096u /* places */

struct faults_options {
	struct explore_limits limits; /* seconds [60], findings [16], steps, processors, clock */
	bool alone;		      /* do not combine with a preemption */
	const char *log; /* places that this file lists are not failed again, others are added; or
			    NULL */
};

struct faults_result {
	uint32_t places;   /* met */
	uint32_t alone;	   /* of them: failed in a run of its own */
	uint32_t combined; /* of them: failed in all schedules with at most one preemption */
	uint32_t known;	   /* of them: passed over, because the log lists them */
	bool full;	   /* there are more than FAULTS_MAX */
	struct explore_result search; /* runs, findings, what stopped it */
};

/* An error: the subject could not be prepared, the log cannot be read or written, or no memory. */
MUST_CHECK wfp_err explore_faults(const struct explore_subject *s, const struct faults_options *o,
				  struct faults_result *out, struct buf *why);
void faults_result_free(struct faults_result *r);

/*
 * "each of 12 allocation sites failed once, 3 of 12 allocation sites failed once in every schedule
 * with at most one preemption".
 */
void faults_claim_print(const struct faults_result *r, struct buf *out);
