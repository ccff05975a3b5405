/* SPDX-License-Identifier: MIT */
/*
 * waitgraph - who waits for whom, and the circle if there is one.
 *
 * Reads what the ended run left: call it before the rewind.  Beside the locks of base it knows the
 * spin locks of drivers and what they wait for in KeWaitFor*.  Thread: the explorer's.
 */
#pragma once

#include "base/buf.h"
#include "base/sim_control.h"

#define WAITGRAPH_MAX SIM_THREADS_MAX

struct waitgraph {
	struct sim_wait waits[WAITGRAPH_MAX]; /* of the threads that wait; waits_for filled in */
	uint32_t n;
	uint32_t circle[WAITGRAPH_MAX]; /* indexes: each waits for the next, the last for the first
					 */
	uint32_t n_circle;		/* 0: there is none */
};

void waitgraph_read(struct waitgraph *g);
/* Finds the circle among the waits that are there; part of waitgraph_read. */
void waitgraph_close(struct waitgraph *g);
/* The circle, or all: "thread 3 (driver) waits for lock tallies on thread 4; thread 4 ...". */
void waitgraph_say(const struct waitgraph *g, struct buf *out);
