/* SPDX-License-Identifier: MIT */
/*
 * delete - objects by key, id or name; several of one kind go in one transaction, or none goes.
 */
#include "wfp/command.h"

#include "base/compiler.h"
#include "wfp/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM "wfp delete"

struct delete_options {
	const char *socket;
	bool json, help;
};

static const struct option_row rows[] = {COMMAND_SOCKET_ROWS(struct delete_options)};

static const struct command_object objects[] = {
	{"provider", "KEY|NAME...", rows, ARRAY_LEN(rows)},
	{"context", "KEY|ID|NAME...", rows, ARRAY_LEN(rows)},
	{"sublayer", "KEY|NAME...", rows, ARRAY_LEN(rows)},
	{"callout", "KEY|ID|NAME...", rows, ARRAY_LEN(rows)},
	{"filter", "KEY|ID|NAME...", rows, ARRAY_LEN(rows)},
};

const struct command_object *delete_object(size_t i)
{
	return i < ARRAY_LEN(objects) ? &objects[i] : NULL;
}

static wfp_err delete_one(struct remote *r, const struct remote_kind *kind, const char *text,
			  struct buf *why)
{
	Openwfp__Which which = OPENWFP__WHICH__INIT;
	struct guid key;
	uint64_t id;
	wfp_err err = ERR_OK;

	which.has_kind = true;
	which.kind = kind->kind;
	if (kind->has_id && options_u64(text, 0, UINT64_MAX, &id)) {
		which.which_case = OPENWFP__WHICH__WHICH_ID;
		which.id = id;
	} else {
		which.which_case = OPENWFP__WHICH__WHICH_KEY;
		err = remote_find(r, kind, text, &key, why);
		which.key = (ProtobufCBinaryData){sizeof(key), (uint8_t *)&key};
	}
	if (err)
		return err;
	err = remote_delete(r, &which);
	if (err) {
		buf_printf(why, "%s %s: ", kind->one, text);
		remote_error_text(err, why);
	}
	return err;
}

static wfp_err delete_all(struct remote *r, const struct remote_kind *kind, int n, char **texts,
			  struct buf *why)
{
	wfp_err err = remote_begin(r), ended;

	if (err)
		return err;
	for (int i = 0; !err && i < n; i++)
		err = delete_one(r, kind, texts[i], why);
	ended = remote_end(r, err == ERR_OK);
	return err ? err : ended;
}

static enum exit_status finish(const struct remote *r, const struct delete_options *o, int n,
			       wfp_err err, const struct buf *why)
{
	if (err && why->len) {
		fprintf(stderr, PROGRAM ": %s%s\n", buf_str(why),
			n > 1 ? "; nothing was deleted" : "");
		return exit_from_err(err);
	}
	if (err)
		return remote_failed(r, NULL, err);
	if (o->json)
		return command_print(PROGRAM, json_pack("{s:i}", "deleted", n));
	return EXIT_DONE;
}

enum exit_status delete_command(int argc, char **argv)
{
	const struct command c = {.object = delete_object};
	const struct command_object *object = command_choose(&c, PROGRAM, argc, argv);
	struct delete_options o = {0};
	struct remote r = {.program = PROGRAM};
	struct buf why = {0};
	enum exit_status status;
	int n;

	if (!object || !options_parse(rows, ARRAY_LEN(rows), PROGRAM, argc - 1, argv + 1, &o, &n))
		return EXIT_INPUT;
	if (n == 0)
		return command_wrong(PROGRAM, "which one? A key, an id or a name");
	r.socket = o.socket;
	if (!remote_open(&r, NULL, NULL, &status))
		return status;
	status = finish(&r, &o, n,
			delete_all(&r, remote_kind_find(object->name), n, argv + 2, &why), &why);
	buf_free(&why);
	remote_close(&r);
	return status;
}
