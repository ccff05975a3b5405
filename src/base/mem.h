/* SPDX-License-Identifier: MIT */
/*
 * mem - the only allocator.
 *
 * Out of memory is an error like others: every function here may return NULL, and tests make it
 * so with mem_fail_at.  Callable from any thread.
 */
#pragma once

#include "base/compiler.h"

/*
 * Counting and fault injection exist in sim and in host builds with assertions; in a release
 * build mem_live is 0 and mem_fail_* do nothing.
 */
#if defined(BASE_SIM) || !defined(NDEBUG)
#define MEM_TRACKED 1
#else
#define MEM_TRACKED 0
#endif

void mem_free(void *p);

MUST_CHECK void *mem_alloc(size_t size);
MUST_CHECK void *mem_zalloc(size_t size);

/* NULL as well when n * size does not fit a size_t. */
MUST_CHECK void *mem_zalloc_array(size_t n, size_t size);

/* What grows is not cleared; on failure the old block stays valid. */
MUST_CHECK void *mem_realloc_array(void *p, size_t n, size_t size);

/* align: a power of two, at least sizeof(void *). */
MUST_CHECK void *mem_zalloc_aligned(size_t align, size_t size);

/*
 * Like mem_zalloc; in the controlled world (sim_control.h) nothing lies behind the block, and
 * touching what is behind it or what was freed ends the run.  For memory of drivers.
 */
MUST_CHECK void *mem_zalloc_guarded(size_t size);

MUST_CHECK char *mem_strdup(const char *s);
MUST_CHECK void *mem_dup(const void *p, size_t size);

/*
 * For allocators on top of other memory, one call for each block: may there be one more?  It
 * counts, and is failed when a test wants it to, like a block of this file.
 */
MUST_CHECK bool mem_take(void);
void mem_untake(void); /* the block is freed, or was not to be had */

/* Blocks allocated and not freed. */
uint64_t mem_live(void);

/* The nth allocation from now fails, once; 0 takes the order back. */
void mem_fail_at(uint64_t nth);

/* Every nth allocation fails until called with 0. */
void mem_fail_every(uint64_t nth);
