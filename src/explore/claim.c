/* SPDX-License-Identifier: MIT */
/*
 * claim - what a search has covered, in words that promise no more than it did.
 *
 * Called by whoever prints a result; pure.
 */
#include "explore/search.h"

#include <inttypes.h>

/* 12345 as "12 345". */
static void number(struct buf *out, uint64_t n)
{
	if (n >= 1000) {
		number(out, n / 1000);
		buf_printf(out, " %03u", (unsigned)(n % 1000));
	} else {
		buf_printf(out, "%" PRIu64, n);
	}
}

static void random_part(const struct explore_result *r, struct buf *out)
{
	number(out, r->random);
	buf_append_str(out, r->random == 1 ? " random schedule" : " random schedules");
	if (r->floor > 0)
		buf_printf(out, " (floor %.2g)", r->floor);
}

static void bound_part(const struct explore_result *r, struct buf *out)
{
	if (r->exhausted)
		buf_append_str(out, "all schedules");
	else if (r->bound == 0)
		buf_append_str(out, "all schedules without preemption");
	else
		buf_printf(out, "all schedules up to %u preemption%s", r->bound,
			   r->bound == 1 ? "" : "s");
	if (r->random > 0) {
		buf_append_str(out, ", and ");
		random_part(r, out);
	}
}

static void all_part(const struct explore_result *r, struct buf *out)
{
	(void)r;
	buf_append_str(out, "all traces");
}

static void one_part(const struct explore_result *r, struct buf *out)
{
	(void)r;
	buf_append_str(out, "one schedule, replayed");
}

static void no_part(const struct explore_result *r, struct buf *out)
{
	buf_append_str(out, "nothing is claimed: ");
	number(out, r->runs);
	buf_append_str(out, r->runs == 1 ? " schedule" : " schedules");
}

void explore_claim_print(const struct explore_result *r, struct buf *out)
{
	static void (*const parts[])(const struct explore_result *, struct buf *) = {
		[EXPLORE_CLAIM_NONE] = no_part,	    [EXPLORE_CLAIM_ALL] = all_part,
		[EXPLORE_CLAIM_BOUND] = bound_part, [EXPLORE_CLAIM_RANDOM] = random_part,
		[EXPLORE_CLAIM_ONE] = one_part,
	};

	parts[r->claim](r, out);
}
