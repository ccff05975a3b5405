/* SPDX-License-Identifier: MIT */
/*
 * stack - the workers together: creating them, and what other threads may ask for.
 */
#include "stack/stack.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/thread.h"
#include "engine/ledger.h"
#include "stack/authorize.h"
#include "stack/worker.h"

#include <string.h>

#define DEFAULT_IDLE	       (60 * CLOCK_S)
#define DEFAULT_TCP_IDLE       (7200 * CLOCK_S)
#define DEFAULT_MAX_FLOWS      (1u << 20)
#define DEFAULT_MAX_HELD       64u
#define DEFAULT_HOLD_TIMEOUT   (60 * CLOCK_S)
#define DEFAULT_FRAGMENT_BYTES (4u << 20)

#define DEFAULT(member, value)                                                                     \
	do {                                                                                       \
		if (!(member))                                                                     \
			(member) = (value);                                                        \
	} while (0)

static void set_defaults(struct stack_config *c)
{
	DEFAULT(c->udp_idle, DEFAULT_IDLE);
	DEFAULT(c->icmp_idle, DEFAULT_IDLE);
	DEFAULT(c->other_idle, DEFAULT_IDLE);
	DEFAULT(c->tcp_idle, DEFAULT_TCP_IDLE);
	DEFAULT(c->tcp_half_open_idle, DEFAULT_IDLE);
	DEFAULT(c->max_flows, DEFAULT_MAX_FLOWS);
	DEFAULT(c->max_held, DEFAULT_MAX_HELD);
	DEFAULT(c->hold_timeout, DEFAULT_HOLD_TIMEOUT);
	DEFAULT(c->max_fragments_bytes, DEFAULT_FRAGMENT_BYTES);
}

static void choose_hash_key(struct stack *s)
{
	const uint64_t key[2] = {entropy_u64(), entropy_u64()};

	STATIC_ASSERT(sizeof(key) == sizeof(s->hash_key), "one SipHash key");
	memcpy(s->hash_key, key, sizeof(key));
}

wfp_err stack_create(struct stack **out, const struct stack_config *config)
{
	struct stack *s;
	wfp_err err = ERR_NO_MEMORY;

	if (!config->engine || !config->workers || config->workers > STACK_MAX_WORKERS)
		return ERR_INVALID_PARAMETER;
	s = mem_zalloc(sizeof(*s));
	if (!s)
		return ERR_NO_MEMORY;
	s->engine = config->engine;
	s->config = *config;
	s->n_workers = config->workers;
	atom32_init(&s->busy, 0);
	atom32_init(&s->ended, 0);
	set_defaults(&s->config);
	choose_hash_key(s);
	s->workers = mem_zalloc_array(s->n_workers, sizeof(*s->workers));
	if (!s->workers)
		goto undo_stack;
	err = layers_create(&s->layers);
	if (err)
		goto undo_workers;
	for (unsigned i = 0; i < s->n_workers; i++) {
		err = worker_init(&s->workers[i], s, i);
		if (err)
			goto undo_layers;
	}
	*out = s;
	return ERR_OK;
undo_layers:
	for (unsigned i = 0; i < s->n_workers; i++)
		worker_fini(&s->workers[i]);
	layers_destroy(s->layers);
undo_workers:
	mem_free(s->workers);
undo_stack:
	mem_free(s);
	return err;
}

bool stack_quiet(struct stack *s)
{
	return atom32_load(&s->busy) == 0;
}

void stack_reclaim(struct stack *s)
{
	ledger_reclaim(s->engine, 0, CLOCK_NEVER);
}

static bool letters_under_way(const struct stack *s)
{
	for (unsigned i = 0; i < s->n_workers; i++)
		if (atom32_load(&s->workers[i].in_flight) > 0)
			return true;
	return false;
}

void stack_end(struct stack *s)
{
	atom32_store(&s->ended, 1);
	while (letters_under_way(s)) {
		bool any = false;

		for (unsigned i = 0; i < s->n_workers; i++)
			any |= worker_open_letters(&s->workers[i]);
		if (!any)
			thread_yield(); /* announced and not yet sent, or refused */
	}
}

void stack_destroy(struct stack *s)
{
	/* What callouts gave back after the workers had been left is of no more consequence. */
	stack_end(s);
	for (unsigned i = 0; i < s->n_workers; i++)
		worker_fini(&s->workers[i]);
	layers_destroy(s->layers);
	mem_free(s->workers);
	mem_free(s);
}

struct stack_worker *stack_worker(struct stack *s, unsigned i)
{
	BUG_ON(i >= s->n_workers);
	return &s->workers[i];
}

/* ---- endpoints ------------------------------------------------------------------------------ */

struct closing {
	struct letter letter;
	struct flow_key key;
};

static void open_closing(struct stack_worker *w, struct letter *l)
{
	struct closing *c = CONTAINER_OF(l, struct closing, letter);
	struct flow *f = flow_table_find(w->flows, &c->key);

	if (f)
		authorize_close(w, f, "closed");
	mem_free(c);
}

void stack_endpoint_closed(struct stack *s, const struct flow_key *key)
{
	struct closing *c = mem_alloc(sizeof(*c));

	if (!c)
		return; /* the flow's idle timeout will find it */
	*c = (struct closing){.letter = {.open = open_closing}, .key = *key};
	worker_send(&s->workers[flow_shard(s->hash_key, key, s->n_workers)], &c->letter);
}

/* ---- counters ------------------------------------------------------------------------------- */

STATIC_ASSERT(sizeof(struct stack_counters) % sizeof(uint64_t) == 0, "added up as numbers");

void stack_counters_get(struct stack *s, struct stack_counters *out)
{
	uint64_t sum[sizeof(*out) / sizeof(uint64_t)] = {0};
	uint64_t part[ARRAY_LEN(sum)];

	for (unsigned i = 0; i < s->n_workers; i++) {
		struct stack_worker *w = &s->workers[i];

		spin_take(&w->published_lock);
		memcpy(part, &w->published, sizeof(part));
		spin_drop(&w->published_lock);
		for (size_t k = 0; k < ARRAY_LEN(sum); k++)
			sum[k] += part[k];
	}
	memcpy(out, sum, sizeof(*out));
}
