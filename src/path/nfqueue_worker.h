/* SPDX-License-Identifier: MIT */
/*
 * nfqueue_worker - one queue, one worker of the stack, one thread, one port.
 *
 *	READING --nfqueue_worker_drain--> DRAINING --nfqueue_worker_leave--> done
 *
 * A worker that has nothing left goes on with its turns until all have: the others may still send
 * it packets and answers.
 *
 * The thread sleeps on the queue, on the worker's mailbox and on its next timer.  Everything here
 * is called on that thread, except start, drain, rests, leave, join and the counters.
 */
#pragma once

#include "path/nfqueue.h"

struct nfqueue_worker;

MUST_CHECK wfp_err nfqueue_worker_create(struct nfqueue_worker **out,
					 const struct nfqueue_options *options, unsigned index,
					 struct stack *stack, struct buf *why);
void nfqueue_worker_destroy(struct nfqueue_worker *w); /* NULL is fine */

MUST_CHECK wfp_err nfqueue_worker_start(struct nfqueue_worker *w);
/* No new packets come: what is there is answered. */
void nfqueue_worker_drain(struct nfqueue_worker *w);
/* For some turns nothing has come, and all that came was answered; true if it was never started. */
bool nfqueue_worker_rests(struct nfqueue_worker *w);
/* The thread ends with its next turn. */
void nfqueue_worker_leave(struct nfqueue_worker *w);
void nfqueue_worker_join(struct nfqueue_worker *w);

void nfqueue_worker_counters(struct nfqueue_worker *w, struct path_counters *sum); /* adds */
