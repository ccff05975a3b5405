/* SPDX-License-Identifier: MIT */
/*
 * explore - the command line of wfp explore, and the order of its work: read, search, work up,
 * print.
 */
#include "wfp-explore/explore.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "common/options.h"
#include "explore/faults.h"
#include "explore/platform.h"
#include "explore/race_watch.h"
#include "explore/stack.h"
#include "explore/trace_make.h"
#include "wfp-explore/progress.h"

#include <stdio.h>
#include <string.h>

#define FINDINGS_DEFAULT 16u
#define SECONDS_DEFAULT	 60u
#define PROCESSORS	 2u /* of the machine that is explored; of --all: one for each thread */

/* ---- the command line --------------------------------------------------------------------- */

static bool store_driver(void *into, const char *value)
{
	struct explore_options *o = into;

	if (o->n_drivers == SCENARIO_DRIVERS)
		return false;
	o->drivers[o->n_drivers++] = value;
	return true;
}

static bool choose(struct explore_options *o, enum explore_strategy strategy)
{
	o->strategy = strategy;
	o->strategies++;
	return true;
}

static bool store_all(void *into, UNUSED const char *value)
{
	return choose(into, EXPLORE_ALL);
}

static bool store_bound(void *into, const char *value)
{
	struct explore_options *o = into;
	uint64_t n;

	if (!options_u64(value, 1, 15, &n))
		return false;
	o->limits.bound = (uint32_t)n;
	return choose(o, EXPLORE_BOUND);
}

static bool store_pct(void *into, const char *value)
{
	struct explore_options *o = into;
	uint64_t n;

	if (!options_u64(value, 1, 100, &n))
		return false;
	o->limits.depth = (uint32_t)n;
	return choose(o, EXPLORE_PCT);
}

static bool store_random(void *into, const char *value)
{
	struct explore_options *o = into;

	return options_u64(value, 1, UINT64_MAX, &o->limits.runs) && choose(o, EXPLORE_RANDOM);
}

static bool store_replay(void *into, const char *value)
{
	struct explore_options *o = into;

	o->replay = value;
	return choose(o, EXPLORE_REPLAY);
}

/* Rows that store a number into a member of the limits. */
static bool store_u64(void *into, const struct option_row *row, const char *value)
{
	return options_u64(value, 0, UINT64_MAX, (uint64_t *)(void *)((char *)into + row->at));
}

static bool store_u32(void *into, const struct option_row *row, const char *value)
{
	uint64_t n;

	if (!options_u64(value, 1, 1000000, &n))
		return false;
	*(uint32_t *)(void *)((char *)into + row->at) = (uint32_t)n;
	return true;
}

static bool store_jobs(void *into, const char *value)
{
	struct explore_options *o = into;
	uint64_t n;

	if (!options_u64(value, 1, 64, &n))
		return false;
	o->limits.jobs = (uint32_t)n;
	return true;
}

#define AT(member) offsetof(struct explore_options, member)

static const struct option_row rows[] = {
	{"driver", "[NAME=]FILE.so", "a callout driver (may be repeated)", store_driver},
	{"all", NULL, "every schedule, up to those that nobody can tell apart", store_all},
	{"bound", "N", "every schedule with at most N preemptions", store_bound},
	{"pct", "DEPTH", "random schedules that find bugs of this depth", store_pct},
	{"random", "RUNS", "so many schedules, all choices from the seed", store_random},
	{"replay", "TRACE", "the schedule of a trace", store_replay},
	{"runs", "N", "stop after so many runs", NULL, store_u64, NULL, AT(limits.runs)},
	{"seconds", "N", "stop after so many seconds", NULL, store_u64, NULL, AT(limits.seconds)},
	{"findings", "N", "stop after so many different findings (default 16)", NULL, store_u32,
	 NULL, AT(limits.findings)},
	{"steps", "N", "a run with more steps does not end (default 20000)", NULL, store_u32, NULL,
	 AT(limits.steps)},
	{"seed", "N", "the seed of random choices (default 0)", NULL, store_u64, NULL,
	 AT(limits.seed)},
	{"jobs", "N", "search with so many processes (1 to 64)", store_jobs},
	OPTION_TRUE(struct explore_options, accesses, "accesses",
		    "memory accesses of instrumented drivers are choices, too"),
	OPTION_TRUE(struct explore_options, faults, "faults",
		    "let each place that allocates fail once"),
	OPTION_TEXT(struct explore_options, fault_log, "fault-log", "FILE",
		    "remember which places have failed already"),
	OPTION_TEXT(struct explore_options, relation, "relation", "FILE",
		    "pended operations take the steps of this model only"),
	OPTION_TEXT(struct explore_options, pend_steps, "pend-steps", "FILE",
		    "write down the steps that they took"),
	OPTION_TRUE(struct explore_options, no_shrink, "no-shrink",
		    "write traces as they were found"),
	OPTION_TEXT(struct explore_options, trace_dir, "trace-dir", "DIR",
		    "where traces are written (default: the current directory)"),
	OPTION_TEXT(struct explore_options, picture, "picture", "FILE.txt|FILE.html",
		    "draw the first finding, or the replayed run"),
	OPTION_TEXT(struct explore_options, log, "log", "FILE",
		    "write down each step of the first finding, or of the replayed run"),
	OPTION_TRUE(struct explore_options, breaks, "break",
		    "a replay stops for the debugger at its finding, even if none is attached"),
	OPTION_TRUE(struct explore_options, json, "json", "print for programs"),
	OPTION_TRUE(struct explore_options, verbose, "verbose", "say more on standard error"),
	OPTION_TRUE(struct explore_options, help, "help", "this list"),
};

static enum exit_status fail(bool json, const char *sentence, enum exit_status status)
{
	fprintf(stderr, EXPLORE_NAME ": %s\n", sentence);
	if (json && explore_print_json_error(sentence, status) != ERR_OK)
		return EXIT_MACHINE;
	return status;
}

/* What belongs together, and what is meant when nothing is said.  NULL: fine; else a sentence. */
static const char *complete(struct explore_options *o, int n_rest)
{
	if (o->pend_steps && o->limits.jobs > 1)
		return "--pend-steps needs one process: no --jobs";
	if (o->strategies > 1)
		return "more than one of --all, --bound, --pct, --random and --replay";
	if (o->faults && o->strategies)
		return "--faults has a search of its own: no --all, --bound, --pct, --random or "
		       "--replay";
	if (o->replay ? n_rest > 0 : n_rest != 1)
		return o->replay ? "a trace has its own scenario: no other may be named"
				 : "one scenario is expected (see wfp explore --help)";
	if (!o->limits.findings)
		o->limits.findings = FINDINGS_DEFAULT;
	o->limits.processors = o->strategy == EXPLORE_ALL ? 0 : PROCESSORS;
	if (o->strategy == EXPLORE_PCT && !o->limits.seconds && !o->limits.runs)
		o->limits.seconds = SECONDS_DEFAULT;
	return NULL;
}

/* ---- reading ------------------------------------------------------------------------------ */

/* The loader looks for a bare name elsewhere than in the current directory. */
static wfp_err here(char **file)
{
	struct buf path = {0};
	char *found;

	if (strchr(*file, '/') || !file_exists(*file))
		return ERR_OK;
	buf_printf(&path, "./%s", *file);
	found = buf_steal(&path);
	if (!found)
		return ERR_NO_MEMORY;
	mem_free(*file);
	*file = found;
	return ERR_OK;
}

static wfp_err find_drivers(struct explore_job *job)
{
	struct scenario *s = job->scenario;
	wfp_err err =
		scenario_set_drivers(s, job->options.drivers, job->options.n_drivers, &job->why);

	for (uint32_t i = 0; !err && i < s->n_drivers; i++) {
		err = here(&s->drivers[i]);
		if (err || strchr(s->drivers[i], '/'))
			continue;
		buf_printf(&job->why, "driver %s: no --driver names its file", s->drivers[i]);
		err = ERR_FILE_NOT_FOUND;
	}
	if (!err && s->n_drivers == 0) {
		buf_append_str(&job->why, "no driver is named: --driver FILE.so");
		err = ERR_INVALID_DATA;
	}
	return err;
}

static wfp_err read_text(struct explore_job *job, const char *file, size_t max, struct buf *text)
{
	wfp_err err = file_is_directory(file) ? ERR_INVALID_DATA : file_read_all(file, max, text);

	if (err)
		buf_printf(&job->why, "%s: %s", file,
			   err == ERR_INVALID_DATA ? "it is a directory" : err_text(err));
	else if (text->len == 0)
		buf_printf(&job->why, "%s: it is empty", file);
	return err || text->len > 0 ? err : ERR_INVALID_DATA;
}

static wfp_err read_trace(struct explore_job *job)
{
	struct buf text = {0}, said = {0};
	wfp_err err = read_text(job, job->options.replay, TRACE_TEXT_MAX, &text);

	if (!err && trace_parse(&job->trace, buf_str(&text), text.len, &said) != ERR_OK) {
		buf_printf(&job->why, "%s: %s", job->options.replay, buf_str(&said));
		err = ERR_INVALID_DATA;
	}
	if (!err && !job->trace->scenario) {
		buf_printf(&job->why, "%s: it has no scenario", job->options.replay);
		err = ERR_INVALID_DATA;
	}
	if (!err)
		err = scenario_copy(&job->scenario, job->trace->scenario);
	buf_free(&text);
	buf_free(&said);
	return err;
}

static wfp_err read_scenario(struct explore_job *job)
{
	struct buf text = {0}, said = {0};
	wfp_err err = read_text(job, job->file, SCENARIO_TEXT, &text);

	if (!err && scenario_parse(&job->scenario, buf_str(&text), text.len, &said) != ERR_OK) {
		buf_printf(&job->why, "%s: %s", job->file, buf_str(&said));
		err = ERR_INVALID_DATA;
	}
	buf_free(&text);
	buf_free(&said);
	return err;
}

/* Bytes that differ from the trace's may lead another way. */
static void warn_about_trace(const struct explore_job *job)
{
	struct buf lines = {0}, engine = {0};

	if (proc_own_path(&engine) == ERR_OK)
		trace_warn(job->trace, (const char *const *)job->scenario->drivers,
			   job->scenario->n_drivers, buf_str(&engine), &lines);
	if (lines.len > 0)
		fprintf(stderr, "%s", buf_str(&lines));
	buf_free(&engine);
	buf_free(&lines);
}

static void take_limits_of_trace(struct explore_job *job)
{
	const uint32_t findings = job->options.limits.findings;

	job->options.limits = trace_limits(job->trace);
	job->options.limits.findings = findings;
	job->options.accesses |= job->trace->plain;
}

/* Before the search: what it finds after an hour is not to be lost. */
static wfp_err make_trace_dir(struct explore_job *job)
{
	const char *dir = job->options.trace_dir;
	wfp_err err = file_mkdir(dir, 0777);

	if (err)
		buf_printf(&job->why, "--trace-dir %s cannot be made: %s", dir, err_text(err));
	return err;
}

static wfp_err read_input(struct explore_job *job)
{
	wfp_err err = job->options.replay ? read_trace(job) : read_scenario(job);

	if (!err)
		err = find_drivers(job);
	if (!err && !job->trace)
		err = make_trace_dir(job);
	if (err)
		return err;
	job->options.limits.time_jumps = job->scenario->time_jumps;
	job->scenario->choose_memory |= job->options.faults;
	if (job->trace) {
		warn_about_trace(job);
		take_limits_of_trace(job);
	}
	return explore_platform_create(&job->subject, job->scenario,
				       job->options.limits.processors);
}

/* ---- the work ----------------------------------------------------------------------------- */

static wfp_err search_faults(struct explore_job *job)
{
	const struct faults_options options = {.limits = job->options.limits,
					       .log = job->options.fault_log};
	struct faults_result result;
	struct buf claim = {0};
	wfp_err err = explore_faults(&job->subject, &options, &result, &job->why);

	if (err)
		return err;
	faults_claim_print(&result, &claim);
	job->faults = buf_steal(&claim);
	job->result = result.search; /* and what it owns */
	return job->faults ? ERR_OK : ERR_NO_MEMORY;
}

static wfp_err search(struct explore_job *job)
{
	const struct explore_options *o = &job->options;
	struct explore_limits limits = o->limits;

	sim_plain_points(o->accesses);
	if (o->faults)
		return search_faults(job);
	limits.breaks = job->trace && (o->breaks || proc_traced());
	return explore_search(&job->subject, o->strategy, &limits,
			      job->trace ? &job->trace->schedule : NULL, &job->result, &job->why);
}

static enum exit_status print(const struct explore_job *job)
{
	if (job->options.json) {
		if (explore_print_json(job) != ERR_OK) {
			fprintf(stderr, EXPLORE_NAME ": the result could not be written\n");
			return EXIT_MACHINE;
		}
	} else {
		explore_print_text(job);
	}
	return job->n_cases > 0 ? EXIT_FOUND : EXIT_DONE;
}

static enum exit_status work(struct explore_job *job)
{
	wfp_err err = read_input(job);

	if (!err)
		err = explore_pend_steps_open(job);
	if (job->options.limits.jobs <= 1) /* others would each say their own */
		progress_begin();
	if (!err)
		err = search(job);
	if (!err)
		err = explore_cases_make(job);
	progress_end();
	if (!err)
		err = explore_pend_steps_close(job);
	if (!err)
		return print(job);
	return fail(job->options.json, job->why.len ? buf_str(&job->why) : err_text(err),
		    exit_from_err(err));
}

static wfp_err open_watchers(void)
{
	wfp_err err = stack_open();

	if (err)
		return err;
	err = race_watch_open();
	if (err)
		stack_close();
	return err;
}

static void close_job(struct explore_job *job)
{
	explore_cases_free(job);
	explore_result_free(&job->result);
	if (job->subject.run)
		explore_platform_free(&job->subject);
	scenario_free(job->scenario);
	trace_free(job->trace);
	mem_free(job->faults);
	buf_free(&job->why);
}

static enum exit_status usage(void)
{
	printf("usage: wfp explore SCENARIO [options]\n"
	       "       wfp explore --replay TRACE [options]\n\n");
	options_print(rows, ARRAY_LEN(rows));
	return EXIT_DONE;
}

/* The sentence has been said on stderr; the mistake may come before the --json. */
static enum exit_status misread(int argc, char **argv)
{
	bool json = false;

	for (int i = 1; i < argc; i++)
		json |= strcmp(argv[i], "--json") == 0;
	if (json && explore_print_json_error("the options are wrong", EXIT_INPUT) != ERR_OK)
		return EXIT_MACHINE;
	return EXIT_INPUT;
}

enum exit_status explore_main(int argc, char **argv)
{
	struct explore_job job = {.options = {.trace_dir = "."}};
	enum exit_status status;
	const char *mistake;
	int n;

	if (!options_parse(rows, ARRAY_LEN(rows), EXPLORE_NAME, argc, argv, &job.options, &n))
		return misread(argc, argv);
	if (job.options.help)
		return usage();
	mistake = complete(&job.options, n);
	if (mistake)
		return fail(job.options.json, mistake, EXIT_INPUT);
	job.file = n > 0 ? argv[1] : NULL;
	if (open_watchers() != ERR_OK)
		return fail(job.options.json, "no memory", EXIT_MACHINE);
	status = work(&job);
	race_watch_close();
	close_job(&job);
	stack_close();
	return status;
}
