/* SPDX-License-Identifier: MIT */
/*
 * Timers against the stupid way: look at all of them.
 */
#include "harness.h"

#include "base/clock.h"
#include "base/heap.h"
#include "base/rng.h"

#define TIMERS 60u

struct timer {
	struct timer_node node;
	uint64_t deadline;
	uint64_t added; /* the order of equal deadlines */
	bool queued;
};

static struct timer *earliest(struct timer *timers)
{
	struct timer *best = NULL;

	for (struct timer *t = timers; t < timers + TIMERS; t++)
		if (t->queued && (!best || t->deadline < best->deadline ||
				  (t->deadline == best->deadline && t->added < best->added)))
			best = t;
	return best;
}

static void pop_all(struct timerq *q, struct timer *timers, uint64_t now)
{
	struct timer *expected;

	for (;;) {
		struct timer_node *node = timerq_pop_expired(q, now);

		expected = earliest(timers);
		if (!expected || expected->deadline > now)
			expected = NULL;
		CHECK(node == (expected ? &expected->node : NULL));
		if (!expected)
			return;
		CHECK(!node->queued);
		expected->queued = false;
	}
}

TEST(random_timers_agree_with_looking_at_all_of_them)
{
	static struct timer timers[TIMERS];
	uint64_t now = 0, added = 0;
	struct timerq q;
	struct rng rng;

	rng_seed(&rng, test_seed());
	timerq_init(&q);
	for (unsigned step = 0; step < 100000; step++) {
		struct timer *t = &timers[rng_below(&rng, TIMERS)];
		const struct timer *first;

		switch (rng_below(&rng, 4)) {
		case 0:
			timerq_del(&q, &t->node);
			t->queued = false;
			break;
		case 1:
			now += rng_below(&rng, 10);
			pop_all(&q, timers, now);
			break;
		default:
			t->deadline = now + rng_below(&rng, 50);
			t->added = added++;
			t->queued = true;
			timerq_add(&q, &t->node, t->deadline);
		}
		first = earliest(timers);
		CHECK_EQ_U(timerq_next_deadline(&q), first ? first->deadline : CLOCK_NEVER);
	}
}

TEST(an_empty_queue_has_no_deadline)
{
	struct timerq q;

	timerq_init(&q);
	CHECK_EQ_U(timerq_next_deadline(&q), CLOCK_NEVER);
	CHECK(!timerq_pop_expired(&q, CLOCK_NEVER));
}

TEST(equal_deadlines_expire_in_the_order_they_were_added)
{
	struct timer_node nodes[20] = {0};
	struct timerq q;

	timerq_init(&q);
	for (unsigned i = 0; i < ARRAY_LEN(nodes); i++)
		timerq_add(&q, &nodes[i], 5);
	CHECK(!timerq_pop_expired(&q, 4));
	for (unsigned i = 0; i < ARRAY_LEN(nodes); i++)
		CHECK(timerq_pop_expired(&q, 5) == &nodes[i]);
}
