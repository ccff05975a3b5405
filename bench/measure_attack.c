/* SPDX-License-Identifier: MIT */
/*
 * measure_attack - the slowest header of an attack.
 *
 * Each header is timed by itself several times and its fastest time counts, which takes away what
 * the machine did meanwhile; the slowest of these is the attack's figure.
 */
#include "cycles.h"
#include "measure.h"

#include "base/mem.h"

#define HEADERS	   8192u
#define PASSES	   7u /* at least, */
#define PASSES_MAX 60u
#define BUDGET	   (CLOCK_S / 2) /* if there is time */
#define PROBE	   8u

/* Each pass goes over all headers, so that none is found warm because it came just before. */
static void time_pass(struct subject_worker *w, uint64_t *best, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint64_t start = cycles_now(), cycles;

		subject_worker_run(w, i, 1, NULL);
		cycles = cycles_now() - start;
		if (cycles < best[i])
			best[i] = cycles;
	}
}

/* How many headers there is time for. */
static uint32_t affordable(struct subject_worker *w, uint32_t n)
{
	uint64_t start = clock_now(), each;

	subject_worker_run(w, 0, n < PROBE ? n : PROBE, NULL);
	each = (clock_now() - start) / PROBE + 1;
	each = BUDGET / PASSES / each + PROBE;
	return each < n ? (uint32_t)each : n;
}

static void say_slowest(const struct measure *m, struct subject_worker *w, uint32_t n)
{
	uint64_t *best = mem_zalloc_array(n, sizeof(*best)), slowest = 0, end;
	double rate = cycles_per_ns(), sum = 0;

	BUG_ON(!best);
	for (uint32_t i = 0; i < n; i++)
		best[i] = UINT64_MAX;
	end = clock_now() + BUDGET;
	for (unsigned p = 0; p < PASSES || (p < PASSES_MAX && clock_now() < end); p++)
		time_pass(w, best, n);
	for (uint32_t i = 0; i < n; i++) {
		sum += (double)best[i];
		slowest = best[i] > slowest ? best[i] : slowest;
	}
	measure_say(m, MEASURE_ENGINE, "mean", sum / n / rate, "ns");
	measure_say(m, MEASURE_ENGINE, "slowest header", (double)slowest / rate, "ns");
	mem_free(best);
}

void measure_attack(struct measure *m, const struct attack *a)
{
	struct subject *s = subject_create(m->rules);
	struct subject_worker *w;
	struct ruletrace t;

	BUG_ON(ruletrace_make(&t, m->rules, HEADERS, m->seed + 1, a->draw));
	measure_check_engine(m, s, SUBJECT_ALE, &t);
	w = subject_worker_create(s, &t, (struct subject_worker_options){SUBJECT_ALE, 1});
	say_slowest(m, w, affordable(w, t.n));
	subject_worker_destroy(w);
	subject_destroy(s);
	ruletrace_free(&t);
}
