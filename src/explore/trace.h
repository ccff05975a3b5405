/* SPDX-License-Identifier: MIT */
/*
 * trace - a run on paper: everything that is needed to have it again, in a small text file.
 *
 *	openwfp-trace 1
 *	rule UseAfterFree
 *	culprit firewall
 *	place 0011aabbccddeeff
 *	driver firewall.so sha256 8d1f...
 *	engine sha256 07ac...
 *	scenario
 *		<the scenario's lines, each behind a tab>
 *	schedule
 *	- 2 packet 1 lock heap.1:1040+0x40
 *	! 3 worker store heap.1:2a80
 *	= 1/2 memory
 *	end
 *
 * A line of the schedule is a choice: who goes on ('!' when that preempts the thread before), or
 * which of several values; behind it stands what a person wants to know, and replaying does not.
 * Lines are not numbered, so that two traces differ where the runs do.  docs/reference/trace.md.
 *
 * Hostile input: bounded, and an error names the line.  A trace made with other bytes of a driver
 * or of the engine is replayed as far as it goes, with a warning (trace_warn).  Thread: the
 * explorer's, outside the world.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "explore/digest.h"
#include "explore/finding.h"
#include "explore/scenario.h"
#include "explore/schedule.h"

#define TRACE_TEXT_MAX	(64u << 20)
#define TRACE_STEPS_MAX 1000000u
#define TRACE_NOTE_MAX	200u /* bytes of what stands behind a choice */

struct trace_driver {
	const char *file; /* of the trace */
	uint8_t sha256[DIGEST_SIZE];
};

struct explore_trace {
	struct scenario *scenario; /* owned; NULL: a run of something else */
	struct trace_driver drivers[SCENARIO_DRIVERS];
	uint32_t n_drivers;
	bool has_engine;
	uint8_t engine[DIGEST_SIZE];
	enum explore_rule rule; /* EXPLORE_RULES: the run found nothing */
	char culprit[32];	/* the finding's driver; "": nobody's in particular */
	char sentence[EXPLORE_SENTENCE];
	uint64_t seed, place;
	uint32_t time_jumps, processors;
	bool plain;			  /* plain accesses were points */
	struct explore_schedule schedule; /* in the trace's memory, not the search's */
	const char **notes;		  /* as long as it; "" when nothing is said */
	struct arena texts;
};

MUST_CHECK wfp_err trace_create(struct explore_trace **out);
void trace_free(struct explore_trace *t); /* NULL is fine */

/* Copies the strings; a control character in a note becomes '?', and a long note is cut. */
MUST_CHECK wfp_err trace_add_step(struct explore_trace *t, struct explore_choice c,
				  const char *note);
/* Control characters become '?', so that the text can stand on a line, and on a terminal. */
void trace_make_plain(char *text);
/* ERR_INVALID_DATA: the name cannot stand on a line. */
MUST_CHECK wfp_err trace_add_driver(struct explore_trace *t, const char *file,
				    const uint8_t sha256[DIGEST_SIZE]);

MUST_CHECK wfp_err trace_parse(struct explore_trace **out, const char *text, size_t len,
			       struct buf *why);
/* As parse reads it again, byte for byte. */
MUST_CHECK wfp_err trace_print(const struct explore_trace *t, struct buf *out);

/*
 * One line for each file whose bytes are not those of the trace, or which cannot be read: the
 * drivers in their order, and the engine.  Nothing: it is the same run.
 */
void trace_warn(const struct explore_trace *t, const char *const *drivers, size_t n,
		const char *engine, struct buf *out);
