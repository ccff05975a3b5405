/* SPDX-License-Identifier: MIT */
/*
 * pend_trace - tells one listener of every step that an operation or one of its records takes.
 *
 * Sim only, for the explorer's comparison with the model (models/README.md); on the host nothing of
 * it is compiled.  Called by pend.c right after a swap that succeeded, before anything else can
 * happen, on the thread that made it.
 */
#pragma once

#include "engine/pend_op.h"

/* An operation as the model sees it. */
struct pend_trace_state {
	uint8_t phase; /* enum pend_phase */
	bool cancelled;
	uint8_t flags; /* enum pend_flag, ORed */
	uint32_t holds;
	uint8_t records[PEND_RECORDS]; /* enum pend_record_state */
};

struct pend_trace_step {
	uint32_t slot, generation; /* of `before` */
	bool of_record;
	uint32_t record; /* which one */
	uint32_t event;	 /* enum pend_event, or enum pend_record_event of a record */
	struct pend_trace_state before, after;
};

#ifdef BASE_SIM

/* NULL: nobody listens.  Set before the world is ready. */
void pend_trace_set(void (*step)(void *ctx, const struct pend_trace_step *s), void *ctx);

void pend_trace_word(const struct pend_op *op, enum pend_event event, uint64_t before,
		     uint64_t after);
void pend_trace_record(const struct pend_op *op, unsigned record, uint32_t generation,
		       enum pend_record_event event, enum pend_record_state before);

#else

static inline void pend_trace_word(UNUSED const struct pend_op *op, UNUSED enum pend_event event,
				   UNUSED uint64_t before, UNUSED uint64_t after)
{
}

static inline void pend_trace_record(UNUSED const struct pend_op *op, UNUSED unsigned record,
				     UNUSED uint32_t generation,
				     UNUSED enum pend_record_event event,
				     UNUSED enum pend_record_state before)
{
}

#endif
