/* SPDX-License-Identifier: MIT */
/*
 * sim - control over the sim build: seeds, choices, what a run did.
 *
 * Everything of base is under control inside sim_run: one thread runs at a time, a seeded choice
 * is made at every lock, wait, atomic operation and sched_point, and time is virtual.  The same
 * seed gives the same run.  Outside sim_run the same functions work as if inside a run of seed 0,
 * but a deadlock aborts the program.  Sim only.
 */
#pragma once

#include "base/compiler.h"

#ifdef BASE_SIM

enum sim_result {
	SIM_DONE,
	SIM_DEADLOCK,  /* nothing could run and nothing waited for time */
	SIM_LEFTOVERS, /* main returned before every thread was joined */
};

/*
 * Runs main in a fresh world.  Who waits for what is printed unless the result is SIM_DONE; the
 * threads that were left are never run again and what they hold is lost.
 */
int sim_run(uint64_t seed, void (*main)(void *), void *arg);

/* 0 to n - 1, from the seed. */
uint32_t sim_choose(uint32_t n);

/* The seed of the run. */
uint64_t sim_seed(void);

/* Scheduling decisions made so far in this run, or in the last one. */
uint64_t sim_switches(void);

/* A hash of all decisions: equal when two runs went the same way. */
uint64_t sim_trace_hash(void);

#endif
