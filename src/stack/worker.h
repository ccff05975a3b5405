/* SPDX-License-Identifier: MIT */
/*
 * worker - what one worker owns; inside the stack only.
 *
 * A worker is a place, not a thread: a flow table, a fragment table, a mailbox.  Whoever has
 * entered it (stack_worker_enter) is its thread.  Everything here is touched by that thread alone,
 * except the mailbox and the atomic counters.
 */
#pragma once

#include "base/atomic.h"
#include "base/lock.h"
#include "engine/trail.h"
#include "stack/flow.h"
#include "stack/fragment.h"
#include "stack/layers.h"
#include "stack/stack.h"

#define STACK_MAX_WORKERS 64u

/* [I] immutable   [A] atomic   [W] worker's thread */
struct stack_worker {
	struct stack *stack; /* [I] */
	unsigned index;	     /* [I] */
	struct mailbox mailbox;
	struct atom32 in_flight;	  /* [A] letters sent to it and not yet opened */
	struct flow_table *flows;	  /* [W] */
	struct fragment_table *fragments; /* [W] */
	struct stack_port *port; /* [W] where packets go that answer nothing; NULL: none yet */
	struct atom32 held; /* [A] written by its thread: packets absorbed, pended or queued, and
			       flows whose authorization is in other hands */
	uint64_t now;	    /* [W] of this turn */
	uint64_t next_tick; /* [W] worker 0: when the engine and the ledger are looked at */
	struct stack_counters count;	 /* [W] */
	struct engine_trail trail;	 /* [W] of the last classify; see event_trail */
	uint16_t trail_layer;		 /* [W] */
	struct engine_flow_cache *cache; /* [W] for the layers that see every packet; NULL: none */
	struct spin published_lock;
	struct stack_counters published; /* [published_lock] count, as of the end of a turn */
};

/* [I] all but the workers' own   [A] atomic */
struct stack {
	struct engine *engine;
	struct stack_config config;
	uint8_t hash_key[16];
	struct layers *layers;
	/*
	 * [A] Letters under way and what workers hold, of all of them.  One number, because a look
	 * at one worker after the other misses the letter that the second sends to the first.
	 */
	struct atom32 busy;
	struct atom32 ended; /* [A] no thread takes turns any more: injections are refused */
	unsigned n_workers;
	struct stack_worker *workers;
};

static inline void worker_hold(struct stack_worker *w)
{
	atom32_add_relaxed(&w->held, 1);
	atom32_add(&w->stack->busy, 1);
}

static inline void worker_let_go(struct stack_worker *w)
{
	atom32_sub_relaxed(&w->held, 1);
	atom32_sub(&w->stack->busy, 1);
}

/* Sends a letter to a worker.  Any thread, any lock. */
void worker_send(struct stack_worker *w, struct letter *l);
/* The same, unless the stack has ended: then false, and the letter is still the caller's. */
MUST_CHECK bool worker_try_send(struct stack_worker *w, struct letter *l);
/* The packet goes on at `step` on another worker; the reference goes with it. */
void worker_move(struct stack_worker *to, struct packet *p, uint8_t step);
MUST_CHECK wfp_err worker_init(struct stack_worker *w, struct stack *s, unsigned index);
/* Opens what was sent to it.  True: there was something. */
bool worker_open_letters(struct stack_worker *w);
/* Safe on a worker that is zeroed. */
void worker_fini(struct stack_worker *w);
struct stack_worker *worker_for_packet(struct stack *s, const struct packet *p);
