/* SPDX-License-Identifier: MIT */
/*
 * wfp - what a person types. One table of subcommands, which is also the help.
 */
#include "wfp/command.h"

#include "base/compiler.h"

#include <stdio.h>
#include <string.h>

static const struct command commands[] = {
	{"replay", "CAPTURE... [options]", "run captures through the platform and its drivers",
	 replay_command},
	{"version", "[--json]", "what this build is", version_command},
};

static void print_help(FILE *to)
{
	fprintf(to, "usage: wfp SUBCOMMAND ...\n\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(to, "  %-8s %-24s %s\n", commands[i].name, commands[i].arguments,
			commands[i].summary);
	fprintf(to, "\nwfp SUBCOMMAND --help says more; so does the manual page wfp(1).\n");
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return EXIT_INPUT;
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return (int)commands[i].run(argc - 1, argv + 1);
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) {
		print_help(stdout);
		return EXIT_DONE;
	}
	fprintf(stderr, "wfp: no such subcommand: %s (see wfp --help)\n", argv[1]);
	return EXIT_INPUT;
}
