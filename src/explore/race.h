/* SPDX-License-Identifier: MIT */
/*
 * race - two accesses of one place, one of them a write, that nothing orders.
 *
 * Every thread has a vector clock, and so has every object that orders threads: a release leaves
 * the thread's clock there, an acquire takes it along.  For each eight bytes that were touched the
 * detector keeps the accesses that a later one could still race with.  An access is dropped when a
 * later one of the same bytes, at least as strong, is ordered after it: whoever would race with the
 * first then races with the second.  So the first race of a run is always seen, as long as nothing
 * was lost for want of room, which race_lost counts.
 *
 * Thread: the running one of the run; not more than one at a time.  All memory is taken at once, of
 * sim_control_alloc, and a new run begins by counting up a generation.
 */
#pragma once

#include "base/err.h"
#include "base/sim_control.h"

/* Ids from 1; a thread with a higher one makes the detector blind. */
#define RACE_THREADS (SIM_THREADS_MAX + 1)

struct race;

struct race_access {
	const void *address;
	uint32_t size;
	uint32_t thread;
	bool write;
	bool atomic;	/* two atomic ones do not race */
	uint32_t stack; /* the caller's: names where it was made; 0: unknown */
	const void *pc; /* return address of the access; NULL: unknown */
	const char *by; /* a function that did it for the caller, never freed; NULL: none */
};

struct race_pair {
	struct race_access now, before;
};

MUST_CHECK wfp_err race_create(struct race **out);
void race_destroy(struct race *r);
/* A run begins: nothing has happened. */
void race_begin(struct race *r);
/* What a step orders; plain accesses are for race_access. */
void race_sync(struct race *r, uint32_t thread, const void *object, enum sim_sync sync);
/* True: `a` races with an earlier access, which is in *out beside it. */
MUST_CHECK bool race_access(struct race *r, const struct race_access *a, struct race_pair *out);
/* Accesses and orders of this run that there was no room for. */
uint64_t race_lost(const struct race *r);
