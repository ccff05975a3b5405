/* SPDX-License-Identifier: MIT */
/*
 * show_names - names for keys and ids, and conditions in the form in which they are typed.
 */
#include "wfp/show.h"

#include "base/mem.h"
#include "import/json_write.h"
#include "import/text.h"
#include "model/catalogue.h"
#include "wfp/typed.h"

#include <stdio.h>
#include <string.h>

/* ---- names ------------------------------------------------------------------------------------
 */

void show_names_init(struct show_names *n, struct remote *r)
{
	n->remote = r;
	remote_list_init(&n->list);
}

void show_names_free(struct show_names *n)
{
	remote_list_free(&n->list);
}

wfp_err show_names_load(struct show_names *n, bool filters)
{
	Openwfp__EnumTemplate t = OPENWFP__ENUM_TEMPLATE__INIT;
	wfp_err err = remote_list_add(n->remote, &n->list, OPENWFP__KIND__PROVIDER, NULL);

	t.has_flags = true;
	t.flags = REMOTE_ALL_FILTERS;
	if (!err)
		err = remote_list_add(n->remote, &n->list, OPENWFP__KIND__SUB_LAYER, NULL);
	if (!err && filters)
		err = remote_list_add(n->remote, &n->list, OPENWFP__KIND__FILTER, &t);
	return err;
}

static const Openwfp__Filter *known_filter(const struct show_names *n, uint64_t id)
{
	for (size_t i = 0; i < n->list.state.n_objects; i++) {
		const Openwfp__Object *o = n->list.state.objects[i];

		if (o->object_case == OPENWFP__OBJECT__OBJECT_FILTER && o->filter->filterid == id)
			return o->filter;
	}
	return NULL;
}

const Openwfp__Filter *show_names_filter(struct show_names *n, uint64_t id)
{
	const Openwfp__Filter *known = known_filter(n, id);

	if (!known && id &&
	    remote_list_get(n->remote, &n->list, OPENWFP__KIND__FILTER, id) == ERR_OK)
		known = known_filter(n, id);
	return known;
}

static const char *listed_name(const struct show_names *n, const struct guid *key)
{
	struct remote_parts parts;

	for (size_t i = 0; i < n->list.state.n_objects; i++) {
		struct guid other;

		if (!remote_parts_of(n->list.state.objects[i], &parts))
			continue;
		other = remote_guid(parts.key);
		if (guid_equal(&other, key))
			return remote_name_of(n->list.state.objects[i]);
	}
	return NULL;
}

void show_key(const struct show_names *n, const ProtobufCBinaryData *bytes, struct buf *out)
{
	static const struct words *const known[] = {&words_layers, &words_sublayers,
						    &words_providers, &words_callouts};
	struct guid key = remote_guid(bytes);
	const char *name = names_of_key(&key);
	char text[GUID_TEXT];

	if (guid_is_zero(&key))
		return;
	for (size_t i = 0; name && i < ARRAY_LEN(known); i++)
		if (strncmp(name, known[i]->prefix, strlen(known[i]->prefix)) == 0) {
			words_short(known[i], name, out);
			return;
		}
	if (!name)
		name = listed_name(n, &key);
	buf_append_str(out, name && *name ? name : guid_format(&key, text));
}

/* ---- values and conditions --------------------------------------------------------------------
 */

static void put_json(const json_t *v, struct buf *out);

/* The member of a value that is not its type. */
static void put_value(const json_t *value, struct buf *out)
{
	const char *key;
	json_t *member;
	size_t start = out->len;

	json_object_foreach ((json_t *)(uintptr_t)value, key, member)
		if (strcmp(key, "type") != 0)
			put_json(member, out);
	if (out->len == start)
		buf_append_str(out, "empty");
}

static void put_mask(const char *mask, struct buf *out)
{
	unsigned a, b, c, d, n = 0;
	uint32_t bits;

	if (sscanf(mask, "%u.%u.%u.%u", &a, &b, &c, &d) != 4)
		return;
	bits = a << 24 | b << 16 | c << 8 | d;
	while (n < 32 && bits & (UINT32_C(1) << (31 - n)))
		n++;
	if (n == 32 || (bits & (UINT32_MAX >> n)) == 0)
		buf_printf(out, "/%u", n);
	else
		buf_printf(out, "/%s", mask);
}

/* A mask or a range. */
static void put_object(const json_t *v, struct buf *out)
{
	const json_t *addr = json_object_get(v, "addr"), *mask = json_object_get(v, "mask");
	const json_t *prefix = json_object_get(v, "prefixLength");
	const json_t *low = json_object_get(v, "valueLow");

	if (addr) {
		buf_append_str(out, json_string_value(addr));
		if (mask)
			put_mask(json_string_value(mask), out);
		else
			buf_printf(out, "/%d", (int)json_integer_value(prefix));
	} else if (low) {
		put_value(low, out);
		buf_append_str(out, "-");
		put_value(json_object_get(v, "valueHigh"), out);
	} else {
		buf_append_str(out, "?");
	}
}

static void put_json(const json_t *v, struct buf *out)
{
	if (json_is_string(v))
		buf_append_str(out, json_string_value(v));
	else if (json_is_integer(v))
		buf_printf(out, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		buf_printf(out, "%.17g", json_real_value(v));
	else if (json_is_object(v))
		put_object(v, out);
	else
		buf_append_str(out, "?");
}

/* The path of a program, if that is what it is. */
static bool put_path(const Openwfp__Value *v, const char *field, struct buf *out)
{
	size_t start = out->len;

	if (!v || v->value_case != OPENWFP__VALUE__VALUE_BYTE_BLOB || !field ||
	    !strstr(field, "_APP_ID"))
		return false;
	text_as_string(out, &v->byteblob);
	if (out->len - start == v->byteblob.len / 2 - 1)
		return true;
	out->len = start;
	buf_append_str(out, "hex:");
	return false;
}

void show_condition(const Openwfp__FilterCondition *c, struct buf *out)
{
	struct guid key = remote_guid(&c->fieldkey);
	const char *name = model_condition_name(&key), *sign = typed_match_sign(c->matchtype);
	json_t *json = json_write_message(&c->base);
	char text[GUID_TEXT];

	if (name)
		words_short(&words_conditions, name, out);
	else
		buf_append_str(out, guid_format(&key, text));
	buf_printf(out, " %s ", sign ? sign : "?");
	if (!put_path(c->conditionvalue, name, out))
		put_value(json_object_get(json, "conditionValue"), out);
	json_decref(json);
}
