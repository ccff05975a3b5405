/* SPDX-License-Identifier: MIT */
/*
 * options - a small parser over a table, because getopt_long would need the options twice more:
 * once in its own table and once in the help.
 */
#include "common/options.h"

#include "base/compiler.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_row *find(const struct option_row *rows, size_t n, const char *name,
				     size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(rows[i].name) == len && strncmp(rows[i].name, name, len) == 0)
			return &rows[i];
	return NULL;
}

/* Handles argv[*i]; advances *i over a value of its own. */
static bool parse_one(const struct option_row *rows, size_t n_rows, const char *program, int argc,
		      char **argv, int *i, void *into)
{
	const char *name = argv[*i] + 2;
	const char *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct option_row *row = find(rows, n_rows, name, len);
	const char *value = equals ? equals + 1 : NULL;

	if (!row) {
		fprintf(stderr, "%s: no such option: --%.*s (see --help)\n", program, (int)len,
			name);
		return false;
	}
	if (!row->value && value) {
		fprintf(stderr, "%s: --%s takes no value\n", program, row->name);
		return false;
	}
	if (row->value && !value && *i + 1 < argc)
		value = argv[++*i];
	if (row->value && !value) {
		fprintf(stderr, "%s: --%s needs a value: %s\n", program, row->name, row->value);
		return false;
	}
	if (row->store ? !row->store(into, value) : !row->store_as(into, row, value)) {
		fprintf(stderr, "%s: --%s %s: expected %s\n", program, row->name,
			value ? value : "", row->value ? row->value : "once");
		return false;
	}
	return true;
}

bool options_parse(const struct option_row *rows, size_t n_rows, const char *program, int argc,
		   char **argv, void *into, int *n_rest)
{
	bool only_rest = false;

	*n_rest = 0;
	for (int i = 1; i < argc; i++) {
		if (!only_rest && strcmp(argv[i], "--") == 0) {
			only_rest = true;
		} else if (only_rest || strncmp(argv[i], "--", 2) != 0) {
			argv[1 + (*n_rest)++] = argv[i];
		} else if (!parse_one(rows, n_rows, program, argc, argv, &i, into)) {
			return false;
		}
	}
	return true;
}

void options_print(const struct option_row *rows, size_t n_rows)
{
	char left[64];

	for (size_t i = 0; i < n_rows; i++) {
		snprintf(left, sizeof(left), "--%s%s%s", rows[i].name, rows[i].value ? " " : "",
			 rows[i].value ? rows[i].value : "");
		printf("  %-30s %s\n", left, rows[i].help);
	}
}

bool options_store_text(void *into, const struct option_row *row, const char *value)
{
	*(const char **)(void *)((char *)into + row->at) = value;
	return true;
}

bool options_store_true(void *into, const struct option_row *row, const char *value UNUSED)
{
	*(bool *)(void *)((char *)into + row->at) = true;
	return true;
}

bool options_u64(const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(text, &end, 0);
	if (errno || end == text || *end || text[0] == '-' || v < low || v > high)
		return false;
	*out = v;
	return true;
}
