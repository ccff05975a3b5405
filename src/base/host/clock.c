/* SPDX-License-Identifier: MIT */
/*
 * clock - the clocks of the machine, and its source of entropy.
 */
#include "base/clock.h"

#include "base/rng.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

static uint64_t read_clock(clockid_t id)
{
	struct timespec t;

	BUG_ON(clock_gettime(id, &t));
	return (uint64_t)t.tv_sec * CLOCK_S + (uint64_t)t.tv_nsec;
}

uint64_t clock_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_wall(void)
{
	return read_clock(CLOCK_REALTIME);
}

void clock_sleep_until(uint64_t deadline)
{
	const struct timespec until = {
		.tv_sec = (time_t)(deadline / CLOCK_S),
		.tv_nsec = (long)(deadline % CLOCK_S),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

uint64_t entropy_u64(void)
{
	uint64_t value;
	ssize_t got;

	do
		got = getrandom(&value, sizeof(value), 0);
	while (got < 0 && errno == EINTR);
	BUG_ON(got != (ssize_t)sizeof(value));
	return value;
}
