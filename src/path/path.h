/* SPDX-License-Identifier: MIT */
/*
 * path - where packets come from: one struct per kind of datapath, one row in the table of path.c.
 *
 * A path owns the threads that drive the stack's workers.  open checks everything that can be wrong
 * and leaves nothing behind on failure; run returns when the source is exhausted or stop was
 * called, with every packet answered and everything it had installed removed.
 */
#pragma once

#include "base/buf.h"
#include "stack/stack.h"

struct path;

struct path_counters {
	uint64_t received, accepted, dropped, modified, sent,
		lost; /* lost: the source overflowed */
};

struct path_ops {
	const char *name; /* "nfqueue", "replay", "none" */
	/*
	 * `arg` is what stood behind the colon ("" for none), `opts` the kind's own options.
	 * On failure `why` says what is missing and how to get it.
	 */
	wfp_err (*open)(struct path **out, const char *arg, const void *opts, struct stack *stack,
			struct buf *why);
	wfp_err (*run)(struct path *p, struct buf *why);
	/* Any thread; async-signal context is not allowed.  run ends soon. */
	void (*stop)(struct path *p);
	void (*counters)(struct path *p, struct path_counters *out);
	void (*close)(struct path *p);
};

struct path {
	const struct path_ops *ops;
};

const struct path_ops *path_find(const char *name); /* NULL: no such kind in this build */
