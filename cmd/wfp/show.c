/* SPDX-License-Identifier: MIT */
/*
 * show - listings of what the engine has: tables for people, JSON, and XML as netsh writes it.
 *
 * One row of `listings` for each word that may follow; most of them are one enumeration.
 */
#include "wfp/show.h"

#include "base/clock.h"
#include "import/json_write.h"
#include "import/text.h"
#include "model/sddl.h"
#include "wfp/command.h"
#include "wfp/template.h"

#include <stdio.h>
#include <string.h>

#define PROGRAM	      "wfp show"
#define ARENA_LIMIT   ((size_t)16 << 20)
#define SECURITY_INFO 7u			   /* owner, group, discretionary list */
#define EPOCH	      UINT64_C(116444736000000000) /* 1970 as a FILETIME */

struct listing;

struct show_options {
	struct template_options template; /* first: its rows store here */
	const char *socket;
	bool xml, json, help;
	const char *rest[2]; /* what stands behind the word */
	int n_rest;
};

struct show {
	const struct listing *listing;
	struct show_options o;
	struct remote remote;
	struct remote_list list;
	struct show_names names;
	struct arena arena;
	struct buf why, out;
	json_t *json;
};

#define COMMON_ROWS                                                                                \
	OPTION_TRUE(struct show_options, xml, "xml", "as netsh writes it"),                        \
		COMMAND_SOCKET_ROWS(struct show_options)

static const struct option_row plain_rows[] = {COMMON_ROWS};
static const struct option_row filter_rows[] = {TEMPLATE_FILTER_ROWS, COMMON_ROWS};
static const struct option_row event_rows[] = {TYPED_FIELD_ROWS, COMMON_ROWS};
static const struct option_row owned_rows[] = {
	OPTION_TEXT(struct template_options, provider, "provider", "PROVIDER",
		    "of this provider: name or key"),
	COMMON_ROWS,
};
static const struct option_row callout_rows[] = {
	OPTION_TEXT(struct typed_options, layer, "layer", "LAYER", "of this layer"),
	OPTION_TEXT(struct template_options, provider, "provider", "PROVIDER",
		    "of this provider: name or key"),
	COMMON_ROWS,
};
static const struct option_row context_rows[] = {
	OPTION_TEXT(struct template_options, type, "type", "TYPE", "of this type"),
	OPTION_TEXT(struct template_options, provider, "provider", "PROVIDER",
		    "of this provider: name or key"),
	COMMON_ROWS,
};

typedef wfp_err list_fn(struct show *s);

static list_fn list_state, list_objects, list_subscriptions, list_options, list_ports,
	list_security, list_stats;
static void write_state_xml(struct show *s);
static void write_filters_xml(struct show *s);
static void write_events_xml(struct show *s);

#define ROWS(rows) rows, ARRAY_LEN(rows)

static const struct command_object words[] = {
	{"state", "everything", ROWS(plain_rows)},
	{"sublayers", "the order of decisions", ROWS(owned_rows)},
	{"providers", "who objects belong to", ROWS(plain_rows)},
	{"layers", "where filters can be", ROWS(plain_rows)},
	{"callouts", "what drivers decide", ROWS(callout_rows)},
	{"contexts", "data for callouts", ROWS(context_rows)},
	{"filters", "in the order in which they are asked", ROWS(filter_rows)},
	{"netevents", "what was dropped and allowed", ROWS(event_rows)},
	{"sessions", "who is connected to the engine", ROWS(plain_rows)},
	{"connections", "that are open", ROWS(plain_rows)},
	{"subscriptions", "who is told of changes", ROWS(plain_rows)},
	{"options", "of the engine", ROWS(plain_rows)},
	{"ports", "of system services", ROWS(plain_rows)},
	{"security", "the descriptor of OBJECT [KEY]", ROWS(plain_rows)},
	{"stats", "counters", ROWS(plain_rows)},
};

/* The rows of `words`, in their order. */
static const struct listing {
	const char *word, *json; /* json: the key of the list */
	Openwfp__Kind kind;
	Openwfp__Object__ObjectCase sort;
	list_fn *list;
	void (*xml)(struct show *s);
} listings[] = {
	{"state", NULL, 0, 0, list_state, write_state_xml},
	{"sublayers", "subLayers", OPENWFP__KIND__SUB_LAYER, OPENWFP__OBJECT__OBJECT_SUB_LAYER,
	 list_objects, NULL},
	{"providers", "providers", OPENWFP__KIND__PROVIDER, OPENWFP__OBJECT__OBJECT_PROVIDER,
	 list_objects, NULL},
	{"layers", "layers", OPENWFP__KIND__LAYER, OPENWFP__OBJECT__OBJECT_LAYER, list_objects,
	 NULL},
	{"callouts", "callouts", OPENWFP__KIND__CALLOUT, OPENWFP__OBJECT__OBJECT_CALLOUT,
	 list_objects, NULL},
	{"contexts", "providerContexts", OPENWFP__KIND__PROVIDER_CONTEXT,
	 OPENWFP__OBJECT__OBJECT_PROVIDER_CONTEXT, list_objects, NULL},
	{"filters", "filters", OPENWFP__KIND__FILTER, OPENWFP__OBJECT__OBJECT_FILTER, list_objects,
	 write_filters_xml},
	{"netevents", "netEvents", OPENWFP__KIND__NET_EVENT, OPENWFP__OBJECT__OBJECT_NET_EVENT,
	 list_objects, write_events_xml},
	{"sessions", "sessions", OPENWFP__KIND__SESSION, OPENWFP__OBJECT__OBJECT_SESSION,
	 list_objects, NULL},
	{"connections", "connections", OPENWFP__KIND__CONNECTION,
	 OPENWFP__OBJECT__OBJECT_CONNECTION, list_objects, NULL},
	{"subscriptions", "subscriptions", 0, OPENWFP__OBJECT__OBJECT_SUBSCRIPTION,
	 list_subscriptions, NULL},
	{"options", NULL, 0, 0, list_options, NULL},
	{"ports", NULL, 0, 0, list_ports, NULL},
	{"security", NULL, 0, 0, list_security, NULL},
	{"stats", NULL, 0, 0, list_stats, NULL},
};

const struct command_object *show_object(size_t i)
{
	return i < ARRAY_LEN(words) ? &words[i] : NULL;
}

/* ---- writing ----------------------------------------------------------------------------------
 */

static const ProtobufCMessage *message_of(const Openwfp__Object *o)
{
	/* The members of the oneof are pointers in one place. */
	return (const ProtobufCMessage *)(const void *)o->provider;
}

static json_t *object_json(const Openwfp__Object *o)
{
	struct buf kind = {0};
	json_t *json = json_write_message(message_of(o));
	unsigned n;

	/* The kind is not among the fields that netsh shows. */
	if (o->object_case == OPENWFP__OBJECT__OBJECT_SUBSCRIPTION) {
		show_columns(o->object_case, &n)[0].put(NULL, o, &kind);
		json_object_set_new(json, "kind", json_string(buf_str(&kind)));
	}
	buf_free(&kind);
	return json;
}

static void put_json(struct show *s, const struct listing *l)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < s->list.state.n_objects; i++)
		if (s->list.state.objects[i]->object_case == l->sort)
			json_array_append_new(rows, object_json(s->list.state.objects[i]));
	json_object_set_new(s->json, l->json, rows);
}

static wfp_err put_table(struct show *s, const struct listing *l)
{
	const char *titles[TABLE_COLUMNS_MAX];
	struct buf cell = {0};
	struct table t;
	unsigned n;
	const struct show_column *columns = show_columns(l->sort, &n);
	wfp_err err;

	for (unsigned i = 0; i < n; i++)
		titles[i] = columns[i].title;
	table_init(&t, titles, n);
	for (size_t i = 0; i < s->list.state.n_objects; i++) {
		if (s->list.state.objects[i]->object_case != l->sort)
			continue;
		for (unsigned c = 0; c < n; c++) {
			buf_reset(&cell);
			columns[c].put(&s->names, s->list.state.objects[i], &cell);
			table_cell(&t, buf_str(&cell));
		}
	}
	err = table_write(&t, table_terminal_width(), &s->out);
	table_free(&t);
	buf_free(&cell);
	return err;
}

static wfp_err put_listing(struct show *s, const struct listing *l)
{
	if (!s->o.json)
		return put_table(s, l);
	put_json(s, l);
	return ERR_OK;
}

void show_write_state(const struct remote_list *all, struct buf *out)
{
	import_state_write(&all->state, clock_wall() / 100 + EPOCH, out);
}

static void write_state_xml(struct show *s)
{
	show_write_state(&s->list, &s->out);
}

static void write_filters_xml(struct show *s)
{
	import_filters_write(&s->list.state, &s->out);
}

static void write_events_xml(struct show *s)
{
	import_events_write(&s->list.state, &s->out);
}

/* ---- lists of objects -------------------------------------------------------------------------
 */

/* What templates cannot say is left out here. */
static void drop_hidden(struct show *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->list.state.n_objects; i++)
		if (template_shows(&s->o.template, s->list.state.objects[i]))
			s->list.state.objects[kept++] = s->list.state.objects[i];
	s->list.state.n_objects = kept;
}

static wfp_err fetch(struct show *s, const struct listing *l)
{
	struct template_set set;
	wfp_err err = template_make(&s->remote, &s->arena, &s->o.template, l->kind, &set, &s->why);
	for (unsigned i = 0; !err && i < set.n; i++)
		err = remote_list_add(&s->remote, &s->list, l->kind, &set.t[i]);
	drop_hidden(s);
	return err;
}

static wfp_err list_objects(struct show *s)
{
	const struct listing *l = s->listing;
	wfp_err err = fetch(s, l);

	if (!err && s->o.xml && l->kind == OPENWFP__KIND__FILTER)
		err = remote_list_add(&s->remote, &s->list, OPENWFP__KIND__PROVIDER, NULL);
	if (err || s->o.xml)
		return err;
	if (!s->o.json)
		err = show_names_load(&s->names, l->kind == OPENWFP__KIND__NET_EVENT);
	return err ? err : put_listing(s, l);
}

static wfp_err add_subscriptions(struct remote *r, struct remote_list *all)
{
	static const Openwfp__Kind kinds[] = {
		OPENWFP__KIND__CALLOUT,	 OPENWFP__KIND__FILTER,		  OPENWFP__KIND__NET_EVENT,
		OPENWFP__KIND__PROVIDER, OPENWFP__KIND__PROVIDER_CONTEXT, OPENWFP__KIND__SUB_LAYER};
	wfp_err err = ERR_OK;

	for (size_t i = 0; !err && i < ARRAY_LEN(kinds); i++)
		err = remote_list_subscriptions(r, all, kinds[i]);
	return err;
}

static wfp_err list_subscriptions(struct show *s)
{
	wfp_err err = add_subscriptions(&s->remote, &s->list);

	return err ? err : put_listing(s, s->listing);
}

/* An engine without packets has neither events nor connections. */
static bool is_missing(wfp_err err)
{
	return err == ERR_NOT_SUPPORTED || err == ERR_NET_EVENTS_DISABLED;
}

wfp_err show_list_state(struct remote *r, struct remote_list *all)
{
	Openwfp__EnumTemplate t = OPENWFP__ENUM_TEMPLATE__INIT;
	wfp_err err = ERR_OK;

	t.has_flags = true;
	t.flags = REMOTE_ALL_FILTERS;
	for (size_t i = 0; !err && i < ARRAY_LEN(listings); i++) {
		const struct listing *l = &listings[i];

		if (!l->kind || l->kind == OPENWFP__KIND__NET_EVENT)
			continue;
		err = remote_list_add(r, all, l->kind,
				      l->kind == OPENWFP__KIND__FILTER ? &t : NULL);
		if (is_missing(err) && l->kind == OPENWFP__KIND__CONNECTION)
			err = ERR_OK;
	}
	return err ? err : add_subscriptions(r, all);
}

static wfp_err put_state(struct show *s)
{
	wfp_err err = ERR_OK;

	for (size_t i = 0; !err && i < ARRAY_LEN(listings); i++) {
		const struct listing *l = &listings[i];

		if (!l->sort || l->sort == OPENWFP__OBJECT__OBJECT_NET_EVENT)
			continue;
		if (!s->o.json)
			buf_printf(&s->out, "%s%s\n", s->out.len ? "\n" : "", l->word);
		err = put_listing(s, l);
	}
	return err;
}

static wfp_err list_state(struct show *s)
{
	wfp_err err = show_list_state(&s->remote, &s->list);

	if (err || s->o.xml)
		return err;
	if (!s->o.json)
		err = show_names_load(&s->names, false);
	return err ? err : put_state(s);
}

/* ---- what is no list of objects ---------------------------------------------------------------
 */

/* One line, or one member of the object named `group`. */
static void put_pair(struct show *s, const char *group, const char *name, json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY);

	if (s->o.json) {
		if (!json_object_get(s->json, group))
			json_object_set_new(s->json, group, json_object());
		json_object_set(json_object_get(s->json, group), name, value);
	} else {
		buf_printf(&s->out, "%-48s %s\n", name,
			   json_is_string(value) ? json_string_value(value)
			   : text		 ? text
						 : "");
	}
	json_decref(value);
	free(text);
}

/* The value without its type. */
static json_t *bare_value(const Openwfp__Value *value)
{
	json_t *json = value ? json_write_message(&value->base) : NULL, *bare = json_null(),
	       *member;
	const char *key;

	json_object_foreach (json, key, member)
		if (strcmp(key, "type") != 0)
			bare = json_incref(member);
	json_decref(json);
	return bare;
}

static wfp_err list_options(struct show *s)
{
	Openwfp__Option option = OPENWFP__OPTION__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	const char *name;
	wfp_err err = ERR_OK;

	option.has_option = true;
	request.op_case = OPENWFP__REQUEST__OP_OPTION_GET;
	request.optionget = &option;
	for (unsigned i = 0; !err && (name = words_options.at(i)) != NULL; i++) {
		struct rpc_reply *reply;

		if (!names_value(NAMES_FWPM_ENGINE_OPTION, name, &option.option))
			continue;
		err = remote_call(&s->remote, &request, &reply);
		if (err == ERR_NOT_SUPPORTED) {
			put_pair(s, "options", name, json_null());
			err = ERR_OK;
		} else if (!err) {
			put_pair(s, "options", name,
				 bare_value(reply->msg->result_case == OPENWFP__REPLY__RESULT_VALUE
						    ? reply->msg->value
						    : NULL));
			rpc_reply_free(reply);
		}
	}
	return err;
}

static wfp_err list_ports(struct show *s)
{
	Openwfp__Empty empty = OPENWFP__EMPTY__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	struct rpc_reply *reply;
	json_t *json, *row;
	size_t i;
	wfp_err err;

	request.op_case = OPENWFP__REQUEST__OP_SYSTEM_PORTS_GET;
	request.systemportsget = &empty;
	err = remote_call(&s->remote, &request, &reply);
	if (err)
		return err;
	json = reply->msg->result_case == OPENWFP__REPLY__RESULT_SYSTEM_PORTS
		       ? json_write_message(&reply->msg->systemports->base)
		       : NULL;
	json_array_foreach (json_object_get(json, "types"), i, row)
		put_pair(s, "systemPorts", json_string_value(json_object_get(row, "type")),
			 json_incref(json_object_get(row, "ports")));
	json_decref(json);
	rpc_reply_free(reply);
	return ERR_OK;
}

static wfp_err list_stats(struct show *s)
{
	Openwfp__Empty empty = OPENWFP__EMPTY__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	struct rpc_reply *reply;
	wfp_err err;

	request.op_case = OPENWFP__REQUEST__OP_STATS_GET;
	request.statsget = &empty;
	err = remote_call(&s->remote, &request, &reply);
	if (err)
		return err;
	if (reply->msg->result_case == OPENWFP__REPLY__RESULT_STATS)
		for (size_t i = 0; i < reply->msg->stats->n_stats; i++)
			put_pair(s, "stats", reply->msg->stats->stats[i]->name,
				 command_number(reply->msg->stats->stats[i]->value));
	rpc_reply_free(reply);
	return ERR_OK;
}

static void put_descriptor(struct show *s, const char *target, const ProtobufCBinaryData *sd)
{
	struct model_blob blob = {(uint32_t)sd->len, sd->data};
	struct buf text = {0};

	if (model_sddl_format(&blob, &text) != ERR_OK) {
		buf_reset(&text);
		for (size_t i = 0; i < sd->len; i++)
			buf_printf(&text, "%02x", sd->data[i]);
	}
	if (s->o.json)
		put_pair(s, "security", target, json_string(buf_str(&text)));
	else
		buf_printf(&s->out, "%s\n", buf_str(&text));
	buf_free(&text);
}

static wfp_err find_secured(struct show *s, Openwfp__SecurityGet *get, struct guid *key)
{
	const struct remote_kind *kind;

	if (s->o.n_rest == 0 || !remote_secured_find(s->o.rest[0], &get->kind)) {
		buf_append_str(&s->why, "the descriptor of what? One of ");
		remote_secured_choices(&s->why);
		return ERR_INVALID_DATA;
	}
	get->has_kind = get->has_securityinfo = true;
	get->securityinfo = SECURITY_INFO;
	if (s->o.n_rest == 1)
		return ERR_OK;
	kind = remote_kind_find(s->o.rest[0]);
	get->has_key = true;
	get->key = (ProtobufCBinaryData){sizeof(*key), (uint8_t *)key};
	if (kind)
		return remote_find(&s->remote, kind, s->o.rest[1], key, &s->why);
	if (names_key(s->o.rest[1], key))
		return ERR_OK;
	buf_printf(&s->why, "not a key: %s", s->o.rest[1]);
	return ERR_INVALID_DATA;
}

static wfp_err list_security(struct show *s)
{
	Openwfp__SecurityGet get = OPENWFP__SECURITY_GET__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	struct rpc_reply *reply;
	struct guid key;
	wfp_err err = find_secured(s, &get, &key);

	if (err)
		return err;
	request.op_case = OPENWFP__REQUEST__OP_SECURITY_GET;
	request.securityget = &get;
	err = remote_call(&s->remote, &request, &reply);
	if (err)
		return err;
	if (reply->msg->result_case == OPENWFP__REPLY__RESULT_SD)
		put_descriptor(s, s->o.rest[0], &reply->msg->sd);
	rpc_reply_free(reply);
	return ERR_OK;
}

/* ---- the command ------------------------------------------------------------------------------
 */

static enum exit_status finish(struct show *s, wfp_err err)
{
	if (err && s->why.len)
		return command_wrong(PROGRAM, buf_str(&s->why));
	if (!err && s->o.xml)
		s->listing->xml(s);
	if (!err)
		err = buf_err(&s->out);
	if (err)
		return remote_failed(&s->remote, NULL, err);
	if (s->o.json)
		return command_print(PROGRAM, json_incref(s->json));
	fwrite(s->out.len ? (const char *)s->out.data : "", 1, s->out.len, stdout);
	return EXIT_DONE;
}

static enum exit_status run(struct show *s)
{
	enum exit_status status;

	if (!remote_open(&s->remote, NULL, NULL, &status))
		return status;
	arena_init(&s->arena, ARENA_LIMIT);
	remote_list_init(&s->list);
	show_names_init(&s->names, &s->remote);
	s->json = json_object();
	status = finish(s, s->listing->list(s));
	json_decref(s->json);
	buf_free(&s->why);
	buf_free(&s->out);
	show_names_free(&s->names);
	remote_list_free(&s->list);
	arena_free(&s->arena);
	remote_close(&s->remote);
	return status;
}

static bool check_form(const struct show_options *o, const struct listing *l)
{
	if (o->xml && o->json)
		fprintf(stderr, PROGRAM ": --xml and --json exclude each other\n");
	else if (o->xml && !l->xml)
		fprintf(stderr, PROGRAM ": %s has no XML form; state, filters and netevents have\n",
			l->word);
	else
		return true;
	return false;
}

enum exit_status show_command(int argc, char **argv)
{
	const struct command c = {.object = show_object};
	const struct command_object *word = command_choose(&c, PROGRAM, argc, argv);
	struct show s = {.remote = {.program = PROGRAM}};
	int n, most;

	if (!word ||
	    !options_parse(word->rows, word->n_rows, PROGRAM, argc - 1, argv + 1, &s.o, &n))
		return EXIT_INPUT;
	s.listing = &listings[word - words];
	most = s.listing->list == list_security ? 2 : 0;
	if (n > most) {
		fprintf(stderr, PROGRAM ": what is '%s'? (see wfp show --help)\n", argv[2 + most]);
		return EXIT_INPUT;
	}
	s.o.n_rest = n;
	for (int i = 0; i < n; i++)
		s.o.rest[i] = argv[2 + i];
	s.remote.socket = s.o.socket;
	return check_form(&s.o, s.listing) ? run(&s) : EXIT_INPUT;
}
