/* SPDX-License-Identifier: MIT */
/*
 * measure - what all measures share: the lines, and the comparison with the reference.
 */
#include "measure.h"

#include "base/mem.h"

#include <stdio.h>

/* Rules that the reference looks at in all: about a second of its time. */
#define REFERENCE_TESTS UINT64_C(2000000000)

void measure_say(const struct measure *m, const char *contender, const char *what, double value,
		 const char *unit)
{
	printf("{\"set\": \"%s\", \"rules\": %u, \"contender\": \"%s\", \"what\": \"%s\", "
	       "\"value\": %.6g, \"unit\": \"%s\"}\n",
	       m->set, m->rules ? m->rules->n : 0, contender, what, value, unit);
	fflush(stdout);
}

uint32_t measure_sample(const struct measure *m, const struct ruletrace *t)
{
	uint64_t n = REFERENCE_TESTS / (m->quick ? 100 : 1) / m->rules->n;

	return n < t->n ? (uint32_t)n : t->n;
}

void measure_compare(struct measure *m, const struct ruletrace *t, const char *contender,
		     const uint32_t *out, uint32_t n)
{
	uint32_t *right = mem_zalloc_array(n + 1, sizeof(*right)), wrong = 0;
	void *reference = peer_linear.create(m->rules, t);
	char what[64];

	BUG_ON(!right);
	peer_linear.classify(reference, 0, n, 1, right);
	for (uint32_t i = 0; i < n; i++)
		if (out[i] != right[i] && wrong++ == 0)
			fprintf(stderr, "%s %u: %s: header %u: rule %u, the reference says %u\n",
				m->set, m->rules->n, contender, i, out[i], right[i]);
	snprintf(what, sizeof(what), "wrong of %u", n);
	measure_say(m, contender, what, wrong, "verdicts");
	m->wrong += wrong;
	peer_linear.destroy(reference);
	mem_free(right);
}

static void check_way(struct measure *m, struct subject *s, const struct ruletrace *t,
		      struct subject_worker_options o)
{
	uint32_t n = measure_sample(m, t);
	uint32_t *out = mem_zalloc_array(n + 1, sizeof(*out));
	struct subject_worker *w = subject_worker_create(s, t, o);
	char contender[80];

	BUG_ON(!out);
	snprintf(contender, sizeof(contender), "%s %s, %s%s", MEASURE_ENGINE,
		 subject_layer_names[o.layer], o.burst == 1 ? "single" : "burst",
		 o.cached ? ", cached" : "");
	for (unsigned times = 0; times < (o.cached ? 2 : 1); times++) {
		subject_worker_run(w, 0, n, out);
		measure_compare(m, t, contender, out, n);
	}
	subject_worker_destroy(w);
	mem_free(out);
}

void measure_check_engine(struct measure *m, struct subject *s, enum subject_layer_name layer,
			  const struct ruletrace *t)
{
	const struct ruletrace few = {t->headers, t->n < MEASURE_FLOWS ? t->n : MEASURE_FLOWS};

	check_way(m, s, t, (struct subject_worker_options){.layer = layer, .burst = 1});
	check_way(m, s, t, (struct subject_worker_options){.layer = layer, .burst = 32});
	check_way(m, s, &few,
		  (struct subject_worker_options){.layer = layer, .burst = 1, .cached = true});
	check_way(m, s, &few,
		  (struct subject_worker_options){.layer = layer, .burst = 32, .cached = true});
}
