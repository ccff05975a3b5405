/* SPDX-License-Identifier: MIT */
/*
 * guide - following a schedule of another program that is nearly the same one.
 *
 * When a scenario loses a driver or a packet, its threads have other numbers, and some steps are
 * gone.  Threads are therefore known by their names, the nth of its name where several share one,
 * and a choice that cannot be made is left out instead of ending the following.
 */
#pragma once

#include "explore/search.h"

#define GUIDE_THREADS (SIM_THREADS_MAX + 1) /* ids from 1 */

/* Of each thread id: its name and which of that name it is, as a hash; 0: there is none. */
struct guide_names {
	uint64_t of[GUIDE_THREADS];
	uint32_t n; /* of threads, when it was made */
};

struct explore_guide { /* borrowed */
	struct explore_schedule schedule;
	struct guide_names names;
};

/* Names are kept for threads that have ended, since ids are not given twice. */
void guide_names_learn(struct guide_names *names, const struct sim_view *v);
