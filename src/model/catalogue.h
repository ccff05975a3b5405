/* SPDX-License-Identifier: MIT */
/*
 * catalogue - the built-in layers and their fields, conditions, sublayers, callouts and providers:
 * constant tables, generated from observed systems, one row each.
 *
 * Two schemas of the layers exist (2024 and 2026: a few fields were added in between); a field has
 * an index in each, or -1 where a schema lacks it.  openwfp runs the newest; the older one is for
 * reading what an older system wrote.  Everything here is immutable and may be read by any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/guid.h"
#include "model/value.h"

enum model_schema { MODEL_SCHEMA_2024, MODEL_SCHEMA_2026, MODEL_SCHEMAS };

/* Layer ids, e.g. MODEL_LAYER_ALE_AUTH_CONNECT_V4; the numbers are those of Windows. */
enum model_layer_id {
#define LAYER(id, name, ...) MODEL_LAYER_##name = (id),
#include "model/tables/layers.def"
#undef LAYER
	MODEL_LAYERS_MAX = 256
};

/* FWPM_FIELD_TYPE. */
enum model_field_type { MODEL_FIELD_RAW_DATA, MODEL_FIELD_IP_ADDRESS, MODEL_FIELD_FLAGS };

struct model_field {
	const char *name; /* "FWPM_CONDITION_IP_LOCAL_ADDRESS" */
	const struct guid *key;
	uint8_t field_type;   /* enum model_field_type */
	enum model_type type; /* the data type that the layer indicates */
	int16_t index[MODEL_SCHEMAS];
};

struct model_layer {
	uint16_t id;
	const char *name; /* "FWPM_LAYER_ALE_AUTH_CONNECT_V4" */
	const char *display_name;
	struct guid key;
	const char *mode;  /* "kernel" or "user" */
	const char *flags; /* as netsh prints them: "KERNEL|BUILTIN|CLASSIFY_MOSTLY" */
	const char *default_sublayer;
	const struct model_field *fields;
	uint16_t n_fields; /* in the newest schema's order first */
};

const struct model_layer *model_layer_by_id(uint16_t id); /* NULL: none */
const struct model_layer *model_layer_by_key(const struct guid *key);
const struct model_layer *model_layer_by_name(const char *name); /* with or without FWPM_LAYER_ */
unsigned model_layer_count(void);
const struct model_layer *model_layer_at(unsigned i);

/* A field of the newest schema; NULL: the layer has no such field. */
const struct model_field *model_field_find(const struct model_layer *layer, const struct guid *key);
/* The index of a field in the newest schema, or -1: the layer has no such field. */
int model_field_index(const struct model_layer *layer, const struct guid *key);
const struct guid *model_condition_key(const char *name); /* with or without FWPM_CONDITION_ */
const char *model_condition_name(const struct guid *key);

struct model_builtin {
	const char *name; /* as the headers call it: "FWPM_SUBLAYER_UNIVERSAL" */
	const char *display_name;
	struct guid key;
	uint16_t weight;       /* sublayers */
	const char *service;   /* providers; "": none */
	const char *provider;  /* sublayers: its name, NULL: none */
	uint16_t layer;	       /* callouts */
	uint32_t flags;	       /* callouts */
	uint32_t context_type; /* contexts: theirs; callouts: what they take */
};
#define MODEL_BUILTIN_ANY_CONTEXT UINT32_MAX

const struct model_builtin *model_sublayer_builtin(unsigned i); /* NULL past the end */
const struct model_builtin *model_provider_builtin(unsigned i);
const struct model_builtin *model_callout_builtin(unsigned i);
const struct model_builtin *model_context_builtin(unsigned i);
