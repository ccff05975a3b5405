/* SPDX-License-Identifier: MIT */
/*
 * pend_slots - objects that are named by number.
 *
 * Taking and giving back is a few instructions under a spin lock; memory for a new chunk is
 * allocated outside of it.  Called by pend_op.c and pend_ticket.c.
 */
#include "engine/pend_slots.h"

#include "base/mem.h"

void pend_slots_init(struct pend_slots *s, size_t size, uint32_t max, const char *name,
		     unsigned rank)
{
	BUG_ON(max > PEND_SLOTS_MAX);
	s->size = size;
	s->max = max;
	s->used = 0;
	spin_init(&s->spin, name, rank);
	list_init(&s->free);
	atom32_init(&s->count, 0);
	for (unsigned i = 0; i < PEND_CHUNKS; i++)
		atomptr_init(&s->chunks[i], NULL);
}

void pend_slots_destroy(struct pend_slots *s)
{
	BUG_ON(s->used != 0);
	for (unsigned i = 0; i < PEND_CHUNKS; i++)
		mem_free(atomptr_load_relaxed(&s->chunks[i]));
	spin_destroy(&s->spin);
}

static struct pend_slot *slot_in(const struct pend_slots *s, void *chunk, uint32_t i)
{
	return (struct pend_slot *)(void *)((uint8_t *)chunk + s->size * i);
}

/* The last chunk may be a smaller one. */
static uint32_t chunk_size(const struct pend_slots *s, uint32_t count)
{
	return s->max - count < PEND_CHUNK ? s->max - count : PEND_CHUNK;
}

/*
 * Adds a chunk that was made for `count` slots being there, unless somebody else did meanwhile;
 * false: it was not needed.
 */
static bool add_chunk(struct pend_slots *s, void *chunk, uint32_t count) REQUIRES(s->spin);
static bool add_chunk(struct pend_slots *s, void *chunk, uint32_t count)
{
	uint32_t n = chunk_size(s, count);

	if (atom32_load_relaxed(&s->count) != count || !list_empty(&s->free))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		struct pend_slot *slot = slot_in(s, chunk, i);

		slot->index = count + i;
		list_add_tail(&s->free, &slot->free);
	}
	atomptr_store_release(&s->chunks[count / PEND_CHUNK], chunk);
	atom32_store_release(&s->count, count + n);
	return true;
}

static MUST_CHECK wfp_err grow(struct pend_slots *s)
{
	uint32_t count = pend_slots_count(s);
	void *chunk;
	bool added;

	if (count == s->max)
		return ERR_NO_MEMORY;
	chunk = mem_zalloc_array(chunk_size(s, count), s->size);
	if (!chunk)
		return ERR_NO_MEMORY;
	spin_take(&s->spin);
	added = add_chunk(s, chunk, count);
	spin_drop(&s->spin);
	if (!added)
		mem_free(chunk);
	return ERR_OK;
}

static struct pend_slot *take_free(struct pend_slots *s)
{
	struct list *link;

	spin_take(&s->spin);
	link = list_pop_head(&s->free);
	s->used += link != NULL;
	spin_drop(&s->spin);
	return link ? LIST_ENTRY(link, struct pend_slot, free) : NULL;
}

wfp_err pend_slots_take(struct pend_slots *s, struct pend_slot **out)
{
	struct pend_slot *slot;
	wfp_err err;

	while (!(slot = take_free(s))) {
		err = grow(s);
		if (err)
			return err;
	}
	*out = slot;
	return ERR_OK;
}

void pend_slots_give(struct pend_slots *s, struct pend_slot *slot)
{
	spin_take(&s->spin);
	list_add_tail(&s->free, &slot->free);
	s->used--;
	spin_drop(&s->spin);
}

struct pend_slot *pend_slots_at(struct pend_slots *s, uint32_t index)
{
	if (index >= pend_slots_count(s))
		return NULL;
	return slot_in(s, atomptr_load_acquire(&s->chunks[index / PEND_CHUNK]), index % PEND_CHUNK);
}

uint32_t pend_slots_count(const struct pend_slots *s)
{
	return atom32_load_acquire(&s->count);
}
