/* SPDX-License-Identifier: MIT */
/*
 * progress - a watcher of the search that counts its runs and says so on standard error.
 *
 * Called between runs, on the explorer's thread; what it counts outlives rewinds.
 */
#include "wfp-explore/progress.h"

#include "base/team.h"
#include "explore/search.h"

#include <stdio.h>
#include <unistd.h>

#define EVERY 500000000u /* ns */
#define LOOK  64u	 /* runs between two looks at the clock */

struct progress {
	struct explore_watcher watcher;
	uint64_t runs, begun, due;
};

static struct progress *progress; /* set while no world is open */

static void on_end(void *ctx, UNUSED enum sim_end end)
{
	struct progress *p = ctx;
	uint64_t now;

	if (++p->runs % LOOK != 0)
		return;
	now = team_clock();
	if (now < p->due)
		return;
	p->due = now + EVERY;
	fprintf(stderr, "\r%llu runs, %llu s ", (unsigned long long)p->runs,
		(unsigned long long)((now - p->begun) / 1000000000u));
}

void progress_begin(void)
{
	if (!isatty(STDERR_FILENO))
		return;
	progress = sim_control_alloc(sizeof(*progress));
	if (!progress)
		return;
	progress->begun = team_clock();
	progress->due = progress->begun + EVERY;
	progress->watcher = (struct explore_watcher){.ctx = progress, .end = on_end};
	explore_watch(&progress->watcher);
}

void progress_end(void)
{
	if (!progress)
		return;
	explore_unwatch(&progress->watcher);
	sim_control_free(progress);
	progress = NULL;
	fprintf(stderr, "\r%40s\r", "");
}
