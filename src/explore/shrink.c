/* SPDX-License-Identifier: MIT */
/*
 * shrink - the scenario's half, and the trying of candidates.
 *
 * A smaller scenario has other threads, so its schedule is found anew: first by following the known
 * one as far as that makes sense, then by short searches.  Called after a search, on the
 * explorer's thread.
 */
#include "explore/shrink.h"

#include "base/clock.h"
#include "base/sim_control.h"
#include "base/team.h"
#include "explore/ddmin.h"
#include "explore/shrink_run.h"

#include <inttypes.h>
#include <string.h>

#define DEFAULT_SECONDS 20u
#define DEFAULT_RUNS	1500u
#define BOUND_MAX	2u
#define DEPTH_MAX	4u
#define FINDINGS	8u /* different ones that a search for ours may meet */

bool explore_finding_same(const struct explore_finding *a, const struct explore_finding *b)
{
	return a->rule == b->rule && a->place == b->place && strcmp(a->driver, b->driver) == 0;
}

bool shrink_may_go_on(struct shrink *s)
{
	if (s->err || s->best->cut)
		return false;
	s->best->cut = team_clock() >= s->deadline || s->best->candidates >= s->limits.candidates;
	return !s->best->cut;
}

void shrink_measure(struct shrink_size *size, const struct explore_schedule *schedule)
{
	uint32_t last = UINT32_MAX;

	size->preemptions = explore_schedule_preemptions(schedule);
	size->switches = 0;
	size->values = 0;
	size->steps = schedule->n;
	for (uint32_t i = 0; i < schedule->n; i++) {
		const struct explore_choice *c = &schedule->choices[i];

		if (c->kind == EXPLORE_VALUE) {
			size->values += c->what != 0;
			continue;
		}
		size->switches += last != UINT32_MAX && c->what != last;
		last = c->what;
	}
}

static void measure_scenario(struct shrink_size *size, const struct scenario *s)
{
	size->drivers = s->n_drivers;
	size->packets = s->n_packets;
	size->disturbances = s->n_disturbances;
}

/* What reads more easily: the first of these that differs decides. */
static bool is_better(const struct explore_schedule *a, const struct explore_schedule *b)
{
	struct shrink_size x = {0}, y = {0};

	shrink_measure(&x, a);
	shrink_measure(&y, b);
	if (x.preemptions != y.preemptions)
		return x.preemptions < y.preemptions;
	if (x.values != y.values)
		return x.values < y.values;
	if (x.switches != y.switches)
		return x.switches < y.switches;
	return x.steps < y.steps;
}

static uint32_t at_most(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/*
 * The finding that is to be kept, in a search's result; NULL: it is not there.  What the run did
 * after it, when it went on, is cut off its schedule.
 */
static const struct explore_found_item *look_for(const struct shrink *s,
						 const struct explore_result *r)
{
	struct explore_found_item *item = r->found;

	while (item && !explore_finding_same(&item->finding, &s->best->finding))
		item = item->next;
	if (item)
		item->schedule.n = at_most(item->schedule.n, s->watch->needed);
	return item;
}

static void adopt(struct shrink *s, const struct explore_found_item *item)
{
	s->err = explore_schedule_copy(&s->best->schedule, &item->schedule);
	if (s->err)
		return;
	s->best->finding = item->finding;
	s->names = s->watch->found;
}

/* ---- watching ---------------------------------------------------------------------------------
 */

static void on_begin(void *ctx)
{
	struct shrink_watch *w = ctx;

	w->names = (struct guide_names){0};
	w->choices = 0;
	w->met = false;
}

static void on_choice(void *ctx, const struct explore_choice *c, const struct sim_view *v)
{
	struct shrink_watch *w = ctx;

	w->choices++;
	if (v)
		guide_names_learn(&w->names, v);
}

static void on_found(void *ctx, const struct explore_finding *f)
{
	struct shrink_watch *w = ctx;

	if (f->place != w->place || w->met)
		return;
	w->met = true;
	w->found = w->names;
	w->needed = w->choices;
}

static wfp_err watch_begin(struct shrink *s)
{
	struct shrink_watch *w = sim_control_alloc(sizeof(*w));

	if (!w)
		return ERR_NO_MEMORY;
	w->place = s->best->finding.place;
	w->watcher = (struct explore_watcher){
		.ctx = w, .begin = on_begin, .choice = on_choice, .found = on_found};
	s->watch = w;
	explore_watch(&w->watcher);
	return ERR_OK;
}

static void watch_end(struct shrink *s)
{
	if (!s->watch)
		return;
	explore_unwatch(&s->watch->watcher);
	sim_control_free(s->watch);
}

/* ---- schedules --------------------------------------------------------------------------------
 */

/* The same finding under this schedule?  Takes it over when it is better, or when it must. */
static bool replay(struct shrink *s, const struct explore_schedule *candidate, bool must)
{
	struct explore_result result;
	const struct explore_found_item *item;
	bool taken;

	s->best->candidates++;
	explore_session_replay(s->session, candidate, &result);
	item = look_for(s, &result);
	taken = item && (must || is_better(&item->schedule, &s->best->schedule));
	if (taken)
		adopt(s, item);
	explore_result_free(&result);
	return taken && !s->err;
}

/* Prepares the best scenario, does this, and lets go of it again. */
static void in_session(struct shrink *s, void (*what)(struct shrink *s))
{
	struct explore_subject subject;

	s->err = s->maker->make(s->maker->ctx, s->best->scenario, &subject, s->why);
	if (s->err)
		return;
	s->err = explore_session_open(&s->session, &subject, &s->limits.search, s->why);
	if (!s->err) {
		what(s);
		explore_session_close(s->session);
	}
	s->maker->drop(s->maker->ctx, &subject);
}

bool shrink_try_schedule(struct shrink *s, const struct explore_schedule *candidate)
{
	return shrink_may_go_on(s) && replay(s, candidate, false);
}

/* ---- scenarios --------------------------------------------------------------------------------
 */

/* How a smaller scenario is searched, one way after the other, until it is found. */
static const enum explore_strategy ways[] = {EXPLORE_GUIDE, EXPLORE_BOUND, EXPLORE_PCT};

static struct explore_limits limits_of(const struct shrink *s, const struct explore_guide *guide)
{
	uint32_t preemptions = explore_schedule_preemptions(&s->best->schedule);
	struct explore_limits l = s->limits.search;

	l.bound = at_most(preemptions, BOUND_MAX);
	l.depth = at_most(preemptions + 1, DEPTH_MAX);
	l.findings = FINDINGS;
	l.until = s->best->finding.place;
	l.seconds = (s->deadline - team_clock()) / CLOCK_S + 1;
	l.guide = guide;
	return l;
}

static bool search_one_way(struct shrink *s, const struct explore_subject *subject,
			   enum explore_strategy way)
{
	struct explore_guide guide = {s->best->schedule, s->names};
	struct explore_limits limits = limits_of(s, &guide);
	struct explore_result result = {0};
	const struct explore_found_item *item;
	struct buf why = {0};
	wfp_err err;

	limits.runs = way == EXPLORE_GUIDE ? 1 : s->limits.runs;
	err = explore_search(subject, way, &limits, NULL, &result, &why);
	buf_free(&why);
	if (err == ERR_NO_MEMORY)
		s->err = err;
	if (err)
		return false;
	item = look_for(s, &result);
	if (item)
		adopt(s, item);
	explore_result_free(&result);
	return item && !s->err;
}

static bool search_for_it(struct shrink *s, const struct explore_subject *subject)
{
	bool found = false;

	for (unsigned i = 0; i < ARRAY_LEN(ways) && !found && shrink_may_go_on(s); i++)
		found = search_one_way(s, subject, ways[i]);
	return found;
}

/* Takes the scenario over, or frees it. */
static bool try_scenario(struct shrink *s, struct scenario *candidate)
{
	struct explore_subject subject;
	struct buf why = {0};
	bool found = false;

	s->best->candidates++;
	if (s->maker->make(s->maker->ctx, candidate, &subject, &why) == ERR_OK) {
		found = search_for_it(s, &subject);
		s->maker->drop(s->maker->ctx, &subject);
	}
	buf_free(&why);
	if (found) {
		scenario_free(s->best->scenario);
		s->best->scenario = candidate;
	} else {
		scenario_free(candidate);
	}
	return found;
}

/* The parts of a scenario that can be left out. */
struct kind {
	uint32_t (*count)(const struct scenario *s);
	void (*leave_out)(struct scenario *s, uint32_t i);
};

static uint32_t count_disturbances(const struct scenario *s)
{
	return s->n_disturbances;
}

static uint32_t count_drivers(const struct scenario *s)
{
	return s->n_drivers;
}

static uint32_t count_packets(const struct scenario *s)
{
	return s->n_packets;
}

enum setting { SETTING_MEMORY, SETTING_CLONE, SETTING_TIME, SETTINGS };

static uint32_t count_settings(const struct scenario *s)
{
	return s->choose_memory || s->choose_clone || s->time_jumps ? SETTINGS : 0;
}

static void leave_out_setting(struct scenario *s, uint32_t i)
{
	s->choose_memory &= i != SETTING_MEMORY;
	s->choose_clone &= i != SETTING_CLONE;
	if (i == SETTING_TIME)
		s->time_jumps = 0;
}

static const struct kind kinds[] = {
	{count_disturbances, scenario_drop_disturbance},
	{count_drivers, scenario_drop_driver},
	{count_packets, scenario_drop_packet},
	{count_settings, leave_out_setting},
};

struct reduction {
	struct shrink *shrink;
	const struct kind *kind;
	const struct scenario *whole; /* that the masks speak of */
	uint32_t n;
};

static bool still_with(void *ctx, uint64_t mask)
{
	struct reduction *r = ctx;
	struct scenario *candidate;

	if (!shrink_may_go_on(r->shrink))
		return false;
	r->shrink->err = scenario_copy(&candidate, r->whole);
	if (r->shrink->err)
		return false;
	for (uint32_t i = r->n; i-- > 0;)
		if (!(mask >> i & 1))
			r->kind->leave_out(candidate, i);
	return try_scenario(r->shrink, candidate);
}

static void reduce(struct shrink *s, const struct kind *kind)
{
	struct reduction r = {.shrink = s, .kind = kind, .n = kind->count(s->best->scenario)};
	struct scenario *whole;

	if (r.n == 0 || !shrink_may_go_on(s))
		return;
	s->err = scenario_copy(&whole, s->best->scenario);
	if (s->err)
		return;
	r.whole = whole;
	(void)ddmin(r.n < 64 ? (UINT64_C(1) << r.n) - 1 : UINT64_MAX, still_with, &r);
	scenario_free(whole);
}

/* ---- all of it --------------------------------------------------------------------------------
 */

/* The finding must come back with its own schedule, or nothing can be said about others. */
static void confirm(struct shrink *s)
{
	struct explore_schedule own = {0};

	s->err = explore_schedule_copy(&own, &s->best->schedule);
	if (!s->err && !replay(s, &own, true) && !s->err)
		s->err = ERR_NOT_FOUND;
	explore_schedule_free(&own);
}

static void shrink_in_turn(struct shrink *s)
{
	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++)
		reduce(s, &kinds[i]);
	if (!s->err)
		in_session(s, shrink_schedule);
}

static struct shrink_limits with_defaults(const struct shrink_limits *limits)
{
	struct shrink_limits l = *limits;

	l.seconds = l.seconds ? l.seconds : DEFAULT_SECONDS;
	l.candidates = l.candidates ? l.candidates : UINT64_MAX;
	l.runs = l.runs ? l.runs : DEFAULT_RUNS;
	return l;
}

wfp_err explore_shrink(const struct explore_maker *maker, const struct scenario *scenario,
		       const struct explore_found_item *item, const struct shrink_limits *limits,
		       struct explore_shrunk *out, struct buf *why)
{
	struct explore_shrunk best = {.finding = item->finding};
	struct shrink s = {
		.maker = maker, .limits = with_defaults(limits), .best = &best, .why = why};

	s.deadline = team_clock() + s.limits.seconds * CLOCK_S;
	s.err = scenario_copy(&best.scenario, scenario);
	if (!s.err)
		s.err = explore_schedule_copy(&best.schedule, &item->schedule);
	if (!s.err)
		s.err = watch_begin(&s);
	if (!s.err)
		in_session(&s, confirm);
	if (!s.err) {
		measure_scenario(&best.before, scenario);
		shrink_measure(&best.before, &best.schedule);
		shrink_in_turn(&s);
	}
	watch_end(&s);
	if (s.err) {
		explore_shrunk_free(&best);
		return s.err;
	}
	measure_scenario(&best.after, best.scenario);
	shrink_measure(&best.after, &best.schedule);
	*out = best;
	return ERR_OK;
}

void explore_shrunk_free(struct explore_shrunk *s)
{
	scenario_free(s->scenario);
	explore_schedule_free(&s->schedule);
	*s = (struct explore_shrunk){0};
}

void explore_shrunk_print(const struct explore_shrunk *s, struct buf *out)
{
	const struct {
		uint32_t before, after;
		const char *what;
	} rows[] = {
		{s->before.drivers, s->after.drivers, "drivers"},
		{s->before.packets, s->after.packets, "packets"},
		{s->before.disturbances, s->after.disturbances, "disturbances"},
		{s->before.preemptions, s->after.preemptions, "preemptions"},
		{s->before.switches, s->after.switches, "switches"},
	};
	const char *comma = "";

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].before == 0)
			continue;
		buf_printf(out, "%s%" PRIu32 " of %" PRIu32 " %s", comma, rows[i].after,
			   rows[i].before, rows[i].what);
		comma = ", ";
	}
	buf_printf(out, "%s left (%" PRIu64 " candidates%s)", *comma ? "" : "nothing",
		   s->candidates, s->cut ? ", stopped before the end" : "");
}
