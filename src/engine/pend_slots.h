/* SPDX-License-Identifier: MIT */
/*
 * pend_slots - objects that are named by number: allocated in chunks, used again, never moved.
 *
 * A slot is not given back to the allocator before the table ends, so a number from a stale handle
 * can always be looked up; whether it still means anything is for the generation to say.  Slots are
 * used again in the order in which they became free, so that a late handle is usually still known
 * by name.  Thread: any; the table's spin lock guards the free slots, and its users may guard with
 * it what must not change while a slot is in use.
 */
#pragma once

#include "base/atomic.h"
#include "base/err.h"
#include "base/list.h"
#include "base/lock.h"

#define PEND_CHUNK     256u /* slots allocated at once */
#define PEND_CHUNKS    4096u
#define PEND_SLOT_BITS 20
#define PEND_SLOTS_MAX (PEND_CHUNK * PEND_CHUNKS)

/* The first member of every object in a table. */
struct pend_slot {
	uint32_t index;	  /* [I] */
	struct list free; /* [S] */
};

/* [I] immutable   [A] atomic   [S] spin */
struct pend_slots {
	size_t size;  /* [I] bytes of an object */
	uint32_t max; /* [I] */
	struct spin spin;
	struct list free;		    /* [S] the longest free first */
	uint32_t used;			    /* [S] */
	struct atom32 count;		    /* [A] slots that exist; grows under spin */
	struct atomptr chunks[PEND_CHUNKS]; /* [A] each set once */
};

/* max: at most PEND_SLOTS_MAX; no memory is taken yet. */
void pend_slots_init(struct pend_slots *s, size_t size, uint32_t max, const char *name,
		     unsigned rank);
/* Every slot must be free. */
void pend_slots_destroy(struct pend_slots *s);

/* A zeroed object on its first use, later as it was given back. */
MUST_CHECK wfp_err pend_slots_take(struct pend_slots *s, struct pend_slot **out);
void pend_slots_give(struct pend_slots *s, struct pend_slot *slot);

/* NULL: there is no such slot. */
struct pend_slot *pend_slots_at(struct pend_slots *s, uint32_t index);
/* Slots that exist: 0 to count - 1 can be looked up. */
uint32_t pend_slots_count(const struct pend_slots *s);
