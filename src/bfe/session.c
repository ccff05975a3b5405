/* SPDX-License-Identifier: MIT */
/*
 * session - opening and closing, and the beginning and end of the base filtering engine.
 *
 * Closing cannot be refused, but deleting what a dynamic session added can be impossible for now:
 * inside a notifyFn, while this very thread holds another session's transaction, or without
 * memory.  Such a session waits on the list of the dying; every call and every bfe_tick tries to
 * finish it.
 */
#include "bfe/state.h"

#include "base/mem.h"
#include "base/thread.h"
#include "engine/callout.h"
#include "model/access.h"

#include <string.h>

#define TEXT_MAX 4096u /* anybody may open sessions, and lists show their texts */

/* ---- opening ----------------------------------------------------------------------------------
 */

static bool in_commit(struct bfe *b)
{
	bool in;

	lock_take(&b->lock);
	in = b->committing == thread_id();
	lock_drop(&b->lock);
	return in;
}

static wfp_err copy_text(char **out, const char *text)
{
	if (!text)
		return ERR_OK;
	if (strlen(text) > TEXT_MAX)
		return ERR_INVALID_PARAMETER;
	*out = mem_strdup(text);
	return *out ? ERR_OK : ERR_NO_MEMORY;
}

/* One block, as model_token_make makes it. */
static wfp_err copy_token(struct model_blob **out, const struct model_blob *token)
{
	struct model_blob *copy;

	if (!token)
		return ERR_OK;
	copy = mem_alloc(sizeof(*copy) + token->size);
	if (!copy)
		return ERR_NO_MEMORY;
	copy->size = token->size;
	copy->data = (uint8_t *)(copy + 1);
	memcpy(copy->data, token->data, token->size);
	*out = copy;
	return ERR_OK;
}

static void session_discard(struct bfe_session *s)
{
	bfe_sd_forget(s);
	mem_free(s->token);
	mem_free(s->user);
	mem_free(s->description);
	mem_free(s->name);
	mem_free(s);
}

static wfp_err session_copy(struct bfe_session *s, const struct bfe_session_config *config)
{
	wfp_err err = copy_text(&s->name, config->name);

	if (!err)
		err = copy_text(&s->description, config->description);
	if (!err)
		err = copy_text(&s->user, config->user);
	return err ? err : copy_token(&s->token, config->token);
}

static wfp_err session_create(struct bfe_session **out, struct bfe *b,
			      const struct bfe_session_config *config)
{
	struct bfe_session *s = mem_zalloc(sizeof(*s));
	wfp_err err;

	if (!s)
		return ERR_NO_MEMORY;
	s->bfe = b;
	s->key = guid_is_zero(&config->key) ? guid_random() : config->key;
	s->flags = config->flags;
	s->wait_ms = config->txn_wait_ms;
	s->pid = config->pid;
	s->kernel = config->kernel;
	s->any_owner = config->any_owner;
	s->alive = config->alive;
	s->ctx = config->ctx;
	list_init(&s->all);
	list_init(&s->dying);
	list_init(&s->added);
	list_init(&s->deleted);
	list_init(&s->owned);
	list_init(&s->enums);
	err = session_copy(s, config);
	if (err) {
		session_discard(s);
		return err;
	}
	*out = s;
	return ERR_OK;
}

static wfp_err join(struct bfe *b, struct bfe_session *s)
{
	wfp_err err = ERR_OK;
	struct list *l;

	lock_take(&b->lock);
	LIST_FOR_EACH (l, &b->sessions) {
		const struct bfe_session *other = LIST_ENTRY(l, struct bfe_session, all);

		if (!other->closing && guid_equal(&other->key, &s->key))
			err = ERR_ALREADY_EXISTS;
	}
	if (!err)
		list_add_tail(&b->sessions, &s->all);
	lock_drop(&b->lock);
	return err;
}

wfp_err bfe_session_open(struct bfe *b, const struct bfe_session_config *config,
			 struct bfe_session **out)
{
	struct bfe_session *s;
	wfp_err err;

	if (config->flags & ~BFE_SESSION_DYNAMIC)
		return ERR_INVALID_FLAGS;
	if (engine_frame_current())
		return ERR_NOT_SUPPORTED;
	if (in_commit(b))
		return ERR_TXN_IN_PROGRESS;
	err = session_create(&s, b, config);
	if (err)
		return err;
	err = bfe_container_check(s, BFE_SECURED_ENGINE, MODEL_RIGHT_OPEN);
	if (!err)
		err = join(b, s);
	if (err) {
		session_discard(s);
		return err;
	}
	*out = s;
	return ERR_OK;
}

struct guid bfe_session_key(const struct bfe_session *s)
{
	return s->key;
}

/* ---- closing ----------------------------------------------------------------------------------
 */

/* What refers to others goes before what is referred to. */
static void delete_owned(struct bfe_session *s)
{
	struct list *l, *next;

	for (unsigned kind = MODEL_KINDS; kind-- > 0;)
		LIST_FOR_EACH_SAFE (l, next, &s->owned) {
			struct bfe_object *o = LIST_ENTRY(l, struct bfe_object, owned);

			if (o->o->kind == kind)
				bfe_object_remove(s, o);
		}
}

static void session_free(struct bfe_session *s)
{
	struct bfe *b = s->bfe;

	lock_take(&b->lock);
	list_del(&s->all);
	cond_broadcast(&b->changed);
	lock_drop(&b->lock);
	session_discard(s);
}

/* False: not now. */
static bool finish(struct bfe_session *s, uint64_t deadline)
{
	bfe_subscriptions_end(s);
	bfe_enums_end(s);
	if (s->in_txn)
		bfe_txn_roll_back(s);
	if (!list_empty(&s->owned)) {
		if (bfe_txn_acquire(s, deadline))
			return false;
		delete_owned(s);
		if (bfe_txn_settle(s))
			return false;
	}
	session_free(s);
	return true;
}

static void let_die(struct bfe_session *s)
{
	lock_take(&s->bfe->lock);
	list_add_tail(&s->bfe->dying, &s->dying);
	lock_drop(&s->bfe->lock);
}

static struct bfe_session *next_dying(struct bfe *b)
{
	struct list *l = NULL;

	lock_take(&b->lock);
	LIST_FOR_EACH (l, &b->dying)
		if (!LIST_ENTRY(l, struct bfe_session, dying)->busy)
			break;
	if (l == &b->dying)
		l = NULL;
	else
		list_del(l);
	lock_drop(&b->lock);
	return l ? LIST_ENTRY(l, struct bfe_session, dying) : NULL;
}

void bfe_sessions_reap(struct bfe *b)
{
	struct bfe_session *s;

	while ((s = next_dying(b)) != NULL)
		if (!finish(s, 0)) {
			let_die(s);
			break;
		}
}

/* False: it has been asked for already. */
static bool begin_closing(struct bfe_session *s)
{
	bool first;

	lock_take(&s->bfe->lock);
	first = !s->closing;
	s->closing = true;
	lock_drop(&s->bfe->lock);
	return first;
}

/* Waits until no call of the session runs.  False: it is no use to wait, this thread is in one. */
static bool settle_calls(struct bfe_session *s, bool *own_txn)
{
	struct bfe *b = s->bfe;
	bool can = !engine_frame_current();

	lock_take(&b->lock);
	can = can && b->committing != thread_id();
	while (can && s->busy)
		cond_wait(&b->changed, &b->lock);
	*own_txn = b->writer && b->writer != s && b->writer_thread == thread_id();
	lock_drop(&b->lock);
	return can;
}

void bfe_session_close(struct bfe_session *s)
{
	struct bfe *b;
	bool waits_for_itself;

	if (!s || !begin_closing(s))
		return;
	b = s->bfe;
	if (!settle_calls(s, &waits_for_itself)) {
		let_die(s);
		return;
	}
	if (!finish(s, waits_for_itself ? 0 : bfe_txn_deadline(s)))
		let_die(s);
	bfe_sessions_reap(b);
}

/* ---- the beginning and the end ------------------------------------------------------------------
 */

static wfp_err init_tables(struct bfe *b)
{
	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++)
		list_init(&b->filters[i]);
	for (unsigned k = 0; k < MODEL_FILTER; k++)
		list_init(&b->all[k]);
	for (unsigned k = 0; k < MODEL_KINDS; k++) {
		wfp_err err = htable_init(&b->by_key[k], 0);

		if (err)
			return err;
		err = htable_init(&b->by_id[k], 0);
		if (err)
			return err;
	}
	return ERR_OK;
}

static void destroy_tables(struct bfe *b)
{
	for (unsigned k = 0; k < MODEL_KINDS; k++) {
		htable_destroy(&b->by_id[k]);
		htable_destroy(&b->by_key[k]);
	}
}

static struct bfe *alloc_bfe(const struct bfe_config *config)
{
	struct bfe *b = mem_zalloc(sizeof(*b));

	if (!b)
		return NULL;
	b->config = *config;
	b->engine = config->engine;
	b->next_filter = BFE_FIRST_FILTER;
	b->next_context = BFE_FIRST_CONTEXT;
	lock_init(&b->lock, "base filtering engine", BFE_RANK);
	cond_init(&b->changed, "base filtering engine");
	list_init(&b->sessions);
	list_init(&b->dying);
	list_init(&b->snapshots);
	list_init(&b->subscriptions);
	bfe_options_reset(b);
	return b;
}

wfp_err bfe_create(struct bfe **out, const struct bfe_config *config)
{
	struct bfe *b = alloc_bfe(config);
	wfp_err err;

	if (!b)
		return ERR_NO_MEMORY;
	err = init_tables(b);
	if (!err)
		err = bfe_access_create(b);
	if (!err)
		err = bfe_builtins_add(b);
	if (err) {
		bfe_destroy(b);
		return err;
	}
	*out = b;
	return ERR_OK;
}

void bfe_destroy(struct bfe *b)
{
	struct list *l;

	bfe_objects_free_all(b);
	while ((l = list_pop_head(&b->sessions)) != NULL) {
		struct bfe_session *s = LIST_ENTRY(l, struct bfe_session, all);

		bfe_subscriptions_end(s);
		bfe_enums_end(s);
		session_discard(s);
	}
	bfe_access_destroy(b);
	destroy_tables(b);
	cond_destroy(&b->changed);
	lock_destroy(&b->lock);
	mem_free(b);
}
