/* SPDX-License-Identifier: MIT */
/*
 * What the kernel for drivers announces: operations on different objects are independent, those on
 * one are not, and nobody is asked about a held lock.
 *
 * Each toy is explored by its traces.  How many there are says what was taken for dependent; each
 * is told apart by a second search over all schedules of the same toy.
 */
#include "run_toy.h"

#include "ntshim/ke.h"
#include "ntshim/thread.h"

static struct {
	KSPIN_LOCK locks[2];
	KEVENT events[2];
	KDPC dpcs[2];
	KTIMER timer;
	unsigned ran, order;
} x;

static VOID NTAPI dpc_routine(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
	x.ran++;
}

static VOID NTAPI dpc_setting_event(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
	KeSetEvent(&x.events[0], 0, FALSE);
}

static void set_up(void)
{
	nt_threads_start();
	nt_spin_start();
	nt_wait_start();
	CHECK_OK(nt_dpc_start(2));
	for (unsigned i = 0; i < 2; i++) {
		KeInitializeSpinLock(&x.locks[i]);
		KeInitializeEvent(&x.events[i], SynchronizationEvent, FALSE);
		KeInitializeDpc(&x.dpcs[i], dpc_routine, NULL);
	}
	KeInitializeTimer(&x.timer);
}

static bool quiet(const char *lock)
{
	return strncmp(lock, "nt ", 3) == 0;
}

/* How many traces there are; 0: this build has no controlled world. */
static uint64_t traces(void (*a)(void *), void (*b)(void *), bool *deadlock)
{
	const struct explore_limits limits = {.findings = 8};
	struct toy t = {.set_up = set_up, .a = a, .b = b};
	struct explore_subject s = toy_subject(&t);
	struct explore_result r = {0};
	struct buf why = {0};
	wfp_err err;
	uint64_t n;

	s.quiet = quiet;
	err = explore_search(&s, EXPLORE_ALL, &limits, NULL, &r, &why);
	if (err == ERR_NOT_SUPPORTED)
		return 0;
	CHECK_OK(err);
	CHECK_EQ_U(r.claim, EXPLORE_CLAIM_ALL);
	*deadlock = toy_found(&r, EXPLORE_Deadlock) != NULL;
	CHECK_EQ_U(r.n_found, *deadlock);
	n = r.runs - r.cut;
	CHECK(n > 0);
	explore_result_free(&r);
	return n;
}

#define CHECK_TRACES(a, b, n, ends)                                                                \
	do {                                                                                       \
		bool deadlock_ = false;                                                            \
		uint64_t traces_ = traces(a, b, &deadlock_);                                       \
                                                                                                   \
		if (traces_ > 0) {                                                                 \
			CHECK_EQ_U(traces_, n);                                                    \
			CHECK_EQ_U(!deadlock_, ends);                                              \
		}                                                                                  \
	} while (0)

/* ---- events --------------------------------------------------------------------------------- */

static void set_first(UNUSED void *arg)
{
	KeSetEvent(&x.events[0], 0, FALSE);
}

static void set_second(UNUSED void *arg)
{
	KeSetEvent(&x.events[1], 0, FALSE);
}

static void clear_first(UNUSED void *arg)
{
	KeClearEvent(&x.events[0]);
}

static void read_first(UNUSED void *arg)
{
	KeReadStateEvent(&x.events[0]);
}

static void wait_first(UNUSED void *arg)
{
	KeWaitForSingleObject(&x.events[0], Executive, KernelMode, FALSE, NULL);
}

TEST(two_events_are_independent)
{
	CHECK_TRACES(set_first, set_second, 1, true);
}

TEST(one_event_is_not_independent_of_itself)
{
	CHECK_TRACES(set_first, clear_first, 2, true);
	CHECK_TRACES(set_first, read_first, 2, true);
	CHECK_TRACES(read_first, read_first, 1, true);
}

/* Set before the wait, or after it: the waiter then sleeps, and is woken by it. */
TEST(a_wait_is_ordered_with_what_ends_it)
{
	CHECK_TRACES(wait_first, set_first, 2, true);
}

/* A waiter that sleeps has it: clearing comes too late. */
static void pulse_first(UNUSED void *arg)
{
	KeSetEvent(&x.events[0], 0, FALSE);
	KeClearEvent(&x.events[0]);
}

TEST(a_pulse_is_missed_by_who_does_not_wait_yet)
{
	bool deadlock = false;

	if (traces(wait_first, pulse_first, &deadlock) > 0)
		CHECK(deadlock);
}

static void wait_any(UNUSED void *arg)
{
	PVOID both[2] = {&x.events[0], &x.events[1]};

	KeWaitForMultipleObjects(2, both, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
}

static void set_both(UNUSED void *arg)
{
	KeSetEvent(&x.events[0], 0, FALSE);
	KeSetEvent(&x.events[1], 0, FALSE);
}

TEST(a_wait_for_several_is_ordered_with_each)
{
	CHECK_TRACES(wait_any, set_both, 3, true);
}

/* ---- spin locks ----------------------------------------------------------------------------- */

static void lock_first(UNUSED void *arg)
{
	KIRQL irql;

	KeAcquireSpinLock(&x.locks[0], &irql);
	KeReleaseSpinLock(&x.locks[0], irql);
}

static void lock_second(UNUSED void *arg)
{
	KIRQL irql;

	KeAcquireSpinLock(&x.locks[1], &irql);
	KeReleaseSpinLock(&x.locks[1], irql);
}

static void try_first(UNUSED void *arg)
{
	KIRQL irql = KfRaiseIrql(DISPATCH_LEVEL);

	if (KeTryToAcquireSpinLockAtDpcLevel(&x.locks[0]))
		KeReleaseSpinLockFromDpcLevel(&x.locks[0]);
	KeLowerIrql(irql);
}

TEST(two_spin_locks_are_independent)
{
	CHECK_TRACES(lock_first, lock_second, 1, true);
}

/* Who comes second does not run into a held lock: it is not enabled until it is free. */
TEST(a_held_spin_lock_is_no_choice)
{
	CHECK_TRACES(lock_first, lock_first, 2, true);
}

/* Before, while it is held, and after. */
TEST(trying_a_held_spin_lock_is_a_choice)
{
	CHECK_TRACES(lock_first, try_first, 3, true);
}

/* ---- interlocked words ---------------------------------------------------------------------- */

static LONG words[4];

static void add_first(UNUSED void *arg)
{
	InterlockedIncrement(&words[0]);
	KeMemoryBarrier();
}

static void or_first(UNUSED void *arg)
{
	KeMemoryBarrier();
	InterlockedOr(&words[0], 1);
}

static void add_third(UNUSED void *arg)
{
	KeMemoryBarrier();
	InterlockedIncrement(&words[2]);
}

TEST(interlocked_words_are_one_step_each_and_barriers_none)
{
	CHECK_TRACES(add_first, or_first, 2, true);
	CHECK_TRACES(add_first, add_third, 1, true);
}

/* ---- DPCs ----------------------------------------------------------------------------------- */

static void queue_and_wait(UNUSED void *arg)
{
	KeInitializeDpc(&x.dpcs[0], dpc_setting_event, NULL);
	KeInsertQueueDpc(&x.dpcs[0], NULL, NULL);
	KeWaitForSingleObject(&x.events[0], Executive, KernelMode, FALSE, NULL);
}

static void do_nothing(UNUSED void *arg)
{
}

TEST(a_dpc_runs_in_every_schedule)
{
	bool deadlock = false;

	(void)traces(queue_and_wait, do_nothing, &deadlock);
	CHECK(!deadlock);
}

/* Both routines begin before one of them has ended: one for each processor. */
static unsigned inside, together;

static VOID NTAPI dpc_counting(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
	if (InterlockedIncrement((LONG *)&inside) == 2)
		together = 1;
	if (together)
		explore_found(&(struct explore_finding){.rule = EXPLORE_BrokenRule,
							.sentence = "two at once"},
			      false);
	InterlockedDecrement((LONG *)&inside);
}

static void queue_first(UNUSED void *arg)
{
	KeInitializeDpc(&x.dpcs[0], dpc_counting, NULL);
	KeInsertQueueDpc(&x.dpcs[0], NULL, NULL);
	KeFlushQueuedDpcs();
}

static void queue_second(UNUSED void *arg)
{
	KeInitializeDpc(&x.dpcs[1], dpc_counting, NULL);
	KeInsertQueueDpc(&x.dpcs[1], NULL, NULL);
	KeFlushQueuedDpcs();
}

TEST(two_dpcs_run_at_once_on_two_processors)
{
	const struct explore_limits limits = {.findings = 1, .runs = 2000};
	struct toy t = {.set_up = set_up, .a = queue_first, .b = queue_second};
	struct explore_subject s = toy_subject(&t);
	struct explore_result r = {0};
	struct buf why = {0};
	wfp_err err;

	s.quiet = quiet;
	err = explore_search(&s, EXPLORE_BOUND, &limits, NULL, &r, &why);
	if (err == ERR_NOT_SUPPORTED)
		return;
	CHECK_OK(err);
	CHECK(toy_found(&r, EXPLORE_BrokenRule));
	explore_result_free(&r);
}

/* ---- time ----------------------------------------------------------------------------------- */

static void wait_a_moment(UNUSED void *arg)
{
	LARGE_INTEGER moment = {.QuadPart = -10000};

	KeWaitForSingleObject(&x.events[0], Executive, KernelMode, FALSE, &moment);
}

TEST(a_wait_that_gives_up_is_ordered_with_what_would_end_it)
{
	CHECK_TRACES(wait_a_moment, do_nothing, 1, true);
	CHECK_TRACES(wait_a_moment, set_first, 2, true);
}

static void set_timer_and_wait(UNUSED void *arg)
{
	LARGE_INTEGER moment = {.QuadPart = -10000};

	KeSetTimer(&x.timer, moment, NULL);
	KeWaitForSingleObject(&x.timer, Executive, KernelMode, FALSE, NULL);
}

TEST(a_timer_ends_the_wait_for_it)
{
	bool deadlock = false;

	(void)traces(set_timer_and_wait, do_nothing, &deadlock);
	CHECK(!deadlock);
}
