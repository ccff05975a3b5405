/* SPDX-License-Identifier: MIT */
/*
 * eventlog - a run as lines of text: one for each step, choice and finding.
 *
 * The same schedule of the same program gives the same bytes, in any process: what differs is not
 * under control.  Thread: the explorer's, outside the world.
 */
#pragma once

#include "base/buf.h"
#include "explore/record.h"

void explore_log_print(const struct explore_record *r, struct buf *out);

/* Runs the subject by the schedule and appends its log. */
MUST_CHECK wfp_err explore_log_run(const struct explore_subject *s,
				   const struct explore_schedule *schedule,
				   const struct record_options *options, struct buf *out,
				   struct buf *why);
