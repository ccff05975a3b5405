/* SPDX-License-Identifier: MIT */
/*
 * members - a search that several processes share, and what each of them has found.
 *
 * The leader forks when the subject is prepared, and only listens then.  A member searches its part
 * (the strategies know which by its number), tells its result and leaves.  A member that dies is a
 * finding: the schedule it was in lies in memory that both see.
 */
#include "explore/strategy.h"

#include <stdio.h>
#include <string.h>

#define MEMBERS_MAX 64u

struct team {
	struct search_team *common;
	size_t size; /* of one member's shared memory */
	struct search_shared *shared[MEMBERS_MAX];
	struct team_member members[MEMBERS_MAX];
	uint32_t n;
};

/* ---- in the member */

static void tell(const struct search *s, const struct team_member *leader)
{
	wfp_err err = team_tell(leader, &s->result, sizeof(s->result));

	for (const struct explore_found_item *i = s->out->found; i && !err; i = i->next) {
		err = team_tell(leader, i, sizeof(*i));
		if (!err)
			err = team_tell(leader, i->schedule.choices,
					i->schedule.n * sizeof(*i->schedule.choices));
	}
	/* A leader that is gone hears nothing; there is nobody else to tell. */
}

static NORETURN void be_member(struct search *s, struct team *t, uint32_t number)
{
	s->member = number;
	s->shared = t->shared[number];
	explore_schedule_free(&s->current);
	s->current.choices = s->shared->choices;
	s->current.room = s->limits.steps + 1;
	search_run(s);
	s->out->threads_max = s->threads;
	tell(s, &t->members[number]);
	team_leave();
}

/* ---- in the leader */

static void merge_claims(struct explore_result *to, const struct explore_result *r, bool first)
{
	if (first) {
		to->claim = r->claim;
		to->bound = r->bound;
		to->exhausted = r->exhausted;
		to->floor = r->floor;
		return;
	}
	/* All that the one with the least can claim; what bounds cannot, random runs still do. */
	if (r->claim != to->claim)
		to->claim = to->random > 0 ? EXPLORE_CLAIM_RANDOM : EXPLORE_CLAIM_NONE;
	/* Whose part is exhausted has done all bounds. */
	if (r->exhausted == to->exhausted ? r->exhausted == (r->bound > to->bound) : to->exhausted)
		to->bound = r->bound;
	to->exhausted = to->exhausted && r->exhausted;
	to->floor = r->floor < to->floor ? r->floor : to->floor;
}

static void merge(struct explore_result *to, const struct explore_result *r, bool first)
{
	to->random += r->random;
	merge_claims(to, r, first);
	to->runs += r->runs;
	to->cut += r->cut;
	to->spared += r->spared;
	to->ended += r->ended;
	to->steps += r->steps;
	to->memory += r->memory;
	if (r->threads_max > to->threads_max)
		to->threads_max = r->threads_max;
	if (r->steps_max > to->steps_max)
		to->steps_max = r->steps_max;
	for (uint32_t i = 0; i < ARRAY_LEN(to->at_bound); i++)
		to->at_bound[i] += r->at_bound[i];
	if (!to->stopped_by)
		to->stopped_by = r->stopped_by;
}

static wfp_err hear_item(struct search *s, const struct team_member *m)
{
	struct explore_found_item heard, *item;
	struct explore_schedule schedule = {0};
	wfp_err err = team_hear(m, &heard, sizeof(heard));

	if (err)
		return err;
	schedule.choices = sim_control_alloc((heard.schedule.n + 1) * sizeof(*schedule.choices));
	if (!schedule.choices)
		return ERR_NO_MEMORY;
	schedule.n = schedule.room = heard.schedule.n;
	err = team_hear(m, schedule.choices, schedule.n * sizeof(*schedule.choices));
	item = err ? NULL : search_found_add(s, &heard.finding);
	if (!item || item->schedule.choices) {
		explore_schedule_free(&schedule);
	} else {
		item->schedule = schedule;
		item->run = heard.run;
	}
	if (item)
		item->times += heard.times - 1;
	return err;
}

static wfp_err hear(struct search *s, const struct team_member *m, bool first)
{
	struct explore_result r;
	wfp_err err = team_hear(m, &r, sizeof(r));

	if (err)
		return err;
	merge(s->out, &r, first);
	for (uint32_t i = 0; i < r.n_found && !err; i++)
		err = hear_item(s, m);
	return err;
}

static void say_died(struct search *s, const struct search_shared *shared, int status)
{
	struct explore_finding f = {.rule = EXPLORE_Crash};

	snprintf(f.sentence, sizeof(f.sentence), "a process of the search ended with status %d",
		 status);
	s->current.n = shared->n;
	memcpy(s->current.choices, shared->choices, shared->n * sizeof(*shared->choices));
	search_found_add(s, &f);
	search_found_keep(s);
	s->out->claim = EXPLORE_CLAIM_NONE;
	search_stop(s, "a member's death");
}

static wfp_err start(struct search *s, struct team *t)
{
	t->size = sizeof(struct search_shared) +
		  (s->limits.steps + 1) * sizeof(struct explore_choice);
	t->common = team_share(sizeof(*t->common));
	if (!t->common)
		return ERR_NO_MEMORY;
	while (t->n < s->limits.jobs) {
		wfp_err err;

		t->shared[t->n] = team_share(t->size);
		if (!t->shared[t->n])
			return ERR_NO_MEMORY;
		t->shared[t->n]->team = t->common;
		err = team_fork(&t->members[t->n]);
		if (err)
			return err;
		if (t->members[t->n].pid == 0)
			be_member(s, t, t->n);
		t->n++;
	}
	return ERR_OK;
}

static void finish(struct search *s, struct team *t, bool listen)
{
	bool dead[MEMBERS_MAX];

	for (uint32_t i = 0; i < t->n; i++)
		dead[i] = hear(s, &t->members[i], i == 0) != ERR_OK;
	for (uint32_t i = 0; i < t->n; i++) {
		int status = team_await(&t->members[i]);

		if (dead[i] && listen)
			say_died(s, t->shared[i], status);
	}
	for (uint32_t i = 0; i < MEMBERS_MAX; i++)
		team_unshare(t->shared[i], t->size);
	team_unshare(t->common, sizeof(*t->common));
}

wfp_err search_run_team(struct search *s)
{
	struct team t = {0};
	wfp_err err;

	if (s->limits.jobs > MEMBERS_MAX)
		s->limits.jobs = MEMBERS_MAX;
	err = start(s, &t);
	if (err && t.common)
		t.common->stop = 1;
	finish(s, &t, !err);
	return err;
}
