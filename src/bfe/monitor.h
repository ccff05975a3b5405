/* SPDX-License-Identifier: MIT */
/*
 * monitor - from the workers of the stack to net events and connections.
 *
 * Workers push events into a ring that drops and counts when it is full; they never wait.  One
 * thread of the program waits here and drains: wfpd's loop polls the descriptor, a thread of its
 * own may wait.  Everything is created before the stack and destroyed after it.
 *
 *	worker --stack_sink--> ring, mail --> bfe_monitor_drain --> history, table, subscribers
 */
#pragma once

#include "bfe/connections.h"
#include "bfe/netevents.h"

struct bfe_monitor;
struct stack_sink;

struct bfe_monitor_config {
	uint32_t max_events;	  /* history; 0: 8 192 */
	uint32_t ring_slots;	  /* rounded up to a power of two; 0: 4 096 */
	uint32_t max_connections; /* 0: 65 536 */
};

MUST_CHECK wfp_err bfe_monitor_create(struct bfe_monitor **out,
				      const struct bfe_monitor_config *config);
void bfe_monitor_destroy(struct bfe_monitor *m);

/* For stack_config.sink. */
struct stack_sink *bfe_monitor_sink(struct bfe_monitor *m);
struct bfe_netevents *bfe_monitor_netevents(struct bfe_monitor *m);
struct bfe_connections *bfe_monitor_connections(struct bfe_monitor *m);

/* FWPM_ENGINE_MONITOR_IPSEC_CONNECTIONS; on at first.  Off: no new ones are watched. */
void bfe_monitor_watch_connections(struct bfe_monitor *m, bool watch);

/* ---- the draining thread ------------------------------------------------------------------- */

/* True: there is something to drain; false: the deadline has passed. */
MUST_CHECK bool bfe_monitor_wait_until(struct bfe_monitor *m, uint64_t deadline);
/* Readable while there is something to drain; -1 in the sim. */
int bfe_monitor_fd(const struct bfe_monitor *m);
/* Everything that has come in so far; subscribers are called from here, no lock held. */
void bfe_monitor_drain(struct bfe_monitor *m);

/* Events that found the ring full.  Any thread. */
uint64_t bfe_monitor_dropped(const struct bfe_monitor *m);
