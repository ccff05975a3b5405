/* SPDX-License-Identifier: MIT */
/*
 * pct - random priorities, and d - 1 moments at which the running thread falls below all others.
 *
 * Each run finds a bug of depth d (one that needs d steps in a certain order) with probability at
 * least 1 / (n k^(d-1)), for n threads and k steps; n and k are the largest seen so far.  Values of
 * choose are random and not part of that floor.  A strategy: see strategy.h for who calls.
 */
#include "explore/random.h"

#define DEPTH_MAX 16u

struct pct {
	struct random_runs runs;
	uint32_t priority[SEARCH_THREADS]; /* the highest goes on; below DEPTH_MAX: it fell */
	uint64_t known;			   /* threads that have a priority in this run */
	uint32_t fall_at[DEPTH_MAX];	   /* choices of this run after which somebody falls */
	uint32_t n_falls, steps, threads;
};

static wfp_err pct_open(struct search *s)
{
	struct pct *p = sim_control_alloc(sizeof(*p));

	if (!p)
		return ERR_NO_MEMORY;
	p->steps = s->out->steps_max > 0 ? s->out->steps_max : 1;
	p->threads = s->threads > 0 ? s->threads : 1;
	p->n_falls = (s->limits.depth < DEPTH_MAX ? s->limits.depth : DEPTH_MAX) - 1;
	s->state = p;
	return ERR_OK;
}

static bool pct_next(struct search *s)
{
	struct pct *p = s->state;

	random_begin(s, &p->runs);
	p->known = 0;
	for (uint32_t i = 0; i < p->n_falls; i++)
		p->fall_at[i] = rng_below(&p->runs.rng, p->steps);
	return true;
}

static uint32_t priority(struct pct *p, uint32_t id)
{
	if (!(p->known & search_bit(id))) {
		p->known |= search_bit(id);
		p->priority[id] = DEPTH_MAX + (rng_u32(&p->runs.rng) >> 1);
	}
	return p->priority[id];
}

static uint32_t highest(struct pct *p, uint64_t options)
{
	uint32_t best = (uint32_t)__builtin_ctzll(options);

	for (options &= options - 1; options; options &= options - 1) {
		uint32_t id = (uint32_t)__builtin_ctzll(options);

		if (priority(p, id) > priority(p, best))
			best = id;
	}
	return best;
}

static uint32_t pct_pick(struct search *s, const struct sim_view *v)
{
	struct pct *p = s->state;
	uint64_t options = search_options(s, v);

	for (uint32_t i = 0; i < p->n_falls; i++)
		if (p->fall_at[i] == s->current.n) {
			uint32_t falls = highest(p, options);

			p->known |= search_bit(falls);
			p->priority[falls] = i;
		}
	return highest(p, options);
}

static uint32_t pct_choose(struct search *s, uint32_t n)
{
	struct pct *p = s->state;

	return random_value(&p->runs, n);
}

static void pct_ended(struct search *s, enum sim_end end)
{
	struct pct *p = s->state;

	(void)end;
	s->out->random++;
	if (s->current.n > p->steps)
		p->steps = s->current.n;
	if (s->threads > p->threads)
		p->threads = s->threads;
}

static void pct_claim(const struct search *s, struct explore_result *out)
{
	const struct pct *p = s->state;
	double floor = 1.0 / p->threads;

	for (uint32_t i = 0; i < p->n_falls; i++)
		floor /= p->steps;
	if (out->random == 0)
		return;
	out->floor = floor;
	if (out->claim == EXPLORE_CLAIM_NONE)
		out->claim = EXPLORE_CLAIM_RANDOM;
}

static void pct_close(struct search *s)
{
	sim_control_free(s->state);
}

const struct strategy strategy_pct = {
	.open = pct_open,
	.next = pct_next,
	.pick = pct_pick,
	.choose = pct_choose,
	.ended = pct_ended,
	.claim = pct_claim,
	.close = pct_close,
};
