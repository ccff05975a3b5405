/* SPDX-License-Identifier: MIT */
/*
 * pend under the simulator: callouts, their workers and every disturbance at random moments.
 *
 * Each run classifies a few operations with two or three callouts; worker threads complete, some
 * twice; the endpoint may close, the watchdog fire, a callout be unregistered by force, the engine
 * stop.  Whatever the order: each operation is resumed exactly once, after its classify returned,
 * and at the end nothing is held, pinned or allocated.
 */
#include "pend_world.h"

#include "base/mailbox.h"

#define OPS	     3u
#define CALLOUTS_MAX 3u

enum disturbance {
	DISTURB_NOTHING,
	DISTURB_DOUBLE,
	DISTURB_CLOSE,
	DISTURB_WATCHDOG,
	DISTURB_UNREGISTER,
	DISTURB_STOP,
};

struct run;

/* One operation's way: what the owner must see of it. */
struct life {
	struct run *run;
	struct pend_op *op;
	struct atom32 classified, resumed;
};

struct worker {
	struct run *run;
	struct thread *thread;
	struct atom64 contexts[OPS];
	unsigned index;
};

struct run {
	struct engine e;
	enum disturbance disturbance;
	unsigned callouts;
	struct engine_callout callout[CALLOUTS_MAX];
	struct worker workers[CALLOUTS_MAX];
	struct mailbox mail;
	struct life lives[OPS];
	struct atom32 asked; /* operations whose callouts have all been asked */
};

static void post(void *owner, struct pend_op *op)
{
	struct life *l = owner;

	CHECK(l->op == op);
	mailbox_push(&l->run->mail, pend_mail(op));
}

static const struct pend_owner_ops owner_ops = {post};

/* Where somebody else must resolve what a worker never completes. */
static bool forgets(const struct run *run)
{
	return run->disturbance == DISTURB_WATCHDOG || run->disturbance == DISTURB_STOP;
}

static void work(void *arg)
{
	struct worker *w = arg;
	struct run *run = w->run;

	for (unsigned i = 0; i < OPS; i++) {
		uint64_t context;

		while (!(context = atom64_load(&w->contexts[i])) && atom32_load(&run->asked) <= i)
			thread_yield();
		context = atom64_load(&w->contexts[i]);
		if (!context || (forgets(run) && sim_choose(2)))
			continue;
		pend_complete(&run->e, context);
		if (run->disturbance == DISTURB_DOUBLE && sim_choose(2))
			pend_complete(&run->e, context);
	}
}

static void disturb(void *arg)
{
	struct run *run = arg;

	for (uint32_t i = sim_choose(20); i > 0; i--)
		thread_yield();
	switch (run->disturbance) {
	case DISTURB_WATCHDOG:
		pend_pool_tick(run->e.pool, UINT64_MAX);
		break;
	case DISTURB_UNREGISTER:
		pend_revoke_callout(&run->e, run->callout[0].id, PEND_REASON_UNREGISTERED);
		break;
	case DISTURB_STOP:
		pend_pool_stop(run->e.pool);
		break;
	default:
		break;
	}
}

static void ask(struct run *run, unsigned i, unsigned c)
{
	struct world_call w;
	uint64_t context;

	world_enter(&w, &run->e, &run->callout[c], run->lives[i].op);
	if (sim_choose(4) != 0 &&
	    pend_operation(&run->e, pend_handle(run->lives[i].op), &context) == ERR_OK) {
		atom64_store(&run->workers[c].contexts[i], context);
		sched_point("classifyFn");
		if (sim_choose(8) != 0)
			world_absorb(&w);
	}
	world_return(&w);
}

static void take_mail(struct run *run)
{
	struct mail *m = mailbox_take_all(&run->mail);

	while (m) {
		struct pend_op *op = pend_of_mail(m);
		struct life *l = pend_owner(op);
		struct pend_result r;

		m = m->next;
		CHECK_EQ_U(atom32_load(&l->classified), 1);
		CHECK_EQ_U(atom32_add(&l->resumed, 1), 1);
		pend_resume(op, &r);
		l->op = NULL;
		pend_end(op);
	}
}

static void classify(struct run *run, unsigned i)
{
	struct life *l = &run->lives[i];

	l->run = run;
	CHECK_OK(pend_begin(&run->e, PEND_ALE, 48, false, &owner_ops, l, &l->op));
	for (unsigned c = 0; c < run->callouts; c++)
		ask(run, i, c);
	atom32_store(&run->asked, i + 1);
	atom32_store(&l->classified, 1);
	if (pend_classified(l->op) == PEND_LEFT_INLINE) {
		CHECK_EQ_U(atom32_add(&l->resumed, 1), 1);
		pend_end(l->op);
		l->op = NULL;
	}
}

static void start_workers(struct run *run)
{
	for (unsigned c = 0; c < run->callouts; c++) {
		struct worker *w = &run->workers[c];

		world_callout_init(&run->callout[c], c + 1, "callout");
		w->run = run;
		w->index = c;
		CHECK_OK(thread_start(&w->thread, "worker", work, w));
	}
}

static void check_quiet(struct run *run)
{
	struct engine_counters n = world_counters(&run->e);

	for (unsigned i = 0; i < OPS; i++)
		CHECK_EQ_U(atom32_load(&run->lives[i].resumed), 1);
	for (unsigned c = 0; c < run->callouts; c++) {
		CHECK_EQ_U(atom32_load(&run->callout[c].pins), 0);
		CHECK_EQ_U(atom32_load(&run->callout[c].holds), 0);
	}
	CHECK_EQ_U(n.pended_now, 0);
	if (run->disturbance != DISTURB_DOUBLE)
		CHECK_EQ_U(world_rule(&run->e, ENGINE_RULE_PendDoubleComplete), 0);
	CHECK_EQ_U(world_rule(&run->e, ENGINE_RULE_StaleContext), 0);
}

static void classify_all(struct run *run)
{
	for (unsigned i = 0; i < OPS; i++) {
		classify(run, i);
		take_mail(run);
		if (run->disturbance == DISTURB_CLOSE && run->lives[i].op && sim_choose(2))
			pend_cancel(run->lives[i].op, PEND_REASON_CLOSED);
	}
}

static void play(enum disturbance disturbance, unsigned callouts)
{
	const struct engine_config config = {.pend_timeout = 1};
	struct run run = {.disturbance = disturbance, .callouts = callouts};
	uint64_t live = mem_live();
	struct thread *t;

	world_open(&run.e, &config);
	CHECK_OK(mailbox_init(&run.mail, "owner"));
	start_workers(&run);
	CHECK_OK(thread_start(&t, "disturbance", disturb, &run));
	classify_all(&run);
	for (unsigned c = 0; c < callouts; c++)
		thread_join(run.workers[c].thread);
	thread_join(t);
	if (disturbance == DISTURB_WATCHDOG)
		pend_pool_tick(run.e.pool, UINT64_MAX);
	take_mail(&run);
	check_quiet(&run);
	mailbox_destroy(&run.mail);
	world_close(&run.e);
	CHECK_EQ_U(mem_live(), live);
}

#define PLAYS(name, disturbance)                                                                   \
	SIM_TEST(two_callouts_##name)                                                              \
	{                                                                                          \
		play(disturbance, 2);                                                              \
	}                                                                                          \
	SIM_TEST(three_callouts_##name)                                                            \
	{                                                                                          \
		play(disturbance, 3);                                                              \
	}

PLAYS(complete_at_random_moments, DISTURB_NOTHING)
PLAYS(complete_twice_at_random_moments, DISTURB_DOUBLE)
PLAYS(complete_while_the_endpoint_closes, DISTURB_CLOSE)
PLAYS(complete_while_the_watchdog_fires, DISTURB_WATCHDOG)
PLAYS(complete_while_one_is_unregistered_by_force, DISTURB_UNREGISTER)
PLAYS(complete_while_the_engine_stops, DISTURB_STOP)
