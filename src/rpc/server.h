/* SPDX-License-Identifier: MIT */
/*
 * server - the daemon's end of the protocol: connections, one thread each.
 *
 * A call that waits, waits in its own thread.  Everything a client can make us keep is bounded, and
 * a client that is slow, silent, broken or hostile costs others nothing; the limits are in
 * docs/design/rpc.md.  Host only.
 */
#pragma once

#include "rpc/handler.h"

struct rpc_server;
struct usock;

#define RPC_CLIENTS_MAX	     1024u
#define RPC_CLIENTS_PER_USER 256u			/* of one uid; not for root */
#define RPC_CLIENTS_ROOT     16u			/* one in so many is kept for root */
#define RPC_NOTES_MAX	     ((size_t)1 << 20)		/* bytes queued for one client */
#define RPC_SMALL_MAX	     ((size_t)64 << 10)		/* larger requests are counted: */
#define RPC_LARGE_PER_USER   ((size_t)128 << 20)	/* memory for those of one uid */
#define RPC_LARGE_ALL	     ((size_t)512 << 20)	/* and of everybody */
#define RPC_STOP_GRACE	     (UINT64_C(2) * 1000000000) /* ns for replies that nobody reads */

struct rpc_server_config {
	const struct rpc_handler *handler; /* must outlive the server */
	uint32_t max_clients;		   /* 0: RPC_CLIENTS_MAX */
	uint32_t max_clients_per_user;	   /* 0: RPC_CLIENTS_PER_USER */
	size_t max_notes;		   /* 0: RPC_NOTES_MAX */
};

/* The listener becomes the server's, also when this fails. */
MUST_CHECK wfp_err rpc_server_start(struct rpc_server **out, struct usock *listener,
				    const struct rpc_server_config *config);
/* No new client; requests that run end (those that wait are told that their client has gone);
 * then every connection closes.  NULL is fine. */
void rpc_server_stop(struct rpc_server *s);

struct rpc_server_counters {
	uint64_t accepted, refused; /* refused: over a limit */
	uint64_t requests;
	uint64_t broken;  /* closed because of what the client sent */
	uint64_t dropped; /* notifications that did not fit */
	uint32_t clients; /* now */
};
void rpc_server_counters_get(struct rpc_server *s, struct rpc_server_counters *out);
