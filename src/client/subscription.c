/* SPDX-License-Identifier: MIT */
/*
 * subscription - from a notification of the engine to a callback of the program.
 *
 * subscription_notify runs on the thread of the rpc client, one notification at a time; the rest on
 * the threads of the program.  A notification can be here before the call that subscribed has its
 * answer: it waits for that.
 */
#include "client/subscription.h"

#include "base/mem.h"
#include "base/thread.h"

/* ---- notifications --------------------------------------------------------------------------- */

static struct subscription *find(struct session *s, uint64_t engine_handle) REQUIRES(s->lock)
{
	struct list *pos;

	LIST_FOR_EACH (pos, &s->subscriptions) {
		struct subscription *sub = LIST_ENTRY(pos, struct subscription, link);

		if (sub->engine_handle == engine_handle)
			return sub;
	}
	return NULL;
}

/* Marked as running; NULL: nobody wants it any more. */
static struct subscription *begin(struct session *s, uint64_t engine_handle)
{
	struct subscription *sub;

	lock_take(&s->lock);
	while (!(sub = find(s, engine_handle)) && s->subscribing)
		cond_wait(&s->changed, &s->lock);
	if (sub) {
		sub->running = true;
		s->callback_thread = thread_id();
	}
	lock_drop(&s->lock);
	return sub;
}

static void end(struct session *s, struct subscription *sub, wfp_err lost)
{
	bool dead;

	lock_take(&s->lock);
	s->callback_thread = 0;
	sub->running = false;
	if (!sub->lost)
		sub->lost = lost;
	dead = sub->dead;
	cond_broadcast(&s->changed);
	lock_drop(&s->lock);
	if (dead)
		mem_free(sub);
}

/* The message behind what the callback is shown; NULL: there is none in the notification. */
static const void *told_message(const Openwfp__Notification *n)
{
	if (n->netevent)
		return n->netevent;
	if (n->connection)
		return n->connection;
	return n->systemports;
}

static bool in_generation(const struct subscription_type *type, const Openwfp__Notification *n)
{
	return !n->netevent || !type->types || n->netevent->type < type->types;
}

static wfp_err deliver(const struct subscription *sub, const Openwfp__Notification *n)
{
	const struct convert_desc *desc = sub->type->told;
	struct arena a;
	void *told = NULL;
	wfp_err err = ERR_OK;

	if (!in_generation(sub->type, n))
		return ERR_OK;
	session_arena_init(&a);
	if (desc) {
		const void *message = told_message(n);

		told = arena_zalloc(&a, 1, desc->size);
		if (!told || !message)
			err = ERR_NOTIFICATION_DROPPED;
		else
			err = convert_from_message(desc, message, &a, told);
	}
	if (!err)
		sub->type->deliver(sub, n, told);
	arena_free(&a);
	return err ? ERR_NOTIFICATION_DROPPED : ERR_OK;
}

void subscription_notify(void *ctx, const Openwfp__Notification *n)
{
	struct session *s = ctx;
	struct subscription *sub = begin(s, n->handle);

	if (!sub)
		return;
	end(s, sub, n->error ? n->error : deliver(sub, n));
}

/* ---- subscribing ----------------------------------------------------------------------------- */

static wfp_err send_subscribe(struct session *s, const struct subscription_type *type,
			      const void *wish, uint64_t *engine_handle)
{
	Openwfp__Subscription empty = OPENWFP__SUBSCRIPTION__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	ProtobufCMessage *message = &empty.base;
	struct rpc_reply *reply;
	struct arena a;
	wfp_err err = ERR_OK;

	session_arena_init(&a);
	if (type->wish)
		err = convert_to_message(type->wish, wish, &a, &message);
	if (!err) {
		request.op_case = OPENWFP__REQUEST__OP_SUBSCRIBE;
		request.subscribe = (Openwfp__Subscription *)message;
		request.subscribe->has_kind = 1;
		request.subscribe->kind = type->kind;
		err = rpc_client_call(s->rpc, &request, &reply);
	}
	arena_free(&a);
	if (err)
		return err;
	*engine_handle = reply->msg->result_case == OPENWFP__REPLY__RESULT_HANDLE
				 ? reply->msg->handle->handle
				 : 0;
	rpc_reply_free(reply);
	return *engine_handle ? ERR_OK : ERR_INVALID_DATA;
}

static void set_subscribing(struct session *s, int delta, struct subscription *sub)
{
	lock_take(&s->lock);
	s->subscribing += (unsigned)delta;
	if (sub)
		list_add_tail(&s->subscriptions, &sub->link);
	cond_broadcast(&s->changed);
	lock_drop(&s->lock);
}

static wfp_err subscribe(struct session *s, struct subscription *sub, const void *wish)
{
	wfp_err err;

	set_subscribing(s, 1, NULL);
	err = send_subscribe(s, sub->type, wish, &sub->engine_handle);
	set_subscribing(s, -1, err ? NULL : sub);
	return err;
}

static wfp_err add(struct session *s, const struct subscription *draft, const void *wish,
		   HANDLE *handle)
{
	struct subscription *sub = mem_dup(draft, sizeof(*draft));
	wfp_err err;

	if (!sub)
		return ERR_NO_MEMORY;
	sub->session = s;
	err = handle_reserve(HANDLE_SUBSCRIPTION, &sub->handle);
	if (!err) {
		void *h = sub->handle;

		err = subscribe(s, sub, wish);
		if (err) {
			handle_cancel(h);
		} else {
			handle_publish(h, sub);
			*handle = h;
		}
	}
	if (err)
		mem_free(sub);
	return err;
}

wfp_err subscription_add(HANDLE session, const struct subscription_type *type, const void *wish,
			 void (*callback)(void), void *context, HANDLE *handle)
{
	struct subscription draft = {.type = type, .callback = callback, .context = context};
	struct session *s;
	wfp_err err;

	if (!callback || !handle || (type->wish && !wish))
		return ERR_NULL_POINTER;
	s = session_use(session);
	if (!s)
		return ERR_INVALID_HANDLE;
	err = add(s, &draft, wish, handle);
	handle_release(session);
	return err;
}

/* ---- unsubscribing --------------------------------------------------------------------------- */

static wfp_err send_unsubscribe(struct session *s, uint64_t engine_handle)
{
	Openwfp__Handle handle = OPENWFP__HANDLE__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;

	handle.has_handle = 1;
	handle.handle = engine_handle;
	request.op_case = OPENWFP__REQUEST__OP_UNSUBSCRIBE;
	request.unsubscribe = &handle;
	return rpc_client_call(s->rpc, &request, NULL);
}

/* Waits for a callback that runs, unless it is the one that calls. */
static bool detach(struct session *s, struct subscription *sub)
{
	bool mine;

	lock_take(&s->lock);
	list_del(&sub->link);
	mine = sub->running && s->callback_thread == thread_id();
	sub->dead = mine;
	while (sub->running && !mine)
		cond_wait(&s->changed, &s->lock);
	lock_drop(&s->lock);
	return !mine;
}

/* Also when something was lost: the engine keeps the place of a subscription that has ended. */
static wfp_err end_at_engine(struct session *s, struct subscription *sub)
{
	wfp_err err = send_unsubscribe(s, sub->engine_handle), lost;

	lock_take(&s->lock);
	lost = sub->lost;
	lock_drop(&s->lock);
	return lost == ERR_NOTIFICATION_DROPPED ? lost : err;
}

static bool belongs(HANDLE handle, const struct session *s, uint32_t kind)
{
	struct subscription *sub = handle_use(handle, HANDLE_SUBSCRIPTION);
	bool yes = sub && sub->session == s && sub->type->kind == kind;

	if (sub)
		handle_release(handle);
	return yes;
}

static wfp_err remove_from(struct session *s, uint32_t kind, HANDLE handle)
{
	struct subscription *sub = NULL;
	wfp_err err;

	if (belongs(handle, s, kind))
		sub = handle_close(handle, HANDLE_SUBSCRIPTION);
	if (!sub)
		return ERR_INVALID_HANDLE;
	err = end_at_engine(s, sub);
	if (detach(s, sub))
		mem_free(sub);
	return err;
}

wfp_err subscription_remove(HANDLE session, uint32_t kind, HANDLE handle)
{
	struct session *s = session_use(session);
	wfp_err err;

	if (!s)
		return ERR_INVALID_HANDLE;
	err = remove_from(s, kind, handle);
	handle_release(session);
	return err;
}

void subscription_close_all(struct session *s)
{
	for (;;) {
		struct list *link;
		struct subscription *sub;

		lock_take(&s->lock);
		link = list_pop_head(&s->subscriptions);
		lock_drop(&s->lock);
		if (!link)
			return;
		sub = LIST_ENTRY(link, struct subscription, link);
		/* Nobody else can: it would have to use the session first. */
		mem_free(handle_close(sub->handle, HANDLE_SUBSCRIPTION));
	}
}

/* ---- a session of its own -------------------------------------------------------------------- */

void subscription_own(HANDLE handle, HANDLE session)
{
	struct subscription *sub = handle_use(handle, HANDLE_SUBSCRIPTION);

	BUG_ON(!sub);
	sub->owned = session;
	handle_release(handle);
}

HANDLE subscription_owned(HANDLE handle)
{
	struct subscription *sub = handle_use(handle, HANDLE_SUBSCRIPTION);
	HANDLE owned = sub ? sub->owned : NULL;

	if (sub)
		handle_release(handle);
	return owned;
}
