/* SPDX-License-Identifier: MIT */
/*
 * ke - the dispatcher: the one lock under which objects become signaled, shared by ke_wait.c,
 * which waits for them, and ke_dpc.c, whose timers are such objects.
 */
#pragma once

#include "ntshim/shim.h"

enum nt_object_type {
	NT_EVENT_NOTIFICATION = 0,
	NT_EVENT_SYNCHRONIZATION = 1,
	NT_THREAD = 6,
	NT_TIMER_NOTIFICATION = 8,
	NT_TIMER_SYNCHRONIZATION = 9,
};

extern struct lock nt_dispatcher;

/*
 * Stands for all dispatcher objects, the DPC queue and the timers at once where operations are
 * announced: those on the queues are, because their order can be seen.
 */
extern const char nt_dispatcher_all;

/* Before an operation on a dispatcher object: an event, a timer, a thread. */
void nt_dispatcher_op(const char *function, const void *object, unsigned access, unsigned sync);

/* Lets every waiter go on that can, oldest first; whoever takes a synchronization object resets it.
 */
void nt_dispatcher_serve(void) REQUIRES(nt_dispatcher);

/* Windows time (100 ns; negative: from now, positive: a date since 1601) to a point of clock_now.
 */
uint64_t nt_deadline(LARGE_INTEGER due);
