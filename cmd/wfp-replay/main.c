/* SPDX-License-Identifier: MIT */
/*
 * wfp-replay - the part of wfp that runs under the simulator, a program of its own.
 *
 * wfp becomes this program for `wfp replay`: one thread at a time on a virtual clock and a
 * connection to the engine cannot be had in one process.  Not to be typed.
 */
#include "wfp/command.h"

int main(int argc, char **argv)
{
	return (int)replay_command(argc, argv);
}
