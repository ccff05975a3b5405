/* SPDX-License-Identifier: MIT */
/*
 * session - what is behind an engine handle: one connection, its enumerations and subscriptions.
 *
 * The public functions are thin: they name the kind of object and the descriptors, and the
 * functions here and in call.h do the rest.  Any thread; several may use one session at once.
 */
#pragma once

#include "base/list.h"
#include "base/lock.h"
#include "client/handle.h"
#include "rpc/client.h"

#include "fwpmu.h"

#include "rpc/wfp.pb-c.h"

struct session {
	struct rpc_client *rpc; /* immutable */
	struct lock lock;
	struct cond changed;	   /* of the three below */
	struct list subscriptions; /* struct subscription.link */
	unsigned subscribing;	   /* calls whose subscription is not in the list yet */
	uint32_t callback_thread;  /* thread_id of a callback that runs, 0: none */
	struct list enums;	   /* struct session_enum.link */
};

/* An enumeration.  `at` is the engine's; 0: of objects that never exist here, so at its end. */
struct session_enum {
	struct list link; /* guarded by the session's lock */
	struct session *session;
	void *handle;
	uint32_t kind; /* Openwfp__Kind, or one of enum absent_kind */
	uint64_t at;
};

/* *session may be NULL.  What Windows refuses of the arguments is refused by the caller. */
MUST_CHECK wfp_err session_open(const FWPM_SESSION0 *session, HANDLE *handle);
/* Ends its enumerations and subscriptions as well.  NULL is fine.  ERR_BUSY: from a callback. */
MUST_CHECK wfp_err session_close(HANDLE handle);

/* For the length of one call; NULL: ERROR_INVALID_HANDLE. */
MUST_CHECK struct session *session_use(HANDLE handle);

/* Sends the request and waits.  *out as in rpc_client_call. */
MUST_CHECK wfp_err session_call(HANDLE handle, Openwfp__Request *request, struct rpc_reply **out);

/* The thread is one that runs a callback of the session. */
bool session_in_callback(struct session *s);

/* For requests and results: no bound but memory, which is the program's own. */
void session_arena_init(struct arena *a);
