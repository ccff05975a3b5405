/* SPDX-License-Identifier: MIT */
/*
 * dpor_race - which events of a run come before which in every equivalent run, and which pairs
 * could have come the other way round.
 *
 * A new event e of thread p races with an earlier one f when both touch an object, one writes it,
 * nothing that p did before knows of f, and no event between is after f and before e.  Then a run
 * is wanted in which e, or what leads to it, comes before f: some thread that can begin the events
 * after f that do not depend on it, followed by e (a source set of that node).
 *
 * An f that e waited for is no race.  The one before it at that object is looked at instead. Called
 * by dpor.c.
 */
#include "explore/dpor.h"

#include <string.h>

static const struct dpor_clock *clock_at(const struct dpor *d, uint32_t position)
{
	static const struct dpor_clock never = {0};

	return position > 0 ? &d->clocks[position - 1] : &never;
}

static void join(const struct dpor *d, struct dpor_clock *to, uint32_t position)
{
	const struct dpor_clock *from = clock_at(d, position);

	for (uint32_t i = 0; i < d->n_threads; i++)
		to->at[i] = from->at[i] > to->at[i] ? from->at[i] : to->at[i];
}

static bool knows(const struct dpor_clock *c, const struct dpor *d, uint32_t position)
{
	return c->at[d->events[position - 1].thread] >= position;
}

/* The last event that thread id has seen: one of its own, or its creation. */
static uint32_t own(const struct dpor *d, uint32_t id)
{
	const struct dpor_thread *t = &d->threads[id];

	return t->last > 0 ? t->last : t->born;
}

/*
 * The event since which thread id is enabled, unless it always was or has an object in common with
 * what id does: a signal, for one who then stands before a lock.  A thread that has yielded waits
 * for nothing in particular.
 */
static uint32_t enabled_by(const struct dpor *d, uint32_t id, const struct sim_op *op)
{
	uint32_t after = d->n - 1;

	if (strcmp(op->what, "yield") == 0)
		return 0;
	for (uint32_t i = after; i-- > own(d, id);) {
		const struct dpor_event *e = &d->events[i];

		if (e->of > 0)
			continue;
		if (!(e->options & search_bit(id)))
			return dpor_dependent(&d->objects, &e->op, op) ? 0 : after;
		after = i;
	}
	return 0;
}

static uint32_t slot_of(const struct dpor_event *e, uint32_t object)
{
	uint32_t i = 0;

	while (e->objects[i] != object)
		i++;
	return i;
}

static bool writes(const struct dpor_event *e, uint32_t slot)
{
	return e->writes >> slot & 1;
}

/* ---- the other way round */

/* Could begin what comes after event f, at `position`, without f? */
static bool initial(const struct dpor *d, const struct dpor_clock *c, uint32_t thread,
		    uint32_t position)
{
	for (uint32_t i = 0; i < d->n_threads; i++)
		if (c->at[i] > position && i != thread)
			return false;
	return true;
}

/* Does e depend on something after `position` that is not after the event there? */
static bool waits_for_some(const struct dpor *d, const struct dpor_event *e, uint32_t position)
{
	uint32_t q = d->events[position - 1].thread;

	for (uint32_t i = position; i < d->n && &d->events[i] != e; i++)
		if (d->clocks[i].at[q] < position &&
		    dpor_dependent(&d->objects, &d->events[i].op, &e->op))
			return true;
	return false;
}

static void want(struct dpor_event *f, uint32_t thread)
{
	if (f->options & search_bit(thread))
		f->wanted |= search_bit(thread);
	else
		f->wanted |= f->options;
}

/* e, whose thread knows c before it, comes before the event at `position` in some other run. */
static void reverse(struct dpor *d, uint32_t position, const struct dpor_event *e,
		    const struct dpor_clock *c)
{
	struct dpor_event *f = &d->events[position - 1];
	uint64_t covered = f->wanted | f->asleep, seen = 0;
	uint32_t first = SEARCH_THREADS;

	for (uint32_t i = position; i < d->n && &d->events[i] != e; i++) {
		uint32_t t = d->events[i].thread;

		if ((seen & search_bit(t)) || d->clocks[i].at[f->thread] >= position)
			continue;
		seen |= search_bit(t);
		if (!initial(d, &d->clocks[i], t, position))
			continue;
		if (covered & search_bit(t))
			return;
		first = first == SEARCH_THREADS ? t : first;
	}
	if (!(seen & search_bit(e->thread)) && (f->options & search_bit(e->thread)) &&
	    initial(d, c, e->thread, position) && !waits_for_some(d, e, position)) {
		if (covered & search_bit(e->thread))
			return;
		first = e->thread;
	}
	/* Nobody: the event there is what enables e, and nothing is between them. */
	if (first < SEARCH_THREADS)
		want(f, first);
}

/* The next pick after the event at `position`; 0: there is none yet. */
static uint32_t pick_after(const struct dpor *d, uint32_t position)
{
	for (uint32_t i = position; i < d->n; i++)
		if (d->events[i].of == 0)
			return i + 1;
	return 0;
}

/* The thread of e stood before it at the event at `position`, and was not enabled. */
static bool waited(const struct dpor *d, uint32_t position, const struct dpor_event *e)
{
	return e->thread != SIM_TIME && own(d, e->thread) < position &&
	       !(d->events[position - 1].options & search_bit(e->thread));
}

/* The event at `position` put an end to that. */
static bool enables(const struct dpor *d, uint32_t position, const struct dpor_event *e)
{
	uint32_t next = pick_after(d, position);

	return (next > 0 ? d->events[next - 1].options : d->enabled) & search_bit(e->thread);
}

/*
 * e races with the event at `position`, unless that is what it waited for.  Waiting on proves
 * nothing: what it waits for may be able to happen earlier.  False: look at the one before, too.
 */
static bool race_with(struct dpor *d, uint32_t position, const struct dpor_event *e,
		      const struct dpor_clock *c)
{
	bool had_to_wait = waited(d, position, e);

	if (!had_to_wait || !enables(d, position, e))
		reverse(d, position, e, c);
	return !had_to_wait;
}

/* The races of e at one of its objects; `found` knows the events that e races with. */
static void race_at(struct dpor *d, const struct dpor_event *e, uint32_t slot,
		    const struct dpor_clock *c, struct dpor_clock *found)
{
	uint32_t object = e->objects[slot], position = d->objects.last[object];

	while (position > 0) {
		const struct dpor_event *f = &d->events[position - 1];
		uint32_t there = slot_of(f, object), here = position;

		position = f->earlier[there];
		if (!writes(e, slot) && !writes(f, there))
			continue;
		if (!knows(c, d, here) && !knows(found, d, here)) {
			if (!race_with(d, here, e, c))
				continue;
			join(d, found, here);
		}
		if (writes(f, there))
			return;
	}
}

/* e depends on all events, so it races with those that nothing but e is after. */
static void race_with_all(struct dpor *d, const struct dpor_event *e, const struct dpor_clock *c)
{
	struct dpor_clock found = *c;

	for (uint32_t position = d->n; position > 0; position--) {
		const struct dpor_event *f = &d->events[position - 1];

		if (f == e || f->of > 0 || knows(&found, d, position))
			continue;
		if (race_with(d, position, e, c))
			join(d, &found, position);
	}
}

static void race(struct dpor *d, const struct dpor_event *e, const struct dpor_clock *c)
{
	struct dpor_clock found = {0};

	if (d->everything > 0 && !knows(c, d, d->everything))
		reverse(d, d->everything, e, c);
	for (uint32_t i = 0; i < e->n_objects; i++)
		race_at(d, e, i, c, &found);
	if (e->everything)
		race_with_all(d, e, c);
}

/* ---- order */

static void join_object(const struct dpor *d, struct dpor_clock *c, const struct dpor_event *e,
			uint32_t slot)
{
	uint32_t object = e->objects[slot], position = d->objects.last[object];

	while (position > 0) {
		const struct dpor_event *f = &d->events[position - 1];
		uint32_t there = slot_of(f, object);

		if ((writes(e, slot) || writes(f, there)) && !knows(c, d, position))
			join(d, c, position);
		if (writes(f, there))
			return;
		position = f->earlier[there];
	}
}

static void join_all(const struct dpor *d, struct dpor_clock *c, const struct dpor_event *e)
{
	join(d, c, d->everything);
	for (uint32_t i = 0; i < e->n_objects; i++)
		join_object(d, c, e, i);
	for (uint32_t i = 0; i < d->n_threads && e->everything; i++)
		join(d, c, d->threads[i].last);
}

static void link(struct dpor *d, struct dpor_event *e, const struct dpor_clock *c)
{
	struct dpor_thread *t = &d->threads[e->thread];

	for (uint32_t i = 0; i < e->n_objects; i++) {
		e->earlier[i] = d->objects.last[e->objects[i]];
		d->objects.last[e->objects[i]] = d->n;
	}
	e->before = t->last;
	t->last = d->n;
	if (e->everything)
		d->everything = d->n;
	d->clocks[d->n - 1] = *c;
	d->clocks[d->n - 1].at[e->thread] = (uint16_t)d->n;
	e->ordered = true;
}

bool dpor_order(struct search *s, struct dpor *d)
{
	struct dpor_event *e = &d->events[d->n - 1];
	struct dpor_clock c = *clock_at(d, own(d, e->thread));

	e->everything = e->thread == SIM_TIME;
	if (!dpor_objects_of(s, &d->objects, e))
		return false;
	join(d, &c, enabled_by(d, e->thread, &e->op));
	if (e->thread != SIM_TIME || s->limits.time_jumps > 0)
		race(d, e, &c);
	join_all(d, &c, e);
	link(d, e, &c);
	return true;
}

void dpor_order_value(struct dpor *d)
{
	struct dpor_event *e = &d->events[d->n - 1];

	e->n_objects = 0;
	e->everything = false;
	link(d, e, clock_at(d, own(d, e->thread)));
}

void dpor_pending(struct search *s, struct dpor *d, uint32_t id)
{
	struct dpor_event e = {.thread = (uint8_t)id, .op = d->threads[id].next};

	if (dpor_objects_of(s, &d->objects, &e))
		race(d, &e, clock_at(d, own(d, id)));
}

void dpor_forget(struct dpor *d, uint32_t from)
{
	while (d->n > from) {
		struct dpor_event *e = &d->events[--d->n];

		if (!e->ordered)
			continue;
		e->ordered = false;
		for (uint32_t i = e->n_objects; i-- > 0;)
			d->objects.last[e->objects[i]] = e->earlier[i];
		d->threads[e->thread].last = e->before;
	}
	if (d->everything > from)
		d->everything = from;
	while (d->everything > 0 && !d->events[d->everything - 1].everything)
		d->everything--;
	for (uint32_t i = 0; i < d->n_threads; i++)
		if (d->threads[i].born > from) {
			d->threads[i] = (struct dpor_thread){0};
			d->known &= ~search_bit(i);
		}
}
