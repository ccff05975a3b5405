/* SPDX-License-Identifier: MIT */
/*
 * measure_update - what changes cost, whom they delay, and what CONTINUE costs.
 *
 * The main thread classifies; a writer of its own replaces filters beside it, at a given rate or as
 * fast as it can.  Quiet times and times with the writer alternate.
 */
#include "cycles.h"
#include "lane.h"
#include "measure.h"

#include "base/atomic.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static const struct subject_worker_options one_at_a_time = {.layer = SUBJECT_ALE, .burst = 1};

/* ---- commits --------------------------------------------------------------------------------- */

#define MANY	1000u
#define SINGLES 20u /* commits that are averaged */

struct best {
	double one, added, removed;
};

static void keep(double *best, double value)
{
	if (*best == 0 || value < *best)
		*best = value;
}

static void time_commits(struct subject *s, struct rng *rng, struct best *b, uint32_t many)
{
	uint64_t ns = 0;

	for (unsigned i = 0; i < SINGLES; i++)
		ns += subject_apply(s, subject_replacement(s, 1, rng));
	keep(&b->one, (double)ns / SINGLES);
	keep(&b->added, (double)subject_apply(s, subject_addition(s, many)));
	keep(&b->removed, (double)subject_remove_extra(s));
}

static void measure_commits(struct measure *m, struct subject *s)
{
	uint32_t many = m->rules->n < MANY ? m->rules->n : MANY;
	struct best b = {0};
	struct rng rng;

	rng_seed(&rng, m->seed);
	for (unsigned i = 0; i < (m->quick ? 3 : 15); i++)
		time_commits(s, &rng, &b, many);
	measure_say(m, MEASURE_ENGINE, "one filter replaced", b.one, "ns");
	measure_say(m, MEASURE_ENGINE, "1000 filters added", b.added / 1e6, "ms");
	measure_say(m, MEASURE_ENGINE, "1000 filters deleted", b.removed / 1e6, "ms");
}

/* ---- CONTINUE -------------------------------------------------------------------------------- */

#define STEPS_MAX 64u

static void run_engine(void *ctx, uint32_t first, uint32_t n)
{
	subject_worker_run(ctx, first, n, NULL);
}

static double time_chain(struct measure *m, struct subject *s, const struct ruletrace *t,
			 uint32_t steps)
{
	const struct lane_plan plan = {
		.n_headers = t->n, .rounds = m->quick ? 3 : 9, .piece_ns = CLOCK_MS / 2};
	struct subject_worker *w = subject_worker_create(s, t, one_at_a_time);
	struct lane lane = {.run = run_engine, .ctx = w};

	if (steps)
		(void)subject_apply(s, subject_continues(s, steps));
	measure_check_engine(m, s, SUBJECT_ALE, t);
	lane_run_all(&lane, 1, &plan);
	if (steps)
		(void)subject_remove_extra(s);
	subject_worker_destroy(w);
	return lane.ns;
}

/* Headers whose ports are in all of the chain's ranges. */
static struct ruletrace chain_trace(const struct ruletrace *t)
{
	uint32_t n = t->n < 16384 ? t->n : 16384;
	struct ruletrace c = {mem_dup(t->headers, n * sizeof(*t->headers)), n};

	BUG_ON(!c.headers);
	for (uint32_t i = 0; i < n; i++)
		if (c.headers[i].dport <= STEPS_MAX || c.headers[i].dport >= UINT16_MAX - STEPS_MAX)
			c.headers[i].dport = 443;
	return c;
}

static void measure_continues(struct measure *m, struct subject *s)
{
	static const uint32_t lengths[] = {4, 16, STEPS_MAX};
	struct ruletrace t = chain_trace(m->trace);
	double none = time_chain(m, s, &t, 0);
	char what[48];

	for (unsigned i = 0; i < ARRAY_LEN(lengths); i++) {
		double ns = time_chain(m, s, &t, lengths[i]);

		snprintf(what, sizeof(what), "CONTINUE step, chain of %u", lengths[i]);
		measure_say(m, MEASURE_ENGINE, what, (ns - none) / lengths[i], "ns");
		snprintf(what, sizeof(what), "CONTINUE chain of %u", lengths[i]);
		measure_say(m, MEASURE_ENGINE, what, ns, "ns");
	}
	ruletrace_free(&t);
}

void measure_updates(struct measure *m)
{
	struct subject *s = subject_create(m->rules);

	measure_commits(m, s);
	measure_continues(m, s);
	measure_check_engine(m, s, SUBJECT_ALE, m->trace);
	subject_destroy(s);
}

/* ---- a writer beside ------------------------------------------------------------------------- */

#define BATCH	     10u	/* filters in a commit */
#define INTERVAL     CLOCK_MS	/* so many: 10 000 a second */
#define SAMPLES	     (1u << 22) /* classifies that are remembered */
#define SAMPLE_BATCH 64u	/* divides it */
#define TURNS	     5u

struct writer {
	struct subject *s;
	uint64_t interval; /* 0: as fast as it can */
	struct rng rng;
	struct atom32 stop;
	uint64_t replaced, ns; /* read after the join */
};

static void write_on(void *arg)
{
	struct writer *w = arg;
	uint64_t start = clock_now(), next = start;

	while (!atom32_load(&w->stop)) {
		struct subject_change *c = subject_replacement(w->s, BATCH, &w->rng);

		next += w->interval;
		if (w->interval && next > clock_now())
			clock_sleep_until(next);
		(void)subject_apply(w->s, c);
		w->replaced += BATCH;
	}
	w->ns = clock_now() - start;
}

static void writer_start(struct writer *w, struct thread **t)
{
	atom32_init(&w->stop, 0);
	BUG_ON(thread_start(t, "writer", write_on, w));
}

static void writer_stop(struct writer *w, struct thread *t)
{
	atom32_store(&w->stop, 1);
	thread_join(t);
}

static int by_number(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return a < b ? -1 : a > b;
}

enum percentile { P50, P99, P999, PERCENTILES };
static const double shares[PERCENTILES] = {0.5, 0.99, 0.999};
static const char *const percentile_names[PERCENTILES] = {"p50", "p99", "p99.9"};

/* How often the scheduler has taken this thread's processor away. */
static long taken_away(void)
{
	struct rusage u;

	BUG_ON(getrusage(RUSAGE_THREAD, &u) != 0);
	return u.ru_nivcsw;
}

static uint32_t time_batch(struct measure *m, struct subject_worker *w, uint32_t at,
			   uint32_t *samples)
{
	for (uint32_t i = 0; i < SAMPLE_BATCH; i++) {
		uint64_t start = cycles_now();

		subject_worker_run(w, at, 1, NULL);
		samples[i] = (uint32_t)(cycles_now() - start);
		at = at + 1 < m->trace->n ? at + 1 : 0;
	}
	return at;
}

/*
 * Classifies for so long, each timed; keeps the best of each percentile.  A batch in which the
 * scheduler put somebody else on this processor is dropped: that would be the scheduler's figure.
 */
static void sample(struct measure *m, struct subject_worker *w, uint32_t *samples,
		   double best[PERCENTILES])
{
	double rate = cycles_per_ns();
	uint64_t end = clock_now() + (m->quick ? 100 : 500) * CLOCK_MS;
	uint32_t n = 0, at = 0;

	while (n == 0 || (n < SAMPLES && clock_now() < end)) {
		long before = taken_away();

		at = time_batch(m, w, at, samples + n);
		if (taken_away() == before)
			n += SAMPLE_BATCH;
	}
	qsort(samples, n, sizeof(*samples), by_number);
	for (unsigned p = 0; p < PERCENTILES; p++)
		keep(&best[p], samples[(uint32_t)(shares[p] * (n - 1))] / rate);
}

static void say_percentiles(const struct measure *m, const char *when,
			    const double best[PERCENTILES])
{
	char what[64];

	for (unsigned p = 0; p < PERCENTILES; p++) {
		snprintf(what, sizeof(what), "%s, %s", percentile_names[p], when);
		measure_say(m, MEASURE_ENGINE, what, best[p], "ns");
	}
}

static void measure_rate(struct measure *m, struct subject *s, uint64_t interval, const char *when)
{
	struct subject_worker *w = subject_worker_create(s, m->trace, one_at_a_time);
	uint32_t *samples = mem_zalloc_array(SAMPLES, sizeof(*samples));
	struct writer writer = {.s = s, .interval = interval};
	double quiet[PERCENTILES] = {0}, busy[PERCENTILES] = {0}, rate = 0;
	struct thread *t;
	char what[48];

	BUG_ON(!samples);
	rng_seed(&writer.rng, m->seed);
	for (unsigned i = 0; i < TURNS; i++) {
		sample(m, w, samples, quiet);
		writer.replaced = 0;
		writer_start(&writer, &t);
		sample(m, w, samples, busy);
		writer_stop(&writer, t);
		subject_maintain(s);
		rate += (double)writer.replaced * 1e9 / (double)writer.ns / TURNS;
	}
	snprintf(what, sizeof(what), "quiet, before %s", when);
	say_percentiles(m, what, quiet);
	say_percentiles(m, when, busy);
	snprintf(what, sizeof(what), "replaced, %s", when);
	measure_say(m, MEASURE_ENGINE, what, rate, "filters/s");
	mem_free(samples);
	subject_worker_destroy(w);
}

/* Of this process, in megabytes. */
static double resident(void)
{
	struct buf text = {0};
	unsigned long all = 0, pages = 0;

	if (file_read_all("/proc/self/statm", 4096, &text) == ERR_OK)
		(void)sscanf(buf_str(&text), "%lu %lu", &all, &pages);
	buf_free(&text);
	return (double)pages * 4096 / 1e6;
}

void measure_tail(struct measure *m)
{
	struct subject *s = subject_create(m->rules);
	double before;

	measure_rate(m, s, INTERVAL, "10000/s");
	before = resident();
	measure_rate(m, s, 0, "flood");
	measure_say(m, MEASURE_ENGINE, "memory grown by the flood", resident() - before, "MB");
	measure_check_engine(m, s, SUBJECT_ALE, m->trace);
	subject_destroy(s);
}
