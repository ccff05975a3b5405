/* SPDX-License-Identifier: MIT */
/*
 * measure_set - one rule set: the engine at two layers and the peers, on the same headers.
 */
#include "measure.h"

#include "lane.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* Who is measured, and how. */
struct entrant {
	const char *contender, *what;
	struct subject_worker *worker; /* the engine's */
	const struct peer_ops *ops;    /* or a peer's */
	void *peer;
	unsigned burst;
	bool cached;
	uint32_t *out; /* a peer's answers, one for each header */
};

#define ENTRANTS_MAX 24u

struct field {
	struct measure *m;
	struct entrant entrants[ENTRANTS_MAX];
	struct lane lanes[ENTRANTS_MAX];
	unsigned n;
};

static void run_engine(void *ctx, uint32_t first, uint32_t n)
{
	struct entrant *e = ctx;

	subject_worker_run(e->worker, first, n, NULL);
}

static void run_dependent(void *ctx, uint32_t first, uint32_t n)
{
	struct entrant *e = ctx;

	subject_worker_run_dependent(e->worker, first, n);
}

static void run_nothing(void *ctx, uint32_t first, uint32_t n)
{
	struct entrant *e = ctx;

	subject_worker_run_nothing(e->worker, first, n);
}

static void run_peer(void *ctx, uint32_t first, uint32_t n)
{
	struct entrant *e = ctx;

	e->ops->classify(e->peer, first, n, e->burst, e->out + first);
}

static struct field *field_create(struct measure *m)
{
	struct field *f = mem_zalloc(sizeof(*f));

	BUG_ON(!f);
	f->m = m;
	return f;
}

static struct entrant *enter(struct field *f, const char *contender, const char *what,
			     void (*run)(void *, uint32_t, uint32_t))
{
	struct entrant *e = &f->entrants[f->n];

	BUG_ON(f->n == ENTRANTS_MAX);
	*e = (struct entrant){.contender = contender, .what = what};
	f->lanes[f->n++] = (struct lane){.name = what, .run = run, .ctx = e};
	return e;
}

struct engine_row {
	const char *what;
	unsigned burst;
	void (*run)(void *, uint32_t, uint32_t);
};
static const struct engine_row cold_rows[] = {{"single", 1, run_engine},
					      {"one after the other", 1, run_dependent},
					      {"burst of 32", 32, run_engine},
					      {"burst of 256", 256, run_engine},
					      {"values alone", 1, run_nothing}};

static void enter_engine(struct field *f, struct subject *s, const struct ruletrace *t,
			 struct subject_worker_options o, const struct engine_row *row)
{
	static const char *const names[SUBJECT_LAYERS] = {MEASURE_ENGINE " ALE",
							  MEASURE_ENGINE " transport"};
	struct entrant *e = enter(f, names[o.layer], row->what, row->run);

	o.burst = row->burst;
	e->cached = o.cached;
	e->worker = subject_worker_create(s, t, o);
}

static void enter_cold(struct field *f, struct subject *s, enum subject_layer_name layer)
{
	for (unsigned i = 0; i < ARRAY_LEN(cold_rows); i++)
		enter_engine(f, s, f->m->trace, (struct subject_worker_options){.layer = layer},
			     &cold_rows[i]);
}

/* Its making is timed: what a change of one rule costs it. */
static void enter_peer(struct field *f, const struct peer_ops *ops, const unsigned *bursts,
		       unsigned n)
{
	uint64_t start = clock_now();
	void *peer = ops->create(f->m->rules, f->m->trace);
	const char *how = ops->how ? ops->how(peer) : NULL;

	measure_say(f->m, ops->name, "built", (double)(clock_now() - start) / 1e6, "ms");
	if (how)
		measure_say(f->m, ops->name, how, 1, "way");
	for (unsigned i = 0; i < n; i++) {
		static const char *const whats[] = {"single", "burst of 32", "burst of 256"};
		const char *what = whats[bursts[i] == 1 ? 0 : bursts[i] == 32 ? 1 : 2];
		struct entrant *e = enter(f, ops->name, what, run_peer);

		e->ops = ops;
		e->peer = peer;
		e->burst = bursts[i];
		e->out = mem_zalloc_array(f->m->trace->n, sizeof(*e->out));
		BUG_ON(!e->out);
	}
}

static void enter_peers(struct field *f)
{
	static const unsigned one[] = {1}, bursts[] = {1, 32, 256};

	if (f->m->acl)
		enter_peer(f, f->m->acl, bursts, ARRAY_LEN(bursts));
	enter_peer(f, &peer_tss, one, 1);
	enter_peer(f, &peer_linear, one, 1);
}

static void check_peers(struct field *f)
{
	uint32_t n = measure_sample(f->m, f->m->trace);

	for (unsigned i = 0; i < f->n; i++) {
		struct entrant *e = &f->entrants[i];

		if (!e->ops || e->ops == &peer_linear || e->burst == 32)
			continue;
		run_peer(e, 0, n);
		measure_compare(f->m, f->m->trace, e->contender, e->out, n);
	}
}

static void leave(struct field *f)
{
	void *last = NULL;

	for (unsigned i = 0; i < f->n; i++) {
		struct entrant *e = &f->entrants[i];

		if (e->worker)
			subject_worker_destroy(e->worker);
		if (e->peer && e->peer != last)
			e->ops->destroy(e->peer);
		last = e->peer;
		mem_free(e->out);
	}
}

static void say_entrant(struct field *f, unsigned i)
{
	const struct entrant *e = &f->entrants[i];
	char hits[64];

	measure_say(f->m, e->contender, e->what, f->lanes[i].ns, "ns");
	if (e->worker && e->cached) {
		snprintf(hits, sizeof(hits), "%s, hits", e->what);
		measure_say(f->m, e->contender, hits, subject_worker_hits(e->worker), "%");
	}
}

static void measure_and_say(struct field *f, uint32_t headers)
{
	const struct lane_plan plan = {.n_headers = headers,
				       .rounds = f->m->quick ? 3 : 7,
				       .piece_ns = f->m->quick ? CLOCK_MS / 4 : CLOCK_MS};

	lane_run_all(f->lanes, f->n, &plan);
	for (unsigned i = 0; i < f->n; i++)
		say_entrant(f, i);
	leave(f);
}

/* Until every flow is in the cache: a cache may want to see one more than once. */
static void fill_caches(struct field *f, uint32_t flows)
{
	for (unsigned i = 0; i < f->n; i++) {
		for (unsigned times = 0; times < 3; times++)
			run_engine(&f->entrants[i], 0, flows);
		(void)subject_worker_hits(f->entrants[i].worker);
	}
}

static void measure_cached(struct measure *m, struct subject *s, uint32_t flows)
{
	const struct ruletrace t = {m->trace->headers, m->trace->n < flows ? m->trace->n : flows};
	struct field *f = field_create(m);
	char single[32], burst[48];

	snprintf(single, sizeof(single), "cached, %u flows", flows);
	snprintf(burst, sizeof(burst), "cached, %u flows, burst of 32", flows);
	for (unsigned layer = 0; layer < SUBJECT_LAYERS; layer++) {
		const struct subject_worker_options o = {.layer = layer, .cached = true};

		enter_engine(f, s, &t, o, &(struct engine_row){single, 1, run_engine});
		enter_engine(f, s, &t, o, &(struct engine_row){burst, 32, run_engine});
	}
	fill_caches(f, t.n);
	measure_and_say(f, t.n);
	mem_free(f);
}

void measure_set(struct measure *m)
{
	struct subject *s = subject_create(m->rules);
	struct field *f = field_create(m);

	measure_say(m, MEASURE_ENGINE, "loaded", (double)subject_load_ns(s) / 1e6, "ms");
	measure_say(m, MEASURE_ENGINE, "a filter, everything", subject_bytes_per_filter(s),
		    "bytes");
	for (unsigned layer = 0; layer < SUBJECT_LAYERS; layer++) {
		measure_check_engine(m, s, layer, m->trace);
		enter_cold(f, s, layer);
	}
	enter_peers(f);
	check_peers(f);
	measure_and_say(f, m->trace->n);
	mem_free(f);
	measure_cached(m, s, 1000);
	measure_cached(m, s, MEASURE_FLOWS);
	subject_destroy(s);
}
