/* SPDX-License-Identifier: MIT */
/*
 * session - opening, closing, and the one way to the engine.
 *
 * Called by every public function on the thread of its caller.
 */
#include "client/session.h"

#include "base/mem.h"
#include "base/thread.h"
#include "client/desc.h"
#include "client/subscription.h"

#define RANK 30

void session_arena_init(struct arena *a)
{
	arena_init(a, SIZE_MAX);
}

struct session *session_use(HANDLE handle)
{
	return handle_use(handle, HANDLE_SESSION);
}

wfp_err session_call(HANDLE handle, Openwfp__Request *request, struct rpc_reply **out)
{
	struct session *s = session_use(handle);
	wfp_err err;

	if (!s)
		return ERR_INVALID_HANDLE;
	err = rpc_client_call(s->rpc, request, out);
	handle_release(handle);
	return err;
}

bool session_in_callback(struct session *s)
{
	bool in;

	lock_take(&s->lock);
	in = s->callback_thread == thread_id();
	lock_drop(&s->lock);
	return in;
}

/* ---- opening --------------------------------------------------------------------------------- */

static struct session *session_new(void)
{
	struct session *s = mem_zalloc(sizeof(*s));

	if (!s)
		return NULL;
	lock_init(&s->lock, "session", RANK);
	cond_init(&s->changed, "session");
	list_init(&s->subscriptions);
	list_init(&s->enums);
	return s;
}

static void session_free(struct session *s)
{
	cond_destroy(&s->changed);
	lock_destroy(&s->lock);
	mem_free(s);
}

static wfp_err send_open(struct session *s, const FWPM_SESSION0 *wanted)
{
	Openwfp__Open open = OPENWFP__OPEN__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	ProtobufCMessage *info = NULL;
	struct arena a;
	wfp_err err = ERR_OK;

	session_arena_init(&a);
	if (wanted)
		err = convert_to_message(&desc_session0, wanted, &a, &info);
	if (!err) {
		open.session = (Openwfp__SessionInfo *)info;
		open.has_version = 1;
		open.version = 1;
		request.op_case = OPENWFP__REQUEST__OP_OPEN;
		request.open = &open;
		err = rpc_client_call(s->rpc, &request, NULL);
	}
	arena_free(&a);
	return err;
}

static wfp_err connect_session(struct session *s, const FWPM_SESSION0 *wanted)
{
	struct rpc_client_config config = {.notify = subscription_notify, .ctx = s};
	wfp_err err = rpc_client_open(&s->rpc, &config);

	if (err)
		return err;
	err = send_open(s, wanted);
	if (err)
		rpc_client_close(s->rpc);
	return err;
}

wfp_err session_open(const FWPM_SESSION0 *session, HANDLE *handle)
{
	struct session *s = session_new();
	void *h;
	wfp_err err;

	if (!s)
		return ERR_NO_MEMORY;
	err = handle_reserve(HANDLE_SESSION, &h);
	if (!err) {
		err = connect_session(s, session);
		if (err)
			handle_cancel(h);
	}
	if (err) {
		session_free(s);
		return err;
	}
	handle_publish(h, s);
	*handle = h;
	return ERR_OK;
}

/* ---- closing --------------------------------------------------------------------------------- */

/* An element's handle, or NULL when the list is empty.  It may be closed by others meanwhile. */
static void *first_enum(struct session *s)
{
	struct list *link;
	void *handle = NULL;

	lock_take(&s->lock);
	link = list_pop_head(&s->enums);
	if (link)
		handle = LIST_ENTRY(link, struct session_enum, link)->handle;
	lock_drop(&s->lock);
	return handle;
}

static void close_enums(struct session *s)
{
	void *handle;

	while ((handle = first_enum(s)))
		mem_free(handle_close(handle, HANDLE_ENUM));
}

/*
 * Without it the engine would end the session as well, but some time after we have returned: what
 * a dynamic session leaves must be gone by then.  An error is that of a connection that is gone.
 */
static void send_close(struct session *s)
{
	Openwfp__Empty empty = OPENWFP__EMPTY__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	wfp_err ignored;

	request.op_case = OPENWFP__REQUEST__OP_CLOSE;
	request.close = &empty;
	ignored = rpc_client_call(s->rpc, &request, NULL);
	(void)ignored;
}

wfp_err session_close(HANDLE handle)
{
	struct session *s;

	if (!handle)
		return ERR_OK;
	s = session_use(handle);
	if (!s)
		return ERR_INVALID_HANDLE;
	if (session_in_callback(s)) {
		handle_release(handle);
		return ERR_BUSY;
	}
	handle_release(handle);
	s = handle_close(handle, HANDLE_SESSION);
	if (!s)
		return ERR_INVALID_HANDLE;
	send_close(s);
	rpc_client_close(s->rpc);
	close_enums(s);
	subscription_close_all(s);
	session_free(s);
	return ERR_OK;
}
