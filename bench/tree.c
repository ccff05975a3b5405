/* SPDX-License-Identifier: MIT */
/*
 * tree - what a search in a tree of boxes costs when somebody has chosen the rules to make it slow:
 * nodes visited on average and at most, nanoseconds a search and a change.
 *
 * Takes the numbers of rules (default 10000 100000).  A table for people, not for bench/run.py.
 */
#include "base/mem.h"
#include "base/rng.h"
#include "engine/tree.h"
#include "engine/tree_walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WORDS	8u
#define PACKETS 4096u
#define CHANGES 2000u
#define REPEATS 7u

enum { SOURCE, TARGET, SOURCE_PORT, TARGET_PORT, PROTOCOL };

static struct rng rng;

/* ---- rules ---------------------------------------------------------------------------------- */

static void set(struct key_box *box, unsigned word, uint32_t lo, uint32_t hi)
{
	box->lo[word] = lo;
	box->hi[word] = hi;
}

static void prefix(struct key_box *box, unsigned word)
{
	const uint32_t rest = (uint32_t)(UINT32_MAX >> (1 + rng_below(&rng, 32)) % 32);
	const uint32_t v = rng_u32(&rng);

	set(box, word, v & ~rest, v | rest);
}

static void ports(struct key_box *box, unsigned word)
{
	const uint32_t x = rng_below(&rng, 65536), y = rng_below(&rng, 65536);

	set(box, word, x < y ? x : y, x < y ? y : x);
}

static void draw_masks(struct key_box *box, uint32_t i, uint32_t n)
{
	prefix(box, SOURCE);
	prefix(box, TARGET);
	ports(box, SOURCE_PORT);
	ports(box, TARGET_PORT);
	set(box, PROTOCOL, 6, 6);
}

static void draw_wild(struct key_box *box, uint32_t i, uint32_t n)
{
	static const uint32_t widths[] = {50, 500, 5000};

	for (unsigned w = SOURCE_PORT; w <= TARGET_PORT; w++) {
		const uint32_t width = widths[rng_below(&rng, 3)];
		const uint32_t lo = rng_below(&rng, 65536 - width);

		set(box, w, lo, lo + width - 1);
	}
	set(box, PROTOCOL, 6, 6);
}

static void draw_nested(struct key_box *box, uint32_t i, uint32_t n)
{
	const uint32_t step = UINT32_MAX / n / 2;

	set(box, TARGET, i * step, UINT32_MAX - i * step);
	set(box, PROTOCOL, 6, 6);
}

static void draw_equal(struct key_box *box, uint32_t i, uint32_t n)
{
	set(box, SOURCE, 0x0a000000, 0x0affffff);
	set(box, TARGET, 0x0b000001, 0x0b000001);
	set(box, PROTOCOL, 6, 6);
}

static void draw_one_of_eight(struct key_box *box, uint32_t i, uint32_t n)
{
	const uint32_t v = rng_u32(&rng);

	set(box, rng_below(&rng, WORDS), v, v);
}

/* Like a list of accesses: two prefixes, long ones more often, one port or a few. */
static void draw_plain(struct key_box *box, uint32_t i, uint32_t n)
{
	static const unsigned lengths[] = {8, 16, 24, 24, 28, 32, 32, 32};

	for (unsigned w = SOURCE; w <= TARGET; w++) {
		const unsigned length = lengths[rng_below(&rng, ARRAY_LEN(lengths))];
		const uint32_t rest = length == 32 ? 0 : UINT32_MAX >> length;
		const uint32_t v = rng_below(&rng, 64) << 26 | rng_below(&rng, 1u << 20);

		set(box, w, v & ~rest, v | rest);
	}
	set(box, TARGET_PORT, 0, 65535);
	if (rng_below(&rng, 3))
		box->hi[TARGET_PORT] = box->lo[TARGET_PORT] = rng_below(&rng, 1024);
	set(box, PROTOCOL, 6, 6);
}

static const struct shape {
	const char *name;
	void (*draw)(struct key_box *box, uint32_t i, uint32_t n);
	bool every_word; /* does a packet have a value in each word? */
} shapes[] = {
	{"masks", draw_masks, false},	  {"wild", draw_wild, false},
	{"nested", draw_nested, false},	  {"equal", draw_equal, false},
	{"one", draw_one_of_eight, true}, {"plain", draw_plain, false},
};

static struct index_rule *make_rule(const struct shape *shape, uint32_t i, uint32_t n)
{
	struct index_rule *r =
		mem_zalloc_aligned(RULE_ALIGN, sizeof(*r) + 2 * WORDS * sizeof(uint32_t));
	struct key_box box = {.exact = true};

	BUG_ON(!r);
	memset(box.hi, 0xff, sizeof(box.hi));
	shape->draw(&box, i, n);
	r->words = WORDS;
	r->exact = true;
	r->order = (struct rule_order){rng_u64(&rng), i};
	memcpy(r->bounds, box.lo, WORDS * sizeof(uint32_t));
	memcpy(r->bounds + WORDS, box.hi, WORDS * sizeof(uint32_t));
	return r;
}

/* ---- packets -------------------------------------------------------------------------------- */

static struct key packets[PACKETS];

static uint32_t between(uint32_t lo, uint32_t hi)
{
	return hi - lo == UINT32_MAX ? rng_u32(&rng) : lo + rng_below(&rng, hi - lo + 1);
}

static void draw_packets(const struct shape *shape, struct index_rule *const *rules, uint32_t n,
			 bool in_rules)
{
	for (unsigned p = 0; p < PACKETS; p++) {
		const struct index_rule *r = rules[rng_below(&rng, n)];
		struct key *key = &packets[p];

		memset(key, 0, sizeof(*key));
		for (unsigned w = 0; w < WORDS; w++) {
			const bool port = w == SOURCE_PORT || w == TARGET_PORT;

			if (w > PROTOCOL && !shape->every_word)
				continue;
			if (w == PROTOCOL && !shape->every_word)
				key->words[w] = 6;
			else if (in_rules && rule_hi(r)[w] - rule_lo(r)[w] != UINT32_MAX)
				key->words[w] = between(rule_lo(r)[w], rule_hi(r)[w]);
			else if (port && !shape->every_word)
				key->words[w] = rng_below(&rng, 65536);
			else
				key->words[w] = rng_u32(&rng);
		}
	}
}

/* ---- measuring ------------------------------------------------------------------------------ */

static volatile uint64_t sink;

/* Of this thread: others on the machine do not count. */
static uint64_t cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static double search_ns(const struct tree_node *root)
{
	double best = 1e18;

	for (unsigned k = 0; k < REPEATS; k++) {
		const uint64_t start = cpu_now();
		uint64_t sum = 0, took;

		for (unsigned p = 0; p < PACKETS; p++) {
			const struct index_query q = {.key = &packets[p]};
			const struct index_rule *r = tree_walk_best(root, &q, NULL, NULL);

			sum += r ? r->order.id : 0;
		}
		took = cpu_now() - start;
		sink = sum;
		if ((double)took / PACKETS < best)
			best = (double)took / PACKETS;
	}
	return best;
}

static void print_searches(const char *what, const struct tree_node *root)
{
	unsigned most = 0, all = 0, found = 0;

	for (unsigned p = 0; p < PACKETS; p++) {
		const struct index_query q = {.key = &packets[p]};
		const struct index_rule *r = NULL;
		struct tree_walk w;
		unsigned n = 0;

		for (tree_walk_begin(&w, root, &q, NULL, &r, 0, 1); w.next; n++)
			(void)tree_walk_step(&w);
		all += n;
		most = n > most ? n : most;
		found += r != NULL;
	}
	printf("  %s %7.1f nodes (most %4u) %7.0f ns %3u%%", what, (double)all / PACKETS, most,
	       search_ns(root), found * 100 / PACKETS);
}

static void print_packets(const struct shape *shape, const struct tree_node *root,
			  struct index_rule *const *rules, uint32_t n)
{
	draw_packets(shape, rules, n, true);
	print_searches("in", root);
	draw_packets(shape, rules, n, false);
	print_searches("any", root);
	printf("\n");
}

static uint64_t edits;

static void change(struct tree_node **root, struct index_rule *r,
		   wfp_err (*fn)(struct tree_node **root, struct edit *e,
				 const struct index_rule *r))
{
	struct edit e;

	edit_begin(&e, ++edits);
	BUG_ON(fn(root, &e, r));
	edit_keep(&e);
	edit_settle(&e);
}

/* Every rule taken out and put in again: what do changes cost, and what do they leave? */
static void print_changes(struct tree_node **root, struct index_rule *const *rules, uint32_t n)
{
	const uint32_t step = n > CHANGES ? n / CHANGES : 1;
	uint64_t remove = 0, add = 0;
	unsigned done = 0;

	for (uint32_t i = 0; i < n; i += step, done++) {
		uint64_t start = cpu_now();

		change(root, rules[i], tree_remove);
		remove += cpu_now() - start;
	}
	for (uint32_t i = 0; i < n; i += step) {
		uint64_t start = cpu_now();

		change(root, rules[i], tree_add);
		add += cpu_now() - start;
	}
	printf("  remove %.0f ns, add %.0f ns", (double)remove / done, (double)add / done);
}

static void measure(const struct shape *shape, uint32_t n)
{
	struct index_rule **rules = mem_zalloc_array(n, sizeof(struct index_rule *));
	struct tree_node *root = NULL;
	uint64_t start;
	struct edit e;

	BUG_ON(!rules);
	rng_seed(&rng, n);
	for (uint32_t i = 0; i < n; i++)
		rules[i] = make_rule(shape, i, n);
	start = cpu_now();
	edit_begin(&e, ++edits);
	BUG_ON(tree_build(&root, &e, (const struct index_rule *const *)rules, n, WORDS));
	edit_keep(&e);
	printf("%-6s %6u: build %.1f ms, %zu bytes a rule\n   built  ", shape->name, n,
	       (double)(cpu_now() - start) / 1e6, tree_bytes(root) / n);
	print_packets(shape, root, rules, n);
	print_changes(&root, rules, n);
	printf("\n   changed");
	print_packets(shape, root, rules, n);
	tree_free(root);
	root = NULL;
	for (uint32_t i = 0; i < n; i++)
		change(&root, rules[i], tree_add);
	printf("   grown  ");
	print_packets(shape, root, rules, n);
	tree_free(root);
	for (uint32_t i = 0; i < n; i++)
		mem_free(rules[i]);
	mem_free(rules);
}

int main(int argc, char **argv)
{
	static const uint32_t usual[] = {10000, 100000};

	for (unsigned s = 0; s < ARRAY_LEN(shapes); s++)
		for (unsigned k = 0; k < (argc > 1 ? (unsigned)argc - 1 : ARRAY_LEN(usual)); k++)
			measure(&shapes[s],
				argc > 1 ? (uint32_t)strtoul(argv[k + 1], NULL, 10) : usual[k]);
	return 0;
}
