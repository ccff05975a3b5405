/* SPDX-License-Identifier: MIT */
/*
 * world - one run of the simulator: its threads, its time, its choices.
 *
 * Used inside sim alone.
 */
#pragma once

#include "base/rng.h"
#include "base/sim.h"
#include "base/sim/fiber.h"

struct world {
	struct list all;      /* every thread that was not joined, oldest first */
	struct list runnable; /* the running one among them; seeded runs alone */
	struct thread *self;
	uint32_t ids;
	uint64_t now;

	uint64_t seed;
	struct rng choices;
	struct rng entropy;
	uint32_t patience; /* a thread goes on at patience - 1 of patience points */
	uint64_t switches;
	uint64_t trace;

	bool in_run;
	enum sim_result result; /* of the run, once its first thread is left */
	struct thread outside;	/* the stack the program began with */
};
extern struct world world;

/* The thread that runs. */
struct thread *world_self(void);

/* A fresh world without threads; and back to that of the program's own stack. */
void world_begin(uint64_t seed);
void world_end(void);

/* First the threads of before, then `t`, which may run from now on. */
void world_admit(struct thread *t, const char *name);

/* Makes a thread that will run fn once it is admitted. */
MUST_CHECK wfp_err world_create(struct thread **out, void (*fn)(void *), void *arg);

/* Forgets a thread that is done. */
void world_remove(struct thread *t);

/* NULL begins and ends the walk over all threads, oldest first. */
struct thread *world_walk(const struct thread *after);

uint64_t world_now(void);

/* Like a scheduling point that never keeps the thread; lets time pass when nothing else can run. */
void world_yield(void);

uint64_t world_entropy(void);
