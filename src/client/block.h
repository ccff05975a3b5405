/* SPDX-License-Identifier: MIT */
/*
 * block - what a call gives to its caller: one pointer, and everything behind it goes with it.
 *
 * A result is built in an arena.  block_seal puts its outermost struct (or array) behind a hidden
 * header that takes the arena over, so that FwpmFreeMemory0 needs nothing but that pointer.
 */
#pragma once

#include "base/arena.h"

/*
 * Copies the outermost part; the arena is empty afterwards.  No memory: *out is untouched, and the
 * arena still owns everything.
 */
MUST_CHECK wfp_err block_seal(struct arena *a, const void *root, size_t size, void **out);

/* NULL is fine.  A pointer that block_seal did not make is a bug of the program, and ends it. */
void block_free(void *root);
