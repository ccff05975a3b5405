/* SPDX-License-Identifier: MIT */
/*
 * explain - the same run once more, to say why.
 *
 * A finding of a search is rule, culprit and a sentence.  Here its schedule is run again while
 * blocks remember their stacks, the race detector has all of its own, and the steps are kept; from
 * that come the two stacks, "who did it" and "what it collided with", and a sentence with names.
 */
#pragma once

#include "explore/search.h"

/*
 * Fills in here, there and sentence of item->finding; rule, driver and place stay.  What cannot be
 * said is left as it was.  ERR_NOT_FOUND: the run went another way and did not find it again.
 */
MUST_CHECK wfp_err explore_explain(const struct explore_subject *s,
				   struct explore_found_item *item);
