/* SPDX-License-Identifier: MIT */
/*
 * complete - what may stand where the cursor is, for the shell: one candidate a line.
 *
 * `wfp __complete WORD...`: the words after wfp up to the cursor, the last one unfinished (perhaps
 * empty).  Everything comes from the tables that parse the command line.
 */
#include "wfp/command.h"

#include "base/compiler.h"
#include "wfp/words.h"

#include <stdio.h>
#include <string.h>

/* Options whose value is a name. */
static const struct {
	const char *option;
	const struct words *words;
} values[] = {
	{"layer", &words_layers},	{"sublayer", &words_sublayers},
	{"provider", &words_providers}, {"callout", &words_callouts},
	{"action", &words_actions},	{"type", &words_context_types},
};

static void offer(const char *candidate, const char *begun)
{
	if (strncmp(candidate, begun, strlen(begun)) == 0)
		printf("%s\n", candidate);
}

static void offer_words(const struct words *words, const char *begun)
{
	struct buf name = {0};
	const char *full;

	for (unsigned i = 0; (full = words->at(i)) != NULL; i++) {
		buf_reset(&name);
		words_short(words, full, &name);
		offer(buf_str(&name), begun);
	}
	buf_free(&name);
}

static void offer_options(const struct command_object *o, const char *begun)
{
	for (size_t i = 0; i < o->n_rows; i++) {
		char option[64];

		snprintf(option, sizeof(option), "--%s", o->rows[i].name);
		offer(option, begun);
	}
}

/* True: the word before is an option that takes a value, so nothing else may stand here. */
static bool offer_value(const struct command_object *o, const char *before, const char *begun)
{
	for (size_t i = 0; i < o->n_rows; i++) {
		if (strncmp(before, "--", 2) != 0 || strcmp(before + 2, o->rows[i].name) != 0)
			continue;
		for (size_t v = 0; v < ARRAY_LEN(values); v++)
			if (strcmp(values[v].option, before + 2) == 0)
				offer_words(values[v].words, begun);
		return o->rows[i].value != NULL;
	}
	return false;
}

static void offer_commands(const char *begun)
{
	const struct command *c;

	for (size_t i = 0; (c = command_at(i)) != NULL; i++)
		offer(c->name, begun);
}

static void offer_objects(const struct command *c, const char *begun)
{
	const struct command_object *o;

	for (size_t i = 0; (o = c->object(i)) != NULL; i++)
		if (o->name)
			offer(o->name, begun);
}

static const struct command_object *find_object(const struct command *c, const char *name)
{
	const struct command_object *o;

	for (size_t i = 0; (o = c->object(i)) != NULL; i++)
		if (!o->name || words_equal(o->name, name))
			return o;
	return NULL;
}

static const struct command *find_command(const char *name)
{
	const struct command *c;

	for (size_t i = 0; (c = command_at(i)) != NULL; i++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

enum exit_status complete_command(int argc, char **argv)
{
	const struct command *c = argc > 2 ? find_command(argv[1]) : NULL;
	const char *begun = argv[argc - 1];
	const struct command_object *o;

	if (argc == 2)
		offer_commands(begun);
	if (argc <= 2 || !c || !c->object)
		return EXIT_DONE;
	o = find_object(c, argv[2]);
	if (argc == 3)
		offer_objects(c, begun);
	if (o && !(argc > 3 && offer_value(o, argv[argc - 2], begun)) && *begun == '-')
		offer_options(o, begun);
	if (o && o->name && strcmp(o->name, "option") == 0 && argc == 4)
		offer_words(&words_options, begun);
	return EXIT_DONE;
}
