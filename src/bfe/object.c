/* SPDX-License-Identifier: MIT */
/*
 * object - providers, sublayers, callouts and filters in their tables, and the journal of a
 * transaction.
 *
 * A transaction changes the tables at once and remembers what it did: deleted objects stay, unseen
 * by the writer, until it ends.  That makes commit and rollback walks over two lists that need no
 * memory and cannot fail.  Only the writer calls anything here.
 */
#include "bfe/state.h"

#include "base/mem.h"
#include "engine/callout.h"

#include <string.h>

uint64_t bfe_guid_hash(const struct guid *key)
{
	uint64_t words[2];

	memcpy(words, key, sizeof(words));
	return hash_u64(words[0] ^ hash_u64(words[1]));
}

wfp_err bfe_object_create(struct bfe_object **out, enum bfe_kind kind, const struct guid *key,
			  const char *name)
{
	struct bfe_object *o = mem_zalloc(sizeof(*o));

	if (!o)
		return ERR_NO_MEMORY;
	if (name) {
		o->name = mem_strdup(name);
		if (!o->name) {
			mem_free(o);
			return ERR_NO_MEMORY;
		}
	}
	o->kind = kind;
	o->key = guid_is_zero(key) ? guid_random() : *key;
	list_init(&o->txn);
	list_init(&o->owned);
	*out = o;
	return ERR_OK;
}

void bfe_object_free(struct bfe *b, struct bfe_object *o)
{
	if (o->kind == BFE_CALLOUT && o->id)
		engine_callout_id_release(b->engine, &o->key);
	model_filter_put(o->filter);
	mem_free(o->name);
	mem_free(o);
}

struct bfe_object *bfe_object_find(struct bfe *b, enum bfe_kind kind, const struct guid *key)
{
	struct hnode *n = htable_first(&b->by_key[kind], bfe_guid_hash(key));

	for (; n; n = htable_next(n)) {
		struct bfe_object *o = CONTAINER_OF(n, struct bfe_object, by_key);

		if (guid_equal(&o->key, key) && o->state != BFE_DELETED)
			return o;
	}
	return NULL;
}

struct bfe_object *bfe_object_find_id(struct bfe *b, enum bfe_kind kind, uint64_t id)
{
	struct hnode *n = htable_first(&b->by_id[kind], hash_u64(id));

	for (; n; n = htable_next(n)) {
		struct bfe_object *o = CONTAINER_OF(n, struct bfe_object, by_id);

		if (o->id == id && o->state != BFE_DELETED)
			return o;
	}
	return NULL;
}

/* ---- into the tables and out of them --------------------------------------------------------- */

static void link_object(struct bfe *b, struct bfe_object *o)
{
	htable_insert(&b->by_key[o->kind], &o->by_key, bfe_guid_hash(&o->key));
	if (o->id)
		htable_insert(&b->by_id[o->kind], &o->by_id, hash_u64(o->id));
}

static void unlink_object(struct bfe *b, struct bfe_object *o)
{
	htable_remove(&b->by_key[o->kind], &o->by_key);
	if (o->id)
		htable_remove(&b->by_id[o->kind], &o->by_id);
}

/* An object that is not deleted keeps what it uses from being deleted, and its weight. */
static void hold(struct bfe *b, struct bfe_object *o)
{
	for (unsigned k = 0; k < BFE_KINDS; k++)
		if (o->uses[k])
			o->uses[k]->refs++;
	if (o->kind == BFE_SUBLAYER)
		bfe_weight_set(b, o->weight, true);
}

static void unhold(struct bfe *b, struct bfe_object *o)
{
	for (unsigned k = 0; k < BFE_KINDS; k++)
		if (o->uses[k])
			o->uses[k]->refs--;
	if (o->kind == BFE_SUBLAYER)
		bfe_weight_set(b, o->weight, false);
}

static void remove_and_free(struct bfe *b, struct bfe_object *o)
{
	lock_take(&b->lock);
	unlink_object(b, o);
	lock_drop(&b->lock);
	list_del(&o->txn);
	list_del(&o->owned);
	bfe_object_free(b, o);
}

static void set_state(struct bfe *b, struct bfe_object *o, enum bfe_state state)
{
	lock_take(&b->lock);
	o->state = state;
	lock_drop(&b->lock);
}

/* ---- the steps ------------------------------------------------------------------------------- */

void bfe_object_insert(struct bfe_session *s, struct bfe_object *o)
{
	struct bfe *b = s->bfe;

	o->state = BFE_ADDED;
	hold(b, o);
	list_add_tail(&s->added, &o->txn);
	if (s->flags & BFE_SESSION_DYNAMIC) {
		o->owner = s;
		list_add_tail(&s->owned, &o->owned);
	}
	lock_take(&b->lock);
	link_object(b, o);
	lock_drop(&b->lock);
}

void bfe_object_insert_builtin(struct bfe *b, struct bfe_object *o)
{
	o->builtin = true;
	o->state = BFE_LIVE;
	hold(b, o);
	link_object(b, o);
}

void bfe_object_delete(struct bfe_session *s, struct bfe_object *o)
{
	unhold(s->bfe, o);
	if (o->state == BFE_ADDED) {
		remove_and_free(s->bfe, o);
		return;
	}
	set_state(s->bfe, o, BFE_DELETED);
	list_add_tail(&s->deleted, &o->txn);
}

void bfe_objects_settle(struct bfe_session *s)
{
	struct list *l;

	while ((l = list_pop_head(&s->deleted)) != NULL)
		remove_and_free(s->bfe, LIST_ENTRY(l, struct bfe_object, txn));
	while ((l = list_pop_head(&s->added)) != NULL)
		set_state(s->bfe, LIST_ENTRY(l, struct bfe_object, txn), BFE_LIVE);
}

/* Added ones first, the last one first: what they use is still there. */
void bfe_objects_roll_back(struct bfe_session *s)
{
	struct list *l;

	while (!list_empty(&s->added)) {
		struct bfe_object *o = LIST_ENTRY(s->added.prev, struct bfe_object, txn);

		unhold(s->bfe, o);
		remove_and_free(s->bfe, o);
	}
	while ((l = list_pop_head(&s->deleted)) != NULL) {
		struct bfe_object *o = LIST_ENTRY(l, struct bfe_object, txn);

		hold(s->bfe, o);
		set_state(s->bfe, o, BFE_LIVE);
	}
}

void bfe_objects_free_all(struct bfe *b)
{
	struct hnode *n;

	for (unsigned k = 0; k < BFE_KINDS; k++)
		while ((n = htable_walk(&b->by_key[k], NULL)) != NULL)
			remove_and_free(b, CONTAINER_OF(n, struct bfe_object, by_key));
}
