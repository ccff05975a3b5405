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
};

/*
 * Parses argv[1...]; arguments that are no options are moved to the front of argv[1...], their
 * count is *n_rest.  On a mistake the sentence is printed to stderr, with the program's name.
 */
bool options_parse(const struct option_row *rows, size_t n_rows, const char *program, int argc,
		   char **argv, void *into, int *n_rest);
void options_print(const struct option_row *rows, size_t n_rows);

/* Stores for the usual kinds; false when the text is anything else, or out of [low, high]. */
bool options_u64(const char *text, uint64_t low, uint64_t high, uint64_t *out);
