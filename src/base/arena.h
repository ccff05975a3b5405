/* SPDX-License-Identifier: MIT */
/*
 * arena - many small blocks that are freed together.
 *
 * For what lives as long as one request: a decoded message, a reply in the making.  One thread at a
 * time.  The limit bounds what hostile input can make us allocate; past it, and out of memory, an
 * allocation is NULL and arena_err says so until the arena is freed.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* the newest first */
	uint8_t *at;		    /* free room of the newest chunk */
	size_t room;
	size_t used, limit; /* bytes taken from base/mem.h */
	bool failed;
};

/* Allocates nothing yet. */
void arena_init(struct arena *a, size_t limit);
/* Everything at once; the arena is as after arena_init. */
void arena_free(struct arena *a);

/* Aligned for any type.  Not cleared, but for arena_zalloc. */
MUST_CHECK void *arena_alloc(struct arena *a, size_t size);
MUST_CHECK void *arena_zalloc(struct arena *a, size_t n, size_t size);
MUST_CHECK void *arena_dup(struct arena *a, const void *p, size_t size);

/* ERR_NO_MEMORY once an allocation has failed. */
MUST_CHECK wfp_err arena_err(const struct arena *a);
