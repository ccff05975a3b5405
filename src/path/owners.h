/* SPDX-License-Identifier: MIT */
/*
 * owners - the program that has a socket open: from the socket's number to an application id.
 *
 * What was found is remembered for a few sockets and proved again each time, because a number
 * outlives nothing: the descriptor must still be that socket, and the program is read anew (a
 * process can run another one and keep its sockets).  Not found is remembered, too, for a while.
 * A search delays the worker that asks by OWNERS_SEARCH_TIME at most; one that ran out of time goes
 * on when the socket is asked for again.  One thread owns an object.
 * Host only.
 */
#pragma once

#include "base/clock.h"
#include "model/app.h"

#define OWNERS_SEARCH_TIME (50 * CLOCK_MS)
#define OWNERS_NOBODY_TIME (2 * CLOCK_S) /* a socket that nobody has is not searched again */

struct owners;

/* root: "/proc". */
MUST_CHECK wfp_err owners_open(struct owners **out, const char *root);
void owners_close(struct owners *o); /* NULL is fine */

/*
 * now: clock_now().  False: nobody known.  *app is a reference for the caller.  Of several
 * processes with the socket the one remembered counts, else the one with the highest number.
 */
bool owners_find(struct owners *o, uint64_t inode, uint64_t now, uint32_t *pid,
		 struct model_app **app);
