/* SPDX-License-Identifier: MIT */
/*
 * ruleset - sets of rules, drafts of them without duplicates, and headers drawn from rules.
 *
 * The generators (shapes.c, attacks.c) and the benchmark's programs call this, each on one thread.
 */
#include "ruleset.h"

#include "base/hash.h"
#include "base/mem.h"

#include <string.h>

void ruleset_free(struct ruleset *s)
{
	mem_free(s->rules);
	*s = (struct ruleset){0};
}

void ruletrace_free(struct ruletrace *t)
{
	mem_free(t->headers);
	*t = (struct ruletrace){0};
}

/* ---- drafts --------------------------------------------------------------------------------- */

wfp_err ruleset_draft_begin(struct ruleset_draft *d, uint32_t n)
{
	struct ruleset_draft new = {.room = n, .n_slots = 16};

	while (new.n_slots < 2 * (uint64_t)n)
		new.n_slots *= 2;
	new.set.rules = mem_zalloc_array(n ? n : 1, sizeof(*new.set.rules));
	new.slots = mem_zalloc_array(new.n_slots, sizeof(*new.slots));
	if (!new.set.rules || !new.slots) {
		ruleset_free(&new.set);
		mem_free(new.slots);
		return ERR_NO_MEMORY;
	}
	*d = new;
	return ERR_OK;
}

static uint64_t rule_hash(const struct bench_rule *r)
{
	uint64_t words[sizeof(*r) / sizeof(uint64_t) + 1] = {0}, h = 0;

	memcpy(words, r, sizeof(*r));
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		h = hash_u64(h ^ words[i]);
	return h;
}

bool ruleset_draft_add(struct ruleset_draft *d, const struct bench_rule *r)
{
	uint32_t at = (uint32_t)rule_hash(r) & (d->n_slots - 1);

	d->attempts++;
	BUG_ON(d->set.n == d->room);
	for (; d->slots[at]; at = (at + 1) & (d->n_slots - 1))
		if (memcmp(&d->set.rules[d->slots[at] - 1], r, sizeof(*r)) == 0)
			return false;
	d->set.rules[d->set.n++] = *r;
	d->slots[at] = d->set.n;
	return true;
}

struct ruleset ruleset_draft_end(struct ruleset_draft *d)
{
	struct ruleset s = d->set;

	mem_free(d->slots);
	*d = (struct ruleset_draft){0};
	return s;
}

/* ---- order ---------------------------------------------------------------------------------- */

/* How many bits of a header the rule leaves open, in whole bits. */
static unsigned openness(const struct bench_rule *r)
{
	unsigned sports = r->sport_hi - r->sport_lo, dports = r->dport_hi - r->dport_lo;

	return 64u - r->src_len - r->dst_len + (r->any_protocol ? 8 : 0) +
	       (sports ? 32 - (unsigned)__builtin_clz(sports) : 0) +
	       (dports ? 32 - (unsigned)__builtin_clz(dports) : 0);
}

#define OPENNESS_MAX 104u

wfp_err ruleset_sort(struct ruleset *s)
{
	uint32_t starts[OPENNESS_MAX + 2] = {0};
	struct bench_rule *sorted = mem_zalloc_array(s->n ? s->n : 1, sizeof(*sorted));

	if (!sorted)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < s->n; i++)
		starts[openness(&s->rules[i]) + 1]++;
	for (unsigned b = 1; b <= OPENNESS_MAX; b++)
		starts[b] += starts[b - 1];
	for (uint32_t i = 0; i < s->n; i++)
		sorted[starts[openness(&s->rules[i])]++] = s->rules[i];
	mem_free(s->rules);
	s->rules = sorted;
	return ERR_OK;
}

/* ---- traces --------------------------------------------------------------------------------- */

static uint16_t between(uint16_t lo, uint16_t hi, struct rng *rng)
{
	return (uint16_t)(lo + rng_below(rng, (uint32_t)hi - lo + 1));
}

struct bench_header ruleset_draw(const struct bench_rule *r, struct rng *rng)
{
	return (struct bench_header){
		.src = r->src | (rng_u32(rng) & ~ruleset_mask(r->src_len)),
		.dst = r->dst | (rng_u32(rng) & ~ruleset_mask(r->dst_len)),
		.sport = between(r->sport_lo, r->sport_hi, rng),
		.dport = between(r->dport_lo, r->dport_hi, rng),
		.protocol = r->any_protocol ? (uint8_t)rng_below(rng, 256) : r->protocol,
	};
}

wfp_err ruletrace_make(struct ruletrace *out, const struct ruleset *s, uint32_t n, uint64_t seed,
		       ruletrace_draw_fn *draw)
{
	struct ruletrace t = {mem_zalloc_array(n ? n : 1, sizeof(*t.headers)), n};
	struct rng rng;

	if (!t.headers)
		return ERR_NO_MEMORY;
	rng_seed(&rng, seed);
	for (uint32_t i = 0; i < n; i++)
		t.headers[i] = draw(s, i, &rng);
	*out = t;
	return ERR_OK;
}

static struct bench_header draw_any(const struct ruleset *s, uint32_t i, struct rng *rng)
{
	return ruleset_draw(&s->rules[rng_below(rng, s->n)], rng);
}

wfp_err ruletrace_uniform(struct ruletrace *out, const struct ruleset *s, uint32_t n, uint64_t seed)
{
	return ruletrace_make(out, s, n, seed, draw_any);
}

/* The place of a number in a growing list: the first that is not below it. */
static uint32_t place(const double *list, uint32_t n, double number)
{
	uint32_t lo = 0, hi = n - 1;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (list[mid] < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

wfp_err ruletrace_zipf(struct ruletrace *out, const struct ruleset *s, uint32_t n, uint32_t flows,
		       uint64_t seed)
{
	struct ruletrace pool = {0}, t = {mem_zalloc_array(n ? n : 1, sizeof(*t.headers)), n};
	double *sums = mem_zalloc_array(flows, sizeof(*sums)), sum = 0;
	wfp_err err = ruletrace_uniform(&pool, s, flows, seed);
	struct rng rng;

	if (err || !t.headers || !sums) {
		mem_free(sums);
		ruletrace_free(&pool);
		ruletrace_free(&t);
		return ERR_NO_MEMORY;
	}
	for (uint32_t k = 0; k < flows; k++)
		sums[k] = sum += 1.0 / (k + 1);
	rng_seed(&rng, seed + 1);
	for (uint32_t i = 0; i < n; i++)
		t.headers[i] = pool.headers[place(sums, flows, sum * rng_u32(&rng) / 4294967296.0)];
	mem_free(sums);
	ruletrace_free(&pool);
	*out = t;
	return ERR_OK;
}
