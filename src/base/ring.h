/* SPDX-License-Identifier: MIT */
/*
 * ring - a bounded queue of fixed-size records: many producers, one consumer, no lock.
 *
 * For reports that may be lost but must never be waited for: a push into a full ring fails at once
 * and is counted.  Each slot carries the number of the turn in which it may be written or read, so
 * producers race for a position only, and copy their records side by side.  A producer that is
 * stopped between taking its slot and filling it holds back the records behind it, not the other
 * producers; so whoever wakes the consumer does it after his own push.
 */
#pragma once

#include "base/atomic.h"
#include "base/err.h"

struct ring;

/* slots: rounded up to a power of two, at least 2 and at most 2^24; record: bytes of one, not 0. */
MUST_CHECK wfp_err ring_create(struct ring **out, uint32_t slots, uint32_t record);
/* What is still inside is forgotten.  NULL is fine. */
void ring_destroy(struct ring *r);

/* Copies the record in.  False: full, and counted.  Any thread, any lock held. */
MUST_CHECK bool ring_push(struct ring *r, const void *record);
/* The one consumer: copies the oldest out.  False: nothing is there. */
MUST_CHECK bool ring_pop(struct ring *r, void *record);

/* Pushes that failed.  Any thread. */
uint64_t ring_dropped(const struct ring *r);
