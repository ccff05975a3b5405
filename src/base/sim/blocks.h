/* SPDX-License-Identifier: MIT */
/*
 * blocks - the heap of the controlled world, for mem.c.
 *
 * Each thread allocates from a range of its own, upwards, and nothing is used twice: the address of
 * a block depends on what its thread did and on nothing else.  Called by whoever runs.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"
#include "base/sim/snapshot.h"
#include "base/sim_control.h"

MUST_CHECK wfp_err blocks_begin(void);
void blocks_end(void);

/* The caller is a thread of the controlled world: its memory comes from here. */
bool blocks_serve(void);
/* In a signal handler: what lies there must not be touched: freed, or behind a guarded block. */
bool blocks_forbid(const void *address);
/* Deciding by address, so that it is right wherever the caller runs. */
bool blocks_own(const void *p);

/* Zeroed.  NULL: the thread's range is full. */
void *blocks_alloc(size_t align, size_t size);
/* Zeroed, at the end of pages of its own; touching what lies behind it ends the run. */
void *blocks_alloc_guarded(size_t size);
void blocks_free(void *p);
size_t blocks_size(const void *p);

bool blocks_place(const void *address, struct sim_place *out);

/* The program asks whether this allocation is one that fails. */
bool blocks_fail(void);

/* What was allocated so far is remembered with the snapshot; and after each rewind. */
MUST_CHECK wfp_err blocks_ready(struct snapshot *s);
void blocks_rewound(struct snapshot *s);

/* Of the blocks that were allocated since then and not freed: where they lie, and what they hold.
 */
uint64_t blocks_fingerprint(void);
