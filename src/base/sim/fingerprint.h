/* SPDX-License-Identifier: MIT */
/*
 * fingerprint - a number for bytes, and for all that the rest of a run can depend on.
 *
 * Used inside sim alone, on the thread that runs.
 */
#pragma once

#include "base/compiler.h"

#include <stddef.h>
#include <stdint.h>

/* Some bytes a cycle; different seeds for different places. */
uint64_t fingerprint_bytes(uint64_t seed, const void *bytes, size_t size);
