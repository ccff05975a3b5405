/* SPDX-License-Identifier: MIT */
/*
 * fake_engine - an engine of a hundred rules less: it keeps what it is given and gives it back.
 *
 * Behind the real server and the real protocol, so that the library is tested with all of its own
 * parts.  It answers enumerations in pages of three, so that a page is never all.
 */
#pragma once

#include "base/file.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/usock.h"
#include "model/guid.h"
#include "model/sddl.h"
#include "rpc/codec.h"
#include "rpc/frame.h"
#include "rpc/server.h"

#include "harness.h"
#include "rpc/wfp.pb-c.h"

#include <unistd.h>

#define FAKE_OBJECTS 4096u
#define FAKE_PAGE    3u
#define FAKE_HANDLES 64u

struct fake_object {
	uint32_t kind; /* 0: deleted */
	uint64_t id;
	struct guid key;
	struct arena arena;
	Openwfp__Object *message;
};

struct fake_handle {
	struct rpc_conn *conn;
	uint32_t kind;
	uint32_t at;
	bool subscription;
};

static struct fake {
	struct lock lock;
	struct fake_object objects[FAKE_OBJECTS];
	uint32_t n_objects;
	struct fake_handle handles[FAKE_HANDLES];
	bool in_txn;
	struct buf sd;
	uint32_t option;
	wfp_err fail; /* the next request fails so */
	uint32_t sd_info, txn_flags;
	char path[64];
	struct rpc_server *server;
} fake;

/* ---- answers --------------------------------------------------------------------------------- */

static wfp_err fake_answer(const Openwfp__Request *request, Openwfp__Reply *reply,
			   struct buf *answer)
{
	Openwfp__FromEngine from = OPENWFP__FROM_ENGINE__INIT;

	reply->has_id = 1;
	reply->id = request->id;
	from.reply = reply;
	return rpc_frame_append(answer, &from.base, RPC_ANSWER_MAX);
}

static wfp_err fake_done(const Openwfp__Request *request, struct buf *answer)
{
	Openwfp__Reply reply = OPENWFP__REPLY__INIT;

	return fake_answer(request, &reply, answer);
}

static wfp_err fake_handle_answer(const Openwfp__Request *request, uint64_t handle,
				  struct buf *answer)
{
	Openwfp__Handle h = OPENWFP__HANDLE__INIT;
	Openwfp__Reply reply = OPENWFP__REPLY__INIT;

	h.has_handle = 1;
	h.handle = handle;
	reply.result_case = OPENWFP__REPLY__RESULT_HANDLE;
	reply.handle = &h;
	return fake_answer(request, &reply, answer);
}

/* ---- objects --------------------------------------------------------------------------------- */

static const ProtobufCFieldDescriptor *fake_field(const ProtobufCMessage *m, const char *name)
{
	return protobuf_c_message_descriptor_get_field_by_name(m->descriptor, name);
}

/* The key is the first field of all that have one. */
static ProtobufCBinaryData *fake_key(ProtobufCMessage *m, int **has)
{
	const ProtobufCFieldDescriptor *f =
		protobuf_c_message_descriptor_get_field(m->descriptor, 1);

	if (!f || f->type != PROTOBUF_C_TYPE_BYTES)
		return NULL;
	*has = (int *)((uint8_t *)m + f->quantifier_offset);
	return (ProtobufCBinaryData *)((uint8_t *)m + f->offset);
}

static void fake_set_id(ProtobufCMessage *m, uint64_t id)
{
	static const char *const names[] = {"filterId", "calloutId", "providerContextId", "layerId",
					    "connectionId"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const ProtobufCFieldDescriptor *f = fake_field(m, names[i]);

		if (!f)
			continue;
		*(int *)((uint8_t *)m + f->quantifier_offset) = 1;
		memcpy((uint8_t *)m + f->offset, &id, f->type == PROTOBUF_C_TYPE_UINT64 ? 8 : 4);
	}
}

static wfp_err fake_copy(struct fake_object *o, const Openwfp__Object *message)
{
	struct buf bytes = {0};
	ProtobufCMessage *copy;
	wfp_err err;

	arena_init(&o->arena, SIZE_MAX);
	rpc_message_pack(&message->base, &bytes);
	err = buf_err(&bytes);
	if (!err)
		err = rpc_message_unpack(&o->arena, &openwfp__object__descriptor, bytes.data,
					 bytes.len, &copy);
	buf_free(&bytes);
	if (err)
		arena_free(&o->arena);
	else
		o->message = (Openwfp__Object *)copy;
	return err;
}

static struct fake_object *fake_find(const Openwfp__Which *w)
{
	for (uint32_t i = 0; i < fake.n_objects; i++) {
		struct fake_object *o = &fake.objects[i];

		if (o->kind != (uint32_t)w->kind)
			continue;
		if (w->which_case == OPENWFP__WHICH__WHICH_ID
			    ? o->id == w->id
			    : w->key.len == 16 && memcmp(w->key.data, &o->key, 16) == 0)
			return o;
	}
	return NULL;
}

/* Puts it in, as `add` and as a test would; the id is its place.  NULL: no memory. */
static struct fake_object *fake_put(const Openwfp__Object *message)
{
	struct fake_object *o = &fake.objects[fake.n_objects];
	ProtobufCBinaryData *key;
	int *has;

	BUG_ON(fake.n_objects == FAKE_OBJECTS);
	if (fake_copy(o, message))
		return NULL;
	o->kind = message->object_case;
	o->id = ++fake.n_objects;
	o->key = guid_random();
	key = fake_key((ProtobufCMessage *)o->message->provider, &has);
	if (key && *has) {
		memcpy(&o->key, key->data, 16);
	} else if (key) {
		*has = 1;
		*key = (ProtobufCBinaryData){16, (uint8_t *)&o->key};
	}
	fake_set_id((ProtobufCMessage *)o->message->provider, o->id);
	return o;
}

/* ---- notifications --------------------------------------------------------------------------- */

/* n->handle is filled in; `last` as in rpc_conn_ops. */
static void fake_tell(uint32_t kind, Openwfp__Notification *n, bool last)
{
	for (uint32_t i = 0; i < FAKE_HANDLES; i++) {
		struct fake_handle *h = &fake.handles[i];

		if (!h->subscription || h->kind != kind)
			continue;
		n->has_handle = 1;
		n->handle = i + 1;
		CHECK(h->conn->ops->notify(h->conn, n, last));
		if (last)
			h->subscription = false;
	}
}

static void fake_changed(const struct fake_object *o, uint32_t change)
{
	Openwfp__Notification n = OPENWFP__NOTIFICATION__INIT;
	struct guid key = o->key;

	n.has_changetype = n.has_key = n.has_id = 1;
	n.changetype = change;
	n.key = (ProtobufCBinaryData){16, (uint8_t *)&key};
	n.id = o->id;
	fake_tell(o->kind, &n, false);
}

/* ---- requests -------------------------------------------------------------------------------- */

static wfp_err fake_add(const Openwfp__Request *request, struct buf *answer)
{
	Openwfp__Added added = OPENWFP__ADDED__INIT;
	Openwfp__Reply reply = OPENWFP__REPLY__INIT;
	struct fake_object *o = fake_put(request->add->object);

	if (!o)
		return ERR_NO_MEMORY;
	if (request->add->has_sd) {
		buf_reset(&fake.sd);
		buf_append(&fake.sd, request->add->sd.data, request->add->sd.len);
	}
	added.has_id = added.has_key = 1;
	added.id = o->id;
	added.key = (ProtobufCBinaryData){16, (uint8_t *)&o->key};
	reply.result_case = OPENWFP__REPLY__RESULT_ADDED;
	reply.added = &added;
	fake_changed(o, 1);
	return fake_answer(request, &reply, answer);
}

static wfp_err fake_delete(const Openwfp__Request *request, struct buf *answer)
{
	struct fake_object *o = fake_find(request->delete_);

	if (!o)
		return ERR_NOT_FOUND;
	fake_changed(o, 2);
	o->kind = 0;
	arena_free(&o->arena);
	return fake_done(request, answer);
}

static wfp_err fake_get(const Openwfp__Request *request, struct buf *answer)
{
	Openwfp__Reply reply = OPENWFP__REPLY__INIT;
	struct fake_object *o = fake_find(request->get);

	if (!o)
		return ERR_NOT_FOUND;
	reply.result_case = OPENWFP__REPLY__RESULT_OBJECT;
	reply.object = o->message;
	return fake_answer(request, &reply, answer);
}

static wfp_err fake_new_handle(const Openwfp__Request *request, uint32_t kind,
			       struct rpc_conn *conn, struct buf *answer)
{
	for (uint32_t i = 0; i < FAKE_HANDLES; i++)
		if (!fake.handles[i].kind) {
			fake.handles[i] = (struct fake_handle){
				.kind = kind, .conn = conn, .subscription = conn != NULL};
			return fake_handle_answer(request, i + 1, answer);
		}
	return ERR_NO_MEMORY;
}

static wfp_err fake_next(const Openwfp__Request *request, struct buf *answer)
{
	Openwfp__Object *page[FAKE_PAGE];
	Openwfp__Objects objects = OPENWFP__OBJECTS__INIT;
	Openwfp__Reply reply = OPENWFP__REPLY__INIT;
	struct fake_handle *h = &fake.handles[request->enumnext->handle - 1];

	objects.objects = page;
	while (h->at < fake.n_objects && objects.n_objects < FAKE_PAGE &&
	       objects.n_objects < request->enumnext->max) {
		struct fake_object *o = &fake.objects[h->at++];

		if (o->kind == h->kind)
			page[objects.n_objects++] = o->message;
	}
	reply.result_case = OPENWFP__REPLY__RESULT_OBJECTS;
	reply.objects = &objects;
	return fake_answer(request, &reply, answer);
}

/* Two subscriptions, whatever was subscribed to. */
static wfp_err fake_subscriptions(const Openwfp__Request *request, struct buf *answer)
{
	Openwfp__Subscription s = OPENWFP__SUBSCRIPTION__INIT;
	Openwfp__Object object = OPENWFP__OBJECT__INIT, *list[2] = {&object, &object};
	Openwfp__Objects objects = OPENWFP__OBJECTS__INIT;
	Openwfp__Reply reply = OPENWFP__REPLY__INIT;

	s.has_flags = 1;
	s.flags = 3;
	object.object_case = OPENWFP__OBJECT__OBJECT_SUBSCRIPTION;
	object.subscription = &s;
	objects.n_objects = 2;
	objects.objects = list;
	reply.result_case = OPENWFP__REPLY__RESULT_OBJECTS;
	reply.objects = &objects;
	return fake_answer(request, &reply, answer);
}

static wfp_err fake_security_get(const Openwfp__Request *request, struct buf *answer)
{
	Openwfp__Reply reply = OPENWFP__REPLY__INIT;

	fake.sd_info = request->securityget->securityinfo;
	reply.result_case = OPENWFP__REPLY__RESULT_SD;
	reply.sd = (ProtobufCBinaryData){fake.sd.len, fake.sd.data};
	return fake_answer(request, &reply, answer);
}

static wfp_err fake_security_set(const Openwfp__Request *request, struct buf *answer)
{
	fake.sd_info = request->securityset->securityinfo;
	buf_reset(&fake.sd);
	buf_append(&fake.sd, request->securityset->sd.data, request->securityset->sd.len);
	return fake_done(request, answer);
}

static wfp_err fake_option(const Openwfp__Request *request, struct buf *answer)
{
	Openwfp__Value value = OPENWFP__VALUE__INIT;
	Openwfp__Reply reply = OPENWFP__REPLY__INIT;

	if (request->op_case == OPENWFP__REQUEST__OP_OPTION_SET) {
		fake.option = request->optionset->value->uint32;
		return fake_done(request, answer);
	}
	value.has_type = 1;
	value.type = 3; /* FWP_UINT32 */
	value.value_case = OPENWFP__VALUE__VALUE_UINT32;
	value.uint32 = fake.option;
	reply.result_case = OPENWFP__REPLY__RESULT_VALUE;
	reply.value = &value;
	return fake_answer(request, &reply, answer);
}

static void fake_ports_make(Openwfp__SystemPorts *ports, Openwfp__SystemPortsByType *by_type,
			    Openwfp__SystemPortsByType **list)
{
	static uint32_t numbers[] = {135, 5000};

	openwfp__system_ports__init(ports);
	openwfp__system_ports_by_type__init(by_type);
	by_type->has_type = 1;
	by_type->n_ports = 2;
	by_type->ports = numbers;
	*list = by_type;
	ports->n_types = 1;
	ports->types = list;
}

static wfp_err fake_ports(const Openwfp__Request *request, struct buf *answer)
{
	Openwfp__SystemPortsByType by_type, *list;
	Openwfp__SystemPorts ports;
	Openwfp__Reply reply = OPENWFP__REPLY__INIT;

	fake_ports_make(&ports, &by_type, &list);
	reply.result_case = OPENWFP__REPLY__RESULT_SYSTEM_PORTS;
	reply.systemports = &ports;
	return fake_answer(request, &reply, answer);
}

static wfp_err fake_txn(const Openwfp__Request *request, struct buf *answer)
{
	bool begin = request->op_case == OPENWFP__REQUEST__OP_TXN_BEGIN;

	if (begin == fake.in_txn)
		return begin ? ERR_TXN_IN_PROGRESS : ERR_NO_TXN_IN_PROGRESS;
	fake.in_txn = begin;
	if (begin)
		fake.txn_flags = request->txnbegin->flags;
	return fake_done(request, answer);
}

static wfp_err fake_end_handle(const Openwfp__Request *request, uint64_t handle, struct buf *answer)
{
	fake.handles[handle - 1] = (struct fake_handle){0};
	return fake_done(request, answer);
}

static wfp_err fake_dispatch(struct rpc_conn *conn, const Openwfp__Request *request,
			     struct buf *answer)
{
	switch (request->op_case) {
	case OPENWFP__REQUEST__OP_ADD:
		return fake_add(request, answer);
	case OPENWFP__REQUEST__OP_DELETE:
		return fake_delete(request, answer);
	case OPENWFP__REQUEST__OP_GET:
		return fake_get(request, answer);
	case OPENWFP__REQUEST__OP_ENUM_CREATE:
		return fake_new_handle(request, request->enumcreate->kind, NULL, answer);
	case OPENWFP__REQUEST__OP_ENUM_NEXT:
		return fake_next(request, answer);
	case OPENWFP__REQUEST__OP_ENUM_DESTROY:
		return fake_end_handle(request, request->enumdestroy->handle, answer);
	case OPENWFP__REQUEST__OP_SUBSCRIBE:
		return fake_new_handle(request, request->subscribe->kind, conn, answer);
	case OPENWFP__REQUEST__OP_UNSUBSCRIBE:
		return fake_end_handle(request, request->unsubscribe->handle, answer);
	case OPENWFP__REQUEST__OP_SUBSCRIPTIONS_GET:
		return fake_subscriptions(request, answer);
	case OPENWFP__REQUEST__OP_SECURITY_GET:
		return fake_security_get(request, answer);
	case OPENWFP__REQUEST__OP_SECURITY_SET:
		return fake_security_set(request, answer);
	case OPENWFP__REQUEST__OP_OPTION_GET:
	case OPENWFP__REQUEST__OP_OPTION_SET:
		return fake_option(request, answer);
	case OPENWFP__REQUEST__OP_SYSTEM_PORTS_GET:
		return fake_ports(request, answer);
	case OPENWFP__REQUEST__OP_TXN_BEGIN:
	case OPENWFP__REQUEST__OP_TXN_COMMIT:
	case OPENWFP__REQUEST__OP_TXN_ABORT:
		return fake_txn(request, answer);
	default:
		return fake_done(request, answer);
	}
}

static wfp_err fake_request(void *client, const Openwfp__Request *request, struct buf *answer)
{
	wfp_err err;

	lock_take(&fake.lock);
	err = fake.fail;
	fake.fail = ERR_OK;
	if (!err)
		err = fake_dispatch(client, request, answer);
	lock_drop(&fake.lock);
	return err;
}

static wfp_err fake_opened(void *ctx, struct rpc_conn *conn, const struct rpc_peer *peer,
			   void **client)
{
	*client = conn;
	return ERR_OK;
}

static void fake_closed(void *client)
{
	lock_take(&fake.lock);
	for (uint32_t i = 0; i < FAKE_HANDLES; i++)
		if (fake.handles[i].conn == client)
			fake.handles[i] = (struct fake_handle){0};
	lock_drop(&fake.lock);
}

/* ---- the server ------------------------------------------------------------------------------ */

static void fake_start(void)
{
	static const struct rpc_handler handler = {
		.opened = fake_opened, .request = fake_request, .closed = fake_closed};
	struct rpc_server_config config = {.handler = &handler};
	struct model_blob *sd;
	struct usock *listener;

	strcpy(fake.path, "/tmp/openwfp-test-XXXXXX");
	CHECK(mkdtemp(fake.path));
	strcat(fake.path, "/bfe.sock");
	setenv("OPENWFP_SOCKET", fake.path, 1);
	lock_init(&fake.lock, "fake engine", 1);
	CHECK_OK(model_sddl_parse(&sd, "O:BAG:SYD:(A;;GA;;;BA)", NULL));
	buf_append(&fake.sd, sd->data, sd->size);
	mem_free(sd);
	CHECK_OK(usock_listen(&listener, fake.path));
	CHECK_OK(rpc_server_start(&fake.server, listener, &config));
}

/* And everything that anybody allocated is free again. */
static void fake_stop(void)
{
	char lock[80];

	rpc_server_stop(fake.server);
	for (uint32_t i = 0; i < fake.n_objects; i++)
		if (fake.objects[i].kind)
			arena_free(&fake.objects[i].arena);
	fake.n_objects = 0;
	buf_free(&fake.sd);
	snprintf(lock, sizeof(lock), "%s.lock", fake.path);
	unlink(lock); /* a server leaves it, because another may wait for it */
	*strrchr(fake.path, '/') = '\0';
	rmdir(fake.path);
	lock_destroy(&fake.lock);
}
