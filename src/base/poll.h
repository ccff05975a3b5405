/* SPDX-License-Identifier: MIT */
/*
 * poll - sleeping on descriptors.
 *
 * A worker of a live path sleeps here on its queue, its mailbox and the stop flag.  Host only.
 */
#pragma once

#include "base/compiler.h"

#define POLL_MAX 16u

/*
 * Bit i is set when fds[i] is readable, hung up or broken; 0 when the deadline (clock_now) has
 * passed.  A negative descriptor is never ready.  n <= POLL_MAX.
 */
uint32_t poll_wait(const int *fds, unsigned n, uint64_t deadline);
