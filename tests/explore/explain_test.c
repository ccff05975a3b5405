/* SPDX-License-Identifier: MIT */
/* A finding is explained by running its schedule again: who was at the other side, and from where.
 */
#include "run_toy.h"

#include "base/sched.h"
#include "explore/explain.h"
#include "explore/waitgraph.h"
#include "ntshim/thread.h"

#include <stdio.h>

void __tsan_init(void);
void __tsan_write8(void *p);

static uint64_t *block;
static KSPIN_LOCK locks[2];
static KEVENT event;

static void set_up(void)
{
	__tsan_init();
	nt_threads_start();
	nt_wait_start();
	KeInitializeSpinLock(&locks[0]);
	KeInitializeSpinLock(&locks[1]);
	KeInitializeEvent(&event, NotificationEvent, FALSE);
	block = mem_zalloc_guarded(64);
	CHECK(block);
}

/* Explores the toy, and explains what was found under that rule; false: not supported here. */
static bool explained(struct toy *t, enum explore_rule rule, struct explore_found_item *out)
{
	struct explore_subject s = toy_subject(t);
	struct explore_result r = {0};
	struct explore_found_item *item;

	if (!toy_explore(t, EXPLORE_ALL, &r))
		return false;
	item = toy_found(&r, rule);
	CHECK(item);
	CHECK_OK(race_watch_open());
	CHECK_OK(explore_explain(&s, item));
	race_watch_close();
	*out = *item;
	out->schedule = (struct explore_schedule){0}; /* the result's */
	explore_result_free(&r);
	return true;
}

/* The compiler may have given the function a longer name. */
static bool stack_has(const struct explore_stack *s, const char *function)
{
	struct stack_place p;

	for (uint32_t i = 0; i < s->n; i++)
		if (stack_find(s->frames[i], &p) &&
		    strncmp(p.function, function, strlen(function)) == 0)
			return true;
	return false;
}

/* ---- memory --------------------------------------------------------------------------------- */

static __attribute__((noinline)) void give_back(void)
{
	mem_free(block);
	__asm__ volatile("" ::: "memory");
}

static __attribute__((noinline)) uint64_t look(void)
{
	return *(volatile uint64_t *)block;
}

static void free_when_set(UNUSED void *arg)
{
	KeSetEvent(&event, 0, FALSE);
	give_back();
	KeSetEvent(&event, 0, FALSE);
}

static void use_when_set(UNUSED void *arg)
{
	KeReadStateEvent(&event);
	(void)look();
}

static void judge(enum sim_end end)
{
	struct explore_finding f = {.rule = EXPLORE_UseAfterFree, .sentence = "it was freed"};
	struct sim_block b;

	if (end == SIM_END_CRASHED && sim_block_find(sim_control_crash().address, &b))
		explore_found(&f, true);
}

TEST(use_after_free_names_who_used_who_freed_and_who_allocated)
{
	struct toy t = {.set_up = set_up, .a = free_when_set, .b = use_when_set, .check = judge};
	struct explore_found_item i;

	if (!explained(&t, EXPLORE_UseAfterFree, &i))
		return;
	CHECK(stack_has(&i.finding.here, "look"));
	CHECK(stack_has(&i.finding.there, "give_back"));
	CHECK_EQ_S(i.finding.here.thread_name, "b");
	CHECK_EQ_S(i.finding.there.thread_name, "a");
	CHECK(strstr(i.finding.sentence, "block of 64"));
}

/* ---- races ---------------------------------------------------------------------------------- */

static __attribute__((noinline)) void write_block(void)
{
	__tsan_write8(block);
	__asm__ volatile("" ::: "memory");
}

static void write_plainly(UNUSED void *arg)
{
	write_block();
}

TEST(both_sides_of_a_race_have_a_stack)
{
	struct toy t = {.set_up = set_up, .a = write_plainly, .b = write_plainly};
	struct explore_found_item i;

	if (!explained(&t, EXPLORE_DataRace, &i))
		return;
	CHECK(stack_has(&i.finding.here, "write_block"));
	CHECK(stack_has(&i.finding.there, "write_block"));
	CHECK(i.finding.here.thread != i.finding.there.thread);
}

/* ---- waiting -------------------------------------------------------------------------------- */

static __attribute__((noinline)) void take_both(unsigned first)
{
	KIRQL irql;

	KeAcquireSpinLock(&locks[first], &irql);
	KeAcquireSpinLockAtDpcLevel(&locks[!first]);
	KeReleaseSpinLockFromDpcLevel(&locks[!first]);
	KeReleaseSpinLock(&locks[first], irql);
	__asm__ volatile("" ::: "memory");
}

static void take_in_order(UNUSED void *arg)
{
	take_both(0);
	__asm__ volatile("" ::: "memory");
}

static void take_the_other_way(UNUSED void *arg)
{
	take_both(1);
}

TEST(deadlock_is_explained_by_its_circle)
{
	struct toy t = {.set_up = set_up, .a = take_in_order, .b = take_the_other_way};
	struct explore_found_item i;

	if (!explained(&t, EXPLORE_Deadlock, &i))
		return;
	CHECK(strstr(i.finding.sentence, "(a) waits for KeAcquireSpinLockAtDpcLevel"));
	CHECK(strstr(i.finding.sentence, "(b) waits for KeAcquireSpinLockAtDpcLevel"));
	CHECK(stack_has(&i.finding.here, "take_both"));
	CHECK(stack_has(&i.finding.there, "take_both"));
}

static void wait_for_ever(UNUSED void *arg)
{
	KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

TEST(who_waits_for_nobody_is_named_all_the_same)
{
	struct toy t = {.set_up = set_up, .a = wait_for_ever, .b = take_in_order};
	struct explore_found_item i;

	if (!explained(&t, EXPLORE_Deadlock, &i))
		return;
	CHECK(strstr(i.finding.sentence, "(a) waits for KeWaitFor"));
}

/* ---- the graph alone ------------------------------------------------------------------------ */

static uint32_t circle(const uint32_t *waits_for, uint32_t n)
{
	static struct waitgraph g;

	g.n = n;
	for (uint32_t i = 0; i < n; i++)
		g.waits[i] = (struct sim_wait){.thread = i + 1,
					       .name = "t",
					       .waits_kind = "lock",
					       .waits_for = waits_for[i]};
	waitgraph_close(&g);
	for (uint32_t i = 0; i < g.n_circle; i++)
		CHECK_EQ_U(waits_for[g.circle[i]], g.circle[(i + 1) % g.n_circle] + 1);
	return g.n_circle;
}

TEST(a_circle_is_found_wherever_it_begins)
{
	CHECK_EQ_U(circle((const uint32_t[]){2, 3, 1}, 3), 3);
	CHECK_EQ_U(circle((const uint32_t[]){2, 3, 2}, 3), 2);
	CHECK_EQ_U(circle((const uint32_t[]){2, 3, 0}, 3), 0);
	CHECK_EQ_U(circle((const uint32_t[]){1}, 1), 1);
	CHECK_EQ_U(circle((const uint32_t[]){9, 1}, 2), 0);
}

/* ---- what is left --------------------------------------------------------------------------- */

static const char left[] = "something was left";

static __attribute__((noinline)) void *make(void)
{
	void *p = mem_alloc(32);

	CHECK(p);
	sched_note("ExAllocatePool", p, SIM_SYNC_NONE);
	return p;
}

/* A frame of its own: the test looks for it. */
static __attribute__((noinline)) void find_left(const void *p)
{
	struct explore_finding f = {.rule = EXPLORE_LeakAtUnload};

	snprintf(f.sentence, sizeof(f.sentence), "%s", left);
	sched_note("left at unload", p, SIM_SYNC_NONE);
	explore_found(&f, true);
}

static void leave_new(UNUSED void *arg)
{
	find_left(make());
}

static void leave_old(UNUSED void *arg)
{
	find_left(block);
}

static void do_nothing(UNUSED void *arg)
{
}

TEST(a_leak_is_explained_by_where_it_was_made)
{
	struct toy t = {.set_up = set_up, .a = leave_new, .b = do_nothing};
	struct explore_found_item i;

	if (!explained(&t, EXPLORE_LeakAtUnload, &i))
		return;
	CHECK(stack_has(&i.finding.here, "make"));
	CHECK(stack_has(&i.finding.there, "find_left"));
	CHECK_EQ_S(i.finding.sentence, left);
}

TEST(a_leak_from_before_the_run_is_explained_by_its_block)
{
	struct toy t = {.set_up = set_up, .a = leave_old, .b = do_nothing};
	struct explore_found_item i;

	if (!explained(&t, EXPLORE_LeakAtUnload, &i))
		return;
	CHECK(stack_has(&i.finding.here, "set_up"));
}

/* ---- pended operations ---------------------------------------------------------------------- */

static __attribute__((noinline)) void complete(uintptr_t context)
{
	sched_note("FwpsCompleteOperation0", (void *)context, SIM_SYNC_NONE);
	__asm__ volatile("" ::: "memory");
}

static __attribute__((noinline)) void complete_again(uintptr_t context)
{
	struct explore_finding f = {.rule = EXPLORE_DoubleCompletion, .sentence = "again"};

	sched_note("FwpsCompleteOperation0", (void *)context, SIM_SYNC_NONE);
	explore_found(&f, true);
	__asm__ volatile("" ::: "memory");
}

static void complete_twice(UNUSED void *arg)
{
	complete(64);
	complete(128);
	complete_again(64);
}

TEST(a_double_completion_names_the_first)
{
	struct toy t = {.set_up = set_up, .a = complete_twice, .b = do_nothing};
	struct explore_found_item i;

	if (!explained(&t, EXPLORE_DoubleCompletion, &i))
		return;
	CHECK(stack_has(&i.finding.here, "complete_again"));
	CHECK(stack_has(&i.finding.there, "complete"));
	CHECK(!stack_has(&i.finding.there, "complete_again"));
	CHECK(strstr(i.finding.sentence, "thread 2 had called FwpsCompleteOperation0"));
}

static __attribute__((noinline)) void pend(uintptr_t context)
{
	sched_note("FwpsPendOperation0", (void *)context, SIM_SYNC_NONE);
	__asm__ volatile("" ::: "memory");
}

static void lose_the_first(UNUSED void *arg)
{
	struct explore_finding f = {.rule = EXPLORE_LostPacket, .sentence = "lost"};

	pend(64);
	sched_note("FwpsPendOperation0", (void *)(uintptr_t)128, SIM_SYNC_NONE);
	complete(128);
	explore_found(&f, true);
}

TEST(a_lost_packet_names_who_pended_it)
{
	struct toy t = {.set_up = set_up, .a = lose_the_first, .b = do_nothing};
	struct explore_found_item i;

	if (!explained(&t, EXPLORE_LostPacket, &i))
		return;
	CHECK(stack_has(&i.finding.there, "pend"));
}
