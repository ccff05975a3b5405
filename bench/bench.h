/* SPDX-License-Identifier: MIT */
/*
 * bench - measuring one thing against a named baseline in the same run, interleaved and repeated.
 *
 * A case runs `rounds` calls and returns; the best of the repeats is nearest to the quiet machine.
 * Results are printed as JSON lines for bench/run.py: {"name", "ns", "baseline", "baseline_ns"}.
 */
#pragma once

#include <stdint.h>

struct bench_case {
	const char *name;
	void (*run)(void *ctx, uint64_t rounds);
	void *ctx;
	double ns; /* out: per round, the best repeat */
};

/* Runs the cases in turn, `repeats` times. */
void bench_run(struct bench_case *cases, unsigned n, uint64_t rounds, unsigned repeats);
/* One result line. */
void bench_print(const char *name, double ns, const char *baseline, double baseline_ns);
