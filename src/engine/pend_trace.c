/* SPDX-License-Identifier: MIT */
/*
 * pend_trace - what an operation looked like before a step and after it.
 *
 * Threads of the simulator run one at a time, so words that are read here are those of the moment
 * of the swap.
 */
#include "engine/pend_trace.h"

#ifdef BASE_SIM

static void (*listener)(void *ctx, const struct pend_trace_step *s);
static void *listener_ctx;

void pend_trace_set(void (*step)(void *ctx, const struct pend_trace_step *s), void *ctx)
{
	listener = step;
	listener_ctx = ctx;
}

/* Not an access of the protocol: it must not be a scheduling point. */
static uint64_t peek(const struct atom64 *a)
{
	return atom64_load_relaxed(a);
}

static void look(const struct pend_op *op, uint64_t word, struct pend_trace_state *out)
{
	*out = (struct pend_trace_state){
		.phase = (uint8_t)pend_word_phase(word),
		.cancelled = pend_word_cancel(word) != 0,
		.flags = (uint8_t)pend_word_flags(word),
		.holds = pend_word_holds(word),
	};
	for (unsigned i = 0; i < PEND_RECORDS; i++)
		out->records[i] = (uint8_t)pend_record_state(peek(&op->records[i].word),
							     pend_word_generation(word));
}

void pend_trace_word(const struct pend_op *op, enum pend_event event, uint64_t before,
		     uint64_t after)
{
	struct pend_trace_step s = {
		.slot = op->slot.index,
		.generation = pend_word_generation(before),
		.event = event,
	};

	if (!listener)
		return;
	look(op, before, &s.before);
	look(op, after, &s.after);
	listener(listener_ctx, &s);
}

void pend_trace_record(const struct pend_op *op, unsigned record, uint32_t generation,
		       enum pend_record_event event, enum pend_record_state before)
{
	struct pend_trace_step s = {
		.slot = op->slot.index,
		.generation = generation,
		.of_record = true,
		.record = record,
		.event = event,
	};

	if (!listener)
		return;
	look(op, peek(&op->word), &s.after);
	s.before = s.after;
	s.before.records[record] = (uint8_t)before;
	listener(listener_ctx, &s);
}

#endif
