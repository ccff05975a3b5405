/* SPDX-License-Identifier: MIT */
/*
 * policy_file - from a JSON text to one transaction.
 *
 * Objects are added in the order providers, sublayers, callouts, filters.  The keys of named
 * objects are fixed before the first is added, so that filters may refer to them by name.  The JSON
 * tree is libjansson's own memory.
 */
#include "bfe/policy_file.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "bfe/policy_value.h"

#include <string.h>

enum named { NAMED_PROVIDER, NAMED_SUBLAYER, NAMED_CALLOUT, NAMED_KINDS };

/* Where the objects of a kind are, what they are called, and how a built-in one is found. */
static const struct {
	const char *list, *what, *prefix;
	const struct model_builtin *(*builtin)(unsigned i);
} named_kinds[NAMED_KINDS] = {
	[NAMED_PROVIDER] = {"providers", "provider", "FWPM_PROVIDER_", model_provider_builtin},
	[NAMED_SUBLAYER] = {"subLayers", "sublayer", "FWPM_SUBLAYER_", model_sublayer_builtin},
	[NAMED_CALLOUT] = {"callouts", "callout", "FWPM_CALLOUT_", model_callout_builtin},
};

struct named_key {
	struct hnode node; /* by name */
	const char *name;  /* lives in the document */
	struct guid key;
};

struct policy {
	struct bfe_session *session;
	struct policy_place root;
	const json_t *document;
	struct named_key *keys[NAMED_KINDS]; /* as long as the lists */
	struct htable names[NAMED_KINDS];
};

/* ---- names and keys ---------------------------------------------------------------------------
 */

static uint64_t name_hash(const char *name)
{
	static const uint8_t key[16];

	return hash_siphash(key, name, strlen(name));
}

static const struct named_key *find_name(const struct policy *p, enum named kind, const char *name)
{
	struct hnode *n = htable_first(&p->names[kind], name_hash(name));

	for (; n; n = htable_next(n)) {
		struct named_key *k = CONTAINER_OF(n, struct named_key, node);

		if (strcmp(k->name, name) == 0)
			return k;
	}
	return NULL;
}

static wfp_err read_key(const struct policy_place *at, const json_t *object, struct guid *out)
{
	struct policy_place here = policy_at(at, "key");
	const char *text = NULL;
	wfp_err err = policy_string(at, object, "key", &text);

	if (err || !text)
		return err;
	if (!guid_parse(out, text) || guid_is_zero(out))
		return policy_wrong(&here, ERR_INVALID_DATA, "\"%.80s\" is not a GUID", text);
	return ERR_OK;
}

static wfp_err name_one(struct policy *p, enum named kind, size_t i,
			const struct policy_place *list)
{
	const json_t *object = json_array_get(json_object_get(p->document, list->key), i);
	struct policy_place at = policy_at_index(list, i);
	struct named_key *k = &p->keys[kind][i];
	wfp_err err;

	if (!json_is_object(object))
		return policy_wrong(&at, ERR_INVALID_DATA, "expected an object");
	err = policy_need_string(&at, object, "name", &k->name);
	if (err)
		return err;
	if (find_name(p, kind, k->name))
		return policy_wrong(&at, ERR_ALREADY_EXISTS, "two of the %s are called \"%.80s\"",
				    list->key, k->name);
	k->key = guid_random();
	err = read_key(&at, object, &k->key);
	if (!err)
		htable_insert(&p->names[kind], &k->node, name_hash(k->name));
	return err;
}

static wfp_err name_kind(struct policy *p, enum named kind)
{
	struct policy_place list = policy_at(&p->root, named_kinds[kind].list);
	const json_t *v = json_object_get(p->document, list.key);
	size_t n = json_array_size(v);
	wfp_err err = htable_init(&p->names[kind], n);

	if (err || !v)
		return err;
	if (!json_is_array(v))
		return policy_wrong(&list, ERR_INVALID_DATA, "expected a list");
	p->keys[kind] = mem_zalloc_array(n ? n : 1, sizeof(struct named_key));
	if (!p->keys[kind])
		return ERR_NO_MEMORY;
	for (size_t i = 0; !err && i < n; i++)
		err = name_one(p, kind, i, &list);
	return err;
}

static bool find_builtin(enum named kind, const char *name, struct guid *out)
{
	const struct model_builtin *row;
	const char *prefix = named_kinds[kind].prefix;

	for (unsigned i = 0; (row = named_kinds[kind].builtin(i)) != NULL; i++)
		if (strcmp(row->name, name) == 0 || strcmp(row->name + strlen(prefix), name) == 0) {
			*out = row->key;
			return true;
		}
	return false;
}

/* A member that names an object: by its name in this file, by a built-in name or by its GUID. */
static wfp_err resolve(const struct policy *p, const struct policy_place *at, const json_t *object,
		       const char *member, enum named kind, struct guid *out)
{
	struct policy_place here = policy_at(at, member);
	const struct named_key *k;
	const char *text = NULL;
	wfp_err err = policy_string(at, object, member, &text);

	if (err || !text)
		return err;
	k = find_name(p, kind, text);
	if (k)
		*out = k->key;
	else if (!find_builtin(kind, text, out) && !guid_parse(out, text))
		return policy_wrong(&here, ERR_INVALID_DATA,
				    "no such %s: %.80s (expected a name from \"%s\", a built-in "
				    "%s... or a GUID)",
				    named_kinds[kind].what, text, named_kinds[kind].list,
				    named_kinds[kind].prefix);
	return ERR_OK;
}

/* ---- what the objects have in common ------------------------------------------------------------
 */

static wfp_err read_layer(const struct policy_place *at, const json_t *object, uint16_t *out)
{
	struct policy_place here = policy_at(at, "layer");
	const struct model_layer *layer;
	const char *name = NULL;
	wfp_err err = policy_need_string(at, object, "layer", &name);

	if (err)
		return err;
	layer = model_layer_by_name(name);
	if (!layer)
		return policy_wrong(&here, ERR_LAYER_NOT_FOUND,
				    "no such layer: %.80s (expected a name such as "
				    "FWPM_LAYER_ALE_AUTH_CONNECT_V4)",
				    name);
	*out = layer->id;
	return ERR_OK;
}

struct word {
	const char *name;
	uint32_t value;
};

static wfp_err read_word(const struct policy_place *at, const char *what, const char *text,
			 const struct word *words, uint32_t *out)
{
	char list[320] = "";
	size_t len = 0;

	for (const struct word *w = words; w->name; w++) {
		if (strcmp(w->name, text) == 0) {
			*out = w->value;
			return ERR_OK;
		}
		if (len < sizeof(list))
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
						len ? ", " : "", w->name);
	}
	return policy_wrong(at, ERR_INVALID_DATA, "no such %s: %.80s (expected one of %s)", what,
			    text, list);
}

/* What the base filtering engine said, at the object it said it about. */
static wfp_err refused(const struct policy_place *at, wfp_err err)
{
	return err ? policy_wrong(at, err, "%s (%s)", err_text(err), err_name(err)) : ERR_OK;
}

/* ---- providers, sublayers, callouts -------------------------------------------------------------
 */

/* A draft's texts are only read. */
static char *borrow(const char *text)
{
	return (char *)(uintptr_t)text;
}

static wfp_err read_description(const struct policy_place *at, const json_t *v,
				struct model_object *draft)
{
	const char *text = NULL;
	wfp_err err = policy_string(at, v, "description", &text);

	draft->description = borrow(text);
	return err;
}

static wfp_err add_object(struct policy *p, const struct policy_place *at,
			  const struct model_object *draft)
{
	return refused(at, bfe_object_add(p->session, draft, NULL, NULL));
}

static wfp_err add_provider(struct policy *p, const struct policy_place *at, const json_t *v,
			    const struct named_key *k)
{
	static const char *const keys[] = {"name", "description", "key", "serviceName", NULL};
	struct model_object in = {.kind = MODEL_PROVIDER, .key = k->key, .name = borrow(k->name)};
	const char *service = NULL;
	wfp_err err = policy_object(at, v, keys);

	if (!err)
		err = read_description(at, v, &in);
	if (!err)
		err = policy_string(at, v, "serviceName", &service);
	in.service = borrow(service);
	return err ? err : add_object(p, at, &in);
}

static wfp_err add_sublayer(struct policy *p, const struct policy_place *at, const json_t *v,
			    const struct named_key *k)
{
	static const char *const keys[] = {"name",     "description", "key",
					   "provider", "weight",      NULL};
	struct model_object in = {.kind = MODEL_SUBLAYER, .key = k->key, .name = borrow(k->name)};
	uint64_t weight = 0;
	wfp_err err = policy_object(at, v, keys);

	if (!err)
		err = read_description(at, v, &in);
	if (!err)
		err = resolve(p, at, v, "provider", NAMED_PROVIDER, &in.provider);
	if (!err)
		err = policy_member_number(at, v, "weight", UINT16_MAX, &weight);
	in.weight = (uint16_t)weight;
	return err ? err : add_object(p, at, &in);
}

static wfp_err add_callout(struct policy *p, const struct policy_place *at, const json_t *v,
			   const struct named_key *k)
{
	static const char *const keys[] = {"name", "description", "key", "provider", "layer", NULL};
	struct model_object in = {.kind = MODEL_CALLOUT, .key = k->key, .name = borrow(k->name)};
	wfp_err err = policy_object(at, v, keys);

	if (!err)
		err = read_description(at, v, &in);
	if (!err)
		err = resolve(p, at, v, "provider", NAMED_PROVIDER, &in.provider);
	if (!err)
		err = read_layer(at, v, &in.layer);
	return err ? err : add_object(p, at, &in);
}

typedef wfp_err add_named_fn(struct policy *p, const struct policy_place *at, const json_t *v,
			     const struct named_key *k);

static wfp_err add_named(struct policy *p, enum named kind)
{
	static add_named_fn *const add[NAMED_KINDS] = {
		[NAMED_PROVIDER] = add_provider,
		[NAMED_SUBLAYER] = add_sublayer,
		[NAMED_CALLOUT] = add_callout,
	};
	struct policy_place list = policy_at(&p->root, named_kinds[kind].list);
	const json_t *v = json_object_get(p->document, list.key);
	wfp_err err = ERR_OK;

	for (size_t i = 0; !err && i < json_array_size(v); i++) {
		struct policy_place at = policy_at_index(&list, i);

		err = add[kind](p, &at, json_array_get(v, i), &p->keys[kind][i]);
	}
	return err;
}

/* ---- conditions -------------------------------------------------------------------------------
 */

static wfp_err read_match(const struct policy_place *at, const json_t *v, struct model_condition *c)
{
	struct policy_place here = policy_at(at, "match");
	struct word words[MODEL_MATCHES + 1] = {{NULL, 0}};
	const char *text = NULL;
	uint32_t match = c->value.type == MODEL_RANGE_TYPE ? MODEL_MATCH_RANGE : MODEL_MATCH_EQUAL;
	wfp_err err = policy_string(at, v, "match", &text);

	for (unsigned i = 0; i < MODEL_MATCHES; i++)
		words[i] = (struct word){model_match_name((enum model_match)i), i};
	if (!err && text)
		err = read_word(&here, "match type", text, words, &match);
	c->match = (uint8_t)match;
	return err;
}

static wfp_err read_field(const struct policy_place *at, const json_t *v, uint16_t layer,
			  const struct model_field **out)
{
	struct policy_place here = policy_at(at, "field");
	const struct model_layer *l = model_layer_by_id(layer);
	const struct guid *key;
	const char *name = NULL;
	wfp_err err = policy_need_string(at, v, "field", &name);

	if (err)
		return err;
	key = model_condition_key(name);
	if (!key)
		return policy_wrong(&here, ERR_CONDITION_NOT_FOUND,
				    "no such condition: %.80s (expected a name such as "
				    "FWPM_CONDITION_IP_REMOTE_ADDRESS)",
				    name);
	*out = model_field_find(l, key);
	if (!*out)
		return policy_wrong(&here, ERR_CONDITION_NOT_FOUND, "%s has no field %.80s",
				    l->name, name);
	return ERR_OK;
}

static wfp_err read_condition(const struct policy_place *at, const json_t *v, uint16_t layer,
			      struct model_condition *out)
{
	static const char *const keys[] = {"field", "match", "value", NULL};
	struct policy_place here = policy_at(at, "value");
	const struct model_field *field = NULL;
	wfp_err err = policy_object(at, v, keys);

	if (!err)
		err = read_field(at, v, layer, &field);
	if (err)
		return err;
	if (!json_object_get(v, "value"))
		return policy_wrong(at, ERR_INVALID_DATA, "\"value\" is missing");
	out->field_key = *field->key;
	err = policy_value(&here, field, json_object_get(v, "value"), &out->value);
	return err ? err : read_match(at, v, out);
}

static wfp_err read_conditions(const struct policy_place *filter, const json_t *v,
			       struct model_filter *f)
{
	struct policy_place list = policy_at(filter, "conditions");
	const json_t *conditions = json_object_get(v, "conditions");
	size_t n = json_array_size(conditions);
	wfp_err err = ERR_OK;

	if (!conditions)
		return ERR_OK;
	if (!json_is_array(conditions))
		return policy_wrong(&list, ERR_INVALID_DATA, "expected a list");
	f->conditions = mem_zalloc_array(n ? n : 1, sizeof(*f->conditions));
	if (!f->conditions)
		return ERR_NO_MEMORY;
	for (; !err && f->n_conditions < n; f->n_conditions++) {
		struct policy_place at = policy_at_index(&list, f->n_conditions);

		err = read_condition(&at, json_array_get(conditions, f->n_conditions), f->layer,
				     &f->conditions[f->n_conditions]);
	}
	return err;
}

static void clear_conditions(struct model_filter *f)
{
	for (uint32_t i = 0; i < f->n_conditions; i++)
		model_value_clear(&f->conditions[i].value);
	mem_free(f->conditions);
}

/* ---- filters ----------------------------------------------------------------------------------
 */

static wfp_err read_action(const struct policy_place *at, const json_t *v, uint32_t *out)
{
	static const struct word words[] = {
		{"FWP_ACTION_BLOCK", MODEL_ACTION_BLOCK},
		{"FWP_ACTION_PERMIT", MODEL_ACTION_PERMIT},
		{"FWP_ACTION_CONTINUE", MODEL_ACTION_CONTINUE},
		{"FWP_ACTION_CALLOUT_TERMINATING", MODEL_ACTION_CALLOUT_TERMINATING},
		{"FWP_ACTION_CALLOUT_INSPECTION", MODEL_ACTION_CALLOUT_INSPECTION},
		{"FWP_ACTION_CALLOUT_UNKNOWN", MODEL_ACTION_CALLOUT_UNKNOWN},
		{NULL, 0},
	};
	struct policy_place here = policy_at(at, "action");
	const char *text = NULL;
	wfp_err err = policy_need_string(at, v, "action", &text);

	return err ? err : read_word(&here, "action", text, words, out);
}

static wfp_err read_flags(const struct policy_place *at, const json_t *v, uint32_t *out)
{
	static const struct word words[] = {
		{"FWPM_FILTER_FLAG_CLEAR_ACTION_RIGHT", MODEL_FILTER_CLEAR_ACTION_RIGHT},
		{"FWPM_FILTER_FLAG_PERMIT_IF_CALLOUT_UNREGISTERED",
		 MODEL_FILTER_PERMIT_IF_CALLOUT_UNREGISTERED},
		{"FWPM_FILTER_FLAG_DISABLED", MODEL_FILTER_DISABLED},
		{"FWPM_FILTER_FLAG_INDEXED", MODEL_FILTER_INDEXED},
		{NULL, 0},
	};
	struct policy_place list = policy_at(at, "flags");
	const json_t *flags = json_object_get(v, "flags");
	wfp_err err = ERR_OK;

	if (flags && !json_is_array(flags))
		return policy_wrong(&list, ERR_INVALID_DATA, "expected a list of names");
	for (size_t i = 0; !err && i < json_array_size(flags); i++) {
		struct policy_place here = policy_at_index(&list, i);
		const json_t *flag = json_array_get(flags, i);
		uint32_t bit = 0;

		if (!json_is_string(flag))
			return policy_wrong(&here, ERR_INVALID_DATA, "expected a string");
		err = read_word(&here, "flag", json_string_value(flag), words, &bit);
		*out |= bit;
	}
	return err;
}

/* A number as it is, {"range": 0 to 15}, or absent: automatic. */
static wfp_err read_weight(const struct policy_place *at, const json_t *v, uint64_t *room,
			   struct model_value *out)
{
	static const char *const keys[] = {"range", NULL};
	struct policy_place here = policy_at(at, "weight");
	const json_t *weight = json_object_get(v, "weight");
	uint64_t range = 0;
	wfp_err err;

	out->type = MODEL_EMPTY;
	if (!weight)
		return ERR_OK;
	if (!json_is_object(weight)) {
		out->type = MODEL_UINT64;
		out->u64 = room;
		return policy_number(&here, weight, UINT64_MAX, room);
	}
	err = policy_object(&here, weight, keys);
	if (!err && !json_object_get(weight, "range"))
		err = policy_wrong(&here, ERR_INVALID_DATA, "\"range\" is missing");
	if (!err)
		err = policy_member_number(&here, weight, "range", 15, &range);
	out->type = MODEL_UINT8;
	out->u8 = (uint8_t)range;
	return err;
}

static wfp_err read_callout(const struct policy *p, const struct policy_place *at, const json_t *v,
			    struct model_filter *f)
{
	bool calls = MODEL_ACTION_IS_CALLOUT(f->action), named = json_object_get(v, "callout");

	if (calls && !named)
		return policy_wrong(at, ERR_CALLOUT_NOT_FOUND,
				    "\"callout\" is missing: the action calls one");
	if (!calls && named)
		return policy_wrong(at, ERR_INVALID_ACTION_TYPE,
				    "\"callout\" is of no use: the action calls none");
	return resolve(p, at, v, "callout", NAMED_CALLOUT, &f->callout);
}

static wfp_err read_texts(const struct policy_place *at, const json_t *v, struct model_filter *f)
{
	const char *name = NULL, *description = NULL;
	wfp_err err = policy_need_string(at, v, "name", &name);

	if (!err)
		err = policy_string(at, v, "description", &description);
	f->name = borrow(name);
	f->description = borrow(description);
	return err;
}

static wfp_err read_filter(const struct policy *p, const struct policy_place *at, const json_t *v,
			   uint64_t *weight, struct model_filter *f)
{
	static const char *const keys[] = {
		"name",	  "description", "key",	  "layer",   "subLayer",   "provider", "weight",
		"action", "callout",	 "flags", "context", "conditions", NULL};
	wfp_err err = policy_object(at, v, keys);

	if (!err)
		err = read_texts(at, v, f);
	if (!err)
		err = read_key(at, v, &f->key);
	if (!err)
		err = read_layer(at, v, &f->layer);
	if (!err)
		err = resolve(p, at, v, "subLayer", NAMED_SUBLAYER, &f->sublayer);
	if (!err)
		err = resolve(p, at, v, "provider", NAMED_PROVIDER, &f->provider);
	if (!err)
		err = read_weight(at, v, weight, &f->requested_weight);
	if (!err)
		err = read_action(at, v, &f->action);
	if (!err)
		err = read_callout(p, at, v, f);
	if (!err)
		err = read_flags(at, v, &f->flags);
	if (!err)
		err = policy_member_number(at, v, "context", UINT64_MAX, &f->context);
	return err ? err : read_conditions(at, v, f);
}

static wfp_err add_filters(struct policy *p)
{
	struct policy_place list = policy_at(&p->root, "filters");
	const json_t *v = json_object_get(p->document, "filters");
	wfp_err err = ERR_OK;

	if (v && !json_is_array(v))
		return policy_wrong(&list, ERR_INVALID_DATA, "expected a list");
	for (size_t i = 0; !err && i < json_array_size(v); i++) {
		struct policy_place at = policy_at_index(&list, i);
		struct model_filter draft = {.n_conditions = 0};
		uint64_t weight;

		err = read_filter(p, &at, json_array_get(v, i), &weight, &draft);
		if (!err)
			err = add_object(
				p, &at,
				&(struct model_object){.kind = MODEL_FILTER, .filter = &draft});
		clear_conditions(&draft);
	}
	return err;
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static wfp_err add_all(struct policy *p)
{
	wfp_err err = ERR_OK;

	for (unsigned kind = 0; !err && kind < NAMED_KINDS; kind++)
		err = add_named(p, (enum named)kind);
	return err ? err : add_filters(p);
}

static wfp_err in_transaction(struct policy *p)
{
	wfp_err err = refused(&p->root, bfe_txn_begin(p->session, 0));

	if (err)
		return err;
	err = add_all(p);
	if (!err)
		return refused(&p->root, bfe_txn_commit(p->session));
	BUG_ON(bfe_txn_abort(p->session));
	return err;
}

static wfp_err load_document(struct policy *p)
{
	static const char *const keys[] = {"$schema",  "providers", "subLayers",
					   "callouts", "filters",   NULL};
	wfp_err err = policy_object(&p->root, p->document, keys);

	for (unsigned kind = 0; !err && kind < NAMED_KINDS; kind++)
		err = name_kind(p, (enum named)kind);
	if (!err)
		err = in_transaction(p);
	for (unsigned kind = 0; kind < NAMED_KINDS; kind++) {
		htable_destroy(&p->names[kind]);
		mem_free(p->keys[kind]);
	}
	return err;
}

static wfp_err syntax_error(const json_error_t *e, const char *name, struct buf *why)
{
	if (json_error_code(e) == json_error_out_of_memory)
		return ERR_NO_MEMORY;
	buf_printf(why, "%s:%d:%d: %s", name, e->line, e->column, e->text);
	return ERR_INVALID_DATA;
}

wfp_err policy_file_parse(struct bfe_session *s, const char *text, size_t len, const char *name,
			  struct buf *why)
{
	json_error_t e = {.line = 0};
	json_t *document = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	struct policy p = {.session = s, .root = {.file = name, .why = why}, .document = document};
	size_t before = why->len;
	wfp_err err = document ? load_document(&p) : syntax_error(&e, name, why);

	json_decref(document);
	if (err && why->len == before)
		buf_printf(why, "%s: %s", name, err_text(err));
	return err;
}

wfp_err policy_file_load(struct bfe_session *s, const char *path, struct buf *why)
{
	struct buf text;
	wfp_err err;

	buf_init(&text);
	err = file_read_all(path, POLICY_FILE_MAX, &text);
	if (err == ERR_INSUFFICIENT_BUFFER)
		buf_printf(why, "%s: longer than %u bytes", path, POLICY_FILE_MAX);
	else if (err)
		buf_printf(why, "%s: %s", path, err_text(err));
	else
		err = policy_file_parse(s, buf_str(&text), text.len, path, why);
	buf_free(&text);
	return err;
}
