/* SPDX-License-Identifier: MIT */
/*
 * subject - what is explored: a program that is prepared once and run from there again and again.
 *
 * The searches know nothing else of it.  Two kinds exist: a scenario over the whole platform
 * (platform.c) and, in tests, toys of a few lines.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/sim_control.h"
#include "explore/finding.h"

struct explore_subject {
	void *ctx; /* sim_control_alloc'ed, or never written after prepare */
	/* In the world, on its main thread, until it is ready to be run.  `why`: a sentence. */
	wfp_err (*prepare)(void *ctx, struct buf *why);
	/*
	 * In the world, from there on, as the main thread of each run: starts threads, joins them,
	 * and calls explore_found for what is wrong.
	 */
	void (*run)(void *ctx);
	/*
	 * Outside, after the run and before the rewind: looks at what it left (packets, blocks) and
	 * says what is wrong with it.  NULL: nothing to check.
	 */
	void (*check)(void *ctx, enum sim_end end);
	/* Is a lock of this name quiet (sim_control.h)?  NULL: none is. */
	bool (*quiet)(const char *lock_name);
};
