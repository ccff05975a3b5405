/* SPDX-License-Identifier: MIT */
/*
 * registry - slots by key and by id.
 *
 * Slots come and go in turns; the lock only lets other threads look ids up meanwhile.
 */
#include "engine/registry.h"

#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

/* Ids that the engine gives itself, far from those of the base filtering engine. */
#define FIRST_OWN_ID 0x10000u

struct engine_registry {
	struct lock lock;
	struct htable by_key; /* [L] */
	struct htable by_id;  /* [L] */
	uint32_t next_id;     /* [T] */
	uint64_t seed;	      /* [I] of hashes of keys: clients choose these */
};

uint64_t engine_guid_hash(uint64_t seed, const struct guid *key)
{
	return hash_bytes(seed, key, sizeof(*key));
}

wfp_err engine_registry_create(struct engine *e)
{
	struct engine_registry *r = mem_zalloc(sizeof(*r));
	wfp_err err;

	if (!r)
		return ERR_NO_MEMORY;
	err = htable_init(&r->by_key, 64);
	if (err)
		goto undo_alloc;
	err = htable_init(&r->by_id, 64);
	if (err)
		goto undo_by_key;
	lock_init(&r->lock, "callouts", ENGINE_RANK_CALLOUTS);
	r->next_id = FIRST_OWN_ID;
	r->seed = entropy_u64();
	e->registry = r;
	return ERR_OK;
undo_by_key:
	htable_destroy(&r->by_key);
undo_alloc:
	mem_free(r);
	return err;
}

void engine_registry_destroy(struct engine *e)
{
	struct engine_registry *r = e->registry;

	BUG_ON(r->by_key.count != 0);
	lock_destroy(&r->lock);
	htable_destroy(&r->by_id);
	htable_destroy(&r->by_key);
	mem_free(r);
}

static struct callout_slot *find_key(const struct engine_registry *r, const struct guid *key)
{
	struct hnode *n = htable_first(&r->by_key, engine_guid_hash(r->seed, key));

	for (; n; n = htable_next(n)) {
		struct callout_slot *s = CONTAINER_OF(n, struct callout_slot, by_key);

		if (guid_equal(&s->key, key))
			return s;
	}
	return NULL;
}

static struct callout_slot *find_id(const struct engine_registry *r, uint32_t id)
{
	struct hnode *n = htable_first(&r->by_id, hash_u64(id));

	return n ? CONTAINER_OF(n, struct callout_slot, by_id) : NULL;
}

struct callout_slot *engine_slot_find(struct engine *e, const struct guid *key)
{
	struct engine_registry *r = e->registry;
	struct callout_slot *s;

	lock_take(&r->lock);
	s = find_key(r, key);
	lock_drop(&r->lock);
	return s;
}

static uint32_t unused_id(struct engine_registry *r)
{
	while (r->next_id == 0 || find_id(r, r->next_id))
		r->next_id++;
	return r->next_id++;
}

static struct callout_slot *slot_new(const struct guid *key, uint32_t id)
{
	struct callout_slot *s = mem_zalloc(sizeof(*s));

	if (s) {
		s->key = *key;
		s->id = id;
		s->refs = 1;
	}
	return s;
}

wfp_err engine_slot_get(struct engine *e, const struct guid *key, uint32_t id,
			struct callout_slot **out)
{
	struct engine_registry *r = e->registry;
	struct callout_slot *s = engine_slot_find(e, key);

	if (s) {
		s->refs++;
		*out = s;
		return ERR_OK;
	}
	if (id && find_id(r, id))
		return ERR_ALREADY_EXISTS;
	s = slot_new(key, id ? id : unused_id(r));
	if (!s)
		return ERR_NO_MEMORY;
	lock_take(&r->lock);
	htable_insert(&r->by_key, &s->by_key, engine_guid_hash(r->seed, key));
	htable_insert(&r->by_id, &s->by_id, hash_u64(s->id));
	lock_drop(&r->lock);
	*out = s;
	return ERR_OK;
}

void engine_slot_put(struct engine *e, struct callout_slot *s)
{
	struct engine_registry *r = e->registry;

	if (--s->refs > 0)
		return;
	lock_take(&r->lock);
	htable_remove(&r->by_key, &s->by_key);
	htable_remove(&r->by_id, &s->by_id);
	lock_drop(&r->lock);
	mem_free(s);
}

void engine_slots_forget_policy(struct engine *e)
{
	struct hnode *n = htable_walk(&e->registry->by_key, NULL), *next;

	for (; n; n = next) {
		struct callout_slot *s = CONTAINER_OF(n, struct callout_slot, by_key);

		next = htable_walk(&e->registry->by_key, n);
		if (s->in_policy)
			engine_slot_put(e, s);
	}
}

void engine_slot_register(struct engine *e, struct callout_slot *s, struct engine_callout *c)
{
	lock_take(&e->registry->lock);
	s->registered = c;
	lock_drop(&e->registry->lock);
	rcu_publish(&s->callable, c);
}

struct callout_slot *engine_slot_find_id(struct engine *e, uint32_t id)
{
	struct callout_slot *s;

	lock_take(&e->registry->lock);
	s = find_id(e->registry, id);
	lock_drop(&e->registry->lock);
	return s;
}

struct engine_callout *engine_callout_find(struct engine *e, uint32_t id)
{
	struct engine_callout *c = NULL;
	struct callout_slot *s;

	lock_take(&e->registry->lock);
	s = find_id(e->registry, id);
	if (s)
		c = s->registered;
	if (c)
		engine_callout_pin(c);
	lock_drop(&e->registry->lock);
	return c;
}

bool engine_callout_is_registered(struct engine *e, uint32_t id)
{
	const struct callout_slot *s;
	bool registered;

	lock_take(&e->registry->lock);
	s = find_id(e->registry, id);
	registered = s && s->registered;
	lock_drop(&e->registry->lock);
	return registered;
}

wfp_err engine_callout_id_by_key(struct engine *e, const struct guid *key, uint32_t *id)
{
	wfp_err err = ERR_CALLOUT_NOT_FOUND;
	struct callout_slot *s;

	lock_take(&e->registry->lock);
	s = find_key(e->registry, key);
	if (s) {
		*id = s->id;
		err = ERR_OK;
	}
	lock_drop(&e->registry->lock);
	return err;
}

wfp_err engine_callout_id_reserve(struct engine *e, const struct guid *key, uint32_t *id)
{
	struct callout_slot *s;
	wfp_err err = engine_turn_begin(e);

	if (err)
		return err;
	err = engine_slot_get(e, key, 0, &s);
	if (!err)
		*id = s->id;
	engine_turn_end(e);
	return err;
}

void engine_callout_id_release(struct engine *e, const struct guid *key)
{
	wfp_err busy = engine_turn_begin(e);

	BUG_ON(busy && busy != ERR_TXN_IN_PROGRESS); /* the latter: the turn is this thread's */
	engine_slot_put(e, engine_slot_find(e, key));
	if (!busy)
		engine_turn_end(e);
}
