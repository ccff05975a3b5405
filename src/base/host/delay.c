/* SPDX-License-Identifier: MIT */
/*
 * delay - how long a thread is held up at a point: mostly not at all, seldom for some microseconds.
 *
 * Short delays move two threads against each other by some instructions, long ones let a whole
 * callback or grace period pass.  Called at points on any thread, with any lock held, so nothing
 * here may be a point.
 */
#include "base/host/delay.h"

#ifndef NDEBUG

#include "base/rng.h"
#include "base/thread.h"

#include <errno.h>
#include <sched.h>
#include <time.h>

#define SPINS_MAX 400
#define SLEEP_MAX 60000 /* ns; the system adds as much again */

_Atomic(uint32_t) delay_one_in;

static _Atomic(uint64_t) seed;
static _Atomic(uint32_t) round_now; /* how often thread_delays was called */

static _Thread_local struct rng numbers;
static _Thread_local uint32_t numbers_of; /* the round they were seeded in */

void thread_delays(uint64_t new_seed, uint32_t one_in)
{
	atomic_store(&delay_one_in, 0);
	atomic_store(&seed, new_seed);
	atomic_fetch_add(&round_now, 1);
	atomic_store(&delay_one_in, one_in);
}

static void spin(void)
{
	for (uint32_t i = rng_below(&numbers, SPINS_MAX); i > 0; i--)
		atomic_signal_fence(memory_order_seq_cst);
}

static void sleep_some(void)
{
	const struct timespec time = {.tv_nsec = 1 + rng_below(&numbers, SLEEP_MAX)};

	nanosleep(&time, NULL);
}

static void delay(void)
{
	switch (rng_below(&numbers, 8)) {
	case 0:
		sleep_some();
		break;
	case 1:
	case 2:
	case 3:
		sched_yield();
		break;
	default:
		spin();
		break;
	}
}

void delay_perhaps(void)
{
	/* Relaxed: whoever is delayed must not be ordered by it. */
	uint32_t round = atomic_load_explicit(&round_now, memory_order_relaxed);
	uint32_t one_in = atomic_load_explicit(&delay_one_in, memory_order_relaxed);
	uint64_t first = atomic_load_explicit(&seed, memory_order_relaxed);
	int before = errno;

	if (numbers_of != round) {
		rng_seed(&numbers, first ^ (uint64_t)thread_id() << 32);
		numbers_of = round;
	}
	if (one_in && rng_below(&numbers, one_in) == 0)
		delay();
	errno = before;
}

#endif
