/* SPDX-License-Identifier: MIT */
/*
 * random - every choice from the seed: run i of seed s is the same run on every machine.
 *
 * A strategy: see strategy.h for who calls.  pct draws its values as this does.
 */
#include "explore/random.h"

#include "base/hash.h"

/* A fault in one of so many places: more would end most runs in the first of them. */
#define PLAIN_OF 8u

void random_begin(struct search *s, struct random_runs *r)
{
	uint64_t run = r->run * s->limits.jobs + s->member;

	r->run++;
	rng_seed(&r->rng, hash_u64(s->limits.seed ^ hash_u64(run)));
}

uint32_t random_value(struct random_runs *r, uint32_t n)
{
	return rng_below(&r->rng, PLAIN_OF) == 0 ? rng_below(&r->rng, n) : 0;
}

static wfp_err random_open(struct search *s)
{
	s->state = sim_control_alloc(sizeof(struct random_runs));
	return s->state ? ERR_OK : ERR_NO_MEMORY;
}

static bool random_next(struct search *s)
{
	random_begin(s, s->state);
	return true;
}

static uint32_t nth_bit(uint64_t set, uint32_t n)
{
	while (n-- > 0)
		set &= set - 1;
	return (uint32_t)__builtin_ctzll(set);
}

static uint32_t random_pick(struct search *s, const struct sim_view *v)
{
	struct random_runs *r = s->state;
	uint64_t options = search_options(s, v);

	return nth_bit(options, rng_below(&r->rng, (uint32_t)__builtin_popcountll(options)));
}

static uint32_t random_choose(struct search *s, uint32_t n)
{
	return random_value(s->state, n);
}

static void random_ended(struct search *s, enum sim_end end)
{
	(void)end;
	s->out->random++;
}

static void random_claim(const struct search *s, struct explore_result *out)
{
	if (s->out->random > 0)
		out->claim = EXPLORE_CLAIM_RANDOM;
}

static void random_close(struct search *s)
{
	sim_control_free(s->state);
}

const struct strategy strategy_random = {
	.open = random_open,
	.next = random_next,
	.pick = random_pick,
	.choose = random_choose,
	.ended = random_ended,
	.claim = random_claim,
	.close = random_close,
};
