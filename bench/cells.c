/* SPDX-License-Identifier: MIT */
/*
 * cells - tables of cells alone: what finds room in them, and what a search costs.
 *
 * Three shapes of rules: pairs of hosts and networks with services (acl), a network behind a wall
 * with anybody on one side (fw), networks with networks (ipc).  For each shape and size one line:
 * rules with room, tables, milliseconds of choosing and filling, bytes for each rule, nanoseconds
 * of a search in all tables, single and in bursts, for packets drawn in rules and for packets that
 * no rule wants.  Memory's own latency is the first line.  What finds no room is for the tree,
 * whose time is not in here.  Times are of this thread alone, the best of some repeats.
 */
#include "engine/cells.h"
#include "engine/cells_walk.h"
#include "engine/slab.h"
#include "base/mem.h"
#include "base/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WORDS	  8u
#define FIELDS	  5u
#define PACKETS	  32768u
#define REPEATS	  15u
#define RULES_MAX 100000u
#define CHASES	  1000000u

enum { SRC, DST, SPORT, DPORT, PROTOCOL };

static const struct policy_filter nobody;
static struct rng rng;
static uintptr_t sink; /* keeps results from being left out */

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_cells: %s\n", what);
	exit(1);
}

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- rules ------------------------------------------------------------------------------ */

/* Per cent of the rules, bits of the addresses, and ports: 0 any, 1 one, 2 a range. */
struct shape_row {
	uint8_t share, src, dst, sport, dport;
	uint8_t protocol; /* 0: any */
};

static const struct shape_row acl[] = {
	{47, 32, 32, 0, 1, 6}, {14, 32, 32, 0, 2, 6}, {12, 32, 32, 0, 0, 6}, {8, 32, 22, 0, 1, 6},
	{6, 23, 32, 0, 0, 0},  {6, 30, 24, 0, 0, 6},  {4, 23, 16, 0, 0, 0},  {3, 32, 24, 0, 1, 17},
};
static const struct shape_row fw[] = {
	{45, 0, 32, 0, 1, 6},  {15, 0, 30, 0, 1, 17}, {12, 32, 0, 0, 0, 6},
	{9, 32, 0, 1, 0, 17},  {7, 21, 0, 0, 0, 6},   {4, 28, 32, 0, 0, 6},
	{4, 32, 32, 2, 2, 17}, {2, 0, 0, 0, 1, 6},    {2, 0, 16, 0, 0, 0},
};
static const struct shape_row ipc[] = {
	{20, 24, 24, 0, 0, 0}, {15, 32, 32, 0, 1, 17}, {13, 24, 32, 0, 1, 6}, {12, 26, 24, 0, 0, 0},
	{10, 16, 24, 0, 0, 0}, {10, 32, 24, 1, 0, 6},  {8, 32, 32, 0, 2, 17}, {6, 0, 24, 0, 1, 17},
	{4, 24, 0, 0, 0, 0},   {2, 0, 32, 0, 1, 6},
};

static const struct shape {
	const char *name;
	const struct shape_row *rows;
	uint32_t networks; /* of 24 bits, for 10 000 rules */
} shapes[] = {{"acl", acl, 300}, {"fw", fw, 4000}, {"ipc", ipc, 1000}};

static const uint16_t ports[] = {80, 443, 22, 25, 53, 123, 1521, 1526, 3306, 5432, 8080, 389};

static const struct shape_row *pick_row(const struct shape_row *row)
{
	uint32_t at = rng_below(&rng, 100);

	for (; at >= row->share; row++)
		at -= row->share;
	return row;
}

static void bound(struct index_rule *r, unsigned w, uint32_t lo, uint32_t hi)
{
	r->bounds[w] = lo;
	r->bounds[WORDS + w] = hi;
}

/* Few networks with a few hosts of each; one in four prefixes is a little shorter. */
static void bound_address(struct index_rule *r, unsigned w, unsigned bits, uint32_t networks)
{
	const uint32_t network = (rng_below(&rng, networks) * UINT32_C(2654435761)) & 0x7fffff00;
	const unsigned less = bits > 2 && rng_below(&rng, 4) == 0 ? rng_below(&rng, 3) : 0;
	const uint32_t host = bits ? UINT32_MAX >> 1 >> (bits - less - 1) : UINT32_MAX;

	bound(r, w, (network | rng_below(&rng, 32)) & ~host, network | host);
}

static void bound_port(struct index_rule *r, unsigned w, unsigned kind)
{
	const uint32_t port = ports[rng_below(&rng, 1 + rng_below(&rng, ARRAY_LEN(ports)))];

	if (kind == 0)
		bound(r, w, 0, UINT32_MAX);
	else
		bound(r, w, port, kind == 1 ? port : port + 1 + rng_below(&rng, 60));
}

static struct index_rule *rule_draw(const struct shape *shape, uint32_t number, uint32_t n)
{
	const struct shape_row *row = pick_row(shape->rows);
	const uint32_t networks = shape->networks * ((n + 9999) / 10000);
	struct index_rule *r = slab_zalloc(RULE_ALIGN, RULE_BYTES(WORDS));

	must(r, "no memory");
	r->order = (struct rule_order){n - number, number + 1};
	r->filter = &nobody;
	r->exact = true;
	r->words = WORDS;
	memset(r->bounds + WORDS, 0xff, WORDS * sizeof(uint32_t));
	bound_address(r, SRC, row->src, networks);
	bound_address(r, DST, row->dst, networks);
	bound_port(r, SPORT, row->sport);
	bound_port(r, DPORT, row->dport);
	if (row->protocol)
		bound(r, PROTOCOL, row->protocol, row->protocol);
	return r;
}

/* ---- tables ----------------------------------------------------------------------------- */

static struct index_rule *rules[RULES_MAX];
static uint32_t n_rules, n_placed;
static struct cells *tables[CELLS_TABLES_MAX];
static unsigned n_tables;
static uint32_t packets[PACKETS][FIELDS];

static bool place(struct edit *e, const struct index_rule *r)
{
	bool added = false;

	for (unsigned t = 0; !added && t < n_tables; t++)
		if (cells_fits(tables[t], r))
			must(!cells_add(&tables[t], e, r, &added), "cells_add");
	return added;
}

static void build(double *choose_ms, double *fill_ms)
{
	struct cells_mask masks[CELLS_TABLES_MAX];
	double start = cpu_ns();
	struct edit e;

	must(!cells_choose(masks, &n_tables, (const struct index_rule *const *)rules, n_rules,
			   WORDS),
	     "cells_choose");
	*choose_ms = (cpu_ns() - start) / 1e6;
	start = cpu_ns();
	edit_begin(&e, 1);
	n_placed = 0;
	for (unsigned t = 0; t < n_tables; t++)
		must(!cells_create(&tables[t], &e, &masks[t], WORDS, masks[t].expected),
		     "cells_create");
	for (uint32_t i = 0; i < n_rules; i++)
		n_placed += place(&e, rules[i]);
	edit_keep(&e);
	edit_settle(&e);
	*fill_ms = (cpu_ns() - start) / 1e6;
}

static size_t table_bytes(void)
{
	size_t bytes = 0;

	for (unsigned t = 0; t < n_tables; t++)
		bytes += cells_bytes(tables[t]);
	return bytes;
}

/* ---- searches --------------------------------------------------------------------------- */

static uint32_t draw_between(uint32_t lo, uint32_t hi)
{
	return hi - lo == UINT32_MAX ? rng_u32(&rng) : lo + rng_below(&rng, hi - lo + 1);
}

/* Inside rules, or with addresses that no rule has. */
static void draw_packets(bool inside)
{
	for (uint32_t i = 0; i < PACKETS; i++) {
		const struct index_rule *r = rules[rng_below(&rng, n_rules)];

		for (unsigned w = 0; w < FIELDS; w++)
			packets[i][w] = draw_between(rule_lo(r)[w], rule_hi(r)[w]);
		if (!inside) {
			packets[i][SRC] |= UINT32_C(1) << 31;
			packets[i][DST] |= UINT32_C(1) << 31;
		}
	}
}

static void search_single(void)
{
	struct key key = {{0}, false};
	const struct index_query q = {&key, NULL, 0};

	for (uint32_t i = 0; i < PACKETS; i++) {
		memcpy(key.words, packets[i], sizeof(packets[i]));
		sink += (uintptr_t)cells_search(tables, n_tables, &q, NULL, NULL);
	}
}

static void search_bursts(void)
{
	static struct key keys[INDEX_BURST_MAX];
	struct index_query q[INDEX_BURST_MAX];

	for (unsigned i = 0; i < INDEX_BURST_MAX; i++)
		q[i] = (struct index_query){&keys[i], NULL, 0};
	for (uint32_t at = 0; at < PACKETS; at += INDEX_BURST_MAX) {
		const struct index_rule *best[INDEX_BURST_MAX] = {NULL};

		for (unsigned i = 0; i < INDEX_BURST_MAX; i++)
			memcpy(keys[i].words, packets[at + i], sizeof(packets[at + i]));
		cells_burst(tables, n_tables, q, INDEX_BURST_MAX, best);
		for (unsigned i = 0; i < INDEX_BURST_MAX; i++)
			sink += (uintptr_t)best[i];
	}
}

static double time_of(void (*search)(void))
{
	double best = 0;

	for (unsigned i = 0; i < REPEATS; i++) {
		const double start = cpu_ns();
		double ns;

		search();
		ns = (cpu_ns() - start) / PACKETS;
		if (i == 0 || ns < best)
			best = ns;
	}
	return best;
}

/* ---- figures ---------------------------------------------------------------------------- */

static void measure(const struct shape *shape, uint32_t n)
{
	double choose_ms, fill_ms, hit[2], miss[2];

	rng_seed(&rng, n);
	n_rules = n;
	for (uint32_t i = 0; i < n; i++)
		rules[i] = rule_draw(shape, i, n);
	build(&choose_ms, &fill_ms);
	draw_packets(true);
	hit[0] = time_of(search_single);
	hit[1] = time_of(search_bursts);
	draw_packets(false);
	miss[0] = time_of(search_single);
	miss[1] = time_of(search_bursts);
	printf("%-3s %6u rules, %5.1f %% in %u tables, %6.1f + %5.1f ms, %4.1f bytes a rule, "
	       "hits %5.1f and %5.1f ns, misses %5.1f and %5.1f ns\n",
	       shape->name, n, 100.0 * n_placed / n, n_tables, choose_ms, fill_ms,
	       (double)table_bytes() / n, hit[0], hit[1], miss[0], miss[1]);
	for (unsigned t = 0; t < n_tables; t++)
		cells_free(tables[t]);
	for (uint32_t i = 0; i < n; i++)
		rule_free(rules[i]);
}

/* A line of memory whose address is in the one before, in a ring through all of them. */
static double chase(uint32_t lines)
{
	struct line {
		struct line *next;
		char rest[CACHELINE - sizeof(void *)];
	} *ring = mem_zalloc_aligned(CACHELINE, lines * sizeof(*ring)), *at;
	double start;

	must(ring, "no memory");
	for (uint32_t i = 0; i < lines; i++)
		ring[i].next = &ring[i];
	for (uint32_t i = lines - 1; i > 0; i--) {
		struct line *other = &ring[rng_below(&rng, i)];
		struct line *was = ring[i].next;

		ring[i].next = other->next;
		other->next = was;
	}
	at = ring;
	start = cpu_ns();
	for (uint32_t i = 0; i < CHASES; i++)
		at = at->next;
	sink += (uintptr_t)at;
	start = (cpu_ns() - start) / CHASES;
	mem_free(ring);
	return start;
}

int main(void)
{
#if BOX_BYTES == 32 && defined(__x86_64__)
	must(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"), "needs AVX2");
#endif
	rng_seed(&rng, 1);
	printf("a dependent load: %.1f ns in 16 KiB, %.1f in 1 MiB, %.1f in 16 MiB\n", chase(256),
	       chase(16384), chase(262144));
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
		for (uint32_t n = 1000; n <= RULES_MAX; n *= 10)
			measure(&shapes[i], n);
	return sink == 0;
}
