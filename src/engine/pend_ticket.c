/* SPDX-License-Identifier: MIT */
/*
 * pend_ticket - classify handles: acquire, pend, complete, release.
 *
 * The word {generation, references} changes by compare-and-swap.  The acquirer's and the pend's
 * reference are a bit each, so that dropping one twice is found out; the rest counts the calls that
 * are looking at the ticket, so that it does not change under them.
 *
 *	63        32     31        30     29    0
 *	| generation | acquired | pended | calls |
 */
#include "engine/pend_ticket.h"

#include "engine/report.h"

#define GENERATION_SHIFT 32
#define REF_ACQUIRED	 (UINT64_C(1) << 31)
#define REF_PENDED	 (UINT64_C(1) << 30)

static uint32_t word_generation(uint64_t word)
{
	return (uint32_t)(word >> GENERATION_SHIFT) & PEND_GENERATION_MASK;
}

static struct pend_ticket *ticket_at(struct pend_pool *pool, uint32_t index)
{
	struct pend_slot *slot = pend_slots_at(&pool->tickets, index);

	return slot ? CONTAINER_OF(slot, struct pend_ticket, slot) : NULL;
}

/* The ticket that the handle names, kept for this call; NULL: stale. */
static struct pend_ticket *get(struct pend_pool *pool, uint64_t handle)
{
	struct pend_ticket *t;
	struct pend_name name;
	uint64_t word;

	if (!pend_handle_parse(pool->secret, handle, &name) || name.what != PEND_WHAT_TICKET)
		return NULL;
	t = ticket_at(pool, name.slot);
	if (!t)
		return NULL;
	word = atom64_load(&t->word);
	do {
		if (word_generation(word) != name.generation || (uint32_t)word == 0)
			return NULL;
	} while (!atom64_cas(&t->word, &word, word + 1));
	return t;
}

/* Ends the call; with the last reference the handle is stale and the slot free. */
static void put(struct pend_pool *pool, struct pend_ticket *t)
{
	struct engine_callout *callout = t->callout;
	uint64_t word = atom64_load(&t->word), next;

	do {
		next = word - 1;
		if ((uint32_t)next == 0)
			next = (uint64_t)(word_generation(word) + 1) << GENERATION_SHIFT;
	} while (!atom64_cas(&t->word, &word, next));
	if ((uint32_t)next != 0)
		return;
	pend_slots_give(&pool->tickets, &t->slot);
	engine_callout_unpin(callout);
}

/* False: that reference was dropped before, or never taken. */
static bool drop_ref(struct pend_ticket *t, uint64_t ref)
{
	uint64_t word = atom64_load(&t->word);

	do {
		if (!(word & ref))
			return false;
	} while (!atom64_cas(&t->word, &word, word & ~ref));
	return true;
}

static void report(struct pend_pool *pool, enum engine_rule rule, const struct pend_ticket *t,
		   uint64_t handle)
{
	engine_report_callout(pool->engine, rule, t ? t->callout : NULL, handle);
}

wfp_err pend_acquire(struct engine *e, uint64_t *handle)
{
	struct pend_pool *pool = engine_pend_pool(e);
	struct engine_frame *frame = engine_frame_current();
	struct pend_slot *slot;
	struct pend_ticket *t;
	struct pend_name name;
	wfp_err err;

	if (!handle)
		return ERR_NULL_POINTER;
	if (!frame || frame->engine != e)
		return ERR_INVALID_PARAMETER;
	err = pend_slots_take(&pool->tickets, &slot);
	if (err)
		return err;
	t = CONTAINER_OF(slot, struct pend_ticket, slot);
	t->op_handle = frame->op ? pend_handle(frame->op) : 0;
	t->callout = frame->callout;
	engine_callout_pin(t->callout);
	atom32_store_relaxed(&t->callout_id, engine_callout_id(t->callout));
	atom64_store_relaxed(&t->context, 0);
	name.generation = word_generation(atom64_or(&t->word, REF_ACQUIRED));
	name.slot = slot->index;
	name.what = PEND_WHAT_TICKET;
	*handle = pend_handle_make(pool->secret, name);
	return ERR_OK;
}

void pend_release(struct engine *e, uint64_t handle)
{
	struct pend_pool *pool = engine_pend_pool(e);
	struct pend_ticket *t = get(pool, handle);

	if (!t || !drop_ref(t, REF_ACQUIRED))
		report(pool, ENGINE_RULE_StaleContext, t, handle);
	if (t)
		put(pool, t);
}

/* What the callout must return now is known, so it is set for it. */
static void set_pended(struct engine_classify_out *out)
{
	out->action = MODEL_ACTION_BLOCK;
	out->flags |= ENGINE_OUT_ABSORB;
	out->rights &= ~ENGINE_RIGHT_ACTION_WRITE;
}

static wfp_err pend_with(struct pend_pool *pool, struct pend_ticket *t, uint64_t filter_id)
{
	struct engine_frame *frame = engine_frame_current();
	uint64_t context;
	wfp_err err;

	if (frame && filter_id != frame->call->filter->id)
		return ERR_INVALID_PARAMETER;
	/* It has a hold of another call to name: a second would never be completed. */
	if (atom64_load(&t->context) != 0 && !(frame && frame->pended)) {
		engine_report_callout(pool->engine, ENGINE_RULE_PendOutsideClassify, t->callout,
				      t->op_handle);
		return ERR_CANNOT_PEND;
	}
	err = pend_driver_hold(pool, frame, PEND_CLASSIFY, t->op_handle, &context);
	if (err || atom64_load(&t->context) == context)
		return err == ERR_NULL_POINTER ? ERR_CANNOT_PEND : err;
	atom64_store(&t->context, context);
	atom64_or(&t->word, REF_PENDED);
	return ERR_OK;
}

wfp_err pend_classify(struct engine *e, uint64_t handle, uint64_t filter_id,
		      struct engine_classify_out *out)
{
	struct pend_pool *pool = engine_pend_pool(e);
	struct pend_ticket *t;
	wfp_err err;

	if (!out)
		return ERR_NULL_POINTER;
	t = get(pool, handle);
	if (!t) {
		report(pool, ENGINE_RULE_StaleContext, NULL, handle);
		return ERR_INVALID_HANDLE;
	}
	err = pend_with(pool, t, filter_id);
	if (!err)
		set_pended(out);
	put(pool, t);
	return err;
}

static struct pend_answer answer_of(struct pend_pool *pool, const struct pend_ticket *t,
				    const struct engine_classify_out *out, uint64_t handle)
{
	struct pend_answer answer = {0};

	if (!out)
		return answer;
	answer.action = (uint16_t)out->action;
	answer.hard = !(out->rights & ENGINE_RIGHT_ACTION_WRITE);
	if (out->action == MODEL_ACTION_PERMIT || out->action == MODEL_ACTION_BLOCK ||
	    out->action == MODEL_ACTION_CONTINUE)
		return answer;
	report(pool, ENGINE_RULE_BadAction, t, handle);
	answer.action = MODEL_ACTION_BLOCK;
	return answer;
}

void pend_complete_classify(struct engine *e, uint64_t handle,
			    const struct engine_classify_out *out)
{
	struct pend_pool *pool = engine_pend_pool(e);
	struct pend_ticket *t = get(pool, handle);
	struct pend_answer answer;

	if (!t) {
		report(pool, ENGINE_RULE_StaleContext, NULL, handle);
		return;
	}
	if (drop_ref(t, REF_PENDED)) {
		answer = answer_of(pool, t, out, handle);
		pend_driver_complete(pool, atom64_load(&t->context), &answer);
	} else if (atom64_load(&t->context) != 0) {
		report(pool, ENGINE_RULE_PendDoubleComplete, t, handle);
	} else {
		report(pool, ENGINE_RULE_StaleContext, t, handle);
	}
	put(pool, t);
}

/* The handle of a ticket in use by that callout, as far as a look from outside can tell; or 0. */
static uint64_t handle_if_of(struct pend_pool *pool, struct pend_ticket *t, uint32_t callout_id)
{
	uint64_t word = atom64_load(&t->word);
	struct pend_name name = {word_generation(word), t->slot.index, PEND_WHAT_TICKET};

	if ((uint32_t)word == 0 || atom32_load_relaxed(&t->callout_id) != callout_id)
		return 0;
	return pend_handle_make(pool->secret, name);
}

void pend_pool_callout_gone(struct pend_pool *pool, const struct engine_callout *c)
{
	uint32_t count = pend_slots_count(&pool->tickets);

	for (uint32_t i = 0; i < count; i++) {
		struct pend_ticket *t = ticket_at(pool, i);
		uint64_t handle = handle_if_of(pool, t, engine_callout_id(c));

		if (handle == 0 || get(pool, handle) != t)
			continue;
		/* The key may be registered again by now, and the id is the key's. */
		if (t->callout == c && drop_ref(t, REF_ACQUIRED))
			report(pool, ENGINE_RULE_ClassifyHandleBalance, t, handle);
		if (t->callout == c)
			drop_ref(t, REF_PENDED);
		put(pool, t);
	}
}
