/* SPDX-License-Identifier: MIT */
/*
 * team - copies of this process that share a piece of work and report to the first one.
 *
 * Thread: a process that has one.  A member is a fork: it has what its leader had, and what it
 * changes is its own, except in memory of team_share.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"

/* In the leader: somebody to hear.  In the member: whom to tell. */
struct team_member {
	int pid; /* 0: this is the member */
	int fd;
};

/* Comes back twice. */
MUST_CHECK wfp_err team_fork(struct team_member *m);

/* In the member.  All of it, or an error: the leader is gone. */
MUST_CHECK wfp_err team_tell(const struct team_member *m, const void *data, size_t len);
NORETURN void team_leave(void);

/* In the leader.  All of it, or ERR_HANDLE_EOF: the member has said less, and is gone. */
MUST_CHECK wfp_err team_hear(const struct team_member *m, void *data, size_t len);
/* Waits for its end: its exit code, or 128 plus the signal that ended it. */
int team_await(struct team_member *m);

/* Zeroed memory that leader and members see alike.  NULL: there is none. */
MUST_CHECK void *team_share(size_t len);
void team_unshare(void *shared, size_t len);

/* The machine's, in nanoseconds: also where clock_now is virtual. */
uint64_t team_clock(void);
