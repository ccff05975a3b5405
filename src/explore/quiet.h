/* SPDX-License-Identifier: MIT */
/*
 * quiet - the locks whose sections commute, so that taking them is no choice of a schedule.
 *
 * See sim_control.h.  A wrong row would make "all traces" untrue: each says why it is right.
 */
#pragma once

#include "base/compiler.h"

/* explore_subject.quiet. */
bool quiet_lock(const char *name);
/* Row i, for the documentation and its test; false: there are no more. */
bool quiet_row(unsigned i, const char **name, const char **reason);
