/* SPDX-License-Identifier: MIT */
/*
 * pend_driver - the driver's side: pending inside a classifyFn, completing from anywhere.
 *
 * Pending asks the frame of the classifyFn that runs on this thread, so it cannot be done from
 * elsewhere.  Completing goes by number alone: the record's compare-and-swap decides who answered,
 * and its winner drops the hold.  Everything a driver can do wrong here is an error and a report.
 */
#include "base/clock.h"
#include "engine/pend_op.h"
#include "engine/report.h"

static wfp_err refuse(struct pend_pool *pool, const struct engine_frame *frame,
		      enum engine_rule rule)
{
	engine_report_callout(pool->engine, rule, frame ? frame->callout : NULL,
			      frame && frame->op ? pend_handle(frame->op) : 0);
	return ERR_CANNOT_PEND;
}

/* The frame has no operation: the layer cannot be pended, or there was no memory for one. */
static wfp_err refuse_without_op(struct pend_pool *pool, const struct engine_frame *frame)
{
	const struct engine_metadata *meta = frame->call->ind->meta;

	if (meta && (meta->present & ENGINE_META_COMPLETION_HANDLE))
		return ERR_NO_MEMORY;
	return refuse(pool, frame, ENGINE_RULE_PendOutsideClassify);
}

static wfp_err check_rights(struct pend_pool *pool, const struct engine_frame *frame)
{
	wfp_err err;

	if (frame->rights & ENGINE_RIGHT_ACTION_WRITE)
		return ERR_OK;
	err = refuse(pool, frame, ENGINE_RULE_PendRightsIgnored);
	return pool->config.strict_rights ? err : ERR_OK;
}

/* The packet shown comes back from the driver of the callout that is asked. */
static bool is_self_injected(const struct engine_frame *frame)
{
	uint32_t driver = frame->call->ind->injected_by_driver;

	return driver && driver == engine_callout_driver(frame->callout);
}

static wfp_err check_may_pend(struct pend_pool *pool, const struct engine_frame *frame,
			      enum pend_kind kind, uint64_t handle)
{
	if (!frame || frame->engine != pool->engine)
		return refuse(pool, NULL, ENGINE_RULE_PendOutsideClassify);
	if (frame->call->ind->reauthorize || (frame->op && frame->op->reauthorize))
		return refuse(pool, frame, ENGINE_RULE_PendOnReauth);
	if (!frame->op)
		return refuse_without_op(pool, frame);
	if (handle == 0)
		return ERR_NULL_POINTER;
	if (handle != pend_handle(frame->op) || frame->op->kind != kind)
		return refuse(pool, frame, ENGINE_RULE_PendOutsideClassify);
	if (is_self_injected(frame))
		return refuse(pool, frame, ENGINE_RULE_PendSelfInjected);
	if (atom32_load(&pool->stopping))
		return ERR_TCPIP_NOT_READY;
	return check_rights(pool, frame);
}

/* The hold that this callout already has for this filter; PEND_RECORDS: none. */
static unsigned find_record(const struct engine_frame *frame)
{
	const struct pend_op *op = frame->op;
	unsigned i;

	for (i = 0; i < op->n_records; i++)
		if (op->records[i].callout == frame->callout &&
		    op->records[i].filter_id == frame->call->filter->id)
			return i;
	return PEND_RECORDS;
}

/* Nothing can fail after the hold is taken. */
static void fill_record(struct pend_op *op, struct pend_record *r, struct engine_frame *frame)
{
	struct pend_answer none = {0};

	atom32_store_relaxed(&r->callout_id, engine_callout_id(frame->callout));
	r->callout = frame->callout;
	r->filter_id = frame->call->filter->id;
	r->since = clock_now();
	engine_callout_pin(frame->callout);
	engine_callout_count_hold(frame->callout, 1);
	frame->record = (uint8_t)(r - op->records);
	BUG_ON(!pend_op_record_step(op, frame->record, pend_op_generation(op), PEND_RECORD_EV_TAKE,
				    &none, NULL));
	frame->pended = true;
}

/*
 * Whoever cancels or stops marks first and looks at the records then; we show our record first and
 * look for the mark then.  So one of the two finds the other.
 */
static void revoke_if_marked(struct pend_pool *pool, struct pend_op *op, unsigned record)
{
	uint64_t word = atom64_load(&op->word);
	uint32_t cancel = pend_word_cancel(word);

	if (cancel)
		pend_op_revoke(op, record, pend_word_generation(word), (enum pend_reason)cancel);
	else if (atom32_load(&pool->stopping))
		pend_op_revoke(op, record, pend_word_generation(word), PEND_REASON_STOPPED);
}

wfp_err pend_driver_hold(struct pend_pool *pool, struct engine_frame *frame, enum pend_kind kind,
			 uint64_t handle, uint64_t *context)
{
	wfp_err err = check_may_pend(pool, frame, kind, handle);
	struct pend_op *op;
	unsigned record;
	uint32_t did;

	if (err)
		return err;
	op = frame->op;
	record = find_record(frame);
	if (record < PEND_RECORDS) {
		*context = pend_op_context(op, record);
		return ERR_OK;
	}
	if (op->n_records == PEND_RECORDS)
		return ERR_NO_MEMORY;
	if (!pend_op_step(op, PEND_EV_PEND, PEND_REASON_NONE, &did))
		return ERR_CANNOT_PEND;
	record = op->n_records++;
	fill_record(op, &op->records[record], frame);
	*context = pend_op_context(op, record);
	revoke_if_marked(pool, op, record);
	return ERR_OK;
}

wfp_err pend_operation(struct engine *e, uint64_t completion_handle, uint64_t *context)
{
	if (!context)
		return ERR_NULL_POINTER;
	return pend_driver_hold(engine_pend_pool(e), engine_frame_current(), PEND_ALE,
				completion_handle, context);
}

struct pend_op *pend_op_of_context(struct pend_pool *pool, uint64_t context, struct pend_name *name)
{
	struct pend_slot *slot;

	if (!pend_handle_parse(pool->secret, context, name) || name->what >= PEND_RECORDS)
		return NULL;
	slot = pend_slots_at(&pool->ops, name->slot);
	return slot ? CONTAINER_OF(slot, struct pend_op, slot) : NULL;
}

uint64_t pend_op_context(const struct pend_op *op, unsigned record)
{
	struct pend_name name = {pend_op_generation(op), op->slot.index, record};

	return pend_handle_make(op->pool->secret, name);
}

/* How a complete fails, by what the record had become before. */
static const struct {
	enum engine_rule rule;
	wfp_err err;
} too_late[PEND_RECORD_STATES] = {
	[PEND_RECORD_EMPTY] = {ENGINE_RULE_StaleContext, ERR_INVALID_HANDLE},
	[PEND_RECORD_DONE] = {ENGINE_RULE_PendDoubleComplete, ERR_INVALID_HANDLE},
	[PEND_RECORD_REVOKED] = {ENGINE_RULE_LateComplete, ERR_OPERATION_ABORTED},
};

wfp_err pend_driver_complete(struct pend_pool *pool, uint64_t context,
			     const struct pend_answer *answer)
{
	enum pend_record_state was = PEND_RECORD_EMPTY;
	uint32_t callout_id = 0;
	struct pend_record *r;
	struct pend_name name;
	struct pend_op *op;

	op = pend_op_of_context(pool, context, &name);
	if (op) {
		r = &op->records[name.what];
		callout_id = atom32_load_relaxed(&r->callout_id);
		if (pend_op_record_step(op, name.what, name.generation, PEND_RECORD_EV_COMPLETE,
					answer, &was)) {
			pend_op_let_go(op, r, PEND_EV_COMPLETE);
			return ERR_OK;
		}
	}
	engine_report(pool->engine, too_late[was].rule, was == PEND_RECORD_EMPTY ? 0 : callout_id,
		      NULL, context);
	return too_late[was].err;
}

wfp_err pend_complete(struct engine *e, uint64_t context)
{
	const struct pend_answer no_opinion = {0};

	return pend_driver_complete(engine_pend_pool(e), context, &no_opinion);
}
