/* SPDX-License-Identifier: MIT */
/*
 * found - what a search has found: each place once, with the schedule that leads to it.
 *
 * explore_found is called by whoever sees something wrong, on any thread of a run or after it;
 * there is one search at a time.  The rest is called by the search.
 */
#include "explore/strategy.h"

#include "base/hash.h"
#include "base/proc.h"

#include <string.h>

static struct search *current; /* NULL between searches */

void search_found_hold(struct search *s)
{
	current = s;
}

/* For a finding without stacks: what is said tells places apart. */
static uint64_t place_of(const struct explore_finding *f)
{
	uint64_t h = hash_u64((uint64_t)f->rule + 1);

	for (const char *c = f->driver; *c; c++)
		h = hash_u64(h ^ (uint8_t)*c);
	for (const char *c = f->sentence; *c; c++)
		h = hash_u64(h ^ (uint8_t)*c);
	return h;
}

struct explore_found_item *search_found_add(struct search *s, const struct explore_finding *f)
{
	uint64_t place = f->place ? f->place : place_of(f);
	struct explore_found_item **at = &s->out->found;

	s->met |= s->limits.until != 0 && place == s->limits.until;
	while (*at && (*at)->finding.place != place)
		at = &(*at)->next;
	if (*at) {
		(*at)->times++;
		return *at;
	}
	*at = sim_control_alloc(sizeof(**at));
	if (!*at) {
		search_stop(s, "memory");
		return NULL;
	}
	(*at)->finding = *f;
	(*at)->finding.place = place;
	(*at)->run = s->out->runs + 1;
	(*at)->times = 1;
	s->out->n_found++;
	s->news = team_clock();
	if (s->shared)
		s->shared->team->news = s->news;
	return *at;
}

void search_found_keep(struct search *s)
{
	for (struct explore_found_item *i = s->out->found; i; i = i->next)
		if (!i->schedule.choices && explore_schedule_copy(&i->schedule, &s->current))
			search_stop(s, "memory");
}

void explore_found(const struct explore_finding *f, bool mild)
{
	struct search *s = current;
	struct explore_finding placed;

	if (!s)
		return;
	placed = *f;
	if (!placed.place)
		placed.place = place_of(f);
	s->found = true;
	search_tell_found(&placed);
	if (!s->following)
		search_found_add(s, &placed);
	if (s->limits.breaks && !s->following)
		proc_break();
	if (!mild)
		s->world->stop();
}

bool explore_rest_known(uint64_t fingerprint)
{
	return current && search_rest_known(current, fingerprint);
}

const char *explore_asks(void)
{
	return current && current->asks ? current->asks : "";
}

void explore_result_free(struct explore_result *r)
{
	struct explore_found_item *next;

	for (struct explore_found_item *i = r->found; i; i = next) {
		next = i->next;
		explore_schedule_free(&i->schedule);
		sim_control_free(i);
	}
	*r = (struct explore_result){0};
}
