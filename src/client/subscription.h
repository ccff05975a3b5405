/* SPDX-License-Identifier: MIT */
/*
 * subscription - callbacks of the program, called on the session's own thread.
 *
 * A callback may call the API, its own unsubscribe included; from another thread unsubscribe waits
 * for a callback that runs.  No lock is held over a callback.
 */
#pragma once

#include "client/convert.h"
#include "client/session.h"

struct subscription;

/* What kinds of subscriptions differ in. */
struct subscription_type {
	uint32_t kind;			 /* Openwfp__Kind */
	const struct convert_desc *wish; /* FWPM_*_SUBSCRIPTION0; NULL: none, as for ports */
	const struct convert_desc *told; /* what is shown to the callback, where it is a struct */
	uint32_t types;			 /* net events: those below are in this generation */
	void (*deliver)(const struct subscription *s, const Openwfp__Notification *n,
			const void *told);
};

/* The program's callback; deliver knows its type. */
struct subscription {
	struct list link; /* this and what follows up to `lost` is guarded by the session's lock */
	uint64_t engine_handle;
	bool running, dead;
	wfp_err lost;
	struct session *session;
	void *handle;
	const struct subscription_type *type;
	void (*callback)(void);
	void *context;
	HANDLE owned; /* a session that nobody else has; set before anybody could ask */
};

/* wish: the program's struct, for a type that has one.  *handle is for subscription_remove. */
MUST_CHECK wfp_err subscription_add(HANDLE session, const struct subscription_type *type,
				    const void *wish, void (*callback)(void), void *context,
				    HANDLE *handle);

/* ERR_NOTIFICATION_DROPPED: it has ended, and something was not told before. */
MUST_CHECK wfp_err subscription_remove(HANDLE session, uint32_t kind, HANDLE handle);

/* The session is the subscription's own, for who removes it to close. */
void subscription_own(HANDLE handle, HANDLE session);
/* NULL: it has none, or there is no such subscription. */
HANDLE subscription_owned(HANDLE handle);

/* For rpc_client_config; ctx is the session. */
void subscription_notify(void *ctx, const Openwfp__Notification *n);

/* The connection is gone: frees what the program has not removed. */
void subscription_close_all(struct session *s);
