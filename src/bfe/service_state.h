/* SPDX-License-Identifier: MIT */
/*
 * service_state - what the files of the service share.
 *
 * A client is used by the thread of its connection alone, but for its subscriptions: their
 * callbacks come on the threads of those who tell, and touch nothing but the subscription and the
 * connection.
 */
#pragma once

#include "base/atomic.h"
#include "base/list.h"
#include "base/lock.h"
#include "bfe/bfe.h"
#include "bfe/monitor.h"
#include "bfe/service.h"
#include "rpc/codec.h"
#include "rpc/frame.h"
#include "rpc/wfp.pb-c.h"

#define SERVICE_RANK	   290u
#define SERVICE_ENUMS_MAX  64u		       /* open at once, per client */
#define SERVICE_BATCH_MAX  8192u	       /* objects in one answer */
#define SERVICE_BATCH_SIZE ((size_t)1 << 20)   /* bytes after which an answer is long enough */
#define SERVICE_ARENA_MAX  ((size_t)128 << 20) /* memory for one answer in the making */

struct bfe_connection_sub;
struct bfe_netevent_sub;
struct service_enum;

/* [I] all but what is marked   [L] lock */
struct bfe_service {
	struct bfe_service_config config;
	struct rpc_handler handler;
	struct lock lock;
	struct list subs; /* [L] of every client, by their all link */
};

/*
 * [I] after subscribing   [A] atomic   [C] the client's thread   [L] the service's lock
 * The source's callback runs until it is unsubscribed.
 */
struct service_sub {
	struct list all;	       /* [L] */
	struct service_client *client; /* [I] */
	uint64_t handle;	       /* [I] never 0 */
	Openwfp__Kind kind;	       /* [I] */
	uint32_t flags;		       /* [I] */
	struct guid session;	       /* [I] */
	struct atom32 ended;	       /* [A] the last notification was sent */
	bool live;		       /* [C] one of the following is there */
	union {			       /* [C] by kind */
		struct bfe_subscription *change;
		struct bfe_netevent_sub *netevent;
		struct bfe_connection_sub *connection;
	};
};

/* [C] the client's thread, but for [I] */
struct service_client {
	struct bfe_service *service;			 /* [I] */
	struct rpc_conn *conn;				 /* [I] */
	struct model_blob *token;			 /* [I] */
	uint32_t pid, uid;				 /* [I] */
	struct bfe_session *session;			 /* [C] NULL: not open */
	uint64_t last_handle;				 /* [C] */
	struct service_enum *enums[SERVICE_ENUMS_MAX];	 /* [C] */
	struct service_sub *subs[RPC_SUBSCRIPTIONS_MAX]; /* [C] */
};

/*
 * A reply in the making.  What it borrows from is kept until it is packed: objects in held, blocks
 * in block.  Small results lie in here, so that nothing can fail once an operation has succeeded.
 */
struct service_answer {
	struct arena arena;
	Openwfp__Reply reply;
	struct model_object **held;
	size_t n_held;
	void *block; /* for mem_free */
	union {
		Openwfp__Added added;
		Openwfp__Handle handle;
		Openwfp__SessionInfo session;
		Openwfp__Object object;
		Openwfp__Objects objects;
		Openwfp__Value value;
		Openwfp__SystemPorts ports;
		Openwfp__Stats stats;
	};
	struct guid key; /* that the result points to */
};

/* An operation: the answer's result is set when it succeeds. */
typedef wfp_err service_op(struct service_client *c, const Openwfp__Request *request,
			   struct service_answer *answer);

/* ---- service_object.c --------------------------------------------------------------------------
 */

service_op service_add, service_delete, service_get, service_security_get, service_security_set;

/* ERR_NULL_POINTER: none; ERR_INVALID_ENUMERATOR: not a kind that is stored. */
MUST_CHECK wfp_err service_kind(int has, Openwfp__Kind kind, enum model_kind *out);

/* ---- service_template.c ------------------------------------------------------------------------
 */

/* m NULL: everything.  *t borrows from the arena and the message. */
MUST_CHECK wfp_err service_template_decode(struct arena *a, enum model_kind kind,
					   const Openwfp__EnumTemplate *m, struct bfe_template *t);
MUST_CHECK wfp_err service_netevent_template(struct arena *a, const Openwfp__EnumTemplate *m,
					     struct bfe_netevent_template *t);

/* ---- service_enum.c ----------------------------------------------------------------------------
 */

service_op service_enum_create, service_enum_next, service_enum_destroy;
void service_enums_end(struct service_client *c);

/* ---- service_subscribe.c -----------------------------------------------------------------------
 */

service_op service_subscribe, service_unsubscribe, service_subscriptions_get;
void service_subs_end(struct service_client *c);
/* Lets go of the sources of those that have ended. */
void service_subs_reap(struct service_client *c);

/* ---- service.c ---------------------------------------------------------------------------------
 */

/* ERR_NOT_SUPPORTED without a monitor, ERR_TXN_IN_PROGRESS when somebody enumerates or subscribes
 * inside an explicit transaction, else whether the session has the right. */
MUST_CHECK wfp_err service_monitor_check(struct service_client *c, enum bfe_secured what,
					 uint32_t right);
/* Moves a reference into the answer; room is made by service_hold_room. */
MUST_CHECK wfp_err service_hold_room(struct service_answer *answer, size_t n);
void service_hold(struct service_answer *answer, struct model_object *o);
