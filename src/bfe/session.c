/* SPDX-License-Identifier: MIT */
/*
 * session - opening and closing, and the beginning and end of the base filtering engine.
 *
 * Closing cannot be refused, but deleting what a dynamic session added can be impossible for now:
 * inside a notifyFn, while this very thread holds another session's transaction, or without
 * memory.  Such a session waits on the list of the dying; every call tries to finish it.
 */
#include "bfe/state.h"

#include "base/mem.h"
#include "base/thread.h"
#include "engine/callout.h"

/* ---- opening ----------------------------------------------------------------------------------
 */

static bool in_commit(struct bfe *b)
{
	bool in;

	lock_take(&b->lock);
	in = b->committing == thread_id();
	lock_drop(&b->lock);
	return in;
}

wfp_err bfe_session_open(struct bfe *b, uint32_t flags, uint32_t txn_wait_ms,
			 struct bfe_session **out)
{
	struct bfe_session *s;

	if (flags & ~BFE_SESSION_DYNAMIC)
		return ERR_INVALID_FLAGS;
	if (engine_frame_current())
		return ERR_NOT_SUPPORTED;
	if (in_commit(b))
		return ERR_TXN_IN_PROGRESS;
	s = mem_zalloc(sizeof(*s));
	if (!s)
		return ERR_NO_MEMORY;
	s->bfe = b;
	s->flags = flags;
	s->wait_ms = txn_wait_ms;
	list_init(&s->dying);
	list_init(&s->added);
	list_init(&s->deleted);
	list_init(&s->owned);
	lock_take(&b->lock);
	list_add_tail(&b->sessions, &s->all);
	lock_drop(&b->lock);
	*out = s;
	return ERR_OK;
}

/* ---- closing ----------------------------------------------------------------------------------
 */

/* What refers to others goes before what is referred to. */
static void delete_owned(struct bfe_session *s)
{
	struct list *l, *next;

	for (unsigned kind = BFE_KINDS; kind-- > 0;)
		LIST_FOR_EACH_SAFE (l, next, &s->owned) {
			struct bfe_object *o = LIST_ENTRY(l, struct bfe_object, owned);

			if (o->kind == kind)
				bfe_object_delete(s, o);
		}
}

static void session_free(struct bfe_session *s)
{
	struct bfe *b = s->bfe;

	lock_take(&b->lock);
	list_del(&s->all);
	cond_broadcast(&b->changed);
	lock_drop(&b->lock);
	mem_free(s);
}

/* False: not now. */
static bool finish(struct bfe_session *s, uint64_t deadline)
{
	if (s->in_txn)
		bfe_txn_roll_back(s);
	if (!list_empty(&s->owned)) {
		if (bfe_txn_acquire(s, false, deadline))
			return false;
		delete_owned(s);
		if (bfe_txn_settle(s))
			return false;
	}
	session_free(s);
	return true;
}

static void let_die(struct bfe_session *s)
{
	lock_take(&s->bfe->lock);
	list_add_tail(&s->bfe->dying, &s->dying);
	lock_drop(&s->bfe->lock);
}

static struct bfe_session *next_dying(struct bfe *b)
{
	struct list *l = NULL;

	lock_take(&b->lock);
	LIST_FOR_EACH (l, &b->dying)
		if (!LIST_ENTRY(l, struct bfe_session, dying)->busy)
			break;
	if (l == &b->dying)
		l = NULL;
	else
		list_del(l);
	lock_drop(&b->lock);
	return l ? LIST_ENTRY(l, struct bfe_session, dying) : NULL;
}

void bfe_sessions_reap(struct bfe *b)
{
	struct bfe_session *s;

	while ((s = next_dying(b)) != NULL)
		if (!finish(s, 0)) {
			let_die(s);
			break;
		}
}

/* False: it has been asked for already. */
static bool begin_closing(struct bfe_session *s)
{
	bool first;

	lock_take(&s->bfe->lock);
	first = !s->closing;
	s->closing = true;
	lock_drop(&s->bfe->lock);
	return first;
}

/* Waits until no call of the session runs.  False: it is no use to wait, this thread is in one. */
static bool settle_calls(struct bfe_session *s, bool *own_txn)
{
	struct bfe *b = s->bfe;
	bool can = !engine_frame_current();

	lock_take(&b->lock);
	can = can && b->committing != thread_id();
	while (can && s->busy)
		cond_wait(&b->changed, &b->lock);
	*own_txn = b->writer && b->writer != s && b->writer_thread == thread_id();
	lock_drop(&b->lock);
	return can;
}

void bfe_session_close(struct bfe_session *s)
{
	struct bfe *b;
	bool waits_for_itself;

	if (!s || !begin_closing(s))
		return;
	b = s->bfe;
	if (!settle_calls(s, &waits_for_itself)) {
		let_die(s);
		return;
	}
	if (!finish(s, waits_for_itself ? 0 : bfe_txn_deadline(s)))
		let_die(s);
	bfe_sessions_reap(b);
}

/* ---- the beginning and the end ------------------------------------------------------------------
 */

static wfp_err add_builtin(struct bfe *b, enum bfe_kind kind, const struct model_builtin *row)
{
	struct bfe_object *o;
	wfp_err err = bfe_object_create(&o, kind, &row->key, row->name);

	if (err)
		return err;
	o->weight = row->weight;
	bfe_object_insert_builtin(b, o);
	return ERR_OK;
}

static wfp_err add_builtins(struct bfe *b)
{
	const struct model_builtin *row;
	wfp_err err = ERR_OK;

	for (unsigned i = 0; !err && (row = model_provider_builtin(i)) != NULL; i++)
		err = add_builtin(b, BFE_PROVIDER, row);
	for (unsigned i = 0; !err && (row = model_sublayer_builtin(i)) != NULL; i++)
		err = add_builtin(b, BFE_SUBLAYER, row);
	return err;
}

static wfp_err init_tables(struct bfe *b)
{
	for (unsigned k = 0; k < BFE_KINDS; k++) {
		wfp_err err = htable_init(&b->by_key[k], 0);

		if (err)
			return err;
		err = htable_init(&b->by_id[k], 0);
		if (err)
			return err;
	}
	return ERR_OK;
}

static void destroy_tables(struct bfe *b)
{
	for (unsigned k = 0; k < BFE_KINDS; k++) {
		htable_destroy(&b->by_id[k]);
		htable_destroy(&b->by_key[k]);
	}
}

wfp_err bfe_create(struct bfe **out, struct engine *engine)
{
	struct bfe *b = mem_zalloc(sizeof(*b));
	wfp_err err;

	if (!b)
		return ERR_NO_MEMORY;
	b->engine = engine;
	b->next_filter = BFE_FIRST_FILTER;
	lock_init(&b->lock, "base filtering engine", BFE_RANK);
	cond_init(&b->changed, "base filtering engine");
	list_init(&b->sessions);
	list_init(&b->dying);
	err = init_tables(b);
	if (!err)
		err = add_builtins(b);
	if (err) {
		bfe_destroy(b);
		return err;
	}
	*out = b;
	return ERR_OK;
}

void bfe_destroy(struct bfe *b)
{
	struct list *l;

	if (b->by_key[BFE_KINDS - 1].buckets)
		bfe_objects_free_all(b);
	while ((l = list_pop_head(&b->sessions)) != NULL)
		mem_free(LIST_ENTRY(l, struct bfe_session, all));
	destroy_tables(b);
	cond_destroy(&b->changed);
	lock_destroy(&b->lock);
	mem_free(b);
}
