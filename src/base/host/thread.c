/* SPDX-License-Identifier: MIT */
/*
 * thread - POSIX threads with a name, a number and slots.
 */
#include "base/thread.h"

#include "base/atomic.h"
#include "base/mem.h"
#include "base/rcu.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>

/* [I] immutable once the thread runs */
struct thread {
	pthread_t id;	    /* [I] */
	void (*fn)(void *); /* [I] */
	void *arg;	    /* [I] */
	char name[16];	    /* [I] as long as the kernel allows */
};

_Thread_local void *thread_slots[THREAD_SLOTS];

static _Thread_local struct thread *current;
static _Thread_local uint32_t current_id;
static struct atom32 ids_given;

static void *thread_main(void *arg)
{
	struct thread *t = arg;

	current = t;
	pthread_setname_np(pthread_self(), t->name);
	rcu_thread_enter();
	DELAY_POINT();
	t->fn(t->arg);
	rcu_thread_leave();
	return NULL;
}

/* The signals of sig.h are for the main thread; others would only be interrupted. */
static int create_without_signals(struct thread *t)
{
	static const int of_main[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
	sigset_t blocked, before;
	int error;

	sigemptyset(&blocked);
	for (size_t i = 0; i < ARRAY_LEN(of_main); i++)
		sigaddset(&blocked, of_main[i]);
	pthread_sigmask(SIG_BLOCK, &blocked, &before);
	error = pthread_create(&t->id, NULL, thread_main, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

wfp_err thread_start(struct thread **out, const char *name, void (*fn)(void *), void *arg)
{
	struct thread *t = mem_zalloc(sizeof(*t));
	int error;

	if (!t)
		return ERR_NO_MEMORY;
	t->fn = fn;
	t->arg = arg;
	snprintf(t->name, sizeof(t->name), "%.15s", name);
	error = create_without_signals(t);
	if (error) {
		mem_free(t);
		/* EAGAIN: the limit on threads is reached. */
		return error == EAGAIN ? ERR_NO_MEMORY : err_from_errno(error);
	}
	*out = t;
	return ERR_OK;
}

void thread_join(struct thread *t)
{
	BUG_ON(pthread_join(t->id, NULL));
	mem_free(t);
}

void thread_yield(void)
{
	sched_yield();
}

uint32_t thread_id(void)
{
	if (UNLIKELY(current_id == 0))
		current_id = atom32_add_relaxed(&ids_given, 1);
	return current_id;
}

bool thread_is_current(const struct thread *t)
{
	return t == current;
}
