/* SPDX-License-Identifier: MIT */
/*
 * remote - requests, one function each.
 */
#include "wfp/remote.h"

#include "base/mem.h"
#include "base/proc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PROTOCOL_VERSION 1u
#define BATCH		 1000u

/* ---- the connection ---------------------------------------------------------------------------
 */

void remote_error_text(wfp_err err, struct buf *out)
{
	buf_printf(out, "%s (0x%08" PRIX32 "): %s", err_name(err), err, err_text(err));
}

enum exit_status remote_failed(const struct remote *r, const char *what, wfp_err err)
{
	struct buf text = {0};

	remote_error_text(err, &text);
	fprintf(stderr, "%s: %s%s%s\n", r->program, what ? what : "", what ? ": " : "",
		buf_str(&text));
	buf_free(&text);
	return exit_from_err(err);
}

static enum exit_status not_reached(const struct remote *r, wfp_err err)
{
	const char *named = proc_env(RPC_SOCKET_ENV);

	if (err != ERR_EPT_S_NOT_REGISTERED)
		return remote_failed(r, "the engine cannot be reached", err);
	fprintf(stderr,
		"%s: the engine does not run: nobody listens at %s; start wfpd, or name its socket "
		"with --socket or %s\n",
		r->program,
		r->socket ? r->socket
		: named	  ? named
			  : RPC_SOCKET_DEFAULT,
		RPC_SOCKET_ENV);
	return EXIT_MACHINE;
}

static wfp_err open_session(struct remote *r)
{
	Openwfp__DisplayData texts = OPENWFP__DISPLAY_DATA__INIT;
	Openwfp__SessionInfo session = OPENWFP__SESSION_INFO__INIT;
	Openwfp__Open open = OPENWFP__OPEN__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;

	texts.name = (char *)(uintptr_t)r->program;
	session.displaydata = &texts;
	open.session = &session;
	open.has_version = true;
	open.version = PROTOCOL_VERSION;
	request.op_case = OPENWFP__REQUEST__OP_OPEN;
	request.open = &open;
	return rpc_client_call(r->client, &request, NULL);
}

bool remote_open(struct remote *r, void (*notify)(void *ctx, const Openwfp__Notification *n),
		 void *ctx, enum exit_status *status)
{
	struct rpc_client_config config = {.path = r->socket, .notify = notify, .ctx = ctx};
	wfp_err err = rpc_client_open(&r->client, &config);

	if (err) {
		*status = not_reached(r, err);
		return false;
	}
	err = open_session(r);
	if (!err)
		return true;
	*status = remote_failed(r, "no session", err);
	remote_close(r);
	return false;
}

void remote_close(struct remote *r)
{
	rpc_client_close(r->client);
	r->client = NULL;
}

/* ---- calls ------------------------------------------------------------------------------------
 */

wfp_err remote_call(struct remote *r, Openwfp__Request *request, struct rpc_reply **out)
{
	return rpc_client_call(r->client, request, out);
}

wfp_err remote_add(struct remote *r, Openwfp__Object *object, const ProtobufCBinaryData *sd,
		   struct remote_added *out)
{
	Openwfp__Add add = OPENWFP__ADD__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	struct rpc_reply *reply;
	wfp_err err;

	add.object = object;
	add.has_sd = sd != NULL;
	if (sd)
		add.sd = *sd;
	request.op_case = OPENWFP__REQUEST__OP_ADD;
	request.add = &add;
	err = remote_call(r, &request, &reply);
	if (err)
		return err;
	if (reply->msg->result_case == OPENWFP__REPLY__RESULT_ADDED)
		*out = (struct remote_added){remote_guid(&reply->msg->added->key),
					     reply->msg->added->id};
	rpc_reply_free(reply);
	return ERR_OK;
}

wfp_err remote_delete(struct remote *r, const Openwfp__Which *which)
{
	Openwfp__Request request = OPENWFP__REQUEST__INIT;

	request.op_case = OPENWFP__REQUEST__OP_DELETE;
	request.delete_ = (Openwfp__Which *)(uintptr_t)which;
	return remote_call(r, &request, NULL);
}

wfp_err remote_get(struct remote *r, const Openwfp__Which *which, struct rpc_reply **out)
{
	Openwfp__Request request = OPENWFP__REQUEST__INIT;

	request.op_case = OPENWFP__REQUEST__OP_GET;
	request.get = (Openwfp__Which *)(uintptr_t)which;
	return remote_call(r, &request, out);
}

wfp_err remote_begin(struct remote *r)
{
	Openwfp__TxnBegin begin = OPENWFP__TXN_BEGIN__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;

	request.op_case = OPENWFP__REQUEST__OP_TXN_BEGIN;
	request.txnbegin = &begin;
	return remote_call(r, &request, NULL);
}

wfp_err remote_end(struct remote *r, bool keep)
{
	Openwfp__Empty empty = OPENWFP__EMPTY__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;

	request.op_case = keep ? OPENWFP__REQUEST__OP_TXN_COMMIT : OPENWFP__REQUEST__OP_TXN_ABORT;
	request.txncommit = &empty;
	return remote_call(r, &request, NULL);
}

/* ---- lists ------------------------------------------------------------------------------------
 */

void remote_list_init(struct remote_list *l)
{
	memset(l, 0, sizeof(*l));
	import_state_init(&l->state);
}

void remote_list_free(struct remote_list *l)
{
	for (size_t i = 0; i < l->n_replies; i++)
		rpc_reply_free(l->replies[i]);
	mem_free(l->replies);
	import_state_free(&l->state);
}

/* The reply becomes the list's, also on failure. */
static wfp_err keep_reply(struct remote_list *l, struct rpc_reply *reply)
{
	if (l->n_replies == l->room) {
		size_t room = l->room ? 2 * l->room : 16;
		struct rpc_reply **grown = mem_zalloc_array(room, sizeof(struct rpc_reply *));

		if (!grown) {
			rpc_reply_free(reply);
			return ERR_NO_MEMORY;
		}
		if (l->n_replies)
			memcpy(grown, l->replies, l->n_replies * sizeof(struct rpc_reply *));
		mem_free(l->replies);
		l->replies = grown;
		l->room = room;
	}
	l->replies[l->n_replies++] = reply;
	return ERR_OK;
}

/* *n: how many objects came. */
static wfp_err take_objects(struct remote_list *l, struct rpc_reply *reply, size_t *n)
{
	const Openwfp__Objects *objects = reply->msg->objects;
	wfp_err err;

	*n = 0;
	if (reply->msg->result_case != OPENWFP__REPLY__RESULT_OBJECTS) {
		rpc_reply_free(reply);
		return ERR_OK;
	}
	err = keep_reply(l, reply);
	if (err)
		return err;
	for (*n = 0; *n < objects->n_objects; ++*n)
		import_state_add(&l->state, objects->objects[*n]);
	return arena_err(&l->state.arena);
}

static wfp_err next_objects(struct remote *r, struct remote_list *l, uint64_t handle, size_t *n)
{
	Openwfp__EnumNext next = OPENWFP__ENUM_NEXT__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	struct rpc_reply *reply;
	wfp_err err;

	next.has_handle = next.has_max = true;
	next.handle = handle;
	next.max = BATCH;
	request.op_case = OPENWFP__REQUEST__OP_ENUM_NEXT;
	request.enumnext = &next;
	err = remote_call(r, &request, &reply);
	return err ? err : take_objects(l, reply, n);
}

static wfp_err create_enum(struct remote *r, Openwfp__Kind kind, Openwfp__EnumTemplate *t,
			   uint64_t *handle)
{
	Openwfp__EnumCreate create = OPENWFP__ENUM_CREATE__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	struct rpc_reply *reply;
	wfp_err err;

	create.has_kind = true;
	create.kind = kind;
	create.enumtemplate = t;
	request.op_case = OPENWFP__REQUEST__OP_ENUM_CREATE;
	request.enumcreate = &create;
	err = remote_call(r, &request, &reply);
	if (err)
		return err;
	*handle = reply->msg->result_case == OPENWFP__REPLY__RESULT_HANDLE
			  ? reply->msg->handle->handle
			  : 0;
	rpc_reply_free(reply);
	return ERR_OK;
}

wfp_err remote_list_add(struct remote *r, struct remote_list *l, Openwfp__Kind kind,
			Openwfp__EnumTemplate *t)
{
	Openwfp__Handle destroy = OPENWFP__HANDLE__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	size_t n;
	wfp_err err = create_enum(r, kind, t, &destroy.handle);

	if (err)
		return err;
	do
		err = next_objects(r, l, destroy.handle, &n);
	while (!err && n > 0);
	destroy.has_handle = true;
	request.op_case = OPENWFP__REQUEST__OP_ENUM_DESTROY;
	request.enumdestroy = &destroy;
	return err ? err : remote_call(r, &request, NULL);
}

wfp_err remote_list_get(struct remote *r, struct remote_list *l, Openwfp__Kind kind, uint64_t id)
{
	Openwfp__Which which = OPENWFP__WHICH__INIT;
	struct rpc_reply *reply;
	wfp_err err;

	which.has_kind = true;
	which.kind = kind;
	which.which_case = OPENWFP__WHICH__WHICH_ID;
	which.id = id;
	err = remote_get(r, &which, &reply);
	if (!err)
		err = keep_reply(l, reply);
	if (!err && reply->msg->result_case == OPENWFP__REPLY__RESULT_OBJECT)
		import_state_add(&l->state, reply->msg->object);
	return err ? err : arena_err(&l->state.arena);
}

wfp_err remote_list_subscriptions(struct remote *r, struct remote_list *l, Openwfp__Kind kind)
{
	Openwfp__Which which = OPENWFP__WHICH__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	struct rpc_reply *reply;
	size_t n;
	wfp_err err;

	which.has_kind = true;
	which.kind = kind;
	request.op_case = OPENWFP__REQUEST__OP_SUBSCRIPTIONS_GET;
	request.subscriptionsget = &which;
	err = remote_call(r, &request, &reply);
	return err ? err : take_objects(l, reply, &n);
}
