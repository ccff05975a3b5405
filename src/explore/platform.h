/* SPDX-License-Identifier: MIT */
/*
 * platform - a scenario over the whole platform, as a subject of the searches.
 *
 * Prepared once: engine, base filtering engine, stack, kernel for drivers, the drivers, the filters
 * and the packets.  Each run feeds the packets on its main thread, which is the stack's worker,
 * while each disturbance happens on a thread of its own; when all is quiet the drivers are unloaded
 * and what they left is counted.
 */
#pragma once

#include "explore/scenario.h"
#include "explore/subject.h"

/*
 * Nothing is loaded yet: `s` must stay as it is until explore_platform_free.  Drivers are files.
 * processors: on how many DPCs run at once, as nt_config.
 */
MUST_CHECK wfp_err explore_platform_create(struct explore_subject *out, const struct scenario *s,
					   uint32_t processors);
void explore_platform_free(struct explore_subject *s);
/* After a search: some driver shows its plain accesses of memory. */
bool explore_platform_watched(const struct explore_subject *s);
