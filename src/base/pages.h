/* SPDX-License-Identifier: MIT */
/*
 * pages - large pieces of memory straight from the system.
 *
 * For an allocator that hands out parts of them (engine/slab.h).  What is read in no order costs
 * less in huge pages: one entry of the processor's tables for 2 MiB instead of 4 KiB.  Any thread.
 * There is no such memory in sim, where every block is one of mem.h.
 */
#pragma once

#include "base/compiler.h"

#define PAGES_BYTES ((size_t)2 << 20) /* of a piece, and what its address is a multiple of */

/*
 * Cleared; small pages, each of which the system gives when it is touched.  NULL: no memory, or
 * mem_fail_at says so.  Counts as one block of mem_live.
 */
MUST_CHECK void *pages_get(void);
void pages_put(void *piece);
/* A wish: the system may have no huge pages, or make one of a piece in use only later. */
void pages_prefer_huge(void *piece);
