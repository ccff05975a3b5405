/* SPDX-License-Identifier: MIT */
/*
 * netevents - the net events that were collected: history, enumeration, subscriptions, options.
 *
 * A bounded history in the order of arrival: a new event pushes the oldest out.  Events come from
 * one thread (bfe_monitor_drain calls bfe_netevents_add); everything else may be called by any
 * thread.  Enumerations are snapshots and share the events with the history.  Who may enumerate or
 * subscribe, and that neither is allowed in a transaction, is the caller's to check.
 */
#pragma once

#include "base/atomic.h"
#include "base/err.h"
#include "model/filter.h"
#include "model/netevent.h"

struct bfe_netevents;

/*
 * Which events: all conditions must hold.  A condition names its field by field_key; `field` is
 * ignored.  Fields: IP_PROTOCOL, IP_LOCAL_ADDRESS, IP_REMOTE_ADDRESS, IP_LOCAL_PORT,
 * IP_REMOTE_PORT, ALE_APP_ID, ALE_USER_ID, NET_EVENT_TYPE.  What an event does not know is
 * FWP_EMPTY.
 */
struct bfe_netevent_template {
	uint64_t start, end; /* ns since 1970, inclusive; both 0: any time */
	uint32_t n_conditions;
	const struct model_condition *conditions;
};

/* max: events kept; 0: 8 192.  sink_wanted (enum stack_want) follows the options. */
MUST_CHECK wfp_err bfe_netevents_create(struct bfe_netevents **out, uint32_t max,
					struct atom32 *sink_wanted);
/* No subscription and no enumeration may be left. */
void bfe_netevents_destroy(struct bfe_netevents *n);

/* ---- options ------------------------------------------------------------------------------ */

/* FWPM_ENGINE_COLLECT_NET_EVENTS, on at first.  What was collected stays when it is switched off,
 * but cannot be enumerated. */
void bfe_netevents_set_collect(struct bfe_netevents *n, bool collect);
bool bfe_netevents_collect(const struct bfe_netevents *n);
/* FWPM_ENGINE_NET_EVENT_MATCH_ANY_KEYWORDS, 0 at first: drops but for multicast, broadcast and
 * packets that nobody listens for.  ERR_FWP_INVALID_PARAMETER: a bit that is no keyword. */
MUST_CHECK wfp_err bfe_netevents_set_keywords(struct bfe_netevents *n, uint32_t keywords);
uint32_t bfe_netevents_keywords(const struct bfe_netevents *n);

/* ---- enumeration -------------------------------------------------------------------------- */

struct bfe_netevent_enum;

/*
 * What is there now, oldest first.  NULL template: everything.  FWP_E_NET_EVENTS_DISABLED;
 * FWP_E_INVALID_INTERVAL: end before start; FWP_E_CONDITION_NOT_FOUND: no such field;
 * FWP_E_DUPLICATE_CONDITION: a field twice; what model_filter_create says of bad values; no memory.
 */
MUST_CHECK wfp_err bfe_netevents_enum_create(struct bfe_netevents *n,
					     const struct bfe_netevent_template *t,
					     struct bfe_netevent_enum **out);
/* At most max; the number is returned, 0: the end.  They live as long as the enumeration. */
uint32_t bfe_netevents_enum_next(struct bfe_netevent_enum *e, uint32_t max,
				 const struct model_netevent **out);
void bfe_netevents_enum_destroy(struct bfe_netevent_enum *e);

/* ---- subscriptions ------------------------------------------------------------------------ */

struct bfe_netevent_sub;

/* On the thread that drains, no lock held; the event lives until it returns. */
typedef void bfe_netevent_fn(void *ctx, const struct model_netevent *e);

/* Errors as for enumerations, but disabled collection is none.  Events from now on. */
MUST_CHECK wfp_err bfe_netevents_subscribe(struct bfe_netevents *n,
					   const struct bfe_netevent_template *t,
					   bfe_netevent_fn *fn, void *ctx,
					   struct bfe_netevent_sub **out);
/* Waits for a call that is under way, unless it is made from inside it.  NULL is fine. */
void bfe_netevents_unsubscribe(struct bfe_netevents *n, struct bfe_netevent_sub *s);

/* ---- where events come in ----------------------------------------------------------------- */

/* One thread.  Keeps what it needs of the events; calls subscribers. */
void bfe_netevents_add(struct bfe_netevents *n, const struct model_netevent *events,
		       uint32_t n_events);

struct bfe_netevents_counters {
	uint64_t collected; /* came in */
	uint64_t forgotten; /* pushed out of the history by newer ones */
	uint64_t lost;	    /* no memory to keep them */
	uint32_t now;	    /* in the history */
	uint32_t subscriptions;
};
void bfe_netevents_counters_get(struct bfe_netevents *n, struct bfe_netevents_counters *out);
