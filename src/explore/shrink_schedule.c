/* SPDX-License-Identifier: MIT */
/*
 * shrink_schedule - fewer preemptions, fewer switches, plain choices.
 *
 * A schedule is a row of runs: a run is what one thread does until another goes on.  A candidate is
 * a schedule with a run cut off, taken out, or moved beside another one of its thread; it need not
 * be possible, because a replay leaves it where it is not and the result is measured by what was
 * executed.  Called by shrink, on the explorer's thread.
 */
#include "explore/shrink_run.h"

#include "base/sim_control.h"

/* Choices first to end - 1. */
struct part {
	uint32_t first, end;
};

static uint32_t thread_at(const struct explore_schedule *s, uint32_t i)
{
	return s->choices[i].what;
}

static bool is_pick(const struct explore_schedule *s, uint32_t i)
{
	return s->choices[i].kind == EXPLORE_THREAD;
}

/* The run that begins at `first`: it ends where another thread is picked. */
static struct part run_at(const struct explore_schedule *s, uint32_t first)
{
	uint32_t i = first + 1;

	while (i < s->n &&
	       (!is_pick(s, i) || !is_pick(s, first) || thread_at(s, i) == thread_at(s, first)))
		i++;
	return (struct part){first, i};
}

/* The next run of the same thread; empty: there is none. */
static struct part next_of_thread(const struct explore_schedule *s, struct part run)
{
	uint32_t i = run.end;

	while (i < s->n && (!is_pick(s, i) || thread_at(s, i) != thread_at(s, run.first)))
		i++;
	return i < s->n ? run_at(s, i) : (struct part){s->n, s->n};
}

static bool try_parts(struct shrink *s, const struct part *parts, unsigned n)
{
	const struct explore_schedule *from = &s->best->schedule;
	struct explore_schedule candidate = {0};
	bool better = false;

	for (unsigned i = 0; i < n && !s->err; i++)
		for (uint32_t at = parts[i].first; at < parts[i].end && !s->err; at++)
			s->err = explore_schedule_add(&candidate, from->choices[at]);
	if (!s->err)
		better = shrink_try_schedule(s, &candidate);
	explore_schedule_free(&candidate);
	return better;
}

/* ---- the ways to make it smaller; each takes a run of the best schedule -----------------------
 */

/* What comes later is not needed, or happens by itself. */
static bool cut_off(struct shrink *s, struct part run)
{
	const struct part parts[] = {{0, run.first}};

	return try_parts(s, parts, ARRAY_LEN(parts));
}

static bool take_out(struct shrink *s, struct part run)
{
	const struct part parts[] = {{0, run.first}, {run.end, s->best->schedule.n}};

	return try_parts(s, parts, ARRAY_LEN(parts));
}

/* The thread goes on at once with what it does next. */
static bool pull_up(struct shrink *s, struct part run)
{
	struct part next = next_of_thread(&s->best->schedule, run);
	const struct part parts[] = {
		{0, run.end}, next, {run.end, next.first}, {next.end, s->best->schedule.n}};

	return next.first > run.end && next.first < next.end &&
	       try_parts(s, parts, ARRAY_LEN(parts));
}

/* The thread waits with it until it goes on anyway. */
static bool push_down(struct shrink *s, struct part run)
{
	struct part next = next_of_thread(&s->best->schedule, run);
	const struct part parts[] = {
		{0, run.first}, {run.end, next.first}, run, {next.first, s->best->schedule.n}};

	return next.first > run.end && next.first < next.end &&
	       try_parts(s, parts, ARRAY_LEN(parts));
}

static bool over_runs(struct shrink *s, bool (*edit)(struct shrink *s, struct part run))
{
	bool any = false;
	uint32_t at = 0;

	while (at < s->best->schedule.n && shrink_may_go_on(s)) {
		struct part run = run_at(&s->best->schedule, at);

		/* A better schedule is another one: its runs up to here are as they were, at most.
		 */
		if (edit(s, run))
			any = true;
		else
			at = run.end;
	}
	return any;
}

static bool plain_values(struct shrink *s)
{
	bool any = false;

	for (uint32_t i = 0; i < s->best->schedule.n && shrink_may_go_on(s); i++) {
		struct explore_schedule candidate = {0};

		if (is_pick(&s->best->schedule, i) || s->best->schedule.choices[i].what == 0)
			continue;
		s->err = explore_schedule_copy(&candidate, &s->best->schedule);
		if (!s->err) {
			candidate.choices[i].what = 0;
			any |= shrink_try_schedule(s, &candidate);
		}
		explore_schedule_free(&candidate);
	}
	return any;
}

void shrink_schedule(struct shrink *s)
{
	bool any;

	(void)over_runs(s, cut_off);
	do {
		any = over_runs(s, pull_up);
		any |= over_runs(s, push_down);
		any |= over_runs(s, take_out);
		any |= plain_values(s);
	} while (any && shrink_may_go_on(s));
}
