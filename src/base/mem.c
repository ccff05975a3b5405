/* SPDX-License-Identifier: MIT */
/*
 * mem - malloc, counted, and failing when a test wants it to.
 *
 * Any thread.  The counters are relaxed and no scheduling points: nobody decides anything on them
 * while other threads run.
 */
#include "base/mem.h"

#include "base/atomic.h"

#include <stdlib.h>
#include <string.h>

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
	return countdown_ends();
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

void mem_free(void *p)
{
	note_freed(p);
	free(p);
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
	return note_allocated(malloc(never_empty(size)));
}

void *mem_zalloc(size_t size)
{
	return mem_zalloc_array(1, size);
}

void *mem_zalloc_array(size_t n, size_t size)
{
	if (must_fail() || !array_fits(n, size))
		return NULL;
	return note_allocated(calloc(1, never_empty(n * size)));
}

void *mem_realloc_array(void *p, size_t n, size_t size)
{
	void *moved;

	if (must_fail() || !array_fits(n, size))
		return NULL;
	moved = realloc(p, never_empty(n * size));
	return p ? moved : note_allocated(moved);
}

void *mem_zalloc_aligned(size_t align, size_t size)
{
	void *p;

	if (must_fail() || posix_memalign(&p, align, never_empty(size)))
		return NULL;
	memset(p, 0, size);
	return note_allocated(p);
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
