/* SPDX-License-Identifier: MIT */
/*
 * bug - the end of a program that has found one of its own invariants broken.
 *
 * Any thread.  It uses nothing but standard error, because anything else may be what is broken.
 */
#include "base/compiler.h"

#include "base/sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void bug_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "BUG %s:%d: %s\n", file, line, what);
#ifdef BASE_SIM
	fprintf(stderr, "BUG in the run of seed %" PRIu64 "\n", sim_seed());
#endif
	abort();
}
