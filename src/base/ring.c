/* SPDX-License-Identifier: MIT */
/*
 * ring - see ring.h.
 *
 * Slot i is free for the push at position p (p mod slots is i) when its turn is p, and holds that
 * record when its turn is p + 1; a pop makes it p + slots.  Positions are 64 bits wide and never
 * wrap.  The release store of the turn publishes the bytes that were copied before it.
 */
#include "base/ring.h"

#include "base/mem.h"

#include <string.h>

#define MAX_SLOTS (1u << 24)

struct slot {
	struct atom64 turn;
	unsigned char bytes[];
};

/* [I] immutable   [A] atomic   [C] the consumer's */
struct ring {
	uint64_t mask;			      /* [I] slots - 1 */
	uint32_t record;		      /* [I] bytes */
	size_t stride;			      /* [I] of a slot, whole cache lines */
	unsigned char *at;		      /* [I] the first slot */
	CACHELINE_ALIGNED struct atom64 tail; /* [A] the next position to push at */
	struct atom64 dropped;		      /* [A] */
	CACHELINE_ALIGNED uint64_t head;      /* [C] the next position to pop at */
};

static struct slot *slot_of(const struct ring *r, uint64_t position)
{
	return (struct slot *)(void *)(r->at + (position & r->mask) * r->stride);
}

static uint32_t power_of_two(uint32_t n)
{
	uint32_t p = 2;

	while (p < n)
		p *= 2;
	return p;
}

static wfp_err create_slots(struct ring *r, uint32_t slots)
{
	const size_t size = sizeof(struct slot) + r->record;

	r->mask = slots - 1;
	r->stride = (size + CACHELINE - 1) / CACHELINE * CACHELINE;
	r->at = mem_zalloc_aligned(CACHELINE, slots * r->stride);
	if (!r->at)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < slots; i++)
		atom64_init(&slot_of(r, i)->turn, i);
	return ERR_OK;
}

wfp_err ring_create(struct ring **out, uint32_t slots, uint32_t record)
{
	struct ring *r;
	wfp_err err;

	if (record == 0 || slots > MAX_SLOTS)
		return ERR_INVALID_PARAMETER;
	r = mem_zalloc_aligned(CACHELINE, sizeof(*r));
	if (!r)
		return ERR_NO_MEMORY;
	r->record = record;
	atom64_init(&r->tail, 0);
	atom64_init(&r->dropped, 0);
	err = create_slots(r, power_of_two(slots));
	if (err) {
		mem_free(r);
		return err;
	}
	*out = r;
	return ERR_OK;
}

void ring_destroy(struct ring *r)
{
	if (!r)
		return;
	mem_free(r->at);
	mem_free(r);
}

/*
 * Takes the position to push at.  NULL: the slot there still holds a record of the last round, so
 * the ring is full.
 */
static struct slot *claim(struct ring *r, uint64_t *position)
{
	*position = atom64_load_relaxed(&r->tail);
	for (;;) {
		struct slot *s = slot_of(r, *position);
		const uint64_t turn = atom64_load_acquire(&s->turn);

		if (turn < *position)
			return NULL;
		if (turn > *position)
			*position = atom64_load_relaxed(&r->tail);
		else if (atom64_cas(&r->tail, position, *position + 1))
			return s;
	}
}

bool ring_push(struct ring *r, const void *record)
{
	uint64_t position;
	struct slot *s = claim(r, &position);

	if (!s) {
		atom64_add_relaxed(&r->dropped, 1);
		return false;
	}
	memcpy(s->bytes, record, r->record);
	atom64_store_release(&s->turn, position + 1);
	return true;
}

bool ring_pop(struct ring *r, void *record)
{
	struct slot *s = slot_of(r, r->head);

	if (atom64_load_acquire(&s->turn) != r->head + 1)
		return false;
	memcpy(record, s->bytes, r->record);
	atom64_store_release(&s->turn, r->head + r->mask + 1);
	r->head++;
	return true;
}

uint64_t ring_dropped(const struct ring *r)
{
	return atom64_load_relaxed(&r->dropped);
}
