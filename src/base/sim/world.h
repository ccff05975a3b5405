/* SPDX-License-Identifier: MIT */
/*
 * world - one run of the simulator: its threads, its time, its choices.
 *
 * Used inside sim alone.
 */
#pragma once

#include "base/rng.h"
#include "base/sim/fiber.h"

/* The thread that runs. */
struct thread *world_self(void);

/* Makes a thread that will run fn; it may run from the next scheduling point on. */
MUST_CHECK wfp_err world_add(struct thread **out, const char *name, void (*fn)(void *), void *arg);

/* Forgets a thread that is done. */
void world_remove(struct thread *t);

/* NULL begins and ends the walk over all threads, oldest first. */
struct thread *world_walk(const struct thread *after);

uint64_t world_now(void);

/* Like a scheduling point that never keeps the thread; lets time pass when nothing else can run. */
void world_yield(void);

uint64_t world_entropy(void);
