/* SPDX-License-Identifier: MIT */
/*
 * guide - one run that follows a schedule by the names of its threads.  A strategy: see strategy.h
 * for who calls.
 */
#include "explore/guide.h"

#include "base/hash.h"
#include "explore/strategy.h"

struct guided {
	bool begun;
	uint32_t at; /* the choice that is tried next */
	struct guide_names names;
};

static uint64_t hash_name(const char *name)
{
	uint64_t h = 1;

	for (; *name; name++)
		h = hash_u64(h ^ (uint8_t)*name);
	return h;
}

void guide_names_learn(struct guide_names *names, const struct sim_view *v)
{
	if (LIKELY(names->n == v->n))
		return;
	for (uint32_t i = names->n; i < v->n; i++) {
		uint32_t id = v->threads[i].id;
		uint64_t name = hash_name(v->threads[i].name), nth = name;

		if (id >= GUIDE_THREADS)
			continue;
		for (uint32_t j = 0; j < id; j++)
			while (names->of[j] == nth)
				nth = hash_u64(nth);
		names->of[id] = nth;
	}
	names->n = v->n;
}

static wfp_err guide_open(struct search *s)
{
	s->state = sim_control_alloc(sizeof(struct guided));
	return s->state ? ERR_OK : ERR_NO_MEMORY;
}

static bool guide_next(struct search *s)
{
	struct guided *g = s->state;
	bool first = !g->begun;

	g->begun = true;
	return first;
}

/* The thread here that is called as thread `id` is there; NOBODY: none. */
static uint32_t namesake(const struct guided *g, const struct guide_names *there, uint32_t id)
{
	if (id == SIM_TIME)
		return SIM_TIME;
	for (uint32_t i = 1; i < GUIDE_THREADS; i++)
		if (g->names.of[i] && g->names.of[i] == there->of[id % GUIDE_THREADS])
			return i;
	return SEARCH_CUT;
}

static uint32_t guide_pick(struct search *s, const struct sim_view *v)
{
	struct guided *g = s->state;
	const struct explore_schedule *schedule = &s->guide->schedule;
	uint64_t options = search_options(s, v);

	if (v->time)
		options |= search_bit(SIM_TIME);
	guide_names_learn(&g->names, v);
	while (g->at < schedule->n) {
		const struct explore_choice *c = &schedule->choices[g->at++];
		uint32_t who = SEARCH_CUT;

		if (c->kind == EXPLORE_THREAD)
			who = namesake(g, &s->guide->names, c->what);
		if (who < SEARCH_THREADS && options & search_bit(who))
			return who;
	}
	return search_plain(options & ~search_bit(SIM_TIME), v->running);
}

/* A value counts when it stands next in the schedule. */
static uint32_t guide_choose(struct search *s, uint32_t n)
{
	struct guided *g = s->state;
	const struct explore_schedule *schedule = &s->guide->schedule;
	const struct explore_choice *c = &schedule->choices[g->at];

	if (g->at >= schedule->n || c->kind != EXPLORE_VALUE || c->of != n)
		return 0;
	g->at++;
	return c->what;
}

static void guide_close(struct search *s)
{
	sim_control_free(s->state);
}

const struct strategy strategy_guide = {
	.open = guide_open,
	.next = guide_next,
	.pick = guide_pick,
	.choose = guide_choose,
	.close = guide_close,
};
