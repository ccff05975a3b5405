/* SPDX-License-Identifier: MIT */
/*
 * cases - each finding of the search worked up: shrunk, explained, written into a trace, drawn.
 *
 * A step that fails leaves the case as good as it was before it, says why on stderr, and the next
 * one goes on.
 */
#include "wfp-explore/explore.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "explore/explain.h"
#include "explore/eventlog.h"
#include "explore/picture.h"
#include "explore/platform.h"
#include "explore/shrink.h"
#include "explore/trace_make.h"

#include <stdio.h>
#include <string.h>

/* What a case is made from; scenario and item are borrowed or `shrunk`'s. */
struct working {
	struct explore_job *job;
	struct explore_case *c;
	const struct scenario *scenario;
	struct explore_found_item item;
	struct explore_subject subject; /* of a shrunk scenario; run NULL: the job's will do */
	struct explore_shrunk shrunk;
	struct buf why;
};

static void complain(struct working *w, const char *what, wfp_err err)
{
	fprintf(stderr, EXPLORE_NAME ": %s: %s: %s\n", explore_rule_name(w->item.finding.rule),
		what, w->why.len ? buf_str(&w->why) : err_text(err));
	buf_reset(&w->why);
}

static const struct explore_subject *subject_of(const struct working *w)
{
	return w->subject.run ? &w->subject : &w->job->subject;
}

/* ---- shrinking ---------------------------------------------------------------------------- */

static wfp_err make_subject(void *ctx, const struct scenario *s, struct explore_subject *out,
			    UNUSED struct buf *why)
{
	const struct explore_job *job = ctx;

	return explore_platform_create(out, s, job->options.limits.processors);
}

static void drop_subject(UNUSED void *ctx, struct explore_subject *s)
{
	explore_platform_free(s);
}

static wfp_err take_shrunk(struct working *w)
{
	struct buf text = {0};
	wfp_err err = explore_platform_create(&w->subject, w->shrunk.scenario,
					      w->job->options.limits.processors);

	if (err)
		return err;
	w->scenario = w->shrunk.scenario;
	w->item.finding = w->shrunk.finding;
	w->item.schedule = w->shrunk.schedule;
	explore_shrunk_print(&w->shrunk, &text);
	w->c->shrunk = buf_steal(&text);
	return w->c->shrunk ? ERR_OK : ERR_NO_MEMORY;
}

static void shrink(struct working *w)
{
	struct explore_job *job = w->job;
	const struct explore_maker maker = {.ctx = job, .make = make_subject, .drop = drop_subject};
	struct shrink_limits limits = {.search = job->options.limits};
	wfp_err err;

	limits.search.jobs = 1; /* many short searches: forking would take longer */
	if (job->options.no_shrink || job->options.faults || job->trace)
		return;
	err = explore_shrink(&maker, job->scenario, &w->item, &limits, &w->shrunk, &w->why);
	if (!err)
		err = take_shrunk(w);
	if (err)
		complain(w, "it cannot be shrunk", err);
}

/* ---- explaining --------------------------------------------------------------------------- */

/* The sentence stays what the rule says; what is said of this run comes beside it. */
static void explain(struct working *w)
{
	struct explore_finding *f = &w->item.finding;
	const struct explore_finding before = *f;
	wfp_err err = explore_explain(subject_of(w), &w->item);

	if (err) {
		complain(w, "it cannot be explained", err);
		return;
	}
	if (strcmp(f->sentence, before.sentence) != 0)
		memcpy(w->c->detail, f->sentence, sizeof(w->c->detail));
	memcpy(f->sentence, before.sentence, sizeof(f->sentence));
}

/* ---- writing ------------------------------------------------------------------------------ */

/* "kb979278", of "tests/scenarios/kb979278.scn"; of a replayed trace, its name. */
static void base_name(const struct explore_job *job, char *out, size_t room)
{
	scenario_driver_name(job->file ? job->file : job->options.replay, out, room);
}

/* "DIR/kb979278-LostPacket-firewall.trace"; a second one of the name has a number. */
static void name_trace(const struct working *w, struct buf *out)
{
	const struct explore_finding *f = &w->item.finding;
	const struct explore_job *job = w->job;
	unsigned same = 0;
	char base[64];

	for (const struct explore_case *c = job->cases; c < w->c; c++)
		same += c->finding.rule == f->rule && strcmp(c->finding.driver, f->driver) == 0;
	base_name(job, base, sizeof(base));
	buf_printf(out, "%s/%s-%s%s%s", job->options.trace_dir, base, explore_rule_name(f->rule),
		   f->driver[0] ? "-" : "", f->driver);
	if (same)
		buf_printf(out, "-%u", same + 1);
	buf_append_str(out, ".trace");
}

static wfp_err make_trace(struct working *w, const struct explore_record *record,
			  struct explore_trace **out)
{
	const struct scenario *s = w->scenario;
	struct buf engine = {0};
	struct trace_files files = {.drivers = (const char *const *)s->drivers,
				    .n_drivers = s->n_drivers};
	wfp_err err = proc_own_path(&engine);

	if (!err)
		files.engine = buf_str(&engine);
	err = trace_make(out, record, &w->item.finding, s, &files, &w->job->options.limits);
	if (!err)
		(*out)->plain = w->job->options.accesses;
	buf_free(&engine);
	return err;
}

static wfp_err write_trace(struct working *w, const struct explore_record *record)
{
	struct buf text = {0}, path = {0};
	struct explore_trace *trace;
	wfp_err err = make_trace(w, record, &trace);

	if (err)
		return err;
	err = trace_print(trace, &text);
	trace_free(trace);
	name_trace(w, &path);
	if (!err)
		err = file_write_all(buf_str(&path), text.data, text.len);
	if (!err)
		w->c->trace = buf_steal(&path);
	else
		buf_printf(&w->why, "%s: %s", buf_str(&path), err_text(err));
	buf_free(&text);
	buf_free(&path);
	return err;
}

static bool is_html(const char *file)
{
	const char *dot = strrchr(file, '.');

	return dot && strcmp(dot, ".html") == 0;
}

/* place: of the finding that the picture ends with; 0: there is none. */
static wfp_err draw(const struct explore_job *job, const struct explore_record *record,
		    const char *title, uint64_t place)
{
	const struct picture_options options = {
		.all = job->options.verbose, .title = title, .place = place};
	const char *file = job->options.picture;
	struct buf out = {0};
	wfp_err err = is_html(file) ? picture_html(record, &options, &out)
				    : picture_text(record, &options, &out);

	if (!err)
		err = file_write_all(file, out.data, out.len);
	buf_free(&out);
	return err;
}

/* The same schedule gives the same bytes: what differs is not under control. */
static wfp_err write_log(const struct explore_job *job, const struct explore_record *record)
{
	struct buf out = {0};
	wfp_err err;

	explore_log_print(record, &out);
	err = buf_err(&out);
	if (!err)
		err = file_write_all(job->options.log, out.data, out.len);
	buf_free(&out);
	return err;
}

static void show(struct working *w, const struct explore_record *record, const char *title,
		 uint64_t place)
{
	const struct explore_options *o = &w->job->options;
	wfp_err err = o->picture ? draw(w->job, record, title, place) : ERR_OK;

	if (err)
		complain(w, o->picture, err);
	err = o->log ? write_log(w->job, record) : ERR_OK;
	if (err)
		complain(w, o->log, err);
}

static bool is_shown(const struct explore_job *job)
{
	return job->options.picture || job->options.log;
}

static wfp_err record(struct working *w, struct explore_record *out, bool stacks)
{
	const struct record_options options = {.stacks = stacks, .limits = w->job->options.limits};

	return explore_record_run(out, subject_of(w), &w->item.schedule, &options, &w->why);
}

/* Picture and log are of the first case: the others are in their traces. */
static void write_down(struct working *w)
{
	const bool shown = is_shown(w->job) && w->c == w->job->cases;
	struct explore_record r = {0};
	wfp_err err = record(w, &r, shown);

	if (!err && !w->job->trace)
		err = write_trace(w, &r);
	if (err)
		complain(w, "no trace is written", err);
	if (!err && shown)
		show(w, &r, w->item.finding.sentence, w->item.finding.place);
	explore_record_free(&r);
}

/* ---- one after the other ------------------------------------------------------------------ */

static void work_up(struct explore_job *job, struct explore_case *c,
		    const struct explore_found_item *item)
{
	struct working w = {.job = job, .c = c, .scenario = job->scenario, .item = *item};

	shrink(&w);
	explain(&w);
	c->finding = w.item.finding;
	c->run = item->run;
	c->times = item->times;
	write_down(&w);
	if (w.subject.run)
		explore_platform_free(&w.subject);
	explore_shrunk_free(&w.shrunk);
	buf_free(&w.why);
}

/* A replay that finds nothing can still be looked at. */
static void show_replay(struct explore_job *job)
{
	struct explore_case none = {0};
	struct working w = {.job = job, .c = &none, .scenario = job->scenario};
	struct explore_record r = {0};
	wfp_err err;

	if (!job->trace || !is_shown(job) || job->n_cases > 0)
		return;
	w.item.schedule = job->trace->schedule;
	w.item.finding.rule = job->trace->rule;
	err = record(&w, &r, true);
	if (err)
		complain(&w, "the replay is not shown", err);
	else
		show(&w, &r, "nothing was found", 0);
	explore_record_free(&r);
	buf_free(&w.why);
}

static bool is_of_trace(const struct explore_job *job, const struct explore_finding *f)
{
	return job->trace && f->rule == job->trace->rule &&
	       strcmp(f->driver, job->trace->culprit) == 0;
}

bool explore_found_again(const struct explore_job *job)
{
	return job->n_cases > 0 && is_of_trace(job, &job->cases[0].finding);
}

/* What a trace was written for comes first. */
static void sort_cases(struct explore_job *job)
{
	for (uint32_t i = 1; i < job->n_cases; i++) {
		const struct explore_case first = job->cases[0];

		if (!is_of_trace(job, &job->cases[i].finding) || explore_found_again(job))
			continue;
		job->cases[0] = job->cases[i];
		job->cases[i] = first;
	}
}

wfp_err explore_cases_make(struct explore_job *job)
{
	const struct explore_found_item *item = job->result.found;

	job->cases = mem_zalloc_array(job->result.n_found ? job->result.n_found : 1,
				      sizeof(*job->cases));
	if (!job->cases)
		return ERR_NO_MEMORY;
	for (; item; item = item->next)
		work_up(job, &job->cases[job->n_cases++], item);
	show_replay(job);
	sort_cases(job);
	return ERR_OK;
}

void explore_cases_free(struct explore_job *job)
{
	for (uint32_t i = 0; i < job->n_cases; i++) {
		mem_free(job->cases[i].trace);
		mem_free(job->cases[i].shrunk);
	}
	mem_free(job->cases);
}
