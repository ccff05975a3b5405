/* SPDX-License-Identifier: MIT */
/*
 * names - looking names up in the generated tables.
 *
 * Called when listings are written and read, on any thread.
 */
#include "import/names.h"

#include "base/compiler.h"
#include "model/catalogue.h"

#include <string.h>
#include <strings.h>

struct name_row {
	uint32_t value;
	const char *name;
};

#define NAMES_BEGIN(group) static const struct name_row rows_##group[] = {
#define NAME(value, name)  {value, name},
#define NAMES_END(group)                                                                           \
	}                                                                                          \
	;
#include "import/tables/names.def"
#undef NAMES_BEGIN
#undef NAME
#undef NAMES_END

static const struct {
	const struct name_row *rows;
	unsigned n;
} groups[NAMES_GROUPS] = {
#define NAMES_BEGIN(group) {rows_##group, ARRAY_LEN(rows_##group)},
#define NAME(value, name)
#define NAMES_END(group)
#include "import/tables/names.def"
#undef NAMES_BEGIN
#undef NAME
#undef NAMES_END
};

static const struct {
	const char *name;
	struct guid key;
} keys[] = {
#define UNWRAP(...)    __VA_ARGS__
#define KEY(name, key) {name, UNWRAP key},
#include "import/tables/keys.def"
#undef KEY
#undef UNWRAP
};

const char *names_of_value(enum names_group group, uint32_t value)
{
	for (unsigned i = 0; i < groups[group].n; i++)
		if (groups[group].rows[i].value == value)
			return groups[group].rows[i].name;
	return NULL;
}

/* Does the name end with the text, at the beginning of one of its words? */
static bool is_called(const char *name, const char *text)
{
	size_t n = strlen(name), k = strlen(text);

	if (k == 0 || k > n || strcasecmp(name + n - k, text) != 0)
		return false;
	return k == n || name[n - k - 1] == '_';
}

bool names_value(enum names_group group, const char *text, uint32_t *out)
{
	const struct name_row *found = NULL;

	for (unsigned i = 0; i < groups[group].n; i++) {
		const struct name_row *row = &groups[group].rows[i];

		/* "PERMIT" is the end of one name; the shortest such name is meant. */
		if (is_called(row->name, text) &&
		    (!found || strlen(row->name) < strlen(found->name)))
			found = row;
	}
	if (found)
		*out = found->value;
	return found != NULL;
}

const char *names_at(enum names_group group, unsigned i, uint32_t *value)
{
	if (i >= groups[group].n)
		return NULL;
	*value = groups[group].rows[i].value;
	return groups[group].rows[i].name;
}

/* ---- keys -------------------------------------------------------------------------------------
 */

typedef const struct model_builtin *builtin_fn(unsigned i);
static builtin_fn *const builtins[] = {model_sublayer_builtin, model_provider_builtin,
				       model_callout_builtin};

const char *names_of_key(const struct guid *key)
{
	const struct model_layer *layer = model_layer_by_key(key);
	const struct model_builtin *row;
	const char *condition;

	if (layer)
		return layer->name;
	condition = model_condition_name(key);
	if (condition)
		return condition;
	for (unsigned t = 0; t < ARRAY_LEN(builtins); t++)
		for (unsigned i = 0; (row = builtins[t](i)) != NULL; i++)
			if (guid_equal(&row->key, key))
				return row->name;
	for (unsigned i = 0; i < ARRAY_LEN(keys); i++)
		if (guid_equal(&keys[i].key, key))
			return keys[i].name;
	return NULL;
}

static bool builtin_key(const char *text, struct guid *out)
{
	const struct model_builtin *row;

	for (unsigned t = 0; t < ARRAY_LEN(builtins); t++)
		for (unsigned i = 0; (row = builtins[t](i)) != NULL; i++)
			if (strcmp(row->name, text) == 0) {
				*out = row->key;
				return true;
			}
	return false;
}

bool names_key(const char *text, struct guid *out)
{
	const struct model_layer *layer;
	const struct guid *condition;

	if (guid_parse(out, text))
		return true;
	layer = model_layer_by_name(text);
	if (layer) {
		*out = layer->key;
		return true;
	}
	condition = model_condition_key(text);
	if (condition) {
		*out = *condition;
		return true;
	}
	for (unsigned i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(keys[i].name, text) == 0) {
			*out = keys[i].key;
			return true;
		}
	return builtin_key(text, out);
}
