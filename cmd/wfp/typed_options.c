/* SPDX-License-Identifier: MIT */
/*
 * typed_options - keeps what was typed until the layer is known.
 */
#include "wfp/typed_options.h"

#include "base/arena.h"
#include "wfp/words.h"

#include <stdio.h>
#include <string.h>

#define LAYER_NAME_MAX 96u
#define IS_LOOPBACK    "1" /* FWP_CONDITION_FLAG_IS_LOOPBACK */

static bool keep(struct typed_options *o, const struct typed *t)
{
	if (o->n == TYPED_MAX)
		return false;
	o->typed[o->n++] = *t;
	return true;
}

bool store_typed(void *into, const struct option_row *row, const char *value)
{
	return keep(into, &(struct typed){.from = row->name,
					  .field = row->about,
					  .match = TYPED_MATCH,
					  .negated = strncmp(row->name, "not-", 4) == 0,
					  .value = value});
}

bool store_condition(void *into, const char *value)
{
	return keep(into, &(struct typed){.from = "condition", .value = value});
}

bool store_loopback(void *into, const char *value UNUSED)
{
	return keep(into, &(struct typed){.from = "loopback",
					  .field = "FLAGS",
					  .match = TYPED_MATCH,
					  .value = IS_LOOPBACK});
}

/* "connect" and "_V4": the layer of that family, if its name alone means both. */
static const struct model_layer *of_family(const char *text, const char *family)
{
	char name[LAYER_NAME_MAX];
	const char *found;

	snprintf(name, sizeof(name), "%s%s", text, family);
	found = words_find(&words_layers, name, NULL);
	return found ? model_layer_by_name(found) : NULL;
}

wfp_err typed_options_layers(const struct typed_options *o,
			     const struct model_layer *out[TYPED_LAYERS_MAX], unsigned *n,
			     struct buf *why)
{
	struct guid key;
	const char *name;

	if (!o->layer) {
		buf_append_str(why, "--layer is missing; such as ale-auth-connect-v4 (outgoing) or "
				    "ale-auth-recv-accept-v4 (incoming)");
		return ERR_INVALID_DATA;
	}
	*n = 1;
	if (guid_parse(&key, o->layer) && (out[0] = model_layer_by_key(&key)) != NULL)
		return ERR_OK;
	name = words_find(&words_layers, o->layer, NULL);
	if (name) {
		out[0] = model_layer_by_name(name);
		return ERR_OK;
	}
	*n = 2;
	out[0] = of_family(o->layer, "_V4");
	out[1] = of_family(o->layer, "_V6");
	if (out[0] && out[1])
		return ERR_OK;
	(void)words_find(&words_layers, o->layer, why);
	return ERR_INVALID_DATA;
}

wfp_err typed_options_resolve(struct arena *a, const struct typed_options *o,
			      const struct model_layer *layer, struct typed_conditions *out,
			      struct buf *why)
{
	struct typed *typed = arena_zalloc(a, o->n + 1, sizeof(*typed));
	wfp_err err = typed ? ERR_OK : ERR_NO_MEMORY;

	for (size_t i = 0; !err && i < o->n; i++) {
		typed[i] = o->typed[i];
		if (!typed[i].field)
			err = typed_split(a, o->typed[i].value, &typed[i], why);
	}
	return err ? err : typed_resolve(a, layer, typed, o->n, out, why);
}
