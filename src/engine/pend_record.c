/* SPDX-License-Identifier: MIT */
/*
 * pend_record - the life of a hold record, and the arbitration of what the holders answered.
 *
 *	        TAKE          COMPLETE
 *	EMPTY --------> HELD ----------> DONE
 *	                  |               | RECALL
 *	                  | REVOKE        v
 *	                  +-----------> REVOKED
 *
 * The way back to EMPTY is the operation's next generation.  Completing is any thread's, the rest
 * the engine's; the compare-and-swap decides between them.
 */
#include "engine/pend_record.h"

#include "engine/arbitrate.h"
#include "engine/pend_step.h"

#define FLAG_HARD 1u

struct record_row {
	uint8_t state, event, next;
};

static const struct record_row record_rows[] = {
#define RECORD_ROW(state, event, next)                                                             \
	{PEND_RECORD_##state, PEND_RECORD_EV_##event, PEND_RECORD_##next},
#include "engine/pend_table.def"
};

static bool next_state(enum pend_record_state state, enum pend_record_event event,
		       enum pend_record_state *next)
{
	for (unsigned i = 0; i < ARRAY_LEN(record_rows); i++) {
		if (record_rows[i].state == state && record_rows[i].event == event) {
			*next = (enum pend_record_state)record_rows[i].next;
			return true;
		}
	}
	return false;
}

static uint64_t make_word(uint32_t generation, enum pend_record_state state,
			  const struct pend_answer *a)
{
	uint64_t word = (uint64_t)generation << 40 | (uint64_t)state << 36;

	if (a)
		word |= (uint64_t)a->reason << 32 | (uint64_t)a->action << 16 |
			(a->hard ? FLAG_HARD : 0);
	return word;
}

enum pend_record_state pend_record_state(uint64_t word, uint32_t generation)
{
	if (word >> 40 != (generation & PEND_GENERATION_MASK))
		return PEND_RECORD_EMPTY;
	return (enum pend_record_state)(word >> 36 & 0xf);
}

struct pend_answer pend_record_answer(uint64_t word)
{
	return (struct pend_answer){
		.reason = (enum pend_reason)(word >> 32 & 0xf),
		.action = (uint16_t)(word >> 16),
		.hard = word & FLAG_HARD,
	};
}

bool pend_record_step(struct pend_record *r, uint32_t generation, enum pend_record_event event,
		      const struct pend_answer *answer, enum pend_record_state *was)
{
	enum pend_record_state state, next;
	uint64_t word = atom64_load(&r->word);
	bool legal;

	do {
		state = pend_record_state(word, generation);
		legal = next_state(state, event, &next);
	} while (legal && !atom64_cas(&r->word, &word, make_word(generation, next, answer)));
	if (was)
		*was = state;
	return legal;
}

/* What a holder says; false: it has no opinion. */
static bool opinion_of(const struct pend_record *r, enum pend_record_state state,
		       struct pend_answer a, enum engine_default on_revoke,
		       struct engine_opinion *o)
{
	bool revoked = state == PEND_RECORD_REVOKED;

	*o = (struct engine_opinion){
		.action = a.action,
		.hard = a.hard,
		.by_callout = true,
		.callout_id = atom32_load_relaxed(&r->callout_id),
	};
	if (revoked && (a.reason == PEND_REASON_NO_ABSORB || on_revoke == ENGINE_DEFAULT_BLOCK)) {
		o->action = MODEL_ACTION_BLOCK;
		o->hard = true;
	} else if (revoked) {
		o->action = MODEL_ACTION_PERMIT;
		o->hard = false;
	}
	return o->action == MODEL_ACTION_PERMIT || o->action == MODEL_ACTION_BLOCK;
}

void pend_record_arbitrate(const struct pend_record *records, unsigned n, uint32_t generation,
			   enum engine_default on_revoke, struct pend_tally *out)
{
	struct engine_arbiter arbiter = {.standing = ENGINE_STANDING_NONE};
	struct engine_opinion opinion;

	*out = (struct pend_tally){0};
	for (unsigned i = 0; i < n; i++) {
		uint64_t word = atom64_load_acquire(&records[i].word);
		enum pend_record_state state = pend_record_state(word, generation);
		struct pend_answer answer = pend_record_answer(word);

		out->revoked += state == PEND_RECORD_REVOKED;
		out->undecided += state == PEND_RECORD_DONE && answer.action == 0;
		if (opinion_of(&records[i], state, answer, on_revoke, &opinion))
			engine_arbiter_hear(&arbiter, &opinion);
	}
	out->outcome = engine_arbiter_blocks(&arbiter) ? ENGINE_BLOCK : ENGINE_PERMIT;
	out->by_callout = arbiter.decider.callout_id;
}
