/* SPDX-License-Identifier: MIT */
/*
 * proc - other programs, and what this one may do.
 */
#pragma once

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"

/*
 * Runs argv[0], found by PATH, and waits for it.  status: its exit code, or 128 plus the signal
 * that ended it.  out, unless NULL, gets its standard output and error appended.
 */
MUST_CHECK wfp_err proc_run(const char *const argv[], int *status, struct buf *out);

/* Becomes another program, found by its path; returns only when that failed. */
MUST_CHECK wfp_err proc_exec(const char *path, char *const argv[]);

/* Appends the path of the program that runs. */
MUST_CHECK wfp_err proc_own_path(struct buf *out);

/* CAP_NET_ADMIN is in the effective set. */
bool proc_can_net_admin(void);

/* The effective user. */
uint32_t proc_uid(void);

/* A debugger is attached. */
bool proc_traced(void);

/* Hands over to the debugger, and comes back when it says so; without one the process ends. */
void proc_break(void);

/* NULL: not set, or not to be trusted because the program has rights that its user lacks. */
const char *proc_env(const char *name);

/*
 * Tells the service manager, when it has started us and asks for it (NOTIFY_SOCKET), how we are:
 * "READY=1", "STOPPING=1".  Nothing happens otherwise.
 */
void proc_notify(const char *state);
