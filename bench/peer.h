/* SPDX-License-Identifier: MIT */
/*
 * peer - other people's ways to classify, behind one interface, for the same rules and headers.
 *
 * Each is made of a set and of a trace, which it may bring into its own form; neither is timed but
 * the making, where that is asked for.  An answer is the place of the rule plus one, 0: none.  A
 * benchmark that cannot be set up ends the program.
 */
#pragma once

#include "ruleset.h"

struct peer_ops {
	const char *name;
	void *(*create)(const struct ruleset *s, const struct ruletrace *t);
	void (*destroy)(void *peer);
	/* Headers first to first + n - 1 of the trace, `burst` at a time where it can. */
	void (*classify)(void *peer, uint32_t first, uint32_t n, unsigned burst, uint32_t *out);
	/* What it calls the way it works: "AVX2".  NULL: nothing to say. */
	const char *(*how)(void *peer);
};

extern const struct peer_ops peer_linear; /* the reference, too */
extern const struct peer_ops peer_tss;

/* What acl_peer.so exports, under this name; it is there only where rte_acl is. */
#define PEER_ACL_SYMBOL "peer_acl"
