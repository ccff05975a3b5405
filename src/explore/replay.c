/* SPDX-License-Identifier: MIT */
/*
 * replay - one run that follows a schedule as far as it can.
 *
 * At the first choice that cannot be made it stops following, for good, and goes on without
 * preempting anybody; values are then the plain ones.  A strategy: see strategy.h for who calls.
 */
#include "explore/strategy.h"

struct replay {
	bool begun, lost;
};

static wfp_err replay_open(struct search *s)
{
	s->state = sim_control_alloc(sizeof(struct replay));
	return s->state ? ERR_OK : ERR_NO_MEMORY;
}

static bool replay_next(struct search *s)
{
	struct replay *r = s->state;
	bool first = !r->begun;

	r->begun = true;
	return first;
}

/* The choice that stands in the schedule here; NULL: there is none, or none of that kind. */
static const struct explore_choice *due(struct search *s, enum explore_choice_kind kind)
{
	struct replay *r = s->state;
	const struct explore_choice *c = &s->replay->choices[s->current.n];

	r->lost = r->lost || s->current.n >= s->replay->n || c->kind != kind;
	return r->lost ? NULL : c;
}

static uint32_t replay_pick(struct search *s, const struct sim_view *v)
{
	struct replay *r = s->state;
	const struct explore_choice *c = due(s, EXPLORE_THREAD);
	uint64_t options = search_options(s, v);

	if (c && v->time)
		options |= search_bit(SIM_TIME);
	r->lost = r->lost || c->what >= SEARCH_THREADS || !(options & search_bit(c->what));
	if (r->lost)
		return search_plain(options, v->running);
	s->out->followed++;
	return c->what;
}

static uint32_t replay_choose(struct search *s, uint32_t n)
{
	struct replay *r = s->state;
	const struct explore_choice *c = due(s, EXPLORE_VALUE);

	r->lost = r->lost || c->what >= n;
	if (r->lost)
		return 0;
	s->out->followed++;
	return c->what;
}

static void replay_claim(const struct search *s, struct explore_result *out)
{
	if (s->out->runs == 1)
		out->claim = EXPLORE_CLAIM_ONE;
}

static void replay_close(struct search *s)
{
	sim_control_free(s->state);
}

const struct strategy strategy_replay = {
	.open = replay_open,
	.next = replay_next,
	.pick = replay_pick,
	.choose = replay_choose,
	.claim = replay_claim,
	.close = replay_close,
};
