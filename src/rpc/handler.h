/* SPDX-License-Identifier: MIT */
/*
 * handler - the border between whoever carries messages and whoever answers them.
 *
 * The server (or a test) owns connections and calls up; the engine's service answers, and sends
 * notifications down through the connection.  Neither knows more of the other.
 */
#pragma once

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"

struct Openwfp__Notification;
struct Openwfp__Request;

/* Who is at the other end, as the kernel says. */
struct rpc_peer {
	uint32_t pid, uid;
	uint32_t n_gids;
	const uint32_t *gids;
};

struct rpc_conn;

/* What a connection can do for the service; any thread, from `opened` until `closed` returns. */
struct rpc_conn_ops {
	/* False: the client has gone, or must go; whoever waits on its behalf gives up. */
	bool (*alive)(struct rpc_conn *conn);
	/*
	 * Queues a notification; never blocks.  False: the client is too slow and the subscription
	 * must end.  `last` is that end: room for it is kept, RPC_LAST_NOTES of them.
	 */
	bool (*notify)(struct rpc_conn *conn, const struct Openwfp__Notification *n, bool last);
};

#define RPC_SUBSCRIPTIONS_MAX 64u /* per connection */
#define RPC_LAST_NOTES	      RPC_SUBSCRIPTIONS_MAX

struct rpc_conn {
	const struct rpc_conn_ops *ops;
};

/* Every call for one connection is made by the thread of that connection. */
struct rpc_handler {
	void *ctx;
	/* *client is what the other two get. */
	wfp_err (*opened)(void *ctx, struct rpc_conn *conn, const struct rpc_peer *peer,
			  void **client);
	/*
	 * Appends one frame with the reply to *answer.  An error instead becomes a reply that holds
	 * that error alone; what was appended is thrown away.  May block.
	 */
	wfp_err (*request)(void *client, const struct Openwfp__Request *request,
			   struct buf *answer);
	/* Nothing of the connection may be used afterwards. */
	void (*closed)(void *client);
};
