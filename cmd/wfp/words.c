/* SPDX-License-Identifier: MIT */
/*
 * words - finding a name by what was typed.
 *
 * Five ways to name something, the strictest first: whole, without the prefix, without the family's
 * part, by its end, by words inside it.  The first way that fits any name decides; if it fits
 * several, that is said.
 */
#include "wfp/words.h"

#include "base/compiler.h"
#include "model/catalogue.h"

#include <ctype.h>
#include <string.h>

#define WORD_MAX	96u
#define SUGGESTIONS_MAX 8u

/* ---- the lists --------------------------------------------------------------------------------
 */

static const char *layer_at(unsigned i)
{
	return i < model_layer_count() ? model_layer_at(i)->name : NULL;
}

/* The last two are other names of ports. */
static const char *condition_at(unsigned i)
{
	static const char *const names[] = {
#define CONDITION(name, ...) "FWPM_CONDITION_" #name,
#include "model/tables/conditions.def"
#undef CONDITION
		"FWPM_CONDITION_ICMP_TYPE",
		"FWPM_CONDITION_ICMP_CODE",
	};

	return i < ARRAY_LEN(names) ? names[i] : NULL;
}

static const char *builtin_name(const struct model_builtin *row)
{
	return row ? row->name : NULL;
}

static const char *sublayer_at(unsigned i)
{
	return builtin_name(model_sublayer_builtin(i));
}

static const char *provider_at(unsigned i)
{
	return builtin_name(model_provider_builtin(i));
}

static const char *callout_at(unsigned i)
{
	return builtin_name(model_callout_builtin(i));
}

#define NAMES_AT(function, group)                                                                  \
	static const char *function(unsigned i)                                                    \
	{                                                                                          \
		uint32_t value;                                                                    \
		return names_at(group, i, &value);                                                 \
	}

NAMES_AT(match_at, NAMES_FWP_MATCH_TYPE)
NAMES_AT(action_at, NAMES_FWP_ACTION_TYPE)
NAMES_AT(option_at, NAMES_FWPM_ENGINE_OPTION)
NAMES_AT(context_type_at, NAMES_FWPM_PROVIDER_CONTEXT_TYPE)

const struct words words_layers = {"layer", "FWPM_LAYER_", layer_at};
const struct words words_conditions = {"field", "FWPM_CONDITION_", condition_at};
const struct words words_sublayers = {"sublayer", "FWPM_SUBLAYER_", sublayer_at};
const struct words words_providers = {"provider", "FWPM_PROVIDER_", provider_at};
const struct words words_callouts = {"callout", "FWPM_CALLOUT_", callout_at};
const struct words words_matches = {"match type", "FWP_MATCH_", match_at};
const struct words words_actions = {"action", "FWP_ACTION_", action_at};
const struct words words_options = {"option", "FWPM_ENGINE_", option_at};
const struct words words_context_types = {"provider context type", "FWPM_", context_type_at};

/* ---- comparing --------------------------------------------------------------------------------
 */

/* Letters as they are compared: upper case, '_'. */
static char plain(char c)
{
	return c == '-' || c == ' ' ? '_' : (char)toupper((unsigned char)c);
}

static bool same(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (plain(a[i]) != plain(b[i]))
			return false;
	return true;
}

bool words_equal(const char *a, const char *b)
{
	return strlen(a) == strlen(b) && same(a, b, strlen(a));
}

/* Behind the prefix, if it has one. */
static const char *bare(const struct words *w, const char *name)
{
	size_t n = strlen(w->prefix);

	return strncmp(name, w->prefix, n) == 0 ? name + n : name;
}

typedef bool way_fn(const struct words *w, const char *name, const char *text);

static bool is_whole(const struct words *w UNUSED, const char *name, const char *text)
{
	return words_equal(name, text);
}

static bool is_bare(const struct words *w, const char *name, const char *text)
{
	return words_equal(bare(w, name), text);
}

static const char *const families[] = {"IP_", "ALE_", "ALE_AUTH_"};

/* Without what most names of the i-th family begin with; NULL: none of it. */
static const char *core(const struct words *w, const char *name, size_t i)
{
	size_t n = strlen(families[i]);

	name = bare(w, name);
	return strncmp(name, families[i], n) == 0 ? name + n : NULL;
}

static bool is_core(const struct words *w, const char *name, const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(families); i++)
		if (core(w, name, i) && words_equal(core(w, name, i), text))
			return true;
	return false;
}

static bool is_end(const struct words *w, const char *name, const char *text)
{
	size_t n = strlen(bare(w, name)), k = strlen(text);

	name = bare(w, name);
	return k < n && same(name + n - k, text, k) && name[n - k - 1] == '_';
}

static bool is_inside(const struct words *w, const char *name, const char *text)
{
	size_t k = strlen(text);

	for (name = bare(w, name); strlen(name) >= k; name++) {
		if (same(name, text, k) && (name[k] == '\0' || name[k] == '_'))
			return true;
		name = strchr(name, '_');
		if (!name)
			return false;
	}
	return false;
}

static way_fn *const ways[] = {is_whole, is_bare, is_core, is_end, is_inside};

/* ---- mistakes ---------------------------------------------------------------------------------
 */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned words_distance(const char *a, const char *b)
{
	unsigned row[WORD_MAX + 1];
	size_t n = strlen(b);

	if (n > WORD_MAX || strlen(a) > WORD_MAX)
		return WORD_MAX;
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 0; a[i]; i++) {
		unsigned diagonal = row[0];

		row[0] = i + 1;
		for (unsigned j = 0; j < n; j++) {
			unsigned changed = diagonal + (plain(a[i]) != plain(b[j]));

			diagonal = row[j + 1];
			row[j + 1] = least(changed, 1 + least(row[j], diagonal));
		}
	}
	return row[n];
}

void words_short(const struct words *words, const char *name, struct buf *out)
{
	for (name = bare(words, name); *name; name++)
		buf_append_byte(out, *name == '_' ? '-' : (uint8_t)tolower((unsigned char)*name));
}

static void say_several(const struct words *w, way_fn *fits, const char *text, struct buf *why)
{
	const char *name;
	unsigned n = 0;

	buf_printf(why, "%s %s may be", w->what, text);
	for (unsigned i = 0; (name = w->at(i)) != NULL; i++) {
		if (!fits(w, name, text) || n++ >= SUGGESTIONS_MAX)
			continue;
		buf_append_str(why, n == 1 ? " " : ", ");
		words_short(w, name, why);
	}
	buf_append_str(why, n > SUGGESTIONS_MAX ? " and others" : "");
}

static void say_none(const struct words *w, const char *text, struct buf *why)
{
	const char *name, *nearest = NULL;
	unsigned best = (unsigned)strlen(text) / 3 + 1, d;

	for (unsigned i = 0; (name = w->at(i)) != NULL; i++) {
		d = least(words_distance(text, bare(w, name)), words_distance(text, name));
		for (size_t f = 0; f < ARRAY_LEN(families); f++)
			if (core(w, name, f))
				d = least(d, words_distance(text, core(w, name, f)));
		if (d < best) {
			best = d;
			nearest = name;
		}
	}
	buf_printf(why, "no such %s: %s", w->what, text);
	if (!nearest)
		return;
	buf_append_str(why, "; did you mean ");
	words_short(w, nearest, why);
	buf_append_str(why, "?");
}

const char *words_find(const struct words *words, const char *text, struct buf *why)
{
	const char *name, *found = NULL;
	unsigned n = 0;

	for (size_t way = 0; *text && n == 0 && way < ARRAY_LEN(ways); way++) {
		for (unsigned i = 0; (name = words->at(i)) != NULL; i++)
			if (ways[way](words, name, text)) {
				found = name;
				n++;
			}
		if (n > 1 && why)
			say_several(words, ways[way], text, why);
	}
	if (n == 0 && why)
		say_none(words, text, why);
	return n == 1 ? found : NULL;
}
