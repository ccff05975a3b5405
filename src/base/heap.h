/* SPDX-License-Identifier: MIT */
/*
 * heap - timers: an intrusive pairing heap ordered by deadline.
 *
 * Adding needs no memory and cannot fail.  Equal deadlines come out in the order they went in, so
 * a run can be repeated.  No lock: the worker that owns the queue calls it.
 */
#pragma once

#include "base/compiler.h"

/* Zeroed, or out of any queue: queued is false. */
struct timer_node {
	struct timer_node *child;
	struct timer_node *next;
	struct timer_node *prev; /* previous sibling, or the parent of a first child */
	uint64_t deadline;
	uint64_t order;
	bool queued;
};

struct timerq {
	struct timer_node *root;
	uint64_t added;
};

void timerq_init(struct timerq *q);

/* A node that is queued is moved. */
void timerq_add(struct timerq *q, struct timer_node *node, uint64_t deadline);

/* Harmless for a node that is not queued. */
void timerq_del(struct timerq *q, struct timer_node *node);

/* CLOCK_NEVER when empty. */
uint64_t timerq_next_deadline(const struct timerq *q);

/* The earliest node with deadline <= now, taken out; NULL when there is none. */
struct timer_node *timerq_pop_expired(struct timerq *q, uint64_t now);
