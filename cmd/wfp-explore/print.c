/* SPDX-License-Identifier: MIT */
/*
 * print - the result, for people and for programs.
 */
#include "wfp-explore/explore.h"

#include "explore/platform.h"
#include "explore/race_watch.h"
#include "explore/stack.h"

#include <stdio.h>
#include <string.h>

static double seconds_of(const struct explore_job *job)
{
	return (double)job->result.nanoseconds / 1e9;
}

static double speed_of(const struct explore_job *job)
{
	const double seconds = seconds_of(job);

	return seconds > 0 ? (double)job->result.runs / seconds : 0;
}

static void claim_of(const struct explore_job *job, struct buf *out)
{
	if (job->faults)
		buf_append_str(out, job->faults);
	else
		explore_claim_print(&job->result, out);
}

bool explore_as_expected(const struct explore_job *job)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < job->n_cases; i++)
		found |= 1u << job->cases[i].finding.rule;
	if (!job->scenario->expects)
		return true;
	if (!job->scenario->expect_rules)
		return found == 0;
	return found && !(found & ~job->scenario->expect_rules);
}

/* ---- for people ---------------------------------------------------------------------------- */

static void print_drivers(const struct scenario *s)
{
	char name[64];

	for (uint32_t i = 0; i < s->n_drivers; i++) {
		scenario_driver_name(s->drivers[i], name, sizeof(name));
		printf("%s %s", i ? "," : "drivers:", name);
	}
	printf("\n");
}

static void print_stack(const struct explore_stack *s)
{
	struct buf lines = {0};

	if (s->n == 0)
		return;
	stack_print(s, &lines);
	printf("  thread %u (%s)\n%s", s->thread, s->thread_name, buf_str(&lines));
	buf_free(&lines);
}

static void print_case(uint32_t number, const struct explore_case *c)
{
	const struct explore_finding *f = &c->finding;
	const char *bugcheck = explore_rule_bugcheck(f->rule);

	printf("\n%u. %s: %s\n", number, explore_rule_name(f->rule), f->sentence);
	if (c->detail[0])
		printf("  %s\n", c->detail);
	if (f->platform_rule[0])
		printf("  rule of the platform: %s\n", f->platform_rule);
	if (bugcheck[0])
		printf("  on Windows: %s\n", bugcheck);
	printf("  first found in run %llu, in %llu of all\n", (unsigned long long)c->run,
	       (unsigned long long)c->times);
	if (c->shrunk)
		printf("  shrunk: %s\n", c->shrunk);
	print_stack(&f->here);
	print_stack(&f->there);
	if (c->trace)
		printf("  again: wfp explore --replay %s\n", c->trace);
}

static void print_expected(const struct explore_job *job)
{
	if (!job->scenario->expects)
		return;
	printf("%s\n", explore_as_expected(job) ? "as the scenario expects"
						: "not as the scenario expects");
}

/* What the claim says nothing about. */
static void print_blind_spot(const struct explore_job *job)
{
	if (job->result.claim == EXPLORE_CLAIM_ALL && !explore_platform_watched(&job->subject))
		printf("of what drivers call: their own accesses of memory are not watched "
		       "(see THE CLAIM in wfp-explore(1))\n");
}

void explore_print_text(const struct explore_job *job)
{
	const struct explore_result *r = &job->result;
	struct buf claim = {0};

	claim_of(job, &claim);
	printf("%s\n", job->scenario->name ? job->scenario->name
		       : job->file	   ? job->file
					   : "a trace");
	print_drivers(job->scenario);
	printf("claim: %s\n", buf_str(&claim));
	print_blind_spot(job);
	printf("%llu runs, %llu of them cut, %llu steps, %.2f s, %.0f schedules/s\n",
	       (unsigned long long)r->runs, (unsigned long long)r->cut,
	       (unsigned long long)r->steps, seconds_of(job), speed_of(job));
	if (job->options.verbose)
		printf("%llu ends spared: another run had ended well from the same state\n",
		       (unsigned long long)r->spared);
	if (job->trace)
		printf("%s\n", explore_found_again(job) ? "the trace's finding came back"
							: "the trace's finding did not come back");
	else if (r->stopped_by)
		printf("stopped by: %s\n", r->stopped_by);
	if (race_watch_lost() > 0)
		printf("races: there was no room for %llu accesses or orders, so some may be "
		       "missed\n",
		       (unsigned long long)race_watch_lost());
	if (job->n_cases == 0)
		printf("nothing was found\n");
	for (uint32_t i = 0; i < job->n_cases; i++)
		print_case(i + 1, &job->cases[i]);
	print_expected(job);
	buf_free(&claim);
}

/* ---- for programs -------------------------------------------------------------------------- */

static json_t *text_or_null(const char *text)
{
	return text && text[0] ? json_string(text) : json_null();
}

static json_t *json_frame(const void *address)
{
	struct stack_place place;
	struct buf text = {0};
	json_t *out;

	if (stack_find(address, &place))
		stack_place_print(&place, &text);
	else
		buf_append_str(&text, "?");
	out = json_string(buf_str(&text));
	buf_free(&text);
	return out;
}

static void append_stack(json_t *stacks, const struct explore_stack *s)
{
	json_t *frames = json_array();

	for (uint32_t i = 0; i < s->n; i++)
		json_array_append_new(frames, json_frame(s->frames[i]));
	if (s->n > 0)
		json_array_append_new(stacks, json_pack("{s:i, s:s, s:O}", "thread", (int)s->thread,
							"name", s->thread_name, "frames", frames));
	json_decref(frames);
}

static json_t *json_case(const struct explore_case *c)
{
	const struct explore_finding *f = &c->finding;
	json_t *o = json_object(), *stacks = json_array();

	append_stack(stacks, &f->here);
	append_stack(stacks, &f->there);
	json_object_set_new(o, "rule", json_string(explore_rule_name(f->rule)));
	json_object_set_new(o, "platform_rule", text_or_null(f->platform_rule));
	json_object_set_new(o, "driver", text_or_null(f->driver));
	json_object_set_new(o, "sentence", json_string(f->sentence));
	json_object_set_new(o, "detail", text_or_null(c->detail));
	json_object_set_new(o, "bugcheck", text_or_null(explore_rule_bugcheck(f->rule)));
	json_object_set_new(o, "run", json_integer((json_int_t)c->run));
	json_object_set_new(o, "times", json_integer((json_int_t)c->times));
	json_object_set_new(o, "trace", text_or_null(c->trace));
	json_object_set_new(o, "shrunk", text_or_null(c->shrunk));
	json_object_set_new(o, "stacks", stacks);
	return o;
}

static json_t *json_drivers(const struct scenario *s)
{
	json_t *out = json_array();

	for (uint32_t i = 0; i < s->n_drivers; i++)
		json_array_append_new(out, json_string(s->drivers[i]));
	return out;
}

static json_t *json_cases(const struct explore_job *job)
{
	json_t *out = json_array();

	for (uint32_t i = 0; i < job->n_cases; i++)
		json_array_append_new(out, json_case(&job->cases[i]));
	return out;
}

/* The figures of the search. */
static void put_figures(json_t *o, const struct explore_result *r)
{
	const struct {
		const char *key;
		uint64_t value;
	} figures[] = {
		{"runs", r->runs},
		{"cut", r->cut},
		{"steps", r->steps},
		{"memory", r->memory},
		{"threads_max", r->threads_max},
		{"steps_max", r->steps_max},
	};

	for (size_t i = 0; i < ARRAY_LEN(figures); i++)
		json_object_set_new(o, figures[i].key, json_integer((json_int_t)figures[i].value));
	json_object_set_new(o, "bound",
			    r->claim == EXPLORE_CLAIM_BOUND ? json_integer(r->bound) : json_null());
	json_object_set_new(o, "floor", r->floor > 0 ? json_real(r->floor) : json_null());
	json_object_set_new(o, "stopped_by", text_or_null(r->stopped_by));
}

/* Takes the object over. */
static wfp_err print_object(json_t *o)
{
	int failed = !o || json_dumpf(o, stdout, JSON_COMPACT) != 0;

	json_decref(o);
	putchar('\n');
	return failed ? ERR_GEN_FAILURE : ERR_OK;
}

wfp_err explore_print_json_error(const char *sentence, enum exit_status status)
{
	json_t *o = json_object();

	json_object_set_new(o, "error", json_string(sentence));
	json_object_set_new(o, "status", json_integer(status));
	return print_object(o);
}

wfp_err explore_print_json(const struct explore_job *job)
{
	const char *verdict = "none";
	struct buf claim = {0};
	json_t *o = json_object();

	claim_of(job, &claim);
	if (job->n_cases > 0)
		verdict = explore_rule_name(job->cases[0].finding.rule);
	json_object_set_new(o, "scenario", text_or_null(job->scenario->name));
	json_object_set_new(o, "drivers", json_drivers(job->scenario));
	json_object_set_new(o, "claim", json_string(buf_str(&claim)));
	put_figures(o, &job->result);
	json_object_set_new(o, "watched", json_boolean(explore_platform_watched(&job->subject)));
	json_object_set_new(o, "seconds", json_real(seconds_of(job)));
	json_object_set_new(o, "findings", json_cases(job));
	json_object_set_new(o, "verdict", json_string(verdict));
	if (job->trace)
		json_object_set_new(o, "found_again", json_boolean(explore_found_again(job)));
	json_object_set_new(o, "as_expected", json_boolean(explore_as_expected(job)));
	buf_free(&claim);
	return print_object(o);
}
