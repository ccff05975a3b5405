/* SPDX-License-Identifier: MIT */
/*
 * ddmin - the smallest set that still does it, by delta debugging: halves first, then finer.
 *
 * One-minimal: without any one element that is left, it does not do it any more.  At most
 * n * n + 3 n questions for n elements, and about 2 log n when one element is enough.
 */
#pragma once

#include "base/compiler.h"

#define DDMIN_MAX 64u

/* Bits of a mask are the elements; `all` is known to do it.  still: does this set? */
uint64_t ddmin(uint64_t all, bool (*still)(void *ctx, uint64_t mask), void *ctx);
