/* SPDX-License-Identifier: MIT */
/*
 * schedule - the choices of one run, in order: who went on at each step, and what choose answered.
 *
 * A run is a function of its schedule.  Replaying stops following at the first choice that cannot
 * be made (a shortened or edited one) and goes on without preempting anybody.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"

enum explore_choice_kind { EXPLORE_THREAD, EXPLORE_VALUE };

struct explore_choice {
	uint32_t what; /* a thread's id (SIM_TIME: the clock), or the value */
	uint8_t kind;  /* enum explore_choice_kind */
	bool preempts; /* the thread that ran before could have gone on */
	uint16_t of;   /* EXPLORE_VALUE: 0 to of - 1 were possible */
};

/* In memory of sim_control_alloc. */
struct explore_schedule {
	struct explore_choice *choices;
	uint32_t n, room;
};

wfp_err explore_schedule_add(struct explore_schedule *s, struct explore_choice c);
wfp_err explore_schedule_copy(struct explore_schedule *to, const struct explore_schedule *from);
void explore_schedule_free(struct explore_schedule *s);
uint32_t explore_schedule_preemptions(const struct explore_schedule *s);
