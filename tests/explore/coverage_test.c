/* SPDX-License-Identifier: MIT */
/* What is collected of the pend protocol's steps, and how it is compared with the model's relation.
 */
#include "explore/coverage.h"

#include "engine/kit.h"
#include "engine/pend.h"

static const char inline_steps[] = "P0C0H0F0 E,E begin -> P1C0H1F0 E,E\n"
				   "P1C0H1F0 E,E classified -> P3C0H0F0 E,E\n"
				   "P3C0H0F0 E,E end -> P0C0H0F0 E,E\n";

static void post(void *owner, struct pend_op *op)
{
	(void)owner;
	(void)op;
	CHECK(false);
}

/* An operation that nobody pends. */
static void run_inline(void)
{
	static const struct pend_owner_ops ops = {post};
	struct pend_op *op;

	CHECK_OK(pend_begin(kit, PEND_ALE, KIT_LAYER, false, &ops, NULL, &op));
	CHECK(pend_classified(op) == PEND_LEFT_INLINE);
	pend_end(op);
}

static struct explore_coverage *collect(const char *relation)
{
	struct explore_coverage *c = NULL;
	struct buf why = {0};

	CHECK_OK(explore_coverage_open(&c, relation, relation ? strlen(relation) : 0, &why));
	run_inline();
	run_inline();
	buf_free(&why);
	return c;
}

SIM_TEST(each_step_is_one_line)
{
	struct explore_coverage *c;
	struct buf out = {0};

	kit_begin();
	c = collect(NULL);
	CHECK_OK(explore_coverage_print(c, &out));
	CHECK_EQ_S(buf_str(&out), inline_steps);
	buf_free(&out);
	explore_coverage_close(c);
	kit_end();
}

SIM_TEST(steps_of_the_relation_are_covered)
{
	struct explore_coverage_count n;
	struct explore_coverage *c;

	kit_begin();
	c = collect("P0C0H0F0 E,E begin -> P1C0H1F0 E,E\nP1C0H1F0 E,E classified -> P3C0H0F0 E,E\n"
		    "P3C0H0F0 E,E end -> P0C0H0F0 E,E\nP1C0H1F0 E,E pend -> P1C0H2F1 E,E\n");
	explore_coverage_count(c, &n);
	CHECK_EQ_U(n.seen, 3);
	CHECK_EQ_U(n.covered, 3);
	CHECK_EQ_U(n.model, 4);
	CHECK_EQ_U(n.foreign, 0);
	explore_coverage_close(c);
	kit_end();
}

SIM_TEST(a_step_that_the_relation_lacks_is_foreign)
{
	struct explore_coverage_count n;
	struct explore_coverage *c;

	kit_begin();
	c = collect(
		"P0C0H0F0 E,E begin -> P1C0H1F0 E,E\nP1C0H1F0 E,E classified -> P3C0H0F0 E,E\n");
	explore_coverage_count(c, &n);
	CHECK_EQ_U(n.foreign, 1);
	explore_coverage_close(c);
	kit_end();
}

SIM_TEST(a_relation_with_another_line_is_refused)
{
	static const char text[] = "P0C0H0F0 E,E begin -> P1C0H1F0 E,E\nhello\n";
	struct explore_coverage *c = NULL;
	struct buf why = {0};

	CHECK_EQ_U(explore_coverage_open(&c, text, strlen(text), &why), ERR_INVALID_PARAMETER);
	CHECK_EQ_S(buf_str(&why), "line 2 is no step of a relation");
	buf_free(&why);
}
