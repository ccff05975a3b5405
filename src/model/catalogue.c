/* SPDX-License-Identifier: MIT */
/*
 * catalogue - the generated tables as constant arrays, and the ways to look a row up.
 *
 * The rows of fields.def stand in the order of the layers' ids; where each layer's fields begin is
 * found once, before main, and never changes after that.  Any thread.
 */
#include "model/catalogue.h"

#include "base/compiler.h"
#include "model/object.h"

#include <string.h>

#define UNWRAP(...) __VA_ARGS__

enum condition_index {
#define CONDITION(name, key) CONDITION_INDEX_##name,
#include "model/tables/conditions.def"
#undef CONDITION
	CONDITIONS
};

struct condition {
	const char *name;
	struct guid key;
};

static const struct condition conditions[CONDITIONS] = {
#define CONDITION(name, guid_) {"FWPM_CONDITION_" #name, UNWRAP guid_},
#include "model/tables/conditions.def"
#undef CONDITION
};

static const struct model_field fields[] = {
#define FIELD(layer, new_index, old_index, condition, kind, type_)                                 \
	{                                                                                          \
		.name = "FWPM_CONDITION_" #condition,                                              \
		.key = &conditions[CONDITION_INDEX_##condition].key,                               \
		.field_type = MODEL_FIELD_##kind,                                                  \
		.type = MODEL_##type_,                                                             \
		.index = {[MODEL_SCHEMA_2024] = (old_index), [MODEL_SCHEMA_2026] = (new_index)},   \
	},
#include "model/tables/fields.def"
#undef FIELD
};

/* The layer of each row of fields[]. */
static const uint16_t field_layer[] = {
#define FIELD(layer, ...) MODEL_LAYER_##layer,
#include "model/tables/fields.def"
#undef FIELD
};

#define KERNEL_MODE "kernel"
#define USER_MODE   "user"
#define FLAGS_0x2   "BUILTIN"
#define FLAGS_0x6   "BUILTIN|CLASSIFY_MOSTLY"
#define FLAGS_0x7   "KERNEL|BUILTIN|CLASSIFY_MOSTLY"
#define FLAGS_0xf   "KERNEL|BUILTIN|CLASSIFY_MOSTLY|BUFFERED"

/* .fields and .n_fields are filled in by index_fields, before main. */
static struct model_layer layers[] = {
#define LAYER(id_, name_, guid_, mode_, flags_, sublayer, text)                                    \
	{                                                                                          \
		.id = (id_),                                                                       \
		.name = "FWPM_LAYER_" #name_,                                                      \
		.display_name = (text),                                                            \
		.key = UNWRAP guid_,                                                               \
		.mode = mode_##_MODE,                                                              \
		.flags = FLAGS_##flags_,                                                           \
		.default_sublayer = "FWPM_SUBLAYER_" #sublayer,                                    \
	},
#include "model/tables/layers.def"
#undef LAYER
};

static const struct model_builtin sublayers[] = {
#define SUBLAYER(name_, guid_, weight_, text, provider_)                                           \
	{                                                                                          \
		.name = "FWPM_SUBLAYER_" #name_,                                                   \
		.display_name = (text),                                                            \
		.key = UNWRAP guid_,                                                               \
		.weight = (weight_),                                                               \
		.provider = (provider_),                                                           \
	},
#include "model/tables/sublayers.def"
#undef SUBLAYER
};

static const struct model_builtin providers[] = {
#define PROVIDER(name_, guid_, text, service_)                                                     \
	{                                                                                          \
		.name = "FWPM_PROVIDER_" #name_,                                                   \
		.display_name = (text),                                                            \
		.key = UNWRAP guid_,                                                               \
		.service = (service_),                                                             \
	},
#include "model/tables/providers.def"
#undef PROVIDER
};

#define MODEL_CONTEXT_NONE MODEL_BUILTIN_ANY_CONTEXT

static const struct model_builtin callouts[] = {
#define CALLOUT(name_, guid_, text, layer_, flags_, context)                                       \
	{                                                                                          \
		.name = "FWPM_CALLOUT_" #name_,                                                    \
		.display_name = (text),                                                            \
		.key = UNWRAP guid_,                                                               \
		.layer = MODEL_LAYER_##layer_,                                                     \
		.flags = (flags_),                                                                 \
		.context_type = MODEL_CONTEXT_##context,                                           \
	},
#include "model/tables/callouts.def"
#undef CALLOUT
};

static const struct model_builtin contexts[] = {
#define CONTEXT(name_, guid_, text, type)                                                          \
	{                                                                                          \
		.name = "FWPM_PROVIDER_CONTEXT_" #name_,                                           \
		.display_name = (text),                                                            \
		.key = UNWRAP guid_,                                                               \
		.context_type = MODEL_CONTEXT_##type,                                              \
	},
#include "model/tables/contexts.def"
#undef CONTEXT
};

__attribute__((constructor)) static void index_fields(void)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct model_layer *layer = &layers[field_layer[i]];

		if (layer->n_fields++ == 0)
			layer->fields = &fields[i];
	}
}

const struct model_layer *model_layer_by_id(uint16_t id)
{
	return id < ARRAY_LEN(layers) ? &layers[id] : NULL;
}

const struct model_layer *model_layer_by_key(const struct guid *key)
{
	for (size_t i = 0; i < ARRAY_LEN(layers); i++)
		if (guid_equal(&layers[i].key, key))
			return &layers[i];
	return NULL;
}

/* "FWPM_X_" and the name, or the name alone. */
static bool name_matches(const char *full, const char *prefix, const char *name)
{
	return strcmp(full, name) == 0 || strcmp(full + strlen(prefix), name) == 0;
}

const struct model_layer *model_layer_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(layers); i++)
		if (name_matches(layers[i].name, "FWPM_LAYER_", name))
			return &layers[i];
	return NULL;
}

unsigned model_layer_count(void)
{
	return ARRAY_LEN(layers);
}

const struct model_layer *model_layer_at(unsigned i)
{
	return i < ARRAY_LEN(layers) ? &layers[i] : NULL;
}

const struct model_field *model_field_find(const struct model_layer *layer, const struct guid *key)
{
	for (unsigned i = 0; i < layer->n_fields; i++)
		if (layer->fields[i].index[MODEL_SCHEMA_2026] >= 0 &&
		    guid_equal(layer->fields[i].key, key))
			return &layer->fields[i];
	return NULL;
}

int model_field_index(const struct model_layer *layer, const struct guid *key)
{
	const struct model_field *field = model_field_find(layer, key);

	return field ? field->index[MODEL_SCHEMA_2026] : -1;
}

/* At the layers of ICMP the ports' places hold type and code, and these names are the ports'. */
static const char *unalias(const char *name)
{
	static const struct {
		const char *alias, *name;
	} aliases[] = {
		{"FWPM_CONDITION_ICMP_TYPE", "FWPM_CONDITION_IP_LOCAL_PORT"},
		{"FWPM_CONDITION_ICMP_CODE", "FWPM_CONDITION_IP_REMOTE_PORT"},
	};

	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (name_matches(aliases[i].alias, "FWPM_CONDITION_", name))
			return aliases[i].name;
	return name;
}

const struct guid *model_condition_key(const char *name)
{
	name = unalias(name);
	for (size_t i = 0; i < ARRAY_LEN(conditions); i++)
		if (name_matches(conditions[i].name, "FWPM_CONDITION_", name))
			return &conditions[i].key;
	return NULL;
}

const char *model_condition_name(const struct guid *key)
{
	for (size_t i = 0; i < ARRAY_LEN(conditions); i++)
		if (guid_equal(&conditions[i].key, key))
			return conditions[i].name;
	return NULL;
}

const struct model_builtin *model_sublayer_builtin(unsigned i)
{
	return i < ARRAY_LEN(sublayers) ? &sublayers[i] : NULL;
}

const struct model_builtin *model_provider_builtin(unsigned i)
{
	return i < ARRAY_LEN(providers) ? &providers[i] : NULL;
}

const struct model_builtin *model_callout_builtin(unsigned i)
{
	return i < ARRAY_LEN(callouts) ? &callouts[i] : NULL;
}

const struct model_builtin *model_context_builtin(unsigned i)
{
	return i < ARRAY_LEN(contexts) ? &contexts[i] : NULL;
}
