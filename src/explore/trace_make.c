/* SPDX-License-Identifier: MIT */
/*
 * trace_make - choices from a record's events, with what a person wants to know beside them.
 */
#include "explore/trace_make.h"

#include <stdio.h>
#include <string.h>

static struct explore_choice choice_of(const struct record_event *e)
{
	if (e->kind == RECORD_VALUE)
		return (struct explore_choice){
			.what = e->value, .kind = EXPLORE_VALUE, .of = e->of};
	return (struct explore_choice){
		.what = e->thread, .kind = EXPLORE_THREAD, .preempts = e->preempts};
}

/* "worker atomic heap.2:80+0x40"; "memory" */
static void note_of(const struct explore_record *r, const struct record_event *e,
		    char note[TRACE_NOTE_MAX])
{
	const char *object = e->object ? r->objects[e->object].name : "";
	char room[32];

	if (e->kind == RECORD_VALUE)
		snprintf(note, TRACE_NOTE_MAX, "%s", e->what);
	else
		snprintf(note, TRACE_NOTE_MAX, "%s%s%s%s%s",
			 explore_record_thread(r, e->thread, room), e->what[0] ? " " : "", e->what,
			 object[0] ? " " : "", object);
}

/* Up to the finding: a replay goes on by itself. */
static wfp_err add_steps(struct explore_trace *t, const struct explore_record *r, uint64_t place)
{
	uint32_t end = place ? explore_record_found(r, place) : 0;
	char note[TRACE_NOTE_MAX];
	wfp_err err = ERR_OK;

	for (uint32_t i = 0; i < (end ? end : r->n_events) && !err; i++) {
		const struct record_event *e = &r->events[i];

		if (e->kind != RECORD_PICK && e->kind != RECORD_VALUE)
			continue;
		note_of(r, e, note);
		err = trace_add_step(t, choice_of(e), note);
	}
	return err;
}

static wfp_err add_files(struct explore_trace *t, const struct trace_files *files)
{
	uint8_t digest[DIGEST_SIZE];
	wfp_err err = ERR_OK;

	for (uint32_t i = 0; i < files->n_drivers && !err; i++) {
		err = digest_file(files->drivers[i], digest);
		if (!err)
			err = trace_add_driver(t, files->drivers[i], digest);
	}
	if (!err && files->engine) {
		err = digest_file(files->engine, t->engine);
		t->has_engine = !err;
	}
	return err;
}

static void add_finding(struct explore_trace *t, const struct explore_finding *f)
{
	t->rule = f->rule;
	t->place = f->place;
	snprintf(t->culprit, sizeof(t->culprit), "%s", f->driver);
	snprintf(t->sentence, sizeof(t->sentence), "%s", f->sentence);
	trace_make_plain(t->culprit);
	trace_make_plain(t->sentence);
}

wfp_err trace_make(struct explore_trace **out, const struct explore_record *r,
		   const struct explore_finding *finding, const struct scenario *scenario,
		   const struct trace_files *files, const struct explore_limits *limits)
{
	struct explore_trace *t;
	wfp_err err = trace_create(&t);

	if (err)
		return err;
	if (finding)
		add_finding(t, finding);
	t->seed = limits->seed;
	t->time_jumps = limits->time_jumps;
	t->processors = limits->processors;
	if (scenario)
		err = scenario_copy(&t->scenario, scenario);
	if (!err && files)
		err = add_files(t, files);
	if (!err)
		err = add_steps(t, r, finding ? finding->place : 0);
	if (err)
		trace_free(t);
	else
		*out = t;
	return err;
}

struct explore_limits trace_limits(const struct explore_trace *t)
{
	return (struct explore_limits){
		.time_jumps = t->time_jumps, .processors = t->processors, .seed = t->seed};
}
