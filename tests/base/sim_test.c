/* SPDX-License-Identifier: MIT */
/*
 * The simulator itself: the same seed is the same run, different seeds are different runs, time
 * jumps, and a deadlock is found and told.
 */
#include "harness.h"

#include "base/atomic.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/rng.h"
#include "base/thread.h"

#include <unistd.h>

#define WORKERS 3u

struct log {
	unsigned char order[1024];
	size_t n;
	struct atom32 steps;
};

struct worker {
	struct log *log;
	unsigned char number;
	struct thread *thread;
};

static void note(struct log *log, unsigned char what)
{
	CHECK(log->n < sizeof(log->order));
	log->order[log->n++] = what;
}

static void work(void *arg)
{
	struct worker *w = arg;

	for (unsigned i = 0; i < 20; i++) {
		atom32_add(&w->log->steps, 1);
		note(w->log, w->number);
	}
}

static void race(void *arg)
{
	struct worker workers[WORKERS];

	for (unsigned i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){.log = arg, .number = (unsigned char)i};
		CHECK_OK(thread_start(&workers[i].thread, "worker", work, &workers[i]));
	}
	for (unsigned i = 0; i < WORKERS; i++)
		thread_join(workers[i].thread);
}

TEST(the_same_seed_gives_the_same_run)
{
	for (uint64_t seed = 1; seed <= 50; seed++) {
		struct log a = {.n = 0}, b = {.n = 0};
		uint64_t hash, switches;

		CHECK_EQ_U(sim_run(seed, race, &a), SIM_DONE);
		hash = sim_trace_hash();
		switches = sim_switches();
		CHECK_EQ_U(sim_run(seed, race, &b), SIM_DONE);
		CHECK_EQ_U(sim_trace_hash(), hash);
		CHECK_EQ_U(sim_switches(), switches);
		CHECK_EQ_U(a.n, b.n);
		CHECK(memcmp(a.order, b.order, a.n) == 0);
	}
}

TEST(different_seeds_give_different_runs)
{
	struct log logs[20] = {0};
	unsigned same = 0;

	for (unsigned i = 0; i < ARRAY_LEN(logs); i++)
		CHECK_EQ_U(sim_run(i + 1, race, &logs[i]), SIM_DONE);
	for (unsigned i = 0; i < ARRAY_LEN(logs); i++)
		for (unsigned j = 0; j < i; j++)
			same += memcmp(logs[i].order, logs[j].order, sizeof(logs[i].order)) == 0;
	CHECK_EQ_U(same, 0);
}

/* A counter read and written without a lock: some schedule must lose an increment. */
struct torn {
	struct atom32 value;
};

static void increment_badly(void *arg)
{
	struct torn *torn = arg;

	atom32_store(&torn->value, atom32_load(&torn->value) + 1);
}

static void two_increments(void *arg)
{
	struct thread *t[2];

	for (unsigned i = 0; i < 2; i++)
		CHECK_OK(thread_start(&t[i], "incrementer", increment_badly, arg));
	for (unsigned i = 0; i < 2; i++)
		thread_join(t[i]);
}

TEST(a_lost_update_is_found_by_some_seed_and_not_by_every_seed)
{
	unsigned lost = 0, kept = 0;

	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct torn torn = {.value = {0}};

		CHECK_EQ_U(sim_run(seed, two_increments, &torn), SIM_DONE);
		if (atom32_load(&torn.value) == 1)
			lost++;
		else
			kept++;
	}
	CHECK(lost > 0);
	CHECK(kept > 0);
}

struct pair {
	struct lock a, b;
	struct cond never;
};

static void wait_for_ever(void *arg)
{
	struct pair *p = arg;

	lock_take(&p->a);
	lock_take(&p->b);
	for (;;)
		cond_wait(&p->never, &p->b);
}

static void join_the_waiter(void *arg)
{
	struct thread *t;

	CHECK_OK(thread_start(&t, "waiter", wait_for_ever, arg));
	thread_join(t);
}

static void init_pair(struct pair *p)
{
	lock_init(&p->a, "a", 1);
	lock_init(&p->b, "b", 2);
	cond_init(&p->never, "never signalled");
}

TEST(a_deadlock_is_a_result_and_the_next_run_is_clean)
{
	struct log log = {.n = 0};
	struct pair p;

	init_pair(&p);
	CHECK_EQ_U(sim_run(1, join_the_waiter, &p), SIM_DEADLOCK);
	CHECK_EQ_U(sim_run(1, race, &log), SIM_DONE);
	CHECK_EQ_U(log.n, 20 * WORKERS);
}

/* What fn writes to standard error. */
static void capture(void (*fn)(void *), void *arg, char *text, size_t size)
{
	int saved = dup(STDERR_FILENO), ends[2];
	ssize_t got;

	CHECK(saved >= 0 && pipe(ends) == 0 && dup2(ends[1], STDERR_FILENO) >= 0);
	fn(arg);
	CHECK(dup2(saved, STDERR_FILENO) >= 0);
	close(ends[1]);
	got = read(ends[0], text, size - 1);
	CHECK(got >= 0);
	text[got] = 0;
}

static void run_into_deadlock(void *arg)
{
	CHECK_EQ_U(sim_run(42, join_the_waiter, arg), SIM_DEADLOCK);
}

TEST(a_deadlock_report_says_who_waits_for_what_and_holds_what)
{
	char text[2048];
	struct pair p;

	init_pair(&p);
	capture(run_into_deadlock, &p, text, sizeof(text));
	CHECK(strstr(text, "deadlock in the run of seed 42"));
	CHECK(strstr(text, "(main) waits for the end of thread waiter\n"));
	CHECK(strstr(text, "(waiter) waits for cond never signalled, holds a\n"));
}

static void do_nothing(void *arg)
{
	(void)arg;
}

static void forget_to_join(void *arg)
{
	struct thread *t;

	(void)arg;
	CHECK_OK(thread_start(&t, "forgotten", do_nothing, NULL));
}

TEST(a_thread_that_nobody_joined_is_a_result)
{
	CHECK_EQ_U(sim_run(1, forget_to_join, NULL), SIM_LEFTOVERS);
}

static void sleep_an_hour(void *arg)
{
	uint64_t before = clock_now(), wall = clock_wall();

	(void)arg;
	clock_sleep_until(before + 3600 * CLOCK_S);
	CHECK_EQ_U(clock_now(), before + 3600 * CLOCK_S);
	CHECK_EQ_U(clock_wall(), wall + 3600 * CLOCK_S);
}

TEST(time_jumps_to_the_next_deadline)
{
	CHECK_EQ_U(sim_run(1, sleep_an_hour, NULL), SIM_DONE);
}

struct sleeper {
	struct log *log;
	unsigned char number;
};

static void sleep_and_note(void *arg)
{
	struct sleeper *s = arg;

	clock_sleep_until(clock_now() + s->number * CLOCK_S);
	note(s->log, s->number);
}

SIM_TEST(sleepers_wake_in_the_order_of_their_deadlines)
{
	struct log log = {.n = 0};
	struct sleeper sleepers[] = {{&log, 9}, {&log, 3}, {&log, 7}};
	struct thread *t[ARRAY_LEN(sleepers)];

	for (size_t i = 0; i < ARRAY_LEN(sleepers); i++)
		CHECK_OK(thread_start(&t[i], "sleeper", sleep_and_note, &sleepers[i]));
	for (size_t i = 0; i < ARRAY_LEN(sleepers); i++)
		thread_join(t[i]);
	CHECK_EQ_U(log.n, 3);
	CHECK_EQ_U(log.order[0], 3);
	CHECK_EQ_U(log.order[1], 7);
	CHECK_EQ_U(log.order[2], 9);
}

SIM_TEST(a_thread_that_polls_the_clock_sees_time_pass)
{
	uint64_t deadline = clock_now() + CLOCK_S;
	struct log log = {.n = 0};
	struct sleeper sleeper = {&log, 2};
	struct thread *t;

	CHECK_OK(thread_start(&t, "sleeper", sleep_and_note, &sleeper));
	while (clock_now() < deadline)
		thread_yield();
	thread_join(t);
}

TEST(outside_a_run_everything_works_as_in_one)
{
	struct log log = {.n = 0};
	uint64_t before = clock_now();

	race(&log);
	CHECK_EQ_U(log.n, 20 * WORKERS);
	clock_sleep_until(before + CLOCK_S);
	CHECK_EQ_U(clock_now(), before + CLOCK_S);
}

static void choose_much(void *arg)
{
	uint32_t *counts = arg;

	for (unsigned i = 0; i < 3000; i++)
		counts[sim_choose(3)]++;
}

TEST(choices_are_even)
{
	uint32_t counts[3] = {0};

	CHECK_EQ_U(sim_run(test_seed(), choose_much, counts), SIM_DONE);
	for (unsigned i = 0; i < 3; i++)
		CHECK(counts[i] > 800 && counts[i] < 1200);
}

static void draw(void *arg)
{
	*(uint64_t *)arg = entropy_u64();
}

TEST(entropy_comes_from_the_seed)
{
	uint64_t a, b, c;

	CHECK_EQ_U(sim_run(1, draw, &a), SIM_DONE);
	CHECK_EQ_U(sim_run(1, draw, &b), SIM_DONE);
	CHECK_EQ_U(sim_run(2, draw, &c), SIM_DONE);
	CHECK_EQ_U(a, b);
	CHECK(a != c);
}
