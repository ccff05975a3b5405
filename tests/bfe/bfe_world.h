/* SPDX-License-Identifier: MIT */
/*
 * bfe_world - an engine with a base filtering engine over it, and short ways to make objects.
 */
#pragma once

#include "harness.h"

#include "base/mem.h"
#include "bfe/bfe.h"
#include "engine/callout.h"

#define CONNECT MODEL_LAYER_ALE_AUTH_CONNECT_V4

struct world {
	struct engine *engine;
	struct bfe *bfe;
	struct bfe_session *s; /* static */
	uint64_t live;	       /* blocks before */
};

/* As the calls of a kernel session, or of one with a token. */
static inline UNUSED wfp_err session_open(struct bfe *b, uint32_t flags, uint32_t wait_ms,
					  struct bfe_session **out)
{
	const struct bfe_session_config config = {.flags = flags, .txn_wait_ms = wait_ms};

	return bfe_session_open(b, &config, out);
}

static inline UNUSED struct world world_open(void)
{
	struct world w = {.live = mem_live()};

	CHECK_OK(engine_create(&w.engine, &(struct engine_config){.max_ops = 4}));
	CHECK_OK(bfe_create(&w.bfe, &(struct bfe_config){.engine = w.engine}));
	CHECK_OK(session_open(w.bfe, 0, 0, &w.s));
	return w;
}

static inline UNUSED void world_close(struct world *w)
{
	bfe_session_close(w->s);
	bfe_destroy(w->bfe);
	engine_destroy(w->engine);
	CHECK_EQ_U(mem_live(), w->live);
}

static inline UNUSED struct guid key_of(uint32_t n)
{
	return (struct guid){.a = n, .d = {1}};
}

/* The parts of a draft are only read. */
static inline UNUSED char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static inline UNUSED struct model_object object_draft(enum model_kind kind, uint32_t key)
{
	return (struct model_object){
		.kind = kind, .key = key_of(key), .name = text("x"), .layer = CONNECT};
}

static inline UNUSED wfp_err object_add(struct bfe_session *s, const struct model_object *draft,
					struct guid *key)
{
	struct bfe_added added;
	wfp_err err = bfe_object_add(s, draft, NULL, &added);

	if (!err && key)
		*key = added.key;
	return err;
}

static inline UNUSED wfp_err add_provider(struct bfe_session *s, uint32_t key)
{
	return object_add(s,
			  &(struct model_object){
				  .kind = MODEL_PROVIDER, .key = key_of(key), .name = text("p")},
			  NULL);
}

static inline UNUSED wfp_err add_sublayer(struct bfe_session *s, uint32_t key, uint16_t weight)
{
	return object_add(s,
			  &(struct model_object){.kind = MODEL_SUBLAYER,
						 .key = key_of(key),
						 .name = text("l"),
						 .weight = weight},
			  NULL);
}

static inline UNUSED wfp_err add_callout(struct bfe_session *s, uint32_t key, uint32_t *id)
{
	const struct model_object draft = {
		.kind = MODEL_CALLOUT, .key = key_of(key), .name = text("c"), .layer = CONNECT};
	struct bfe_added added;
	wfp_err err = bfe_object_add(s, &draft, NULL, &added);

	if (!err && id)
		*id = (uint32_t)added.id;
	return err;
}

static inline UNUSED wfp_err filter_add(struct bfe_session *s, const struct model_filter *draft,
					uint64_t *id)
{
	const struct model_object o = {.kind = MODEL_FILTER,
				       .filter = (struct model_filter *)(uintptr_t)draft};
	struct bfe_added added;
	wfp_err err = bfe_object_add(s, &o, NULL, &added);

	if (!err && id)
		*id = added.id;
	return err;
}

static inline UNUSED wfp_err filter_delete(struct bfe_session *s, uint64_t id)
{
	return bfe_object_delete_by_id(s, MODEL_FILTER, id);
}

static inline UNUSED struct model_filter draft(uint32_t sublayer)
{
	return (struct model_filter){
		.layer = CONNECT,
		.sublayer = sublayer ? key_of(sublayer) : (struct guid){0},
		.action = MODEL_ACTION_BLOCK,
		.name = (char *)(uintptr_t) "f",
	};
}

static inline UNUSED wfp_err add_filter(struct bfe_session *s, uint32_t sublayer, uint64_t *id)
{
	struct model_filter f = draft(sublayer);

	return filter_add(s, &f, id);
}

static inline UNUSED struct model_filter calling(uint32_t sublayer, uint32_t callout)
{
	struct model_filter f = draft(sublayer);

	f.action = MODEL_ACTION_CALLOUT_TERMINATING;
	f.callout = key_of(callout);
	return f;
}

static inline UNUSED bool knows_filter(struct world *w, uint64_t id)
{
	struct bfe_filter_info info;

	return bfe_filter_describe(w->bfe, id, &info);
}

/* Does any filter at all decide in this layer? */
static inline UNUSED bool in_force(struct world *w)
{
	return !engine_layer_empty(w->engine, CONNECT);
}

static inline UNUSED struct bfe_session *dynamic(struct world *w)
{
	struct bfe_session *s;

	CHECK_OK(session_open(w->bfe, BFE_SESSION_DYNAMIC, 0, &s));
	return s;
}

static inline UNUSED struct bfe_template all_of(enum model_kind kind)
{
	return (struct bfe_template){
		.kind = kind,
		.any_layer = true,
		.any_context_type = true,
		.action_mask = BFE_ENUM_ANY_ACTION,
		.flags = kind == MODEL_FILTER
				 ? BFE_ENUM_INCLUDE_BOOTTIME | BFE_ENUM_INCLUDE_DISABLED
				 : 0,
	};
}

/* How many objects the enumeration gives. */
static inline UNUSED size_t count_by(struct bfe_session *s, const struct bfe_template *t)
{
	struct model_object *o;
	struct bfe_enum *e;
	size_t n = 0;

	CHECK_OK(bfe_enum_create(s, t, &e));
	for (; (o = bfe_enum_next(e)) != NULL; n++)
		model_object_put(o);
	bfe_enum_destroy(e);
	return n;
}

static inline UNUSED size_t count_of(struct bfe_session *s, enum model_kind kind)
{
	const struct bfe_template t = all_of(kind);

	return count_by(s, &t);
}

/* A reference, for model_object_put. */
static inline UNUSED struct model_object *got(struct bfe_session *s, enum model_kind kind,
					      uint32_t key)
{
	struct guid k = key_of(key);
	struct model_object *o;

	CHECK_OK(bfe_object_get(s, kind, &k, &o));
	return o;
}

static inline UNUSED bool there(struct bfe_session *s, enum model_kind kind, uint32_t key)
{
	struct guid k = key_of(key);
	struct model_object *o;

	if (bfe_object_get(s, kind, &k, &o))
		return false;
	model_object_put(o);
	return true;
}

static inline UNUSED wfp_err delete_key(struct bfe_session *s, enum model_kind kind, uint32_t key)
{
	struct guid k = key_of(key);

	return bfe_object_delete(s, kind, &k);
}
