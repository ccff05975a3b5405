/* SPDX-License-Identifier: MIT */
/*
 * The trail of a classify: who spoke for each sublayer, whatever became of his word.
 */
#include "kit.h"

#include "base/rng.h"
#include "engine/arbitrate.h"
#include "engine/trail.h"

#define BLOCK	MODEL_ACTION_BLOCK
#define PERMIT	MODEL_ACTION_PERMIT
#define UNKNOWN MODEL_ACTION_CALLOUT_UNKNOWN

static struct engine_trail trail;

static void begin(unsigned sublayers)
{
	kit_begin();
	for (unsigned i = 1; i <= sublayers; i++)
		kit_sublayer((uint16_t)i);
	memset(&trail, 0, sizeof(trail));
	kit_ind.trail = &trail;
}

static void check_word(unsigned i, uint16_t sublayer, uint64_t filter, uint32_t action, bool hard)
{
	const struct model_netevent_word *w = &trail.words[i];
	const struct guid key = kit_sublayer_key(sublayer);

	CHECK(i < trail.n);
	CHECK(guid_equal(&w->sublayer, &key));
	CHECK_EQ_U(w->filter_id, filter);
	CHECK_EQ_U(w->action, action);
	CHECK_EQ_U(w->hard, hard);
}

TEST(the_highest_sublayer_is_named_first_and_every_one_that_spoke)
{
	uint64_t low, high;

	begin(3);
	low = kit_filter(1, 1, PERMIT, 0);
	high = kit_filter(3, 1, BLOCK, 0);
	CHECK(!kit_permits());
	CHECK_EQ_U(trail.n, 2);
	CHECK_EQ_U(trail.more, 0);
	check_word(0, 3, high, BLOCK, true);
	check_word(1, 1, low, PERMIT, false);
	kit_end();
}

TEST(a_sublayer_is_named_by_the_filter_that_ended_it)
{
	uint64_t decider;

	begin(1);
	kit_filter(1, 9, MODEL_ACTION_CONTINUE, 0);
	decider = kit_filter(1, 8, PERMIT, MODEL_FILTER_CLEAR_ACTION_RIGHT);
	kit_filter(1, 7, BLOCK, 0);
	CHECK(kit_permits());
	CHECK_EQ_U(trail.n, 1);
	check_word(0, 1, decider, PERMIT, true);
	kit_end();
}

TEST(a_callout_is_named_with_what_it_answered)
{
	struct kit_script s = kit_answer(1, BLOCK);
	uint64_t filter;

	begin(1);
	kit_register(&s);
	filter = kit_callout_filter(1, 1, UNKNOWN, 0, &s.key);
	CHECK(!kit_permits());
	check_word(0, 1, filter, BLOCK, false);
	CHECK_EQ_U(trail.words[0].callout_id, s.id);
	kit_remove(filter);
	kit_unregister(&s);
	kit_end();
}

TEST(a_classify_that_nothing_matches_leaves_an_empty_trail)
{
	begin(1);
	kit_filter(1, 1, MODEL_ACTION_CONTINUE, 0);
	CHECK(kit_permits());
	CHECK_EQ_U(trail.n, 0);
	CHECK_EQ_U(trail.more, 0);
	kit_end();
}

TEST(sublayers_beyond_the_room_are_counted)
{
	begin(MODEL_NETEVENT_WORDS + 3);
	for (uint16_t i = 1; i <= MODEL_NETEVENT_WORDS + 3; i++)
		kit_filter(i, 1, PERMIT, 0);
	CHECK(kit_permits());
	CHECK_EQ_U(trail.n, MODEL_NETEVENT_WORDS);
	CHECK_EQ_U(trail.more, 3);
	check_word(0, MODEL_NETEVENT_WORDS + 3, kit_next_id, PERMIT, false);
	kit_end();
}

TEST(without_room_for_it_there_is_no_trail_and_the_same_verdict)
{
	begin(1);
	kit_filter(1, 1, BLOCK, 0);
	kit_ind.trail = NULL;
	CHECK(!kit_permits());
	CHECK_EQ_U(trail.n, 0);
	kit_end();
}

/* Says the words of the trail again, to somebody who has not seen the policy. */
static enum engine_outcome told_again(uint64_t *decider)
{
	struct engine_arbiter a = {0};

	for (unsigned i = 0; i < trail.n; i++) {
		const struct model_netevent_word *w = &trail.words[i];
		const struct engine_opinion o = {
			.action = w->action,
			.hard = w->hard,
			.by_callout = w->callout_id != 0,
			.filter_id = w->filter_id,
		};

		engine_arbiter_hear(&a, &o);
	}
	*decider = a.decider.filter_id;
	return engine_arbiter_blocks(&a) ? ENGINE_BLOCK : ENGINE_PERMIT;
}

TEST(the_words_of_a_random_policy_add_up_to_its_verdict)
{
	static const uint32_t actions[] = {BLOCK, PERMIT, MODEL_ACTION_CONTINUE};
	struct rng rng;

	rng_seed(&rng, test_seed());
	for (unsigned round = 0; round < 300; round++) {
		uint64_t decider;
		struct engine_verdict v;

		begin(MODEL_NETEVENT_WORDS);
		for (unsigned n = rng_below(&rng, 12); n > 0; n--) {
			const uint32_t action = actions[rng_below(&rng, ARRAY_LEN(actions))];
			const bool hard = action == PERMIT && rng_below(&rng, 2);

			kit_filter((uint16_t)(1 + rng_below(&rng, MODEL_NETEVENT_WORDS)), n, action,
				   hard ? MODEL_FILTER_CLEAR_ACTION_RIGHT : 0);
		}
		v = kit_classify();
		CHECK_EQ_U(told_again(&decider), v.outcome);
		CHECK_EQ_U(decider, v.filter_id);
		kit_end();
	}
}
