/* SPDX-License-Identifier: MIT */
/*
 * lock_types - what locks are made of in sim: an owner and a queue of those who wait.
 *
 * Included by base/lock.h alone.  Only one thread runs at a time, so the fields need no guard.
 */
#pragma once

#include "base/compiler.h"
#include "base/sim/waitq.h"

struct thread;

struct CAPABILITY("lock") lock {
	struct thread *owner; /* NULL: free */
	struct sim_waitq waiting;
	unsigned rank;
	bool quiet; /* controlled world: taking and dropping it is no choice */
};

struct CAPABILITY("spin lock") spin {
	struct lock lock;
};

struct cond {
	struct sim_waitq waiting;
};
