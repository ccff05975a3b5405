/* SPDX-License-Identifier: MIT */
/*
 * hash - a keyed hash that packets cannot aim at, and an intrusive hash table.
 *
 * hash_siphash is SipHash-2-4, hash_bytes is XXH3.  The table chains nodes that live inside the
 * caller's objects; the caller hashes and compares.  Only htable_init may fail: when growing finds
 * no memory, the table goes on with longer chains.  No lock: the owner of the table guards it.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"

uint64_t hash_siphash(const uint8_t key[16], const void *data, size_t len);

/* Several times as fast: for the packet's way, where an attacker who finds equal hashes must gain
 * nothing but a little more work for us. */
uint64_t hash_bytes(uint64_t seed, const void *data, size_t len);

/* Mixes one word well; for keys that an attacker does not choose. */
uint64_t hash_u64(uint64_t x);

struct hnode {
	struct hnode *next;
	uint64_t hash;
};

struct htable {
	struct hnode **buckets;
	size_t mask;
	size_t count;
};

/* expected: how many nodes; a hint, 0 is fine. */
MUST_CHECK wfp_err htable_init(struct htable *t, size_t expected);

/* Frees the table, not the nodes. */
void htable_destroy(struct htable *t);

/* Equal hashes and equal keys are both allowed; what was inserted last is found first. */
void htable_insert(struct htable *t, struct hnode *node, uint64_t hash);

/* The node must be in the table. */
void htable_remove(struct htable *t, struct hnode *node);

/* The nodes with exactly this hash, one after another; NULL at the end. */
struct hnode *htable_first(const struct htable *t, uint64_t hash);
struct hnode *htable_next(const struct hnode *node);

/*
 * Walks all nodes in no particular but repeatable order; NULL begins, NULL ends.  The table must
 * not change during the walk.
 */
struct hnode *htable_walk(const struct htable *t, const struct hnode *after);
