/* SPDX-License-Identifier: MIT */
/*
 * subscribe - telling others what a commit has changed.
 *
 * The committing thread calls each subscriber, no lock held, before it gives the writer's role up:
 * so changes arrive in the order of the commits.  A session does not hear of its own changes. While
 * a subscriber is being told, it cannot go away; whoever ends its subscription waits.  What a
 * subscriber calls in here is refused.
 */
#include "bfe/state.h"

#include "base/mem.h"
#include "model/access.h"

/* [I] immutable   [L] the lock */
struct bfe_subscription {
	struct list link;					/* [L] in bfe->subscriptions */
	struct bfe_session *session;				/* [I] */
	struct bfe_matcher *matcher;				/* [I] owned */
	struct bfe_subscription_info info;			/* [I] */
	void (*fn)(void *ctx, const struct bfe_change *change); /* [I] */
	void *ctx;						/* [I] */
	uint64_t since;						/* [L] later commits are told */
	bool running;						/* [L] */
};

/* ---- telling -----------------------------------------------------------------------------------
 */

static void tell_one(const struct bfe_subscription *sub, const struct bfe_object *o,
		     enum bfe_change_type type)
{
	const struct bfe_object *context = o->uses[MODEL_PROVIDER_CONTEXT];
	struct bfe_change change = {
		.type = type, .kind = o->o->kind, .key = o->o->key, .id = o->o->id};

	if (!bfe_matcher_accepts(sub->matcher, o->o, context ? context->o : NULL))
		return;
	if (bfe_sd_check(sub->session, o->sd, MODEL_RIGHT_READ))
		return;
	lock_assert_none_held();
	sub->fn(sub->ctx, &change);
}

static void tell(const struct bfe_subscription *sub, const struct bfe_session *writer)
{
	struct list *l;

	if (sub->info.flags & BFE_SUBSCRIBE_ON_DELETE)
		LIST_FOR_EACH (l, &writer->deleted)
			tell_one(sub, LIST_ENTRY(l, struct bfe_object, txn), BFE_CHANGE_DELETE);
	if (sub->info.flags & BFE_SUBSCRIBE_ON_ADD)
		LIST_FOR_EACH (l, &writer->added)
			tell_one(sub, LIST_ENTRY(l, struct bfe_object, txn), BFE_CHANGE_ADD);
}

/* The place after `l`, when whoever is there is to be told, stays until release. */
static struct bfe_subscription *next_running(const struct bfe_session *writer,
					     struct bfe_subscription *last)
{
	struct bfe_subscription *next = NULL;
	struct bfe *b = writer->bfe;
	struct list *l;

	lock_take(&b->lock);
	l = last ? last->link.next : b->subscriptions.next;
	for (; !next && l != &b->subscriptions; l = l->next) {
		struct bfe_subscription *sub = LIST_ENTRY(l, struct bfe_subscription, link);

		if (sub->since < b->commit && sub->session != writer)
			next = sub;
	}
	if (next)
		next->running = true;
	if (last) {
		last->running = false;
		cond_broadcast(&b->changed);
	}
	lock_drop(&b->lock);
	return next;
}

void bfe_subscribers_tell(struct bfe_session *writer)
{
	struct bfe_subscription *sub = NULL;

	while ((sub = next_running(writer, sub)) != NULL)
		tell(sub, writer);
}

/* ---- subscribing -------------------------------------------------------------------------------
 */

static void subscription_free(struct bfe_subscription *sub)
{
	bfe_matcher_free(sub->matcher);
	mem_free(sub);
}

static wfp_err subscription_create(struct bfe_subscription **out, struct bfe_session *s,
				   const struct bfe_template *t, uint32_t flags)
{
	struct bfe_subscription *sub = mem_zalloc(sizeof(*sub));
	wfp_err err;

	if (!sub)
		return ERR_NO_MEMORY;
	err = bfe_template_compile(&sub->matcher, t);
	if (err) {
		mem_free(sub);
		return err;
	}
	sub->session = s;
	sub->info = (struct bfe_subscription_info){
		.session = s->key,
		.kind = t->kind,
		.flags = flags,
		.provider = t->provider,
		.any_layer = t->any_layer,
		.layer = t->layer,
	};
	*out = sub;
	return ERR_OK;
}

/* In a call of the session. */
static wfp_err join(struct bfe_session *s, struct bfe_subscription *sub)
{
	struct bfe *b = s->bfe;
	wfp_err err = s->in_txn ? ERR_TXN_IN_PROGRESS
				: bfe_container_check(s, (enum bfe_secured)sub->info.kind,
						      MODEL_RIGHT_SUBSCRIBE);

	if (err)
		return err;
	lock_take(&b->lock);
	sub->since = b->commit;
	list_add_tail(&b->subscriptions, &sub->link);
	lock_drop(&b->lock);
	return ERR_OK;
}

wfp_err bfe_subscribe(struct bfe_session *s, const struct bfe_template *t, uint32_t flags,
		      void (*fn)(void *ctx, const struct bfe_change *change), void *ctx,
		      struct bfe_subscription **out)
{
	struct bfe_subscription *sub;
	wfp_err err;

	if (!flags || flags & ~(BFE_SUBSCRIBE_ON_ADD | BFE_SUBSCRIBE_ON_DELETE))
		return ERR_INVALID_FLAGS;
	err = subscription_create(&sub, s, t, flags);
	if (err)
		return err;
	sub->fn = fn;
	sub->ctx = ctx;
	err = bfe_call_enter(s);
	if (!err) {
		err = join(s, sub);
		bfe_call_leave(s);
	}
	if (err) {
		subscription_free(sub);
		return err;
	}
	*out = sub;
	return ERR_OK;
}

static void leave(struct bfe *b, struct bfe_subscription *sub) REQUIRES(b->lock)
{
	while (sub->running)
		cond_wait(&b->changed, &b->lock);
	list_del(&sub->link);
}

void bfe_unsubscribe(struct bfe_subscription *sub)
{
	struct bfe *b = sub->session->bfe;

	lock_take(&b->lock);
	leave(b, sub);
	lock_drop(&b->lock);
	subscription_free(sub);
}

/* REQUIRES(b->lock) */
static struct bfe_subscription *any_of(struct bfe_session *s)
{
	struct list *l;

	LIST_FOR_EACH (l, &s->bfe->subscriptions) {
		struct bfe_subscription *sub = LIST_ENTRY(l, struct bfe_subscription, link);

		if (sub->session == s)
			return sub;
	}
	return NULL;
}

void bfe_subscriptions_end(struct bfe_session *s)
{
	struct bfe *b = s->bfe;
	struct bfe_subscription *sub;

	do {
		lock_take(&b->lock);
		sub = any_of(s);
		if (sub)
			leave(b, sub);
		lock_drop(&b->lock);
		if (sub)
			subscription_free(sub);
	} while (sub);
}

/* ---- the list ----------------------------------------------------------------------------------
 */

static wfp_err list_all(struct bfe *b, enum model_kind kind, struct bfe_subscription_info **out,
			size_t *n)
{
	struct bfe_subscription_info *infos;
	struct list *l;
	size_t count = 0;

	lock_take(&b->lock);
	infos = mem_zalloc_array(list_count(&b->subscriptions) + 1, sizeof(*infos));
	LIST_FOR_EACH (l, &b->subscriptions) {
		const struct bfe_subscription *sub = LIST_ENTRY(l, struct bfe_subscription, link);

		if (infos && sub->info.kind == kind)
			infos[count++] = sub->info;
	}
	lock_drop(&b->lock);
	if (!infos)
		return ERR_NO_MEMORY;
	*out = infos;
	*n = count;
	return ERR_OK;
}

wfp_err bfe_subscriptions_get(struct bfe_session *s, enum model_kind kind,
			      struct bfe_subscription_info **out, size_t *n)
{
	wfp_err err;

	if ((unsigned)kind >= MODEL_KINDS)
		return ERR_INVALID_ENUMERATOR;
	err = bfe_call_enter(s);
	if (err)
		return err;
	err = bfe_container_check(s, (enum bfe_secured)kind, MODEL_RIGHT_READ);
	if (!err)
		err = list_all(s->bfe, kind, out, n);
	bfe_call_leave(s);
	return err;
}
