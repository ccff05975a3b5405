/* SPDX-License-Identifier: MIT */
/*
 * pend_record - one callout's hold on one operation, from its pend to its answer.
 *
 * State, generation and the answer itself are one 64-bit word, so that whoever wins the
 * compare-and-swap from HELD has given the only answer, and nobody ever reads half of one.  Records
 * lie inside the operation and are numbered in the order of the walk, which is the order of weight:
 * that is how answers are arbitrated at resume.
 *
 *	63          40 39   36 35    32 31    16 15    0
 *	| generation  | state | reason | action | flags |
 */
#pragma once

#include "base/atomic.h"
#include "engine/pend.h"

#define PEND_RECORDS 16u /* holds on one operation; one more is refused for want of resources */

enum pend_record_state {
	PEND_RECORD_EMPTY,
	PEND_RECORD_HELD,
	PEND_RECORD_DONE,
	PEND_RECORD_REVOKED,
	PEND_RECORD_STATES
};

enum pend_record_event {
	PEND_RECORD_EV_TAKE,	 /* the callout pends */
	PEND_RECORD_EV_COMPLETE, /* the callout completes */
	PEND_RECORD_EV_REVOKE,	 /* the engine takes the hold away */
	PEND_RECORD_EV_RECALL,	 /* pended without Block and absorb: even an answer given is void */
	PEND_RECORD_EVENTS
};

/* What a word carries besides its state. */
struct pend_answer {
	enum pend_reason reason; /* REVOKED: why */
	uint16_t action;	 /* DONE: enum model_action; 0: no opinion, reauthorize */
	bool hard;		 /* DONE: the write right was cleared */
};

/* [P] the pool's spin lock, or the thread that classifies   [A] atomic */
struct pend_record {
	struct atom64 word;		/* [A] */
	struct atom32 callout_id;	/* [A] a hint once the generation is over */
	struct engine_callout *callout; /* [P] pinned until the operation ends */
	uint64_t filter_id;		/* [P] */
	uint64_t since;			/* [P] */
};

enum pend_record_state pend_record_state(uint64_t word, uint32_t generation);
struct pend_answer pend_record_answer(uint64_t word);

/*
 * Feeds one event.  True: this caller made the change; *was, when not NULL, is the state before.
 * False: *was says why not.
 */
bool pend_record_step(struct pend_record *r, uint32_t generation, enum pend_record_event event,
		      const struct pend_answer *answer, enum pend_record_state *was);

/*
 * Arbitrates the answers by weight, heaviest first, as those of sublayers.  on_revoke stands for
 * those who were revoked, except that a hold without absorb is always a block.
 */
struct pend_tally {
	unsigned undecided, revoked; /* how many; the others gave a verdict */
	enum engine_outcome outcome; /* ENGINE_PERMIT or ENGINE_BLOCK */
	uint32_t by_callout;	     /* who decided, 0: nobody */
};
void pend_record_arbitrate(const struct pend_record *records, unsigned n, uint32_t generation,
			   enum engine_default on_revoke, struct pend_tally *out);
