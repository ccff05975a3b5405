/* SPDX-License-Identifier: MIT */
/*
 * trace - a run on paper: everything that is needed to have it again, in a small text file.
 *
 *	openwfp-trace 1
 *	rule UseAfterFree
 *	driver firewall.so sha256 8d1f...
 *	engine sha256 07ac...
 *	seed 0
 *	begin scenario
 *	<the scenario's lines>
 *	end scenario
 *	<number of the step> <thread> <name> <what> <object> [! when it preempts] [value of n]
 *
 * Hostile input: bounded, and an error names the line.  A trace made with other bytes of a driver
 *or of the engine is replayed as far as it goes, with a warning.
 */
#pragma once

#include "base/buf.h"
#include "explore/finding.h"
#include "explore/scenario.h"
#include "explore/schedule.h"

#define TRACE_STEPS_MAX 1000000u

struct trace_driver {
	char *file;
	uint8_t sha256[32];
};

struct explore_trace {
	struct scenario *scenario;
	struct trace_driver drivers[SCENARIO_DRIVERS];
	uint32_t n_drivers;
	uint8_t engine[32];
	enum explore_rule rule;
	uint64_t seed, place;
	uint32_t time_jumps, processors;
	bool plain; /* plain accesses were points */
	struct explore_schedule schedule;
};

MUST_CHECK wfp_err trace_parse(struct explore_trace **out, const char *text, size_t len,
			       struct buf *why);
MUST_CHECK wfp_err trace_print(const struct explore_trace *t, struct buf *out);
void trace_free(struct explore_trace *t);
