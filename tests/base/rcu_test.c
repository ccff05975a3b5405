/* SPDX-License-Identifier: MIT */
/*
 * RCU: what a reader sees stays as it is until its section ends.
 */
#include "harness.h"

#include "base/atomic.h"
#include "base/mem.h"
#include "base/thread.h"

#ifdef BASE_HOST
#define VERSIONS 2000u
#else
#define VERSIONS 20u
#endif
#define READERS 2u

/* Both halves carry the same number; a freed version carries poison. */
struct version {
	uint64_t first;
	uint64_t second;
};

struct shared {
	struct rcu_ptr current;
	struct atom32 stop;
};

static struct version *version_create(uint64_t number)
{
	struct version *v = mem_alloc(sizeof(*v));

	CHECK(v);
	*v = (struct version){number, number};
	return v;
}

static void read_until_stopped(void *arg)
{
	struct shared *s = arg;
	uint64_t last = 0;

	while (!atom32_load(&s->stop)) {
		const struct version *v;

		rcu_read_begin();
		rcu_read_begin();
		v = rcu_load(&s->current);
		rcu_read_end();
		CHECK(v->first >= last);
		last = v->first;
		sched_point("while reading");
		CHECK_EQ_U(v->second, last);
		rcu_read_end();
		thread_yield();
	}
}

static void publish_many(struct shared *s)
{
	for (uint64_t i = 1; i <= VERSIONS; i++) {
		struct version *old = rcu_load(&s->current);

		rcu_publish(&s->current, version_create(i));
		rcu_wait();
		*old = (struct version){UINT64_MAX, 0};
		mem_free(old);
	}
}

SIM_TEST(a_version_outlives_the_sections_that_may_see_it)
{
	struct shared s = {.stop = {0}};
	struct thread *readers[READERS];

	rcu_publish(&s.current, version_create(0));
	for (unsigned i = 0; i < READERS; i++)
		CHECK_OK(thread_start(&readers[i], "reader", read_until_stopped, &s));
	publish_many(&s);
	atom32_store(&s.stop, 1);
	for (unsigned i = 0; i < READERS; i++)
		thread_join(readers[i]);
	mem_free(rcu_load(&s.current));
}

#ifdef BASE_SIM
#include "base/clock.h"

static void read_for_a_minute(void *arg)
{
	(void)arg;
	rcu_read_begin();
	clock_sleep_until(clock_now() + 60 * CLOCK_S);
	rcu_read_end();
}

SIM_TEST(a_grace_period_lasts_as_long_as_the_section_it_waits_for)
{
	uint64_t before = clock_now();
	struct thread *reader;

	CHECK_OK(thread_start(&reader, "reader", read_for_a_minute, NULL));
	clock_sleep_until(before + CLOCK_S);
	rcu_wait();
	CHECK(clock_now() >= before + 60 * CLOCK_S);
	thread_join(reader);
}
#endif
