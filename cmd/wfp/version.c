/* SPDX-License-Identifier: MIT */
/*
 * version - what this build is: for a person, and for a program that asks with --json.
 */
#include "wfp/command.h"

#include "model/catalogue.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static enum exit_status print_json(void)
{
	json_t *o = json_pack("{s:s, s:s, s:i, s:s}", "name", "openwfp", "version", OPENWFP_VERSION,
			      "layers", (int)model_layer_count(), "schema", "2026");

	if (!o || json_dumpf(o, stdout, 0) != 0) {
		json_decref(o);
		fprintf(stderr, "wfp version: out of memory\n");
		return EXIT_MACHINE;
	}
	putchar('\n');
	json_decref(o);
	return EXIT_DONE;
}

enum exit_status version_command(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--json") == 0)
		return print_json();
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		printf("usage: wfp version [--json]\n");
		return EXIT_DONE;
	}
	if (argc != 1) {
		fprintf(stderr, "usage: wfp version [--json]\n");
		return EXIT_INPUT;
	}
	printf("openwfp %s, %u layers, schema 2026\n", OPENWFP_VERSION, model_layer_count());
	return EXIT_DONE;
}
