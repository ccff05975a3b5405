/* SPDX-License-Identifier: MIT */
/*
 * Slabs against a list of blocks: nothing overlaps, nothing is lost, and pieces go back.
 *
 * Under sanitizers each block is one of mem.h, no bytes are held, and the same must hold.
 */
#include "harness.h"

#include "base/mem.h"
#include "base/pages.h"
#include "base/rng.h"
#include "base/thread.h"
#include "engine/cells.h"
#include "engine/slab.h"
#include "engine/snapshot.h"
#include "engine/tree.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCKS_MAX 6000u
#define PER_PIECE  (PAGES_BYTES / RULE_BYTES(8)) /* no more of these are in a piece */

/* Sizes with slabs and some without. */
static const struct {
	size_t align, size;
} kinds[] = {
	{_Alignof(struct policy_filter), sizeof(struct policy_filter)},
	{RULE_ALIGN, RULE_BYTES(8)},
	{RULE_ALIGN, RULE_BYTES(16)},
	{CACHELINE, TREE_LEAF_BYTES(8)},
	{CACHELINE, TREE_INNER_BYTES(16)},
	{CACHELINE, CELLS_PAGE_BYTES(CELLS_PAGE_LINES)},
	{CACHELINE, CELLS_PAGE_BYTES(3)},
	{CACHELINE, RULE_BYTES(8)},
	{sizeof(void *), 40},
};

struct block {
	uint8_t *p;
	unsigned kind;
	uint8_t mark;
};

struct blocks {
	struct rng rng;
	unsigned n;
	struct block list[BLOCKS_MAX];
};

static bool all_are(const uint8_t *p, size_t n, uint8_t value)
{
	return p[0] == value && memcmp(p, p + 1, n - 1) == 0;
}

/* False: no memory. */
static bool add(struct blocks *b)
{
	struct block *new = &b->list[b->n];

	new->kind = rng_below(&b->rng, ARRAY_LEN(kinds));
	new->mark = (uint8_t)rng_u32(&b->rng);
	new->p = slab_zalloc(kinds[new->kind].align, kinds[new->kind].size);
	if (!new->p)
		return false;
	CHECK_EQ_U((uintptr_t) new->p % kinds[new->kind].align, 0);
	CHECK(all_are(new->p, kinds[new->kind].size, 0));
	memset(new->p, new->mark, kinds[new->kind].size);
	b->n++;
	return true;
}

static void drop(struct blocks *b, unsigned i)
{
	const struct block old = b->list[i];

	CHECK(all_are(old.p, kinds[old.kind].size, old.mark));
	slab_free(old.p, kinds[old.kind].align, kinds[old.kind].size);
	b->list[i] = b->list[--b->n];
}

static void drop_all(struct blocks *b)
{
	while (b->n > 0)
		drop(b, rng_below(&b->rng, b->n));
}

/* Grows and shrinks, more slowly than it turns over. */
static void step(struct blocks *b, unsigned round)
{
	const unsigned chance = round / 4096 % 2 ? 30 : 70;

	if (b->n == 0 || (b->n < BLOCKS_MAX && rng_below(&b->rng, 100) < chance))
		CHECK(add(b));
	else
		drop(b, rng_below(&b->rng, b->n));
}

TEST(blocks_are_clear_aligned_and_apart)
{
	static struct blocks b;
	const uint64_t live = mem_live();

	rng_seed(&b.rng, test_seed());
	for (unsigned round = 0; round < 40000; round++)
		step(&b, round);
	drop_all(&b);
	CHECK_EQ_U(slab_bytes(), 0);
	CHECK_EQ_U(mem_live(), live);
}

TEST(few_blocks_of_every_size_take_one_piece)
{
	static struct blocks b;

	rng_seed(&b.rng, test_seed());
	for (unsigned i = 0; i < 100; i++)
		CHECK(add(&b));
	CHECK(slab_bytes() <= PAGES_BYTES);
	drop_all(&b);
	CHECK_EQ_U(slab_bytes(), 0);
}

static void *rule_take(void)
{
	void *p = slab_zalloc(RULE_ALIGN, RULE_BYTES(8));

	CHECK(p);
	return p;
}

static void rule_give(void *p)
{
	slab_free(p, RULE_ALIGN, RULE_BYTES(8));
}

TEST(pieces_hold_little_besides_blocks)
{
	static void *rules[8 * PER_PIECE];

	for (unsigned i = 0; i < ARRAY_LEN(rules); i++)
		rules[i] = rule_take();
	CHECK(slab_bytes() <= 9 * PAGES_BYTES);
	for (unsigned i = 0; i < ARRAY_LEN(rules); i++)
		rule_give(rules[i]);
	CHECK_EQ_U(slab_bytes(), 0);
}

TEST(what_was_needed_for_a_moment_is_given_back)
{
	static void *rules[4 * PER_PIECE];
	void *stays = rule_take();

	for (unsigned i = 0; i < ARRAY_LEN(rules); i++)
		rules[i] = rule_take();
	for (unsigned i = 0; i < ARRAY_LEN(rules); i++)
		rule_give(rules[i]);
	CHECK(slab_bytes() <= PAGES_BYTES);
	rule_give(stays);
	CHECK_EQ_U(slab_bytes(), 0);
}

#if MEM_TRACKED

TEST(no_memory_leaves_the_other_blocks_alone)
{
	static struct blocks b;
	const uint64_t live = mem_live();
	unsigned failed = 0;

	rng_seed(&b.rng, test_seed());
	for (unsigned nth = 1; nth < 200; nth++) {
		mem_fail_at(nth);
		for (unsigned i = 0; i < 150; i++)
			failed += !add(&b);
		mem_fail_at(0);
		drop_all(&b);
		CHECK_EQ_U(mem_live(), live);
	}
	CHECK(failed >= 150);
}

#endif

/* ---- many threads ------------------------------------------------------------------------ */

#define THREADS 4u

static void churn(void *ctx)
{
	struct blocks *b = ctx;

	for (unsigned round = 0; round < 10000; round++)
		step(b, round);
	drop_all(b);
}

TEST(threads_share_the_pieces)
{
	static struct blocks b[THREADS];
	struct thread *t[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		rng_seed(&b[i].rng, test_seed() + i);
		CHECK_OK(thread_start(&t[i], "churn", churn, &b[i]));
	}
	for (unsigned i = 0; i < THREADS; i++)
		thread_join(t[i]);
	CHECK_EQ_U(slab_bytes(), 0);
}

/* ---- what is wrong is found --------------------------------------------------------------- */

#if MEM_TRACKED

/* Runs fn in a child of its own; true when it was ended by a signal or by a sanitizer. */
static bool fails(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		fclose(stderr);
		fn();
		_exit(0);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void free_and_take(void)
{
	rule_give(rule_take());
	rule_give(rule_take());
}

static void write_when_free(void)
{
	struct index_rule *volatile r = rule_take();

	rule_give(r);
	r->order.id = 1;
	rule_take();
}

TEST(writing_to_a_free_block_is_found)
{
	void *stays = rule_take(); /* and its slab with it */

	CHECK(!fails(free_and_take));
	CHECK(fails(write_when_free));
	rule_give(stays);
}

#endif
