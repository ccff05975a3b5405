/* SPDX-License-Identifier: MIT */
/*
 * tss - tuple space search: a hash table for each combination of prefix lengths and kinds of ports,
 * asked in the order of the best rule in each, until none left can be better.
 *
 * A port that is one number belongs to the key; ranges are asked of the candidates, which hang in
 * a row, the best first.  This is the scheme of Open vSwitch, with its order by priority.
 */
#include "peer.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct tuple_kind {
	uint8_t src_len, dst_len;
	uint8_t sport, dport, protocol; /* 1: belongs to the key */
};

struct key {
	uint64_t addresses, rest;
};

struct entry {
	struct key key;
	uint32_t place; /* of the rule */
	uint32_t next;	/* entry + 1, a worse one; 0: none */
};

struct tuple {
	struct tuple_kind kind;
	uint32_t best; /* the first rule's place */
	uint32_t n;
	uint32_t mask;	 /* slots - 1 */
	uint32_t *slots; /* the first entry + 1 of each chain */
	uint32_t *last;	 /* the last one; while it is built */
	struct entry *entries;
};

struct tss {
	const struct ruletrace *trace;
	const struct ruleset *set;
	struct tuple *tuples; /* by best */
	uint32_t n_tuples;
};

static struct tuple_kind kind_of(const struct bench_rule *r)
{
	return (struct tuple_kind){.src_len = r->src_len,
				   .dst_len = r->dst_len,
				   .sport = r->sport_lo == r->sport_hi,
				   .dport = r->dport_lo == r->dport_hi,
				   .protocol = !r->any_protocol};
}

static struct key key_of(const struct tuple_kind *k, const struct bench_header *h)
{
	uint32_t src = h->src & ruleset_mask(k->src_len), dst = h->dst & ruleset_mask(k->dst_len);

	return (struct key){.addresses = (uint64_t)src << 32 | dst,
			    .rest = (uint64_t)(k->sport ? h->sport : 0) << 32 |
				    (uint64_t)(k->dport ? h->dport : 0) << 16 |
				    (k->protocol ? h->protocol : 0)};
}

static uint32_t slot_of(const struct tuple *t, struct key k)
{
	return (uint32_t)hash_u64(k.addresses ^ hash_u64(k.rest)) & t->mask;
}

static struct tuple *tuple_find(struct tss *t, const struct bench_rule *r, uint32_t place)
{
	struct tuple_kind kind = kind_of(r);

	for (uint32_t i = 0; i < t->n_tuples; i++)
		if (memcmp(&t->tuples[i].kind, &kind, sizeof(kind)) == 0)
			return &t->tuples[i];
	t->tuples = mem_realloc_array(t->tuples, t->n_tuples + 1, sizeof(*t->tuples));
	BUG_ON(!t->tuples);
	/* Rules come in order, so tuples do by their best. */
	t->tuples[t->n_tuples] = (struct tuple){.kind = kind, .best = place};
	return &t->tuples[t->n_tuples++];
}

static void tuple_make_room(struct tuple *t)
{
	uint32_t slots = 2;

	while (slots < 2 * (uint64_t)t->n)
		slots *= 2;
	t->mask = slots - 1;
	t->slots = mem_zalloc_array(slots, sizeof(*t->slots));
	t->last = mem_zalloc_array(slots, sizeof(*t->last));
	t->entries = mem_zalloc_array(t->n, sizeof(*t->entries));
	BUG_ON(!t->slots || !t->last || !t->entries);
	t->n = 0;
}

static void tuple_add(struct tuple *t, const struct bench_rule *r, uint32_t place)
{
	const struct bench_header h = {.src = r->src,
				       .dst = r->dst,
				       .sport = r->sport_lo,
				       .dport = r->dport_lo,
				       .protocol = r->protocol};
	struct key key = key_of(&t->kind, &h);
	uint32_t slot = slot_of(t, key);

	t->entries[t->n++] = (struct entry){.key = key, .place = place};
	if (t->last[slot])
		t->entries[t->last[slot] - 1].next = t->n;
	else
		t->slots[slot] = t->n;
	t->last[slot] = t->n;
}

static void *create(const struct ruleset *s, const struct ruletrace *trace)
{
	struct tss *t = mem_zalloc(sizeof(*t));

	BUG_ON(!t);
	*t = (struct tss){.trace = trace, .set = s};
	for (uint32_t i = 0; i < s->n; i++)
		tuple_find(t, &s->rules[i], i)->n++;
	for (uint32_t i = 0; i < t->n_tuples; i++)
		tuple_make_room(&t->tuples[i]);
	for (uint32_t i = 0; i < s->n; i++)
		tuple_add(tuple_find(t, &s->rules[i], i), &s->rules[i], i);
	return t;
}

static void destroy(void *peer)
{
	struct tss *t = peer;

	for (uint32_t i = 0; i < t->n_tuples; i++) {
		mem_free(t->tuples[i].slots);
		mem_free(t->tuples[i].last);
		mem_free(t->tuples[i].entries);
	}
	mem_free(t->tuples);
	mem_free(t);
}

/* The first rule of the tuple that matches, if it comes before `best`. */
static uint32_t tuple_search(const struct tss *tss, const struct tuple *t,
			     const struct bench_header *h, uint32_t best)
{
	struct key key = key_of(&t->kind, h);
	const struct entry *e;

	for (uint32_t at = t->slots[slot_of(t, key)]; at; at = e->next) {
		e = &t->entries[at - 1];
		if (e->place >= best)
			break;
		if (e->key.addresses == key.addresses && e->key.rest == key.rest &&
		    ruleset_matches(&tss->set->rules[e->place], h))
			return e->place;
	}
	return best;
}

static uint32_t search(const struct tss *t, const struct bench_header *h)
{
	uint32_t best = UINT32_MAX;

	for (uint32_t i = 0; i < t->n_tuples && t->tuples[i].best < best; i++)
		best = tuple_search(t, &t->tuples[i], h, best);
	return best + 1;
}

static void classify(void *peer, uint32_t first, uint32_t n, unsigned burst, uint32_t *out)
{
	const struct tss *t = peer;

	for (uint32_t i = 0; i < n; i++)
		out[i] = search(t, &t->trace->headers[first + i]);
}

const struct peer_ops peer_tss = {
	.name = "tuple space", .create = create, .destroy = destroy, .classify = classify};
