/* SPDX-License-Identifier: MIT */
/*
 * mem - malloc, counted, and failing when a test wants it to.
 *
 * Any thread.  The counters are relaxed and no scheduling points: nobody decides anything on them
 * while other threads run.
 */
#include "base/mem.h"

#include "base/atomic.h"
#ifdef BASE_SIM
#include "base/sim/blocks.h"
#endif

#include <stdlib.h>
#include <string.h>

/* ---- where memory comes from ---------------------------------------------------------------- */

#ifdef BASE_SIM

static bool world_fails(void)
{
	return blocks_fail();
}

static void *raw_alloc(size_t size)
{
	return blocks_serve() ? blocks_alloc(0, size) : malloc(size);
}

static void *raw_zalloc(size_t size)
{
	return blocks_serve() ? blocks_alloc(0, size) : calloc(1, size);
}

static void *raw_guarded(size_t size)
{
	return blocks_serve() ? blocks_alloc_guarded(size) : calloc(1, size);
}

static bool raw_aligned(void **out, size_t align, size_t size)
{
	if (!blocks_serve())
		return posix_memalign(out, align, size) == 0;
	*out = blocks_alloc(align, size);
	return *out != NULL;
}

static void raw_free(void *p)
{
	if (blocks_own(p))
		blocks_free(p);
	else
		free(p);
}

/* In the world a block always moves, so that who keeps the old address is found. */
static void *raw_realloc(void *p, size_t size)
{
	void *moved;

	if (p ? !blocks_own(p) : !blocks_serve())
		return realloc(p, size);
	moved = raw_alloc(size);
	if (!moved || !p)
		return moved;
	memcpy(moved, p, size < blocks_size(p) ? size : blocks_size(p));
	blocks_free(p);
	return moved;
}

#else

#if MEM_TRACKED
static bool world_fails(void)
{
	return false;
}
#endif

static void *raw_alloc(size_t size)
{
	return malloc(size);
}

static void *raw_zalloc(size_t size)
{
	return calloc(1, size);
}

static void *raw_guarded(size_t size)
{
	return calloc(1, size);
}

static bool raw_aligned(void **out, size_t align, size_t size)
{
	return posix_memalign(out, align, size) == 0;
}

static void raw_free(void *p)
{
	free(p);
}

static void *raw_realloc(void *p, size_t size)
{
	return realloc(p, size);
}

#endif

/* ---- counting and failing ------------------------------------------------------------------- */

#if MEM_TRACKED

static struct atom64 live;
static struct atom64 fail_after;  /* allocations until the one that fails; 0: none */
static struct atom64 fail_period; /* 0: none */
static struct atom64 period_count;

/* Counts an armed countdown down; true for the one call that ends it. */
static bool countdown_ends(void)
{
	uint64_t left = atom64_load_relaxed(&fail_after);

	while (left > 0)
		if (atomic_compare_exchange_weak(&fail_after.v, &left, left - 1))
			return left == 1;
	return false;
}

static bool must_fail(void)
{
	uint64_t period = atom64_load_relaxed(&fail_period);

	if (UNLIKELY(period > 0) && atom64_add_relaxed(&period_count, 1) % period == 0)
		return true;
	return countdown_ends() || world_fails();
}

static void *note_allocated(void *p)
{
	if (p)
		atom64_add_relaxed(&live, 1);
	return p;
}

static void note_freed(const void *p)
{
	if (p)
		atom64_sub_relaxed(&live, 1);
}

bool mem_take(void)
{
	if (must_fail())
		return false;
	atom64_add_relaxed(&live, 1);
	return true;
}

void mem_untake(void)
{
	atom64_sub_relaxed(&live, 1);
}

uint64_t mem_live(void)
{
	return atom64_load_relaxed(&live);
}

void mem_fail_at(uint64_t nth)
{
	atom64_store_relaxed(&fail_after, nth);
}

void mem_fail_every(uint64_t nth)
{
	atom64_store_relaxed(&period_count, 0);
	atom64_store_relaxed(&fail_period, nth);
}

#else

static inline bool must_fail(void)
{
	return false;
}

static inline void *note_allocated(void *p)
{
	return p;
}

static inline void note_freed(const void *p)
{
	(void)p;
}

bool mem_take(void)
{
	return true;
}

void mem_untake(void)
{
}

uint64_t mem_live(void)
{
	return 0;
}

void mem_fail_at(uint64_t nth)
{
	(void)nth;
}

void mem_fail_every(uint64_t nth)
{
	(void)nth;
}

#endif

/* ---- what others call ----------------------------------------------------------------------- */

void mem_free(void *p)
{
	note_freed(p);
	raw_free(p);
}

/* The standard lets an empty block be NULL, which here would look like a failure. */
static size_t never_empty(size_t size)
{
	return size > 0 ? size : 1;
}

/* Asked here, because a sanitizer's allocator takes the question for a bug. */
static bool array_fits(size_t n, size_t size)
{
	size_t total;

	return !__builtin_mul_overflow(n, size, &total);
}

void *mem_alloc(size_t size)
{
	if (must_fail())
		return NULL;
	return note_allocated(raw_alloc(never_empty(size)));
}

void *mem_zalloc(size_t size)
{
	return mem_zalloc_array(1, size);
}

void *mem_zalloc_array(size_t n, size_t size)
{
	if (must_fail() || !array_fits(n, size))
		return NULL;
	return note_allocated(raw_zalloc(never_empty(n * size)));
}

void *mem_realloc_array(void *p, size_t n, size_t size)
{
	void *moved;

	if (must_fail() || !array_fits(n, size))
		return NULL;
	moved = raw_realloc(p, never_empty(n * size));
	return p ? moved : note_allocated(moved);
}

void *mem_zalloc_aligned(size_t align, size_t size)
{
	void *p;

	if (must_fail() || !raw_aligned(&p, align, never_empty(size)))
		return NULL;
	memset(p, 0, size);
	return note_allocated(p);
}

void *mem_zalloc_guarded(size_t size)
{
	if (must_fail())
		return NULL;
	return note_allocated(raw_guarded(never_empty(size)));
}

void *mem_dup(const void *p, size_t size)
{
	void *copy = mem_alloc(size);

	if (copy && size > 0)
		memcpy(copy, p, size);
	return copy;
}

char *mem_strdup(const char *s)
{
	return mem_dup(s, strlen(s) + 1);
}
