/* SPDX-License-Identifier: MIT */
/*
 * shrink - from a run that is wrong to a smaller one that is wrong in the same way.
 *
 * First the scenario: disturbances, drivers, packets and settings are taken away as long as a short
 * search still finds the same (rule, driver and place).  Then the schedule: preemptions are
 * removed, switches merged, choices made plain.  Every candidate is run; nothing is concluded.  The
 * result is small in this sense: nothing more of what was tried can be taken away alone.
 *
 * Thread: the explorer's, outside the world.
 */
#pragma once

#include "base/buf.h"
#include "explore/scenario.h"
#include "explore/search.h"

/* Makes subjects out of scenarios: the platform, or a toy in tests. */
struct explore_maker {
	void *ctx;
	/* An error: the scenario makes no sense, and is no candidate. */
	wfp_err (*make)(void *ctx, const struct scenario *s, struct explore_subject *out,
			struct buf *why);
	void (*drop)(void *ctx, struct explore_subject *s);
};

/* 0: the default in brackets. */
struct shrink_limits {
	uint64_t seconds;	      /* [20] */
	uint64_t candidates;	      /* [no limit] */
	uint64_t runs;		      /* of each search for a smaller scenario [1500] */
	struct explore_limits search; /* clock, processors, steps: as of the search that found it */
};

struct shrink_size {
	uint32_t drivers, packets, disturbances;
	uint32_t preemptions, switches, values; /* values: choices that were not the plain one */
	uint32_t steps;
};

struct explore_shrunk {
	struct scenario *scenario;
	struct explore_finding finding;
	struct explore_schedule schedule;
	struct shrink_size before, after;
	uint64_t candidates; /* tried */
	bool cut;	     /* by a limit: it may be possible to go on */
};

/*
 * ERR_NOT_FOUND: the finding does not come back with its own schedule, so nothing can be shrunk.
 * Another error: no memory, or the subject cannot be prepared.  s and item stay as they are.
 */
MUST_CHECK wfp_err explore_shrink(const struct explore_maker *maker, const struct scenario *s,
				  const struct explore_found_item *item,
				  const struct shrink_limits *limits, struct explore_shrunk *out,
				  struct buf *why);
void explore_shrunk_free(struct explore_shrunk *s);

/* "2 of 3 drivers, 1 of 4 packets, 0 of 1 disturbances, 2 of 5 preemptions left". */
void explore_shrunk_print(const struct explore_shrunk *s, struct buf *out);

/* The same finding: rule, driver and place. */
bool explore_finding_same(const struct explore_finding *a, const struct explore_finding *b);
