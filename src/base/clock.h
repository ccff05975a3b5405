/* SPDX-License-Identifier: MIT */
/*
 * clock - time in nanoseconds.
 *
 * Deadlines are points of clock_now.  In sim time is virtual: it stands still while any thread can
 * run and jumps to the next deadline when none can, so a test of a ten minute timeout takes no
 * time and never depends on the machine.
 */
#pragma once

#include "base/compiler.h"

#define CLOCK_NEVER UINT64_MAX
#define CLOCK_US    UINT64_C(1000)
#define CLOCK_MS    UINT64_C(1000000)
#define CLOCK_S	    UINT64_C(1000000000)

/* Monotonic, never 0. */
uint64_t clock_now(void);

/* Since 1970, UTC. */
uint64_t clock_wall(void);

void clock_sleep_until(uint64_t deadline);
