/* SPDX-License-Identifier: MIT */
/*
 * The controlled world: who may go on at a point, what a step says of itself, and what all
 * schedules of a toy come to.
 */
#include "control.h"

#include "base/atomic.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/mailbox.h"

/* ---- the same choices are the same run ------------------------------------------------------ */

static struct mixture {
	struct lock lock;
	struct cond cond;
	struct atom32 word;
	struct mailbox box;
	struct mail mail[2][4];
	struct rcu_ptr pointer;
	unsigned turns;
} mix;

static void mixed_work(void *arg)
{
	struct mail *mails = arg;

	for (unsigned i = 0; i < 4; i++) {
		atom32_add(&mix.word, 1);
		lock_take(&mix.lock);
		mix.turns++;
		cond_broadcast(&mix.cond);
		if (mix.turns < 3)
			(void)!cond_wait_until(&mix.cond, &mix.lock, clock_now() + 5);
		lock_drop(&mix.lock);
		rcu_read_begin();
		CHECK(rcu_load(&mix.pointer) != &mix);
		rcu_read_end();
		rcu_publish(&mix.pointer, arg);
		rcu_wait();
		mailbox_push(&mix.box, &mails[i]);
		thread_yield();
		clock_sleep_until(clock_now() + rng_below(&(struct rng){{i, 1}}, 3));
	}
}

static void mixed(UNUSED void *arg)
{
	struct thread *t[2];
	unsigned got = 0;

	lock_init(&mix.lock, "mixed", 1);
	cond_init(&mix.cond, "mixed");
	CHECK_OK(mailbox_init(&mix.box, "mixed"));
	sim_ready();
	for (unsigned i = 0; i < 2; i++)
		CHECK_OK(thread_start(&t[i], "worker", mixed_work, mix.mail[i]));
	while (got < 8) {
		(void)!mailbox_wait_until(&mix.box, clock_now() + 7);
		for (struct mail *m = mailbox_take_all(&mix.box); m; m = m->next)
			got++;
	}
	join_two(t);
	CHECK_EQ_U(mix.turns, 8);
}

TEST(the_same_picks_give_the_same_run)
{
	struct step *first;
	uint32_t n;

	seen_make();
	seen->random = true;
	first = sim_control_alloc(sizeof(seen->steps));
	if (!open_world(mixed)) {
		sim_control_free(first);
		return;
	}
	for (uint64_t seed = 1; seed <= 200; seed++) {
		rng_seed(&seen->rng, seed);
		CHECK_EQ_U(run_once(), SIM_END_DONE);
		CHECK(seen->n > 50 && seen->n < STEPS_MAX);
		n = seen->n;
		memcpy(first, seen->steps, sizeof(seen->steps));
		sim_control_rewind();
		rng_seed(&seen->rng, seed);
		CHECK_EQ_U(run_once(), SIM_END_DONE);
		CHECK_EQ_U(seen->n, n);
		CHECK(memcmp(first, seen->steps, n * sizeof(*first)) == 0);
		sim_control_rewind();
	}
	sim_control_free(first);
	close_world();
}

/* ---- who may go on -------------------------------------------------------------------------- */

static struct lock shared;
static unsigned inside, inside_most;
static struct atom32 any;

static void hold(UNUSED void *arg)
{
	lock_take(&shared);
	inside++;
	if (inside > inside_most)
		inside_most = inside;
	atom32_add(&any, 1);
	inside--;
	lock_drop(&shared);
}

static void two_hold(UNUSED void *arg)
{
	lock_init(&shared, "shared", 1);
	sim_ready();
	two_of(hold);
	CHECK_EQ_U(inside_most, 1);
}

/* Who wants a held lock is not enabled, and everybody else who is not done or joining is. */
static void look_at_lock(const struct sim_view *v)
{
	for (uint32_t i = 0; i < v->n; i++) {
		const struct sim_thread *t = &v->threads[i];

		CHECK_EQ_U(t->id, i + 1);
		if (t->next.object == &shared && strcmp(t->next.what, "lock") == 0)
			CHECK_EQ_U(t->enabled, shared.owner == NULL);
	}
}

TEST(a_thread_that_wants_a_held_lock_is_not_enabled)
{
	seen_make();
	seen->random = true;
	seen->look = look_at_lock;
	if (!open_world(two_hold))
		return;
	for (unsigned i = 0; i < 300; i++) {
		CHECK_EQ_U(run_once(), SIM_END_DONE);
		CHECK_EQ_U(steps_named("lock"), 2);
		CHECK_EQ_U(steps_named("unlock"), 2);
		sim_control_rewind();
	}
	CHECK_EQ_U(seen->enabled_most, 2);
	close_world();
}

static void look_for_no_lock(const struct sim_view *v)
{
	const struct sim_op *op = &v->threads[v->running - 1].next;

	CHECK(!op->quiet || !v->threads[v->running - 1].enabled);
}

TEST(a_quiet_lock_is_no_choice_but_still_a_lock)
{
	seen_make();
	seen->random = true;
	seen->quiet = "shared";
	seen->look = look_for_no_lock;
	if (!open_world(two_hold))
		return;
	for (unsigned i = 0; i < 300; i++) {
		CHECK_EQ_U(run_once(), SIM_END_DONE);
		CHECK_EQ_U(steps_named("lock"), 2);
		sim_control_rewind();
	}
	close_world();
}

static void rise_and_fall(UNUSED void *arg)
{
	sim_raised(true);
	inside++;
	CHECK(inside <= 2);
	atom32_add(&any, 1);
	atom32_add(&any, 1);
	inside--;
	sim_raised(false);
	atom32_add(&any, 1);
}

static void four_rise(UNUSED void *arg)
{
	struct thread *t[4];

	sim_ready();
	for (unsigned i = 0; i < 4; i++)
		CHECK_OK(thread_start(&t[i], "raised", rise_and_fall, NULL));
	for (unsigned i = 0; i < 4; i++)
		thread_join(t[i]);
}

TEST(no_more_threads_are_raised_than_there_are_processors)
{
	struct sim_controller two = controller;

	two.processors = 2;
	seen_make();
	seen->random = true;
	if (!open_under(&two, four_rise))
		return;
	for (unsigned i = 0; i < 300; i++) {
		CHECK_EQ_U(run_once(), SIM_END_DONE);
		sim_control_rewind();
	}
	CHECK_EQ_U(seen->raised_most, 2);
	close_world();
}

static struct cond somebody_signals;
static bool signalled;

static void wait_raised(UNUSED void *arg)
{
	sim_raised(true);
	lock_take(&shared);
	while (!signalled)
		cond_wait(&somebody_signals, &shared);
	lock_drop(&shared);
	sim_raised(false);
}

static void signal_passively(UNUSED void *arg)
{
	lock_take(&shared);
	signalled = true;
	cond_broadcast(&somebody_signals);
	lock_drop(&shared);
}

static void raised_waits_for_passive(UNUSED void *arg)
{
	struct thread *t[2];

	lock_init(&shared, "shared", 1);
	cond_init(&somebody_signals, "somebody signals");
	sim_ready();
	CHECK_OK(thread_start(&t[0], "raised", wait_raised, NULL));
	CHECK_OK(thread_start(&t[1], "passive", signal_passively, NULL));
	join_two(t);
}

TEST(a_raised_thread_that_waits_gives_its_processor_up)
{
	struct sim_controller one = controller;

	one.processors = 1;
	seen_make();
	seen->random = true;
	if (!open_under(&one, raised_waits_for_passive))
		return;
	for (unsigned i = 0; i < 300; i++) {
		CHECK_EQ_U(run_once(), SIM_END_DONE);
		sim_control_rewind();
	}
	close_world();
}

static void yield_until_set(UNUSED void *arg)
{
	while (!atom32_load(&any))
		thread_yield();
}

static void set(UNUSED void *arg)
{
	atom32_store(&any, 1);
}

static void one_yields(UNUSED void *arg)
{
	struct thread *t[2];

	sim_ready();
	CHECK_OK(thread_start(&t[0], "yields", yield_until_set, NULL));
	CHECK_OK(thread_start(&t[1], "sets", set, NULL));
	join_two(t);
}

TEST(who_yields_lets_the_others_make_a_step)
{
	seen_make();
	if (!open_world(one_yields))
		return;
	CHECK_EQ_U(run_once(), SIM_END_DONE);
	CHECK(steps_named("load") <= 6);
	close_world();
}

/* ---- time ----------------------------------------------------------------------------------- */

static bool in_time;

static void wait_a_second(UNUSED void *arg)
{
	lock_take(&shared);
	in_time = true;
	while (!signalled && in_time)
		in_time = cond_wait_until(&somebody_signals, &shared, clock_now() + CLOCK_S);
	lock_drop(&shared);
}

static void timed_wait_and_signal(UNUSED void *arg)
{
	struct thread *t[2];

	lock_init(&shared, "shared", 1);
	cond_init(&somebody_signals, "somebody signals");
	sim_ready();
	CHECK_OK(thread_start(&t[0], "waits", wait_a_second, NULL));
	CHECK_OK(thread_start(&t[1], "signals", signal_passively, NULL));
	join_two(t);
	CHECK_EQ_U(in_time, seen->jumps == 0);
}

TEST(a_wait_ends_in_time_unless_the_controller_lets_time_pass)
{
	seen_make();
	if (!open_world(timed_wait_and_signal))
		return;
	CHECK_EQ_U(run_once(), SIM_END_DONE);
	CHECK_EQ_U(seen->jumps, 0);
	sim_control_rewind();
	seen->jumps_wanted = 1;
	CHECK_EQ_U(run_once(), SIM_END_DONE);
	CHECK_EQ_U(seen->jumps, 1);
	close_world();
}

static void sleep_in_turn(UNUSED void *arg)
{
	uint64_t before;

	sim_ready();
	before = clock_now();
	for (unsigned i = 0; i < 10; i++)
		clock_sleep_until(clock_now() + 600 * CLOCK_S);
	CHECK_EQ_U(clock_now() - before, 6000 * CLOCK_S);
}

TEST(the_clock_jumps_when_nobody_can_go_on)
{
	seen_make();
	if (!open_world(sleep_in_turn))
		return;
	CHECK_EQ_U(run_once(), SIM_END_DONE);
	CHECK_EQ_U(seen->jumps, 10);
	close_world();
}

/* ---- what a step says of itself ------------------------------------------------------------- */

static void look_at_the_woken(const struct sim_view *v)
{
	const struct sim_thread *t = &v->threads[1];

	/* The waiter: nothing else can be what it does next once it waits. */
	if (v->n >= 2 && !shared.owner && signalled && v->running == 3 && t->enabled)
		CHECK(t->next.object == &shared || strcmp(t->next.what, "thread begin") == 0 ||
		      strcmp(t->next.what, "thread end") == 0);
}

TEST(who_is_woken_stands_before_the_lock_it_takes_again)
{
	seen_make();
	seen->look = look_at_the_woken;
	if (!open_world(timed_wait_and_signal))
		return;
	CHECK_EQ_U(run_once(), SIM_END_DONE);
	for (uint32_t i = 0; i < seen->n; i++) {
		const struct sim_op *op = &seen->steps[i].op;

		if (strcmp(op->what, "wait") != 0)
			continue;
		CHECK(op->object == &somebody_signals && op->object2 == &shared);
		CHECK_EQ_U(op->access, SIM_WRITE);
		CHECK_EQ_U(op->sync, SIM_SYNC_RELEASE);
	}
	CHECK_EQ_U(steps_named("wait"), 1);
	CHECK_EQ_U(steps_named("lock"), 3);
	close_world();
}

static void touch_a_word(UNUSED void *arg)
{
	sim_ready();
	(void)atom32_load(&any);
	atom32_store(&any, 1);
	atom32_add(&any, 1);
	(void)atom32_load_relaxed(&any);
	sim_plain(&inside, sizeof(inside), SIM_WRITE);
}

TEST(a_step_names_its_object_and_how_it_orders)
{
	static const struct {
		enum sim_access access;
		enum sim_sync sync;
	} expected[] = {{SIM_READ, SIM_SYNC_ACQUIRE},
			{SIM_WRITE, SIM_SYNC_RELEASE},
			{SIM_WRITE, SIM_SYNC_BOTH},
			{SIM_WRITE, SIM_SYNC_NONE}};

	seen_make();
	if (!open_world(touch_a_word))
		return;
	CHECK_EQ_U(run_once(), SIM_END_DONE);
	CHECK_EQ_U(seen->n, ARRAY_LEN(expected));
	for (unsigned i = 0; i < ARRAY_LEN(expected); i++) {
		CHECK_EQ_U(seen->steps[i].op.access, expected[i].access);
		CHECK_EQ_U(seen->steps[i].op.sync, expected[i].sync);
		CHECK(seen->steps[i].op.object == (i < 3 ? (void *)&any : (void *)&inside));
	}
	CHECK_EQ_U(seen->steps[3].op.size, sizeof(inside));
	CHECK_EQ_U(seen->picks, 3);
	sim_control_rewind();
	sim_plain_points(true);
	seen->picks = 0;
	CHECK_EQ_U(run_once(), SIM_END_DONE);
	CHECK_EQ_U(seen->picks, 4);
	close_world();
}

/* ---- stacks --------------------------------------------------------------------------------- */

static __attribute__((noinline)) void inner(void)
{
	atom32_add(&any, 1);
}

static __attribute__((noinline)) void outer(UNUSED void *arg)
{
	inner();
	inside++;
}

static void call_outer(UNUSED void *arg)
{
	sim_ready();
	two_of(outer);
}

static bool stack_has(uint32_t thread, void (*fn)(void *))
{
	void *frames[16];
	uint32_t n = sim_control_stack(thread, frames, ARRAY_LEN(frames));

	for (uint32_t i = 0; i < n; i++)
		if ((uintptr_t)frames[i] - (uintptr_t)fn < 256)
			return true;
	return false;
}

static void look_at_stacks(const struct sim_view *v)
{
	for (uint32_t i = 1; i < v->n; i++)
		if (v->threads[i].next.object == &any)
			CHECK(stack_has(i + 1, outer));
}

TEST(the_stack_of_a_thread_that_stands_or_runs_is_told)
{
	seen_make();
	seen->random = true;
	seen->look = look_at_stacks;
	if (!open_world(call_outer))
		return;
	for (unsigned i = 0; i < 20; i++) {
		CHECK_EQ_U(run_once(), SIM_END_DONE);
		sim_control_rewind();
	}
	CHECK_EQ_U(sim_control_stack(99, NULL, 0), 0);
	close_world();
}

/* ---- every schedule of a toy ---------------------------------------------------------------- */

#define DEPTH 64u

/* The stupid search: every choice at every point, one after the other. */
static struct dfs {
	uint32_t at, depth;
	struct {
		uint32_t taken, of;
	} choices[DEPTH];
	uint64_t runs;
	uint64_t outcomes; /* a bit for each value of the result */
} * dfs;

static uint32_t dfs_pick(UNUSED void *ctx, const struct sim_view *v)
{
	uint32_t n = 0, take;

	if (v->only_time)
		return SIM_TIME;
	for (uint32_t i = 0; i < v->n; i++)
		n += v->threads[i].enabled;
	CHECK(dfs->at < DEPTH);
	if (dfs->at == dfs->depth) {
		dfs->choices[dfs->at].taken = 0;
		dfs->choices[dfs->at].of = n;
		dfs->depth++;
	}
	CHECK_EQ_U(dfs->choices[dfs->at].of, n);
	take = dfs->choices[dfs->at++].taken;
	for (uint32_t i = 0;; i++)
		if (v->threads[i].enabled && take-- == 0)
			return v->threads[i].id;
}

/* False: that was the last one. */
static bool dfs_next(void)
{
	while (dfs->depth > 0) {
		if (++dfs->choices[dfs->depth - 1].taken < dfs->choices[dfs->depth - 1].of)
			return true;
		dfs->depth--;
	}
	return false;
}

static struct atom32 counter;

static void increment_badly(UNUSED void *arg)
{
	uint32_t value = atom32_load(&counter);

	atom32_store(&counter, value + 1);
}

static void three_increments(UNUSED void *arg)
{
	struct thread *t[2];

	sim_ready();
	start_two(t, increment_badly, NULL);
	join_two(t);
	dfs->outcomes |= UINT64_C(1) << atom32_load(&counter);
}

static bool explore_all(void (*program)(void *))
{
	static const struct sim_controller c = {.pick = dfs_pick};

	dfs = sim_control_alloc(sizeof(*dfs));
	if (!open_under(&c, program))
		return false;
	do {
		dfs->at = 0;
		CHECK_EQ_U(sim_control_run(), SIM_END_DONE);
		dfs->runs++;
		sim_control_rewind();
	} while (dfs_next());
	sim_control_close();
	return true;
}

TEST(all_schedules_of_a_racy_counter_give_every_outcome_and_no_other)
{
	if (!explore_all(three_increments))
		return;
	CHECK_EQ_U(dfs->outcomes, 1u << 1 | 1u << 2);
	CHECK(dfs->runs > 20);
	sim_control_free(dfs);
}

/* A reader's old version must not be freed under it. */
static struct rcu_ptr version;
static unsigned versions[2] = {1, 1};

static void read_version(UNUSED void *arg)
{
	const unsigned *seen_version;

	rcu_read_begin();
	seen_version = rcu_load(&version);
	CHECK_EQ_U(*seen_version, 1);
	rcu_read_end();
	dfs->outcomes |= UINT64_C(1) << (seen_version - versions);
}

static void replace_version(UNUSED void *arg)
{
	struct thread *t;

	rcu_publish(&version, &versions[0]);
	sim_ready();
	CHECK_OK(thread_start(&t, "reader", read_version, NULL));
	rcu_publish(&version, &versions[1]);
	rcu_wait();
	versions[0] = 0;
	thread_join(t);
}

TEST(in_all_schedules_a_grace_period_waits_for_readers)
{
	if (!explore_all(replace_version))
		return;
	CHECK_EQ_U(dfs->outcomes, 3);
	sim_control_free(dfs);
}

static void send_mail(void *arg)
{
	mailbox_push(&mix.box, arg);
}

static void get_mail(UNUSED void *arg)
{
	struct thread *t[2];
	unsigned got = 0;

	CHECK_OK(mailbox_init(&mix.box, "all"));
	sim_ready();
	for (unsigned i = 0; i < 2; i++)
		CHECK_OK(thread_start(&t[i], "sender", send_mail, &mix.mail[0][i]));
	while (got < 2) {
		CHECK(mailbox_wait_until(&mix.box, CLOCK_NEVER));
		for (struct mail *m = mailbox_take_all(&mix.box); m; m = m->next)
			got++;
	}
	join_two(t);
}

TEST(in_random_schedules_no_mail_is_lost)
{
	seen_make();
	seen->random = true;
	if (!open_world(get_mail))
		return;
	for (unsigned i = 0; i < 2000; i++) {
		CHECK_EQ_U(run_once(), SIM_END_DONE);
		sim_control_rewind();
	}
	close_world();
}
