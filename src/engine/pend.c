/* SPDX-License-Identifier: MIT */
/*
 * pend - the owner's and the engine's side of pended operations.
 *
 * The operation's word says who may touch what: the classifying thread until its drop, every holder
 * until its own drop, then the owner alone.  The owner's functions run on its worker; pend_op_step
 * and what drops holds run on any thread.  The drawing of the phases is in pend_step.c.
 */
#include "engine/pend.h"

#include "base/clock.h"
#include "engine/pend_op.h"
#include "engine/pend_trace.h"
#include "engine/report.h"

static void count_step(struct pend_pool *pool, uint32_t did)
{
	if (did & PEND_DO_MARK_HELD)
		atom64_add_relaxed(&pool->pended_now, 1);
	if (did & PEND_DO_COUNT_JOINED)
		atom64_add_relaxed(&pool->joined, 1);
	if (did & PEND_DO_COUNT_EARLY)
		atom64_add_relaxed(&pool->completed_before_return, 1);
	if (did & PEND_DO_MARK_TAKEN)
		atom64_add_relaxed(&pool->resumed, 1);
}

bool pend_op_step(struct pend_op *op, enum pend_event event, enum pend_reason reason, uint32_t *did)
{
	struct pend_pool *pool = op->pool;
	uint64_t word = atom64_load(&op->word);
	struct pend_next next;

	do {
		next = pend_step(word, event, reason);
	} while (next.ok && !atom64_cas(&op->word, &word, next.word));
	if (next.ok)
		pend_trace_word(op, event, word, next.word);
	*did = next.actions;
	count_step(pool, next.actions);
	return next.ok;
}

bool pend_op_record_step(struct pend_op *op, unsigned record, uint32_t generation,
			 enum pend_record_event event, const struct pend_answer *answer,
			 enum pend_record_state *was)
{
	enum pend_record_state before;
	bool done = pend_record_step(&op->records[record], generation, event, answer, &before);

	if (done)
		pend_trace_record(op, record, generation, event, before);
	if (was)
		*was = before;
	return done;
}

void pend_op_let_go(struct pend_op *op, const struct pend_record *r, enum pend_event event)
{
	uint32_t did;

	engine_callout_count_hold(r->callout, -1);
	BUG_ON(!pend_op_step(op, event, PEND_REASON_NONE, &did));
	if (did & PEND_DO_POST)
		op->ops->post(op->owner, op);
}

bool pend_op_revoke(struct pend_op *op, unsigned record, uint32_t generation,
		    enum pend_reason reason)
{
	struct pend_record *r = &op->records[record];
	struct pend_answer answer = {.reason = reason};

	if (!pend_op_record_step(op, record, generation, PEND_RECORD_EV_REVOKE, &answer, NULL))
		return false;
	pend_op_let_go(op, r, PEND_EV_REVOKE);
	return true;
}

wfp_err pend_begin(struct engine *e, enum pend_kind kind, uint16_t layer, bool reauthorize,
		   const struct pend_owner_ops *ops, void *owner, struct pend_op **out)
{
	struct pend_pool *pool = engine_pend_pool(e);
	struct pend_slot *slot;
	struct pend_op *op;
	uint32_t did;
	wfp_err err;

	err = pend_slots_take(&pool->ops, &slot);
	if (err)
		return err;
	op = CONTAINER_OF(slot, struct pend_op, slot);
	op->pool = pool;
	op->kind = kind;
	op->layer = layer;
	op->reauthorize = reauthorize;
	op->ops = ops;
	op->owner = owner;
	op->n_records = 0;
	BUG_ON(!pend_op_step(op, PEND_EV_BEGIN, PEND_REASON_NONE, &did));
	*out = op;
	return ERR_OK;
}

uint64_t pend_handle(const struct pend_op *op)
{
	struct pend_name name = {pend_op_generation(op), op->slot.index, PEND_WHAT_OPERATION};

	return pend_handle_make(op->pool->secret, name);
}

struct mail *pend_mail(struct pend_op *op)
{
	return &op->mail;
}

struct pend_op *pend_of_mail(struct mail *mail)
{
	return CONTAINER_OF(mail, struct pend_op, mail);
}

void *pend_owner(const struct pend_op *op)
{
	return op->owner;
}

/* What a callout that pends must return.  No packet comes with a pend classify: nothing to absorb.
 */
static bool kept_protocol(const struct engine_frame *frame)
{
	const struct engine_classify_out *out = frame->out;

	if (out->action != MODEL_ACTION_BLOCK)
		return false;
	return frame->op->kind == PEND_CLASSIFY || (out->flags & ENGINE_OUT_ABSORB);
}

bool pend_callout_returned(struct engine_frame *frame)
{
	struct pend_answer answer = {.reason = PEND_REASON_NO_ABSORB};
	enum pend_record_state was;
	struct pend_record *r;

	if (!frame->pended)
		return false;
	if (kept_protocol(frame))
		return true;
	r = &frame->op->records[frame->record];
	if (pend_op_record_step(frame->op, frame->record, pend_op_generation(frame->op),
				PEND_RECORD_EV_RECALL, &answer, &was) &&
	    was == PEND_RECORD_HELD)
		pend_op_let_go(frame->op, r, PEND_EV_REVOKE);
	frame->out->action = MODEL_ACTION_BLOCK;
	frame->out->flags &= ~ENGINE_OUT_ABSORB;
	frame->out->rights &= ~ENGINE_RIGHT_ACTION_WRITE;
	engine_report_callout(frame->engine, ENGINE_RULE_PendNoAbsorb, frame->callout,
			      pend_handle(frame->op));
	return false;
}

enum pend_left pend_classified(struct pend_op *op)
{
	uint32_t did;

	BUG_ON(!pend_op_step(op, PEND_EV_CLASSIFIED, PEND_REASON_NONE, &did));
	if (did & PEND_DO_INLINE)
		return PEND_LEFT_INLINE;
	if (did & PEND_DO_POST)
		op->ops->post(op->owner, op);
	return PEND_LEFT_HELD;
}

static void fill_result(const struct pend_op *op, const struct pend_tally *t,
			struct pend_result *out)
{
	out->holders = op->n_records;
	out->outcome = t->outcome;
	out->by_callout = t->by_callout;
	/*
	 * Somebody completed without an opinion: the reauthorization will ask for it.  Only a block
	 * makes that needless; a default permit for another holder does not.
	 */
	if (t->undecided > 0 && !(t->revoked > 0 && t->outcome == ENGINE_BLOCK))
		return;
	out->revoked = t->revoked > 0;
	out->final = t->revoked == 0;
}

void pend_resume(struct pend_op *op, struct pend_result *out)
{
	struct pend_tally tally;
	uint64_t word;
	uint32_t did;

	BUG_ON(!pend_op_step(op, PEND_EV_RESUME, PEND_REASON_NONE, &did));
	word = atom64_load(&op->word);
	*out = (struct pend_result){.cancelled = (enum pend_reason)pend_word_cancel(word)};
	pend_record_arbitrate(op->records, op->n_records, pend_word_generation(word),
			      op->pool->config.on_revoke, &tally);
	fill_result(op, &tally, out);
}

void pend_end(struct pend_op *op)
{
	struct engine_callout *pinned[PEND_RECORDS];
	struct pend_pool *pool = op->pool;
	uint32_t did, n = op->n_records;
	bool held = pend_word_flags(atom64_load(&op->word)) & PEND_FLAG_HELD;

	for (uint32_t i = 0; i < n; i++)
		pinned[i] = op->records[i].callout;
	BUG_ON(!pend_op_step(op, PEND_EV_END, PEND_REASON_NONE, &did));
	pend_slots_give(&pool->ops, &op->slot);
	if (held)
		atom64_sub_relaxed(&pool->pended_now, 1);
	/* After the spin of pend_slots_give no walker reads the records any more. */
	for (uint32_t i = 0; i < n; i++)
		engine_callout_unpin(pinned[i]);
}

void pend_cancel(struct pend_op *op, enum pend_reason reason)
{
	uint32_t did, generation = pend_op_generation(op);

	if (!pend_op_step(op, PEND_EV_CANCEL, reason, &did) || !(did & PEND_DO_REVOKE_ALL))
		return;
	/* From here a new holder sees the mark and revokes its own hold. */
	for (unsigned i = 0; i < PEND_RECORDS; i++)
		pend_op_revoke(op, i, generation, reason);
}
