/* SPDX-License-Identifier: MIT */
/*
 * view - what a reader sees, and how long what died is kept for it.
 *
 * A commit gives each object that it adds or deletes one number, and then makes that number the
 * last one: so everything appears at one moment, and a reader that holds an older number goes on
 * seeing the old.  Nothing here waits for anybody.  Called by every session's calls, on any thread.
 */
#include "bfe/state.h"

#include "base/mem.h"

/* How many dead objects are taken out of the tables in one hold of the lock. */
#define CHUNK 256u

bool bfe_view_shows(const struct bfe_view *v, const struct bfe_object *o)
{
	return v->own ? !o->deleted : o->born <= v->at && v->at < o->died;
}

struct bfe_object *bfe_view_find(struct bfe *b, const struct bfe_view *v, enum model_kind kind,
				 const struct guid *key)
{
	struct hnode *n = htable_first(&b->by_key[kind], bfe_guid_hash(key));

	for (; n; n = htable_next(n)) {
		struct bfe_object *o = CONTAINER_OF(n, struct bfe_object, by_key);

		if (guid_equal(&o->o->key, key) && bfe_view_shows(v, o))
			return o;
	}
	return NULL;
}

struct bfe_object *bfe_view_find_id(struct bfe *b, const struct bfe_view *v, enum model_kind kind,
				    uint64_t id)
{
	struct hnode *n = htable_first(&b->by_id[kind], hash_u64(id));

	for (; n; n = htable_next(n)) {
		struct bfe_object *o = CONTAINER_OF(n, struct bfe_object, by_id);

		if (o->o->id == id && bfe_view_shows(v, o))
			return o;
	}
	return NULL;
}

struct bfe_view bfe_view_of(const struct bfe_session *s)
{
	if (s->in_txn && s->read_only)
		return (struct bfe_view){.at = s->snapshot.number};
	return (struct bfe_view){.own = s->in_txn, .at = s->bfe->commit};
}

/* ---- snapshots --------------------------------------------------------------------------------
 */

void bfe_snapshot_begin(struct bfe *b, struct bfe_snapshot *snapshot)
{
	list_init(&snapshot->dead);
	lock_take(&b->lock);
	snapshot->number = b->commit;
	list_add_tail(&b->snapshots, &snapshot->link);
	lock_drop(&b->lock);
}

bool bfe_snapshot_keeps(struct bfe *b, struct bfe_object *o)
{
	struct list *l = b->snapshots.prev;

	for (; l != &b->snapshots; l = l->prev) {
		struct bfe_snapshot *s = LIST_ENTRY(l, struct bfe_snapshot, link);

		if (s->number < o->born)
			break;
		if (s->number < o->died) {
			list_add_tail(&s->dead, &o->txn);
			return true;
		}
	}
	return false;
}

void bfe_object_unlink(struct bfe *b, struct bfe_object *o)
{
	htable_remove(&b->by_key[o->o->kind], &o->by_key);
	if (o->o->id)
		htable_remove(&b->by_id[o->o->kind], &o->by_id);
	list_del(&o->all);
}

/* Some of those that nobody else needs, in `gone`.  False: there are no more. */
static bool bury_some(struct bfe *b, struct bfe_snapshot *snapshot, struct list *gone)
{
	struct list *l = NULL;

	lock_take(&b->lock);
	for (unsigned i = 0; i < CHUNK && (l = list_pop_head(&snapshot->dead)) != NULL; i++) {
		struct bfe_object *o = LIST_ENTRY(l, struct bfe_object, txn);

		if (bfe_snapshot_keeps(b, o))
			continue;
		bfe_object_unlink(b, o);
		list_add_tail(gone, &o->txn);
	}
	lock_drop(&b->lock);
	return l != NULL;
}

void bfe_snapshot_end(struct bfe *b, struct bfe_snapshot *snapshot)
{
	struct list gone, *l;
	bool more = true;

	list_init(&gone);
	lock_take(&b->lock);
	list_del(&snapshot->link);
	lock_drop(&b->lock);
	while (more) {
		more = bury_some(b, snapshot, &gone);
		while ((l = list_pop_head(&gone)) != NULL)
			bfe_object_free(b, LIST_ENTRY(l, struct bfe_object, txn));
	}
}
