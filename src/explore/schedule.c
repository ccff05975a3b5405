/* SPDX-License-Identifier: MIT */
/*
 * schedule - a growing array of choices that outlives the runs it describes.
 *
 * Called by the searches, on the explorer's thread or on the stack of whichever thread runs.
 */
#include "explore/schedule.h"

#include "base/sim_control.h"

#include <string.h>

#define FIRST_ROOM 256u

static wfp_err reserve(struct explore_schedule *s, uint32_t room)
{
	struct explore_choice *grown;

	if (room <= s->room)
		return ERR_OK;
	if (room < FIRST_ROOM)
		room = FIRST_ROOM;
	grown = sim_control_realloc(s->choices, room * sizeof(*grown));
	if (!grown)
		return ERR_NO_MEMORY;
	s->choices = grown;
	s->room = room;
	return ERR_OK;
}

wfp_err explore_schedule_add(struct explore_schedule *s, struct explore_choice c)
{
	wfp_err err = reserve(s, s->n < s->room ? s->room : 2 * s->room + 1);

	if (!err)
		s->choices[s->n++] = c;
	return err;
}

wfp_err explore_schedule_copy(struct explore_schedule *to, const struct explore_schedule *from)
{
	wfp_err err = reserve(to, from->n);

	if (err)
		return err;
	if (from->n > 0)
		memcpy(to->choices, from->choices, from->n * sizeof(*from->choices));
	to->n = from->n;
	return ERR_OK;
}

void explore_schedule_free(struct explore_schedule *s)
{
	sim_control_free(s->choices);
	*s = (struct explore_schedule){0};
}

uint32_t explore_schedule_preemptions(const struct explore_schedule *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n; i++)
		n += s->choices[i].preempts;
	return n;
}
