/* SPDX-License-Identifier: MIT */
/*
 * Threads: identity, slots, and what happens without memory.
 */
#include "harness.h"

#include "base/lock.h"
#include "base/mem.h"
#include "base/thread.h"

struct seen {
	uint32_t id;
	void *slot_before;
	void *slot_after;
};

static void look_around(void *arg)
{
	struct seen *s = arg;

	s->id = thread_id();
	s->slot_before = thread_slot_get(THREAD_SLOT_WORKER);
	thread_slot_set(THREAD_SLOT_WORKER, s);
	thread_yield();
	s->slot_after = thread_slot_get(THREAD_SLOT_WORKER);
}

SIM_TEST(threads_have_their_own_numbers_and_slots)
{
	struct seen seen[3] = {0};
	struct thread *t[3];

	thread_slot_set(THREAD_SLOT_WORKER, &seen);
	for (unsigned i = 0; i < 3; i++)
		CHECK_OK(thread_start(&t[i], "looker", look_around, &seen[i]));
	for (unsigned i = 0; i < 3; i++) {
		CHECK(!thread_is_current(t[i]));
		thread_join(t[i]);
		CHECK(!seen[i].slot_before);
		CHECK(seen[i].slot_after == &seen[i]);
		CHECK(seen[i].id != 0 && seen[i].id != thread_id());
		for (unsigned j = 0; j < i; j++)
			CHECK(seen[i].id != seen[j].id);
	}
	CHECK(thread_slot_get(THREAD_SLOT_WORKER) == &seen);
	CHECK(!thread_slot_get(THREAD_SLOT_CLASSIFY));
	thread_slot_set(THREAD_SLOT_WORKER, NULL);
}

SIM_TEST(a_thread_that_cannot_be_had_leaves_out_untouched)
{
	struct thread *t = NULL;

	mem_fail_at(1);
	CHECK_ERR(thread_start(&t, "none", look_around, NULL), ERR_NO_MEMORY);
	CHECK(!t);
}

struct handshake {
	struct lock lock;
	struct cond started;
	struct thread *thread;
	bool knows_itself;
};

static void wait_for_handle(void *arg)
{
	struct handshake *h = arg;

	lock_take(&h->lock);
	while (!h->thread)
		cond_wait(&h->started, &h->lock);
	h->knows_itself = thread_is_current(h->thread);
	lock_drop(&h->lock);
}

SIM_TEST(a_thread_knows_its_own_handle)
{
	struct handshake h = {.thread = NULL};
	struct thread *t;

	lock_init(&h.lock, "handshake", 1);
	cond_init(&h.started, "started");
	CHECK_OK(thread_start(&t, "self", wait_for_handle, &h));
	lock_take(&h.lock);
	h.thread = t;
	cond_signal(&h.started);
	lock_drop(&h.lock);
	thread_join(t);
	CHECK(h.knows_itself);
}
