/* SPDX-License-Identifier: MIT */
/*
 * dpor - one run for each Mazurkiewicz trace, or little more: source sets and sleep sets.
 *
 * Depth first over the choices of the run at hand.  A node's `wanted` grows while what lies below
 * it is explored (dpor_race.c); `asleep` are the threads with which everything has been explored
 * that begins with them, until an event depends on what they would do.  A run in which all who are
 * enabled sleep is cut: it would only repeat.  Every value of a choose is taken; time, where it may
 * be picked while somebody could run, is wanted everywhere and depends on everything.
 *
 * A strategy: see strategy.h for who calls.
 */
#include "explore/dpor.h"

static wfp_err dpor_open(struct search *s)
{
	struct dpor *d = sim_control_alloc(sizeof(*d));
	wfp_err err;

	if (!d)
		return ERR_NO_MEMORY;
	err = dpor_objects_open(s, &d->objects);
	if (err)
		sim_control_free(d);
	else
		s->state = d;
	return err;
}

static void dpor_close(struct search *s)
{
	struct dpor *d = s->state;

	dpor_objects_close(s, &d->objects);
	search_free(s, d->events, d->room, sizeof(*d->events));
	search_free(s, d->clocks, d->clock_room, sizeof(*d->clocks));
	sim_control_free(d);
}

static bool next_value(struct dpor_event *e)
{
	e->value++;
	return e->value < e->of;
}

static bool next_thread(struct dpor_event *e)
{
	uint64_t rest;

	e->asleep |= search_bit(e->thread);
	rest = e->wanted & e->options & ~e->asleep;
	if (rest == 0)
		return false;
	e->thread = (uint8_t)__builtin_ctzll(rest);
	return true;
}

static void begin_again(struct dpor *d)
{
	dpor_forget(d, 0);
	dpor_objects_widen(&d->objects);
	d->n = d->replayed = 0;
	d->begun = d->again = false;
}

static bool dpor_next(struct search *s)
{
	struct dpor *d = s->state;

	if (d->again)
		begin_again(d);
	while (d->n > 0) {
		struct dpor_event *e = &d->events[d->n - 1];
		uint32_t above = d->n - 1;

		dpor_forget(d, above);
		if (e->of > 0 ? next_value(e) : next_thread(e)) {
			d->replayed = above;
			d->n = above + 1;
			return true;
		}
	}
	d->complete = d->begun;
	d->begun = true;
	return !d->complete;
}

static struct dpor_event *push(struct search *s, struct dpor *d)
{
	struct dpor_event *events =
		search_grow(s, d->events, &d->room, d->n + 1, sizeof(*d->events));
	struct dpor_clock *clocks;

	if (!events)
		return NULL;
	d->events = events;
	clocks = search_grow(s, d->clocks, &d->clock_room, d->n + 1, sizeof(*d->clocks));
	if (!clocks)
		return NULL;
	d->clocks = clocks;
	events[d->n] = (struct dpor_event){0};
	return &events[d->n++];
}

/* What every thread stands before. */
static void look(struct dpor *d, const struct sim_view *v, uint32_t position)
{
	d->standing = d->enabled = 0;
	for (uint32_t i = 0; i < v->n; i++) {
		const struct sim_thread *t = &v->threads[i];
		uint64_t bit = search_bit(t->id);

		d->threads[t->id].next = t->next;
		if (!(d->known & bit))
			d->threads[t->id].born = position;
		d->known |= bit;
		d->standing |= bit;
		d->enabled |= t->enabled ? bit : 0;
		if (t->id >= d->n_threads)
			d->n_threads = t->id + 1;
	}
}

/* The last pick; NULL: there was none. */
static struct dpor_event *last_pick(const struct dpor *d)
{
	for (uint32_t i = d->n; i-- > 0;)
		if (d->events[i].of == 0)
			return &d->events[i];
	return NULL;
}

/* Who still sleeps after event f, and stands before the same as there. */
static uint64_t still_asleep(const struct dpor *d, const struct dpor_event *f)
{
	uint64_t asleep = f->asleep & d->enabled & ~search_bit(f->thread), still = 0;

	if (f->everything)
		return 0;
	for (; asleep; asleep &= asleep - 1) {
		uint32_t id = (uint32_t)__builtin_ctzll(asleep);

		if (!dpor_dependent(&d->objects, &d->threads[id].next, &f->op))
			still |= search_bit(id);
	}
	return still;
}

/*
 * Somebody is not enabled any more though f shares no object with what it stands before.  Such a
 * dependency can be seen here, but not where it is missing: nothing can be claimed.
 */
static void check_disabled(struct search *s, const struct dpor *d, const struct dpor_event *f)
{
	uint64_t gone = f->options & d->standing & ~d->enabled & ~search_bit(f->thread);

	for (; gone; gone &= gone - 1) {
		const struct sim_op *next = &d->threads[__builtin_ctzll(gone)].next;

		if (!next->quiet && !dpor_dependent(&d->objects, next, &f->op))
			search_stop(s, "a wait that no object explains");
	}
}

/* A node that no run has come to before; SEARCH_CUT: nor need this one go on. */
static uint32_t first_choice(struct search *s, struct dpor *d, const struct sim_view *v)
{
	uint64_t options = search_options(s, v), asleep = 0;
	struct dpor_event *f = last_pick(d), *e;

	if (f) {
		asleep = still_asleep(d, f);
		check_disabled(s, d, f);
	}
	if ((options & ~asleep) == 0)
		return SEARCH_CUT;
	e = push(s, d);
	if (!e)
		return SEARCH_CUT;
	e->options = options;
	e->asleep = asleep;
	e->thread = (uint8_t)search_plain(options & ~asleep, v->running);
	e->wanted = search_bit(e->thread) | (options & search_bit(SIM_TIME));
	return e->thread;
}

static uint32_t dpor_pick(struct search *s, const struct sim_view *v)
{
	struct dpor *d = s->state;
	uint32_t position = s->current.n, who;

	if (LIKELY(position < d->replayed))
		return d->events[position].thread;
	look(d, v, position);
	if (position == d->n && v->running > 0 &&
	    (d->standing & ~d->enabled & search_bit(v->running)))
		dpor_pending(s, d, v->running);
	who = position < d->n ? d->events[position].thread : first_choice(s, d, v);
	if (who == SEARCH_CUT)
		return SEARCH_CUT;
	d->events[position].op =
		who == SIM_TIME ? (struct sim_op){.what = "time"} : d->threads[who].next;
	d->standing &= ~search_bit(who);
	d->again = d->events[position].op.size > 0 && !dpor_objects_wide(&d->objects);
	return !d->again && dpor_order(s, d) ? who : SEARCH_CUT;
}

static uint32_t dpor_choose(struct search *s, uint32_t n)
{
	struct dpor *d = s->state;
	uint32_t position = s->current.n;
	struct dpor_event *e;

	if (position < d->replayed)
		return d->events[position].value;
	if (position == d->n) {
		e = push(s, d);
		if (!e)
			return SEARCH_CUT;
		e->of = (uint16_t)n;
		e->thread = (uint8_t)s->running;
	}
	dpor_order_value(d);
	return d->events[position].value;
}

/* Nobody can go on: what they stand before happens in no continuation of this run. */
static void dpor_stuck(struct search *s, const struct sim_view *v)
{
	look(s->state, v, s->current.n);
}

/*
 * What never happened in this run can have races with what did.  Who is enabled and sleeps has them
 * elsewhere; after a finding nothing is known of what would have followed.
 */
static void dpor_ended(struct search *s, enum sim_end end)
{
	struct dpor *d = s->state;
	uint64_t waiting = d->standing;

	(void)end;
	if (s->cut)
		waiting &= ~d->enabled;
	for (; waiting && !s->out->stopped_by; waiting &= waiting - 1)
		dpor_pending(s, d, (uint32_t)__builtin_ctzll(waiting));
}

static void dpor_claim(const struct search *s, struct explore_result *out)
{
	const struct dpor *d = s->state;

	if (d->complete && out->ended == 0 && !out->stopped_by)
		out->claim = EXPLORE_CLAIM_ALL;
}

const struct strategy strategy_all = {
	.open = dpor_open,
	.next = dpor_next,
	.pick = dpor_pick,
	.choose = dpor_choose,
	.stuck = dpor_stuck,
	.ended = dpor_ended,
	.claim = dpor_claim,
	.close = dpor_close,
};
