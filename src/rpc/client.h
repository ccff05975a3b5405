/* SPDX-License-Identifier: MIT */
/*
 * client - one connection to the base filtering engine: calls, and notifications as they come.
 *
 * For libfwpuclnt and for wfp.  Thread-safe: calls of several threads are made one after the other.
 * The connection is a session once the program has called `open` on it; closing it ends the
 * session. A thread of the client's is started with the first subscription and runs the callbacks;
 * a callback may make calls on the same client, but not close it.  Host only.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct Openwfp__Notification;
struct Openwfp__Reply;
struct Openwfp__Request;
struct rpc_client;

#define RPC_SOCKET_DEFAULT "/run/openwfp/wfpd.sock"
#define RPC_SOCKET_ENV	   "OPENWFP_SOCKET"

struct rpc_client_config {
	/* NULL: what the environment variable OPENWFP_SOCKET says, else RPC_SOCKET_DEFAULT. */
	const char *path;
	/*
	 * Called on the client's own thread, no lock held, one at a time, in the order of arrival;
	 * *n lives until it returns.  It may come before the call that subscribed has returned.
	 * When the connection breaks, each live subscription gets a last one with the error
	 * RPC_S_CALL_FAILED.  NULL: notifications are thrown away.
	 */
	void (*notify)(void *ctx, const struct Openwfp__Notification *n);
	void *ctx;
};

/*
 * Nobody listens there: EPT_S_NOT_REGISTERED, which programs on Windows get while the service is
 * stopped.  ERROR_ACCESS_DENIED; no memory.
 */
MUST_CHECK wfp_err rpc_client_open(struct rpc_client **out, const struct rpc_client_config *config);
/*
 * Waits for a callback that runs, and for calls of other threads, which fail.  What the callbacks
 * have not seen yet is thrown away.  NULL is fine.  Not from inside a callback.
 */
void rpc_client_close(struct rpc_client *c);

struct rpc_reply {
	struct Openwfp__Reply *msg; /* lives in the arena */
	struct arena arena;
};

/*
 * Sends *request, whose id is set here, and waits for its reply.  The result is the reply's error,
 * or the transport's: RPC_S_SERVER_TOO_BUSY when the engine takes no more clients,
 * RPC_S_CALL_FAILED when the connection broke (all later calls fail at once),
 * RPC_X_BAD_STUB_DATA when the request is larger than a frame may be (nothing was sent).
 * out: NULL, or *out is for rpc_reply_free when the result is 0, untouched otherwise.
 */
MUST_CHECK wfp_err rpc_client_call(struct rpc_client *c, struct Openwfp__Request *request,
				   struct rpc_reply **out);
void rpc_reply_free(struct rpc_reply *r); /* NULL is fine */
