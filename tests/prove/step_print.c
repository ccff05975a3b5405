/* SPDX-License-Identifier: MIT */
/* Prints what the step functions make of every word and event, in the words of
 * models/step_table.pml. */
#include <stdio.h>

#include "engine/pend_record.h"
#include "engine/pend_step.h"

#define GENERATION 3u
#define REASON	   5u

static void print_word(uint32_t phase, uint32_t cancel, uint32_t holds, uint32_t flags,
		       uint32_t event)
{
	uint64_t word = pend_word_make(GENERATION, (enum pend_phase)phase, cancel ? REASON : 0,
				       holds, flags);
	struct pend_next n = pend_step(word, (enum pend_event)event, REASON);

	printf("word %u %u %u %u event %u: %d %u, %u %u %d %u %u\n", phase, cancel, holds, flags,
	       event, n.ok, n.actions, pend_word_generation(n.word) - GENERATION,
	       pend_word_phase(n.word), pend_word_cancel(n.word) != 0, pend_word_holds(n.word),
	       pend_word_flags(n.word));
}

static void print_words(uint32_t phase, uint32_t cancel)
{
	for (uint32_t holds = 0; holds <= 4; holds++)
		for (uint32_t flags = 0; flags < 8; flags++)
			for (uint32_t event = 0; event < PEND_EVENTS; event++)
				print_word(phase, cancel, holds, flags, event);
}

/* A record in that state, reached as the engine does it. */
static void bring_to(struct pend_record *r, uint32_t state)
{
	static const enum pend_record_event to[] = {
		[PEND_RECORD_DONE] = PEND_RECORD_EV_COMPLETE,
		[PEND_RECORD_REVOKED] = PEND_RECORD_EV_REVOKE,
	};
	struct pend_answer none = {0};

	if (state != PEND_RECORD_EMPTY)
		pend_record_step(r, GENERATION, PEND_RECORD_EV_TAKE, &none, NULL);
	if (state > PEND_RECORD_HELD)
		pend_record_step(r, GENERATION, to[state], &none, NULL);
}

static void print_record(uint32_t state, uint32_t event)
{
	struct pend_record r = {0};
	struct pend_answer none = {0};
	bool ok;

	bring_to(&r, state);
	ok = pend_record_step(&r, GENERATION, (enum pend_record_event)event, &none, NULL);
	printf("record %u event %u: %d %u\n", state, event, ok,
	       pend_record_state(atom64_load(&r.word), GENERATION));
}

int main(void)
{
	for (uint32_t phase = 0; phase < PEND_PHASES; phase++)
		for (uint32_t cancel = 0; cancel < 2; cancel++)
			print_words(phase, cancel);
	for (uint32_t state = 0; state < PEND_RECORD_STATES; state++)
		for (uint32_t event = 0; event < PEND_RECORD_EVENTS; event++)
			print_record(state, event);
	return 0;
}
