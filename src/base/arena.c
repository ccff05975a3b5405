/* SPDX-License-Identifier: MIT */
/*
 * arena - chunks that double in size, each filled from its start to its end.
 *
 * Used by the thread that owns the arena.  A block that does not fit a usual chunk gets one of its
 * own; the room left in the chunk before is lost.
 */
#include "base/arena.h"

#include "base/mem.h"

#include <string.h>

#define ALIGN	  _Alignof(max_align_t)
#define CHUNK_MIN ((size_t)1024)
#define CHUNK_MAX ((size_t)256 * 1024)

struct arena_chunk {
	struct arena_chunk *next;
	size_t size; /* of data */
	_Alignas(max_align_t) uint8_t data[];
};

void arena_init(struct arena *a, size_t limit)
{
	*a = (struct arena){.limit = limit};
}

void arena_free(struct arena *a)
{
	struct arena_chunk *chunk;

	while ((chunk = a->chunks)) {
		a->chunks = chunk->next;
		mem_free(chunk);
	}
	arena_init(a, a->limit);
}

static size_t next_size(const struct arena *a, size_t need)
{
	size_t size = a->chunks ? a->chunks->size * 2 : CHUNK_MIN;

	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	if (size > a->limit - a->used)
		size = a->limit - a->used;
	return size < need ? need : size;
}

static bool add_chunk(struct arena *a, size_t need)
{
	struct arena_chunk *chunk;
	size_t size;

	if (need > a->limit - a->used)
		return false;
	size = next_size(a, need);
	chunk = mem_alloc(sizeof(*chunk) + size);
	if (!chunk)
		return false;
	chunk->next = a->chunks;
	chunk->size = size;
	a->chunks = chunk;
	a->at = chunk->data;
	a->room = size;
	a->used += size;
	return true;
}

void *arena_alloc(struct arena *a, size_t size)
{
	/* An empty block has an address of its own, too: NULL is a failure. */
	size_t need = size > 0 ? (size + ALIGN - 1) & ~(ALIGN - 1) : ALIGN;
	void *p;

	if (need < size || (need > a->room && !add_chunk(a, need))) {
		a->failed = true;
		return NULL;
	}
	p = a->at;
	a->at += need;
	a->room -= need;
	return p;
}

void *arena_zalloc(struct arena *a, size_t n, size_t size)
{
	size_t total;
	void *p;

	if (__builtin_mul_overflow(n, size, &total))
		total = SIZE_MAX;
	p = arena_alloc(a, total);
	if (p)
		memset(p, 0, total);
	return p;
}

void *arena_dup(struct arena *a, const void *p, size_t size)
{
	void *copy = arena_alloc(a, size);

	if (copy && size > 0)
		memcpy(copy, p, size);
	return copy;
}

wfp_err arena_err(const struct arena *a)
{
	return a->failed ? ERR_NO_MEMORY : ERR_OK;
}
