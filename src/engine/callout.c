/* SPDX-License-Identifier: MIT */
/*
 * callout - registering, and the way out: stop new calls, wait for those in flight, delete the flow
 * contexts, let go of the holds, release.
 *
 * Both happen in turns.  A polite unregistration that is refused leaves the callout leaving: it is
 * not called any more and associates no new contexts, so that what remains can only become less.
 */
#include "engine/callout.h"

#include <string.h>

#include "base/mem.h"
#include "base/thread.h"
#include "engine/flow_slots.h"
#include "engine/pend.h"
#include "engine/registry.h"
#include "engine/retire.h"
#include "engine/report.h"
#include "engine/tally.h"

static void callout_free(struct engine_callout *c)
{
	mem_free(c->name);
	mem_free(c);
}

static bool is_cacheable(const struct engine_callout_desc *desc)
{
	return desc->flags & ENGINE_CALLOUT_VERDICT_CACHEABLE &&
	       !(desc->flags & ENGINE_CALLOUT_CONDITIONAL_ON_FLOW) && !desc->ops->flow_delete;
}

/* by: 1 when it has been published, -1 when it is forgotten. */
static void count_cacheable(struct engine *e, const struct engine_callout *c, int by)
{
	if (!c->cacheable)
		return;
	atom32_add(&e->cacheable_callouts, (uint32_t)by);
	atom64_add(&e->cache_epoch, 1);
}

static wfp_err callout_new(struct engine *e, const struct engine_callout_desc *desc, uint32_t id,
			   struct engine_callout **out)
{
	struct engine_callout *c = mem_zalloc(sizeof(*c));
	const char *name = desc->name ? desc->name : "";

	if (!c)
		return ERR_NO_MEMORY;
	if (engine_tally_get(e, name, &c->tally) != ERR_OK) {
		mem_free(c);
		return ERR_NO_MEMORY;
	}
	c->name = mem_strdup(name);
	if (!c->name) {
		mem_free(c);
		return ERR_NO_MEMORY;
	}
	atom32_init(&c->refs, 1);
	c->engine = e;
	c->id = id;
	c->driver = desc->driver;
	c->flags = desc->flags;
	c->cacheable = is_cacheable(desc);
	c->ops = desc->ops;
	c->ctx = desc->ctx;
	*out = c;
	return ERR_OK;
}

static wfp_err register_in_turn(struct engine *e, const struct engine_callout_desc *desc,
				uint32_t *id)
{
	struct callout_slot *slot;
	struct engine_callout *c;
	wfp_err err = engine_slot_get(e, &desc->key, 0, &slot);

	if (err)
		return err;
	if (slot->registered) {
		err = ERR_ALREADY_EXISTS;
		goto undo_slot;
	}
	err = callout_new(e, desc, slot->id, &c);
	if (err)
		goto undo_slot;
	engine_slot_register(e, slot, c);
	count_cacheable(e, c, 1);
	*id = slot->id;
	return ERR_OK;
undo_slot:
	engine_slot_put(e, slot);
	return err;
}

wfp_err engine_callout_register(struct engine *e, const struct engine_callout_desc *desc,
				uint32_t *id)
{
	wfp_err err;

	if (!desc->ops || !desc->ops->classify || guid_is_zero(&desc->key))
		return ERR_INVALID_PARAMETER;
	err = engine_turn_begin(e);
	if (err)
		return err;
	err = register_in_turn(e, desc, id);
	engine_turn_end(e);
	return err;
}

/* Forced: what the driver left behind is taken away from it, and reported. */
static void take_away(struct engine *e, struct engine_callout *c, bool had_contexts)
{
	if (had_contexts)
		engine_report_callout(e, ENGINE_RULE_FlowContextLeak, c, 0);
	if (atom32_load(&c->holds) > 0) {
		engine_report_callout(e, ENGINE_RULE_UnloadWithHolds, c, 0);
		pend_revoke_callout(e, c->id, PEND_REASON_UNREGISTERED);
	}
	engine_flows_wait(e, c);
}

static wfp_err unregister_in_turn(struct engine *e, struct callout_slot *slot,
				  enum engine_unregister how)
{
	struct engine_callout *c = slot->registered;
	bool had_contexts;

	rcu_publish(&slot->callable, NULL);
	if (c->cacheable)
		atom64_add(&e->cache_epoch, 1);
	rcu_wait();
	engine_retired_free(e);
	had_contexts = engine_flows_leave(e, c);
	if (how == ENGINE_UNREGISTER_FORCED)
		take_away(e, c, had_contexts);
	else if (had_contexts || atom32_load(&c->holds) > 0)
		return ERR_IN_USE;
	engine_slot_register(e, slot, NULL);
	count_cacheable(e, c, -1);
	engine_slot_put(e, slot);
	return ERR_OK;
}

wfp_err engine_callout_unregister(struct engine *e, uint32_t id, enum engine_unregister how)
{
	struct engine_callout *c = NULL;
	struct callout_slot *slot;
	wfp_err err = engine_turn_begin(e);

	if (err)
		return err;
	slot = engine_slot_find_id(e, id);
	if (slot)
		c = slot->registered;
	err = c ? unregister_in_turn(e, slot, how) : ERR_CALLOUT_NOT_FOUND;
	engine_turn_end(e);
	if (err)
		return err;
	pend_pool_callout_gone(e->pends, c);
	if (c->ops->released)
		c->ops->released(c->ctx);
	engine_callout_unpin(c);
	return ERR_OK;
}

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
	atom32_add(&c->refs, 1);
}

void engine_callout_unpin(struct engine_callout *c)
{
	if (atom32_sub(&c->refs, 1) == 0)
		callout_free(c);
}

void engine_callout_count_hold(struct engine_callout *c, int delta)
{
	if (delta > 0)
		atom64_add_relaxed(&c->tally->pends, (uint64_t)delta);
	atom32_add(&c->holds, (uint32_t)delta);
}
