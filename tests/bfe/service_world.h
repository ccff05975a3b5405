/* SPDX-License-Identifier: MIT */
/*
 * service_world - the service over an engine in memory, and clients without sockets.
 *
 * A request goes through its bytes on the way in and on the way out, as over a connection.
 */
#pragma once

#include "harness.h"

#include "base/mem.h"
#include "bfe/bfe.h"
#include "bfe/monitor.h"
#include "bfe/service.h"
#include "rpc/codec.h"
#include "rpc/frame.h"
#include "rpc/wfp.pb-c.h"

#define ROOM ((size_t)256 << 20)

struct service_world {
	struct engine *engine;
	struct bfe *bfe;
	struct bfe_monitor *monitor;
	struct bfe_service *service;
	const struct rpc_handler *handler;
	uint64_t live;
};

/* A connection that keeps its notifications. */
struct peer {
	struct rpc_conn base;
	struct service_world *world;
	void *client;
	uint64_t last_id;
	bool gone;	  /* not alive any more */
	unsigned room;	  /* notifications that still fit */
	unsigned told;	  /* those that came, without the last ones */
	unsigned last;	  /* last ones */
	uint64_t told_id; /* of the object of the newest */
	uint32_t told_type;
	bool told_event, told_connection;
	/* Of the newest request. */
	struct arena arena;
	Openwfp__Reply *reply;
};

static inline UNUSED bool peer_alive(struct rpc_conn *conn)
{
	return !CONTAINER_OF(conn, struct peer, base)->gone;
}

static inline UNUSED bool peer_notify(struct rpc_conn *conn, const Openwfp__Notification *n,
				      bool last)
{
	struct peer *p = CONTAINER_OF(conn, struct peer, base);

	if (last) {
		BUG_ON(n->error != ERR_NOTIFICATION_DROPPED);
		p->last++;
		return true;
	}
	if (p->room == 0)
		return false;
	p->room--;
	p->told++;
	p->told_id = n->id;
	p->told_type = n->changetype;
	p->told_event = n->netevent;
	p->told_connection = n->connection;
	return true;
}

static const struct rpc_conn_ops peer_ops = {peer_alive, peer_notify};

static inline UNUSED void put_stats(void *ctx, bfe_service_stat_fn *put, void *to)
{
	(void)ctx;
	for (uint64_t i = 0; i < 100; i++)
		put(to, "packets", i);
}

static inline UNUSED void service_world_open(struct service_world *w, bool monitor)
{
	*w = (struct service_world){.live = mem_live()};
	CHECK_OK(engine_create(&w->engine, &(struct engine_config){.max_ops = 4}));
	CHECK_OK(bfe_create(&w->bfe, &(struct bfe_config){.engine = w->engine}));
	if (monitor)
		CHECK_OK(bfe_monitor_create(&w->monitor, &(struct bfe_monitor_config){0}));
	CHECK_OK(bfe_service_create(&w->service, &(struct bfe_service_config){.bfe = w->bfe,
									      .monitor = w->monitor,
									      .stats = put_stats}));
	w->handler = bfe_service_handler(w->service);
}

static inline UNUSED void service_world_close(struct service_world *w)
{
	bfe_service_destroy(w->service);
	if (w->monitor)
		bfe_monitor_destroy(w->monitor);
	bfe_destroy(w->bfe);
	engine_destroy(w->engine);
	CHECK_EQ_U(mem_live(), w->live);
}

static inline UNUSED void peer_connect(struct service_world *w, struct peer *p, uint32_t uid)
{
	uint32_t gids[] = {uid, 100};
	const struct rpc_peer who = {.pid = 7, .uid = uid, .n_gids = 2, .gids = gids};

	*p = (struct peer){.base = {&peer_ops}, .world = w, .room = UINT32_MAX};
	arena_init(&p->arena, ROOM);
	CHECK_OK(w->handler->opened(w->handler->ctx, &p->base, &who, &p->client));
}

static inline UNUSED void peer_close(struct peer *p)
{
	p->world->handler->closed(p->client);
	arena_free(&p->arena);
}

/* p->reply lives until the next request. */
static inline UNUSED wfp_err ask(struct peer *p, Openwfp__Request *m)
{
	struct buf in = {0}, out = {0};
	ProtobufCMessage *request, *from;
	struct arena a;
	wfp_err err;

	arena_free(&p->arena);
	arena_init(&a, ROOM);
	m->has_id = true;
	m->id = ++p->last_id;
	rpc_message_pack(&m->base, &in);
	err = buf_err(&in);
	if (!err)
		err = rpc_message_unpack(&a, &openwfp__request__descriptor, in.data, in.len,
					 &request);
	if (!err)
		err = p->world->handler->request(p->client, (Openwfp__Request *)request, &out);
	if (!err) {
		mem_fail_at(0);
		CHECK(out.len - RPC_FRAME_HEADER <= RPC_ANSWER_MAX);
		CHECK_OK(rpc_message_unpack(&p->arena, &openwfp__from_engine__descriptor,
					    out.data + RPC_FRAME_HEADER, out.len - RPC_FRAME_HEADER,
					    &from));
		p->reply = ((Openwfp__FromEngine *)from)->reply;
		CHECK_EQ_U(p->reply->id, p->last_id);
		err = p->reply->error;
	}
	buf_free(&in);
	buf_free(&out);
	arena_free(&a);
	return err;
}

/* ---- one request each --------------------------------------------------------------------------
 */

#define REQUEST(NAME)                                                                              \
	{                                                                                          \
		PROTOBUF_C_MESSAGE_INIT(&openwfp__request__descriptor),                            \
			.op_case = OPENWFP__REQUEST__OP_##NAME                                     \
	}

static inline UNUSED wfp_err ask_open(struct peer *p, uint32_t flags, uint32_t wait_ms)
{
	Openwfp__Request m = REQUEST(OPEN);
	Openwfp__Open open = OPENWFP__OPEN__INIT;
	Openwfp__SessionInfo session = OPENWFP__SESSION_INFO__INIT;
	Openwfp__DisplayData texts = OPENWFP__DISPLAY_DATA__INIT;

	texts.name = (char *)(uintptr_t) "a test";
	session.displaydata = &texts;
	session.has_flags = session.has_txnwaittimeoutinmsec = true;
	session.flags = flags;
	session.txnwaittimeoutinmsec = wait_ms;
	open.session = &session;
	m.open = &open;
	return ask(p, &m);
}

static inline UNUSED wfp_err ask_begin(struct peer *p, uint32_t flags)
{
	Openwfp__Request m = REQUEST(TXN_BEGIN);
	Openwfp__TxnBegin begin = OPENWFP__TXN_BEGIN__INIT;

	begin.has_flags = true;
	begin.flags = flags;
	m.txnbegin = &begin;
	return ask(p, &m);
}

/* close, txnCommit, txnAbort, systemPortsGet, statsGet */
static inline UNUSED wfp_err ask_empty(struct peer *p, Openwfp__Request__OpCase op)
{
	Openwfp__Request m = OPENWFP__REQUEST__INIT;
	Openwfp__Empty empty = OPENWFP__EMPTY__INIT;

	m.op_case = op;
	m.close = &empty;
	return ask(p, &m);
}

static inline UNUSED wfp_err ask_add(struct peer *p, const struct model_object *draft)
{
	Openwfp__Request m = REQUEST(ADD);
	Openwfp__Add add = OPENWFP__ADD__INIT;
	Openwfp__Object object;
	struct arena a;
	wfp_err err;

	arena_init(&a, ROOM);
	err = rpc_object_encode(&a, draft, &object);
	add.object = &object;
	m.add = &add;
	if (!err)
		err = ask(p, &m);
	arena_free(&a);
	return err;
}

static inline UNUSED Openwfp__Which which_key(Openwfp__Kind kind, const struct guid *key)
{
	Openwfp__Which which = OPENWFP__WHICH__INIT;

	which.has_kind = true;
	which.kind = kind;
	which.which_case = OPENWFP__WHICH__WHICH_KEY;
	which.key = (ProtobufCBinaryData){16, (uint8_t *)(uintptr_t)key};
	return which;
}

static inline UNUSED Openwfp__Which which_id(Openwfp__Kind kind, uint64_t id)
{
	Openwfp__Which which = OPENWFP__WHICH__INIT;

	which.has_kind = true;
	which.kind = kind;
	which.which_case = OPENWFP__WHICH__WHICH_ID;
	which.id = id;
	return which;
}

static inline UNUSED wfp_err ask_get(struct peer *p, Openwfp__Which which)
{
	Openwfp__Request m = REQUEST(GET);

	m.get = &which;
	return ask(p, &m);
}

static inline UNUSED wfp_err ask_delete(struct peer *p, Openwfp__Which which)
{
	Openwfp__Request m = REQUEST(DELETE);

	m.delete_ = &which;
	return ask(p, &m);
}

static inline UNUSED wfp_err ask_enum(struct peer *p, Openwfp__Kind kind,
				      Openwfp__EnumTemplate *template, uint64_t *handle)
{
	Openwfp__Request m = REQUEST(ENUM_CREATE);
	Openwfp__EnumCreate create = OPENWFP__ENUM_CREATE__INIT;
	wfp_err err;

	create.has_kind = true;
	create.kind = kind;
	create.enumtemplate = template;
	m.enumcreate = &create;
	err = ask(p, &m);
	if (!err)
		*handle = p->reply->handle->handle;
	return err;
}

static inline UNUSED wfp_err ask_next(struct peer *p, uint64_t handle, uint32_t max)
{
	Openwfp__Request m = REQUEST(ENUM_NEXT);
	Openwfp__EnumNext next = OPENWFP__ENUM_NEXT__INIT;

	next.has_handle = next.has_max = true;
	next.handle = handle;
	next.max = max;
	m.enumnext = &next;
	return ask(p, &m);
}

static inline UNUSED wfp_err ask_handle(struct peer *p, Openwfp__Request__OpCase op,
					uint64_t handle)
{
	Openwfp__Request m = OPENWFP__REQUEST__INIT;
	Openwfp__Handle h = OPENWFP__HANDLE__INIT;

	h.has_handle = true;
	h.handle = handle;
	m.op_case = op;
	m.enumdestroy = &h;
	return ask(p, &m);
}

/* How many there are of a kind, asked for `max` at a time. */
static inline UNUSED size_t count_all(struct peer *p, Openwfp__Kind kind,
				      Openwfp__EnumTemplate *template, uint32_t max)
{
	uint64_t handle;
	size_t n = 0;

	CHECK_OK(ask_enum(p, kind, template, &handle));
	do {
		CHECK_OK(ask_next(p, handle, max));
		n += p->reply->objects->n_objects;
	} while (p->reply->objects->n_objects > 0);
	CHECK_OK(ask_handle(p, OPENWFP__REQUEST__OP_ENUM_DESTROY, handle));
	return n;
}

static inline UNUSED wfp_err ask_subscribe(struct peer *p, Openwfp__Kind kind, uint64_t *handle)
{
	Openwfp__Request m = REQUEST(SUBSCRIBE);
	Openwfp__Subscription subscription = OPENWFP__SUBSCRIPTION__INIT;
	wfp_err err;

	subscription.has_kind = subscription.has_flags = true;
	subscription.kind = kind;
	subscription.flags = BFE_SUBSCRIBE_ON_ADD | BFE_SUBSCRIBE_ON_DELETE;
	m.subscribe = &subscription;
	err = ask(p, &m);
	if (!err)
		*handle = p->reply->handle->handle;
	return err;
}

/* ---- drafts ------------------------------------------------------------------------------------
 */

static inline UNUSED struct guid key_of(uint32_t n)
{
	return (struct guid){.a = n, .d = {1}};
}

static inline UNUSED struct model_object a_provider(uint32_t key)
{
	return (struct model_object){
		.kind = MODEL_PROVIDER, .key = key_of(key), .name = (char *)(uintptr_t) "p"};
}

static inline UNUSED struct model_filter a_filter(void)
{
	return (struct model_filter){.layer = MODEL_LAYER_ALE_AUTH_CONNECT_V4,
				     .action = MODEL_ACTION_BLOCK,
				     .name = (char *)(uintptr_t) "f"};
}

static inline UNUSED wfp_err ask_add_filter(struct peer *p, const struct model_filter *filter)
{
	const struct model_object o = {.kind = MODEL_FILTER,
				       .filter = (struct model_filter *)(uintptr_t)filter};

	return ask_add(p, &o);
}
