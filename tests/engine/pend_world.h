/* SPDX-License-Identifier: MIT */
/*
 * pend_world - an engine small enough to hold still: frames, callouts and reports under the test's
 * hand, with the real pend and ledger on top.
 *
 * A test plays the classify itself: world_enter puts a classifyFn on this thread's stack,
 * world_return takes it off as the engine would.  Posts and reports are counted.  The functions
 * that the engine owes to pend are defined here, so a test program must not link the engine's own.
 */
#pragma once

#include "harness.h"

#include "base/clock.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/thread.h"
#include "engine/ledger_book.h"
#include "engine/pend.h"
#include "engine/pend_pool.h"
#include "engine/report.h"

struct engine {
	struct pend_pool *pool;
	struct ledger_book *book;
	struct atom32 rules[ENGINE_RULES];
	struct atom32 last_callout;
};

struct engine_callout {
	uint32_t id, driver;
	const char *name;
	struct atom32 pins, holds;
};

/* An owner of operations: counts what was posted. */
struct world_owner {
	struct atom32 posts;
	struct atomptr posted;
};

struct engine_frame *engine_frame_current(void)
{
	return thread_slot_get(THREAD_SLOT_CLASSIFY);
}

uint32_t engine_callout_driver(const struct engine_callout *c)
{
	return c->driver;
}

const char *engine_callout_name(const struct engine_callout *c)
{
	return c->name;
}

uint32_t engine_callout_id(const struct engine_callout *c)
{
	return c->id;
}

void engine_callout_pin(struct engine_callout *c)
{
	atom32_add(&c->pins, 1);
}

void engine_callout_unpin(struct engine_callout *c)
{
	BUG_ON(atom32_sub(&c->pins, 1) == UINT32_MAX);
}

void engine_callout_count_hold(struct engine_callout *c, int delta)
{
	BUG_ON(atom32_add(&c->holds, (uint32_t)delta) == UINT32_MAX);
}

void engine_report(struct engine *e, enum engine_rule rule, uint32_t callout_id, const char *driver,
		   uint64_t op)
{
	(void)driver, (void)op;
	lock_assert_none_held();
	atom32_add(&e->rules[rule], 1);
	atom32_store(&e->last_callout, callout_id);
}

void engine_report_callout(struct engine *e, enum engine_rule rule, const struct engine_callout *c,
			   uint64_t op)
{
	engine_report(e, rule, c ? c->id : 0, c ? c->name : NULL, op);
}

struct pend_pool *engine_pend_pool(const struct engine *e)
{
	return e->pool;
}

struct ledger_book *engine_ledger_book(const struct engine *e)
{
	return e->book;
}

/* Of the engine's own classify; here, so that its object is not linked. */
bool engine_seen_has(const struct engine_seen *s, uint32_t callout)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->callout[i] == callout)
			return true;
	return false;
}

bool engine_seen_add(struct engine_seen *s, uint32_t callout)
{
	if (engine_seen_has(s, callout))
		return true;
	if (s->n == ENGINE_SEEN_MAX)
		return false;
	s->callout[s->n++] = callout;
	return true;
}

static inline UNUSED void world_open(struct engine *e, const struct engine_config *config)
{
	*e = (struct engine){0};
	CHECK_OK(pend_pool_create(&e->pool, e, config));
	CHECK_OK(ledger_book_create(&e->book, e));
}

static inline UNUSED void world_close(struct engine *e)
{
	ledger_book_destroy(e->book);
	pend_pool_destroy(e->pool);
}

static inline UNUSED uint32_t world_rule(struct engine *e, enum engine_rule rule)
{
	return atom32_load(&e->rules[rule]);
}

static inline UNUSED void world_callout_init(struct engine_callout *c, uint32_t id,
					     const char *name)
{
	*c = (struct engine_callout){.id = id, .driver = id, .name = name};
}

/* One classifyFn and all it is shown. */
struct world_call {
	struct engine_indication ind;
	struct engine_metadata meta;
	struct model_filter filter;
	struct engine_call call;
	struct engine_classify_out out;
	struct engine_frame frame;
};

static inline UNUSED void world_enter(struct world_call *w, struct engine *e,
				      struct engine_callout *c, struct pend_op *op)
{
	*w = (struct world_call){0};
	w->meta.completion_handle = op ? pend_handle(op) : 0;
	w->meta.present = op ? ENGINE_META_COMPLETION_HANDLE : 0;
	w->ind = (struct engine_indication){.op = op, .meta = &w->meta};
	w->filter.id = 1000 + c->id;
	w->call = (struct engine_call){.ind = &w->ind, .filter = &w->filter, .callout_id = c->id};
	w->out = (struct engine_classify_out){.action = MODEL_ACTION_NONE,
					      .rights = ENGINE_RIGHT_ACTION_WRITE};
	w->frame = (struct engine_frame){.engine = e,
					 .call = &w->call,
					 .callout = c,
					 .op = op,
					 .out = &w->out,
					 .outer = engine_frame_current(),
					 .rights = ENGINE_RIGHT_ACTION_WRITE};
	thread_slot_set(THREAD_SLOT_CLASSIFY, &w->frame);
}

static inline UNUSED void world_absorb(struct world_call *w)
{
	w->out.action = MODEL_ACTION_BLOCK;
	w->out.flags |= ENGINE_OUT_ABSORB;
	w->out.rights &= ~ENGINE_RIGHT_ACTION_WRITE;
}

/* True: the hold of this call stands. */
static inline UNUSED bool world_return(struct world_call *w)
{
	thread_slot_set(THREAD_SLOT_CLASSIFY, w->frame.outer);
	return pend_callout_returned(&w->frame);
}

static inline UNUSED void world_post(void *owner, struct pend_op *op)
{
	struct world_owner *o = owner;

	atomptr_store(&o->posted, op);
	atom32_add(&o->posts, 1);
}

static const struct pend_owner_ops world_owner_ops = {world_post};

static inline UNUSED struct pend_op *world_begin(struct engine *e, enum pend_kind kind,
						 struct world_owner *o)
{
	struct pend_op *op;

	CHECK_OK(pend_begin(e, kind, 48, false, &world_owner_ops, o, &op));
	return op;
}

/* A well-behaved classifyFn that pends; the context is returned. */
static inline UNUSED uint64_t world_pend(struct engine *e, struct engine_callout *c,
					 struct pend_op *op)
{
	struct world_call w;
	uint64_t context;

	world_enter(&w, e, c, op);
	CHECK_OK(pend_operation(e, pend_handle(op), &context));
	world_absorb(&w);
	CHECK(world_return(&w));
	return context;
}

static inline UNUSED struct engine_counters world_counters(struct engine *e)
{
	struct engine_counters n = {0};

	pend_pool_count(e->pool, &n);
	ledger_book_count(e->book, &n);
	return n;
}
