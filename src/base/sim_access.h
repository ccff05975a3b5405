/* SPDX-License-Identifier: MIT */
/*
 * sim_access - what an announced operation (sched_op) does to its object, in two words.
 *
 * Any module that announces; the host ignores it.
 */
#pragma once

/* What a step does to an object that other threads can see. */
enum sim_access {
	SIM_READ,
	SIM_WRITE, /* changes it, or reads and changes it */
};

/* How a step orders what two threads do; for the race detector. */
enum sim_sync {
	SIM_SYNC_NONE = 0,    /* orders nothing; with a size, a plain access of a driver */
	SIM_SYNC_ACQUIRE = 1, /* lock, atomic load, a wait that ended */
	SIM_SYNC_RELEASE = 2, /* unlock, atomic store, set an event */
	SIM_SYNC_BOTH = 3,    /* atomic read-modify-write */
};
