/* SPDX-License-Identifier: MIT */
/*
 * picture - a run to look at: one column for each thread, time downwards.
 *
 * Unless everything is asked for, only steps that matter are shown: what drivers call, on an object
 * of more than one thread (in a run without drivers every step on such an object that one of them
 * changes); what drivers call on the object of a finding; what begins with a preemption; choices
 * that were not the plain ones; and the last step before the finding, with which it ends.  The
 * numbers are those of the lines of a trace's schedule.  Names come from files that anybody may
 * have written: nothing reaches a terminal or a browser but as text.  Thread: the explorer's, after
 * the run.
 */
#pragma once

#include "base/buf.h"
#include "explore/record.h"

struct picture_options {
	bool all;	   /* every step, also of quiet locks */
	uint64_t place;	   /* of the finding it ends with; 0: the last one */
	const char *title; /* NULL: none */
};

/* A preemption is marked '!', the finding '*'. */
MUST_CHECK wfp_err picture_text(const struct explore_record *r, const struct picture_options *o,
				struct buf *out);
/* One page without scripts, images or links; a touch or the pointer shows object and stack. */
MUST_CHECK wfp_err picture_html(const struct explore_record *r, const struct picture_options *o,
				struct buf *out);
