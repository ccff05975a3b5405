/* SPDX-License-Identifier: MIT */
/*
 * Locks, their order, and conditions on the clock.
 */
#include "harness.h"

#include "base/clock.h"
#include "base/lock.h"
#include "base/thread.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs fn in a child of its own; true when it was aborted. */
static bool aborts(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		if (!freopen("/dev/null", "w", stderr))
			_exit(2);
		fn();
		_exit(0);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static struct lock low, high, peer;
static struct spin spin;

static void init_locks(void)
{
	lock_init(&low, "low", 10);
	lock_init(&high, "high", 20);
	lock_init(&peer, "peer", 20);
	spin_init(&spin, "spin", 30);
}

static void take_upwards(void)
{
	lock_take(&low);
	lock_take(&high);
	spin_take(&spin);
	lock_assert_held(&low);
	spin_assert_held(&spin);
	lock_drop(&low);
	spin_drop(&spin);
	lock_drop(&high);
	lock_assert_none_held();
}

static NO_LOCK_CHECK void take_downwards(void)
{
	lock_take(&high);
	lock_take(&low);
}

static NO_LOCK_CHECK void take_equal(void)
{
	lock_take(&high);
	lock_take(&peer);
}

static NO_LOCK_CHECK void take_twice(void)
{
	lock_take(&low);
	lock_take(&low);
}

static NO_LOCK_CHECK void try_downwards(void)
{
	lock_take(&high);
	(void)!lock_try(&low);
}

static NO_LOCK_CHECK void spin_then_lock(void)
{
	spin_take(&spin);
	lock_take(&low);
}

static NO_LOCK_CHECK void call_out_with_a_lock(void)
{
	lock_take(&low);
	lock_assert_none_held();
}

static NO_LOCK_CHECK void drop_what_is_not_held(void)
{
	lock_drop(&low);
}

static void assert_what_is_not_held(void)
{
	lock_assert_held(&low);
}

TEST(locks_may_be_taken_upwards_and_dropped_in_any_order)
{
	init_locks();
	CHECK(!aborts(take_upwards));
}

TEST(breaking_the_order_aborts)
{
	init_locks();
	CHECK(aborts(take_downwards));
	CHECK(aborts(take_equal));
	CHECK(aborts(take_twice));
	CHECK(aborts(try_downwards));
	CHECK(aborts(spin_then_lock));
}

TEST(a_lock_held_over_a_callout_aborts)
{
	init_locks();
	CHECK(aborts(call_out_with_a_lock));
}

TEST(dropping_or_asserting_a_lock_that_is_not_held_aborts)
{
	init_locks();
	CHECK(aborts(drop_what_is_not_held));
	CHECK(aborts(assert_what_is_not_held));
}

TEST(a_lock_that_was_dropped_below_others_may_not_be_taken_again)
{
	init_locks();
	lock_take(&low);
	lock_take(&high);
	lock_drop(&low);
	lock_drop(&high);
	lock_take(&low);
	lock_drop(&low);
}

#define ROUNDS 500u

struct shared {
	struct lock lock;
	struct spin spin;
	unsigned under_lock, under_spin, tried;
};

static void increment(void *arg)
{
	struct shared *s = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		lock_take(&s->lock);
		s->under_lock++;
		lock_drop(&s->lock);
		spin_take(&s->spin);
		s->under_spin++;
		spin_drop(&s->spin);
		if (lock_try(&s->lock)) {
			s->tried++;
			lock_drop(&s->lock);
		}
	}
}

SIM_TEST(what_a_lock_guards_loses_no_update)
{
	struct shared s = {.under_lock = 0};
	struct thread *t[3];

	lock_init(&s.lock, "shared", 1);
	spin_init(&s.spin, "shared", 2);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		CHECK_OK(thread_start(&t[i], "incrementer", increment, &s));
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		thread_join(t[i]);
	CHECK_EQ_U(s.under_lock, ARRAY_LEN(t) * ROUNDS);
	CHECK_EQ_U(s.under_spin, ARRAY_LEN(t) * ROUNDS);
	CHECK(s.tried <= ARRAY_LEN(t) * ROUNDS);
	spin_destroy(&s.spin);
	lock_destroy(&s.lock);
}

SIM_TEST(a_wait_ends_at_its_deadline)
{
	uint64_t deadline = clock_now() + 20 * CLOCK_MS;
	struct lock lock;
	struct cond cond;

	lock_init(&lock, "lock", 1);
	cond_init(&cond, "never");
	lock_take(&lock);
	while (cond_wait_until(&cond, &lock, deadline))
		;
	lock_assert_held(&lock);
	lock_drop(&lock);
	CHECK(clock_now() >= deadline);
	cond_destroy(&cond);
	lock_destroy(&lock);
}

/* A queue of one place between a producer and a consumer. */
struct channel {
	struct lock lock;
	struct cond changed;
	unsigned value; /* 0: empty */
};

static void produce(void *arg)
{
	struct channel *c = arg;

	for (unsigned i = 1; i <= 100; i++) {
		lock_take(&c->lock);
		while (c->value != 0)
			cond_wait(&c->changed, &c->lock);
		c->value = i;
		cond_signal(&c->changed);
		lock_drop(&c->lock);
	}
}

SIM_TEST(a_signal_is_not_lost_between_the_look_and_the_wait)
{
	struct channel c = {.value = 0};
	struct thread *producer;

	lock_init(&c.lock, "channel", 1);
	cond_init(&c.changed, "channel changed");
	CHECK_OK(thread_start(&producer, "producer", produce, &c));
	for (unsigned i = 1; i <= 100; i++) {
		lock_take(&c.lock);
		while (c.value == 0)
			cond_wait(&c.changed, &c.lock);
		CHECK_EQ_U(c.value, i);
		c.value = 0;
		cond_broadcast(&c.changed);
		lock_drop(&c.lock);
	}
	thread_join(producer);
	cond_destroy(&c.changed);
	lock_destroy(&c.lock);
}
