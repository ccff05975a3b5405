/* SPDX-License-Identifier: MIT */
/*
 * nfqueue - packets of the running kernel, through its queues to user space.  Host only.
 *
 * A table of our own (nfqueue_rules.h) sends what passes the INPUT, OUTPUT and FORWARD hooks of
 * this network namespace to one queue per worker; the kernel spreads packets by their pair of
 * addresses, so both directions of a flow meet the same worker.  Each worker has a thread, which
 * reads packets in batches, gives them to the stack and sends the verdicts back coalesced.
 *
 * open binds the queues first and installs the rules last, so whatever fails leaves nothing behind;
 * run removes the rules first and then waits until everything is answered.
 */
#pragma once

#include "path/path.h"

#define NFQUEUE_QUEUES_MAX 64u

enum nfqueue_family { NFQUEUE_IPV4 = 1, NFQUEUE_IPV6 = 2 };

struct nfqueue_options {
	uint16_t first_queue, n_queues; /* the stack must have n_queues workers */
	unsigned hooks;			/* bits 1 << PACKET_IN, PACKET_OUT, PACKET_FORWARD */
	unsigned families;		/* enum nfqueue_family, ORed */
	bool fail_open;	  /* packets pass when nobody listens or a queue is full; else they are
			     dropped */
	uint32_t mark;	  /* one bit: on packets that we send ourselves, which are not queued */
	uint32_t max_len; /* packets that wait in one queue of the kernel */
	const char
		*table; /* the name of our table; two platforms in one namespace need two names */
	struct engine
		*engine; /* stopped at the end, so that nothing is held; NULL: the caller does */
};

/* One queue, number 0; all hooks, both families; fail-closed; mark 0x10000000; "openwfp". */
struct nfqueue_options nfqueue_options_default(void);
/* ERR_INVALID_PARAMETER with a sentence in `why`.  arg: the argument of open, which must be empty.
 */
MUST_CHECK wfp_err nfqueue_options_check(const struct nfqueue_options *o, const char *arg,
					 struct buf *why);

extern const struct path_ops nfqueue_path;
