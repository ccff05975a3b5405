/* SPDX-License-Identifier: MIT */
/*
 * ps - system threads of drivers.
 *
 * A thread object is a dispatcher object that becomes signaled when the thread has ended; drivers
 * reach it by handle and, referenced, by pointer.  PsTerminateSystemThread never returns: it jumps
 * back to where the thread began, over the driver's frames, as the real one discards them.
 *
 *	RUNNING --returns or terminates--> ENDED (signaled) --joined, last reference--> freed
 *
 * The threads of a driver are joined when it is unloaded.
 */
#include "ntshim/thread.h"

#include "base/clock.h"
#include "base/sched.h"
#include "ntshim/ke.h"

#include <setjmp.h>

/* [I] immutable   [T] the table's lock   [L] the dispatcher's lock   [W] the thread itself */
struct nt_thread {
	DISPATCHER_HEADER header; /* [L] first: this is what drivers wait for */
	struct nt_object object;
	struct list link;      /* [T] */
	struct thread *thread; /* [T] until joined */
	PKSTART_ROUTINE start; /* [I] */
	PVOID context;	       /* [I] */
	jmp_buf end;	       /* [W] */
	bool ended;	       /* [T] */
	uint32_t id;	       /* [W] for reports */
};

static struct {
	struct lock lock;
	struct list all; /* [L] every thread object that is not freed */
	struct cond ended;
} threads;

void nt_threads_start(void)
{
	lock_init(&threads.lock, "nt threads", NT_RANK_DRIVERS);
	cond_init(&threads.ended, "a driver's thread to end");
	list_init(&threads.all);
}

void nt_threads_stop(void)
{
	BUG_ON(!list_empty(&threads.all));
	cond_destroy(&threads.ended);
	lock_destroy(&threads.lock);
}

PVOID nt_thread_body(struct nt_object *ob)
{
	return CONTAINER_OF(ob, struct nt_thread, object);
}

struct nt_object *nt_thread_find(const void *body)
{
	struct nt_object *found = NULL;
	struct list *pos;

	lock_take(&threads.lock);
	LIST_FOR_EACH (pos, &threads.all) {
		struct nt_thread *t = LIST_ENTRY(pos, struct nt_thread, link);

		if (t == body) {
			found = &t->object;
			nt_object_get(found);
			break;
		}
	}
	lock_drop(&threads.lock);
	return found;
}

/* Nothing runs any more: no lock. */
uint32_t nt_thread_of(const void *object)
{
	struct list *pos;

	LIST_FOR_EACH (pos, &threads.all)
		if (LIST_ENTRY(pos, struct nt_thread, link) == object)
			return LIST_ENTRY(pos, struct nt_thread, link)->id;
	return 0;
}

static void thread_destroy(struct nt_object *ob)
{
	struct nt_thread *t = CONTAINER_OF(ob, struct nt_thread, object);

	lock_take(&threads.lock);
	list_del(&t->link);
	lock_drop(&threads.lock);
	mem_free(t);
}

/* Out of line, so that nothing of the caller's lives in registers over the jump. */
static __attribute__((noinline)) void thread_call(struct nt_thread *t)
{
	if (setjmp(t->end) == 0)
		t->start(t->context);
}

static void thread_main(void *arg)
{
	struct nt_thread *t = arg;
	struct nt_frame f;

	t->id = thread_id();
	nt_enter(&f, t->object.driver, "a system thread", PASSIVE_LEVEL);
	f.thread = t;
	thread_call(t);
	nt_leave(&f);
	/* Before whoever waits for the thread can go on; it is freed when it was joined. */
	sched_op("end of a system thread", &threads, SIM_WRITE, SIM_SYNC_NONE);
	lock_take(&threads.lock);
	t->ended = true;
	cond_broadcast(&threads.ended);
	lock_drop(&threads.lock);
	nt_signal(&t->header);
}

static struct nt_thread *thread_new(PKSTART_ROUTINE start, PVOID context)
{
	struct nt_thread *t = mem_zalloc(sizeof(*t));

	if (!t)
		return NULL;
	t->header.Type = NT_THREAD;
	t->start = start;
	t->context = context;
	nt_object_init(&t->object, NT_KIND_THREAD, thread_destroy);
	lock_take(&threads.lock);
	list_add_tail(&threads.all, &t->link);
	lock_drop(&threads.lock);
	return t;
}

/* The running thread's own reference is dropped by whoever joins it. */
static wfp_err thread_run(struct nt_thread *t)
{
	struct thread *started;
	wfp_err err = thread_start(&started, "driver", thread_main, t);

	if (err)
		return err;
	lock_take(&threads.lock);
	t->thread = started;
	lock_drop(&threads.lock);
	return ERR_OK;
}

/* One of the driver's threads that is not joined yet, ended ones first; NULL: none. */
static struct nt_thread *thread_unjoined(const struct nt_driver *d) REQUIRES(threads.lock)
{
	struct nt_thread *running = NULL;
	struct list *pos;

	LIST_FOR_EACH (pos, &threads.all) {
		struct nt_thread *t = LIST_ENTRY(pos, struct nt_thread, link);

		if (t->object.driver != d || !t->thread)
			continue;
		if (t->ended)
			return t;
		running = t;
	}
	return running;
}

bool nt_threads_join(struct nt_driver *d, uint64_t deadline)
{
	bool in_time = true;
	struct nt_thread *t;

	lock_take(&threads.lock);
	while (in_time && (t = thread_unjoined(d))) {
		struct thread *joined = t->thread;

		if (!t->ended) {
			in_time = cond_wait_until(&threads.ended, &threads.lock, deadline);
			continue;
		}
		t->thread = NULL;
		lock_drop(&threads.lock);
		thread_join(joined);
		nt_object_put(&t->object);
		lock_take(&threads.lock);
	}
	lock_drop(&threads.lock);
	return in_time;
}

bool nt_threads_run(const struct nt_driver *d)
{
	struct list *pos;
	bool run = false;

	sched_op("DriverUnload has returned", &threads, SIM_READ, SIM_SYNC_NONE);
	lock_take(&threads.lock);
	LIST_FOR_EACH (pos, &threads.all) {
		const struct nt_thread *t = LIST_ENTRY(pos, struct nt_thread, link);

		run |= t->object.driver == d && t->thread && !t->ended;
	}
	lock_drop(&threads.lock);
	return run;
}

static struct nt_thread *thread_of(const struct nt_driver *d) REQUIRES(threads.lock)
{
	struct list *pos;

	LIST_FOR_EACH (pos, &threads.all)
		if (LIST_ENTRY(pos, struct nt_thread, link)->object.driver == d)
			return LIST_ENTRY(pos, struct nt_thread, link);
	return NULL;
}

unsigned nt_threads_reclaim(const struct nt_driver *d)
{
	struct nt_thread *t;
	unsigned n = 0;

	lock_take(&threads.lock);
	while ((t = thread_of(d))) {
		list_del(&t->link);
		mem_free(t);
		n++;
	}
	lock_drop(&threads.lock);
	return n;
}

/* Threads that have ended cost no stack until the unload. */
static void threads_reap(struct nt_driver *d)
{
	sched_op("PsCreateSystemThread", &threads, SIM_WRITE, SIM_SYNC_NONE);
	if (!nt_threads_join(d, clock_now()))
		return; /* others still run */
}

/* ---- what drivers call ---------------------------------------------------------------------- */

NTSTATUS PsCreateSystemThread(PHANDLE handle, ULONG access, POBJECT_ATTRIBUTES attributes,
			      HANDLE process, PCLIENT_ID client, PKSTART_ROUTINE start,
			      PVOID context)
{
	struct nt_thread *t;
	wfp_err err;

	if (!nt_irql_ok(PASSIVE_LEVEL, "PsCreateSystemThread"))
		return STATUS_NOT_SUPPORTED;
	if (!handle || !start)
		return STATUS_INVALID_PARAMETER;
	if (nt_driver_current())
		threads_reap(nt_driver_current());
	t = thread_new(start, context);
	if (!t)
		return STATUS_INSUFFICIENT_RESOURCES;
	err = nt_handle_open(&t->object, handle);
	if (err)
		goto undo_new;
	err = thread_run(t);
	if (err)
		goto undo_open;
	return STATUS_SUCCESS;
undo_open:
	nt_object_put(nt_handle_take(*handle, NT_KIND_THREAD));
undo_new:
	nt_object_put(&t->object);
	return nt_status(err);
}

NTSTATUS PsTerminateSystemThread(NTSTATUS exit_status)
{
	const struct nt_frame *f = nt_frame_current();
	struct nt_thread *t = f ? f->thread : NULL;

	if (!nt_irql_ok(PASSIVE_LEVEL, "PsTerminateSystemThread"))
		return STATUS_NOT_SUPPORTED;
	if (!t)
		return STATUS_INVALID_PARAMETER;
	longjmp(t->end, 1);
}
