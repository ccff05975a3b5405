/* SPDX-License-Identifier: MIT */
/*
 * wfp-explore - the part of wfp that searches the schedules of drivers, a program of its own.
 *
 * wfp becomes this program for `wfp explore`.  Addresses must be the same in each process, so that
 * a trace written by one means the same in another: the program runs itself again without their
 * randomisation.
 */
#include "wfp-explore/explore.h"

#include "base/sim_control.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	wfp_err err = sim_fix_addresses(argv);

	if (err) {
		fprintf(stderr, "wfp explore: addresses cannot be fixed: %s\n", err_text(err));
		return EXIT_MACHINE;
	}
	return (int)explore_main(argc, argv);
}
