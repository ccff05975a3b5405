/* SPDX-License-Identifier: MIT */
/*
 * waitq - the one way a thread of sim waits: in a queue, until woken or until a deadline.
 *
 * Locks, conditions, mailboxes, joins and grace periods are built on it.  Sim only.
 */
#pragma once

#include "base/compiler.h"
#include "base/list.h"

struct sim_op;

struct sim_waitq {
	struct list threads; /* in the order they began to wait */
	const char *kind;    /* for the deadlock report: "lock", "cond", ... */
	const char *name;
	bool shut; /* controlled world: who stands here cannot go on (a held lock) */
};

void sim_waitq_init(struct sim_waitq *q, const char *kind, const char *name);

/*
 * True: woken.  False: the deadline has passed; the clock stands at it.  `then` is what the thread
 * announces next (its object NULL: nothing in particular); the controlled world picks it by that.
 */
bool sim_wait(struct sim_waitq *q, uint64_t deadline, const struct sim_op *then);

/* Wakes one waiter, chosen by the seed. */
void sim_wake_one(struct sim_waitq *q);
void sim_wake_all(struct sim_waitq *q);
