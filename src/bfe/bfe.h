/* SPDX-License-Identifier: MIT */
/*
 * bfe - the base filtering engine: what exists and who may change it.
 *
 * Providers, sublayers, callouts and filters; sessions (dynamic ones clean up after themselves) and
 * transactions; ids and weights.  The only way from here into the filter engine is one
 * engine_commit per transaction.  Thread: any below DISPATCH_LEVEL; one writer at a time.
 *
 * Called from inside a notifyFn everything here but the descriptions answers
 * FWP_E_TXN_IN_PROGRESS, from inside a classifyFn ERROR_NOT_SUPPORTED: both would wait for
 * themselves.  The rules are in docs/design/bfe.md.
 */
#pragma once

#include "engine/engine.h"
#include "model/catalogue.h"

struct bfe;
struct bfe_session;

MUST_CHECK wfp_err bfe_create(struct bfe **out, struct engine *engine);
void bfe_destroy(struct bfe *b);

#define BFE_SESSION_DYNAMIC 0x1u
MUST_CHECK wfp_err bfe_session_open(struct bfe *b, uint32_t flags, uint32_t txn_wait_ms,
				    struct bfe_session **out);
/*
 * Aborts an open transaction, then deletes what a dynamic session added.  NULL is fine.  What
 * cannot be deleted now (another session keeps the lock, or there is no memory) goes with the next
 * call that can.
 */
void bfe_session_close(struct bfe_session *s);

#define BFE_TXN_READ_ONLY 0x1u
/*
 * Waits for the lock as long as the session's txn_wait_ms says (0: 15 s, UINT32_MAX: for ever),
 * then FWP_E_TIMEOUT.  Calls outside of a transaction wait likewise.
 */
MUST_CHECK wfp_err bfe_txn_begin(struct bfe_session *s, uint32_t flags);
/* All or nothing; it has ended either way. */
MUST_CHECK wfp_err bfe_txn_commit(struct bfe_session *s);
MUST_CHECK wfp_err bfe_txn_abort(struct bfe_session *s);

struct bfe_provider {
	struct guid key;
	const char *name, *description, *service;
	uint32_t flags;
};
struct bfe_sublayer {
	struct guid key, provider;
	const char *name, *description;
	uint32_t flags;
	uint16_t weight; /* as asked for; a taken one is moved */
};
struct bfe_callout {
	struct guid key, provider;
	const char *name, *description;
	uint32_t flags;
	uint16_t layer;
};

/* A zero key is replaced by a new one (*key_out, NULL: not wanted).  Outside a transaction: one of
 * its own. */
MUST_CHECK wfp_err bfe_provider_add(struct bfe_session *s, const struct bfe_provider *p,
				    struct guid *key_out);
MUST_CHECK wfp_err bfe_provider_delete(struct bfe_session *s, const struct guid *key);
MUST_CHECK wfp_err bfe_sublayer_add(struct bfe_session *s, const struct bfe_sublayer *l,
				    struct guid *key_out);
MUST_CHECK wfp_err bfe_sublayer_delete(struct bfe_session *s, const struct guid *key);
MUST_CHECK wfp_err bfe_callout_add(struct bfe_session *s, const struct bfe_callout *c,
				   uint32_t *id_out);
MUST_CHECK wfp_err bfe_callout_delete(struct bfe_session *s, const struct guid *key);
MUST_CHECK wfp_err bfe_callout_delete_by_id(struct bfe_session *s, uint32_t id);
/* draft: requested_weight, not weight; zero sublayer: the layer's default.  *id_out: the filter's
 * id. */
MUST_CHECK wfp_err bfe_filter_add(struct bfe_session *s, const struct model_filter *draft,
				  uint64_t *id_out);
MUST_CHECK wfp_err bfe_filter_delete(struct bfe_session *s, uint64_t id);
MUST_CHECK wfp_err bfe_filter_delete_by_key(struct bfe_session *s, const struct guid *key);

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
