/* SPDX-License-Identifier: MIT */
/*
 * attacks - policies and traffic that somebody made to be slow.
 *
 * Each attack aims at one way to classify: at hashing by masks, at trees that replicate, at buckets
 * that overflow, at caches of flows and of wildcards.  Reproducible by seed, as everything here.
 */
#pragma once

#include "ruleset.h"

struct attack {
	const char *name;
	const char *aim; /* one line: what it hurts */
	wfp_err (*make)(struct ruleset *out, uint32_t n, uint64_t seed);
	ruletrace_draw_fn *draw;
};

unsigned attack_count(void);
const struct attack *attack_at(unsigned i);
