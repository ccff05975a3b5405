/* SPDX-License-Identifier: MIT */
/*
 * options - long options as a table that is also the help.
 *
 * Every option is one row: its name, what its value looks like (NULL: none), what it does, and the
 * function that stores it.  Both `--name value` and `--name=value` are understood; "--" ends them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct option_row {
	const char *name;  /* "driver" */
	const char *value; /* "FILE.so"; NULL: the option takes none */
	const char *help;
	/* False: the value is not understood; the parser says which was expected (`value`). */
	bool (*store)(void *into, const char *value);
	/* In its place, for rows that differ in what they are about and in nothing else. */
	bool (*store_as)(void *into, const struct option_row *row, const char *value);
	const char *about;
	size_t at; /* where it goes: offsetof in the struct that is filled */
};

/*
 * Parses argv[1...]; arguments that are no options are moved to the front of argv[1...], their
 * count is *n_rest.  On a mistake the sentence is printed to stderr, with the program's name.
 */
bool options_parse(const struct option_row *rows, size_t n_rows, const char *program, int argc,
		   char **argv, void *into, int *n_rest);
void options_print(const struct option_row *rows, size_t n_rows);

/* Stores of rows that say where: into a const char *, into a bool. */
bool options_store_text(void *into, const struct option_row *row, const char *value);
bool options_store_true(void *into, const struct option_row *row, const char *value);
#define OPTION_TEXT(type, member, name, value, help)                                               \
	{                                                                                          \
		name, value, help, NULL, options_store_text, NULL, offsetof(type, member)          \
	}
#define OPTION_TRUE(type, member, name, help)                                                      \
	{                                                                                          \
		name, NULL, help, NULL, options_store_true, NULL, offsetof(type, member)           \
	}

/* Stores for the usual kinds; false when the text is anything else, or out of [low, high]. */
bool options_u64(const char *text, uint64_t low, uint64_t high, uint64_t *out);
