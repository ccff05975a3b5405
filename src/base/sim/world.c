/* SPDX-License-Identifier: MIT */
/*
 * world - the scheduler of sim.
 *
 *              sim_wait                     fn returned
 *   runnable -----------> waiting   runnable -----------> done
 *            <-----------
 *        woken, or the clock jumped
 *
 * At a scheduling point the seed decides whether the running thread goes on and, if not, which
 * runnable one does.  How readily it gives way differs from seed to seed: some races need many
 * switches, others a long run at the right moment.  When nothing is runnable the clock jumps to the
 * earliest deadline; when there is none either, that is a deadlock.
 */
#include "base/sim/world.h"

#include "base/atomic.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/lock.h"
#include "base/sim/control.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TIME_AT_START CLOCK_S

static const uint32_t patience_of_seed[] = {1, 2, 4, 16};

struct world world;

static void reset(uint64_t seed)
{
	list_init(&world.all);
	list_init(&world.runnable);
	world.ids = 0;
	world.now = TIME_AT_START;
	world.seed = seed;
	rng_seed(&world.choices, seed);
	rng_seed(&world.entropy, ~seed);
	world.patience = patience_of_seed[rng_below(&world.choices, ARRAY_LEN(patience_of_seed))];
	world.switches = 0;
	world.trace = seed;
}

void world_admit(struct thread *t, const char *name)
{
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->id = ++world.ids;
	sim_waitq_init(&t->ended, "the end of thread", t->name);
	list_add_tail(&world.all, &t->all);
	if (control_on)
		control_admit(t);
	else
		list_add_tail(&world.runnable, &t->queued);
}

/* Outside sim_run the program's own stack is the first thread of a world of seed 0. */
static void begin_plain_world(void)
{
	reset(0);
	world.outside = (struct thread){0};
	fiber_adopt(&world.outside);
	world_admit(&world.outside, "main");
	world.self = &world.outside;
}

struct thread *world_self(void)
{
	if (UNLIKELY(!world.self))
		begin_plain_world();
	return world.self;
}

struct thread *world_walk(const struct thread *after)
{
	struct list *next = after ? after->all.next : world.all.next;

	return next == &world.all ? NULL : LIST_ENTRY(next, struct thread, all);
}

uint64_t world_now(void)
{
	world_self();
	return world.now;
}

/* Under control each thread draws its own, so that nobody can tell in which order they did. */
uint64_t world_entropy(void)
{
	struct thread *self = world_self();

	if (control_on)
		return hash_u64((uint64_t)self->id << 32 | ++self->drawn);
	return rng_u64(&world.entropy);
}

static void note_choice(uint64_t what)
{
	world.trace = hash_u64(world.trace ^ what ^ (world.now << 20));
}

static void run(struct thread *next)
{
	struct thread *from = world.self;

	world.switches++;
	note_choice(next->id);
	if (next == from)
		return;
	world.self = next;
	fiber_switch(from, next);
}

static struct thread *nth(const struct list *head, uint32_t n)
{
	struct list *pos = head->next;

	while (n-- > 0)
		pos = pos->next;
	return LIST_ENTRY(pos, struct thread, queued);
}

static struct thread *choose_from(const struct list *head)
{
	return nth(head, rng_below(&world.choices, (uint32_t)list_count(head)));
}

static bool alone(void)
{
	return world.runnable.next->next == &world.runnable;
}

void sched_point(const char *what)
{
	(void)what;
	if (control_on)
		return;
	world_self();
	if (alone())
		return;
	if (rng_below(&world.choices, world.patience) == 0)
		run(choose_from(&world.runnable));
}

void sched_op(const char *what, const void *object, unsigned access, unsigned sync)
{
	if (control_on)
		control_op(what, object, access, sync);
	else
		sched_point(what);
}

static uint64_t earliest_deadline(void)
{
	uint64_t earliest = CLOCK_NEVER;

	for (struct thread *t = world_walk(NULL); t; t = world_walk(t))
		if (t->waits_in && t->deadline < earliest)
			earliest = t->deadline;
	return earliest;
}

static void make_runnable(struct thread *t, bool woken)
{
	list_del(&t->queued);
	list_add_tail(&world.runnable, &t->queued);
	t->waits_in = NULL;
	t->woken = woken;
}

/* False: nobody waits for time. */
static bool jump_to_next_deadline(void)
{
	uint64_t deadline = earliest_deadline();

	if (deadline == CLOCK_NEVER)
		return false;
	if (deadline > world.now)
		world.now = deadline;
	for (struct thread *t = world_walk(NULL); t; t = world_walk(t))
		if (t->waits_in && t->deadline <= world.now)
			make_runnable(t, false);
	return true;
}

static void report(const char *what)
{
	fprintf(stderr, "SIM %s in the run of seed %" PRIu64 ":\n", what, world.seed);
	for (struct thread *t = world_walk(NULL); t; t = world_walk(t)) {
		fprintf(stderr, "  thread %" PRIu32 " (%s) ", t->id, t->name);
		if (t->waits_in)
			fprintf(stderr, "waits for %s %s", t->waits_in->kind, t->waits_in->name);
		else
			fprintf(stderr, "%s", t->done ? "is done, not joined" : "can run");
		for (unsigned i = 0; i < t->lock_depth; i++)
			fprintf(stderr, ", holds %s", t->locks[i]->waiting.name);
		fprintf(stderr, "\n");
	}
}

/* The running thread is never run again. */
static NORETURN void leave_run(enum sim_result result)
{
	struct thread *from = world.self;

	world.result = result;
	world.self = &world.outside;
	fiber_switch(from, &world.outside);
	abort();
}

static void deadlock(void)
{
	report("deadlock");
	if (!world.in_run)
		abort();
	leave_run(SIM_DEADLOCK);
}

/* The running thread is in no list of runnable ones any more. */
static void run_another(void)
{
	if (list_empty(&world.runnable) && !jump_to_next_deadline())
		deadlock();
	run(choose_from(&world.runnable));
}

void world_yield(void)
{
	world_self();
	if (control_on) {
		control_yield();
		return;
	}
	if (alone())
		jump_to_next_deadline();
	run(choose_from(&world.runnable));
}

void sim_waitq_init(struct sim_waitq *q, const char *kind, const char *name)
{
	list_init(&q->threads);
	q->kind = kind;
	q->name = name;
	q->shut = false;
}

bool sim_wait(struct sim_waitq *q, uint64_t deadline, const struct sim_op *then)
{
	struct thread *self = world_self();

	if (control_on)
		return control_wait(q, deadline, then);
	if (deadline <= world.now) {
		sched_point("wait that is over");
		return false;
	}
	list_del(&self->queued);
	list_add_tail(&q->threads, &self->queued);
	self->waits_in = q;
	self->deadline = deadline;
	run_another();
	return self->woken;
}

void sim_wake_one(struct sim_waitq *q)
{
	world_self();
	if (list_empty(&q->threads))
		return;
	if (control_on)
		control_wake_one(q);
	else
		make_runnable(choose_from(&q->threads), true);
}

void sim_wake_all(struct sim_waitq *q)
{
	while (!list_empty(&q->threads))
		if (control_on)
			control_wake(nth(&q->threads, 0), true);
		else
			make_runnable(nth(&q->threads, 0), true);
}

static NORETURN void thread_entry(void)
{
	struct thread *self = world.self;

	fiber_entered(self);
	if (control_on)
		control_thread_begin();
	self->fn(self->arg);
	BUG_ON(self->lock_depth > 0 || self->rcu_depth > 0);
	if (control_on)
		control_thread_end();
	self->done = true;
	if (control_on)
		control_leave_thread();
	list_del(&self->queued);
	sim_wake_all(&self->ended);
	run_another();
	abort();
}

wfp_err world_create(struct thread **out, void (*fn)(void *), void *arg)
{
	struct thread *t = NULL;
	wfp_err err;

	world_self();
	err = fiber_create(&t, thread_entry);
	if (err)
		return err;
	t->fn = fn;
	t->arg = arg;
	t->rcu_registered = true;
	*out = t;
	return ERR_OK;
}

void world_remove(struct thread *t)
{
	BUG_ON(!t->done || !list_empty(&t->ended.threads));
	if (control_on)
		control_forget(t);
	list_del(&t->all);
	fiber_destroy(t);
}

/* The first thread of a run: the caller's main, then back to the caller. */
struct first {
	void (*main)(void *);
	void *arg;
};

static void first_main(void *arg)
{
	const struct first *first = arg;
	const struct list *rest;

	first->main(first->arg);
	BUG_ON(world.self->lock_depth > 0 || world.self->rcu_depth > 0);
	list_del(&world.self->all);
	rest = &world.all;
	if (!list_empty(rest))
		report("main returned before its threads were joined");
	list_add_head(&world.all, &world.self->all);
	world.self->done = true;
	leave_run(list_count(rest) > 1 ? SIM_LEFTOVERS : SIM_DONE);
}

static void destroy_all(void)
{
	struct list *link;

	while ((link = list_pop_head(&world.all)))
		fiber_destroy(LIST_ENTRY(link, struct thread, all));
}

void world_begin(uint64_t seed)
{
	world_self();
	BUG_ON(world.in_run || world.self != &world.outside || list_count(&world.all) != 1);
	reset(seed);
	world.in_run = true;
}

void world_end(void)
{
	world.self = &world.outside;
	world.in_run = false;
	list_init(&world.all);
	list_add_tail(&world.all, &world.outside.all);
	list_init(&world.runnable);
	list_add_tail(&world.runnable, &world.outside.queued);
}

int sim_run(uint64_t seed, void (*main)(void *), void *arg)
{
	struct first first = {main, arg};
	struct thread *t = NULL;

	world_begin(seed);
	BUG_ON(world_create(&t, first_main, &first));
	world_admit(t, "main");
	world.self = t;
	fiber_switch(&world.outside, t);
	destroy_all();
	world_end();
	return (int)world.result;
}

uint32_t sim_choose(uint32_t n)
{
	uint32_t choice;

	world_self();
	if (control_on)
		return control_choose(n, "choice");
	choice = rng_below(&world.choices, n);
	note_choice(choice);
	return choice;
}

uint64_t sim_seed(void)
{
	return world.seed;
}

uint64_t sim_switches(void)
{
	return world.switches;
}

uint64_t sim_trace_hash(void)
{
	return world.trace;
}
