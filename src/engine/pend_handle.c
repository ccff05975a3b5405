/* SPDX-License-Identifier: MIT */
/*
 * pend_handle - packing and checking of handles; pure.
 */
#include "engine/pend_handle.h"

#include "base/hash.h"
#include "engine/pend_slots.h"
#include "engine/pend_step.h"

#define WHAT_BITS    5
#define SLOT_SHIFT   PEND_GENERATION_BITS
#define WHAT_SHIFT   (SLOT_SHIFT + PEND_SLOT_BITS)
#define CHECK_SHIFT  (WHAT_SHIFT + WHAT_BITS)
#define CHECK_VALUES ((UINT64_C(1) << (64 - CHECK_SHIFT)) - 1)

/* 1 to CHECK_VALUES: a handle is never 0. */
static uint64_t checksum(uint64_t secret, uint64_t payload)
{
	return hash_u64(secret ^ hash_u64(payload)) % CHECK_VALUES + 1;
}

uint64_t pend_handle_make(uint64_t secret, struct pend_name name)
{
	uint64_t payload = (uint64_t)name.what << WHAT_SHIFT | (uint64_t)name.slot << SLOT_SHIFT |
			   (name.generation & PEND_GENERATION_MASK);

	return checksum(secret, payload) << CHECK_SHIFT | payload;
}

bool pend_handle_parse(uint64_t secret, uint64_t handle, struct pend_name *out)
{
	uint64_t payload = handle & ((UINT64_C(1) << CHECK_SHIFT) - 1);

	out->generation = (uint32_t)handle & PEND_GENERATION_MASK;
	out->slot = (uint32_t)(handle >> SLOT_SHIFT) & (PEND_SLOTS_MAX - 1);
	out->what = (uint32_t)(handle >> WHAT_SHIFT) & ((1u << WHAT_BITS) - 1);
	return handle >> CHECK_SHIFT == checksum(secret, payload);
}
