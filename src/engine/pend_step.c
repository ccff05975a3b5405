/* SPDX-License-Identifier: MIT */
/*
 * pend_step - the step function of pended operations, made from pend_table.def.
 *
 *	                PEND, COMPLETE, REVOKE           COMPLETE, REVOKE
 *	                      +----+                         +----+
 *	       BEGIN          |    v      CLASSIFIED,        |    v
 *	FREE --------------> CLASSIFYING --somebody holds--> PENDED
 *	 ^  holds = 1             |                             |
 *	 |                        | CLASSIFIED,                 | the drop from 1 to 0:
 *	 |                        | nobody holds:               | post
 *	 |                        | inline or post              |
 *	 |          END           v                             |
 *	 +--------------------- RESUMING <----------------------+
 *	   generation + 1        |    ^
 *	                         +----+ RESUME, CANCEL
 *
 * PEND exists in CLASSIFYING alone, where the classify's own hold is held: that is why holds never
 * rise from zero, and why RESUMING is entered once in each life.
 */
#include "engine/pend_step.h"

const struct pend_row pend_rows[] = {
#define HOLD	     PEND_DO_HOLD
#define DROP	     PEND_DO_DROP
#define MARK_HELD    PEND_DO_MARK_HELD
#define MARK_JOINED  PEND_DO_MARK_JOINED
#define MARK_TAKEN   PEND_DO_MARK_TAKEN
#define MARK_CANCEL  PEND_DO_MARK_CANCEL
#define NEXT_LIFE    PEND_DO_NEXT_LIFE
#define NOTHING	     PEND_DO_NOTHING
#define REFUSE	     PEND_DO_REFUSE
#define POST	     PEND_DO_POST
#define INLINE	     PEND_DO_INLINE
#define REVOKE_ALL   PEND_DO_REVOKE_ALL
#define COUNT_JOINED PEND_DO_COUNT_JOINED
#define COUNT_EARLY  PEND_DO_COUNT_EARLY
#define PEND_ROW(phase, event, guard, next, actions)                                               \
	{PEND_##phase, PEND_EV_##event, PEND_IF_##guard, PEND_##next, actions},
#include "engine/pend_table.def"
};
const unsigned pend_n_rows = ARRAY_LEN(pend_rows);

static bool guard_holds(enum pend_guard guard, uint64_t word)
{
	uint32_t holds = pend_word_holds(word), flags = pend_word_flags(word);

	switch (guard) {
	case PEND_IF_ALWAYS:
		return true;
	case PEND_IF_CANCELLED:
		return pend_word_cancel(word) != 0;
	case PEND_IF_UNTOUCHED:
		return holds == 1 && !(flags & PEND_FLAG_HELD);
	case PEND_IF_ONE_HOLD:
		return holds == 1;
	case PEND_IF_TWO_HOLDS:
		return holds >= 2;
	case PEND_IF_JOINED:
		return holds >= 2 && (flags & PEND_FLAG_JOINED);
	case PEND_IF_FULL:
		return holds == PEND_HOLDS_MAX;
	case PEND_IF_TAKEN:
		return flags & PEND_FLAG_TAKEN;
	case PEND_GUARDS:
		break;
	}
	return false;
}

static uint32_t flags_after(uint32_t flags, uint32_t actions)
{
	if (actions & PEND_DO_MARK_HELD)
		flags |= PEND_FLAG_HELD;
	if (actions & PEND_DO_MARK_JOINED)
		flags |= PEND_FLAG_JOINED;
	if (actions & PEND_DO_MARK_TAKEN)
		flags |= PEND_FLAG_TAKEN;
	return flags;
}

static uint64_t word_after(uint64_t word, const struct pend_row *row, uint32_t reason)
{
	uint32_t generation = pend_word_generation(word), cancel = pend_word_cancel(word);
	uint32_t holds = pend_word_holds(word);

	if (row->actions & PEND_DO_NEXT_LIFE)
		return pend_word_make(generation + 1, row->next, 0, 0, 0);
	if (row->actions & PEND_DO_HOLD)
		holds++;
	if (row->actions & PEND_DO_DROP)
		holds--;
	if (row->actions & PEND_DO_MARK_CANCEL)
		cancel = reason;
	return pend_word_make(generation, row->next, cancel, holds,
			      flags_after(pend_word_flags(word), row->actions));
}

struct pend_next pend_step_in(const struct pend_row *rows, unsigned n, uint64_t word,
			      enum pend_event event, uint32_t reason)
{
	enum pend_phase phase = pend_word_phase(word);

	for (const struct pend_row *row = rows; row < rows + n; row++) {
		if (row->phase != phase || row->event != event || !guard_holds(row->guard, word))
			continue;
		if (row->actions & PEND_DO_REFUSE)
			break;
		return (struct pend_next){true, row->actions, word_after(word, row, reason)};
	}
	return (struct pend_next){false, PEND_DO_NOTHING, word};
}

struct pend_next pend_step(uint64_t word, enum pend_event event, uint32_t reason)
{
	return pend_step_in(pend_rows, pend_n_rows, word, event, reason);
}

const char *pend_phase_name(enum pend_phase phase)
{
	static const char *const names[PEND_PHASES] = {"free", "classifying", "pended", "resuming"};

	return (unsigned)phase < PEND_PHASES ? names[phase] : "?";
}

const char *pend_event_name(enum pend_event event)
{
	static const char *const names[PEND_EVENTS] = {"begin",	     "pend",   "complete", "revoke",
						       "classified", "cancel", "resume",   "end"};

	return (unsigned)event < PEND_EVENTS ? names[event] : "?";
}
