/* SPDX-License-Identifier: MIT */
/*
 * bug - the end of a program that has found one of its own invariants broken.
 *
 * Any thread.  It uses nothing but standard error, because anything else may be what is broken.
 */
#include "base/compiler.h"

#ifdef BASE_SIM
#include "base/sim.h"
#include "base/sim/control.h"
#endif

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void bug_fail(const char *file, int line, const char *what)
{
#ifdef BASE_SIM
	char text[200];

	if (control_on) {
		snprintf(text, sizeof(text), "%s:%d: %s", file, line, what);
		control_bug(text);
	}
#endif
	fprintf(stderr, "BUG %s:%d: %s\n", file, line, what);
#ifdef BASE_SIM
	fprintf(stderr, "BUG in the run of seed %" PRIu64 "\n", sim_seed());
#endif
	abort();
}
