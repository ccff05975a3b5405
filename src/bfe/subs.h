/* SPDX-License-Identifier: MIT */
/*
 * subs - subscribers who are called by one thread with no lock held, and who may leave at any time.
 *
 * Leaving waits for a call that is under way, so whoever has left is not called any more and may
 * free what his callback uses; leaving from inside the own callback does not wait.  Embedded in
 * whatever a subscriber is; the owner's lock guards the list.
 */
#pragma once

#include "base/atomic.h"
#include "base/list.h"
#include "base/lock.h"

struct bfe_sub {
	struct list link;   /* the owner's lock */
	uint32_t running;   /* the owner's lock: thread_id of who calls it now; 0: nobody */
	bool left_inside;   /* the owner's lock: from inside its call, which frees it */
	struct atom32 gone; /* has left, or is about to: not to be called again */
};

struct bfe_subs {
	struct list list;
	struct cond idle; /* somebody's call has ended */
	struct lock *lock;
	uint32_t n; /* [lock] */
	void (*free)(struct bfe_sub *s);
};

void bfe_subs_init(struct bfe_subs *subs, struct lock *lock, void (*free)(struct bfe_sub *s));
void bfe_subs_destroy(struct bfe_subs *subs); /* must be empty */

/* Any thread.  leave frees the subscriber, at once or when its call returns. */
void bfe_subs_join(struct bfe_subs *subs, struct bfe_sub *s);
void bfe_subs_leave(struct bfe_subs *subs, struct bfe_sub *s);

/* One thread: calls fn for each subscriber, in the order in which they joined. */
void bfe_subs_each(struct bfe_subs *subs, void (*fn)(struct bfe_sub *s, void *arg), void *arg);
/* False: it has left, perhaps during the call, and must not be told any more. */
bool bfe_sub_listens(const struct bfe_sub *s);
