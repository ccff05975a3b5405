/* SPDX-License-Identifier: MIT */
/*
 * command - one subcommand of wfp: a row of the table in main.c, a file of its own.
 */
#pragma once

#include "common/exit.h"

struct command {
	const char *name;
	const char *arguments; /* as the help shows them */
	const char *summary;
	/* argv[0] is the subcommand's name. */
	enum exit_status (*run)(int argc, char **argv);
};

enum exit_status replay_command(int argc, char **argv);
enum exit_status version_command(int argc, char **argv);
