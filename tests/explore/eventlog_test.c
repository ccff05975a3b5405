/* SPDX-License-Identifier: MIT */
/*
 * The event log: the same schedule is the same text, in this process and in another; and findings
 * stop in a debugger, if there is one (gdb.sh runs the last two tests under gdb).
 */
#include "harness.h"

#include "racers.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "explore/eventlog.h"
#include "explore/stack.h"
#include "explore/trace_make.h"

#include <unistd.h>

static const char *const text = "driver writer\n"
				"driver reader\n"
				"driver busy\n"
				"packet out tcp 10.0.0.1:1001 > 10.0.0.2:80 syn\n";

struct found {
	struct scenario *scenario;
	struct explore_subject subject;
	struct explore_result result;
};

static struct found find(void)
{
	const struct explore_limits limits = {.seed = 5, .runs = 100000};
	struct found f = {0};
	struct buf why = {0};

	CHECK_OK(stack_open());
	CHECK_OK(scenario_parse(&f.scenario, text, strlen(text), &why));
	CHECK_OK(racers_make(NULL, f.scenario, &f.subject, &why));
	CHECK_OK(explore_search(&f.subject, EXPLORE_RANDOM, &limits, NULL, &f.result, &why));
	CHECK_EQ_U(f.result.n_found, 1);
	buf_free(&why);
	return f;
}

static void let_go(struct found *f)
{
	explore_result_free(&f->result);
	scenario_free(f->scenario);
	stack_close();
}

static void run_and_log(const struct found *f, const struct explore_schedule *schedule,
			const struct record_options *options, struct buf *out)
{
	struct explore_record r = {0};
	struct buf why = {0};

	CHECK_OK(explore_record_run(&r, &f->subject, schedule, options, &why));
	explore_log_print(&r, out);
	explore_record_free(&r);
	buf_free(&why);
}

static void append_log(const struct found *f, struct buf *out)
{
	const struct record_options options = {.stacks = true};

	run_and_log(f, &f->result.found->schedule, &options, out);
}

TEST(ten_replays_give_the_same_log)
{
	struct found f;
	struct buf first = {0}, again = {0};

	if (!racers_supported())
		return;
	f = find();
	append_log(&f, &first);
	CHECK(strstr(buf_str(&first), "* StaleCompletion reader: reader found nothing"));
	CHECK(strstr(buf_str(&first), "end stopped\n"));
	for (unsigned i = 0; i < 10; i++) {
		buf_reset(&again);
		append_log(&f, &again);
		CHECK_EQ_S(buf_str(&again), buf_str(&first));
	}
	buf_free(&first);
	buf_free(&again);
	let_go(&f);
}

/* What the other process runs: it writes its log where it is told. */
TEST(a_log_is_written_when_asked)
{
	const char *path = proc_env("EVENT_LOG");
	struct buf log = {0};
	struct found f;

	if (!racers_supported())
		return;
	if (!path)
		return;
	f = find();
	append_log(&f, &log);
	CHECK_OK(file_write_all(path, buf_str(&log), log.len));
	buf_free(&log);
	let_go(&f);
}

static void log_of_another_process(const char *path, struct buf *out)
{
	struct buf own = {0}, its_points = {0}; /* no points of this program */
	int status = -1;

	CHECK_OK(proc_own_path(&own));
	CHECK(setenv("EVENT_LOG", path, 1) == 0);
	CHECK_OK(proc_run((const char *const[]){buf_str(&own), "a_log_is_written", NULL}, &status,
			  &its_points));
	CHECK_EQ_U(status, 0);
	CHECK_OK(file_read_all(path, 1u << 20, out));
	CHECK(unsetenv("EVENT_LOG") == 0);
	unlink(path);
	buf_free(&its_points);
	buf_free(&own);
}

/* Each has its own addresses, unless the system does without. */
TEST(two_processes_write_the_same_log)
{
	struct buf a = {0}, b = {0};
	char path[64];

	if (!racers_supported())
		return;
	snprintf(path, sizeof(path), "eventlog_test.%u.log", (unsigned)getpid());
	log_of_another_process(path, &a);
	log_of_another_process(path, &b);
	CHECK(a.len > 100);
	CHECK_EQ_S(buf_str(&a), buf_str(&b));
	CHECK(!strstr(buf_str(&a), "0x7f") && !strstr(buf_str(&a), "?"));
	buf_free(&a);
	buf_free(&b);
}

TEST(a_trace_of_a_recorded_run_replays_it)
{
	struct found f;
	struct record_options options = {0};
	struct explore_record r = {0};
	struct explore_trace *t, *again;
	struct buf printed = {0}, why = {0}, first = {0}, second = {0};

	if (!racers_supported())
		return;
	f = find();
	CHECK_OK(explore_record_run(&r, &f.subject, &f.result.found->schedule, &options, &why));
	CHECK_OK(trace_make(&t, &r, &f.result.found->finding, f.scenario, NULL, &options.limits));
	CHECK_OK(trace_print(t, &printed));
	CHECK(strstr(buf_str(&printed), "rule StaleCompletion\nculprit reader\n"));
	CHECK(strstr(buf_str(&printed), " writer store "));
	CHECK_OK(trace_parse(&again, buf_str(&printed), printed.len, &why));
	explore_log_print(&r, &first);
	options.limits = trace_limits(again);
	run_and_log(&f, &again->schedule, &options, &second);
	CHECK_EQ_S(buf_str(&second), buf_str(&first));
	trace_free(t);
	trace_free(again);
	explore_record_free(&r);
	buf_free(&printed);
	buf_free(&first);
	buf_free(&second);
	let_go(&f);
}

/* ---- under a debugger -------------------------------------------------------------------------
 */

TEST(a_finding_stops_in_the_debugger)
{
	const struct record_options options = {.limits = {.breaks = proc_traced()}};
	struct found f;
	struct explore_record r = {0};
	struct buf why = {0};

	if (!racers_supported())
		return;
	f = find();
	CHECK_OK(explore_record_run(&r, &f.subject, &f.result.found->schedule, &options, &why));
	CHECK_EQ_U(r.n_findings, 1);
	CHECK_EQ_U(r.end, SIM_END_STOPPED);
	explore_record_free(&r);
	let_go(&f);
}

static int *volatile nowhere = (int *)16;

static void write_to_nowhere(void *unused)
{
	(void)unused;
	*nowhere = 1;
}

TEST(a_crash_stops_in_the_debugger)
{
	const struct explore_subject subject = {.run = write_to_nowhere};
	const struct record_options options = {.limits = {.breaks = proc_traced()}};
	const struct explore_schedule none = {0};
	struct explore_record r = {0};
	struct buf why = {0};

	if (!racers_supported())
		return;
	CHECK_OK(explore_record_run(&r, &subject, &none, &options, &why));
	CHECK_EQ_U(r.end, SIM_END_CRASHED);
	CHECK_EQ_U(r.findings[0].rule, EXPLORE_Crash);
	explore_record_free(&r);
}
