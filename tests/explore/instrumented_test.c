/* SPDX-License-Identifier: MIT */
/*
 * Drivers compiled with instrumentation: the example of an unlocked list has its race found in the
 * first runs, and the one with the lock has none.
 */
#include "explore/explain.h"
#include "explore/platform.h"
#include "explore/race_watch.h"
#include "explore/scenario.h"
#include "explore/search.h"
#include "explore/stack.h"
#include "explore/tsan.h"
#include "harness.h"

static const char text[] = "name unlocked list\n"
			   "driver %s\n"
			   "packet in udp 10.0.0.2:53 > 10.0.0.1:40000 data \"answer\"\n"
			   "packet in udp 10.0.0.2:53 > 10.0.0.1:40000 data \"answer\"\n";

static struct scenario *scenario_of(const char *driver)
{
	const char *build = getenv("BLDROOT");
	struct scenario *s;
	struct buf why = {0}, lines = {0}, path = {0};

	buf_printf(&path, "%s/examples/instrumented/%s.so", build ? build : ".", driver);
	buf_printf(&lines, text, buf_str(&path));
	CHECK_OK(scenario_parse(&s, buf_str(&lines), lines.len, &why));
	buf_free(&lines);
	buf_free(&path);
	return s;
}

/* The first race of at most `runs` schedules; false: none. */
static bool race_of(const char *driver, uint64_t runs, bool points, struct explore_found_item *out)
{
	const struct explore_limits limits = {.runs = runs, .findings = 1, .processors = 2};
	struct scenario *s = scenario_of(driver);
	struct explore_subject subject;
	struct explore_result r = {0};
	struct buf why = {0};
	wfp_err err;
	bool found;

	sim_plain_points(points);
	CHECK_OK(stack_open());
	CHECK_OK(race_watch_open());
	CHECK_OK(explore_platform_create(&subject, s, 2));
	err = explore_search(&subject, EXPLORE_BOUND, &limits, NULL, &r, &why);
	CHECK_OK(err);
	found = r.found && r.found->finding.rule == EXPLORE_DataRace;
	CHECK_EQ_U(r.n_found > 0, found);
	if (found) {
		CHECK_OK(explore_explain(&subject, r.found));
		*out = *r.found;
	}
	race_watch_close();
	return found;
}

static void check_frame(const struct explore_stack *s, const char *function)
{
	struct stack_place p;

	for (uint32_t i = 0; i < s->n; i++)
		if (stack_find(s->frames[i], &p) && strcmp(p.function, function) == 0 && p.driver)
			return;
	ck_abort_msg("%s is not on the stack", function);
}

TEST(the_race_of_an_unlocked_list_is_found_and_explained)
{
	struct explore_found_item i;

	CHECK(race_of("list", 200, false, &i));
	check_frame(&i.finding.here, "Thread");
	check_frame(&i.finding.there, "Classify");
}

TEST(the_same_list_with_a_lock_has_no_race)
{
	struct explore_found_item i;

	CHECK(!race_of("list-fixed", 300, false, &i));
}

TEST(nor_has_it_when_each_access_is_a_choice)
{
	struct explore_found_item i;

	CHECK(!race_of("list-fixed", 300, true, &i));
}
