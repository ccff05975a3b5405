/* SPDX-License-Identifier: MIT */
/*
 * A scenario over the whole platform: well-behaved drivers are found guilty of nothing, each
 * mistake of a clumsy one has its rule, and verdicts that do not follow from the decisions are
 * noticed.
 */
#include "harness.h"

#include "base/mem.h"
#include "engine/trail.h"
#include "explore/platform.h"
#include "explore/platform_world.h"
#include "explore/quiet.h"
#include "explore/search.h"
#include "explore/stack.h"

#define CONNECTION "packet out tcp 10.0.0.1:40000 > 10.0.0.2:5001 syn seq 100\n"

struct found {
	bool skipped; /* the build has no controlled world (sim_control.h) */
	bool rules[EXPLORE_RULES];
	char sentences[EXPLORE_RULES][EXPLORE_SENTENCE];
	struct explore_result result;
};

static void add_driver(struct buf *text, const char *name)
{
	const char *root = getenv("BLDROOT");

	buf_printf(text, "driver %s/examples/%s.so\n", root ? root : ".", name);
}

static void note(struct found *out)
{
	for (const struct explore_found_item *i = out->result.found; i; i = i->next) {
		out->rules[i->finding.rule] = true;
		memcpy(out->sentences[i->finding.rule], i->finding.sentence, EXPLORE_SENTENCE);
	}
}

/* Explores statements with drivers; the result's numbers stay, its list does not. */
static struct found explore(const char *statements, const char *const *drivers, unsigned n,
			    enum explore_strategy strategy, struct explore_limits limits)
{
	struct buf text = {0}, why = {0};
	struct explore_subject subject;
	struct explore_result result;
	struct found out = {0};
	struct scenario *s;
	wfp_err err;

	buf_append_str(&text, statements);
	for (unsigned i = 0; i < n; i++)
		add_driver(&text, drivers[i]);
	if (scenario_parse(&s, buf_str(&text), text.len, &why))
		CHECK_SAY("%s", buf_str(&why));
	CHECK_OK(stack_open());
	CHECK_OK(explore_platform_create(&subject, s, 2));
	limits.findings = EXPLORE_RULES * 4;
	err = explore_search(&subject, strategy, &limits, NULL, &out.result, &why);
	out.skipped = err == ERR_NOT_SUPPORTED;
	if (err && !out.skipped)
		CHECK_SAY("%s", buf_str(&why));
	note(&out);
	result = out.result;
	explore_result_free(&result);
	out.result.found = NULL;
	explore_platform_free(&subject);
	stack_close();
	scenario_free(s);
	buf_free(&text);
	buf_free(&why);
	return out;
}

static const char *const good[] = {"firewall", "antivirus"};
static const char *const clumsy[] = {"clumsy"};

static void nothing_is_found(const struct found *f)
{
	for (unsigned i = 0; i < EXPLORE_RULES; i++)
		if (f->rules[i])
			CHECK_SAY("%s: %s", explore_rule_name((enum explore_rule)i),
				  f->sentences[i]);
}

TEST(two_good_drivers_do_nothing_wrong_up_to_one_preemption)
{
	struct found f =
		explore(CONNECTION, good, 2, EXPLORE_BOUND, (struct explore_limits){.bound = 1});

	if (f.skipped)
		return;
	nothing_is_found(&f);
	CHECK_EQ_U(f.result.claim, EXPLORE_CLAIM_BOUND);
	CHECK(f.result.runs > 20);
}

TEST(all_traces_of_two_good_drivers_are_explored_and_nothing_is_wrong)
{
	struct found f = explore(CONNECTION, good, 2, EXPLORE_ALL, (struct explore_limits){0});

	if (f.skipped)
		return;
	nothing_is_found(&f);
	CHECK_EQ_U(f.result.claim, EXPLORE_CLAIM_ALL);
	CHECK(f.result.stopped_by == NULL);
}

TEST(good_drivers_bear_every_disturbance)
{
	static const char *const disturbances[] = {
		"disturb close packet 1\n",
		"disturb unregister 1\n",
		"disturb unload 1\n",
		"disturb unload 2\n",
		"disturb filter delete 2\n",
		"disturb filter add ALE_AUTH_CONNECT_V4\n",
		"disturb stop\n",
		"disturb timeout\n",
		"choose memory\n",
		"choose clone\n",
		"option strict\n",
		"option freeze\n",
	};
	struct buf text = {0};

	for (unsigned i = 0; i < ARRAY_LEN(disturbances); i++) {
		struct found f;

		buf_reset(&text);
		buf_printf(&text, CONNECTION "%s", disturbances[i]);
		f = explore(buf_str(&text), good, 2, EXPLORE_RANDOM,
			    (struct explore_limits){.runs = 300, .seed = test_seed()});
		for (unsigned r = 0; r < EXPLORE_RULES; r++)
			if (f.rules[r])
				CHECK_SAY("%s: %s: %s", disturbances[i],
					  explore_rule_name((enum explore_rule)r), f.sentences[r]);
	}
	buf_free(&text);
}

TEST(mistakes_of_a_clumsy_driver_have_their_rules)
{
	static const enum explore_rule expected[] = {
		EXPLORE_DoubleCompletion, EXPLORE_StaleCompletion, EXPLORE_IrqlViolation,
		EXPLORE_BrokenRule,	  EXPLORE_LostPacket,
	};
	struct buf text = {0};
	struct found f;

	for (unsigned i = 0; i < SCENARIO_PACKETS; i++)
		buf_printf(&text, "packet out tcp 10.0.0.1:%u > 10.0.0.2:5001 syn\n", 40000 + i);
	f = explore(buf_str(&text), clumsy, 1, EXPLORE_RANDOM, (struct explore_limits){.runs = 3});
	for (unsigned i = 0; !f.skipped && i < ARRAY_LEN(expected); i++)
		if (!f.rules[expected[i]])
			CHECK_SAY("%s was not found", explore_rule_name(expected[i]));
	CHECK(f.skipped || strstr(f.sentences[EXPLORE_LostPacket], "clumsy holds an operation"));
	CHECK(!f.rules[EXPLORE_WrongVerdict]);
	buf_free(&text);
}

/* ---- the verdict, once more ----------------------------------------------------------------- */

struct judged {
	struct engine_trail trail;
	struct engine_verdict verdict;
};

static void judge(void *ctx)
{
	const struct judged *j = ctx;
	struct platform_world *w = mem_zalloc(sizeof(*w));
	const struct engine_indication ind = {.layer = MODEL_LAYER_ALE_AUTH_CONNECT_V4};

	CHECK(w != NULL);
	platform_fate_heard(w, &ind, &j->trail, &j->verdict);
	mem_free(w);
}

/* Does an outcome follow from these words, the highest sublayer's first? */
static bool follows(const struct model_netevent_word *words, uint8_t n, enum engine_outcome outcome)
{
	struct judged j = {.trail = {.n = n}, .verdict = {.outcome = outcome}};
	const struct explore_subject subject = {.ctx = &j, .run = judge};
	struct explore_result result;
	struct buf why = {0};
	wfp_err err;
	bool wrong;

	if (n > 0)
		memcpy(j.trail.words, words, n * sizeof(*words));
	err = explore_search(&subject, EXPLORE_RANDOM, &(struct explore_limits){.runs = 1}, NULL,
			     &result, &why);
	buf_free(&why);
	CHECK_OK(err);
	wrong = result.n_found > 0;
	explore_result_free(&result);
	return !wrong;
}

static bool have_world(void)
{
	const struct found f =
		explore(CONNECTION, good, 1, EXPLORE_RANDOM, (struct explore_limits){.runs = 1});

	return !f.skipped;
}

TEST(an_outcome_that_does_not_follow_from_the_decisions_is_noticed)
{
	const struct model_netevent_word permit = {.action = MODEL_ACTION_PERMIT},
					 hard_permit = {.action = MODEL_ACTION_PERMIT,
							.hard = true},
					 block = {.action = MODEL_ACTION_BLOCK, .hard = true},
					 veto = {.action = MODEL_ACTION_BLOCK, .callout_id = 7},
					 pend = {.action = MODEL_ACTION_BLOCK,
						 .callout_id = 7,
						 .pended = true};

	if (!have_world())
		return;
	CHECK(follows(NULL, 0, ENGINE_PERMIT));
	CHECK(!follows(NULL, 0, ENGINE_BLOCK));
	CHECK(follows(&(struct model_netevent_word[]){permit, block}[0], 2, ENGINE_BLOCK));
	CHECK(!follows(&(struct model_netevent_word[]){permit, block}[0], 2, ENGINE_PERMIT));
	CHECK(follows(&(struct model_netevent_word[]){hard_permit, block}[0], 2, ENGINE_PERMIT));
	CHECK(!follows(&(struct model_netevent_word[]){hard_permit, block}[0], 2, ENGINE_BLOCK));
	CHECK(follows(&(struct model_netevent_word[]){hard_permit, veto}[0], 2, ENGINE_ABSORB));
	CHECK(!follows(&(struct model_netevent_word[]){block, permit}[0], 2, ENGINE_PERMIT));
	CHECK(follows(&(struct model_netevent_word[]){pend, permit}[0], 2, ENGINE_PENDED));
	CHECK(!follows(&(struct model_netevent_word[]){pend, permit}[0], 2, ENGINE_PERMIT));
}

/* ---- quiet locks ---------------------------------------------------------------------------- */

TEST(every_quiet_lock_says_why_and_the_loud_ones_are_loud)
{
	static const char *const loud[] = {
		"ledger entry",	 "ledger book",		  "callouts",	       "turn",
		"flow contexts", "base filtering engine", "pended operations", "nt drivers"};
	const char *name, *reason;
	unsigned n = 0;

	for (; quiet_row(n, &name, &reason); n++) {
		CHECK(quiet_lock(name));
		CHECK(strncmp(reason, "ANNOUNCED: ", 11) == 0 ||
		      strncmp(reason, "COMMUTES: ", 10) == 0 || strncmp(reason, "ALONE: ", 7) == 0);
	}
	CHECK(n > 0);
	for (unsigned i = 0; i < ARRAY_LEN(loud); i++)
		CHECK(!quiet_lock(loud[i]));
}
