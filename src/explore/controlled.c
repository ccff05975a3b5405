/* SPDX-License-Identifier: MIT */
/*
 * controlled - a search in the controlled world of base/sim: where drivers are explored.
 */
#include "explore/strategy.h"

const struct search_world search_controlled = {
	.open = sim_control_open,
	.ready = sim_ready,
	.run = sim_control_run,
	.rewind = sim_control_rewind,
	.close = sim_control_close,
	.stop = sim_stop,
};

wfp_err explore_search(const struct explore_subject *subject, enum explore_strategy strategy,
		       const struct explore_limits *limits, const struct explore_schedule *replay,
		       struct explore_result *out, struct buf *why)
{
	return search_in_world(&search_controlled, subject, strategy, limits, replay, out, why);
}
