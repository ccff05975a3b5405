/* SPDX-License-Identifier: MIT */
/*
 * handle - one table for the process: slots that are reused, each with a count of its lives.
 *
 * A handle is the life of its slot in the upper half and the slot's number plus one, times four,
 * below, so that it looks like a handle of Windows and is never NULL.
 */
#include "client/handle.h"

#include "base/lock.h"
#include "base/mem.h"

#define NONE UINT32_MAX

struct slot {
	void *object;
	uint32_t life;
	uint32_t users;
	uint32_t next_free;
	uint8_t kind; /* enum handle_kind; 0: free or not published yet */
	bool closing;
};

/* All guarded by lock; idle is signalled when a slot that closes has no users any more. */
static struct table {
	struct lock lock;
	struct cond idle;
	struct slot *slots;
	uint32_t n, free;
} table;

__attribute__((constructor)) static void table_init(void)
{
	lock_init(&table.lock, "handles", 40);
	cond_init(&table.idle, "handles idle");
	table.free = NONE;
}

static void *handle_of(uint32_t slot)
{
	return (void *)((uintptr_t)table.slots[slot].life << 32 | (uintptr_t)(slot + 1) << 2);
}

static uint32_t slot_of(const void *handle)
{
	return (uint32_t)((uintptr_t)handle & UINT32_MAX) / 4 - 1;
}

static wfp_err grow(void) REQUIRES(table.lock)
{
	uint32_t n = table.n ? table.n * 2 : 64;
	struct slot *slots;

	if (n > UINT32_MAX / 8)
		return ERR_NO_MEMORY;
	slots = mem_realloc_array(table.slots, n, sizeof(*slots));
	if (!slots)
		return ERR_NO_MEMORY;
	for (uint32_t i = table.n; i < n; i++)
		slots[i] = (struct slot){.next_free = i + 1 < n ? i + 1 : table.free};
	table.free = table.n;
	table.slots = slots;
	table.n = n;
	return ERR_OK;
}

wfp_err handle_reserve(enum handle_kind kind, void **handle)
{
	wfp_err err = ERR_OK;

	lock_take(&table.lock);
	if (table.free == NONE)
		err = grow();
	if (!err) {
		uint32_t i = table.free;
		struct slot *s = &table.slots[i];

		table.free = s->next_free;
		*s = (struct slot){.life = s->life + 1, .kind = (uint8_t)kind, .closing = true};
		*handle = handle_of(i);
	}
	lock_drop(&table.lock);
	return err;
}

void handle_publish(void *handle, void *object)
{
	lock_take(&table.lock);
	table.slots[slot_of(handle)].object = object;
	table.slots[slot_of(handle)].closing = false;
	lock_drop(&table.lock);
}

static void free_slot(uint32_t i) REQUIRES(table.lock)
{
	table.slots[i].kind = 0;
	table.slots[i].object = NULL;
	table.slots[i].next_free = table.free;
	table.free = i;
}

void handle_cancel(void *handle)
{
	lock_take(&table.lock);
	free_slot(slot_of(handle));
	lock_drop(&table.lock);
}

/* The slot of a handle that is good for that kind, or NULL. */
static struct slot *find(const void *handle, enum handle_kind kind) REQUIRES(table.lock)
{
	uint32_t i = slot_of(handle);
	struct slot *s;

	if (i >= table.n || handle != handle_of(i))
		return NULL;
	s = &table.slots[i];
	return s->kind == kind && !s->closing ? s : NULL;
}

void *handle_use(void *handle, enum handle_kind kind)
{
	struct slot *s;
	void *object = NULL;

	lock_take(&table.lock);
	s = find(handle, kind);
	if (s) {
		s->users++;
		object = s->object;
	}
	lock_drop(&table.lock);
	return object;
}

void handle_release(void *handle)
{
	struct slot *s;

	lock_take(&table.lock);
	s = &table.slots[slot_of(handle)];
	s->users--;
	if (s->closing && !s->users)
		cond_broadcast(&table.idle);
	lock_drop(&table.lock);
}

void *handle_close(void *handle, enum handle_kind kind)
{
	uint32_t i = slot_of(handle);
	void *object = NULL;

	lock_take(&table.lock);
	if (find(handle, kind)) {
		table.slots[i].closing = true;
		while (table.slots[i].users)
			cond_wait(&table.idle, &table.lock);
		object = table.slots[i].object;
		free_slot(i);
	}
	lock_drop(&table.lock);
	return object;
}
