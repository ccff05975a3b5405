/* SPDX-License-Identifier: MIT */
/*
 * The drivers of examples/races and of tests/guests over crafted traffic, as drivers_test runs the
 * examples: what is well-behaved answers every packet, breaks no rule and leaves nothing, on many
 * schedules.  The racy ones are only loaded and unloaded here: finding the race is the explorer's.
 */
#include "traffic.h"

static void run_with(struct nt_driver **d, const char *const *names, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		d[i] = kernel_load_file(names[i]);
	traffic_make();
	traffic.check_verdicts = false; /* each has a rule of its own */
	traffic_start();
}

static void run_drivers(const char *const *names, unsigned n, bool in_mid_traffic)
{
	struct nt_driver *d[4];
	uint64_t live = mem_live();

	kernel_start();
	run_with(d, names, n);
	if (in_mid_traffic)
		traffic_wait(FLOWS);
	else
		traffic_drain();
	for (unsigned i = 0; i < n; i++)
		kernel_unload(d[i]);
	traffic_drain();
	traffic_stop();
	no_rule_was_broken();
	kernel_stop();
	CHECK_EQ_U(mem_live(), live);
}

#define WELL_BEHAVED(name, file)                                                                   \
	SIM_TEST(name##_answers_every_packet)                                                      \
	{                                                                                          \
		const char *const names[] = {file};                                                \
                                                                                                   \
		run_drivers(names, 1, false);                                                      \
	}                                                                                          \
	SIM_TEST(name##_goes_in_mid_traffic)                                                       \
	{                                                                                          \
		const char *const names[] = {file};                                                \
                                                                                                   \
		run_drivers(names, 1, true);                                                       \
	}

WELL_BEHAVED(publish_fixed, "examples/races/publish-fixed")
WELL_BEHAVED(complete_fixed, "examples/races/complete-fixed")
WELL_BEHAVED(list_fixed, "examples/races/list-fixed")
WELL_BEHAVED(unload_fixed, "examples/races/unload-fixed")
WELL_BEHAVED(filterctx, "tests/guests/filterctx")
WELL_BEHAVED(holder, "tests/guests/holder")
WELL_BEHAVED(inside, "tests/guests/inside")
WELL_BEHAVED(keeper, "tests/guests/keeper")
WELL_BEHAVED(locked, "tests/guests/locked")
WELL_BEHAVED(pender, "tests/guests/pender")
WELL_BEHAVED(stream, "tests/guests/stream")
WELL_BEHAVED(stream_block, "tests/guests/stream-block")

SIM_TEST(the_fixed_drivers_live_side_by_side)
{
	const char *const names[] = {"examples/races/complete-fixed",
				     "examples/races/publish-fixed", "examples/races/list-fixed",
				     "examples/races/unload-fixed"};

	run_drivers(names, 4, false);
}

SIM_TEST(drivers_that_hold_the_same_packets_live_side_by_side)
{
	const char *const names[] = {"tests/guests/holder", "tests/guests/locked",
				     "tests/guests/keeper", "tests/guests/holder2"};

	run_drivers(names, 4, false);
}

SIM_TEST(drivers_that_follow_the_same_streams_live_side_by_side)
{
	const char *const names[] = {"tests/guests/stream", "tests/guests/stream2",
				     "examples/logger", "tests/guests/pender"};

	run_drivers(names, 4, false);
}

SIM_TEST(the_racy_drivers_come_and_go)
{
	const char *const names[] = {"examples/races/complete", "examples/races/publish",
				     "examples/races/list", "examples/races/unload"};

	kernel_start();
	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		kernel_unload(kernel_load_file(names[i]));
	no_rule_was_broken();
	kernel_stop();
}
