/* SPDX-License-Identifier: MIT */
/*
 * become - wfp replay and wfp explore: becomes the program that runs under the simulator.
 *
 * It lies beside wfp when nothing is installed, in ../libexec/openwfp otherwise.
 */
#include "wfp/command.h"

#include "base/compiler.h"
#include "base/file.h"
#include "base/proc.h"

#include <stdio.h>
#include <string.h>

static const char *const places[] = {"", "../libexec/openwfp/"};

/* Appends the directory of this program, with the slash. */
static wfp_err own_directory(struct buf *out)
{
	wfp_err err = proc_own_path(out);

	while (!err && out->len && out->data[out->len - 1] != '/')
		out->data[--out->len] = '\0';
	return err;
}

static wfp_err become_at(const char *place, const char *program, char **argv)
{
	struct buf path = {0};
	wfp_err err = own_directory(&path);

	buf_printf(&path, "%s%s", place, program);
	if (!err)
		err = buf_err(&path);
	if (!err)
		err = file_exists(buf_str(&path)) ? proc_exec(buf_str(&path), argv)
						  : ERR_FILE_NOT_FOUND;
	buf_free(&path);
	return err;
}

static enum exit_status become(const char *program, char **argv)
{
	wfp_err err = ERR_FILE_NOT_FOUND;

	for (size_t i = 0; err == ERR_FILE_NOT_FOUND && i < ARRAY_LEN(places); i++)
		err = become_at(places[i], program, argv);
	fprintf(stderr, "wfp %s: %s, which belongs to wfp, cannot be run: %s\n", argv[0], program,
		err_text(err));
	return EXIT_MACHINE;
}

enum exit_status replay_command(int argc UNUSED, char **argv)
{
	return become("wfp-replay", argv);
}

enum exit_status explore_command(int argc UNUSED, char **argv)
{
	return become("wfp-explore", argv);
}
