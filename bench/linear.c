/* SPDX-License-Identifier: MIT */
/*
 * linear - the search that needs no proof: rule after rule, in order, until one matches.
 *
 * It decides what the right verdict is, and it is a contender.  The columns lie apart and a block
 * of rules is asked without a branch, so that the compiler makes vector code of it: a reference
 * that is slow would check little.
 */
#include "peer.h"

#include "base/mem.h"

#include <string.h>

#define BLOCK 64u

/* One block: for each field what must be equal under a mask, or between two bounds. */
struct block {
	uint32_t src[BLOCK], src_mask[BLOCK], dst[BLOCK], dst_mask[BLOCK];
	uint16_t sport_lo[BLOCK], sport_hi[BLOCK], dport_lo[BLOCK], dport_hi[BLOCK];
	uint8_t protocol[BLOCK], protocol_mask[BLOCK];
};

struct linear {
	const struct ruletrace *trace;
	uint32_t n_blocks;
	struct block *blocks;
};

static void put(struct block *b, unsigned i, const struct bench_rule *r)
{
	b->src[i] = r->src;
	b->src_mask[i] = ruleset_mask(r->src_len);
	b->dst[i] = r->dst;
	b->dst_mask[i] = ruleset_mask(r->dst_len);
	b->sport_lo[i] = r->sport_lo;
	b->sport_hi[i] = r->sport_hi;
	b->dport_lo[i] = r->dport_lo;
	b->dport_hi[i] = r->dport_hi;
	b->protocol[i] = r->protocol;
	b->protocol_mask[i] = r->any_protocol ? 0 : 0xff;
}

/* What fills the last block matches nothing. */
static const struct bench_rule nothing = {.sport_lo = 1, .dport_lo = 1};

static void *create(const struct ruleset *s, const struct ruletrace *t)
{
	struct linear *l = mem_zalloc(sizeof(*l));

	BUG_ON(!l);
	l->trace = t;
	l->n_blocks = (s->n + BLOCK - 1) / BLOCK;
	l->blocks = mem_zalloc_aligned(CACHELINE, (l->n_blocks + 1) * sizeof(*l->blocks));
	BUG_ON(!l->blocks);
	for (uint32_t i = 0; i < l->n_blocks * BLOCK; i++)
		put(&l->blocks[i / BLOCK], i % BLOCK, i < s->n ? &s->rules[i] : &nothing);
	return l;
}

static void destroy(void *peer)
{
	struct linear *l = peer;

	mem_free(l->blocks);
	mem_free(l);
}

static unsigned first_in_block(const struct block *b, const struct bench_header *h)
{
	uint32_t bad[BLOCK];
	unsigned i;

	for (i = 0; i < BLOCK; i++)
		bad[i] = ((h->src ^ b->src[i]) & b->src_mask[i]) |
			 ((h->dst ^ b->dst[i]) & b->dst_mask[i]);
	for (i = 0; i < BLOCK; i++)
		bad[i] |= (uint32_t)((h->sport < b->sport_lo[i]) | (h->sport > b->sport_hi[i]) |
				     (h->dport < b->dport_lo[i]) | (h->dport > b->dport_hi[i]) |
				     ((h->protocol ^ b->protocol[i]) & b->protocol_mask[i]));
	for (i = 0; i < BLOCK && bad[i]; i++)
		;
	return i;
}

static uint32_t search(const struct linear *l, const struct bench_header *h)
{
	for (uint32_t b = 0; b < l->n_blocks; b++) {
		unsigned i = first_in_block(&l->blocks[b], h);

		if (i < BLOCK)
			return b * BLOCK + i + 1;
	}
	return 0;
}

static void classify(void *peer, uint32_t first, uint32_t n, unsigned burst, uint32_t *out)
{
	const struct linear *l = peer;

	for (uint32_t i = 0; i < n; i++)
		out[i] = search(l, &l->trace->headers[first + i]);
}

const struct peer_ops peer_linear = {
	.name = "linear", .create = create, .destroy = destroy, .classify = classify};
