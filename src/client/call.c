/* SPDX-License-Identifier: MIT */
/*
 * call - one request, one reply, and a struct made from it.
 *
 * Called by the public functions on the thread of their caller.
 */
#include "client/call.h"

#include "base/mem.h"
#include "client/block.h"
#include "client/security.h"

#include <string.h>

/* An object in a message has the number of its kind, and all are pointers. */
#define SAME_NUMBER(kind, name)                                                                    \
	STATIC_ASSERT((int)OPENWFP__KIND__##kind == (int)OPENWFP__OBJECT__OBJECT_##name,           \
		      "the oneof of Object follows Kind")
SAME_NUMBER(PROVIDER, PROVIDER);
SAME_NUMBER(PROVIDER_CONTEXT, PROVIDER_CONTEXT);
SAME_NUMBER(SUB_LAYER, SUB_LAYER);
SAME_NUMBER(CALLOUT, CALLOUT);
SAME_NUMBER(FILTER, FILTER);
SAME_NUMBER(LAYER, LAYER);
SAME_NUMBER(SESSION, SESSION);
SAME_NUMBER(NET_EVENT, NET_EVENT);
SAME_NUMBER(CONNECTION, CONNECTION);

const void *call_object_message(const Openwfp__Object *object, uint32_t kind)
{
	return (uint32_t)object->object_case == kind ? object->provider : NULL;
}

wfp_err call_result(const struct convert_desc *desc, const void *message, void *out)
{
	struct arena a;
	void *api, *sealed;
	wfp_err err = ERR_NO_MEMORY;

	session_arena_init(&a);
	api = arena_zalloc(&a, 1, desc->size);
	if (api)
		err = convert_from_message(desc, message, &a, api);
	if (!err)
		err = block_seal(&a, api, desc->size, &sealed);
	if (err) {
		arena_free(&a);
		return err;
	}
	memcpy(out, &sealed, sizeof(sealed));
	return ERR_OK;
}

wfp_err call_plain(HANDLE session, Openwfp__Request__OpCase op)
{
	Openwfp__Empty empty = OPENWFP__EMPTY__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;

	request.op_case = op;
	request.close = &empty;
	return session_call(session, &request, NULL);
}

/* ---- adding and deleting --------------------------------------------------------------------- */

static wfp_err build_add(const struct call_object *what, const void *object, const void *sd,
			 struct arena *a, Openwfp__Add *add)
{
	ProtobufCMessage *message;
	wfp_err err = convert_to_message(what->desc, object, a, &message);

	if (err)
		return err;
	add->object->object_case = (Openwfp__Object__ObjectCase)what->kind;
	add->object->provider = (Openwfp__Provider *)message;
	if (!sd)
		return ERR_OK;
	add->has_sd = 1;
	return security_flatten(sd, a, &add->sd);
}

static void take_id(const struct rpc_reply *reply, uint64_t *id)
{
	if (id && reply->msg->result_case == OPENWFP__REPLY__RESULT_ADDED)
		*id = reply->msg->added->id;
}

wfp_err call_add(HANDLE session, const struct call_object *what, const void *object, const void *sd,
		 uint64_t *id)
{
	Openwfp__Object holder = OPENWFP__OBJECT__INIT;
	Openwfp__Add add = OPENWFP__ADD__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	struct rpc_reply *reply;
	struct arena a;
	wfp_err err;

	if (!object)
		return ERR_NULL_POINTER;
	session_arena_init(&a);
	add.object = &holder;
	err = build_add(what, object, sd, &a, &add);
	if (!err) {
		request.op_case = OPENWFP__REQUEST__OP_ADD;
		request.add = &add;
		err = session_call(session, &request, &reply);
	}
	arena_free(&a);
	if (err)
		return err;
	take_id(reply, id);
	rpc_reply_free(reply);
	return ERR_OK;
}

static void which_key(Openwfp__Which *which, Openwfp__Kind kind, const GUID *key)
{
	openwfp__which__init(which);
	which->has_kind = 1;
	which->kind = kind;
	which->which_case = OPENWFP__WHICH__WHICH_KEY;
	/* Only read: the request is packed and gone before the call returns. */
	which->key = (ProtobufCBinaryData){sizeof(*key), (uint8_t *)(uintptr_t)key};
}

static void which_id(Openwfp__Which *which, Openwfp__Kind kind, uint64_t id)
{
	openwfp__which__init(which);
	which->has_kind = 1;
	which->kind = kind;
	which->which_case = OPENWFP__WHICH__WHICH_ID;
	which->id = id;
}

static wfp_err send_delete(HANDLE session, Openwfp__Which *which)
{
	Openwfp__Request request = OPENWFP__REQUEST__INIT;

	request.op_case = OPENWFP__REQUEST__OP_DELETE;
	request.delete_ = which;
	return session_call(session, &request, NULL);
}

wfp_err call_delete_key(HANDLE session, Openwfp__Kind kind, const GUID *key)
{
	Openwfp__Which which;

	if (!key)
		return ERR_NULL_POINTER;
	which_key(&which, kind, key);
	return send_delete(session, &which);
}

wfp_err call_delete_id(HANDLE session, Openwfp__Kind kind, uint64_t id)
{
	Openwfp__Which which;

	which_id(&which, kind, id);
	return send_delete(session, &which);
}

/* ---- getting --------------------------------------------------------------------------------- */

static wfp_err object_of(const struct rpc_reply *reply, const struct call_object *what, void *out)
{
	const void *message = NULL;

	if (reply->msg->result_case == OPENWFP__REPLY__RESULT_OBJECT)
		message = call_object_message(reply->msg->object, what->kind);
	return message ? call_result(what->desc, message, out) : ERR_INVALID_DATA;
}

static wfp_err send_get(HANDLE session, const struct call_object *what, Openwfp__Which *which,
			void *out)
{
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	struct rpc_reply *reply;
	wfp_err err;

	if (!out)
		return ERR_NULL_POINTER;
	request.op_case = OPENWFP__REQUEST__OP_GET;
	request.get = which;
	err = session_call(session, &request, &reply);
	if (err)
		return err;
	err = object_of(reply, what, out);
	rpc_reply_free(reply);
	return err;
}

wfp_err call_get_key(HANDLE session, const struct call_object *what, const GUID *key, void *out)
{
	Openwfp__Which which;

	if (!key)
		return ERR_NULL_POINTER;
	which_key(&which, what->kind, key);
	return send_get(session, what, &which, out);
}

wfp_err call_get_id(HANDLE session, const struct call_object *what, uint64_t id, void *out)
{
	Openwfp__Which which;

	which_id(&which, what->kind, id);
	return send_get(session, what, &which, out);
}

/* ---- subscriptions --------------------------------------------------------------------------- */

static wfp_err subscriptions_of(const Openwfp__Objects *list, const struct convert_desc *desc,
				struct arena *a, void ***out)
{
	void **entries = arena_zalloc(a, list->n_objects, sizeof(void *));
	wfp_err err = entries ? ERR_OK : ERR_NO_MEMORY;

	for (size_t i = 0; !err && i < list->n_objects; i++) {
		const void *message =
			call_object_message(list->objects[i], OPENWFP__OBJECT__OBJECT_SUBSCRIPTION);

		if (!message)
			return ERR_INVALID_DATA;
		entries[i] = arena_zalloc(a, 1, desc->size);
		err = entries[i] ? convert_from_message(desc, message, a, entries[i])
				 : ERR_NO_MEMORY;
	}
	*out = entries;
	return err;
}

static wfp_err seal_subscriptions(const struct rpc_reply *reply, const struct convert_desc *desc,
				  void *entries, UINT32 *n)
{
	const Openwfp__Objects *list = reply->msg->objects;
	struct arena a;
	void **array, *sealed;
	wfp_err err;

	if (reply->msg->result_case != OPENWFP__REPLY__RESULT_OBJECTS)
		return ERR_INVALID_DATA;
	session_arena_init(&a);
	err = subscriptions_of(list, desc, &a, &array);
	if (!err)
		err = block_seal(&a, array, list->n_objects * sizeof(void *), &sealed);
	if (err) {
		arena_free(&a);
		return err;
	}
	memcpy(entries, &sealed, sizeof(sealed));
	*n = (UINT32)list->n_objects;
	return ERR_OK;
}

wfp_err call_subscriptions_get(HANDLE session, const struct call_object *what, void *entries,
			       UINT32 *n)
{
	Openwfp__Which which = OPENWFP__WHICH__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	struct rpc_reply *reply;
	wfp_err err;

	if (!entries || !n)
		return ERR_NULL_POINTER;
	which.has_kind = 1;
	which.kind = what->kind;
	request.op_case = OPENWFP__REQUEST__OP_SUBSCRIPTIONS_GET;
	request.subscriptionsget = &which;
	err = session_call(session, &request, &reply);
	if (err)
		return err;
	err = seal_subscriptions(reply, what->desc, entries, n);
	rpc_reply_free(reply);
	return err;
}
