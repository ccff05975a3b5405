/* SPDX-License-Identifier: MIT */
/*
 * pend_handle - the numbers that drivers hold instead of pointers.
 *
 * A handle packs the slot, its generation, what it names there and a checksum keyed by a secret, so
 * that neither a guess nor a leftover of an older run passes; it fits a HANDLE and is never 0.  The
 * checksum says that we made the handle, the generation whether it is still of this life.
 *
 *	63       49 48  44 43   24 23         0
 *	| checksum | what | slot  | generation |
 */
#pragma once

#include "base/compiler.h"

/* Below this: the index of a hold record. */
#define PEND_WHAT_TICKET    30u /* a classify handle */
#define PEND_WHAT_OPERATION 31u

struct pend_name {
	uint32_t generation, slot, what;
};

uint64_t pend_handle_make(uint64_t secret, struct pend_name name);
/* False: not a handle of ours. */
bool pend_handle_parse(uint64_t secret, uint64_t handle, struct pend_name *out);
