/* SPDX-License-Identifier: MIT */
/*
 * The controlled world: what a rewind puts back, how a run ends, and what is known of its blocks.
 */
#include "control.h"

#include "base/atomic.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/mem.h"

#include <signal.h>

static void do_nothing(UNUSED void *arg)
{
}

/* ---- what a rewind puts back ---------------------------------------------------------------- */

#define AT_READY 7u

static struct changed {
	unsigned statics;
	unsigned *block, *freed;
	struct lock lock;
	struct cond cond;
	struct thread *waiter;
	bool go;
	uint64_t now;
} all = {.statics = AT_READY};

static unsigned untouched[4096]; /* of many pages; zero */

/* Waits at sim_ready, and goes on in each run. */
static void wait_for_go(void *arg)
{
	unsigned on_stack = AT_READY;

	lock_take(&all.lock);
	while (!all.go)
		cond_wait(&all.cond, &all.lock);
	lock_drop(&all.lock);
	CHECK_EQ_U(on_stack, AT_READY);
	on_stack++;
	*(unsigned *)arg += on_stack;
}

static void change_everything(UNUSED void *arg)
{
	unsigned on_stack = AT_READY;

	lock_init(&all.lock, "changed", 1);
	cond_init(&all.cond, "changed");
	all.block = mem_zalloc(sizeof(*all.block));
	all.freed = mem_zalloc(sizeof(*all.freed));
	*all.block = AT_READY;
	*all.freed = AT_READY;
	CHECK_OK(thread_start(&all.waiter, "waiter", wait_for_go, all.block));
	all.now = clock_now();
	sim_ready();

	CHECK_EQ_U(on_stack, AT_READY);
	CHECK_EQ_U(all.statics, AT_READY);
	CHECK_EQ_U(*all.block, AT_READY);
	CHECK_EQ_U(*all.freed, AT_READY);
	CHECK_EQ_U(clock_now(), all.now);
	for (unsigned i = 0; i < ARRAY_LEN(untouched); i++)
		CHECK_EQ_U(untouched[i]++, 0);
	on_stack++;
	all.statics++;
	mem_free(all.freed);
	clock_sleep_until(clock_now() + CLOCK_S);
	lock_take(&all.lock);
	all.go = true;
	cond_signal(&all.cond);
	lock_drop(&all.lock);
	thread_join(all.waiter);
	CHECK_EQ_U(*all.block, 2 * AT_READY + 1);
	mem_free(all.block);
}

TEST(a_rewind_puts_back_variables_blocks_stacks_threads_and_time)
{
	uint64_t live = mem_live();

	seen_make();
	if (!open_world(change_everything))
		return;
	for (unsigned i = 0; i < 100; i++) {
		CHECK_EQ_U(run_once(), SIM_END_DONE);
		CHECK_EQ_U(all.statics, AT_READY + 1);
		CHECK_EQ_U(mem_live(), live + 1); /* the first thread */
		sim_control_rewind();
		CHECK_EQ_U(all.statics, AT_READY);
	}
	close_world();
}

static uint32_t *rounds; /* the explorer's: runs so far */

static void change_many_pages_sometimes(UNUSED void *arg)
{
	sim_ready();
	for (unsigned i = 0; i < ARRAY_LEN(untouched); i++)
		CHECK_EQ_U(untouched[i], 0);
	for (unsigned i = 0; *rounds % 70 == 0 && i < ARRAY_LEN(untouched); i++)
		untouched[i] = i;
}

TEST(what_few_runs_write_to_is_put_back_all_the_same)
{
	seen_make();
	rounds = sim_control_alloc(sizeof(*rounds));
	if (!open_world(change_many_pages_sometimes))
		return;
	for (; *rounds < 500; ++*rounds) {
		CHECK_EQ_U(run_once(), SIM_END_DONE);
		CHECK_EQ_U(untouched[4000], *rounds % 70 == 0 ? 4000 : 0);
		sim_control_rewind();
	}
	close_world();
	sim_control_free(rounds);
}

#define STATES 5u

static uint64_t *prints; /* the explorer's: of the state that each run came to */

/* A function of its own: what it has in registers and on the stack is state, too, while it runs. */
static __attribute__((noinline)) void change_state(unsigned *block)
{
	const uint32_t state = *rounds % STATES;

	for (unsigned i = 0; *rounds % 50 == 0 && i < ARRAY_LEN(untouched); i++)
		untouched[i] = i;
	for (unsigned i = 0; i < ARRAY_LEN(untouched); i++)
		untouched[i] = 0;
	all.statics += state == 1;
	untouched[2000] = state == 2;
	*all.block = state == 3;
	*block = state == 4;
}

static void come_to_a_state(UNUSED void *arg)
{
	unsigned *block;
	uint64_t print;

	all.block = mem_zalloc(sizeof(*all.block));
	sim_ready();
	block = mem_zalloc(sizeof(*block));
	CHECK(block != NULL);
	change_state(block);
	sim_settled();
	print = sim_fingerprint();
	prints[*rounds] = print;
	mem_free(block);
}

TEST(a_fingerprint_is_that_of_a_state_whatever_earlier_runs_wrote_to)
{
	seen_make();
	rounds = sim_control_alloc(sizeof(*rounds));
	prints = sim_control_alloc(200 * sizeof(*prints));
	if (!open_world(come_to_a_state))
		return;
	for (; *rounds < 200; ++*rounds) {
		CHECK_EQ_U(run_once(), SIM_END_DONE);
		sim_control_rewind();
	}
	for (unsigned i = 0; i < 200 && prints[0]; i++)
		for (unsigned k = 0; k < STATES; k++)
			CHECK((prints[i] == prints[k]) == (i % STATES == k));
	close_world();
	sim_control_free(prints);
	sim_control_free(rounds);
}

static struct addresses {
	const void *block[8], *of_thread;
} * addresses; /* the explorer's */

static void note_address(UNUSED void *arg)
{
	addresses->of_thread = mem_alloc(100);
}

static void allocate_here_and_there(UNUSED void *arg)
{
	struct thread *t;

	sim_ready();
	CHECK_OK(thread_start(&t, "worker", note_address, NULL));
	for (unsigned i = 0; i < ARRAY_LEN(addresses->block); i++) {
		void *p = mem_alloc(24 + 100 * i);

		addresses->block[i] = p;
		if (i % 2)
			mem_free(p);
		sched_point("nothing");
	}
	thread_join(t);
}

TEST(addresses_depend_on_their_thread_and_not_on_the_schedule)
{
	struct addresses first;

	seen_make();
	addresses = sim_control_alloc(sizeof(*addresses));
	seen->random = true;
	if (!open_world(allocate_here_and_there))
		return;
	CHECK_EQ_U(run_once(), SIM_END_DONE);
	first = *addresses;
	for (unsigned i = 0; i < 50; i++) {
		sim_control_rewind();
		CHECK_EQ_U(run_once(), SIM_END_DONE);
		CHECK(memcmp(&first, addresses, sizeof(first)) == 0);
		for (unsigned j = 1; j < ARRAY_LEN(first.block); j++)
			CHECK(first.block[j] != first.block[j - 1]);
	}
	close_world();
}

static void allocate_and_go(UNUSED void *arg)
{
	sim_ready();
	CHECK(mem_alloc(1000));
}

TEST(memory_of_the_explorer_outlives_rewinds_and_the_world)
{
	char *kept, *grown, *explorers;

	seen_make();
	if (!open_world(allocate_and_go))
		return;
	kept = sim_control_alloc(100);
	explorers = mem_zalloc(100); /* on the explorer's stack: not of the world */
	memset(kept, 1, 100);
	memset(explorers, 2, 100);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ_U(run_once(), SIM_END_DONE);
		sim_control_rewind();
		CHECK(kept[0] == 1 && kept[99] == 1 && explorers[99] == 2);
	}
	close_world();
	grown = sim_control_realloc(kept, 100000);
	CHECK(grown && grown[99] == 1);
	sim_control_free(grown);
	mem_free(explorers);
}

static struct lock shared;
static struct atom32 any;
static unsigned inside;

TEST(a_world_leaves_the_variables_of_the_program_as_it_found_them)
{
	uint64_t live = mem_live();

	seen_make();
	for (unsigned i = 0; i < 3; i++) {
		if (!open_world(change_everything))
			return;
		CHECK(all.block);
		CHECK_EQ_U(run_once(), SIM_END_DONE);
		sim_control_close();
		CHECK(!all.block);
		CHECK_EQ_U(all.statics, AT_READY);
		CHECK_EQ_U(untouched[0], 0);
		CHECK_EQ_U(mem_live(), live);
		CHECK_EQ_U(sim_run(1, do_nothing, NULL), SIM_DONE);
	}
	sim_control_free(seen);
}

/* ---- how a run ends ------------------------------------------------------------------------- */

static struct cond nobody_signals;

static void lock_this_way(UNUSED void *arg)
{
	lock_take(&shared);
	atom32_add(&any, 1);
	while (inside == 0)
		cond_wait(&nobody_signals, &shared);
	lock_drop(&shared);
}

static void wait_for_ever(UNUSED void *arg)
{
	struct thread *t;

	lock_init(&shared, "shared", 1);
	cond_init(&nobody_signals, "nobody signals");
	sim_ready();
	CHECK_OK(thread_start(&t, "waiter", lock_this_way, NULL));
	thread_join(t);
}

TEST(a_deadlock_says_who_waits_for_whom)
{
	struct sim_wait waits[8];

	seen_make();
	if (!open_world(wait_for_ever))
		return;
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ_U(run_once(), SIM_END_DEADLOCK);
		CHECK_EQ_U(sim_control_waits(waits, ARRAY_LEN(waits)), 2);
		CHECK_EQ_U(waits[0].thread, 1);
		CHECK_EQ_U(waits[0].waits_for, 2);
		CHECK_EQ_S(waits[0].waits_kind, "the end of thread");
		CHECK_EQ_S(waits[1].waits_kind, "cond");
		CHECK_EQ_S(waits[1].waits_name, "nobody signals");
		CHECK(waits[1].object == &nobody_signals);
		CHECK_EQ_S(waits[1].name, "waiter");
		sim_control_rewind();
	}
	close_world();
}

static void leave_one_behind(UNUSED void *arg)
{
	struct thread *t;

	sim_ready();
	CHECK_OK(thread_start(&t, "forgotten", do_nothing, NULL));
}

TEST(who_was_not_joined_is_left_over)
{
	seen_make();
	if (!open_world(leave_one_behind))
		return;
	CHECK_EQ_U(run_once(), SIM_END_LEFTOVERS);
	close_world();
}

static __attribute__((noinline)) void dive(unsigned depth)
{
	char here[64];

	memset(here, (int)depth, sizeof(here));
	if (depth == 0 && sim_controlled())
		sim_stop();
	if (depth > 0)
		dive(depth - 1);
	CHECK(here[63] == (char)depth);
}

static void stop_deep_inside(UNUSED void *arg)
{
	sim_ready();
	dive(100);
}

TEST(a_run_is_stopped_from_any_depth)
{
	seen_make();
	if (!open_world(stop_deep_inside))
		return;
	for (unsigned i = 0; i < 1000; i++) {
		CHECK_EQ_U(run_once(), SIM_END_STOPPED);
		sim_control_rewind();
	}
	close_world();
}

static void break_an_invariant(UNUSED void *arg)
{
	sim_ready();
	BUG_ON(sim_controlled());
}

TEST(a_broken_invariant_ends_the_run_and_not_the_program)
{
	seen_make();
	if (!open_world(break_an_invariant))
		return;
	CHECK_EQ_U(run_once(), SIM_END_BUG);
	CHECK(strstr(sim_control_crash().text, "sim_controlled()"));
	CHECK_EQ_U(sim_control_crash().thread, 1);
	close_world();
}

static void abort_now(UNUSED void *arg)
{
	sim_ready();
	abort();
}

TEST(an_abort_ends_the_run_and_not_the_program)
{
	seen_make();
	if (!open_world(abort_now))
		return;
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ_U(run_once(), SIM_END_BUG);
		CHECK_EQ_U((unsigned)sim_control_crash().signal, SIGABRT);
		sim_control_rewind();
	}
	close_world();
}

static unsigned *volatile nowhere = (unsigned *)16;

static __attribute__((noinline)) void write_nowhere(UNUSED void *arg)
{
	*nowhere = 1;
}

static void crash_in_a_thread(UNUSED void *arg)
{
	sim_ready();
	two_of(write_nowhere);
}

TEST(a_crash_ends_the_run_with_its_address_and_stack)
{
	void *frames[8];

	seen_make();
	if (!open_world(crash_in_a_thread))
		return;
	for (unsigned i = 0; i < 100; i++) {
		CHECK_EQ_U(run_once(), SIM_END_CRASHED);
		CHECK_EQ_U((unsigned)sim_control_crash().signal, SIGSEGV);
		CHECK(sim_control_crash().address == (void *)16);
		CHECK_EQ_U(sim_control_crash().thread, 2);
		CHECK(sim_control_stack(2, frames, ARRAY_LEN(frames)) >= 1);
		CHECK((uintptr_t)frames[0] - (uintptr_t)write_nowhere < 64);
		sim_control_rewind();
	}
	close_world();
}

static __attribute__((noinline)) unsigned overflow(unsigned n)
{
	volatile char here[4096];

	here[0] = (char)n;
	return n < 1000000 ? overflow(n + 1) + (unsigned)here[0] : 0;
}

static void overflow_the_stack(UNUSED void *arg)
{
	sim_ready();
	inside = overflow(1);
}

TEST(a_stack_that_overflows_is_a_crash)
{
	seen_make();
	if (!open_world(overflow_the_stack))
		return;
	CHECK_EQ_U(run_once(), SIM_END_CRASHED);
	close_world();
}

TEST(a_world_that_is_never_ready_is_not_opened)
{
	seen_make();
	if (sim_control_open(&controller, do_nothing, NULL) == ERR_NOT_SUPPORTED)
		return;
	CHECK_ERR(sim_control_open(&controller, do_nothing, NULL), ERR_OPERATION_ABORTED);
	CHECK_OK(sim_control_open(&controller, stop_deep_inside, NULL));
	CHECK_EQ_U(run_once(), SIM_END_STOPPED);
	close_world();
	CHECK_EQ_U(sim_run(1, do_nothing, NULL), SIM_DONE);
}

static void allocate_for_ever(UNUSED void *arg)
{
	sim_ready();
	for (;;)
		mem_free(mem_alloc(1 << 20));
}

TEST(a_run_that_uses_its_memory_up_is_no_verdict)
{
	seen_make();
	if (!open_world(allocate_for_ever))
		return;
	CHECK_EQ_U(run_once(), SIM_END_MEMORY);
	close_world();
}

static void guard_for_ever(UNUSED void *arg)
{
	sim_ready();
	for (;;)
		CHECK(mem_zalloc_guarded(1));
}

TEST(a_run_that_uses_its_guarded_memory_up_is_no_verdict)
{
	seen_make();
	if (!open_world(guard_for_ever))
		return;
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ_U(run_once(), SIM_END_MEMORY);
		sim_control_rewind();
	}
	close_world();
}

/* ---- blocks --------------------------------------------------------------------------------- */

static volatile char *block;

static __attribute__((noinline)) void free_the_block(void)
{
	mem_free((void *)block);
}

static void write_after_free(UNUSED void *arg)
{
	sim_ready();
	block = mem_zalloc(40);
	free_the_block();
	block[17] = 1;
}

TEST(a_write_to_a_freed_block_is_found_at_the_end)
{
	struct sim_block b;

	seen_make();
	if (!open_world(write_after_free))
		return;
	sim_block_stacks(true);
	CHECK_EQ_U(run_once(), SIM_END_DONE);
	CHECK(sim_block_check_freed(&b));
	CHECK(b.start == block && b.size == 40 && b.freed);
	CHECK_EQ_U(b.allocated_by, 1);
	CHECK_EQ_U(b.freed_by, 1);
	close_world();
}

static void hold_a_block(UNUSED void *arg)
{
	sim_ready();
	block = mem_zalloc(40);
	mem_free(mem_zalloc(10));
}

TEST(nothing_is_found_where_nothing_is_wrong)
{
	struct sim_block b;

	seen_make();
	if (!open_world(hold_a_block))
		return;
	CHECK_EQ_U(run_once(), SIM_END_DONE);
	CHECK(!sim_block_check_freed(&b));
	CHECK(sim_block_find((const char *)block + 39, &b));
	CHECK(b.start == block && b.size == 40 && !b.freed);
	CHECK(!sim_block_find(&b, &b));
	close_world();
}

static void free_twice(UNUSED void *arg)
{
	sim_ready();
	block = mem_zalloc(40);
	free_the_block();
	free_the_block();
}

TEST(freeing_twice_ends_the_run)
{
	seen_make();
	if (!open_world(free_twice))
		return;
	CHECK_EQ_U(run_once(), SIM_END_BUG);
	CHECK(strstr(sim_control_crash().text, "freed twice"));
	close_world();
}

static struct guarded {
	unsigned pages;
	long at; /* of the byte that is touched */
	bool before_ready, free, expect_crash;
} * guarded; /* the explorer's */

static void touch_guarded(UNUSED void *arg)
{
	if (guarded->before_ready)
		block = mem_zalloc_guarded(guarded->pages * 4096 + 32);
	sim_ready();
	if (!guarded->before_ready)
		block = mem_zalloc_guarded(guarded->pages * 4096 + 32);
	CHECK(block[0] == 0);
	if (guarded->at >= 0)
		block[guarded->at % 32] = 1;
	if (guarded->free)
		free_the_block();
	inside = (unsigned)block[guarded->at];
}

static void check_guarded(unsigned pages, long at, bool before_ready, bool free_it, bool crash)
{
	struct sim_block b;

	*guarded = (struct guarded){pages, at, before_ready, free_it, crash};
	if (!open_world(touch_guarded))
		return;
	for (unsigned i = 0; i < 20; i++) {
		CHECK_EQ_U(run_once(), crash ? SIM_END_CRASHED : SIM_END_DONE);
		CHECK(!crash || sim_control_crash().address == (void *)(block + at));
		CHECK(sim_block_find((const void *)(block + at), &b));
		CHECK(b.start == block);
		CHECK_EQ_U(b.freed, free_it);
		sim_control_rewind();
	}
	sim_control_close();
}

TEST(touching_what_was_freed_or_lies_behind_a_guarded_block_ends_the_run)
{
	seen_make();
	guarded = sim_control_alloc(sizeof(*guarded));
	for (unsigned pages = 0; pages < 3; pages++)
		for (unsigned before_ready = 0; before_ready < 2; before_ready++) {
			long size = pages * 4096L + 32;

			check_guarded(pages, 0, before_ready, false, false);
			check_guarded(pages, size - 1, before_ready, false, false);
			check_guarded(pages, size, before_ready, false, true);
			check_guarded(pages, 0, before_ready, true, true);
			check_guarded(pages, size - 1, before_ready, true, true);
		}
	sim_control_free(guarded);
	sim_control_free(seen);
}

static void blocks_come_and_go(UNUSED void *arg)
{
	char *held[8] = {0};

	for (unsigned i = 0; i < 4; i++)
		held[i] = mem_zalloc_guarded(1 + 3000 * i);
	sim_ready();
	for (unsigned i = 0; i < 200; i++) {
		unsigned at = rng_below(&seen->rng, ARRAY_LEN(held));

		if (held[at]) {
			mem_free(held[at]);
			held[at] = NULL;
			continue;
		}
		held[at] = mem_zalloc_guarded(rng_below(&seen->rng, 9000) + 1);
		CHECK(held[at][0] == 0);
		held[at][0] = 1;
	}
}

TEST(guarded_blocks_of_any_size_follow_each_other_in_any_order)
{
	seen_make();
	if (!open_world(blocks_come_and_go))
		return;
	for (unsigned i = 0; i < 50; i++) {
		CHECK_EQ_U(run_once(), SIM_END_DONE);
		sim_control_rewind();
	}
	close_world();
}

static void allocate_three(UNUSED void *arg)
{
	sim_ready();
	sim_choose_failures(SIM_FAIL_ALL);
	CHECK_EQ_U(mem_alloc(1) == NULL, seen->failure == 1);
	CHECK_EQ_U(mem_zalloc_guarded(1) == NULL, seen->failure == 2);
	CHECK_EQ_U(mem_zalloc(1) == NULL, seen->failure == 3);
	sim_choose_failures(SIM_FAIL_IN_DRIVERS);
	CHECK(mem_alloc(1));
	thread_slot_set(THREAD_SLOT_DRIVER, &any);
	CHECK_EQ_U(mem_alloc(1) == NULL, seen->failure == 4);
	thread_slot_set(THREAD_SLOT_DRIVER, NULL);
	sim_choose_failures(SIM_FAIL_NONE);
	CHECK(mem_alloc(1));
}

TEST(the_controller_says_which_allocation_fails)
{
	seen_make();
	if (!open_world(allocate_three))
		return;
	for (seen->failure = 1; seen->failure <= 5; seen->failure++) {
		CHECK_EQ_U(run_once(), SIM_END_DONE);
		CHECK_EQ_U(seen->asked, 4);
		sim_control_rewind();
	}
	close_world();
}

static void allocate_until_one_fails(UNUSED void *arg)
{
	sim_ready();
	sim_choose_failures(SIM_FAIL_IN_DRIVERS);
	CHECK(mem_alloc(1));
	thread_slot_set(THREAD_SLOT_DRIVER, &any);
	CHECK(mem_alloc(1));
	CHECK(!mem_alloc(1));
	CHECK(mem_alloc(1));
	thread_slot_set(THREAD_SLOT_DRIVER, NULL);
}

TEST(after_the_one_failure_nobody_is_asked_any_more)
{
	seen_make();
	if (!open_world(allocate_until_one_fails))
		return;
	seen->failure = 2;
	CHECK_EQ_U(run_once(), SIM_END_DONE);
	CHECK_EQ_U(seen->asked, 2);
	close_world();
}

/* ---- the next world -------------------------------------------------------------------------- */

static unsigned prepared_times;

static void prepare_and_change(UNUSED void *arg)
{
	CHECK_EQ_U(prepared_times++, 0);
	sim_ready();
	prepared_times += 10;
}

TEST(the_next_world_finds_the_program_as_this_one_did)
{
	for (int world = 0; world < 3; world++) {
		seen_make();
		if (!open_world(prepare_and_change))
			return;
		CHECK_EQ_U(run_once(), SIM_END_DONE);
		CHECK_EQ_U(prepared_times, 11);
		close_world();
		CHECK_EQ_U(prepared_times, 0);
	}
}
