/* SPDX-License-Identifier: MIT */
/*
 * pend_step - the pure half of pend: which word follows which.
 *
 * An operation's whole state is one 64-bit word; pend_step says what an event makes of it and what
 * has to be done then.  Nothing here reads memory or knows threads: pend_op.c feeds events by
 * compare-and-swap, the tests enumerate them, and the model is made from the same table.
 *
 *	63          40 39   36 35    32 31   16 15    0
 *	| generation  | phase | cancel | holds | flags |
 */
#pragma once

#include "base/compiler.h"

enum pend_phase { PEND_FREE, PEND_CLASSIFYING, PEND_PENDED, PEND_RESUMING, PEND_PHASES };

enum pend_event {
	PEND_EV_BEGIN,	    /* the owner takes the slot */
	PEND_EV_PEND,	    /* a callout pends inside its classifyFn */
	PEND_EV_COMPLETE,   /* a holder completes: its record is DONE */
	PEND_EV_REVOKE,	    /* a hold is taken away: its record is REVOKED */
	PEND_EV_CLASSIFIED, /* the walk is over: the classify's own hold goes */
	PEND_EV_CANCEL,	    /* the endpoint closed; with a reason */
	PEND_EV_RESUME,	    /* the owner asks what to do */
	PEND_EV_END,	    /* the owner gives the slot back */
	PEND_EVENTS
};

enum pend_guard {
	PEND_IF_ALWAYS,
	PEND_IF_CANCELLED,
	PEND_IF_UNTOUCHED, /* one hold, and nobody but the classify ever held */
	PEND_IF_ONE_HOLD,
	PEND_IF_TWO_HOLDS, /* or more */
	PEND_IF_JOINED,	   /* two holds or more, and not for the first time */
	PEND_IF_FULL,
	PEND_IF_TAKEN, /* the owner has read the result */
	PEND_GUARDS
};

enum pend_action {
	PEND_DO_NOTHING = 0,
	/* Changes of the word. */
	PEND_DO_HOLD = 1 << 0,
	PEND_DO_DROP = 1 << 1,
	PEND_DO_MARK_HELD = 1 << 2,
	PEND_DO_MARK_JOINED = 1 << 3,
	PEND_DO_MARK_TAKEN = 1 << 4,
	PEND_DO_MARK_CANCEL = 1 << 5,
	PEND_DO_NEXT_LIFE = 1 << 6, /* generation + 1, all else 0 */
	/* Duties. */
	PEND_DO_REFUSE = 1 << 7, /* the event fails */
	PEND_DO_POST = 1 << 8,	 /* this was the last hold: post the operation to its owner */
	PEND_DO_INLINE = 1 << 9, /* nobody ever held: the classify's verdict stands */
	PEND_DO_REVOKE_ALL = 1 << 10,
	PEND_DO_COUNT_JOINED = 1 << 11,
	PEND_DO_COUNT_EARLY = 1 << 12,
};

enum pend_flag { PEND_FLAG_HELD = 1, PEND_FLAG_JOINED = 2, PEND_FLAG_TAKEN = 4 };

#define PEND_GENERATION_BITS 24
#define PEND_GENERATION_MASK ((UINT32_C(1) << PEND_GENERATION_BITS) - 1)
#define PEND_HOLDS_MAX	     UINT16_MAX

static inline uint64_t pend_word_make(uint32_t generation, enum pend_phase phase, uint32_t cancel,
				      uint32_t holds, uint32_t flags)
{
	return (uint64_t)(generation & PEND_GENERATION_MASK) << 40 | (uint64_t)phase << 36 |
	       (uint64_t)cancel << 32 | holds << 16 | flags;
}

static inline uint32_t pend_word_generation(uint64_t word)
{
	return (uint32_t)(word >> 40);
}

static inline enum pend_phase pend_word_phase(uint64_t word)
{
	return (enum pend_phase)(word >> 36 & 0xf);
}

static inline uint32_t pend_word_cancel(uint64_t word)
{
	return (uint32_t)(word >> 32 & 0xf);
}

static inline uint32_t pend_word_holds(uint64_t word)
{
	return (uint32_t)(word >> 16 & 0xffff);
}

static inline uint32_t pend_word_flags(uint64_t word)
{
	return (uint32_t)(word & 0xffff);
}

struct pend_row {
	uint8_t phase, event, guard, next;
	uint16_t actions;
};

struct pend_next {
	bool ok;	  /* false: refused, word is the old one */
	uint16_t actions; /* enum pend_action, ORed */
	uint64_t word;
};

/* reason: of a CANCEL, 1 to 15; else 0. */
struct pend_next pend_step(uint64_t word, enum pend_event event, uint32_t reason);

/* The same over another table: for tests that show what each row is there for. */
extern const struct pend_row pend_rows[];
extern const unsigned pend_n_rows;
struct pend_next pend_step_in(const struct pend_row *rows, unsigned n, uint64_t word,
			      enum pend_event event, uint32_t reason);

const char *pend_phase_name(enum pend_phase phase);
const char *pend_event_name(enum pend_event event);
