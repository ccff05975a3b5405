/* SPDX-License-Identifier: MIT */
/*
 * attacks - one table of pairs: a way to make rules, a way to make headers.
 *
 * CONTINUE chains and floods of updates are attacks, too; they need an engine and are in
 * measure.c.
 */
#include "attacks.h"

#include "base/compiler.h"
#include "base/mem.h"

#include <string.h>

/* ---- rules ----------------------------------------------------------------------------------- */

typedef void rule_fn(struct bench_rule *r, uint32_t i, struct rng *rng);

/* Different rules, one draw after the other, in the order of their drawing. */
static wfp_err make_set(struct ruleset *out, uint32_t n, uint64_t seed, rule_fn *draw)
{
	struct ruleset_draft d;
	wfp_err err = ruleset_draft_begin(&d, n);
	struct rng rng;

	if (err)
		return err;
	rng_seed(&rng, seed);
	while (d.set.n < n) {
		struct bench_rule r;

		memset(&r, 0, sizeof(r));
		r.sport_hi = r.dport_hi = UINT16_MAX;
		draw(&r, d.set.n, &rng);
		r.src &= ruleset_mask(r.src_len);
		r.dst &= ruleset_mask(r.dst_len);
		(void)ruleset_draft_add(&d, &r);
	}
	*out = ruleset_draft_end(&d);
	return ERR_OK;
}

static void random_range(uint16_t *lo, uint16_t *hi, struct rng *rng)
{
	uint16_t a = (uint16_t)rng_u32(rng), b = (uint16_t)rng_u32(rng);

	*lo = a < b ? a : b;
	*hi = a < b ? b : a;
}

/* A thousand pairs of masks, and ranges besides. */
static void draw_masks(struct bench_rule *r, uint32_t i, struct rng *rng)
{
	r->src = rng_u32(rng);
	r->dst = rng_u32(rng);
	r->src_len = (uint8_t)(1 + rng_below(rng, 32));
	r->dst_len = (uint8_t)(1 + rng_below(rng, 32));
	r->protocol = 6;
	random_range(&r->sport_lo, &r->sport_hi, rng);
	random_range(&r->dport_lo, &r->dport_hi, rng);
}

/* A host's firewall: ports alone, in overlapping ranges of three widths. */
static void draw_no_addresses(struct bench_rule *r, uint32_t i, struct rng *rng)
{
	static const uint16_t widths[] = {50, 500, 5000};
	uint32_t sport = rng_below(rng, UINT16_MAX - 5000),
		 dport = rng_below(rng, UINT16_MAX - 5000);

	r->protocol = 6;
	r->sport_lo = (uint16_t)sport;
	r->sport_hi = (uint16_t)(sport + widths[rng_below(rng, ARRAY_LEN(widths))]);
	r->dport_lo = (uint16_t)dport;
	r->dport_hi = (uint16_t)(dport + widths[rng_below(rng, ARRAY_LEN(widths))]);
}

/* One pair of hosts; the rules differ where no bit can be chosen: in ranges that cross the middle.
 */
static void draw_equal_bits(struct bench_rule *r, uint32_t i, struct rng *rng)
{
	r->src = 0x0a000001;
	r->dst = 0x0a000002;
	r->src_len = r->dst_len = 32;
	r->protocol = 6;
	r->sport_lo = (uint16_t)(32767 - rng_below(rng, 256));
	r->sport_hi = (uint16_t)(32768 + rng_below(rng, 256));
	r->dport_lo = (uint16_t)(32767 - rng_below(rng, 256));
	r->dport_hi = (uint16_t)(32768 + rng_below(rng, 256));
}

/* Each inside the last, all around one point: the wide ones decide for what is outside. */
static void draw_nested(struct bench_rule *r, uint32_t i, struct rng *rng)
{
	uint32_t inset = i % 32767, level = i / 32767;

	r->src = r->dst = 0x80808080;
	r->src_len = (uint8_t)(8 * level);
	r->dst_len = (uint8_t)(8 * level);
	r->protocol = 6;
	r->sport_lo = r->dport_lo = (uint16_t)(32767 - inset);
	r->sport_hi = r->dport_hi = (uint16_t)(32768 + inset);
}

static wfp_err make_masks(struct ruleset *out, uint32_t n, uint64_t seed)
{
	return make_set(out, n, seed, draw_masks);
}

static wfp_err make_no_addresses(struct ruleset *out, uint32_t n, uint64_t seed)
{
	return make_set(out, n, seed, draw_no_addresses);
}

static wfp_err make_equal_bits(struct ruleset *out, uint32_t n, uint64_t seed)
{
	return make_set(out, n, seed, draw_equal_bits);
}

static wfp_err make_nested(struct ruleset *out, uint32_t n, uint64_t seed)
{
	return make_set(out, n, seed, draw_nested);
}

static wfp_err make_shape(struct ruleset *out, const char *name, uint32_t n, uint64_t seed)
{
	return ruleset_make(out, (unsigned)ruleset_shape_find(name), n, seed);
}

static wfp_err make_acl(struct ruleset *out, uint32_t n, uint64_t seed)
{
	return make_shape(out, "acl", n, seed);
}

static wfp_err make_fw(struct ruleset *out, uint32_t n, uint64_t seed)
{
	return make_shape(out, "fw", n, seed);
}

/* ---- headers --------------------------------------------------------------------------------- */

static struct bench_header random_header(struct rng *rng)
{
	return (struct bench_header){.src = rng_u32(rng),
				     .dst = rng_u32(rng),
				     .sport = (uint16_t)rng_u32(rng),
				     .dport = (uint16_t)rng_u32(rng),
				     .protocol = rng_below(rng, 2) ? 6 : 17};
}

static struct bench_header draw_random(const struct ruleset *s, uint32_t i, struct rng *rng)
{
	return random_header(rng);
}

/* Half in the rules, half beside them. */
static struct bench_header draw_in_and_out(const struct ruleset *s, uint32_t i, struct rng *rng)
{
	return i % 2 ? random_header(rng) : ruleset_draw(&s->rules[rng_below(rng, s->n)], rng);
}

/* In a rule but for one port, which is just outside its range. */
static struct bench_header draw_just_outside(const struct ruleset *s, uint32_t i, struct rng *rng)
{
	const struct bench_rule *r = &s->rules[rng_below(rng, s->n)];
	struct bench_header h = ruleset_draw(r, rng);

	if (i % 4 == 0)
		h.sport = (uint16_t)(r->sport_hi + 1);
	if (i % 4 == 1)
		h.dport = (uint16_t)(r->dport_lo - 1);
	return h;
}

/*
 * Against wildcards that are learned from traffic: the header of a rule with one bit wrong, each
 * time another one, so that each miss needs another mask to prove it.
 */
static struct bench_header draw_explosion(const struct ruleset *s, uint32_t i, struct rng *rng)
{
	struct bench_header h = ruleset_draw(&s->rules[rng_below(rng, s->n)], rng);

	h.src ^= UINT32_C(1) << (i % 32);
	h.dst ^= UINT32_C(1) << (i / 32 % 32);
	h.dport ^= (uint16_t)(1u << (i / 1024 % 16));
	return h;
}

/* One host asks another for port after port. */
static struct bench_header draw_scan(const struct ruleset *s, uint32_t i, struct rng *rng)
{
	struct bench_header h = {.protocol = 6, .sport = 40000, .dport = (uint16_t)i};

	h.src = s->rules[0].src;
	h.dst = s->rules[s->n / 2].dst + i / 65536;
	return h;
}

static const struct attack attacks[] = {
	{"random masks", "hashing by masks: a thousand pairs of prefix lengths", make_masks,
	 draw_in_and_out},
	{"no addresses", "choosing bits of addresses: there are none", make_no_addresses,
	 draw_in_and_out},
	{"equal bits", "buckets: all rules have the same bits wherever a table can look",
	 make_equal_bits, draw_just_outside},
	{"nested ranges", "trees and bounds: every range lies inside the next", make_nested,
	 draw_just_outside},
	{"tuple space explosion", "wildcards learned from traffic: one wrong bit at a time",
	 make_acl, draw_explosion},
	{"random headers", "everything that hopes for a match", make_fw, draw_random},
	{"port scan", "caches of flows: each header is new", make_fw, draw_scan},
};

unsigned attack_count(void)
{
	return ARRAY_LEN(attacks);
}

const struct attack *attack_at(unsigned i)
{
	return &attacks[i];
}
