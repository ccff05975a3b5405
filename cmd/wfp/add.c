/* SPDX-License-Identifier: MIT */
/*
 * add - objects as a person types them.
 *
 * The object's kind chooses the options; each builder makes one message from them.  A filter at a
 * layer of both families is two filters, in one transaction.
 */
#include "wfp/command.h"

#include "base/mem.h"
#include "bfe/policy_json.h"
#include "import/json_write.h"
#include "import/text.h"
#include "model/filter.h"
#include "model/object.h"
#include "model/sddl.h"
#include "wfp/remote.h"
#include "wfp/typed_options.h"

#include <stdio.h>
#include <string.h>

#define PROGRAM	    "wfp add"
#define ARENA_LIMIT ((size_t)16 << 20)
#define RANGE_MAX   15u /* of FWP_UINT8 weights */

struct add_options {
	struct typed_options typed; /* first: its rows store here */
	const char *name, *description, *key, *provider, *provider_data, *sd, *socket;
	const char *weight, *service, *data, *type;
	const char *sublayer, *callout, *context, *raw_context, *action;
	bool persistent, boot_time, hard, permit_if_unregistered, disabled, indexed, uses_context;
	bool json, help;
};

#define TEXT(member, name, value, help) OPTION_TEXT(struct add_options, member, name, value, help)
#define FLAG(member, name, help)	OPTION_TRUE(struct add_options, member, name, help)

/* What every kind has, and (all but providers) a provider. */
#define COMMON                                                                                     \
	TEXT(name, "name", "TEXT", "the name that listings show"),                                 \
		TEXT(description, "description", "TEXT", "more about it"),                         \
		TEXT(key, "key", "GUID", "its key (default: a new one)"),                          \
		TEXT(provider_data, "provider-data", "HEX", "bytes for the owner's use"),          \
		TEXT(sd, "sd", "SDDL", "who may do what with it (default: inherited)"),            \
		FLAG(persistent, "persistent", "survives a restart"),                              \
		COMMAND_SOCKET_ROWS(struct add_options)
#define OWNED TEXT(provider, "provider", "PROVIDER", "whose it is: name or key"), COMMON

static const struct option_row provider_rows[] = {
	TEXT(service, "service", "NAME", "the service that stands behind it"),
	COMMON,
};

static const struct option_row context_rows[] = {
	TEXT(type, "type", "TYPE", "general-context, the only one that can be typed"),
	TEXT(data, "data", "HEX", "what it holds"),
	OWNED,
};

static const struct option_row sublayer_rows[] = {
	TEXT(weight, "weight", "0-65535", "heavier is asked first (default 0)"),
	OWNED,
};

static const struct option_row callout_rows[] = {
	TEXT(typed.layer, "layer", "LAYER", "where it is called"),
	FLAG(uses_context, "uses-context", "its filters carry a provider context"),
	OWNED,
};

static const struct option_row filter_rows[] = {
	TYPED_OPTION_ROWS,
	TEXT(action, "action", "block|permit|continue|callout-...", "what becomes of it"),
	TEXT(callout, "callout", "CALLOUT", "who is asked, for the actions that ask"),
	TEXT(sublayer, "sublayer", "SUBLAYER", "name or key (default: the layer's)"),
	TEXT(weight, "weight", "RANGE|NUMBER", "0 to 15: a range; 0x... or more: itself"),
	TEXT(context, "context", "CONTEXT", "the provider context that its callout gets"),
	TEXT(raw_context, "raw-context", "NUMBER", "a number that its callout gets"),
	FLAG(hard, "hard", "nothing below may overrule it (CLEAR_ACTION_RIGHT)"),
	FLAG(permit_if_unregistered, "permit-if-unregistered", "permit while the callout is away"),
	FLAG(boot_time, "boot-time", "in force until the engine has started"),
	FLAG(disabled, "disabled", "kept, but not in force"),
	FLAG(indexed, "indexed", "marks it as indexed"),
	OWNED,
};

/* ---- building ---------------------------------------------------------------------------------
 */

struct add {
	struct add_options *o;
	struct remote remote;
	struct arena arena;
	struct buf why;
	json_t *added;
};

static wfp_err invalid(struct add *a, const char *option, const char *value, const char *expected)
{
	buf_printf(&a->why, "--%s %s: expected %s", option, value, expected);
	return ERR_INVALID_DATA;
}

/* Absent when nothing was typed. */
static wfp_err put_bytes(struct add *a, const char *option, const char *hex,
			 protobuf_c_boolean *has, ProtobufCBinaryData *out)
{
	if (!hex)
		return ERR_OK;
	if (!text_bytes(&a->arena, hex, out))
		return arena_err(&a->arena)
			       ? ERR_NO_MEMORY
			       : invalid(a, option, hex, "pairs of hexadecimal digits");
	*has = true;
	return ERR_OK;
}

static wfp_err put_key(struct add *a, const struct guid *key, protobuf_c_boolean *has,
		       ProtobufCBinaryData *out)
{
	out->len = sizeof(*key);
	out->data = arena_dup(&a->arena, key, sizeof(*key));
	*has = out->data != NULL;
	return *has ? ERR_OK : ERR_NO_MEMORY;
}

/* The key of an object that was named. */
static wfp_err put_reference(struct add *a, const char *option, const char *kind, const char *text,
			     protobuf_c_boolean *has, ProtobufCBinaryData *out)
{
	struct buf inner = {0};
	struct guid key;
	wfp_err err;

	if (!text)
		return ERR_OK;
	err = remote_find(&a->remote, remote_kind_find(kind), text, &key, &inner);
	if (err)
		buf_printf(&a->why, "--%s: %s", option, buf_str(&inner));
	buf_free(&inner);
	return err ? err : put_key(a, &key, has, out);
}

static wfp_err put_texts(struct add *a, const char *name, Openwfp__DisplayData **out)
{
	Openwfp__DisplayData *texts = arena_alloc(&a->arena, sizeof(*texts));

	if (!texts)
		return ERR_NO_MEMORY;
	*texts = (Openwfp__DisplayData)OPENWFP__DISPLAY_DATA__INIT;
	texts->name = (char *)(uintptr_t)(a->o->name ? a->o->name : name);
	texts->description = (char *)(uintptr_t)a->o->description;
	*out = texts;
	return ERR_OK;
}

/* What the messages have in common, by the names of their members. */
#define PUT_COMMON(a, m, key_member, default_name)                                                 \
	put_common(a, default_name, &(m)->has_##key_member, &(m)->key_member,                      \
		   &(m)->has_providerdata, &(m)->providerdata, &(m)->displaydata)

static wfp_err put_common(struct add *a, const char *name, protobuf_c_boolean *has_key,
			  ProtobufCBinaryData *key, protobuf_c_boolean *has_data,
			  ProtobufCBinaryData *data, Openwfp__DisplayData **texts)
{
	struct guid guid;
	wfp_err err = put_texts(a, name, texts);

	if (!err)
		err = put_bytes(a, "provider-data", a->o->provider_data, has_data, data);
	if (err || !a->o->key)
		return err;
	if (!guid_parse(&guid, a->o->key))
		return invalid(a, "key", a->o->key, "a GUID");
	return put_key(a, &guid, has_key, key);
}

static wfp_err need_name(struct add *a)
{
	if (a->o->name && *a->o->name)
		return ERR_OK;
	buf_append_str(&a->why, "it needs a name");
	return ERR_INVALID_DATA;
}

static wfp_err build_provider(struct add *a, Openwfp__Object *out)
{
	Openwfp__Provider *m = arena_alloc(&a->arena, sizeof(*m));
	wfp_err err = need_name(a);

	if (err || !m)
		return err ? err : ERR_NO_MEMORY;
	*m = (Openwfp__Provider)OPENWFP__PROVIDER__INIT;
	m->has_flags = true;
	m->flags = a->o->persistent ? MODEL_PROVIDER_PERSISTENT : 0;
	m->servicename = (char *)(uintptr_t)a->o->service;
	out->object_case = OPENWFP__OBJECT__OBJECT_PROVIDER;
	out->provider = m;
	return PUT_COMMON(a, m, providerkey, NULL);
}

static wfp_err build_policy(struct add *a, Openwfp__ContextPolicy **out)
{
	Openwfp__ContextPolicy *policy = arena_alloc(&a->arena, sizeof(*policy));
	protobuf_c_boolean has;

	if (!policy)
		return ERR_NO_MEMORY;
	*policy = (Openwfp__ContextPolicy)OPENWFP__CONTEXT_POLICY__INIT;
	policy->policy_case = OPENWFP__CONTEXT_POLICY__POLICY_DATA_BUFFER;
	*out = policy;
	return put_bytes(a, "data", a->o->data, &has, &policy->databuffer);
}

static wfp_err build_context(struct add *a, Openwfp__Object *out)
{
	Openwfp__ProviderContext *m = arena_alloc(&a->arena, sizeof(*m));
	wfp_err err = need_name(a);

	if (err || !m)
		return err ? err : ERR_NO_MEMORY;
	if (a->o->type && !words_equal(a->o->type, "general") &&
	    !words_equal(a->o->type, "general-context"))
		return invalid(a, "type", a->o->type,
			       "general-context; contexts of other types come from a document, see "
			       "wfp import");
	*m = (Openwfp__ProviderContext)OPENWFP__PROVIDER_CONTEXT__INIT;
	m->has_flags = m->has_type = true;
	m->flags = a->o->persistent ? MODEL_CONTEXT_PERSISTENT : 0;
	m->type = MODEL_CONTEXT_GENERAL;
	out->object_case = OPENWFP__OBJECT__OBJECT_PROVIDER_CONTEXT;
	out->providercontext = m;
	err = build_policy(a, &m->policy);
	if (!err)
		err = put_reference(a, "provider", "provider", a->o->provider, &m->has_providerkey,
				    &m->providerkey);
	return err ? err : PUT_COMMON(a, m, providercontextkey, NULL);
}

static wfp_err build_sublayer(struct add *a, Openwfp__Object *out)
{
	Openwfp__SubLayer *m = arena_alloc(&a->arena, sizeof(*m));
	wfp_err err = need_name(a);
	uint64_t weight = 0;

	if (err || !m)
		return err ? err : ERR_NO_MEMORY;
	if (a->o->weight && !options_u64(a->o->weight, 0, UINT16_MAX, &weight))
		return invalid(a, "weight", a->o->weight, "a number from 0 to 65535");
	*m = (Openwfp__SubLayer)OPENWFP__SUB_LAYER__INIT;
	m->has_flags = m->has_weight = true;
	m->flags = a->o->persistent ? MODEL_SUBLAYER_PERSISTENT : 0;
	m->weight = (uint32_t)weight;
	out->object_case = OPENWFP__OBJECT__OBJECT_SUB_LAYER;
	out->sublayer = m;
	err = put_reference(a, "provider", "provider", a->o->provider, &m->has_providerkey,
			    &m->providerkey);
	return err ? err : PUT_COMMON(a, m, sublayerkey, NULL);
}

static wfp_err one_layer(struct add *a, const struct model_layer **out)
{
	const struct model_layer *layers[TYPED_LAYERS_MAX];
	unsigned n = 0;
	wfp_err err = typed_options_layers(&a->o->typed, layers, &n, &a->why);

	if (!err && n > 1)
		return invalid(a, "layer", a->o->typed.layer, "one layer, with -v4 or -v6");
	if (!err)
		*out = layers[0];
	return err;
}

static wfp_err build_callout(struct add *a, Openwfp__Object *out)
{
	Openwfp__Callout *m = arena_alloc(&a->arena, sizeof(*m));
	const struct model_layer *layer = NULL;
	wfp_err err = need_name(a);

	if (err || !m)
		return err ? err : ERR_NO_MEMORY;
	*m = (Openwfp__Callout)OPENWFP__CALLOUT__INIT;
	m->has_flags = true;
	m->flags = (a->o->persistent ? MODEL_CALLOUT_PERSISTENT : 0) |
		   (a->o->uses_context ? MODEL_CALLOUT_USES_PROVIDER_CONTEXT : 0);
	out->object_case = OPENWFP__OBJECT__OBJECT_CALLOUT;
	out->callout = m;
	err = one_layer(a, &layer);
	if (!err)
		err = put_key(a, &layer->key, &m->has_applicablelayer, &m->applicablelayer);
	if (!err)
		err = put_reference(a, "provider", "provider", a->o->provider, &m->has_providerkey,
				    &m->providerkey);
	return err ? err : PUT_COMMON(a, m, calloutkey, NULL);
}

/* ---- filters ----------------------------------------------------------------------------------
 */

/* Small numbers are ranges, as FWP_UINT8 weights are; what has 0x is the weight itself. */
static wfp_err put_weight(struct add *a, Openwfp__Value *out)
{
	const char *text = a->o->weight;
	uint64_t x;

	*out = (Openwfp__Value)OPENWFP__VALUE__INIT;
	out->has_type = true;
	out->type = MODEL_EMPTY;
	if (!text || words_equal(text, "auto"))
		return ERR_OK;
	if (!options_u64(text, 0, UINT64_MAX, &x))
		return invalid(a, "weight", text, "auto, a range from 0 to 15, or a number");
	if (x <= RANGE_MAX && strncmp(text, "0x", 2) != 0) {
		out->type = MODEL_UINT8;
		out->value_case = OPENWFP__VALUE__VALUE_UINT8;
		out->uint8 = (uint32_t)x;
	} else {
		out->type = MODEL_UINT64;
		out->value_case = OPENWFP__VALUE__VALUE_UINT64;
		out->uint64 = x;
	}
	return ERR_OK;
}

static wfp_err put_action(struct add *a, Openwfp__Action *out)
{
	const char *text = a->o->action ? a->o->action : a->o->callout ? "callout-unknown" : "";
	const char *name;
	uint32_t value;

	*out = (Openwfp__Action)OPENWFP__ACTION__INIT;
	if (!*text) {
		buf_append_str(&a->why,
			       "--action is missing: block, permit, continue, or --callout");
		return ERR_INVALID_DATA;
	}
	buf_append_str(&a->why, "--action: ");
	name = words_find(&words_actions, text, &a->why);
	if (!name || !names_value(NAMES_FWP_ACTION_TYPE, name, &value))
		return ERR_INVALID_DATA;
	buf_reset(&a->why);
	out->has_type = true;
	out->type = value;
	if (MODEL_ACTION_IS_CALLOUT(value) != (a->o->callout != NULL))
		return invalid(a, "action", text,
			       a->o->callout ? "one that calls a callout: callout-terminating, "
					       "callout-inspection or callout-unknown"
					     : "--callout with it");
	return put_reference(a, "callout", "callout", a->o->callout, &out->has_filtertype,
			     &out->filtertype);
}

static wfp_err put_context(struct add *a, Openwfp__Filter *m)
{
	protobuf_c_boolean has;

	if (a->o->context && a->o->raw_context)
		return invalid(a, "raw-context", a->o->raw_context, "no --context with it");
	if (a->o->context) {
		m->flags |= MODEL_FILTER_HAS_PROVIDER_CONTEXT;
		m->context_case = OPENWFP__FILTER__CONTEXT_PROVIDER_CONTEXT_KEY;
		return put_reference(a, "context", "context", a->o->context, &has,
				     &m->providercontextkey);
	}
	if (!a->o->raw_context)
		return ERR_OK;
	m->context_case = OPENWFP__FILTER__CONTEXT_RAW_CONTEXT;
	return options_u64(a->o->raw_context, 0, UINT64_MAX, &m->rawcontext)
		       ? ERR_OK
		       : invalid(a, "raw-context", a->o->raw_context, "a number");
}

static uint32_t filter_flags(const struct add_options *o)
{
	return (o->persistent ? MODEL_FILTER_PERSISTENT : 0) |
	       (o->boot_time ? MODEL_FILTER_BOOTTIME : 0) |
	       (o->hard ? MODEL_FILTER_CLEAR_ACTION_RIGHT : 0) |
	       (o->permit_if_unregistered ? MODEL_FILTER_PERMIT_IF_CALLOUT_UNREGISTERED : 0) |
	       (o->disabled ? MODEL_FILTER_DISABLED : 0) | (o->indexed ? MODEL_FILTER_INDEXED : 0);
}

/* "block ale-auth-connect-v4", when no name was typed. */
static const char *default_name(struct add *a, const struct model_layer *layer)
{
	struct buf text = {0};
	const char *name;

	buf_printf(&text, "%s ", a->o->action ? a->o->action : "callout");
	words_short(&words_layers, layer->name, &text);
	name = arena_dup(&a->arena, buf_str(&text), text.len + 1);
	buf_free(&text);
	return name;
}

static wfp_err put_conditions(struct add *a, const struct model_layer *layer, Openwfp__Filter *m)
{
	struct typed_conditions conditions = {0};
	wfp_err err = typed_options_resolve(&a->arena, &a->o->typed, layer, &conditions, &a->why);

	m->n_filtercondition = conditions.n;
	m->filtercondition = conditions.conditions;
	return err;
}

static wfp_err build_filter(struct add *a, const struct model_layer *layer, Openwfp__Object *out)
{
	Openwfp__Filter *m = arena_alloc(&a->arena, sizeof(*m));
	wfp_err err;

	if (!m)
		return ERR_NO_MEMORY;
	*m = (Openwfp__Filter)OPENWFP__FILTER__INIT;
	m->weight = arena_alloc(&a->arena, sizeof(*m->weight));
	m->action = arena_alloc(&a->arena, sizeof(*m->action));
	if (!m->weight || !m->action)
		return ERR_NO_MEMORY;
	m->has_flags = true;
	m->flags = filter_flags(a->o);
	out->object_case = OPENWFP__OBJECT__OBJECT_FILTER;
	out->filter = m;
	err = put_weight(a, m->weight);
	if (!err)
		err = put_key(a, &layer->key, &m->has_layerkey, &m->layerkey);
	if (!err)
		err = put_conditions(a, layer, m);
	if (!err)
		err = put_action(a, m->action);
	if (!err)
		err = put_context(a, m);
	if (!err)
		err = put_reference(a, "provider", "provider", a->o->provider, &m->has_providerkey,
				    &m->providerkey);
	if (!err)
		err = put_reference(a, "sublayer", "sublayer", a->o->sublayer, &m->has_sublayerkey,
				    &m->sublayerkey);
	return err ? err : PUT_COMMON(a, m, filterkey, default_name(a, layer));
}

/* ---- adding -----------------------------------------------------------------------------------
 */

static void note_added(struct add *a, const Openwfp__Object *object, const struct remote_added *is,
		       const struct model_layer *layer)
{
	const struct remote_kind *kind = remote_kind_of(object);
	char key[GUID_TEXT];
	json_t *o;

	guid_format(&is->key, key);
	if (!a->o->json) {
		printf("%s %s", kind->one, key);
		if (kind->has_id)
			printf(" id %llu", (unsigned long long)is->id);
		printf("%s%s\n", layer ? " at " : "", layer ? layer->name : "");
		return;
	}
	o = json_pack("{s:s, s:s, s:s}", "object", kind->one, "key", key, "name",
		      remote_name_of(object));
	if (kind->has_id)
		json_object_set_new(o, "id", command_number(is->id));
	if (layer)
		json_object_set_new(o, "layer", json_string(layer->name));
	json_array_append_new(a->added, o);
}

static wfp_err send_object(struct add *a, Openwfp__Object *object, const struct model_layer *layer)
{
	struct remote_added added = {0};
	struct model_blob *sd = NULL;
	ProtobufCBinaryData bytes;
	wfp_err err;

	if (a->o->sd && model_sddl_parse(&sd, a->o->sd, NULL) != ERR_OK)
		return invalid(a, "sd", a->o->sd, "a descriptor such as D:(A;;GA;;;BA)");
	if (sd)
		bytes = (ProtobufCBinaryData){sd->size, sd->data};
	err = remote_add(&a->remote, object, sd ? &bytes : NULL, &added);
	mem_free(sd);
	if (!err)
		note_added(a, object, &added, layer);
	return err;
}

static wfp_err add_filters(struct add *a)
{
	const struct model_layer *layers[TYPED_LAYERS_MAX];
	Openwfp__Object objects[TYPED_LAYERS_MAX];
	unsigned n = 0;
	wfp_err err = typed_options_layers(&a->o->typed, layers, &n, &a->why), ended;

	if (!err && n > 1 && a->o->key)
		err = invalid(a, "key", a->o->key,
			      "one layer, with -v4 or -v6: there are two filters");
	for (unsigned i = 0; !err && i < n; i++) {
		objects[i] = (Openwfp__Object)OPENWFP__OBJECT__INIT;
		err = build_filter(a, layers[i], &objects[i]);
	}
	if (!err)
		err = remote_begin(&a->remote);
	if (err)
		return err;
	for (unsigned i = 0; !err && i < n; i++)
		err = send_object(a, &objects[i], layers[i]);
	ended = remote_end(&a->remote, err == ERR_OK);
	return err ? err : ended;
}

static wfp_err add_one(struct add *a, wfp_err (*build)(struct add *, Openwfp__Object *))
{
	Openwfp__Object object = OPENWFP__OBJECT__INIT;
	wfp_err err = build(a, &object);

	return err ? err : send_object(a, &object, NULL);
}

static wfp_err add_provider(struct add *a)
{
	return add_one(a, build_provider);
}

static wfp_err add_context(struct add *a)
{
	return add_one(a, build_context);
}

static wfp_err add_sublayer(struct add *a)
{
	return add_one(a, build_sublayer);
}

static wfp_err add_callout(struct add *a)
{
	return add_one(a, build_callout);
}

static const struct command_object objects[] = {
	{"provider", "who objects belong to", provider_rows, ARRAY_LEN(provider_rows)},
	{"context", "data for callouts", context_rows, ARRAY_LEN(context_rows)},
	{"sublayer", "a place in the order of decisions", sublayer_rows, ARRAY_LEN(sublayer_rows)},
	{"callout", "a driver's, that filters may ask", callout_rows, ARRAY_LEN(callout_rows)},
	{"filter", "what becomes of which packets", filter_rows, ARRAY_LEN(filter_rows)},
};
static wfp_err (*const adders[])(struct add *a) = {add_provider, add_context, add_sublayer,
						   add_callout, add_filters};

const struct command_object *add_object(size_t i)
{
	return i < ARRAY_LEN(objects) ? &objects[i] : NULL;
}

static enum exit_status finish(struct add *a, wfp_err err)
{
	if (err && a->why.len)
		return command_wrong(PROGRAM, buf_str(&a->why));
	if (err)
		return remote_failed(&a->remote, NULL, err);
	if (a->o->json)
		return command_print(PROGRAM, json_pack("{s:O}", "added", a->added));
	return EXIT_DONE;
}

static enum exit_status run(struct add_options *o, const struct command_object *object)
{
	struct add a = {.o = o, .remote = {.program = PROGRAM, .socket = o->socket}};
	enum exit_status status;

	if (!remote_open(&a.remote, NULL, NULL, &status))
		return status;
	arena_init(&a.arena, ARENA_LIMIT);
	a.added = json_array();
	status = finish(&a, adders[object - objects](&a));
	json_decref(a.added);
	buf_free(&a.why);
	arena_free(&a.arena);
	remote_close(&a.remote);
	return status;
}

enum exit_status add_command(int argc, char **argv)
{
	const struct command c = {.object = add_object};
	const struct command_object *object = command_choose(&c, PROGRAM, argc, argv);
	struct add_options o = {0};
	int n;

	if (!object ||
	    !options_parse(object->rows, object->n_rows, PROGRAM, argc - 1, argv + 1, &o, &n))
		return EXIT_INPUT;
	if (n > 1 || (n == 1 && o.name)) {
		fprintf(stderr, PROGRAM ": what is '%s'? (see wfp add --help)\n", argv[1 + n]);
		return EXIT_INPUT;
	}
	if (n == 1)
		o.name = argv[2];
	return run(&o, object);
}
