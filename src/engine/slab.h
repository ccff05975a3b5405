/* SPDX-License-Identifier: MIT */
/*
 * slab - memory of what an engine has very many of: filters, rules, nodes, pages of cells.
 *
 * A search at 100 000 filters is a few reads of memory that no cache has.  So these blocks stand
 * close together, without an allocator's words between them, and in huge pages as soon as there are
 * more than a few.  See docs/design/index.md.  Any thread, under a lock of its own; never on a
 * packet's way.
 */
#pragma once

#include "base/compiler.h"

/*
 * Cleared; align as in mem_zalloc_aligned, at most CACHELINE.  NULL: no memory.  Counts as one
 * block of mem_live.
 */
MUST_CHECK void *slab_zalloc(size_t align, size_t size);
/* p is not NULL, align and size as they were asked for. */
void slab_free(void *p, size_t align, size_t size);

/* Bytes that the process holds for blocks from slabs, free ones among them. */
size_t slab_bytes(void);
