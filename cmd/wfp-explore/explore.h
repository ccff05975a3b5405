/* SPDX-License-Identifier: MIT */
/*
 * explore - what the command line asks for, and what came of it; for the files of wfp-explore.
 */
#pragma once

#include "common/exit.h"
#include "explore/scenario.h"
#include "explore/search.h"
#include "explore/trace.h"

#include <jansson.h>

#define EXPLORE_NAME "wfp explore"

struct explore_options {
	const char *drivers[SCENARIO_DRIVERS];
	size_t n_drivers;
	enum explore_strategy strategy;
	unsigned strategies; /* how many were asked for */
	struct explore_limits limits;
	const char *replay, *picture, *log, *trace_dir, *fault_log, *relation, *pend_steps;
	bool accesses, faults, no_shrink, breaks, json, verbose, help;
};

/* One finding, worked up: shrunk, explained, written down. */
struct explore_case {
	struct explore_finding finding;
	char detail[EXPLORE_SENTENCE]; /* what the run that explains has to add; "": nothing */
	uint64_t run, times;
	char *trace;  /* the file; NULL: none was written */
	char *shrunk; /* what is left of it; NULL: it was not shrunk */
};

struct explore_job {
	struct explore_options options;
	const char *file; /* the scenario's; NULL: it is the trace's */
	struct scenario *scenario;
	struct explore_trace *trace; /* of --replay; else NULL */
	struct explore_subject subject;
	struct explore_result result;
	struct explore_coverage *coverage; /* NULL: nobody asked for it */
	char *faults;			   /* the claim of --faults; NULL: not asked for */
	struct explore_case *cases;
	uint32_t n_cases;
	struct buf why;
};

enum exit_status explore_main(int argc, char **argv);

/* cases.c: what is wrong with one is said on stderr, and the others go on. */
MUST_CHECK wfp_err explore_cases_make(struct explore_job *job);
void explore_cases_free(struct explore_job *job);

/* pend_steps.c: of --relation and --pend-steps; nothing without them. */
MUST_CHECK wfp_err explore_pend_steps_open(struct explore_job *job);
/* Writes them down. */
MUST_CHECK wfp_err explore_pend_steps_close(struct explore_job *job);

/* print.c */
void explore_print_text(const struct explore_job *job);
MUST_CHECK wfp_err explore_print_json(const struct explore_job *job);
/* In place of a result. */
MUST_CHECK wfp_err explore_print_json_error(const char *sentence, enum exit_status status);
/* Has the replayed trace led to what it was written for?  It is the first case then. */
bool explore_found_again(const struct explore_job *job);
/* Is what was found what the scenario expects?  True as well when it expects nothing. */
bool explore_as_expected(const struct explore_job *job);
