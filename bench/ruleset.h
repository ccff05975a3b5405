/* SPDX-License-Identifier: MIT */
/*
 * ruleset - rules and packet headers of the classification benchmark, as every contender gets them.
 *
 * A rule is the five fields of the literature: two address prefixes, two port ranges, a protocol.
 * The first rule that matches decides.  Sets are read from files (rulefile.h), or made here and in
 * attacks.h from a seed: the same seed gives the same set on every machine.  Everything here is
 * owned by the caller and used by one thread at a time.
 */
#pragma once

#include "base/err.h"
#include "base/rng.h"

struct bench_rule {
	uint32_t src, dst; /* host order; what the mask leaves out is 0 */
	uint8_t src_len, dst_len;
	uint8_t protocol;
	uint8_t any_protocol; /* 0 or 1; protocol is 0 then */
	uint16_t sport_lo, sport_hi, dport_lo, dport_hi;
};

struct bench_header {
	uint32_t src, dst;
	uint16_t sport, dport;
	uint8_t protocol;
};

struct ruleset {
	struct bench_rule *rules; /* the first one wins */
	uint32_t n;
};

struct ruletrace {
	struct bench_header *headers;
	uint32_t n;
};

static inline uint32_t ruleset_mask(unsigned len)
{
	return len ? UINT32_MAX << (32 - len) : 0;
}

static inline bool ruleset_matches(const struct bench_rule *r, const struct bench_header *h)
{
	return ((h->src ^ r->src) & ruleset_mask(r->src_len)) == 0 &&
	       ((h->dst ^ r->dst) & ruleset_mask(r->dst_len)) == 0 && h->sport >= r->sport_lo &&
	       h->sport <= r->sport_hi && h->dport >= r->dport_lo && h->dport <= r->dport_hi &&
	       (r->any_protocol || r->protocol == h->protocol);
}

/* Zeroed is empty, and a fine argument of the free functions. */
void ruleset_free(struct ruleset *s);
void ruletrace_free(struct ruletrace *t);

/* "acl", "fw" and "ipc": the kinds that the published seeds describe. */
unsigned ruleset_shapes(void);
const char *ruleset_shape_name(unsigned i);
/* -1: no such shape. */
int ruleset_shape_find(const char *name);
/* n different rules, the narrower first. */
MUST_CHECK wfp_err ruleset_make(struct ruleset *out, unsigned shape, uint32_t n, uint64_t seed);

/* Sorts: the narrower first, so that no rule hides one inside it; otherwise as they came. */
MUST_CHECK wfp_err ruleset_sort(struct ruleset *s);

/* What a generator collects its rules in: duplicates are not taken. */
struct ruleset_draft {
	struct ruleset set;
	uint32_t room;	   /* rules that fit */
	uint32_t *slots;   /* a hash table of places + 1 */
	uint32_t n_slots;  /* a power of two */
	uint64_t attempts; /* so far */
};
MUST_CHECK wfp_err ruleset_draft_begin(struct ruleset_draft *d, uint32_t n);
/* False: there is one like it. */
bool ruleset_draft_add(struct ruleset_draft *d, const struct bench_rule *r);
/* Takes what is there as the set; frees the rest. */
struct ruleset ruleset_draft_end(struct ruleset_draft *d);

/* A header inside the rule, anywhere. */
struct bench_header ruleset_draw(const struct bench_rule *r, struct rng *rng);
/* The ith header of a trace. */
typedef struct bench_header ruletrace_draw_fn(const struct ruleset *s, uint32_t i, struct rng *rng);
MUST_CHECK wfp_err ruletrace_make(struct ruletrace *out, const struct ruleset *s, uint32_t n,
				  uint64_t seed, ruletrace_draw_fn *draw);
/* Each header from a rule, each rule as likely. */
MUST_CHECK wfp_err ruletrace_uniform(struct ruletrace *out, const struct ruleset *s, uint32_t n,
				     uint64_t seed);
/* Of `flows` different headers a few come very often: the kth most common 1/k as often. */
MUST_CHECK wfp_err ruletrace_zipf(struct ruletrace *out, const struct ruleset *s, uint32_t n,
				  uint32_t flows, uint64_t seed);
