/* SPDX-License-Identifier: MIT */
/*
 * flowctx - flows by handle, and their contexts.
 *
 * Each context is a slot in a list of its flow; slots are reused but never freed before the flow,
 * so the owner's classify walks the list without a lock.  One word per slot says whose it is and
 * what happens with it:
 *
 *	FREE --associate--> LIVE --enter--> BUSY --leave--> LIVE
 *	                    LIVE --remove, close, leaving--> FREE (1)
 *	                                    BUSY --remove--> DOOMED --leave--> FREE (1)
 *
 * (1) flow_delete is called.
 *
 * The lock guards the table of handles, the lists' tails and the counts; flow_delete is called
 * without it.
 */
#include "engine/flowctx.h"

#include "base/mem.h"
#include "engine/flow_slots.h"

enum slot_state { SLOT_FREE, SLOT_LIVE, SLOT_BUSY, SLOT_DOOMED };

/* word: callout id, layer, state. */
#define WORD(state, layer, id) ((uint64_t)(id) << 32 | (uint64_t)(layer) << 8 | (uint64_t)(state))
#define WORD_STATE(w)	       ((enum slot_state)((w)&0xff))
#define WORD_WITH(w, state)    (((w) & ~UINT64_C(0xff)) | (uint64_t)(state))
#define WORD_LAYER(w)	       ((uint16_t)((w) >> 8))
#define WORD_CALLOUT(w)	       ((uint32_t)((w) >> 32))

/* [A] atomic   [S] whoever has just changed the word to LIVE, or from it */
struct flow_slot {
	struct atom64 word;		/* [A] */
	struct atomptr next;		/* [A] */
	uint64_t context;		/* [S] */
	struct engine_callout *callout; /* [S] a pin */
};

/* [I] immutable   [F] lock of the table */
struct engine_flow {
	struct engine *engine; /* [I] */
	uint64_t id;	       /* [I] generation, then index + 1 */
	struct atomptr slots;  /* the first; grows under [F] */
};

struct flow_entry {
	struct engine_flow *flow; /* NULL: free */
	uint32_t generation;
	uint32_t next_free;
};

struct engine_flows {
	struct lock lock;
	struct cond deleted;	    /* a callout's contexts have become none */
	struct flow_entry *entries; /* [F] */
	uint32_t n, room;	    /* [F] */
	uint32_t first_free;	    /* [F] n: none */
};

wfp_err engine_flows_create(struct engine *e)
{
	struct engine_flows *t = mem_zalloc(sizeof(*t));

	if (!t)
		return ERR_NO_MEMORY;
	lock_init(&t->lock, "flow contexts", ENGINE_RANK_FLOWS);
	cond_init(&t->deleted, "flow contexts deleted");
	t->first_free = UINT32_MAX;
	e->flows = t;
	return ERR_OK;
}

void engine_flows_destroy(struct engine *e)
{
	struct engine_flows *t = e->flows;

	for (uint32_t i = 0; i < t->n; i++)
		BUG_ON(t->entries[i].flow);
	cond_destroy(&t->deleted);
	lock_destroy(&t->lock);
	mem_free(t->entries);
	mem_free(t);
}

static wfp_err grow(struct engine_flows *t)
{
	uint32_t room = t->room ? t->room * 2 : 64;
	struct flow_entry *entries;

	if (t->room >= UINT32_MAX / 2)
		return ERR_NO_MEMORY;
	entries = mem_realloc_array(t->entries, room, sizeof(*entries));
	if (!entries)
		return ERR_NO_MEMORY;
	t->entries = entries;
	t->room = room;
	return ERR_OK;
}

static wfp_err entry_take(struct engine_flows *t, struct engine_flow *f)
{
	uint32_t i = t->first_free;
	wfp_err err;

	if (i != UINT32_MAX) {
		t->first_free = t->entries[i].next_free;
	} else {
		err = t->n == t->room ? grow(t) : ERR_OK;
		if (err)
			return err;
		i = t->n++;
		t->entries[i].generation = 1;
	}
	t->entries[i].flow = f;
	f->id = (uint64_t)t->entries[i].generation << 32 | (i + 1);
	return ERR_OK;
}

static void entry_drop(struct engine_flows *t, const struct engine_flow *f)
{
	uint32_t i = (uint32_t)f->id - 1;

	t->entries[i].flow = NULL;
	t->entries[i].generation++;
	t->entries[i].next_free = t->first_free;
	t->first_free = i;
}

static struct engine_flow *flow_of(const struct engine_flows *t, uint64_t id)
{
	uint32_t i = (uint32_t)id - 1;

	if (i >= t->n || t->entries[i].generation != id >> 32)
		return NULL;
	return t->entries[i].flow;
}

wfp_err engine_flow_open(struct engine *e, struct engine_flow **out)
{
	struct engine_flow *f = mem_zalloc(sizeof(*f));
	wfp_err err;

	if (!f)
		return ERR_NO_MEMORY;
	f->engine = e;
	lock_take(&e->flows->lock);
	err = entry_take(e->flows, f);
	lock_drop(&e->flows->lock);
	if (err) {
		mem_free(f);
		return err;
	}
	*out = f;
	return ERR_OK;
}

uint64_t engine_flow_id(const struct engine_flow *f)
{
	return f->id;
}

static struct flow_slot *next_slot(const struct atomptr *from)
{
	return atomptr_load_acquire(from);
}

/* What flow_delete needs, taken out of a slot before the slot is free for others. */
struct farewell {
	struct engine_callout *callout;
	uint64_t context;
	uint16_t layer;
};

/* The word says FREE from here on; *word is what it was. */
static bool slot_take_out(struct flow_slot *s, enum slot_state from, struct farewell *out)
{
	uint64_t word = atom64_load(&s->word);

	if (WORD_STATE(word) != from)
		return false;
	*out = (struct farewell){s->callout, s->context, WORD_LAYER(word)};
	return atom64_cas(&s->word, &word, WORD(SLOT_FREE, 0, 0));
}

static void say_farewell(struct engine_flows *t, const struct farewell *f)
{
	struct engine_callout *c = f->callout;

	lock_assert_none_held();
	c->ops->flow_delete(c->ctx, f->layer, c->id, f->context);
	lock_take(&t->lock);
	if (--c->contexts == 0)
		cond_broadcast(&t->deleted);
	lock_drop(&t->lock);
	engine_callout_unpin(c);
}

void engine_flow_close(struct engine_flow *f)
{
	struct engine_flows *t = f->engine->flows;
	struct flow_slot *s, *next;
	struct farewell farewell;

	lock_take(&t->lock);
	entry_drop(t, f);
	lock_drop(&t->lock);
	for (s = next_slot(&f->slots); s; s = next) {
		next = next_slot(&s->next);
		if (slot_take_out(s, SLOT_LIVE, &farewell))
			say_farewell(t, &farewell);
		BUG_ON(WORD_STATE(atom64_load(&s->word)) != SLOT_FREE);
		mem_free(s);
	}
	mem_free(f);
}

static struct flow_slot *find_slot(const struct engine_flow *f, uint16_t layer, uint32_t callout_id)
{
	uint64_t wanted = WORD(SLOT_FREE, layer, callout_id);

	for (struct flow_slot *s = next_slot(&f->slots); s; s = next_slot(&s->next)) {
		uint64_t word = atom64_load_acquire(&s->word);

		if (WORD_STATE(word) != SLOT_FREE && WORD_WITH(word, SLOT_FREE) == wanted)
			return s;
	}
	return NULL;
}

static struct flow_slot *free_slot(const struct engine_flow *f)
{
	for (struct flow_slot *s = next_slot(&f->slots); s; s = next_slot(&s->next))
		if (WORD_STATE(atom64_load(&s->word)) == SLOT_FREE)
			return s;
	return NULL;
}

/* Under the lock; spare is used up when *spare becomes NULL. */
static wfp_err associate_locked(struct engine_flows *t, uint64_t flow_id, uint16_t layer,
				struct engine_callout *c, uint64_t context,
				struct flow_slot **spare)
{
	struct engine_flow *f = flow_of(t, flow_id);
	struct flow_slot *s;

	if (!f)
		return ERR_NOT_FOUND;
	if (c->leaving)
		return ERR_CALLOUT_NOT_FOUND;
	if (find_slot(f, layer, c->id))
		return ERR_ALREADY_EXISTS;
	s = free_slot(f);
	if (!s) {
		s = *spare;
		*spare = NULL;
		atomptr_init(&s->next, atomptr_load(&f->slots));
		atomptr_store_release(&f->slots, s);
	}
	s->callout = c;
	s->context = context;
	c->contexts++;
	atom64_store(&s->word, WORD(SLOT_LIVE, layer, c->id));
	return ERR_OK;
}

wfp_err engine_flow_associate(struct engine *e, uint64_t flow_id, uint16_t layer,
			      uint32_t callout_id, uint64_t context)
{
	struct engine_callout *c = engine_callout_find(e, callout_id);
	struct flow_slot *spare;
	wfp_err err;

	if (!c)
		return ERR_CALLOUT_NOT_FOUND;
	if (!c->ops->flow_delete || context == 0) {
		engine_callout_unpin(c);
		return ERR_INVALID_PARAMETER;
	}
	spare = mem_zalloc(sizeof(*spare));
	if (!spare) {
		engine_callout_unpin(c);
		return ERR_NO_MEMORY;
	}
	lock_take(&e->flows->lock);
	err = associate_locked(e->flows, flow_id, layer, c, context, &spare);
	lock_drop(&e->flows->lock);
	mem_free(spare);
	if (err)
		engine_callout_unpin(c);
	return err;
}

/* Under the lock: frees the slot, or dooms it when a classify runs with it (ERR_IO_PENDING). */
static wfp_err remove_locked(struct flow_slot *s, struct farewell *out)
{
	uint64_t word;

	if (!s)
		return ERR_NOT_FOUND;
	for (;;) {
		if (slot_take_out(s, SLOT_LIVE, out))
			return ERR_OK;
		word = atom64_load(&s->word);
		if (WORD_STATE(word) == SLOT_DOOMED)
			return ERR_IO_PENDING;
		if (WORD_STATE(word) == SLOT_FREE)
			return ERR_NOT_FOUND;
		if (WORD_STATE(word) == SLOT_BUSY &&
		    atom64_cas(&s->word, &word, WORD_WITH(word, SLOT_DOOMED)))
			return ERR_IO_PENDING;
	}
}

wfp_err engine_flow_remove(struct engine *e, uint64_t flow_id, uint16_t layer, uint32_t callout_id)
{
	struct engine_flows *t = e->flows;
	struct farewell farewell;
	struct engine_flow *f;
	wfp_err err;

	lock_take(&t->lock);
	f = flow_of(t, flow_id);
	err = f ? remove_locked(find_slot(f, layer, callout_id), &farewell) : ERR_NOT_FOUND;
	lock_drop(&t->lock);
	if (!err)
		say_farewell(t, &farewell);
	return err;
}

uint64_t engine_flow_context(struct engine_flow *f, uint16_t layer, uint32_t callout_id)
{
	struct engine_flows *t = f->engine->flows;
	const struct flow_slot *s;
	uint64_t context;

	lock_take(&t->lock);
	s = find_slot(f, layer, callout_id);
	context = s ? s->context : 0;
	lock_drop(&t->lock);
	return context;
}

struct flow_slot *engine_flow_enter(struct engine_flow *f, uint16_t layer, uint32_t callout_id,
				    uint64_t *context)
{
	struct flow_slot *s = find_slot(f, layer, callout_id);
	uint64_t word = WORD(SLOT_LIVE, layer, callout_id);

	if (!s || !atom64_cas(&s->word, &word, WORD_WITH(word, SLOT_BUSY)))
		return NULL;
	*context = s->context;
	return s;
}

void engine_flow_leave(struct engine_flow *f, struct flow_slot *s)
{
	struct farewell farewell;
	uint64_t word = atom64_load(&s->word);

	if (WORD_STATE(word) == SLOT_BUSY &&
	    atom64_cas(&s->word, &word, WORD_WITH(word, SLOT_LIVE)))
		return;
	if (slot_take_out(s, SLOT_DOOMED, &farewell))
		say_farewell(f->engine->flows, &farewell);
}

/* Under the lock: the next context of c, from flow *i on; false: none. */
static bool next_of_callout(struct engine_flows *t, const struct engine_callout *c, uint32_t *i,
			    struct farewell *out)
{
	for (; *i < t->n; (*i)++) {
		struct engine_flow *f = t->entries[*i].flow;
		struct flow_slot *s = f ? next_slot(&f->slots) : NULL;

		for (; s; s = next_slot(&s->next))
			if (WORD_CALLOUT(atom64_load(&s->word)) == c->id &&
			    slot_take_out(s, SLOT_LIVE, out))
				return true;
	}
	return false;
}

bool engine_flows_leave(struct engine *e, struct engine_callout *c)
{
	struct engine_flows *t = e->flows;
	struct farewell farewell;
	bool had;

	lock_take(&t->lock);
	c->leaving = true;
	had = c->contexts > 0;
	for (uint32_t i = 0; next_of_callout(t, c, &i, &farewell);) {
		lock_drop(&t->lock);
		say_farewell(t, &farewell);
		lock_take(&t->lock);
	}
	lock_drop(&t->lock);
	return had;
}

void engine_flows_wait(struct engine *e, struct engine_callout *c)
{
	struct engine_flows *t = e->flows;

	lock_take(&t->lock);
	while (c->contexts > 0)
		cond_wait(&t->deleted, &t->lock);
	lock_drop(&t->lock);
}
