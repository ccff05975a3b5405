/* SPDX-License-Identifier: MIT */
/*
 * search_world - in the controlled world itself: of small random programs over locks, conditions,
 * atomics and RCU, `all` executes once every trace that thousands of random runs come across.
 *
 * What a run did is known here from the choices alone, in memory that a rewind leaves alone.
 */
#include "base/atomic.h"
#include "base/hash.h"
#include "base/lock.h"
#include "base/rng.h"
#include "base/thread.h"
#include "explore/search.h"
#include "harness.h"

#define PROGRAMS   25u
#define RUNS	   3000u
#define TRACES_MAX 5000u
#define THREADS	   3u
#define OPS	   4u
#define EVENTS_MAX 200u
#define SET_ROOM   (1u << 16)

enum act {
	ACT_NONE,
	ACT_LOAD,
	ACT_ADD,
	ACT_LOCKED,
	ACT_WAIT,
	ACT_WAKE,
	ACT_READ,
	ACT_PUBLISH,
	ACTS
};

static struct {
	uint8_t acts[THREADS][OPS];
	uint32_t threads;
} program;

/* ---- the subject: put back by each rewind */

static struct atom32 counters[2];
static struct lock lock;
static struct cond cond;
static bool flag;
static struct rcu_ptr shared;

static void under_lock(void)
{
	lock_take(&lock);
	atom32_add(&counters[1], 1);
	lock_drop(&lock);
}

static void wait_for_flag(void)
{
	lock_take(&lock);
	while (!flag)
		cond_wait(&cond, &lock);
	lock_drop(&lock);
}

static void raise_flag(void)
{
	lock_take(&lock);
	flag = true;
	cond_broadcast(&cond);
	lock_drop(&lock);
}

static void read_shared(void)
{
	rcu_read_begin();
	(void)!rcu_load(&shared);
	rcu_read_end();
}

static void publish(void)
{
	rcu_publish(&shared, &counters[0]);
	rcu_wait();
}

static void load(void)
{
	(void)!atom32_load(&counters[0]);
}

static void add(void)
{
	atom32_add(&counters[0], 1);
}

static void body(void *arg)
{
	static void (*const does[ACTS])(void) = {
		[ACT_LOAD] = load,	    [ACT_ADD] = add,	     [ACT_LOCKED] = under_lock,
		[ACT_WAIT] = wait_for_flag, [ACT_WAKE] = raise_flag, [ACT_READ] = read_shared,
		[ACT_PUBLISH] = publish,
	};
	const uint8_t *acts = arg;

	for (uint32_t i = 0; i < OPS && acts[i] != ACT_NONE; i++)
		does[acts[i]]();
}

static wfp_err prepare(UNUSED void *ctx, UNUSED struct buf *why)
{
	lock_init(&lock, "lock", 1);
	cond_init(&cond, "cond");
	return ERR_OK;
}

static void run(UNUSED void *ctx)
{
	struct thread *threads[THREADS] = {0};

	for (uint32_t i = 0; i < program.threads; i++)
		if (thread_start(&threads[i], "toy", body, program.acts[i]))
			return;
	for (uint32_t i = 0; i < program.threads; i++)
		thread_join(threads[i]);
}

/* ---- what its runs were */

static struct seen {
	struct {
		uint32_t thread;
		struct sim_op op;
		uint8_t clock[8];
	} events[EVENTS_MAX];
	uint32_t n;
	uint64_t traces[SET_ROOM]; /* hashes; 0: free */
	uint32_t n_traces, missing;
} * seen, *other;

static bool has(const struct seen *s, uint64_t h)
{
	uint32_t i = (uint32_t)h & (SET_ROOM - 1);

	while (s->traces[i] != 0 && s->traces[i] != h)
		i = (i + 1) & (SET_ROOM - 1);
	return s->traces[i] == h;
}

static void put(struct seen *s, uint64_t h)
{
	uint32_t i = (uint32_t)h & (SET_ROOM - 1);

	while (s->traces[i] != 0 && s->traces[i] != h)
		i = (i + 1) & (SET_ROOM - 1);
	s->n_traces += s->traces[i] == 0;
	s->traces[i] = h;
}

static bool share(const struct sim_op *a, const struct sim_op *b)
{
	bool first = a->object && a->object == b->object &&
		     (a->access == SIM_WRITE || b->access == SIM_WRITE);
	bool crossed =
		(a->object && a->object == b->object2) || (b->object && b->object == a->object2);

	return first || crossed || (a->object2 && a->object2 == b->object2);
}

static void begin(UNUSED void *ctx)
{
	seen->n = 0;
}

static void choice(UNUSED void *ctx, const struct explore_choice *c, const struct sim_view *v)
{
	if (!v || c->what == SIM_TIME || seen->n == EVENTS_MAX)
		return;
	seen->events[seen->n].thread = c->what;
	seen->events[seen->n++].op = v->threads[c->what - 1].next;
}

static uint64_t order_events(void)
{
	uint8_t counts[8] = {0};
	uint64_t sum = 0;

	for (uint32_t i = 0; i < seen->n; i++) {
		uint32_t t = seen->events[i].thread & 7;
		uint8_t *clock = seen->events[i].clock;
		uint64_t h = t;

		memset(clock, 0, 8);
		for (uint32_t j = 0; j < i; j++)
			if ((seen->events[j].thread & 7) == t ||
			    share(&seen->events[j].op, &seen->events[i].op))
				for (uint32_t k = 0; k < 8; k++)
					if (seen->events[j].clock[k] > clock[k])
						clock[k] = seen->events[j].clock[k];
		clock[t] = ++counts[t];
		for (uint32_t k = 0; k < 8; k++)
			h = hash_u64(h + 1 + clock[k]);
		sum += h;
	}
	return hash_u64(sum) | 1;
}

static void end(UNUSED void *ctx, enum sim_end how)
{
	if (how == SIM_END_DONE || how == SIM_END_DEADLOCK)
		put(seen, order_events());
}

static struct explore_result search(enum explore_strategy strategy, struct explore_limits limits)
{
	static struct explore_watcher watcher = {.begin = begin, .choice = choice, .end = end};
	const struct explore_subject subject = {.prepare = prepare, .run = run};
	struct explore_result r = {0};
	struct buf why = {0};

	limits.findings = 100;
	explore_watch(&watcher);
	CHECK_OK(explore_search(&subject, strategy, &limits, NULL, &r, &why));
	explore_unwatch(&watcher);
	buf_free(&why);
	return r;
}

static void random_program(struct rng *r)
{
	memset(&program, 0, sizeof(program));
	program.threads = 2 + rng_below(r, 2);
	for (uint32_t t = 0; t < program.threads; t++)
		for (uint32_t i = 0; i < (program.threads == 2 ? 3u : 2u); i++)
			program.acts[t][i] = (uint8_t)(1 + rng_below(r, ACTS - 1));
}

static void compare(uint64_t *random, uint64_t *traces)
{
	struct explore_result r;

	memset(other, 0, 2 * sizeof(*other));
	seen = other;
	r = search(EXPLORE_RANDOM,
		   (struct explore_limits){.runs = RUNS, .processors = THREADS + 1});
	explore_result_free(&r);
	seen = other + 1;
	r = search(EXPLORE_ALL, (struct explore_limits){.runs = TRACES_MAX});
	if (r.claim == EXPLORE_CLAIM_ALL) {
		for (uint32_t i = 0; i < SET_ROOM; i++)
			CHECK(other->traces[i] == 0 || has(seen, other->traces[i]));
		CHECK_EQ_U(r.runs - r.cut, seen->n_traces);
		*random += other->n_traces;
		*traces += seen->n_traces;
	}
	explore_result_free(&r);
}

/* A build with some sanitizers cannot: their state would be put back too. */
static bool supported(void)
{
	const struct explore_subject subject = {.prepare = prepare, .run = run};
	const struct explore_limits one = {.runs = 1};
	struct explore_result r = {0};
	struct buf why = {0};
	wfp_err err = explore_search(&subject, EXPLORE_BOUND, &one, NULL, &r, &why);

	explore_result_free(&r);
	buf_free(&why);
	return err != ERR_NOT_SUPPORTED;
}

TEST(all_executes_once_each_trace_that_random_runs_come_across)
{
	uint64_t random = 0, traces = 0;
	struct rng r;

	if (!supported()) {
		printf("ok - search # SKIP no controlled world\n");
		return;
	}
	other = sim_control_alloc(2 * sizeof(*other));
	CHECK(other);
	rng_seed(&r, test_seed());
	for (uint32_t i = 0; i < PROGRAMS; i++) {
		random_program(&r);
		compare(&random, &traces);
	}
	printf("# %" PRIu64 " traces, random runs came across %" PRIu64 "\n", traces, random);
	CHECK(traces > 0);
	sim_control_free(other);
}
