/* SPDX-License-Identifier: MIT */
/*
 * coverage - the steps of the pend protocol that the runs of a search have taken, and whether the
 * model takes them, too.
 *
 *	explore_coverage_open      before the world is opened; with the model's relation, or without
 *	... the search: every step is collected, and looked up in the relation
 *	explore_coverage_print     the steps as lines, for tools/prove/relation.py
 *	explore_coverage_close
 *
 * A step that is not in the relation ends its run as PlatformBug: the code does what the model does
 * not.  The relation is made by `./dev prove` (build/prove/relation-2.txt).  Thread: the
 * explorer's; collecting is on whichever thread of the run made the step.  All memory is
 * sim_control_alloc's.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

struct explore_coverage;

struct explore_coverage_count {
	uint32_t seen;	  /* different steps */
	uint32_t foreign; /* of them: not in the relation; 0 without one */
	uint32_t beyond;  /* of them: of operations with more records than the relation's */
	uint32_t model;	  /* steps of the relation; 0 without one */
	uint32_t covered; /* of them: seen */
};

/*
 * relation: the text of the model's file, or NULL.  One at a time.  ERR_INVALID_PARAMETER: not such
 * a text; `why` names the line.
 */
MUST_CHECK wfp_err explore_coverage_open(struct explore_coverage **out, const char *relation,
					 size_t len, struct buf *why);
void explore_coverage_close(struct explore_coverage *c);
void explore_coverage_count(const struct explore_coverage *c, struct explore_coverage_count *out);
/* One line a step, sorted. */
MUST_CHECK wfp_err explore_coverage_print(const struct explore_coverage *c, struct buf *out);
