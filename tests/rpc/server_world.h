/* SPDX-License-Identifier: MIT */
/*
 * A server on a real socket with a handler that does what the request's numbers say, so that tests
 * can make it wait, fail and tell.
 *
 * txnBegin waits until the test opens the gate or the client has gone; statsGet answers at once;
 * enumNext answers with `max` statistics of a kilobyte each; subscribe remembers the connection;
 * everything else is an error of its own.
 */
#pragma once

#include "base/atomic.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/usock.h"
#include "rpc/client.h"
#include "rpc/frame.h"
#include "rpc/server.h"
#include "rpc/wfp.pb-c.h"

#include <stdlib.h>
#include <unistd.h>

#define WORLD_CONNS 512
#define WORLD_DIR   64

struct world {
	uint64_t live;
	char dir[WORLD_DIR], path[96];
	struct rpc_handler handler;
	struct rpc_server *server;
	struct atom32 opened, closed, gate, waiting, abandoned;
	struct atomptr subscribed[WORLD_CONNS]; /* struct rpc_conn, by handle - 1 */
	struct atom32 n_subscribed;
};

/* A real clock is all there is on the host: wait for what must come, not for a while. */
#define AWAIT(cond)                                                                                \
	do {                                                                                       \
		while (!(cond))                                                                    \
			clock_sleep_until(clock_now() + CLOCK_MS);                                 \
	} while (0)

struct world_client {
	struct world *world;
	struct rpc_conn *conn;
	uint32_t handle; /* 0: none */
};

static inline UNUSED wfp_err world_opened(void *ctx, struct rpc_conn *conn,
					  const struct rpc_peer *peer, void **client)
{
	struct world_client *c = mem_zalloc(sizeof(*c));

	if (!c)
		return ERR_NO_MEMORY;
	BUG_ON(peer->pid == 0 || peer->n_gids < 1);
	BUG_ON(peer->uid == getuid() && peer->gids[0] != getgid());
	*c = (struct world_client){ctx, conn, 0};
	atom32_add(&c->world->opened, 1);
	*client = c;
	return ERR_OK;
}

static inline UNUSED void world_closed(void *client)
{
	struct world_client *c = client;

	if (c->handle)
		atomptr_store(&c->world->subscribed[c->handle - 1], NULL);
	atom32_add(&c->world->closed, 1);
	mem_free(c);
}

static inline UNUSED wfp_err world_wait(struct world_client *c)
{
	struct world *w = c->world;

	atom32_add(&w->waiting, 1);
	while (!atom32_load(&w->gate) && c->conn->ops->alive(c->conn))
		clock_sleep_until(clock_now() + CLOCK_MS);
	atom32_sub(&w->waiting, 1);
	if (atom32_load(&w->gate))
		return ERR_OK;
	atom32_add(&w->abandoned, 1);
	return ERR_SESSION_ABORTED;
}

static inline UNUSED wfp_err world_stats(uint32_t n, uint64_t id, struct buf *out)
{
	char name[1024] = "";
	Openwfp__FromEngine m = OPENWFP__FROM_ENGINE__INIT;
	Openwfp__Reply reply = OPENWFP__REPLY__INIT;
	Openwfp__Stats stats = OPENWFP__STATS__INIT;
	Openwfp__Stat stat = OPENWFP__STAT__INIT;
	Openwfp__Stat **list = mem_zalloc_array(n + 1, sizeof(*list));
	wfp_err err;

	if (!list)
		return ERR_NO_MEMORY;
	memset(name, 's', sizeof(name) - 1);
	stat.name = name;
	for (uint32_t i = 0; i < n; i++)
		list[i] = &stat;
	stats.n_stats = n;
	stats.stats = list;
	m.reply = &reply;
	reply.has_id = true;
	reply.id = id;
	reply.result_case = OPENWFP__REPLY__RESULT_STATS;
	reply.stats = &stats;
	err = rpc_frame_append(out, &m.base, RPC_ANSWER_MAX);
	mem_free(list);
	return err;
}

static inline UNUSED wfp_err world_handle(uint64_t handle, uint64_t id, struct buf *out)
{
	Openwfp__FromEngine m = OPENWFP__FROM_ENGINE__INIT;
	Openwfp__Reply reply = OPENWFP__REPLY__INIT;
	Openwfp__Handle h = OPENWFP__HANDLE__INIT;

	m.reply = &reply;
	reply.has_id = true;
	reply.id = id;
	reply.result_case = OPENWFP__REPLY__RESULT_HANDLE;
	reply.handle = &h;
	h.has_handle = true;
	h.handle = handle;
	return rpc_frame_append(out, &m.base, RPC_ANSWER_MAX);
}

static inline UNUSED wfp_err world_request(void *client, const Openwfp__Request *request,
					   struct buf *out)
{
	struct world_client *c = client;
	wfp_err err;

	switch (request->op_case) {
	case OPENWFP__REQUEST__OP_TXN_BEGIN:
		err = world_wait(c);
		return err ? err : world_stats(0, request->id, out);
	case OPENWFP__REQUEST__OP_STATS_GET:
		return world_stats(1, request->id, out);
	case OPENWFP__REQUEST__OP_ENUM_NEXT:
		return world_stats(request->enumnext->max, request->id, out);
	case OPENWFP__REQUEST__OP_SUBSCRIBE:
		c->handle = atom32_add(&c->world->n_subscribed, 1);
		BUG_ON(c->handle > WORLD_CONNS);
		atomptr_store(&c->world->subscribed[c->handle - 1], c->conn);
		return world_handle(c->handle, request->id, out);
	default:
		return ERR_NEVER_MATCH;
	}
}

/* Tells the subscriber of that handle something of `size` bytes.  False: it did not fit. */
static inline UNUSED bool world_tell(struct world *w, uint64_t handle, size_t size, bool last)
{
	struct rpc_conn *conn = atomptr_load(&w->subscribed[handle - 1]);
	Openwfp__Notification n = OPENWFP__NOTIFICATION__INIT;
	uint8_t *bytes = mem_zalloc(size + 1);
	bool fits;

	BUG_ON(!conn || !bytes);
	n.has_handle = true;
	n.handle = handle;
	n.has_key = !last;
	n.key = (ProtobufCBinaryData){size, bytes};
	n.has_error = last;
	n.error = ERR_NOTIFICATION_DROPPED;
	fits = conn->ops->notify(conn, &n, last);
	mem_free(bytes);
	return fits;
}

static inline UNUSED void make_dir(char dir[WORLD_DIR])
{
	const char *parent = getenv("TMPDIR");

	snprintf(dir, WORLD_DIR, "%s/openwfp-XXXXXX", parent ? parent : P_tmpdir);
	BUG_ON(!mkdtemp(dir));
}

static inline UNUSED void world_start(struct world *w, struct rpc_server_config config)
{
	struct usock *listener;

	*w = (struct world){.live = mem_live()};
	w->handler = (struct rpc_handler){w, world_opened, world_request, world_closed};
	make_dir(w->dir);
	snprintf(w->path, sizeof(w->path), "%s/run/socket", w->dir);
	CHECK_OK(usock_listen(&listener, w->path));
	config.handler = &w->handler;
	CHECK_OK(rpc_server_start(&w->server, listener, &config));
}

static inline UNUSED void world_stop(struct world *w)
{
	char name[128];

	rpc_server_stop(w->server);
	CHECK_EQ_U(atom32_load(&w->opened), atom32_load(&w->closed));
	CHECK_EQ_U(mem_live(), w->live);
	CHECK(!file_exists(w->path));
	snprintf(name, sizeof(name), "%s.lock", w->path);
	unlink(name);
	snprintf(name, sizeof(name), "%s/run", w->dir);
	rmdir(name);
	rmdir(w->dir);
}

static inline UNUSED struct rpc_client *world_client(struct world *w)
{
	struct rpc_client *c;

	CHECK_OK(rpc_client_open(&c, &(struct rpc_client_config){.path = w->path}));
	return c;
}

static inline UNUSED wfp_err call_stats(struct rpc_client *c)
{
	Openwfp__Request m = OPENWFP__REQUEST__INIT;
	Openwfp__Empty empty = OPENWFP__EMPTY__INIT;

	m.op_case = OPENWFP__REQUEST__OP_STATS_GET;
	m.statsget = &empty;
	return rpc_client_call(c, &m, NULL);
}

static inline UNUSED wfp_err call_wait(struct rpc_client *c)
{
	Openwfp__Request m = OPENWFP__REQUEST__INIT;
	Openwfp__TxnBegin begin = OPENWFP__TXN_BEGIN__INIT;

	m.op_case = OPENWFP__REQUEST__OP_TXN_BEGIN;
	m.txnbegin = &begin;
	return rpc_client_call(c, &m, NULL);
}

static inline UNUSED uint64_t call_subscribe(struct rpc_client *c)
{
	Openwfp__Request m = OPENWFP__REQUEST__INIT;
	Openwfp__Subscription subscription = OPENWFP__SUBSCRIPTION__INIT;
	struct rpc_reply *reply;
	uint64_t handle;

	m.op_case = OPENWFP__REQUEST__OP_SUBSCRIBE;
	m.subscribe = &subscription;
	CHECK_OK(rpc_client_call(c, &m, &reply));
	handle = reply->msg->handle->handle;
	rpc_reply_free(reply);
	return handle;
}

/* ---- a peer that speaks bytes ------------------------------------------------------------------
 */

static inline UNUSED struct usock *raw_connect(struct world *w)
{
	struct usock *s;

	CHECK_OK(usock_connect(&s, w->path));
	return s;
}

/* All of it; false: the other side has closed. */
static inline UNUSED bool raw_send(struct usock *s, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len > 0) {
		size_t n;

		if (usock_write(s, p, len, &n))
			return false;
		p += n;
		len -= n;
		if (n == 0)
			usock_wait(s, NULL, USOCK_OUT, CLOCK_NEVER);
	}
	return true;
}

/* The message of the next frame, for mem_free by way of buf_free; false: closed. */
static inline UNUSED bool raw_receive(struct usock *s, struct rpc_frame *f)
{
	rpc_frame_reset(f);
	while (!rpc_frame_complete(f)) {
		uint8_t *to;
		size_t n;

		CHECK_OK(rpc_frame_room(f, &to, &n));
		if (usock_read(s, to, n, &n))
			return false;
		CHECK_OK(rpc_frame_put(f, n));
		if (n == 0)
			usock_wait(s, NULL, USOCK_IN, CLOCK_NEVER);
	}
	return true;
}

static inline UNUSED void raw_await_end(struct usock *s)
{
	uint8_t bytes[4096];
	size_t n;

	while (usock_read(s, bytes, sizeof(bytes), &n) == ERR_OK)
		if (n == 0)
			usock_wait(s, NULL, USOCK_IN, CLOCK_NEVER);
}
