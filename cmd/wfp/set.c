/* SPDX-License-Identifier: MIT */
/*
 * set - engine options and security descriptors.
 */
#include "wfp/command.h"

#include "base/compiler.h"
#include "base/mem.h"
#include "model/sd.h"
#include "model/sddl.h"
#include "wfp/remote.h"

#include <stdio.h>
#include <string.h>

#define PROGRAM "wfp set"

/* Which parts of a descriptor are meant. */
#define OWNER_PART 1u
#define GROUP_PART 2u
#define DACL_PART  4u

struct set_options {
	const char *socket;
	bool json, help;
};

static const struct option_row rows[] = {COMMAND_SOCKET_ROWS(struct set_options)};

static const struct command_object objects[] = {
	{"option", "NAME NUMBER", rows, ARRAY_LEN(rows)},
	{"security", "OBJECT [KEY] SDDL", rows, ARRAY_LEN(rows)},
};

const struct command_object *set_object(size_t i)
{
	return i < ARRAY_LEN(objects) ? &objects[i] : NULL;
}

/* ---- options ----------------------------------------------------------------------------------
 */

static bool read_number(const char *text, uint64_t *out)
{
	static const struct {
		const char *word;
		uint64_t value;
	} names[] = {{"on", 1}, {"yes", 1}, {"true", 1}, {"off", 0}, {"no", 0}, {"false", 0}};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (words_equal(names[i].word, text)) {
			*out = names[i].value;
			return true;
		}
	return options_u64(text, 0, UINT32_MAX, out);
}

static wfp_err set_option(struct remote *r, int n, char **args, struct buf *why)
{
	Openwfp__Value value = OPENWFP__VALUE__INIT;
	Openwfp__Option option = OPENWFP__OPTION__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	const char *name = n > 0 ? words_find(&words_options, args[0], why) : NULL;
	uint64_t x;

	if (n != 2)
		buf_append_str(why, why->len ? "" : "expected option NAME NUMBER");
	else if (name && !read_number(args[1], &x))
		buf_printf(why, "%s: expected a number, on or off", args[1]);
	if (n != 2 || !name || why->len)
		return ERR_INVALID_DATA;
	option.has_option = names_value(NAMES_FWPM_ENGINE_OPTION, name, &option.option);
	value.has_type = true;
	value.type = MODEL_UINT32;
	value.value_case = OPENWFP__VALUE__VALUE_UINT32;
	value.uint32 = (uint32_t)x;
	option.value = &value;
	request.op_case = OPENWFP__REQUEST__OP_OPTION_SET;
	request.optionset = &option;
	return remote_call(r, &request, NULL);
}

/* ---- descriptors ------------------------------------------------------------------------------
 */

static uint32_t parts_of(const struct model_blob *sd)
{
	struct model_sd parsed;

	if (model_sd_parse(&parsed, sd->data, sd->size) != ERR_OK)
		return 0;
	return (parsed.owner ? OWNER_PART : 0) | (parsed.group ? GROUP_PART : 0) |
	       (parsed.control & MODEL_SD_DACL_PRESENT ? DACL_PART : 0);
}

static wfp_err find_target(struct remote *r, int n, char **args, Openwfp__SecuritySet *set,
			   struct guid *key, struct buf *why)
{
	const struct remote_kind *kind;

	if (n < 2 || n > 3 || !remote_secured_find(args[0], &set->kind)) {
		buf_append_str(why, "expected security OBJECT [KEY] SDDL, OBJECT one of ");
		remote_secured_choices(why);
		return ERR_INVALID_DATA;
	}
	set->has_kind = true;
	if (n == 2)
		return ERR_OK;
	set->has_key = true;
	set->key = (ProtobufCBinaryData){sizeof(*key), (uint8_t *)key};
	kind = remote_kind_find(args[0]);
	if (kind)
		return remote_find(r, kind, args[1], key, why);
	if (names_key(args[1], key))
		return ERR_OK;
	buf_printf(why, "not a key: %s", args[1]);
	return ERR_INVALID_DATA;
}

static wfp_err set_security(struct remote *r, int n, char **args, struct buf *why)
{
	Openwfp__SecuritySet set = OPENWFP__SECURITY_SET__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	struct model_blob *sd = NULL;
	struct guid key;
	size_t at = 0;
	wfp_err err = find_target(r, n, args, &set, &key, why);

	if (err)
		return err;
	err = model_sddl_parse(&sd, args[n - 1], &at);
	if (err) {
		buf_printf(why, "%s is no security descriptor: character %zu", args[n - 1], at + 1);
		return err;
	}
	set.has_securityinfo = set.has_sd = true;
	set.securityinfo = parts_of(sd);
	set.sd = (ProtobufCBinaryData){sd->size, sd->data};
	request.op_case = OPENWFP__REQUEST__OP_SECURITY_SET;
	request.securityset = &set;
	err = remote_call(r, &request, NULL);
	mem_free(sd);
	return err;
}

/* ---- the command ------------------------------------------------------------------------------
 */

/* The rows of `objects`, in their order. */
static wfp_err (*const setters[])(struct remote *r, int n, char **args,
				  struct buf *why) = {set_option, set_security};

enum exit_status set_command(int argc, char **argv)
{
	const struct command c = {.object = set_object};
	const struct command_object *object = command_choose(&c, PROGRAM, argc, argv);
	struct set_options o = {0};
	struct remote r = {.program = PROGRAM};
	struct buf why = {0};
	enum exit_status status;
	wfp_err err;
	int n;

	if (!object || !options_parse(rows, ARRAY_LEN(rows), PROGRAM, argc - 1, argv + 1, &o, &n))
		return EXIT_INPUT;
	r.socket = o.socket;
	if (!remote_open(&r, NULL, NULL, &status))
		return status;
	err = setters[object - objects](&r, n, argv + 2, &why);
	if (err && why.len)
		status = command_wrong(PROGRAM, buf_str(&why));
	else if (err)
		status = remote_failed(&r, n ? argv[2] : NULL, err);
	else if (o.json)
		status = command_print(
			PROGRAM, json_pack("{s:s, s:s}", "set", object->name, "name", argv[2]));
	else
		status = EXIT_DONE;
	buf_free(&why);
	remote_close(&r);
	return status;
}
