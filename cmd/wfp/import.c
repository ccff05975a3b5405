/* SPDX-License-Identifier: MIT */
/*
 * import - adds what a document holds, in one transaction.
 *
 * Nothing is dropped in silence: what the reader did not understand, what the engine refused, what
 * exists and differs and what had to be made up is listed, and the exit status says whether
 * anything was left out.  A dry run does the same and aborts instead of committing.
 */
#include "wfp/import_plan.h"

#include "base/file.h"
#include "wfp/command.h"

#include <stdio.h>
#include <string.h>

#define IMPORT	    "wfp import"
#define ARENA_LIMIT ((size_t)1 << 30)

struct import_options {
	const char *socket;
	bool dry_run, keep_weights, json, help;
};

static const struct option_row import_rows[] = {
	OPTION_TRUE(struct import_options, dry_run, "dry-run", "only say what would happen"),
	OPTION_TRUE(struct import_options, keep_weights, "keep-weights",
		    "effective weights as they were, instead of new automatic ones"),
	COMMAND_SOCKET_ROWS(struct import_options),
};
static const struct command_object import_objects[] = {
	{NULL, NULL, import_rows, ARRAY_LEN(import_rows)}};

const struct command_object *import_object(size_t i)
{
	return i < ARRAY_LEN(import_objects) ? &import_objects[i] : NULL;
}

struct import {
	struct import_options o;
	const char *file;
	struct remote remote;
	struct import_state document;
	struct remote_list engine;
	struct arena arena;
	struct buf notes, why;
	struct plan plan;
};

/* ---- the work ---------------------------------------------------------------------------------
 */

static wfp_err list_engine(struct import *m)
{
	Openwfp__EnumTemplate all = OPENWFP__ENUM_TEMPLATE__INIT;
	const struct remote_kind *kind;
	wfp_err err = ERR_OK;

	all.has_flags = true;
	all.flags = REMOTE_ALL_FILTERS;
	for (size_t i = 0; !err && (kind = remote_kind_at(i)) != NULL; i++)
		err = remote_list_add(&m->remote, &m->engine, kind->kind,
				      kind->kind == OPENWFP__KIND__FILTER ? &all : NULL);
	return err;
}

static bool is_to_add(const struct plan_item *item)
{
	return item->fate == PLAN_ADD || item->fate == PLAN_STAND_IN;
}

/* A connection that broke is no refusal. */
static bool is_fatal(wfp_err err)
{
	return err == ERR_RPC_S_CALL_FAILED || err == ERR_NO_MEMORY || err == ERR_TXN_ABORTED;
}

static wfp_err add_all(struct import *m)
{
	wfp_err err = remote_begin(&m->remote), ended;

	if (err)
		return err;
	for (size_t i = 0; !err && i < m->plan.n; i++) {
		struct plan_item *item = &m->plan.items[i];
		struct remote_added added = {0};

		if (!is_to_add(item))
			continue;
		item->err = remote_add(&m->remote, &item->object, NULL, &added);
		item->id = added.id;
		if (!item->err)
			item->key = added.key;
		else if (is_fatal(item->err))
			err = item->err;
	}
	ended = remote_end(&m->remote, !err && !m->o.dry_run);
	return err ? err : ended;
}

static wfp_err work(struct import *m)
{
	wfp_err err = list_engine(m);

	m->plan = (struct plan){.arena = &m->arena, .notes = &m->notes};
	if (!err)
		err = plan_make(&m->plan, &m->document, &m->engine.state, m->o.keep_weights);
	if (!err)
		err = buf_err(&m->notes);
	return err ? err : add_all(m);
}

/* ---- what is said -----------------------------------------------------------------------------
 */

static bool is_left_out(const struct plan_item *item)
{
	return item->fate == PLAN_DIFFERENT || (is_to_add(item) && item->err);
}

static size_t count_left_out(const struct import *m)
{
	size_t n = m->document.n_problems + m->plan.n_notes;

	for (size_t i = 0; i < m->plan.n; i++)
		n += is_left_out(&m->plan.items[i]);
	return n;
}

static json_t *item_json(const struct import *m, const struct plan_item *item)
{
	char key[GUID_TEXT];
	struct buf text = {0};
	json_t *o = json_pack("{s:s, s:s, s:s}", "object", item->kind->one, "key",
			      guid_format(&item->key, key), "name", remote_name_of(&item->object));

	if (item->kind->has_id && item->old_id)
		json_object_set_new(o, "oldId", command_number(item->old_id));
	if (item->kind->has_id && item->id && !m->o.dry_run)
		json_object_set_new(o, "id", command_number(item->id));
	if (item->differs)
		json_object_set_new(o, "fields", json_string(item->differs));
	if (item->err) {
		remote_error_text(item->err, &text);
		json_object_set_new(o, "error", json_string(err_name(item->err)));
		json_object_set_new(o, "why", json_string(buf_str(&text)));
	}
	buf_free(&text);
	return o;
}

static json_t *problems_json(const struct import *m)
{
	json_t *all = json_array();

	for (size_t i = 0; i < m->document.n_problems && i < IMPORT_PROBLEMS_MAX; i++)
		json_array_append_new(all, json_pack("{s:I, s:s}", "line",
						     (json_int_t)m->document.problems[i].line,
						     "what", m->document.problems[i].what));
	return all;
}

static json_t *notes_json(const struct import *m)
{
	json_t *all = json_array();

	for (const char *at = buf_str(&m->notes), *end; (end = strchr(at, '\n')) != NULL;
	     at = end + 1)
		json_array_append_new(all, json_stringn(at, (size_t)(end - at)));
	return all;
}

static enum exit_status print_json(const struct import *m)
{
	json_t *o = json_object();

	for (unsigned fate = 0; fate < PLAN_FATES; fate++)
		json_object_set_new(o, plan_fate_name(fate), json_array());
	json_object_set_new(o, "refused", json_array());
	for (size_t i = 0; i < m->plan.n; i++) {
		const struct plan_item *item = &m->plan.items[i];
		const char *list = item->err ? "refused" : plan_fate_name(item->fate);

		json_array_append_new(json_object_get(o, list), item_json(m, item));
	}
	json_object_set_new(o, "problems", problems_json(m));
	json_object_set_new(o, "notes", notes_json(m));
	json_object_set_new(o, "problemCount", json_integer((json_int_t)m->document.n_problems));
	json_object_set_new(o, "ignored", json_integer((json_int_t)m->plan.n_ignored));
	json_object_set_new(o, "leftOut", json_integer((json_int_t)count_left_out(m)));
	json_object_set_new(o, "committed", json_boolean(!m->o.dry_run));
	return command_print(IMPORT, o);
}

static size_t count(const struct import *m, const struct remote_kind *kind, enum plan_fate fate)
{
	size_t n = 0;

	for (size_t i = 0; i < m->plan.n; i++) {
		const struct plan_item *item = &m->plan.items[i];

		n += item->kind == kind && item->fate == fate && !item->err;
	}
	return n;
}

static void print_counts(const struct import *m)
{
	static const char *const verbs[PLAN_FATES] = {[PLAN_ADD] = "added",
						      [PLAN_STAND_IN] = "made up",
						      [PLAN_BUILT_IN] = "built in",
						      [PLAN_EQUAL] = "there already, and equal",
						      [PLAN_DIFFERENT] =
							      "there already, and different"};
	const struct remote_kind *kind;

	for (unsigned fate = 0; fate < PLAN_FATES; fate++)
		for (size_t i = 0; (kind = remote_kind_at(i)) != NULL; i++) {
			size_t n = count(m, kind, fate);

			if (n > 0)
				printf("%6zu %s %s\n", n, n == 1 ? kind->one : kind->many,
				       m->o.dry_run && fate == PLAN_ADD ? "to add" : verbs[fate]);
		}
}

/* A line for each that a person must know of. */
static void print_item(const struct plan_item *item)
{
	struct buf text = {0};
	char key[GUID_TEXT];

	buf_printf(&text, "%s %s", item->kind->one, guid_format(&item->key, key));
	if (item->fate != PLAN_STAND_IN)
		buf_printf(&text, " %s", remote_name_of(&item->object));
	buf_append_str(&text, ": ");
	if (item->err) {
		buf_append_str(&text, "refused: ");
		remote_error_text(item->err, &text);
	} else if (item->fate == PLAN_DIFFERENT) {
		buf_printf(&text, "exists and is left as it is; different: %s", item->differs);
	} else if (item->fate == PLAN_STAND_IN) {
		buf_append_str(&text, "made up: the document refers to it and does not hold it");
	} else {
		buf_reset(&text);
	}
	if (text.len)
		command_line(stdout, buf_str(&text));
	buf_free(&text);
}

static void print_notes(const struct import *m)
{
	json_t *notes = notes_json(m), *note;
	size_t i;

	json_array_foreach (notes, i, note)
		command_line(stdout, json_string_value(note));
	json_decref(notes);
}

static void print_problems(const struct import *m)
{
	struct buf text = {0};

	for (size_t i = 0; i < m->document.n_problems && i < IMPORT_PROBLEMS_MAX; i++) {
		buf_reset(&text);
		buf_printf(&text, "%s:%ld: %s", m->file, m->document.problems[i].line,
			   m->document.problems[i].what);
		command_line(stdout, buf_str(&text));
	}
	if (m->document.n_problems > IMPORT_PROBLEMS_MAX)
		printf("%s: and %zu more of that kind\n", m->file,
		       m->document.n_problems - IMPORT_PROBLEMS_MAX);
	buf_free(&text);
}

static enum exit_status print_text(const struct import *m)
{
	size_t left_out = count_left_out(m);

	print_problems(m);
	for (size_t i = 0; i < m->plan.n; i++)
		print_item(&m->plan.items[i]);
	print_notes(m);
	print_counts(m);
	if (left_out)
		printf("%6zu left out, see above\n", left_out);
	if (m->o.dry_run)
		printf("nothing was changed\n");
	return EXIT_DONE;
}

static enum exit_status finish(struct import *m, wfp_err err)
{
	enum exit_status status;

	if (err)
		return remote_failed(&m->remote, "nothing was added", err);
	status = m->o.json ? print_json(m) : print_text(m);
	return status ? status : count_left_out(m) ? EXIT_FOUND : EXIT_DONE;
}

static enum exit_status run(struct import *m)
{
	enum exit_status status;
	wfp_err err = import_state_load(&m->document, m->file, &m->why);

	if (err) {
		fprintf(stderr, IMPORT ": %s\n", buf_str(&m->why));
		return exit_from_err(err);
	}
	if (!remote_open(&m->remote, NULL, NULL, &status))
		return status;
	remote_list_init(&m->engine);
	status = finish(m, work(m));
	remote_list_free(&m->engine);
	remote_close(&m->remote);
	return status;
}

enum exit_status import_command(int argc, char **argv)
{
	struct import m = {.remote = {.program = IMPORT}};
	enum exit_status status;
	int n;

	if (!options_parse(import_rows, ARRAY_LEN(import_rows), IMPORT, argc, argv, &m.o, &n))
		return EXIT_INPUT;
	if (n != 1)
		return command_wrong(IMPORT, "which file? A document of netsh wfp or wfp export");
	m.file = argv[1];
	m.remote.socket = m.o.socket;
	import_state_init(&m.document);
	arena_init(&m.arena, ARENA_LIMIT);
	status = run(&m);
	buf_free(&m.notes);
	buf_free(&m.why);
	arena_free(&m.arena);
	import_state_free(&m.document);
	return status;
}
