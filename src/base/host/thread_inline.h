/* SPDX-License-Identifier: MIT */
/*
 * thread_inline - the host's per-thread values, inline.
 */
#pragma once

#include "base/host/delay.h"
#include "base/thread.h"

extern _Thread_local void *thread_slots[THREAD_SLOTS];

static inline void *thread_slot_get(enum thread_slot slot)
{
	return thread_slots[slot];
}

static inline void thread_slot_set(enum thread_slot slot, void *value)
{
	thread_slots[slot] = value;
}

static inline void sched_point(const char *what)
{
	(void)what;
	DELAY_POINT();
}

static inline void sched_op(const char *what, const void *object, unsigned access, unsigned sync)
{
	(void)object;
	(void)access;
	(void)sync;
	sched_point(what);
}
