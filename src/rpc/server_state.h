/* SPDX-License-Identifier: MIT */
/*
 * server_state - what the two files of the server share: who is connected, and what he may use.
 *
 * server.c accepts, counts and stops; conn.c serves one connection.
 */
#pragma once

#include "base/atomic.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/thread.h"
#include "base/usock.h"
#include "rpc/frame.h"
#include "rpc/server.h"

#define RANK_SERVER 400u
#define RANK_OUT    410u

/* One uid with at least one connection.  [L] the server's lock */
struct rpc_user {
	struct list link;
	uint32_t uid;
	uint32_t clients; /* [L] */
	size_t large;	  /* [L] bytes for large requests */
};

/* [I] after start   [L] lock   [A] atomic */
struct rpc_server {
	struct rpc_server_config config; /* [I] */
	struct usock *listener;		 /* [I] */
	struct usock_wake *wake;	 /* [I] of the acceptor */
	struct thread *acceptor;	 /* [I] */
	struct atom32 stopping;		 /* [A] */
	struct lock lock;
	struct cond left;			 /* a connection has moved to finished */
	struct list conns;			 /* [L] served by their threads */
	struct list finished;			 /* [L] their threads are at their end */
	struct list users;			 /* [L] */
	uint32_t clients;			 /* [L] in conns */
	size_t large;				 /* [L] of all users */
	struct rpc_server_counters counters;	 /* [L] but for what conns count themselves */
	struct atom64 requests, broken, dropped; /* [A] */
};

/* [I] after creation   [T] the connection's thread   [O] out_lock   [L] the server's lock */
struct rpc_session_conn {
	struct rpc_conn base;	   /* [I] */
	struct rpc_server *server; /* [I] */
	struct rpc_user *user;	   /* [I] */
	struct usock *sock;	   /* [I] */
	struct usock_wake *wake;   /* [I] there is something to send */
	struct thread *thread;	   /* [L] */
	struct list link;	   /* [L] */
	struct usock_peer peer;	   /* [I] */
	void *client;		   /* [T] the handler's */
	struct rpc_frame frame;	   /* [T] the request that comes in */
	size_t large;		   /* [T] taken from the user's share for it */
	struct buf answer;	   /* [T] */
	struct lock out_lock;
	struct buf out;	    /* [O] to be sent, from sent on */
	size_t sent;	    /* [O] */
	uint64_t queued;    /* [O] bytes ever put into out */
	uint64_t gone;	    /* [O] bytes ever sent */
	uint64_t reply_end; /* [O] `queued` behind the newest reply */
	size_t reply_len;   /* [O] of the newest reply, until it is sent */
	size_t last_notes;  /* [O] how many last ones were queued since all was sent */
	bool broken;	    /* [O] nothing can be sent any more */
};

/* ---- server.c ----------------------------------------------------------------------------------
 */

/* A large request's share.  False: there is none left. */
MUST_CHECK bool rpc_server_reserve(struct rpc_session_conn *c, size_t bytes);
void rpc_server_release(struct rpc_session_conn *c);

/* ---- conn.c ------------------------------------------------------------------------------------
 */

/* The socket and the share of the user become the connection's when this succeeds. */
MUST_CHECK wfp_err rpc_conn_create(struct rpc_session_conn **out, struct rpc_server *s,
				   struct usock *sock);
/* The thread has ended, or there was none. */
void rpc_conn_free(struct rpc_session_conn *c);
/* Says why it is not served, if the client looks; never blocks. */
void rpc_conn_refuse(struct rpc_session_conn *c, wfp_err why);
/* Serves until the client or the server ends it.  The body of the connection's thread. */
void rpc_conn_serve(struct rpc_session_conn *c);
