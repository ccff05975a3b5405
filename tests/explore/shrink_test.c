/* SPDX-License-Identifier: MIT */
/*
 * Shrinking: what matters is left, and nothing else; the finding stays the same one.
 */
#include "harness.h"

#include "racers.h"

#include "base/mem.h"
#include "base/rng.h"
#include "explore/ddmin.h"
#include "explore/picture.h"

static const char *const noisy = "driver busy1\n"
				 "driver writer\n"
				 "driver busy2\n"
				 "driver reader\n"
				 "packet out tcp 10.0.0.1:1000 > 10.0.0.2:443 syn\n"
				 "packet out tcp 10.0.0.1:1001 > 10.0.0.2:80 syn\n"
				 "packet out udp 10.0.0.1:1002 > 10.0.0.2:53\n"
				 "disturb close packet 1\n"
				 "disturb stop\n";

static struct scenario *scenario_of(const char *text)
{
	struct scenario *s = NULL;
	struct buf why = {0};

	if (scenario_parse(&s, text, strlen(text), &why))
		CHECK_SAY("%s", buf_str(&why));
	buf_free(&why);
	return s;
}

/* Some schedule that is wrong, as a search that looks for nothing in particular finds it. */
static void find_one(const struct scenario *s, uint64_t seed, struct explore_result *out)
{
	const struct explore_limits limits = {.seed = seed, .runs = 200000};
	struct explore_subject subject;
	struct buf why = {0};

	CHECK_OK(racers_make(NULL, s, &subject, &why));
	CHECK_OK(explore_search(&subject, EXPLORE_RANDOM, &limits, NULL, out, &why));
	CHECK_EQ_U(out->n_found, 1);
	CHECK_EQ_U(out->found->finding.rule, EXPLORE_StaleCompletion);
	buf_free(&why);
}

static void shrink(const struct scenario *s, const struct explore_found_item *item,
		   struct explore_shrunk *out)
{
	struct buf why = {0};

	CHECK_OK(explore_shrink(&racers_maker, s, item, &(struct shrink_limits){.seconds = 300},
				out, &why));
	CHECK(explore_finding_same(&out->finding, &item->finding));
	buf_free(&why);
}

TEST(a_random_finding_shrinks_to_what_matters)
{
	struct scenario *s = scenario_of(noisy);
	uint64_t seed = test_seed();

	if (!racers_supported())
		return;
	for (unsigned i = 0; i < 5; i++) {
		struct explore_result found = {0};
		struct explore_shrunk shrunk = {0};

		find_one(s, seed + i, &found);
		shrink(s, found.found, &shrunk);
		CHECK(!shrunk.cut);
		CHECK_EQ_U(shrunk.after.drivers, 2);
		CHECK_EQ_S(shrunk.scenario->drivers[0], "writer");
		CHECK_EQ_S(shrunk.scenario->drivers[1], "reader");
		CHECK_EQ_U(shrunk.after.packets, 1);
		CHECK_EQ_U(shrunk.scenario->packets[0].dst_port, 80);
		CHECK_EQ_U(shrunk.after.disturbances, 0);
		CHECK_EQ_U(shrunk.after.preemptions, 1);
		CHECK_EQ_U(shrunk.after.values, 0);
		/* Two threads begin; one store, two loads: start, start, begin, store, begin. */
		CHECK_EQ_U(shrunk.after.switches, 2);
		CHECK_EQ_U(shrunk.after.steps, 7);
		explore_shrunk_free(&shrunk);
		explore_result_free(&found);
	}
	scenario_free(s);
}

/* The same run, smaller, when nothing of the scenario can be taken away. */
TEST(a_schedule_shrinks_alone)
{
	struct scenario *s = scenario_of("driver writer\n"
					 "driver reader\n"
					 "packet out tcp 10.0.0.1:1001 > 10.0.0.2:80 syn\n");
	struct explore_result found = {0};
	struct explore_shrunk shrunk = {0};

	if (!racers_supported())
		return;
	find_one(s, test_seed(), &found);
	shrink(s, found.found, &shrunk);
	CHECK_EQ_U(shrunk.after.preemptions, 1);
	CHECK(shrunk.after.steps <= shrunk.before.steps);
	CHECK(shrunk.after.switches <= shrunk.before.switches);
	explore_shrunk_free(&shrunk);
	explore_result_free(&found);
	scenario_free(s);
}

TEST(what_was_taken_away_is_said)
{
	const struct explore_shrunk s = {
		.before = {.drivers = 3, .packets = 4, .preemptions = 5, .switches = 9},
		.after = {.drivers = 2, .packets = 1, .preemptions = 1, .switches = 3},
		.candidates = 77,
	};
	struct buf out = {0};

	explore_shrunk_print(&s, &out);
	CHECK_EQ_S(buf_str(&out), "2 of 3 drivers, 1 of 4 packets, 1 of 5 preemptions, "
				  "3 of 9 switches left (77 candidates)");
	buf_free(&out);
}

TEST(what_does_not_come_back_is_not_shrunk)
{
	struct scenario *s = scenario_of(noisy);
	struct explore_result found = {0};
	struct explore_shrunk shrunk = {0};
	struct buf why = {0};

	if (!racers_supported())
		return;
	find_one(s, test_seed(), &found);
	found.found->schedule.n = 1;
	CHECK_ERR(explore_shrink(&racers_maker, s, found.found, &(struct shrink_limits){0}, &shrunk,
				 &why),
		  ERR_NOT_FOUND);
	CHECK(!shrunk.scenario);
	buf_free(&why);
	explore_result_free(&found);
	scenario_free(s);
}

TEST(shrinking_stops_when_enough_was_tried)
{
	struct scenario *s = scenario_of(noisy);
	struct explore_result found = {0};
	struct explore_shrunk shrunk = {0};
	struct buf why = {0};

	if (!racers_supported())
		return;
	find_one(s, test_seed(), &found);
	CHECK_OK(explore_shrink(&racers_maker, s, found.found,
				&(struct shrink_limits){.candidates = 4}, &shrunk, &why));
	CHECK(shrunk.cut);
	CHECK_EQ_U(shrunk.candidates, 4);
	CHECK(explore_finding_same(&shrunk.finding, &found.found->finding));
	buf_free(&why);
	explore_shrunk_free(&shrunk);
	explore_result_free(&found);
	scenario_free(s);
}

/* ---- ddmin ------------------------------------------------------------------------------------
 */

struct needed {
	uint64_t all; /* these bits do it together */
	uint64_t asked;
};

static bool has_all(void *ctx, uint64_t mask)
{
	struct needed *n = ctx;

	n->asked++;
	return (mask & n->all) == n->all;
}

TEST(ddmin_finds_exactly_what_is_needed)
{
	struct rng r;

	rng_seed(&r, test_seed());
	for (unsigned i = 0; i < 2000; i++) {
		uint64_t all = rng_u64(&r) & rng_u64(&r);
		struct needed n = {.all = all & rng_u64(&r) & rng_u64(&r)};

		CHECK_EQ_U(ddmin(all, has_all, &n), n.all);
		CHECK(n.asked <= 64 * 64 + 3 * 64);
	}
}

/* Not monotone: only sets of these sizes do it.  What is left has no element too many. */
static bool odd_count(void *ctx, uint64_t mask)
{
	(void)ctx;
	return __builtin_popcountll(mask) % 3 == 2;
}

TEST(ddmin_leaves_a_set_without_an_element_too_many)
{
	struct rng r;

	rng_seed(&r, test_seed());
	for (unsigned i = 0; i < 200; i++) {
		uint64_t all = rng_u64(&r), left;

		while (!odd_count(NULL, all))
			all &= all - 1;
		left = ddmin(all, odd_count, NULL);
		CHECK(odd_count(NULL, left));
		for (uint64_t rest = left; rest; rest &= rest - 1)
			CHECK(!odd_count(NULL, left & ~(rest & -rest)));
	}
}
