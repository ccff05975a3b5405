/* SPDX-License-Identifier: MIT */
/*
 * txn - transactions: one writer at a time, and what each call does about the session's.
 *
 * The lock that writers wait for is a role, b->writer, guarded by b->lock and waited for on
 * b->changed.  So no lock is held while a commit calls notifyFns, the store and subscribers;
 * b->committing names the thread that is in there, and what that thread calls is refused.  A
 * read-only transaction is a snapshot and waits for nobody.
 */
#include "bfe/state.h"

#include "base/clock.h"
#include "base/thread.h"
#include "engine/callout.h"
#include "model/access.h"

#define DEFAULT_WAIT_MS 15000u
#define ALIVE_SLICE	(250 * CLOCK_MS)

/* ---- calls ------------------------------------------------------------------------------------
 */

static wfp_err make_busy(struct bfe *b, struct bfe_session *s) REQUIRES(b->lock)
{
	if (b->committing == thread_id())
		return ERR_TXN_IN_PROGRESS;
	while (s->busy)
		cond_wait(&b->changed, &b->lock);
	if (s->closing)
		return ERR_SESSION_ABORTED;
	if (s->aborted) {
		s->aborted = false;
		return ERR_TXN_ABORTED;
	}
	s->busy = true;
	return ERR_OK;
}

wfp_err bfe_call_enter(struct bfe_session *s)
{
	struct bfe *b = s->bfe;
	wfp_err err;

	if (engine_frame_current())
		return ERR_NOT_SUPPORTED;
	lock_take(&b->lock);
	err = make_busy(b, s);
	lock_drop(&b->lock);
	if (!err)
		bfe_sessions_reap(b);
	return err;
}

void bfe_call_leave(struct bfe_session *s)
{
	struct bfe *b = s->bfe;

	lock_take(&b->lock);
	s->busy = false;
	cond_broadcast(&b->changed);
	lock_drop(&b->lock);
	bfe_sessions_reap(b);
}

/* ---- the writer's role ------------------------------------------------------------------------
 */

uint64_t bfe_txn_deadline(const struct bfe_session *s)
{
	uint32_t ms = s->wait_ms ? s->wait_ms : DEFAULT_WAIT_MS;

	return ms == UINT32_MAX ? CLOCK_NEVER : clock_now() + ms * CLOCK_MS;
}

static void start(struct bfe_session *s, bool read_only)
{
	s->in_txn = true;
	s->read_only = read_only;
	s->txn_began = clock_now();
}

/* False: whoever waits has gone.  The lock is not held while we ask. */
static bool still_there(struct bfe *b, struct bfe_session *s) REQUIRES(b->lock)
{
	bool there;

	if (!s->alive)
		return true;
	lock_drop(&b->lock);
	there = s->alive(s->ctx);
	lock_take(&b->lock);
	return there;
}

static uint64_t next_look(const struct bfe_session *s)
{
	return s->alive ? clock_now() + ALIVE_SLICE : CLOCK_NEVER;
}

/* Looks by the clock, not when it was quiet for so long: a busy engine never is. */
static wfp_err wait_for_role(struct bfe *b, struct bfe_session *s, uint64_t deadline)
	REQUIRES(b->lock)
{
	uint64_t look = next_look(s);

	while (b->writer) {
		uint64_t until = deadline < look ? deadline : look;

		if (clock_now() >= deadline)
			return ERR_TIMEOUT;
		if (cond_wait_until(&b->changed, &b->lock, until) && clock_now() < look)
			continue;
		if (!still_there(b, s))
			return ERR_SESSION_ABORTED;
		look = next_look(s);
	}
	return ERR_OK;
}

wfp_err bfe_txn_acquire(struct bfe_session *s, uint64_t deadline)
{
	struct bfe *b = s->bfe;
	wfp_err err;

	lock_take(&b->lock);
	err = wait_for_role(b, s, deadline);
	if (!err) {
		b->writer = s;
		b->writer_thread = thread_id();
		start(s, false);
	}
	lock_drop(&b->lock);
	return err;
}

static void release_role(struct bfe_session *s)
{
	struct bfe *b = s->bfe;

	lock_take(&b->lock);
	b->writer = NULL;
	s->in_txn = false;
	cond_broadcast(&b->changed);
	lock_drop(&b->lock);
}

void bfe_txn_set_committing(struct bfe *b, uint32_t thread)
{
	lock_take(&b->lock);
	b->committing = thread;
	lock_drop(&b->lock);
}

/* ---- the end of a transaction -----------------------------------------------------------------
 */

static void end_reading(struct bfe_session *s)
{
	s->in_txn = false;
	bfe_snapshot_end(s->bfe, &s->snapshot);
}

void bfe_txn_roll_back(struct bfe_session *s)
{
	if (s->read_only) {
		end_reading(s);
		return;
	}
	bfe_objects_roll_back(s);
	release_role(s);
}

wfp_err bfe_txn_settle(struct bfe_session *s)
{
	wfp_err err = ERR_OK;

	if (s->read_only) {
		end_reading(s);
		return ERR_OK;
	}
	if (!(list_empty(&s->added) && list_empty(&s->deleted)))
		err = bfe_delta_commit(s);
	if (err) {
		bfe_txn_roll_back(s);
		return err;
	}
	release_role(s);
	return ERR_OK;
}

/* A failed operation ends only a transaction of its own. */
static wfp_err end_implicit(struct bfe_session *s, wfp_err err)
{
	if (!err)
		return bfe_txn_settle(s);
	bfe_txn_roll_back(s);
	return err;
}

/* Whoever may not do it neither waits nor makes others wait; op asks again, when it counts. */
static wfp_err begin_implicit(struct bfe_session *s, bfe_op *may, void *arg)
{
	wfp_err err = may(s, arg);

	return err ? err : bfe_txn_acquire(s, bfe_txn_deadline(s));
}

wfp_err bfe_write(struct bfe_session *s, bfe_op *may, bfe_op *op, void *arg)
{
	wfp_err err = bfe_call_enter(s);
	bool implicit;

	if (err)
		return err;
	implicit = !s->in_txn;
	if (implicit)
		err = begin_implicit(s, may, arg);
	else if (s->read_only)
		err = ERR_INCOMPATIBLE_TXN;
	if (!err) {
		err = op(s, arg);
		if (implicit)
			err = end_implicit(s, err);
	}
	bfe_call_leave(s);
	return err;
}

wfp_err bfe_write_alone(struct bfe_session *s, bfe_op *may, bfe_op *op, void *arg)
{
	wfp_err err = bfe_call_enter(s);

	if (err)
		return err;
	err = s->in_txn ? ERR_TXN_IN_PROGRESS : begin_implicit(s, may, arg);
	if (!err)
		err = end_implicit(s, op(s, arg));
	bfe_call_leave(s);
	return err;
}

static wfp_err begin(struct bfe_session *s, uint32_t flags)
{
	bool read_only = flags & BFE_TXN_READ_ONLY;
	wfp_err err;

	if (s->in_txn)
		return ERR_TXN_IN_PROGRESS;
	err = bfe_container_check(s, BFE_SECURED_ENGINE,
				  read_only ? MODEL_RIGHT_BEGIN_READ_TXN
					    : MODEL_RIGHT_BEGIN_WRITE_TXN);
	if (err)
		return err;
	if (!read_only)
		return bfe_txn_acquire(s, bfe_txn_deadline(s));
	bfe_snapshot_begin(s->bfe, &s->snapshot);
	start(s, true);
	return ERR_OK;
}

wfp_err bfe_txn_begin(struct bfe_session *s, uint32_t flags)
{
	wfp_err err;

	if (flags & ~BFE_TXN_READ_ONLY)
		return ERR_INVALID_FLAGS;
	err = bfe_call_enter(s);
	if (err)
		return err;
	err = begin(s, flags);
	bfe_call_leave(s);
	return err;
}

wfp_err bfe_txn_commit(struct bfe_session *s)
{
	wfp_err err = bfe_call_enter(s);

	if (err)
		return err;
	err = s->in_txn ? bfe_txn_settle(s) : ERR_NO_TXN_IN_PROGRESS;
	bfe_call_leave(s);
	return err;
}

wfp_err bfe_txn_abort(struct bfe_session *s)
{
	wfp_err err = bfe_call_enter(s);

	if (err)
		return err;
	if (s->in_txn)
		bfe_txn_roll_back(s);
	else
		err = ERR_NO_TXN_IN_PROGRESS;
	bfe_call_leave(s);
	return err;
}
