/* SPDX-License-Identifier: MIT */
/*
 * kinds - the kinds of objects as one table, and finding one object by what a person calls it.
 */
#include "wfp/remote.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHOICES_MAX 8u

/* In the order of references: what stands above is referred to from below. */
static const struct remote_kind kinds[] = {
	{"provider", "providers", OPENWFP__KIND__PROVIDER, "providers", &words_providers, false},
	{"context", "contexts", OPENWFP__KIND__PROVIDER_CONTEXT, "providerContexts", NULL, true},
	{"sublayer", "sublayers", OPENWFP__KIND__SUB_LAYER, "subLayers", &words_sublayers, false},
	{"callout", "callouts", OPENWFP__KIND__CALLOUT, "callouts", &words_callouts, true},
	{"filter", "filters", OPENWFP__KIND__FILTER, "filters", NULL, true},
};

const struct remote_kind *remote_kind_at(size_t i)
{
	return i < ARRAY_LEN(kinds) ? &kinds[i] : NULL;
}

const struct remote_kind *remote_kind_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (words_equal(kinds[i].one, name) || words_equal(kinds[i].many, name))
			return &kinds[i];
	return NULL;
}

bool remote_secured_find(const char *name, Openwfp__Kind *out)
{
	const struct remote_kind *kind = remote_kind_find(name);
	const ProtobufCEnumDescriptor *all = &openwfp__kind__descriptor;

	if (kind)
		*out = kind->kind;
	for (unsigned i = 0; !kind && i < all->n_values; i++)
		if (words_equal(all->values[i].name, name)) {
			*out = (Openwfp__Kind)all->values[i].value;
			return true;
		}
	return kind != NULL;
}

void remote_secured_choices(struct buf *out)
{
	const ProtobufCEnumDescriptor *all = &openwfp__kind__descriptor;
	static const struct words plain = {"", "", NULL};

	for (unsigned i = 0; i < all->n_values; i++) {
		buf_append_str(out, i ? ", " : "");
		words_short(&plain, all->values[i].name, out);
	}
}

#define PARTS(message, key_member, id_value)                                                       \
	*out = (struct remote_parts)                                                               \
	{                                                                                          \
		message->has_##key_member ? &message->key_member : NULL, message->displaydata,     \
			message->has_providerkey ? &message->providerkey : NULL, id_value          \
	}

bool remote_parts_of(const Openwfp__Object *o, struct remote_parts *out)
{
	switch (o->object_case) {
	case OPENWFP__OBJECT__OBJECT_PROVIDER:
		*out = (struct remote_parts){
			o->provider->has_providerkey ? &o->provider->providerkey : NULL,
			o->provider->displaydata, NULL, 0};
		return true;
	case OPENWFP__OBJECT__OBJECT_PROVIDER_CONTEXT:
		PARTS(o->providercontext, providercontextkey,
		      o->providercontext->providercontextid);
		return true;
	case OPENWFP__OBJECT__OBJECT_SUB_LAYER:
		PARTS(o->sublayer, sublayerkey, 0);
		return true;
	case OPENWFP__OBJECT__OBJECT_CALLOUT:
		PARTS(o->callout, calloutkey, o->callout->calloutid);
		return true;
	case OPENWFP__OBJECT__OBJECT_FILTER:
		PARTS(o->filter, filterkey, o->filter->filterid);
		return true;
	default:
		return false;
	}
}

const struct remote_kind *remote_kind_of(const Openwfp__Object *o)
{
	static const Openwfp__Object__ObjectCase cases[] = {
		OPENWFP__OBJECT__OBJECT_PROVIDER, OPENWFP__OBJECT__OBJECT_PROVIDER_CONTEXT,
		OPENWFP__OBJECT__OBJECT_SUB_LAYER, OPENWFP__OBJECT__OBJECT_CALLOUT,
		OPENWFP__OBJECT__OBJECT_FILTER};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (cases[i] == o->object_case)
			return &kinds[i];
	return NULL;
}

const char *remote_name_of(const Openwfp__Object *o)
{
	struct remote_parts parts;

	if (!remote_parts_of(o, &parts) || !parts.texts || !parts.texts->name)
		return "";
	return parts.texts->name;
}

struct guid remote_guid(const ProtobufCBinaryData *bytes)
{
	struct guid key = {0};

	if (bytes && bytes->len == sizeof(key))
		memcpy(&key, bytes->data, sizeof(key));
	return key;
}

/* ---- finding ----------------------------------------------------------------------------------
 */

static bool is_called(const struct remote_kind *kind, const Openwfp__Object *o, const char *text)
{
	struct remote_parts parts;
	char *end;
	unsigned long long id = strtoull(text, &end, 0);

	if (!remote_parts_of(o, &parts))
		return false;
	if (kind->has_id && *text >= '0' && *text <= '9' && *end == '\0')
		return parts.id == id;
	return words_equal(remote_name_of(o), text);
}

static void say_choices(const struct remote_kind *kind, const struct remote_list *l,
			const char *text, size_t n_found, struct buf *why)
{
	char key[GUID_TEXT];
	size_t n = 0;

	if (n_found)
		buf_printf(why, "%zu %s are called %s; name one by its key:", n_found, kind->many,
			   text);
	else
		buf_printf(why, "no such %s: %s", kind->one, text);
	for (size_t i = 0; i < l->state.n_objects && n < CHOICES_MAX; i++) {
		const Openwfp__Object *o = l->state.objects[i];
		struct remote_parts parts;
		struct guid guid;

		if (!remote_parts_of(o, &parts) || (n_found && !is_called(kind, o, text)))
			continue;
		guid = remote_guid(parts.key);
		if (n_found)
			buf_printf(why, " %s", guid_format(&guid, key));
		else if (!names_of_key(&guid))
			buf_printf(why, "%s %s", n == 0 ? "; there is" : ",", remote_name_of(o));
		else
			continue;
		n++;
	}
}

/* *n: how many there are. */
static wfp_err find_listed(struct remote *r, const struct remote_kind *kind, const char *text,
			   struct guid *out, size_t *n, struct buf *why)
{
	Openwfp__EnumTemplate t = OPENWFP__ENUM_TEMPLATE__INIT;
	struct remote_list l;
	struct remote_parts parts;
	wfp_err err;

	*n = 0;
	t.has_flags = true;
	t.flags = REMOTE_ALL_FILTERS;
	remote_list_init(&l);
	err = remote_list_add(r, &l, kind->kind, kind->kind == OPENWFP__KIND__FILTER ? &t : NULL);
	for (size_t i = 0; !err && i < l.state.n_objects; i++)
		if (is_called(kind, l.state.objects[i], text) &&
		    remote_parts_of(l.state.objects[i], &parts)) {
			*out = remote_guid(parts.key);
			++*n;
		}
	if (err)
		remote_error_text(err, why);
	else if (*n != 1)
		say_choices(kind, &l, text, *n, why);
	remote_list_free(&l);
	return err;
}

/* Whole, or but for the prefix. */
static bool is_exact(const struct words *w, const char *name, const char *text)
{
	return words_equal(name, text) || words_equal(name + strlen(w->prefix), text);
}

wfp_err remote_find(struct remote *r, const struct remote_kind *kind, const char *text,
		    struct guid *out, struct buf *why)
{
	const char *name = kind->words ? words_find(kind->words, text, NULL) : NULL;
	size_t n, mark = why->len;
	wfp_err err;

	if (guid_parse(out, text) ||
	    (name && is_exact(kind->words, name, text) && names_key(name, out)))
		return ERR_OK;
	err = find_listed(r, kind, text, out, &n, why);
	if (err || n == 1)
		return err;
	/* What was added by somebody goes before the short form of a built-in name. */
	if (n == 0 && name && names_key(name, out)) {
		why->len = mark;
		return ERR_OK;
	}
	return ERR_NOT_FOUND;
}
