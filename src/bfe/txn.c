/* SPDX-License-Identifier: MIT */
/*
 * txn - transactions: one writer or several readers, and the one way into the engine.
 *
 * The lock that sessions wait for is a role: b->writer or a place among b->readers, guarded by
 * b->lock and waited for on b->changed.  So no lock is held while engine_commit calls notifyFns;
 * b->committing names the thread that is in there, and what that thread calls is refused.
 */
#include "bfe/state.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "engine/callout.h"

#define DEFAULT_WAIT_MS 15000u

/* ---- calls ------------------------------------------------------------------------------------
 */

wfp_err bfe_call_enter(struct bfe_session *s)
{
	struct bfe *b = s->bfe;
	wfp_err err = ERR_OK;

	if (engine_frame_current())
		return ERR_NOT_SUPPORTED;
	lock_take(&b->lock);
	if (b->committing == thread_id())
		err = ERR_TXN_IN_PROGRESS;
	while (!err && s->busy)
		cond_wait(&b->changed, &b->lock);
	if (!err)
		s->busy = true;
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

/* ---- the role ---------------------------------------------------------------------------------
 */

uint64_t bfe_txn_deadline(const struct bfe_session *s)
{
	uint32_t ms = s->wait_ms ? s->wait_ms : DEFAULT_WAIT_MS;

	return ms == UINT32_MAX ? CLOCK_NEVER : clock_now() + ms * CLOCK_MS;
}

static bool available(const struct bfe *b, bool read_only)
{
	return !b->writer && (read_only || b->readers == 0);
}

static void take_role(struct bfe_session *s, bool read_only)
{
	if (read_only) {
		s->bfe->readers++;
	} else {
		s->bfe->writer = s;
		s->bfe->writer_thread = thread_id();
	}
	s->in_txn = true;
	s->read_only = read_only;
}

wfp_err bfe_txn_acquire(struct bfe_session *s, bool read_only, uint64_t deadline)
{
	struct bfe *b = s->bfe;
	bool in_time = deadline > 0;
	wfp_err err = ERR_OK;

	lock_take(&b->lock);
	while (!available(b, read_only) && in_time)
		in_time = cond_wait_until(&b->changed, &b->lock, deadline);
	if (available(b, read_only))
		take_role(s, read_only);
	else
		err = ERR_TIMEOUT;
	lock_drop(&b->lock);
	return err;
}

static void release_role(struct bfe_session *s)
{
	struct bfe *b = s->bfe;

	lock_take(&b->lock);
	if (s->read_only)
		b->readers--;
	else
		b->writer = NULL;
	s->in_txn = false;
	cond_broadcast(&b->changed);
	lock_drop(&b->lock);
}

/* ---- the delta --------------------------------------------------------------------------------
 */

/* The arrays of an engine_delta; each as long as all changes together. */
struct delta {
	struct model_filter **add_filters;
	uint64_t *remove_filters;
	struct model_sublayer *add_sublayers;
	struct guid *remove_sublayers;
	struct model_callout *add_callouts;
	struct guid *remove_callouts;
	struct engine_delta d;
};

static wfp_err delta_alloc(struct delta *x, size_t n)
{
	x->add_filters = mem_zalloc_array(n, sizeof(*x->add_filters));
	x->remove_filters = mem_zalloc_array(n, sizeof(*x->remove_filters));
	x->add_sublayers = mem_zalloc_array(n, sizeof(*x->add_sublayers));
	x->remove_sublayers = mem_zalloc_array(n, sizeof(*x->remove_sublayers));
	x->add_callouts = mem_zalloc_array(n, sizeof(*x->add_callouts));
	x->remove_callouts = mem_zalloc_array(n, sizeof(*x->remove_callouts));
	x->d.add_filters = x->add_filters;
	x->d.remove_filters = x->remove_filters;
	x->d.add_sublayers = x->add_sublayers;
	x->d.remove_sublayers = x->remove_sublayers;
	x->d.add_callouts = x->add_callouts;
	x->d.remove_callouts = x->remove_callouts;
	return x->add_filters && x->remove_filters && x->add_sublayers && x->remove_sublayers &&
			       x->add_callouts && x->remove_callouts
		       ? ERR_OK
		       : ERR_NO_MEMORY;
}

static void delta_free(struct delta *x)
{
	mem_free(x->remove_callouts);
	mem_free(x->add_callouts);
	mem_free(x->remove_sublayers);
	mem_free(x->add_sublayers);
	mem_free(x->remove_filters);
	mem_free(x->add_filters);
}

static void delta_add(struct delta *x, const struct bfe_object *o)
{
	switch (o->kind) {
	case BFE_SUBLAYER:
		x->add_sublayers[x->d.n_add_sublayers++] =
			(struct model_sublayer){.key = o->key, .weight = o->weight};
		break;
	case BFE_CALLOUT:
		x->add_callouts[x->d.n_add_callouts++] = (struct model_callout){
			.key = o->key, .id = (uint32_t)o->id, .layer = o->layer, .flags = o->flags};
		break;
	case BFE_FILTER:
		x->add_filters[x->d.n_add_filters++] = o->filter;
		break;
	default:
		break;
	}
}

/* A sublayer that was added again under its key only changes its weight. */
static void delta_remove(struct delta *x, struct bfe *b, const struct bfe_object *o)
{
	switch (o->kind) {
	case BFE_SUBLAYER:
		if (!bfe_object_find(b, BFE_SUBLAYER, &o->key))
			x->remove_sublayers[x->d.n_remove_sublayers++] = o->key;
		break;
	case BFE_CALLOUT:
		x->remove_callouts[x->d.n_remove_callouts++] = o->key;
		break;
	case BFE_FILTER:
		x->remove_filters[x->d.n_remove_filters++] = o->id;
		break;
	default:
		break;
	}
}

static void set_committing(struct bfe *b, uint32_t thread)
{
	lock_take(&b->lock);
	b->committing = thread;
	lock_drop(&b->lock);
}

static wfp_err tell_engine(struct bfe_session *s)
{
	struct delta x = {0};
	struct list *l;
	wfp_err err = delta_alloc(&x, list_count(&s->added) + list_count(&s->deleted));

	if (err)
		goto out;
	LIST_FOR_EACH (l, &s->added)
		delta_add(&x, LIST_ENTRY(l, struct bfe_object, txn));
	LIST_FOR_EACH (l, &s->deleted)
		delta_remove(&x, s->bfe, LIST_ENTRY(l, struct bfe_object, txn));
	set_committing(s->bfe, thread_id());
	err = engine_commit(s->bfe->engine, &x.d);
	set_committing(s->bfe, 0);
out:
	delta_free(&x);
	return err;
}

/* ---- the end of a transaction -----------------------------------------------------------------
 */

void bfe_txn_roll_back(struct bfe_session *s)
{
	bfe_objects_roll_back(s);
	release_role(s);
}

wfp_err bfe_txn_settle(struct bfe_session *s)
{
	wfp_err err = ERR_OK;

	if (!(list_empty(&s->added) && list_empty(&s->deleted)))
		err = tell_engine(s);
	if (err) {
		bfe_txn_roll_back(s);
		return err;
	}
	bfe_objects_settle(s);
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

wfp_err bfe_write(struct bfe_session *s, bfe_op *op, void *arg)
{
	wfp_err err = bfe_call_enter(s);
	bool implicit;

	if (err)
		return err;
	implicit = !s->in_txn;
	if (implicit)
		err = bfe_txn_acquire(s, false, bfe_txn_deadline(s));
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

wfp_err bfe_txn_begin(struct bfe_session *s, uint32_t flags)
{
	wfp_err err;

	if (flags & ~BFE_TXN_READ_ONLY)
		return ERR_INVALID_FLAGS;
	err = bfe_call_enter(s);
	if (err)
		return err;
	if (s->in_txn)
		err = ERR_TXN_IN_PROGRESS;
	else
		err = bfe_txn_acquire(s, flags & BFE_TXN_READ_ONLY, bfe_txn_deadline(s));
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
