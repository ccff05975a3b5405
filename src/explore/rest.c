/* SPDX-License-Identifier: MIT */
/*
 * rest - the ends of runs that need not be seen again.
 *
 * Once a run has come to rest nobody is asked any more, so its end is a function of the state it
 * rests in.  A search remembers the states from which an end went well, and spares runs that rest
 * in one of them the way.  search_rest_known is called on a thread of the run, the other by the
 * search, when the run is over and was judged.
 */
#include "explore/strategy.h"

/* Those that are made for the sake of what they show are seen to their end. */
static bool may_spare(const struct search *s)
{
	const bool searches = s->asked == EXPLORE_DEFAULT || s->asked == EXPLORE_ALL ||
			      s->asked == EXPLORE_BOUND || s->asked == EXPLORE_PCT ||
			      s->asked == EXPLORE_RANDOM;

	return s->rests && searches && !s->once && !s->following && !s->hashing && !s->found;
}

/* Where the fingerprint is, or would be: half of the places are free. */
static uint64_t *place_of(struct search *s, uint64_t fingerprint)
{
	uint32_t at = (uint32_t)(fingerprint >> 32) % SEARCH_RESTS;

	while (s->rests[at] && s->rests[at] != fingerprint)
		at = (at + 1) % SEARCH_RESTS;
	return &s->rests[at];
}

bool search_rest_known(struct search *s, uint64_t fingerprint)
{
	if (!fingerprint || !may_spare(s))
		return false;
	if (*place_of(s, fingerprint)) {
		s->out->spared++;
		return true;
	}
	s->rest = fingerprint;
	s->rest_at = s->current.n;
	return false;
}

/* Unless the end was so long that choices were made again. */
void search_rest_keep(struct search *s)
{
	if (!s->rest || s->current.n != s->rest_at || s->n_rests == SEARCH_RESTS / 2)
		return;
	*place_of(s, s->rest) = s->rest;
	s->n_rests++;
}
