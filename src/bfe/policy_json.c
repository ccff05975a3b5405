/* SPDX-License-Identifier: MIT */
/*
 * policy_json - typed access to JSON values and the sentences when a type is not the expected one.
 */
#include "bfe/policy_json.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct policy_place policy_at(const struct policy_place *up, const char *key)
{
	return (struct policy_place){.up = up, .key = key};
}

struct policy_place policy_at_index(const struct policy_place *up, size_t index)
{
	return (struct policy_place){.up = up, .index = index};
}

/* ---- sentences --------------------------------------------------------------------------------
 */

static const struct policy_place *root_of(const struct policy_place *p)
{
	while (p->up)
		p = p->up;
	return p;
}

static void put_place(const struct policy_place *p, struct buf *out)
{
	if (!p->up)
		return;
	put_place(p->up, out);
	if (p->key)
		buf_printf(out, "%s%s", p->up->up ? "." : "", p->key);
	else
		buf_printf(out, "[%zu]", p->index);
}

wfp_err policy_wrong(const struct policy_place *p, wfp_err err, const char *fmt, ...)
{
	const struct policy_place *root = root_of(p);
	char sentence[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	buf_printf(root->why, "%s: ", root->file);
	put_place(p, root->why);
	buf_printf(root->why, "%s%s", p->up ? ": " : "", sentence);
	return err;
}

static const char *kind_of(const json_t *v)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",	 [JSON_STRING] = "a string",
		[JSON_INTEGER] = "a number", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
		[JSON_FALSE] = "false",	     [JSON_NULL] = "null",
	};

	return names[json_typeof(v)];
}

/* ---- values -----------------------------------------------------------------------------------
 */

static wfp_err unknown_key(const struct policy_place *p, const char *key, const char *const *keys)
{
	char list[256] = "";
	size_t len = 0;

	for (; *keys && len < sizeof(list); keys++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", len ? ", " : "",
					*keys);
	return policy_wrong(p, ERR_INVALID_DATA, "no such key: %.80s (expected one of %s)", key,
			    list);
}

wfp_err policy_object(const struct policy_place *p, const json_t *v, const char *const *keys)
{
	const char *key;
	json_t *member;

	if (!json_is_object(v))
		return policy_wrong(p, ERR_INVALID_DATA, "expected an object, found %s",
				    kind_of(v));
	json_object_foreach ((json_t *)(uintptr_t)v, key, member) {
		const char *const *k = keys;

		while (*k && strcmp(*k, key) != 0)
			k++;
		if (!*k)
			return unknown_key(p, key, keys);
	}
	return ERR_OK;
}

wfp_err policy_string(const struct policy_place *p, const json_t *object, const char *key,
		      const char **out)
{
	const json_t *v = json_object_get(object, key);
	struct policy_place at = policy_at(p, key);

	if (!v)
		return ERR_OK;
	if (!json_is_string(v))
		return policy_wrong(&at, ERR_INVALID_DATA, "expected a string, found %s",
				    kind_of(v));
	*out = json_string_value(v);
	return ERR_OK;
}

wfp_err policy_need_string(const struct policy_place *p, const json_t *object, const char *key,
			   const char **out)
{
	const char *text = NULL;
	wfp_err err = policy_string(p, object, key, &text);

	if (err)
		return err;
	if (!text || !*text)
		return policy_wrong(
			p, strcmp(key, "name") == 0 ? ERR_NULL_DISPLAY_NAME : ERR_INVALID_DATA,
			"\"%s\" is missing or empty", key);
	*out = text;
	return ERR_OK;
}

bool policy_parse_number(const char *text, const char *end, uint64_t *out)
{
	char *stop;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &stop, 0);
	return errno == 0 && stop == end;
}

wfp_err policy_number(const struct policy_place *p, const json_t *v, uint64_t max, uint64_t *out)
{
	uint64_t x = 0;
	bool good = false;

	if (json_is_integer(v) && json_integer_value(v) >= 0) {
		x = (uint64_t)json_integer_value(v);
		good = true;
	} else if (json_is_string(v)) {
		const char *text = json_string_value(v);

		good = policy_parse_number(text, text + strlen(text), &x);
	}
	if (!good)
		return policy_wrong(p, ERR_INVALID_DATA, "expected a number from 0 to %ju",
				    (uintmax_t)max);
	if (x > max)
		return policy_wrong(p, ERR_INVALID_DATA, "%ju is too much (expected 0 to %ju)",
				    (uintmax_t)x, (uintmax_t)max);
	*out = x;
	return ERR_OK;
}

wfp_err policy_member_number(const struct policy_place *p, const json_t *object, const char *key,
			     uint64_t max, uint64_t *out)
{
	const json_t *v = json_object_get(object, key);
	struct policy_place at = policy_at(p, key);

	return v ? policy_number(&at, v, max, out) : ERR_OK;
}
