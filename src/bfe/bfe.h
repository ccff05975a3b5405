/* SPDX-License-Identifier: MIT */
/*
 * bfe - the base filtering engine: what exists and who may change it.
 *
 * Providers, provider contexts, sublayers, callouts and filters; sessions (dynamic ones clean up
 * after themselves) and transactions; ids and weights; who may do what; what survives a restart.
 * The only way from here into the filter engine is one engine_commit per transaction.  Thread: any
 * below DISPATCH_LEVEL; one writer at a time, readers never wait for him: outside a transaction
 * they see what is committed, in a read-only one what was committed when it began, and the writer
 * sees his own changes.
 *
 * Called from inside a notifyFn everything here but the descriptions answers
 * FWP_E_TXN_IN_PROGRESS, from inside a classifyFn ERROR_NOT_SUPPORTED: both would wait for
 * themselves.  The rules are in docs/design/bfe.md.
 */
#pragma once

#include "bfe/template.h"
#include "engine/engine.h"
#include "model/catalogue.h"
#include "model/object.h"
#include "model/sid.h"

struct bfe;
struct bfe_session;
struct bfe_enum;
struct bfe_subscription;
struct store;

struct bfe_config {
	struct engine *engine;
	/* What persistent and boot-time objects are kept in; NULL: they are refused with
	 * ERROR_NOT_SUPPORTED.  Owned by the caller, used by the writer. */
	struct store *store;
	/* Does the service that a provider names start by itself?  If not, its persistent objects
	 * are loaded disabled.  NULL: every service does. */
	bool (*service_starts)(void *ctx, const char *name);
	void *ctx;
};

/* Built-in objects exist from here on; boot-time and persistent ones only after bfe_load_*. */
MUST_CHECK wfp_err bfe_create(struct bfe **out, const struct bfe_config *config);
void bfe_destroy(struct bfe *b);

/*
 * The two steps of a start.  bfe_load_boot puts the boot-time filters in force, with nothing else;
 * their records come from the copy beside the store's database, or, when that is missing or
 * damaged, from the store.  bfe_load then replaces them, in one commit, by the persistent objects.
 * A record that means nothing any more is logged and left out, with what refers to it; it stays in
 * the store.  A step that fails adds and deletes no object and can be tried again; the options, and
 * the descriptors of containers, layers and built-in objects, that it has read count already.
 */
MUST_CHECK wfp_err bfe_load_boot(struct bfe *b, const char *store_path);
MUST_CHECK wfp_err bfe_load(struct bfe *b);
/* Instead of bfe_load when the store was found damaged: what bfe_load_boot brought stays in force,
 * until it is deleted or the next start.  To open the host because a disk failed would be wrong. */
MUST_CHECK wfp_err bfe_recover(struct bfe *b);

/* ---- sessions -------------------------------------------------------------------------------- */

#define BFE_SESSION_DYNAMIC 0x1u

struct bfe_session_config {
	struct guid key;		/* zero: one is made */
	const char *name, *description; /* ERROR_INVALID_PARAMETER: longer than 4,096 bytes */
	uint32_t flags;			/* BFE_SESSION_* */
	uint32_t txn_wait_ms;		/* 0: 15 s, UINT32_MAX: for ever */
	/* Who: a token as model/token.h makes it; NULL: the kernel or the host program itself,
	 * which every check lets pass. */
	const struct model_blob *token;
	const char *user; /* for listings */
	uint32_t pid;
	bool kernel; /* its transactions may last for ever */
	/* May also delete what dynamic sessions own, in their stead: for whoever plays them. */
	bool any_owner;
	/* False: whoever waits in a call of this session has gone; asked now and then while it
	 * waits.  NULL: always there. */
	bool (*alive)(void *ctx);
	void *ctx;
};

/* Needs FWPM_ACTRL_OPEN.  FWP_E_ALREADY_EXISTS: a session has this key. */
MUST_CHECK wfp_err bfe_session_open(struct bfe *b, const struct bfe_session_config *config,
				    struct bfe_session **out);
/*
 * Aborts an open transaction, then deletes what a dynamic session added, and ends its
 * enumerations and subscriptions (waits for a callback that runs): their handles are gone with it.
 * NULL is fine.  What cannot be deleted now (another session keeps the lock, or there is no memory)
 * goes with the next call, or bfe_tick, that can.
 */
void bfe_session_close(struct bfe_session *s);
struct guid bfe_session_key(const struct bfe_session *s);

/* ---- transactions ---------------------------------------------------------------------------- */

#define BFE_TXN_READ_ONLY 0x1u
/*
 * A writing one waits for the lock as long as the session's txn_wait_ms says, then FWP_E_TIMEOUT;
 * FWP_E_SESSION_ABORTED: whoever waited has gone.  Calls outside of a transaction wait likewise.
 * Needs FWPM_ACTRL_BEGIN_READ_TXN, or _WRITE_TXN, on the engine.
 */
MUST_CHECK wfp_err bfe_txn_begin(struct bfe_session *s, uint32_t flags);
/* All or nothing; it has ended either way. */
MUST_CHECK wfp_err bfe_txn_commit(struct bfe_session *s);
MUST_CHECK wfp_err bfe_txn_abort(struct bfe_session *s);
/* Aborts transactions that have lasted longer than the watchdog allows (an hour, or the engine
 * option): the next call in one gets FWP_E_TXN_ABORTED.  Finishes what bfe_session_close could not.
 * Thread: any one, now and then. */
void bfe_tick(struct bfe *b);

/* ---- objects --------------------------------------------------------------------------------- */

struct bfe_added {
	struct guid key;
	uint64_t id;
};

/*
 * draft: as model_object_create says; a zero key is replaced by a new one; a filter's zero sublayer
 * means the layer's default.  sd: a self-relative descriptor (if not: ERROR_INVALID_SECURITY_DESCR)
 * or NULL: inherited from the container.
 * out may be NULL.  Outside a transaction: one of its own.
 */
MUST_CHECK wfp_err bfe_object_add(struct bfe_session *s, const struct model_object *draft,
				  const struct model_blob *sd, struct bfe_added *out);
MUST_CHECK wfp_err bfe_object_delete(struct bfe_session *s, enum model_kind kind,
				     const struct guid *key);
MUST_CHECK wfp_err bfe_object_delete_by_id(struct bfe_session *s, enum model_kind kind,
					   uint64_t id);
/* *out is a reference for model_object_put.  Flags that are computed (a callout's REGISTERED) are
 * up to date. */
MUST_CHECK wfp_err bfe_object_get(struct bfe_session *s, enum model_kind kind,
				  const struct guid *key, struct model_object **out);
MUST_CHECK wfp_err bfe_object_get_by_id(struct bfe_session *s, enum model_kind kind, uint64_t id,
					struct model_object **out);

/* ---- enumeration: a snapshot at its creation ------------------------------------------------- */

/* What is asked for: template.h. */
/* The template is read during the call.  Needs FWPM_ACTRL_ENUM; what may not be read is skipped. */
MUST_CHECK wfp_err bfe_enum_create(struct bfe_session *s, const struct bfe_template *t,
				   struct bfe_enum **out);
/* The next object, a reference; NULL: the end.  One thread at a time. */
struct model_object *bfe_enum_next(struct bfe_enum *e);
void bfe_enum_destroy(struct bfe_enum *e);

/* Every session but those that are closing, in order of opening.  Needs ENUM on the engine. */
struct bfe_session_info {
	struct guid key;
	char *name, *description, *user;
	uint32_t flags, txn_wait_ms, pid;
	struct sid sid;
	bool has_sid, kernel;
};
MUST_CHECK wfp_err bfe_sessions_get(struct bfe_session *s, struct bfe_session_info **out,
				    size_t *n);
void bfe_sessions_free(struct bfe_session_info *infos, size_t n);

/* ---- change subscriptions -------------------------------------------------------------------- */

enum bfe_change_type { BFE_CHANGE_ADD = 1, BFE_CHANGE_DELETE = 2 };
#define BFE_SUBSCRIBE_ON_ADD	0x1u
#define BFE_SUBSCRIBE_ON_DELETE 0x2u

struct bfe_change {
	enum bfe_change_type type;
	enum model_kind kind;
	struct guid key;
	uint64_t id;
};

/*
 * fn is told of each committed change of other sessions that the template matches and the session
 * may read, in the order of the commits, on the committing thread, no lock held.  It must not block
 * and not call in here.  Not inside a transaction (FWP_E_TXN_IN_PROGRESS).  Needs
 * FWPM_ACTRL_SUBSCRIBE.
 */
MUST_CHECK wfp_err bfe_subscribe(struct bfe_session *s, const struct bfe_template *t,
				 uint32_t flags,
				 void (*fn)(void *ctx, const struct bfe_change *change), void *ctx,
				 struct bfe_subscription **out);
/* Waits for a callback that runs. */
void bfe_unsubscribe(struct bfe_subscription *sub);

struct bfe_subscription_info {
	struct guid session;
	enum model_kind kind;
	uint32_t flags;
	struct guid provider; /* of the template */
	bool any_layer;
	uint16_t layer;
};
MUST_CHECK wfp_err bfe_subscriptions_get(struct bfe_session *s, enum model_kind kind,
					 struct bfe_subscription_info **out, size_t *n);

/* ---- access control -------------------------------------------------------------------------- */

enum bfe_secured {
	/* The first are the kinds of model_kind, with a key or, without, their container. */
	BFE_SECURED_LAYERS = MODEL_KINDS,
	BFE_SECURED_ENGINE,
	BFE_SECURED_NET_EVENTS,
	BFE_SECURED_CONNECTIONS,
	BFE_SECURED_IPSEC_SA_DB,
	BFE_SECURED_IKEEXT_SA_DB,
	BFE_SECURED_IPSEC_DOSP,
	BFE_SECURED_KEY_MANAGERS,
	BFE_SECURED_VSWITCH_EVENTS,
	BFE_SECURED_SORTS
};

/* info: OWNER_, GROUP_, DACL_SECURITY_INFORMATION.  key NULL or zero: the container.  *out: one
 * block for mem_free. */
MUST_CHECK wfp_err bfe_security_get(struct bfe_session *s, enum bfe_secured what,
				    const struct guid *key, uint32_t info, struct model_blob **out);
/* Not inside an explicit transaction; in a dynamic session only for its own dynamic objects. */
MUST_CHECK wfp_err bfe_security_set(struct bfe_session *s, enum bfe_secured what,
				    const struct guid *key, uint32_t info,
				    const struct model_blob *sd);
/* Has the session this right (FWPM_ACTRL_*) on a container or the engine?  For what other modules
 * serve: net events, connections, statistics. */
MUST_CHECK wfp_err bfe_access_check(struct bfe_session *s, enum bfe_secured what, uint32_t right);
/* The same, but refused inside an explicit transaction (FWP_E_TXN_IN_PROGRESS). */
MUST_CHECK wfp_err bfe_access_check_alone(struct bfe_session *s, enum bfe_secured what,
					  uint32_t right);

/* The same on a layer of the catalogue. */
MUST_CHECK wfp_err bfe_layer_check(struct bfe_session *s, uint16_t layer, uint32_t right);

/* ---- options --------------------------------------------------------------------------------- */

enum bfe_option { /* FWPM_ENGINE_OPTION */
		  BFE_OPTION_COLLECT_NET_EVENTS,
		  BFE_OPTION_NET_EVENT_KEYWORDS,
		  BFE_OPTION_NAME_CACHE,
		  BFE_OPTION_MONITOR_IPSEC_CONNECTIONS,
		  BFE_OPTION_PACKET_QUEUING,
		  BFE_OPTION_TXN_WATCHDOG_MS,
		  BFE_OPTIONS
};
/* Kept in the store.  Needs READ, or WRITE, on the engine. */
MUST_CHECK wfp_err bfe_option_get(struct bfe_session *s, uint32_t option, uint32_t *out);
MUST_CHECK wfp_err bfe_option_set(struct bfe_session *s, uint32_t option, uint32_t value);
/* For the host program: the value without a check. */
uint32_t bfe_option_value(struct bfe *b, enum bfe_option option);

/*
 * What a verdict's ids mean, for people.  Any thread; false: gone or never there.  What an open
 * transaction has added or deleted is still described: a packet may be decided by it already, or
 * may have been just before.  Names that are too long are cut between characters.
 */
#define BFE_NAME_MAX 64
struct bfe_filter_info {
	char name[BFE_NAME_MAX], layer[BFE_NAME_MAX], sublayer[BFE_NAME_MAX];
	char provider[BFE_NAME_MAX], callout[BFE_NAME_MAX]; /* "" when it has none */
};
bool bfe_filter_describe(struct bfe *b, uint64_t id, struct bfe_filter_info *out);
bool bfe_callout_describe(struct bfe *b, uint32_t id, char name[BFE_NAME_MAX]);
/* The built-in ones are called as the headers call them: "FWPM_SUBLAYER_UNIVERSAL". */
bool bfe_sublayer_describe(struct bfe *b, const struct guid *key, char name[BFE_NAME_MAX]);
