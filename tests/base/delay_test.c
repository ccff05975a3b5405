/* SPDX-License-Identifier: MIT */
/*
 * Delays of real threads at scheduling points: harmless to whoever is delayed.
 */
#include "harness.h"

#include "base/atomic.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/rcu.h"
#include "base/thread.h"

#include <errno.h>

#define POINTS 4000u

static uint64_t time_of_points(void)
{
	struct atom32 a = {0};
	uint64_t start = clock_now();

	for (unsigned i = 0; i < POINTS; i++)
		atom32_add(&a, 1);
	CHECK_EQ_U(atom32_load(&a), POINTS);
	return clock_now() - start;
}

TEST(threads_are_held_up_while_delays_are_on)
{
	thread_delays(test_seed(), 1);
	CHECK(time_of_points() > 10 * CLOCK_MS); /* every eighth of them sleeps */
}

TEST(a_delay_keeps_errno)
{
	struct atom32 a = {0};

	thread_delays(test_seed(), 1);
	for (unsigned i = 0; i < POINTS / 10; i++) {
		errno = ENOTTY;
		atom32_add(&a, 1);
		CHECK_EQ_U(errno, ENOTTY);
	}
}

struct shared {
	struct lock lock;
	struct rcu_ptr p;
	uint64_t n;
};

static void count_up(void *arg)
{
	struct shared *s = arg;

	for (unsigned i = 0; i < POINTS / 10; i++) {
		rcu_read_begin();
		CHECK(rcu_load(&s->p) == s);
		rcu_read_end();
		lock_take(&s->lock);
		s->n++;
		lock_drop(&s->lock);
		sched_point("between");
	}
}

TEST(locks_and_read_sections_work_while_delays_are_on)
{
	struct shared s = {.n = 0};
	struct thread *t[3];

	lock_init(&s.lock, "counted", 1);
	rcu_publish(&s.p, &s);
	thread_delays(test_seed(), 4);
	for (unsigned i = 0; i < ARRAY_LEN(t); i++)
		CHECK_OK(thread_start(&t[i], "counter", count_up, &s));
	for (unsigned i = 0; i < ARRAY_LEN(t); i++)
		thread_join(t[i]);
	CHECK_EQ_U(s.n, ARRAY_LEN(t) * (POINTS / 10));
	lock_destroy(&s.lock);
}
