/* SPDX-License-Identifier: MIT */
/*
 * command - the table of subcommands, and what they share: help, mistakes, output.
 */
#include "wfp/command.h"

#include "base/compiler.h"
#include "wfp/table.h"
#include "wfp/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct command commands[] = {
	{"show", "OBJECTS [options]", "what exists", show_command, show_object},
	{"add", "OBJECT [NAME] [options]", "add an object", add_command, add_object},
	{"delete", "OBJECT KEY|ID|NAME...", "delete objects", delete_command, delete_object},
	{"set", "option|security ...", "change an option or a descriptor", set_command, set_object},
	{"export", "[FILE]", "write the policy as netsh does", export_command, export_object},
	{"import", "FILE [options]", "add what a document holds", import_command, import_object},
	{"monitor", "[events|changes]", "events as they happen", monitor_command, monitor_object},
	{"replay", "CAPTURE... [options]", "run captures through the platform and its drivers",
	 replay_command, NULL},
	{"explore", "SCENARIO [options]", "search the schedules of drivers for races",
	 explore_command, NULL},
	{"version", "[--json]", "what this build is", version_command, NULL},
};

const struct command *command_at(size_t i)
{
	return i < ARRAY_LEN(commands) ? &commands[i] : NULL;
}

static void say_choices(const struct command *c)
{
	const struct command_object *o;

	for (size_t i = 0; (o = c->object(i)) != NULL; i++)
		fprintf(stderr, "%s%s", i ? ", " : "", o->name);
	fprintf(stderr, "\n");
}

const struct command_object *command_choose(const struct command *c, const char *program, int argc,
					    char **argv)
{
	const struct command_object *o, *nearest = NULL;
	const char *text = argc > 1 ? argv[1] : "";
	unsigned best = (unsigned)strlen(text) / 3 + 1;

	for (size_t i = 0; (o = c->object(i)) != NULL; i++) {
		if (!o->name || words_equal(o->name, text))
			return o;
		if (words_distance(o->name, text) < best) {
			best = words_distance(o->name, text);
			nearest = o;
		}
	}
	if (!*text || *text == '-')
		fprintf(stderr, "%s: of what? One of ", program);
	else if (nearest)
		fprintf(stderr, "%s: no such object: %s; did you mean %s? One of ", program, text,
			nearest->name);
	else
		fprintf(stderr, "%s: no such object: %s; one of ", program, text);
	say_choices(c);
	return NULL;
}

bool command_wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

enum exit_status command_help(const char *name)
{
	const struct command_object *o;
	const struct command *c = NULL;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			c = &commands[i];
	if (!c)
		return EXIT_DEFECT;
	printf("usage: wfp %s %s\n", name, c->arguments);
	for (size_t i = 0; (o = c->object(i)) != NULL; i++) {
		if (o->name)
			printf("\nwfp %s %s: %s\n", name, o->name, o->help);
		else
			printf("\n");
		/* Once for a run of objects that share them. */
		if (!c->object(i + 1) || c->object(i + 1)->rows != o->rows)
			options_print(o->rows, o->n_rows);
	}
	return EXIT_DONE;
}

void command_line(FILE *to, const char *text)
{
	struct buf clean = {0};

	table_clean(text, &clean);
	fprintf(to, "%s\n", buf_str(&clean));
	buf_free(&clean);
}

enum exit_status command_wrong(const char *program, const char *sentence)
{
	fprintf(stderr, "%s: ", program);
	command_line(stderr, sentence);
	return EXIT_INPUT;
}

json_t *command_number(uint64_t x)
{
	char text[24];

	if (x <= INT64_MAX)
		return json_integer((json_int_t)x);
	snprintf(text, sizeof(text), "%" PRIu64, x);
	return json_string(text);
}

enum exit_status command_print(const char *program, json_t *o)
{
	int failed = !o || json_dumpf(o, stdout, JSON_COMPACT) != 0;

	json_decref(o);
	if (failed) {
		fprintf(stderr, "%s: the result could not be written\n", program);
		return EXIT_MACHINE;
	}
	putchar('\n');
	return EXIT_DONE;
}
