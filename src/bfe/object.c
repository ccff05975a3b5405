/* SPDX-License-Identifier: MIT */
/*
 * object - the objects of all kinds in their tables, and the journal of a transaction.
 *
 * A transaction changes the tables at once and remembers what it did: what it added is born later,
 * what it deleted is flagged, so that only the writer sees the difference.  That makes commit and
 * rollback walks over two lists that need no memory and cannot fail.  Only the writer calls
 * anything here.
 */
#include "bfe/state.h"

#include "base/mem.h"
#include "engine/callout.h"

#include <string.h>

static const struct bfe_view own = {.own = true};

uint64_t bfe_guid_hash(const struct guid *key)
{
	uint64_t words[2];

	memcpy(words, key, sizeof(words));
	return hash_u64(words[0] ^ hash_u64(words[1]));
}

wfp_err bfe_object_create(struct bfe_object **out, struct model_object *payload)
{
	struct bfe_object *o = mem_zalloc(sizeof(*o));

	if (!o) {
		model_object_put(payload);
		return ERR_NO_MEMORY;
	}
	o->o = payload;
	o->born = BFE_NEVER;
	o->died = BFE_NEVER;
	o->lifetime = BFE_STATIC;
	list_init(&o->all);
	list_init(&o->txn);
	list_init(&o->owned);
	*out = o;
	return ERR_OK;
}

static void release_id(struct bfe *b, struct bfe_object *o)
{
	if (o->reserved)
		engine_callout_id_release(b->engine, &o->o->key);
	o->reserved = false;
}

void bfe_object_free(struct bfe *b, struct bfe_object *o)
{
	release_id(b, o);
	bfe_sd_put(o->sd);
	model_object_put(o->o);
	mem_free(o);
}

struct bfe_object *bfe_object_find(struct bfe *b, enum model_kind kind, const struct guid *key)
{
	struct bfe_object *o;

	lock_take(&b->lock);
	o = bfe_view_find(b, &own, kind, key);
	lock_drop(&b->lock);
	return o;
}

struct bfe_object *bfe_object_find_id(struct bfe *b, enum model_kind kind, uint64_t id)
{
	struct bfe_object *o;

	lock_take(&b->lock);
	o = bfe_view_find_id(b, &own, kind, id);
	lock_drop(&b->lock);
	return o;
}

/* ---- into the tables and out of them --------------------------------------------------------- */

struct list *bfe_object_list(struct bfe *b, enum model_kind kind, uint16_t layer)
{
	return kind == MODEL_FILTER ? &b->filters[layer] : &b->all[kind];
}

static void link_object(struct bfe *b, struct bfe_object *o)
{
	enum model_kind kind = o->o->kind;
	uint16_t layer = kind == MODEL_FILTER ? o->o->filter->layer : 0;

	htable_insert(&b->by_key[kind], &o->by_key, bfe_guid_hash(&o->o->key));
	if (o->o->id)
		htable_insert(&b->by_id[kind], &o->by_id, hash_u64(o->o->id));
	list_add_tail(bfe_object_list(b, kind, layer), &o->all);
}

/* by: 1, or 2^32 - 1, which takes one away. */
static void count_uses(struct bfe_object *o, uint32_t by)
{
	for (unsigned k = 0; k < MODEL_KINDS; k++) {
		struct bfe_object *used = o->uses[k];

		if (!used)
			continue;
		used->refs += by;
		if (o->lifetime == BFE_BOOTTIME)
			used->boot_refs += by;
	}
}

/* An object that is not deleted keeps what it uses from being deleted, and its place. */
static void hold(struct bfe *b, struct bfe_object *o)
{
	count_uses(o, 1);
	if (o->o->kind == MODEL_SUBLAYER)
		bfe_weight_set(b, o->o->weight, true);
	if (o->o->kind == MODEL_CALLOUT && o->lifetime != BFE_BUILTIN)
		b->n_callouts++;
}

static void unhold(struct bfe *b, struct bfe_object *o)
{
	count_uses(o, UINT32_MAX);
	if (o->o->kind == MODEL_SUBLAYER)
		bfe_weight_set(b, o->o->weight, false);
	if (o->o->kind == MODEL_CALLOUT && o->lifetime != BFE_BUILTIN)
		b->n_callouts--;
}

static void remove_and_free(struct bfe *b, struct bfe_object *o)
{
	lock_take(&b->lock);
	bfe_object_unlink(b, o);
	lock_drop(&b->lock);
	list_del(&o->txn);
	list_del(&o->owned);
	bfe_object_free(b, o);
}

static void set_deleted(struct bfe *b, struct bfe_object *o, bool deleted)
{
	lock_take(&b->lock);
	o->deleted = deleted;
	lock_drop(&b->lock);
}

/* ---- the steps ------------------------------------------------------------------------------- */

void bfe_object_insert(struct bfe_session *s, struct bfe_object *o)
{
	struct bfe *b = s->bfe;

	hold(b, o);
	list_add_tail(&s->added, &o->txn);
	if (o->lifetime == BFE_DYNAMIC) {
		o->owner = s;
		list_add_tail(&s->owned, &o->owned);
	}
	lock_take(&b->lock);
	link_object(b, o);
	lock_drop(&b->lock);
}

void bfe_object_insert_builtin(struct bfe *b, struct bfe_object *o)
{
	o->lifetime = BFE_BUILTIN;
	o->born = 0;
	hold(b, o);
	link_object(b, o);
}

void bfe_object_remove(struct bfe_session *s, struct bfe_object *o)
{
	unhold(s->bfe, o);
	if (o->born == BFE_NEVER) {
		remove_and_free(s->bfe, o);
		return;
	}
	set_deleted(s->bfe, o, true);
	list_add_tail(&s->deleted, &o->txn);
}

static void set_time(struct bfe *b, uint64_t *time, uint64_t number)
{
	lock_take(&b->lock);
	*time = number;
	lock_drop(&b->lock);
}

/* The number is nobody's yet while it is given out, so everything appears with the last line. */
void bfe_objects_publish(struct bfe_session *s)
{
	struct bfe *b = s->bfe;
	uint64_t number = b->commit + 1;
	struct list *l;

	LIST_FOR_EACH (l, &s->added)
		set_time(b, &LIST_ENTRY(l, struct bfe_object, txn)->born, number);
	LIST_FOR_EACH (l, &s->deleted)
		set_time(b, &LIST_ENTRY(l, struct bfe_object, txn)->died, number);
	set_time(b, &b->commit, number);
}

/* A dead callout's id is free at once, whoever may still see the object. */
static void settle_dead(struct bfe *b, struct bfe_object *o)
{
	bool kept;

	list_del(&o->owned);
	release_id(b, o);
	lock_take(&b->lock);
	kept = bfe_snapshot_keeps(b, o);
	if (!kept)
		bfe_object_unlink(b, o);
	lock_drop(&b->lock);
	if (!kept)
		bfe_object_free(b, o);
}

void bfe_objects_settle(struct bfe_session *s)
{
	struct list *l;

	while ((l = list_pop_head(&s->deleted)) != NULL)
		settle_dead(s->bfe, LIST_ENTRY(l, struct bfe_object, txn));
	while (list_pop_head(&s->added))
		;
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
		set_deleted(s->bfe, o, false);
	}
}

static void free_list(struct bfe *b, struct list *list)
{
	struct list *l;

	while ((l = list_first(list)) != NULL)
		remove_and_free(b, LIST_ENTRY(l, struct bfe_object, all));
}

void bfe_objects_free_all(struct bfe *b)
{
	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++)
		free_list(b, &b->filters[i]);
	for (unsigned k = 0; k < MODEL_FILTER; k++)
		free_list(b, &b->all[k]);
}
