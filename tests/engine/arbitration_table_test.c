/* SPDX-License-Identifier: MIT */
/*
 * Every combination of what a higher and a lower sublayer say, with the outcome written down: who
 * says it (filter or callout), what (nothing, permit, block, block with absorb, continue), and
 * whether the right to override is cleared.
 */
#include "kit.h"

/* What one sublayer says. */
struct word {
	const char *name;
	uint32_t action;    /* of the filter */
	uint32_t flags;	    /* of the filter */
	uint32_t answer;    /* of the callout */
	bool clear_right;   /* by the callout */
	uint32_t out_flags; /* by the callout */
};

enum { NONE, FP, FP_H, FB, CP, CP_H, CP_F, CB, CB_H, CB_F, CA, CA_H, CC, WORDS };

#define CALLOUT MODEL_ACTION_CALLOUT_UNKNOWN
#define PERMIT	MODEL_ACTION_PERMIT
#define BLOCK	MODEL_ACTION_BLOCK
#define CLEAR	MODEL_FILTER_CLEAR_ACTION_RIGHT

static const struct word words[WORDS] = {
	[NONE] = {.name = "nothing matches"},
	[FP] = {"filter permits", PERMIT},
	[FP_H] = {"filter permits, right cleared", PERMIT, CLEAR},
	[FB] = {"filter blocks", BLOCK},
	[CP] = {"callout permits", CALLOUT, 0, PERMIT},
	[CP_H] = {"callout permits and clears the right", CALLOUT, 0, PERMIT, true},
	[CP_F] = {"callout permits, its filter clears the right", CALLOUT, CLEAR, PERMIT},
	[CB] = {"callout blocks", CALLOUT, 0, BLOCK},
	[CB_H] = {"callout blocks and clears the right", CALLOUT, 0, BLOCK, true},
	[CB_F] = {"callout blocks, its filter clears the right", CALLOUT, CLEAR, BLOCK},
	[CA] = {"callout absorbs", CALLOUT, 0, BLOCK, false, ENGINE_OUT_ABSORB},
	[CA_H] = {"callout absorbs and clears the right", CALLOUT, 0, BLOCK, true,
		  ENGINE_OUT_ABSORB},
	[CC] = {"callout continues", CALLOUT, 0, MODEL_ACTION_CONTINUE},
};

/*
 * Outcome: P permit, B block, A absorb, V block by veto, W absorb by veto; whose word stands:
 * h higher, l lower, - nobody; and whether it could still be overridden: s soft, h hard.
 */
/* clang-format off */
static const char *const expected[WORDS][WORDS] = {
	/*         NONE   FP     FP_H   FB     CP     CP_H   CP_F   CB     CB_H   CB_F   CA     CA_H   CC */
	[NONE] = {"P-s", "Pls", "Plh", "Blh", "Pls", "Plh", "Plh", "Bls", "Blh", "Blh", "Alh", "Alh", "P-s"},
	[FP]   = {"Phs", "Phs", "Plh", "Blh", "Phs", "Plh", "Plh", "Bls", "Blh", "Blh", "Alh", "Alh", "Phs"},
	[FP_H] = {"Phh", "Phh", "Phh", "Phh", "Phh", "Phh", "Phh", "Vlh", "Vlh", "Vlh", "Wlh", "Wlh", "Phh"},
	[FB]   = {"Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh"},
	[CP]   = {"Phs", "Phs", "Plh", "Blh", "Phs", "Plh", "Plh", "Bls", "Blh", "Blh", "Alh", "Alh", "Phs"},
	[CP_H] = {"Phh", "Phh", "Phh", "Phh", "Phh", "Phh", "Phh", "Vlh", "Vlh", "Vlh", "Wlh", "Wlh", "Phh"},
	[CP_F] = {"Phh", "Phh", "Phh", "Phh", "Phh", "Phh", "Phh", "Vlh", "Vlh", "Vlh", "Wlh", "Wlh", "Phh"},
	[CB]   = {"Bhs", "Pls", "Plh", "Blh", "Pls", "Plh", "Plh", "Bhs", "Blh", "Blh", "Alh", "Alh", "Bhs"},
	[CB_H] = {"Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh"},
	[CB_F] = {"Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh", "Bhh"},
	[CA]   = {"Ahh", "Ahh", "Ahh", "Ahh", "Ahh", "Ahh", "Ahh", "Ahh", "Ahh", "Ahh", "Ahh", "Ahh", "Ahh"},
	[CA_H] = {"Ahh", "Ahh", "Ahh", "Ahh", "Ahh", "Ahh", "Ahh", "Ahh", "Ahh", "Ahh", "Ahh", "Ahh", "Ahh"},
	[CC]   = {"P-s", "Pls", "Plh", "Blh", "Pls", "Plh", "Plh", "Bls", "Blh", "Blh", "Alh", "Alh", "P-s"},
};
/* clang-format on */

/* Returns the filter's id, 0 for NONE. */
static uint64_t say(const struct word *w, uint16_t sublayer, struct kit_script *s)
{
	if (!w->name || !w->action)
		return 0;
	if (!MODEL_ACTION_IS_CALLOUT(w->action))
		return kit_filter(sublayer, 1, w->action, w->flags);
	*s = kit_answer(sublayer, w->answer);
	s->clear_right = w->clear_right;
	s->flags = w->out_flags;
	kit_register(s);
	return kit_callout_filter(sublayer, 1, w->action, w->flags, &s->key);
}

static void check_cell(unsigned higher, unsigned lower)
{
	struct kit_script high = {0}, low = {0};
	uint64_t high_id, low_id;
	struct engine_verdict v;
	char got[4] = "";

	kit_begin();
	kit_sublayer(2);
	kit_sublayer(1);
	high_id = say(&words[higher], 2, &high);
	low_id = say(&words[lower], 1, &low);
	v = kit_classify();
	got[0] = v.outcome == ENGINE_PERMIT ? 'P' : v.outcome == ENGINE_ABSORB ? 'A' : 'B';
	if (v.veto)
		got[0] = v.outcome == ENGINE_ABSORB ? 'W' : 'V';
	got[1] = !v.filter_id		  ? '-'
		 : v.filter_id == high_id ? 'h'
		 : v.filter_id == low_id  ? 'l'
					  : '?';
	got[2] = v.hard ? 'h' : 's';
	if (strcmp(got, expected[higher][lower]) != 0)
		CHECK_SAY("higher: %s, lower: %s: %s, not %s", words[higher].name,
			  words[lower].name, got, expected[higher][lower]);
	if (high.key.a)
		CHECK_EQ_U(high.calls, 1);
	if (low.key.a)
		CHECK_EQ_U(low.calls, 1);
	if (high.key.a)
		kit_unregister(&high);
	if (low.key.a)
		kit_unregister(&low);
	kit_end();
}

TEST(every_combination_of_a_higher_and_a_lower_verdict)
{
	for (unsigned higher = 0; higher < WORDS; higher++)
		for (unsigned lower = 0; lower < WORDS; lower++)
			check_cell(higher, lower);
}

TEST(a_third_sublayer_cannot_permit_again_after_a_veto)
{
	struct kit_script veto = kit_answer(1, BLOCK), last = kit_answer(2, PERMIT);
	struct engine_verdict v;

	kit_begin();
	for (uint16_t w = 1; w <= 3; w++)
		kit_sublayer(w);
	kit_register(&veto);
	kit_register(&last);
	kit_filter(3, 1, PERMIT, CLEAR);
	kit_callout_filter(2, 1, CALLOUT, 0, &veto.key);
	kit_callout_filter(1, 1, CALLOUT, 0, &last.key);
	v = kit_classify();
	CHECK_EQ_U(v.outcome, ENGINE_BLOCK);
	CHECK(v.veto);
	CHECK_EQ_U(v.callout_id, veto.id);
	CHECK_EQ_U(last.calls, 1);
	CHECK_EQ_U(last.entry.rights, 0);
	CHECK_EQ_U(last.entry.action, BLOCK);
	kit_unregister(&veto);
	kit_unregister(&last);
	kit_end();
}

TEST(a_soft_permit_that_a_lower_one_hardens_protects_from_then_on)
{
	struct kit_script hardens = kit_answer(1, PERMIT);
	struct engine_verdict v;

	kit_begin();
	for (uint16_t w = 1; w <= 3; w++)
		kit_sublayer(w);
	hardens.clear_right = true;
	kit_register(&hardens);
	kit_filter(3, 1, PERMIT, 0);
	kit_callout_filter(2, 1, CALLOUT, 0, &hardens.key);
	kit_filter(1, 1, BLOCK, 0);
	v = kit_classify();
	CHECK_EQ_U(v.outcome, ENGINE_PERMIT);
	CHECK(v.hard);
	CHECK_EQ_U(v.callout_id, hardens.id);
	kit_unregister(&hardens);
	kit_end();
}
