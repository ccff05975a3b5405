/* SPDX-License-Identifier: MIT */
/*
 * wfp - what a person types. The table of subcommands (command.c) is also the help.
 */
#include "wfp/command.h"

#include <stdio.h>
#include <string.h>

static void print_help(FILE *to)
{
	const struct command *c;

	fprintf(to, "usage: wfp SUBCOMMAND ...\n\n");
	for (size_t i = 0; (c = command_at(i)) != NULL; i++)
		fprintf(to, "  %-8s %-24s %s\n", c->name, c->arguments, c->summary);
	fprintf(to, "\nwfp SUBCOMMAND --help says more; so does the manual page wfp(1).\n");
}

int main(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2) {
		print_help(stderr);
		return EXIT_INPUT;
	}
	for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
		if (strcmp(argv[1], c->name) != 0)
			continue;
		if (c->object && command_wants_help(argc - 1, argv + 1))
			return (int)command_help(c->name);
		return (int)c->run(argc - 1, argv + 1);
	}
	if (strcmp(argv[1], "__complete") == 0)
		return (int)complete_command(argc - 1, argv + 1);
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) {
		print_help(stdout);
		return EXIT_DONE;
	}
	fprintf(stderr, "wfp: no such subcommand: %s (see wfp --help)\n", argv[1]);
	return EXIT_INPUT;
}
