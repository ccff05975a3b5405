/* SPDX-License-Identifier: MIT */
/*
 * nfqueue_worker - one queue, one worker of the stack, one thread, one port.
 *
 *	READING --nfqueue_worker_stop--> DRAINING --all answered, stack at rest, or deadline--> done
 *
 * The thread sleeps on the queue, on the worker's mailbox and on its next timer.  Everything here is
 * called on that thread, except start, stop, join and the counters.
 */
#pragma once

#include "path/nfqueue.h"

struct nfqueue_worker;

MUST_CHECK wfp_err nfqueue_worker_create(struct nfqueue_worker **out, const struct nfqueue_options *options,
					 unsigned index, struct stack *stack, struct buf *why);
void nfqueue_worker_destroy(struct nfqueue_worker *w); /* NULL is fine */

MUST_CHECK wfp_err nfqueue_worker_start(struct nfqueue_worker *w);
/* No new packets come: the thread ends when nothing is left, at `deadline` at the latest. */
void nfqueue_worker_stop(struct nfqueue_worker *w, uint64_t deadline);
void nfqueue_worker_join(struct nfqueue_worker *w);

void nfqueue_worker_counters(struct nfqueue_worker *w, struct path_counters *sum); /* adds */
