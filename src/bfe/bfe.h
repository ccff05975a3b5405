/* SPDX-License-Identifier: MIT */
/*
 * bfe - the base filtering engine: what exists and who may change it.
 *
 * Providers, sublayers, callouts and filters; sessions (dynamic ones clean up after themselves) and
 * transactions; ids and weights.  The only way from here into the filter engine is one
 * engine_commit per transaction.  Thread: any below DISPATCH_LEVEL; one writer at a time.
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
/* Aborts an open transaction, then deletes what a dynamic session added.  NULL is fine. */
void bfe_session_close(struct bfe_session *s);

#define BFE_TXN_READ_ONLY 0x1u
MUST_CHECK wfp_err bfe_txn_begin(struct bfe_session *s, uint32_t flags);
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

/* A zero key is replaced by a new one (*key_out, NULL: not wanted).  Outside a transaction: one of its own. */
MUST_CHECK wfp_err bfe_provider_add(struct bfe_session *s, const struct bfe_provider *p, struct guid *key_out);
MUST_CHECK wfp_err bfe_provider_delete(struct bfe_session *s, const struct guid *key);
MUST_CHECK wfp_err bfe_sublayer_add(struct bfe_session *s, const struct bfe_sublayer *l, struct guid *key_out);
MUST_CHECK wfp_err bfe_sublayer_delete(struct bfe_session *s, const struct guid *key);
MUST_CHECK wfp_err bfe_callout_add(struct bfe_session *s, const struct bfe_callout *c, uint32_t *id_out);
MUST_CHECK wfp_err bfe_callout_delete(struct bfe_session *s, const struct guid *key);
MUST_CHECK wfp_err bfe_callout_delete_by_id(struct bfe_session *s, uint32_t id);
/* draft: requested_weight, not weight; zero sublayer: the layer's default.  *id_out: the filter's id. */
MUST_CHECK wfp_err bfe_filter_add(struct bfe_session *s, const struct model_filter *draft, uint64_t *id_out);
MUST_CHECK wfp_err bfe_filter_delete(struct bfe_session *s, uint64_t id);
MUST_CHECK wfp_err bfe_filter_delete_by_key(struct bfe_session *s, const struct guid *key);

/* What a verdict's ids mean, for people.  Any thread; false: gone or never there. */
struct bfe_filter_info {
	char name[64], layer[64], sublayer[64], provider[64], callout[64];
};
bool bfe_filter_describe(struct bfe *b, uint64_t id, struct bfe_filter_info *out);
