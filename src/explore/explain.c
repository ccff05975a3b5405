/* SPDX-License-Identifier: MIT */
/*
 * explain - running a finding's schedule again and filling in what that shows.
 *
 * The subject is wrapped, so that blocks remember their stacks from the beginning of its
 * preparation.  What can be said depends on the rule: one row each.  A finding made within the run
 * is looked at there and then, on the stack of the thread that made it; one made after it, before
 * the world is rewound.
 */
#include "explore/explain.h"

#include "base/thread.h"
#include "engine/engine.h"
#include "explore/race_watch.h"
#include "explore/stack.h"
#include "explore/steps.h"
#include "explore/waitgraph.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STEPS_MORE 1000u /* than the schedule has, before the run counts as endless */

struct explain {
	const struct explore_subject *subject;
	const struct explore_finding *wanted;
	struct steps *steps;
	struct waitgraph *graph;
	bool seen;
	struct explore_finding finding;
};

static void PRINTF_LIKE(2, 3) say(struct explain *e, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(e->finding.sentence, sizeof(e->finding.sentence), fmt, args);
	va_end(args);
}

static const char *driver_of(const struct explain *e)
{
	return e->finding.driver[0] ? e->finding.driver : "somebody";
}

/* ---- stacks --------------------------------------------------------------------------------- */

static void stack_of_thread(struct explore_stack *s, uint32_t thread)
{
	s->thread = thread;
	s->n = sim_control_stack(thread, s->frames, EXPLORE_FRAMES);
}

static void stack_of_block(struct explore_stack *s, uint32_t thread, void *const *frames)
{
	s->thread = thread;
	for (s->n = 0; frames && s->n < EXPLORE_FRAMES && frames[s->n]; s->n++)
		s->frames[s->n] = frames[s->n];
}

/* Whose stack shows the finding: the thread that made it, or the one that crashed. */
static void fill_here(struct explain *e)
{
	if (e->finding.here.n > 0)
		return;
	if (sim_controlled())
		stack_of_thread(&e->finding.here, thread_id());
	else if (sim_control_crash().thread)
		stack_of_thread(&e->finding.here, sim_control_crash().thread);
}

/* ---- rule by rule --------------------------------------------------------------------------- */

/* Rules about an object that was announced right before the platform refused the call. */
static bool is_about_an_object(const char *platform_rule)
{
	static const enum engine_rule rules[] = {ENGINE_RULE_BadPointer, ENGINE_RULE_NblRefBalance};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (strcmp(platform_rule, engine_rule_name(rules[i])) == 0)
			return true;
	return false;
}

/* The step before on what this thread used last: who had freed, referenced or injected it. */
static void explain_second(struct explain *e)
{
	const struct step *now = steps_last(e->steps, e->finding.here.thread, "");
	const struct step *before = now ? steps_before(e->steps, now) : NULL;

	if (!before || !is_about_an_object(e->finding.platform_rule))
		return;
	e->finding.there = before->stack;
	say(e, "%s: %s by thread %" PRIu32 ", after %s by thread %" PRIu32, driver_of(e), now->what,
	    now->stack.thread, before->what, before->stack.thread);
}

static void explain_completion(struct explain *e)
{
	const struct step *now = steps_last(e->steps, e->finding.here.thread, "Fwps");
	const struct step *before = now ? steps_before(e->steps, now) : NULL;

	if (!before)
		return;
	e->finding.there = before->stack;
	say(e, "%s by thread %" PRIu32 " on %p, on which thread %" PRIu32 " had called %s",
	    now->what, now->stack.thread, now->object, before->stack.thread, before->what);
}

static void say_block(struct explain *e, const char *used, const struct sim_block *b,
		      const void *address)
{
	struct explore_stack made = {0};
	struct stack_place place = {0};

	stack_of_block(&made, b->allocated_by, b->allocated_at);
	for (uint32_t i = 0; i < made.n && !place.driver; i++)
		if (!stack_find(made.frames[i], &place) || !place.driver)
			place = (struct stack_place){0};
	say(e,
	    "%s %td bytes into a block of %zu that thread %" PRIu32
	    " allocated%s%s and thread %" PRIu32 " freed",
	    used, (const char *)address - (const char *)b->start, b->size, b->allocated_by,
	    place.function[0] ? " in " : "", place.function, b->freed_by);
}

static void explain_use_after_free(struct explain *e)
{
	const void *address = sim_control_crash().address;
	struct sim_block b;

	if (e->finding.there.n > 0)
		return;
	if (address && sim_block_find(address, &b))
		say_block(e, "access", &b, address);
	else if (!sim_controlled() && sim_block_check_freed(&b))
		say_block(e, "a write", &b, b.start);
	else
		return;
	stack_of_block(&e->finding.there, b.freed_by, b.freed_at);
}

static void explain_crash(struct explain *e)
{
	struct sim_crash crash = sim_control_crash();

	if (crash.signal)
		say(e, "signal %d at address %p", crash.signal, crash.address);
}

static void explain_deadlock(struct explain *e)
{
	struct buf text = {0};
	uint32_t first, second;

	waitgraph_read(e->graph);
	if (e->graph->n == 0)
		return;
	waitgraph_say(e->graph, &text);
	say(e, "%s", buf_str(&text));
	buf_free(&text);
	first = e->graph->n_circle > 0 ? e->graph->circle[0] : 0;
	second = e->graph->n_circle > 1 ? e->graph->circle[1] : first;
	stack_of_thread(&e->finding.here, e->graph->waits[first].thread);
	if (second != first)
		stack_of_thread(&e->finding.there, e->graph->waits[second].thread);
}

/* Where a thing was made: a step of this run, or a block from before it. */
static bool find_made(const struct explain *e, const struct step *left, struct explore_stack *out)
{
	const struct step *made = steps_before(e->steps, left);
	struct sim_block b;

	if (made) {
		*out = made->stack;
		return true;
	}
	if (!sim_block_find(left->object, &b))
		return false;
	*out = (struct explore_stack){0};
	stack_of_block(out, b.allocated_by, b.allocated_at);
	return out->n > 0;
}

/* What was taken back at the unload. */
static void explain_leak(struct explain *e)
{
	const struct step *left = steps_last(e->steps, 0, "left at unload");
	struct explore_stack made;

	if (!left || !find_made(e, left, &made))
		return;
	e->finding.there = e->finding.here;
	e->finding.here = made;
}

/* A thread of the kernel for drivers that is inside of a driver, by the last thing it did. */
static bool runs_driver(const char *name, const char *did)
{
	static const char *const outside[] = {"wait", "look for a DPC", "DPC is done"};

	if (strcmp(name, "driver") == 0)
		return true;
	if (strcmp(name, "nt-dpc") != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(outside); i++)
		if (strcmp(did, outside[i]) == 0)
			return false;
	return true;
}

/* Whose code still runs. */
static void explain_unload(struct explain *e)
{
	const struct step *did;

	for (uint32_t thread = 1; thread < ARRAY_LEN(e->steps->names); thread++) {
		did = steps_last(e->steps, thread, "");
		if (!did || !runs_driver(steps_name_of(e->steps, thread), did->what))
			continue;
		stack_of_thread(&e->finding.there, thread);
		if (e->finding.there.n > 0)
			return;
	}
}

/* The last operation that was pended and never completed. */
static void explain_lost(struct explain *e)
{
	const struct step *pend, *done;

	for (uint64_t back = 0; (pend = steps_back(e->steps, back)); back++) {
		if (!strstr(pend->what, "FwpsPend"))
			continue;
		done = steps_last(e->steps, 0, "FwpsComplete");
		while (done && done->object != pend->object)
			done = steps_before(e->steps, done);
		if (done)
			continue;
		e->finding.there = pend->stack;
		return;
	}
}

static void (*const by_rule[EXPLORE_RULES])(struct explain *e) = {
	[EXPLORE_UseAfterFree] = explain_use_after_free,
	[EXPLORE_DoubleCompletion] = explain_completion,
	[EXPLORE_StaleCompletion] = explain_completion,
	[EXPLORE_LostPacket] = explain_lost,
	[EXPLORE_Deadlock] = explain_deadlock,
	[EXPLORE_LeakAtUnload] = explain_leak,
	[EXPLORE_UnloadTooEarly] = explain_unload,
	[EXPLORE_Crash] = explain_crash,
	[EXPLORE_BrokenRule] = explain_second,
};

/* ---- the run -------------------------------------------------------------------------------- */

/* The same place; who names none says what tells it from others. */
static bool is_wanted(const struct explain *e, const struct explore_finding *f)
{
	if (e->seen || f->rule != e->wanted->rule ||
	    strcmp(f->platform_rule, e->wanted->platform_rule) != 0)
		return false;
	return f->place ? f->place == e->wanted->place
			: strcmp(f->sentence, e->wanted->sentence) == 0;
}

static void on_found(void *ctx, const struct explore_finding *f)
{
	struct explain *e = ctx;

	if (!is_wanted(e, f))
		return;
	e->seen = true;
	e->finding = *f;
	fill_here(e);
	if (by_rule[f->rule])
		by_rule[f->rule](e);
}

static void on_begin(void *ctx)
{
	struct explain *e = ctx;

	if (!e->seen) /* the search may run it a second time, to compare */
		steps_begin(e->steps);
}

static void on_step(void *ctx, uint32_t thread, const struct sim_op *op)
{
	struct explain *e = ctx;

	if (!e->seen)
		steps_add(e->steps, thread, op);
}

static void on_choice(void *ctx, const struct explore_choice *c, const struct sim_view *v)
{
	struct explain *e = ctx;

	if (v)
		steps_name(e->steps, v);
}

static wfp_err wrapped_prepare(void *ctx, struct buf *why)
{
	struct explain *e = ctx;

	sim_block_stacks(true);
	return e->subject->prepare ? e->subject->prepare(e->subject->ctx, why) : ERR_OK;
}

static void wrapped_run(void *ctx)
{
	struct explain *e = ctx;

	e->subject->run(e->subject->ctx);
}

static void wrapped_check(void *ctx, enum sim_end end)
{
	struct explain *e = ctx;

	if (e->subject->check)
		e->subject->check(e->subject->ctx, end);
}

static wfp_err run_again(struct explain *e, const struct explore_schedule *schedule)
{
	const struct explore_limits limits = {.steps = schedule->n + STEPS_MORE,
					      .findings = UINT32_MAX};
	struct explore_watcher watcher = {
		.ctx = e,
		.begin = on_begin,
		.step = on_step,
		.choice = on_choice,
		.found = on_found,
	};
	struct explore_subject subject = *e->subject;
	struct explore_result result = {0};
	struct buf why = {0};
	wfp_err err;

	subject.ctx = e;
	subject.prepare = wrapped_prepare;
	subject.run = wrapped_run;
	subject.check = wrapped_check;
	explore_watch(&watcher);
	err = explore_search(&subject, EXPLORE_REPLAY, &limits, schedule, &result, &why);
	explore_unwatch(&watcher);
	sim_block_stacks(false);
	buf_free(&why);
	if (!err)
		explore_result_free(&result);
	return err;
}

/* ---- afterwards ----------------------------------------------------------------------------- */

static void drop_frames(struct explore_stack *s, uint32_t n)
{
	memmove(s->frames, s->frames + n, (s->n - n) * sizeof(s->frames[0]));
	s->n -= n;
}

/*
 * Our own frames above the function that the driver has called say nothing.  Where no driver is on
 * the stack, those that made the finding go.
 */
static void trim(struct explore_stack *s)
{
	struct stack_place place;
	uint32_t found = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		if (!stack_find(s->frames[i], &place))
			continue;
		if (place.driver) {
			drop_frames(s, i > 0 ? i - 1 : 0);
			return;
		}
		if (strcmp(place.function, "explore_found") == 0)
			found = i + 1;
	}
	drop_frames(s, found);
}

static void finish_stack(const struct explain *e, struct explore_stack *s)
{
	if (!s->thread)
		return;
	snprintf(s->thread_name, sizeof(s->thread_name), "%s", steps_name_of(e->steps, s->thread));
	trim(s);
}

static void hand_over(struct explain *e, struct explore_finding *f)
{
	finish_stack(e, &e->finding.here);
	finish_stack(e, &e->finding.there);
	f->here = e->finding.here;
	f->there = e->finding.there;
	memcpy(f->sentence, e->finding.sentence, sizeof(f->sentence));
}

static void explain_free(struct explain *e)
{
	steps_destroy(e->steps);
	sim_control_free(e->graph);
	sim_control_free(e);
}

static wfp_err explain_create(struct explain **out)
{
	struct explain *e = sim_control_alloc(sizeof(*e));

	if (!e)
		return ERR_NO_MEMORY;
	e->graph = sim_control_alloc(sizeof(*e->graph));
	if (!e->graph || steps_create(&e->steps) != ERR_OK) {
		sim_control_free(e->graph);
		sim_control_free(e);
		return ERR_NO_MEMORY;
	}
	*out = e;
	return ERR_OK;
}

wfp_err explore_explain(const struct explore_subject *s, struct explore_found_item *item)
{
	struct explain *e;
	wfp_err err = explain_create(&e);

	if (err)
		return err;
	e->subject = s;
	e->wanted = &item->finding;
	err = race_watch_stacks(true);
	if (!err)
		err = run_again(e, &item->schedule);
	(void)!race_watch_stacks(false);
	if (!err && e->seen)
		hand_over(e, &item->finding);
	else if (!err)
		err = ERR_NOT_FOUND;
	explain_free(e);
	return err;
}
