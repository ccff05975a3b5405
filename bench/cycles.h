/* SPDX-License-Identifier: MIT */
/*
 * cycles - a clock that is cheap enough for one classify.
 *
 * It counts at some constant rate; cycles_per_ns says which.  Not ordered with what is around it:
 * a few nanoseconds more or less.
 */
#pragma once

#include "base/clock.h"

static inline uint64_t cycles_now(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t t;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
	return t;
#else
	return clock_now();
#endif
}

/* Takes 20 ms. */
static inline double cycles_per_ns(void)
{
	uint64_t start = clock_now(), cycles = cycles_now(), now;

	while ((now = clock_now()) < start + 20 * CLOCK_MS)
		;
	return (double)(cycles_now() - cycles) / (double)(now - start);
}
