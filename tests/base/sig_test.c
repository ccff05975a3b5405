/* SPDX-License-Identifier: MIT */
/*
 * Sleeping on descriptors, and signals as events.
 */
#include "harness.h"

#include "base/clock.h"
#include "base/poll.h"
#include "base/sig.h"
#include "base/thread.h"

#include <signal.h>
#include <unistd.h>

TEST(nothing_ready_ends_at_the_deadline)
{
	uint64_t deadline = clock_now() + 5 * CLOCK_MS;
	int fds[2] = {-1, -1};

	CHECK_EQ_U(poll_wait(fds, 2, deadline), 0);
	CHECK(clock_now() >= deadline);
}

TEST(each_ready_descriptor_has_its_bit)
{
	int a[2], b[2], fds[3];

	CHECK(pipe(a) == 0 && pipe(b) == 0);
	fds[0] = a[0];
	fds[1] = -1;
	fds[2] = b[0];
	CHECK_EQ_U(poll_wait(fds, 3, clock_now()), 0);
	CHECK(write(b[1], "x", 1) == 1);
	CHECK_EQ_U(poll_wait(fds, 3, CLOCK_NEVER), 4);
	close(a[1]);
	CHECK_EQ_U(poll_wait(fds, 3, CLOCK_NEVER), 5);
}

TEST(signals_become_events_that_are_taken_once)
{
	int fd;

	CHECK(sig_fd() < 0);
	CHECK_OK(sig_watch());
	fd = sig_fd();
	CHECK_EQ_U(poll_wait(&fd, 1, clock_now()), 0);
	CHECK_EQ_U(sig_take(), 0);
	CHECK(raise(SIGTERM) == 0);
	CHECK(raise(SIGHUP) == 0);
	CHECK(raise(SIGHUP) == 0);
	CHECK_EQ_U(poll_wait(&fd, 1, CLOCK_NEVER), 1);
	CHECK_EQ_U(sig_take(), SIG_EVENT_STOP | SIG_EVENT_RELOAD);
	CHECK_EQ_U(poll_wait(&fd, 1, clock_now()), 0);
	CHECK_EQ_U(sig_take(), 0);
	CHECK(raise(SIGINT) == 0);
	CHECK_EQ_U(sig_take(), SIG_EVENT_STOP);
	CHECK(raise(SIGUSR1) == 0);
	CHECK_EQ_U(sig_take(), SIG_EVENT_REPORT);
}

TEST(a_posted_event_is_like_a_signal)
{
	int fd;

	CHECK_OK(sig_watch());
	fd = sig_fd();
	sig_post(SIG_EVENT_STOP);
	CHECK_EQ_U(poll_wait(&fd, 1, CLOCK_NEVER), 1);
	CHECK_EQ_U(sig_take(), SIG_EVENT_STOP);
}

static void look_at_mask(void *arg)
{
	sigset_t blocked;

	CHECK(pthread_sigmask(SIG_BLOCK, NULL, &blocked) == 0);
	*(bool *)arg = sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGINT) == 1;
}

TEST(only_the_main_thread_is_interrupted)
{
	bool blocked = false;
	struct thread *t;
	sigset_t mine;

	CHECK_OK(thread_start(&t, "worker", look_at_mask, &blocked));
	thread_join(t);
	CHECK(blocked);
	CHECK(pthread_sigmask(SIG_BLOCK, NULL, &mine) == 0);
	CHECK(!sigismember(&mine, SIGTERM));
}
