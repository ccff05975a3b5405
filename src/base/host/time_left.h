/* SPDX-License-Identifier: MIT */
/*
 * time_left - a deadline as the duration that ppoll wants; for the files of base/host.
 */
#pragma once

#include "base/clock.h"

#include <time.h>

/* NULL: for ever. */
static inline const struct timespec *time_left(uint64_t deadline, struct timespec *left)
{
	uint64_t now, ns;

	if (deadline == CLOCK_NEVER)
		return NULL;
	now = clock_now();
	ns = deadline > now ? deadline - now : 0;
	left->tv_sec = (time_t)(ns / CLOCK_S);
	left->tv_nsec = (long)(ns % CLOCK_S);
	return left;
}
