/* SPDX-License-Identifier: MIT */
/*
 * sched - what a module announces of objects that are not base's own: a driver's spin lock, event
 * or block of memory.
 *
 * Beside sched_op (thread.h), which is a choice: here are conditions under which one is enabled,
 * and what is no choice but matters to whoever watches a run.  On the host and in seeded runs all
 * of it does nothing and costs nothing.  Called by the running thread; no function here allocates.
 */
#pragma once

#include "base/sim_control.h"
#include "base/thread.h"

#ifdef BASE_SIM

/*
 * As sched_op, but the thread is told to go on only while can(object) is true, which it then is
 * when this returns true.  False: nobody is in control, and the caller waits in its own way.
 * Whoever changes what `can` looks at says so with sched_changed.
 */
MUST_CHECK bool sched_stand(const char *what, const void *object, unsigned access, unsigned sync,
			    bool (*can)(const void *object));
void sched_changed(const void *object);

/*
 * A choice once an operation has taken effect that lets others go on (a lock dropped, an event
 * set): what the driver does next, without announcing it, may be wrong by then.  Nobody can tell it
 * from nothing, so it is one where all schedules are tried, and none where their traces are.
 */
void sched_after(const char *what);

/*
 * As sched_op on memory of a driver that may end with it: where plain accesses are choices, each of
 * them that lies in it depends on this.
 */
void sched_free(const char *what, const void *address, size_t size);

/* As sched_op on two objects at once; the second one is written. */
void sched_op2(const char *what, const void *object, const void *object2, unsigned access,
	       unsigned sync);

/* No choice: the thread is ordered with others through the object, in the way of `sync`. */
void sched_note(const char *what, const void *object, unsigned sync);

/* No choice: a driver's memory is read or written on its behalf, or given back (a write). */
void sched_touch(const char *what, const void *address, size_t size, unsigned access);

#else

static inline void sched_after(const char *what)
{
	(void)what;
}

static inline bool sched_stand(const char *what, const void *object, unsigned access, unsigned sync,
			       bool (*can)(const void *object))
{
	(void)what;
	(void)object;
	(void)access;
	(void)sync;
	(void)can;
	return false;
}

static inline void sched_changed(const void *object)
{
	(void)object;
}

static inline void sched_free(const char *what, const void *address, size_t size)
{
	(void)size;
	sched_op(what, address, SIM_WRITE, SIM_SYNC_NONE);
}

static inline void sched_op2(const char *what, const void *object, const void *object2,
			     unsigned access, unsigned sync)
{
	(void)object2;
	sched_op(what, object, access, sync);
}

static inline void sched_note(const char *what, const void *object, unsigned sync)
{
	(void)what;
	(void)object;
	(void)sync;
}

static inline void sched_touch(const char *what, const void *address, size_t size, unsigned access)
{
	(void)what;
	(void)address;
	(void)size;
	(void)access;
}

#endif
