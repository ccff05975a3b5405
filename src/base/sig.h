/* SPDX-License-Identifier: MIT */
/*
 * sig - the signals that a long-running program obeys, as events that a thread waits for.
 *
 * SIGTERM and SIGINT ask it to stop, SIGHUP to reload, SIGUSR1 to report. They are counted from the
 * moment of sig_watch, none is lost; several of one kind before a sig_take are one event.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"

enum sig_event {
	SIG_EVENT_STOP = 1u << 0,
	SIG_EVENT_RELOAD = 1u << 1,
	SIG_EVENT_REPORT = 1u << 2,
};

/* From here on the events are caught instead of ending the process.  Once, from the main thread. */
MUST_CHECK wfp_err sig_watch(void);

/* Readable while there are events; -1 before sig_watch. */
int sig_fd(void);

/* The events since the last call, ORed; never blocks.  One thread takes them. */
uint32_t sig_take(void);

/* As if the signal had come: wakes the thread that waits for sig_fd.  Any thread. */
void sig_post(enum sig_event event);
