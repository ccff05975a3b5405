/* SPDX-License-Identifier: MIT */
/*
 * waitgraph - who waits for whom, and the circle if there is one.
 *
 * Reads what the ended run left (sim_control_waits): call it before the rewind.
 */
#pragma once

#include "base/buf.h"
#include "base/sim_control.h"

/*
 * The threads of the first circle in `order` of waiting (each waits for the next, the last for the
 * first): how many; 0: there is none.
 */
uint32_t waitgraph_circle(const struct sim_wait *waits, uint32_t n, uint32_t *order, uint32_t max);
/* One sentence: "thread 3 (driver) waits for lock A, held by thread 4 (worker), which ...". */
void waitgraph_say(const struct sim_wait *waits, uint32_t n, struct buf *out);
