/* SPDX-License-Identifier: MIT */
/*
 * delta - a commit: from the journal of a transaction to one engine_commit, the store, the readers
 * and the subscribers.
 *
 * The engine checks and asks the callouts first; then, from inside, the store is written for good;
 * after that nothing can fail: the engine publishes, the numbers are given out, subscribers are
 * told.  So packets, readers and the disk know all of a transaction or nothing.  Called by the
 * writer, no lock held.
 */
#include "bfe/persist.h"

#include "base/mem.h"
#include "base/thread.h"

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
	switch (o->o->kind) {
	case MODEL_SUBLAYER:
		x->add_sublayers[x->d.n_add_sublayers++] =
			(struct model_sublayer){.key = o->o->key, .weight = o->o->weight};
		break;
	case MODEL_CALLOUT:
		x->add_callouts[x->d.n_add_callouts++] =
			(struct model_callout){.key = o->o->key,
					       .id = (uint32_t)o->o->id,
					       .layer = o->o->layer,
					       .flags = o->o->flags};
		break;
	case MODEL_FILTER:
		if (o->in_engine)
			x->add_filters[x->d.n_add_filters++] = o->o->filter;
		break;
	default:
		break;
	}
}

/* A sublayer that was added again under its key only changes its weight. */
static void delta_remove(struct delta *x, struct bfe *b, const struct bfe_object *o)
{
	switch (o->o->kind) {
	case MODEL_SUBLAYER:
		if (!bfe_object_find(b, MODEL_SUBLAYER, &o->o->key))
			x->remove_sublayers[x->d.n_remove_sublayers++] = o->o->key;
		break;
	case MODEL_CALLOUT:
		x->remove_callouts[x->d.n_remove_callouts++] = o->o->key;
		break;
	case MODEL_FILTER:
		if (o->in_engine)
			x->remove_filters[x->d.n_remove_filters++] = o->o->id;
		break;
	default:
		break;
	}
}

static bool delta_empty(const struct engine_delta *d)
{
	return d->n_add_filters + d->n_remove_filters + d->n_add_sublayers + d->n_remove_sublayers +
		       d->n_add_callouts + d->n_remove_callouts ==
	       0;
}

static void delta_fill(struct delta *x, struct bfe_session *s)
{
	struct list *l;

	LIST_FOR_EACH (l, &s->added)
		delta_add(x, LIST_ENTRY(l, struct bfe_object, txn));
	LIST_FOR_EACH (l, &s->deleted)
		delta_remove(x, s->bfe, LIST_ENTRY(l, struct bfe_object, txn));
}

static wfp_err tell_engine(struct bfe_session *s, size_t n)
{
	struct delta x = {0};
	wfp_err err = delta_alloc(&x, n);

	if (err)
		goto out;
	delta_fill(&x, s);
	if (bfe_persist_needed(s)) {
		x.d.durable = bfe_persist_journal;
		x.d.durable_ctx = s;
	}
	if (!delta_empty(&x.d))
		err = engine_commit(s->bfe->engine, &x.d);
	else if (x.d.durable)
		err = x.d.durable(x.d.durable_ctx);
out:
	delta_free(&x);
	return err;
}

wfp_err bfe_delta_commit(struct bfe_session *s)
{
	wfp_err err;

	bfe_txn_set_committing(s->bfe, thread_id());
	err = tell_engine(s, list_count(&s->added) + list_count(&s->deleted));
	if (!err) {
		bfe_objects_publish(s);
		bfe_subscribers_tell(s);
		bfe_objects_settle(s);
	}
	bfe_txn_set_committing(s->bfe, 0);
	return err;
}
