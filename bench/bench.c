/* SPDX-License-Identifier: MIT */
/*
 * bench - interleaved repeats, so that a noisy neighbour hits the baseline as often as the case.
 */
#include "bench.h"

#include "base/clock.h"

#include <stdio.h>

void bench_run(struct bench_case *cases, unsigned n, uint64_t rounds, unsigned repeats)
{
	for (unsigned r = 0; r < repeats; r++) {
		for (unsigned i = 0; i < n; i++) {
			uint64_t start = clock_now();
			double ns;

			cases[i].run(cases[i].ctx, rounds);
			ns = (double)(clock_now() - start) / (double)rounds;
			if (r == 0 || ns < cases[i].ns)
				cases[i].ns = ns;
		}
	}
}

void bench_print(const char *name, double ns, const char *baseline, double baseline_ns)
{
	printf("{\"name\": \"%s\", \"ns\": %.1f, \"baseline\": \"%s\", \"baseline_ns\": %.1f}\n",
	       name, ns, baseline, baseline_ns);
}
