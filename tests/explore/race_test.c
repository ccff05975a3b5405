/* SPDX-License-Identifier: MIT */
/* The race detector: small programs, and random ones against the transitive closure of everything
 * that orders. */
#include "explore/race.h"

#include "base/rng.h"
#include "harness.h"

static struct race *detector;

static void begin(void)
{
	if (!detector)
		CHECK_OK(race_create(&detector));
	race_begin(detector);
}

static bool touch(uint32_t thread, const void *address, uint32_t size, bool write)
{
	struct race_access a = {
		.address = address,
		.size = size,
		.thread = thread,
		.write = write,
	};
	struct race_pair pair;

	return race_access(detector, &a, &pair);
}

static bool touch_atomic(uint32_t thread, const void *address, bool write)
{
	struct race_access a = {
		.address = address,
		.size = 4,
		.thread = thread,
		.write = write,
		.atomic = true,
	};
	struct race_pair pair;

	return race_access(detector, &a, &pair);
}

static uint64_t x[4];
static char lock, event, child;

TEST(write_after_write_of_another_thread_races)
{
	begin();
	CHECK(!touch(1, x, 4, true));
	CHECK(touch(2, x, 4, true));
}

TEST(two_reads_do_not_race)
{
	begin();
	CHECK(!touch(1, x, 4, false));
	CHECK(!touch(2, x, 4, false));
}

TEST(write_races_with_any_of_several_reads)
{
	begin();
	for (uint32_t t = 1; t <= 3; t++)
		CHECK(!touch(t, x, 8, false));
	CHECK(touch(1, x, 8, true));
}

TEST(neighbouring_bytes_do_not_race)
{
	begin();
	CHECK(!touch(1, x, 4, true));
	CHECK(!touch(2, (char *)x + 4, 4, true));
	CHECK(touch(2, (char *)x + 3, 1, false));
}

TEST(a_range_races_where_it_overlaps)
{
	struct race_access now = {.address = x, .size = sizeof(x), .thread = 2, .write = true};
	struct race_pair pair;

	begin();
	CHECK(!touch(1, (char *)x + 18, 2, false));
	CHECK(race_access(detector, &now, &pair));
	CHECK(pair.before.address == (char *)x + 18);
	CHECK_EQ_U(pair.before.size, 2);
	CHECK_EQ_U(pair.before.thread, 1);
	CHECK(!pair.before.write);
}

TEST(a_lock_orders)
{
	begin();
	race_sync(detector, 1, &lock, SIM_SYNC_ACQUIRE);
	CHECK(!touch(1, x, 8, true));
	race_sync(detector, 1, &lock, SIM_SYNC_RELEASE);
	race_sync(detector, 2, &lock, SIM_SYNC_ACQUIRE);
	CHECK(!touch(2, x, 8, true));
}

TEST(another_lock_does_not_order)
{
	begin();
	CHECK(!touch(1, x, 8, true));
	race_sync(detector, 1, &lock, SIM_SYNC_RELEASE);
	race_sync(detector, 2, &event, SIM_SYNC_ACQUIRE);
	CHECK(touch(2, x, 8, true));
}

TEST(what_follows_a_release_is_not_ordered_by_it)
{
	begin();
	race_sync(detector, 1, &event, SIM_SYNC_RELEASE);
	CHECK(!touch(1, x, 8, true));
	race_sync(detector, 2, &event, SIM_SYNC_ACQUIRE);
	CHECK(touch(2, x, 8, false));
}

TEST(order_is_handed_on_over_a_third_thread)
{
	begin();
	CHECK(!touch(1, x, 8, true));
	race_sync(detector, 1, &lock, SIM_SYNC_RELEASE);
	race_sync(detector, 2, &lock, SIM_SYNC_ACQUIRE);
	race_sync(detector, 2, &event, SIM_SYNC_RELEASE);
	race_sync(detector, 3, &event, SIM_SYNC_ACQUIRE);
	CHECK(!touch(3, x, 8, true));
}

TEST(a_thread_begins_after_what_its_starter_did)
{
	begin();
	CHECK(!touch(1, x, 8, true));
	race_sync(detector, 1, &child, SIM_SYNC_RELEASE);
	race_sync(detector, 2, &child, SIM_SYNC_ACQUIRE);
	CHECK(!touch(2, x, 8, true));
	CHECK(touch(1, x, 8, false));
}

TEST(atomic_accesses_race_with_plain_ones_only)
{
	begin();
	CHECK(!touch_atomic(1, x, true));
	CHECK(!touch_atomic(2, x, true));
	CHECK(touch(3, x, 4, false));
}

TEST(a_new_run_has_forgotten_the_last)
{
	begin();
	CHECK(!touch(1, x, 8, true));
	race_begin(detector);
	CHECK(!touch(2, x, 8, true));
}

TEST(too_many_objects_make_it_silent_and_are_counted)
{
	begin();
	for (uintptr_t i = 1; i <= 5000; i++)
		race_sync(detector, 1, (void *)(i * 64), SIM_SYNC_BOTH);
	CHECK(race_lost(detector) > 0);
	CHECK(!touch(1, x, 8, true));
	CHECK(!touch(2, x, 8, true));
}

/* ---- random programs against the closure ---------------------------------------------------- */

#define EVENTS	48u
#define THREADS 4u
#define OBJECTS 3u

struct event {
	uint32_t thread;
	bool is_access, write, atomic;
	uint32_t offset, size; /* of an access */
	uint32_t object;
	enum sim_sync sync;
};

struct history {
	struct event events[EVENTS];
	bool before[EVENTS][EVENTS]; /* closed */
	uint32_t n;
};

static struct event random_event(struct rng *rng)
{
	static const uint32_t sizes[] = {1, 2, 4, 8, 8, 12};
	struct event e = {
		.thread = 1 + rng_below(rng, THREADS),
		.is_access = rng_below(rng, 3) > 0,
		.write = rng_below(rng, 2) == 0,
		.atomic = rng_below(rng, 5) == 0,
		.size = sizes[rng_below(rng, ARRAY_LEN(sizes))],
		.object = rng_below(rng, OBJECTS),
		.sync = (enum sim_sync)(1 + rng_below(rng, 3)),
	};

	e.offset = rng_below(rng, 3) * 4;
	return e;
}

static bool orders(const struct event *a, const struct event *b)
{
	if (a->thread == b->thread)
		return true;
	return !a->is_access && !b->is_access && a->object == b->object &&
	       (a->sync & SIM_SYNC_RELEASE) && (b->sync & SIM_SYNC_ACQUIRE);
}

/* The last event's row: whoever is before something that is directly before it. */
static void close_over_last(struct history *h)
{
	uint32_t last = h->n - 1;

	for (uint32_t i = 0; i < last; i++)
		h->before[i][last] = orders(&h->events[i], &h->events[last]);
	for (uint32_t i = 0; i < last; i++)
		for (uint32_t k = 0; k < last; k++)
			if (h->before[i][k] && h->before[k][last])
				h->before[i][last] = true;
}

static bool overlap(const struct event *a, const struct event *b)
{
	return a->offset < b->offset + b->size && b->offset < a->offset + a->size;
}

static bool last_races(const struct history *h)
{
	const struct event *b = &h->events[h->n - 1];

	for (uint32_t i = 0; i + 1 < h->n; i++) {
		const struct event *a = &h->events[i];

		if (a->is_access && (a->write || b->write) && !(a->atomic && b->atomic) &&
		    overlap(a, b) && !h->before[i][h->n - 1])
			return true;
	}
	return false;
}

static bool detect(const struct event *e)
{
	struct race_access a = {
		.address = (char *)x + e->offset,
		.size = e->size,
		.thread = e->thread,
		.write = e->write,
		.atomic = e->atomic,
	};
	struct race_pair pair;

	return race_access(detector, &a, &pair);
}

static void play(struct rng *rng, struct history *h)
{
	const struct event *e = &h->events[h->n];
	bool found;

	h->events[h->n++] = random_event(rng);
	close_over_last(h);
	if (!e->is_access) {
		race_sync(detector, e->thread, &x[e->object], e->sync);
		return;
	}
	found = detect(e);
	/* What had no room may be missed, but nothing is invented. */
	if (found || race_lost(detector) == 0)
		CHECK_EQ_U(found, last_races(h));
}

TEST(random_programs_race_where_the_closure_says)
{
	struct rng rng;

	rng_seed(&rng, test_seed());
	for (unsigned program = 0; program < 3000; program++) {
		struct history h = {.n = 0};

		begin();
		for (unsigned i = 0; i < EVENTS; i++)
			play(&rng, &h);
	}
}
