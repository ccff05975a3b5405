/* SPDX-License-Identifier: MIT */
/*
 * pend_pool - what goes over all operations of an engine: stop, watchdog, forced end, listing.
 *
 * A walk looks at one operation at a time under the pool's spin, which an operation needs to end,
 * so a hold seen there keeps its callout pinned meanwhile.  What it finds it copies, and acts on
 * the copies, by handle, with no lock held: a hold that was dropped in between is then simply late.
 */
#include "engine/pend_pool.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "engine/pend_op.h"
#include "engine/pend_ticket.h"
#include "engine/report.h"
#include "engine/state.h"

#define DEFAULT_OPS    65536u
#define NAME_MAX_SHOWN 64

wfp_err pend_pool_create(struct pend_pool **out, struct engine *e,
			 const struct engine_config *config)
{
	uint32_t max = config->max_ops ? config->max_ops : DEFAULT_OPS;
	struct pend_pool *pool;

	if (max > PEND_SLOTS_MAX)
		return ERR_INVALID_PARAMETER;
	pool = mem_zalloc(sizeof(*pool));
	if (!pool)
		return ERR_NO_MEMORY;
	pool->engine = e;
	pool->config = *config;
	pool->secret = entropy_u64();
	pend_slots_init(&pool->ops, sizeof(struct pend_op), max, "pended operations",
			ENGINE_RANK_PEND);
	pend_slots_init(&pool->tickets, sizeof(struct pend_ticket), max, "classify handles",
			ENGINE_RANK_PEND + 1);
	*out = pool;
	return ERR_OK;
}

void pend_pool_destroy(struct pend_pool *pool)
{
	if (!pool)
		return;
	pend_slots_destroy(&pool->tickets);
	pend_slots_destroy(&pool->ops);
	mem_free(pool);
}

/* A hold as a walk saw it. */
struct seen_hold {
	uint64_t context, since;
	uint32_t callout_id;
	uint16_t layer;
	char driver[NAME_MAX_SHOWN];
};

static void copy_name(char to[NAME_MAX_SHOWN], const char *from)
{
	size_t i;

	for (i = 0; from && from[i] && i < NAME_MAX_SHOWN - 1; i++)
		to[i] = from[i];
	to[i] = 0;
}

static unsigned see_holds(struct pend_op *op, struct seen_hold holds[PEND_RECORDS])
{
	uint32_t generation = pend_op_generation(op);
	unsigned n = 0;

	for (unsigned i = 0; i < PEND_RECORDS; i++) {
		struct pend_record *r = &op->records[i];
		struct seen_hold *h = &holds[n];

		if (pend_record_state(atom64_load(&r->word), generation) != PEND_RECORD_HELD)
			continue;
		h->context = pend_op_context(op, i);
		h->since = r->since;
		h->callout_id = engine_callout_id(r->callout);
		h->layer = op->layer;
		copy_name(h->driver, engine_callout_name(r->callout));
		n++;
	}
	return n;
}

/* Calls back for each hold there is now; what it sees may be over when it is called. */
static void walk(struct pend_pool *pool,
		 void (*each)(struct pend_pool *pool, const struct seen_hold *h, void *ctx),
		 void *ctx)
{
	struct seen_hold holds[PEND_RECORDS];
	uint32_t count = pend_slots_count(&pool->ops);

	for (uint32_t i = 0; i < count; i++) {
		struct pend_slot *slot = pend_slots_at(&pool->ops, i);
		struct pend_op *op = CONTAINER_OF(slot, struct pend_op, slot);
		unsigned n;

		if (!(pend_word_flags(atom64_load(&op->word)) & PEND_FLAG_HELD))
			continue;
		spin_take(&pool->ops.spin);
		n = see_holds(op, holds);
		spin_drop(&pool->ops.spin);
		for (unsigned k = 0; k < n; k++)
			each(pool, &holds[k], ctx);
	}
}

static bool revoke(struct pend_pool *pool, const struct seen_hold *h, enum pend_reason reason)
{
	struct pend_name name;
	struct pend_op *op = pend_op_of_context(pool, h->context, &name);

	BUG_ON(!op);
	return pend_op_revoke(op, name.what, name.generation, reason);
}

static void stop_one(struct pend_pool *pool, const struct seen_hold *h, void *ctx)
{
	(void)ctx;
	revoke(pool, h, PEND_REASON_STOPPED);
}

void pend_pool_stop(struct pend_pool *pool)
{
	atom32_store(&pool->stopping, 1);
	walk(pool, stop_one, NULL);
}

static void expire_one(struct pend_pool *pool, const struct seen_hold *h, void *ctx)
{
	const uint64_t *now = ctx;

	if (*now < h->since || *now - h->since < pool->config.pend_timeout)
		return;
	if (revoke(pool, h, PEND_REASON_TIMEOUT))
		engine_report(pool->engine, ENGINE_RULE_PendLost, h->callout_id, h->driver,
			      h->context);
}

void pend_pool_tick(struct pend_pool *pool, uint64_t now)
{
	if (pool->config.pend_timeout != 0)
		walk(pool, expire_one, &now);
}

struct wanted {
	uint32_t callout_id;
	enum pend_reason reason;
};

static void revoke_wanted(struct pend_pool *pool, const struct seen_hold *h, void *ctx)
{
	const struct wanted *w = ctx;

	if (h->callout_id == w->callout_id)
		revoke(pool, h, w->reason);
}

void pend_revoke_callout(struct engine *e, uint32_t callout_id, enum pend_reason reason)
{
	struct wanted w = {callout_id, reason};

	walk(engine_pend_pool(e), revoke_wanted, &w);
}

struct listing {
	void (*each)(void *ctx, const struct pend_info *info);
	void *ctx;
};

static void list_one(struct pend_pool *pool, const struct seen_hold *h, void *ctx)
{
	const struct listing *l = ctx;
	struct pend_info info = {h->context, h->layer, h->callout_id, h->driver, h->since};

	(void)pool;
	l->each(l->ctx, &info);
}

void pend_list(struct engine *e, void (*each)(void *ctx, const struct pend_info *info), void *ctx)
{
	struct listing l = {each, ctx};

	walk(engine_pend_pool(e), list_one, &l);
}

void pend_pool_count(struct pend_pool *pool, struct engine_counters *out)
{
	out->pended_now = atom64_load_relaxed(&pool->pended_now);
	out->joined = atom64_load_relaxed(&pool->joined);
	out->completed_before_return = atom64_load_relaxed(&pool->completed_before_return);
	out->resumed = atom64_load_relaxed(&pool->resumed);
}
