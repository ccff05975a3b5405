/* SPDX-License-Identifier: MIT */
/*
 * trace_make - from a recorded run to the trace that has it again.
 *
 * Thread: the explorer's, outside the world.
 */
#pragma once

#include "explore/record.h"
#include "explore/trace.h"

/* The files whose bytes the run depends on. */
struct trace_files {
	const char *const *drivers; /* in the order of the scenario */
	uint32_t n_drivers;
	const char *engine; /* NULL: not said */
};

/*
 * finding, scenario and files may be NULL.  The limits are those under which it was recorded: what
 * of them a replay needs is kept.
 */
MUST_CHECK wfp_err trace_make(struct explore_trace **out, const struct explore_record *r,
			      const struct explore_finding *finding,
			      const struct scenario *scenario, const struct trace_files *files,
			      const struct explore_limits *limits);

/* The other way: under which a trace is replayed. */
struct explore_limits trace_limits(const struct explore_trace *t);
