/* SPDX-License-Identifier: MIT */
/*
 * export - the whole policy as a document: `wfp show state --xml`, into a file if one is named.
 */
#include "wfp/command.h"

#include "base/clock.h"
#include "base/compiler.h"
#include "base/file.h"
#include "wfp/show.h"

#include <stdio.h>

#define PROGRAM "wfp export"

struct export_options {
	const char *socket;
	bool json, help;
};

static const struct option_row rows[] = {
	OPTION_TEXT(struct export_options, socket, "socket", "PATH", "where the engine listens"),
	OPTION_TRUE(struct export_options, help, "help", "this list"),
};
static const struct command_object objects[] = {{NULL, NULL, rows, ARRAY_LEN(rows)}};

const struct command_object *export_object(size_t i)
{
	return i < ARRAY_LEN(objects) ? &objects[i] : NULL;
}

static enum exit_status write_document(const char *file, const struct buf *text)
{
	wfp_err err;

	if (!file)
		return fwrite(text->data, 1, text->len, stdout) == text->len ? EXIT_DONE
									     : EXIT_MACHINE;
	err = file_write_atomic(file, text->data, text->len);
	if (!err)
		return EXIT_DONE;
	fprintf(stderr, PROGRAM ": %s: %s\n", file, err_text(err));
	return exit_from_err(err);
}

enum exit_status export_command(int argc, char **argv)
{
	struct export_options o = {0};
	struct remote r = {.program = PROGRAM};
	struct remote_list all;
	struct buf text = {0};
	enum exit_status status;
	wfp_err err;
	int n;

	if (!options_parse(rows, ARRAY_LEN(rows), PROGRAM, argc, argv, &o, &n))
		return EXIT_INPUT;
	if (n > 1)
		return command_wrong(PROGRAM, "one file at most");
	r.socket = o.socket;
	if (!remote_open(&r, NULL, NULL, &status))
		return status;
	remote_list_init(&all);
	err = show_list_state(&r, &all);
	if (!err) {
		show_write_state(&all, &text);
		err = buf_err(&text);
	}
	status = err ? remote_failed(&r, NULL, err) : write_document(n ? argv[1] : NULL, &text);
	remote_list_free(&all);
	remote_close(&r);
	buf_free(&text);
	return status;
}
