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
