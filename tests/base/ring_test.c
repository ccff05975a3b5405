/* SPDX-License-Identifier: MIT */
/*
 * The ring: nothing is lost but what is counted, nothing is torn, each producer's order is kept.
 */
#include "harness.h"

#include "base/lock.h"
#include "base/mem.h"
#include "base/ring.h"
#include "base/rng.h"
#include "base/thread.h"

#define PRODUCERS 3u
#ifdef BASE_HOST
#define RECORDS 20000u
#else
#define RECORDS 40u
#endif

/* Every word says the same, so that a torn record shows. */
struct record {
	uint64_t words[9];
};

static struct record make_record(uint64_t value)
{
	struct record r;

	for (size_t i = 0; i < ARRAY_LEN(r.words); i++)
		r.words[i] = value;
	return r;
}

static uint64_t read_record(const struct record *r)
{
	for (size_t i = 1; i < ARRAY_LEN(r->words); i++)
		CHECK_EQ_U(r->words[i], r->words[0]);
	return r->words[0];
}

/* ---- one thread ------------------------------------------------------------------------------ */

TEST(records_come_out_in_the_order_they_went_in)
{
	struct ring *ring;
	struct record r;

	CHECK_OK(ring_create(&ring, 8, sizeof(r)));
	for (uint64_t round = 0; round < 5; round++) {
		for (uint64_t i = 0; i < 6; i++) {
			r = make_record(round * 6 + i);
			CHECK(ring_push(ring, &r));
		}
		for (uint64_t i = 0; i < 6; i++) {
			CHECK(ring_pop(ring, &r));
			CHECK_EQ_U(read_record(&r), round * 6 + i);
		}
		CHECK(!ring_pop(ring, &r));
	}
	CHECK_EQ_U(ring_dropped(ring), 0);
	ring_destroy(ring);
}

TEST(a_full_ring_refuses_and_counts_and_keeps_what_it_has)
{
	struct ring *ring;
	struct record r;

	CHECK_OK(ring_create(&ring, 5, sizeof(r))); /* 8 slots */
	for (uint64_t i = 0; i < 11; i++) {
		r = make_record(i);
		CHECK_EQ_U(ring_push(ring, &r), i < 8);
	}
	CHECK_EQ_U(ring_dropped(ring), 3);
	for (uint64_t i = 0; i < 8; i++) {
		CHECK(ring_pop(ring, &r));
		CHECK_EQ_U(read_record(&r), i);
	}
	ring_destroy(ring);
}

TEST(a_ring_of_no_bytes_or_of_too_many_slots_is_refused)
{
	struct ring *ring = NULL;

	CHECK_ERR(ring_create(&ring, 8, 0), ERR_INVALID_PARAMETER);
	CHECK_ERR(ring_create(&ring, (1u << 24) + 1, 8), ERR_INVALID_PARAMETER);
	CHECK(!ring);
}

#if MEM_TRACKED
TEST(out_of_memory_leaves_nothing_behind)
{
	const uint64_t live = mem_live();
	struct ring *ring = NULL;

	for (uint64_t nth = 1;; nth++) {
		mem_fail_at(nth);
		if (ring_create(&ring, 8, 8) == ERR_OK)
			break;
		CHECK(!ring);
		CHECK_EQ_U(mem_live(), live);
	}
	mem_fail_at(0);
	ring_destroy(ring);
	CHECK_EQ_U(mem_live(), live);
}
#endif

/* ---- against a queue that anybody understands ------------------------------------------------ */

#define QUEUE 16u

struct queue {
	uint64_t values[QUEUE];
	unsigned n;
	uint64_t dropped;
};

static bool queue_push(struct queue *q, uint64_t value)
{
	if (q->n == QUEUE) {
		q->dropped++;
		return false;
	}
	q->values[q->n++] = value;
	return true;
}

static bool queue_pop(struct queue *q, uint64_t *value)
{
	if (q->n == 0)
		return false;
	*value = q->values[0];
	memmove(q->values, q->values + 1, --q->n * sizeof(q->values[0]));
	return true;
}

TEST(random_pushes_and_pops_do_what_a_plain_queue_does)
{
	struct queue queue = {0};
	struct ring *ring;
	struct rng rng;

	rng_seed(&rng, test_seed());
	CHECK_OK(ring_create(&ring, QUEUE, sizeof(struct record)));
	for (unsigned i = 0; i < 100000; i++) {
		/* Fills and empties in waves, so that both ends are reached. */
		const bool push = rng_below(&rng, 10) < (i / 200 % 2 ? 7 : 3);
		struct record r = make_record(i);
		uint64_t expected;

		if (push) {
			CHECK_EQ_U(ring_push(ring, &r), queue_push(&queue, i));
		} else if (queue_pop(&queue, &expected)) {
			CHECK(ring_pop(ring, &r));
			CHECK_EQ_U(read_record(&r), expected);
		} else {
			CHECK(!ring_pop(ring, &r));
		}
	}
	CHECK_EQ_U(ring_dropped(ring), queue.dropped);
	CHECK(queue.dropped > 0);
	ring_destroy(ring);
}

/* ---- several threads ------------------------------------------------------------------------- */

/* What the producers together got in: the ring must give exactly that. */
struct shared {
	struct ring *ring;
	struct lock lock;
	uint64_t pushed, refused; /* [lock] */
	struct atom32 running;
};

struct producer {
	struct shared *shared;
	unsigned number;
	struct thread *thread;
};

static void produce(void *arg)
{
	const struct producer *p = arg;
	uint64_t pushed = 0;

	for (uint64_t i = 0; i < RECORDS; i++) {
		const struct record r = make_record((uint64_t)p->number << 32 | i);

		pushed += ring_push(p->shared->ring, &r);
	}
	lock_take(&p->shared->lock);
	p->shared->pushed += pushed;
	p->shared->refused += RECORDS - pushed;
	lock_drop(&p->shared->lock);
	atom32_sub(&p->shared->running, 1);
}

static uint64_t consume_all(struct ring *ring, uint64_t *next)
{
	struct record r;
	uint64_t n = 0;

	for (; ring_pop(ring, &r); n++) {
		const uint64_t value = read_record(&r);
		const unsigned producer = (unsigned)(value >> 32);

		CHECK(producer < PRODUCERS);
		CHECK((uint32_t)value >= next[producer]);
		next[producer] = (uint32_t)value + 1;
	}
	return n;
}

/* The number of refused pushes. */
static uint64_t race(uint32_t slots)
{
	struct shared shared = {0};
	struct producer producers[PRODUCERS];
	uint64_t next[PRODUCERS] = {0}, popped = 0;
	bool running = true;

	CHECK_OK(ring_create(&shared.ring, slots, sizeof(struct record)));
	lock_init(&shared.lock, "totals", 1);
	atom32_init(&shared.running, PRODUCERS);
	for (unsigned i = 0; i < PRODUCERS; i++) {
		producers[i] = (struct producer){.shared = &shared, .number = i};
		CHECK_OK(thread_start(&producers[i].thread, "producer", produce, &producers[i]));
	}
	while (running) {
		running = atom32_load(&shared.running) > 0;
		popped += consume_all(shared.ring, next);
		thread_yield();
	}
	for (unsigned i = 0; i < PRODUCERS; i++)
		thread_join(producers[i].thread);
	CHECK_EQ_U(popped, shared.pushed);
	CHECK_EQ_U(ring_dropped(shared.ring), shared.refused);
	CHECK_EQ_U(shared.pushed + shared.refused, (uint64_t)PRODUCERS * RECORDS);
	lock_destroy(&shared.lock);
	ring_destroy(shared.ring);
	return shared.refused;
}

SIM_TEST(racing_producers_lose_nothing_that_is_not_counted)
{
	race(4);
}

SIM_TEST(racing_producers_with_room_for_all_lose_nothing)
{
	CHECK_EQ_U(race(PRODUCERS * RECORDS), 0);
}
