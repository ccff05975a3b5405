/* SPDX-License-Identifier: MIT */
/*
 * mailbox - how any thread hands work to the one worker that owns it.
 *
 * Many producers, one consumer, intrusive and lock-free: pushing cannot fail and may be done with
 * any lock held and from inside a callout.  Mail of one producer arrives in the order it was
 * pushed.  On the host the descriptor lets the worker sleep on mail and packets at once.
 */
#pragma once

#include "base/atomic.h"
#include "base/compiler.h"
#include "base/err.h"

#ifdef BASE_SIM
#include "base/sim/waitq.h"
#endif

struct mail {
	struct mail *next;
};

/* [I] immutable, [A] atomic */
struct mailbox {
	struct atomptr newest; /* [A] the pushed mail, newest first; NULL: empty */
	const char *name;      /* [I] */
#ifdef BASE_HOST
	int fd; /* [I] eventfd that counts the steps of newest from NULL */
#else
	struct sim_waitq waiting;
#endif
};

/* name: a string that outlives the mailbox. */
MUST_CHECK wfp_err mailbox_init(struct mailbox *m, const char *name);

/* Nobody may push any more; mail still inside is the caller's to take first. */
void mailbox_destroy(struct mailbox *m);

/* Wakes the consumer.  The mail belongs to the mailbox until it is taken. */
void mailbox_push(struct mailbox *m, struct mail *mail);

/* Consumer only: everything pushed so far, oldest first, linked by next; NULL when empty. */
struct mail *mailbox_take_all(struct mailbox *m);

/* Consumer only: true when there is mail, false when the deadline has passed without any. */
MUST_CHECK bool mailbox_wait_until(struct mailbox *m, uint64_t deadline);

/* Host: readable while there is mail; for poll only.  Sim: -1. */
int mailbox_fd(const struct mailbox *m);
