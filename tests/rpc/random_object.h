/* SPDX-License-Identifier: MIT */
/* Objects of every kind, made of random parts that the engine would take. */
#pragma once

#include "base/arena.h"
#include "base/rng.h"
#include "model/catalogue.h"
#include "model/object.h"
#include "model/token.h"

#include <string.h>

static inline UNUSED void *random_bytes(struct rng *r, struct arena *a, size_t n)
{
	uint8_t *p = arena_alloc(a, n ? n : 1);

	BUG_ON(!p);
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)rng_u32(r);
	return p;
}

static inline UNUSED struct guid random_key(struct rng *r)
{
	return (struct guid){rng_u32(r) | 1,
			     (uint16_t)rng_u32(r),
			     (uint16_t)rng_u32(r),
			     {1, 2, 3, (uint8_t)rng_u32(r)}};
}

/* Letters of one to four bytes. */
static inline UNUSED char *random_text(struct rng *r, struct arena *a)
{
	static const char *const letters[] = {"a", "Z", "\xc3\xa4", "\xe2\x82\xac",
					      "\xf0\x9f\x98\x80"};
	unsigned n = 1 + rng_below(r, 12);
	char *text = arena_zalloc(a, n, 5);

	BUG_ON(!text);
	for (unsigned i = 0; i < n; i++)
		strcat(text, letters[rng_below(r, 5)]);
	return text;
}

static inline UNUSED struct model_blob random_blob(struct rng *r, struct arena *a)
{
	uint32_t n = rng_below(r, 3) * rng_below(r, 40);

	return (struct model_blob){n, n ? random_bytes(r, a, n) : NULL};
}

static inline UNUSED void *random_sid(struct rng *r, struct arena *a)
{
	uint32_t sub[] = {rng_u32(r), rng_u32(r), 3};
	struct sid *sid = arena_alloc(a, sizeof(*sid));

	BUG_ON(!sid);
	sid_make(sid, 5, 1 + rng_below(r, 3), sub);
	return sid;
}

static inline UNUSED const void *random_token(struct rng *r, struct arena *a)
{
	struct model_token_info *token = arena_zalloc(a, 1, sizeof(*token));
	struct model_token_sid *sids = arena_zalloc(a, 4, sizeof(*sids));

	BUG_ON(!token || !sids);
	for (unsigned i = 0; i < 4; i++)
		sids[i] = (struct model_token_sid){random_sid(r, a), rng_u32(r)};
	*token = (struct model_token_info){rng_below(r, 3), sids, rng_below(r, 3), sids + 2};
	return token;
}

static inline UNUSED const uint16_t *random_wide(struct rng *r, struct arena *a)
{
	static const uint16_t letters[][3] = {{'a'}, {0xe4}, {0x20ac}, {0xd83d, 0xde00}};
	unsigned n = rng_below(r, 10), at = 0;
	uint16_t *text = arena_zalloc(a, 2 * n + 1, sizeof(*text));

	BUG_ON(!text);
	for (unsigned i = 0; i < n; i++)
		for (const uint16_t *p = letters[rng_below(r, 4)]; *p; p++)
			text[at++] = *p;
	return text;
}

static const uint32_t value_types[] = {
	MODEL_EMPTY,
	MODEL_UINT8,
	MODEL_UINT16,
	MODEL_UINT32,
	MODEL_UINT64,
	MODEL_INT8,
	MODEL_INT16,
	MODEL_INT32,
	MODEL_INT64,
	MODEL_FLOAT,
	MODEL_DOUBLE,
	MODEL_BYTE_ARRAY16_TYPE,
	MODEL_BYTE_ARRAY6_TYPE,
	MODEL_BYTE_BLOB_TYPE,
	MODEL_SID,
	MODEL_SECURITY_DESCRIPTOR_TYPE,
	MODEL_TOKEN_INFORMATION_TYPE,
	MODEL_TOKEN_ACCESS_INFORMATION_TYPE,
	MODEL_UNICODE_STRING_TYPE,
	MODEL_V4_ADDR_MASK,
	MODEL_V6_ADDR_MASK,
	MODEL_RANGE_TYPE,
};

/* Any value of that type; of a network, what a filter would take. */
static inline UNUSED struct model_value random_value(struct rng *r, struct arena *a, uint32_t type)
{
	struct model_value v = {.type = type};
	struct model_v4_mask *v4;
	struct model_v6_mask *v6;
	struct model_blob *blob;
	struct model_range *range;

	switch (type) {
	case MODEL_EMPTY:
		break;
	case MODEL_BYTE_BLOB_TYPE:
	case MODEL_SECURITY_DESCRIPTOR_TYPE:
	case MODEL_TOKEN_ACCESS_INFORMATION_TYPE:
		blob = arena_alloc(a, sizeof(*blob));
		BUG_ON(!blob);
		*blob = random_blob(r, a);
		v.blob = blob;
		break;
	case MODEL_SID:
		v.sid = random_sid(r, a);
		break;
	case MODEL_TOKEN_INFORMATION_TYPE:
		v.token = random_token(r, a);
		break;
	case MODEL_UNICODE_STRING_TYPE:
		v.wstr = random_wide(r, a);
		break;
	case MODEL_V4_ADDR_MASK:
		v4 = arena_alloc(a, sizeof(*v4));
		BUG_ON(!v4);
		*v4 = (struct model_v4_mask){rng_u32(r), UINT32_MAX << rng_below(r, 32)};
		v.v4mask = v4;
		break;
	case MODEL_V6_ADDR_MASK:
		v6 = random_bytes(r, a, sizeof(*v6));
		v6->prefix = (uint8_t)rng_below(r, 129);
		v.v6mask = v6;
		break;
	case MODEL_RANGE_TYPE:
		range = arena_alloc(a, sizeof(*range));
		BUG_ON(!range);
		range->low = random_value(r, a, MODEL_UINT16);
		range->high = (struct model_value){.type = MODEL_UINT16, .u16 = UINT16_MAX};
		v.range = range;
		break;
	case MODEL_UINT8:
	case MODEL_INT8:
		v.u8 = (uint8_t)rng_u32(r);
		break;
	case MODEL_UINT16:
	case MODEL_INT16:
		v.u16 = (uint16_t)rng_u32(r);
		break;
	case MODEL_UINT32:
	case MODEL_INT32:
		v.u32 = rng_u32(r);
		break;
	case MODEL_FLOAT:
		v.f32 = (float)rng_u32(r);
		break;
	default: /* what lies behind a pointer and is bytes */
		v.bytes16 = random_bytes(r, a, 16);
	}
	return v;
}

/* One on a field of the layer that has a plain type. */
static inline UNUSED bool random_condition(struct rng *r, struct arena *a,
					   const struct model_layer *layer,
					   struct model_condition *out)
{
	const struct model_field *field = &layer->fields[rng_below(r, layer->n_fields)];

	switch ((uint32_t)field->type) {
	case MODEL_UINT8:
	case MODEL_UINT16:
	case MODEL_UINT32:
	case MODEL_UINT64:
	case MODEL_BYTE_ARRAY16_TYPE:
	case MODEL_BYTE_BLOB_TYPE:
		break;
	default:
		return false;
	}
	if (field->index[MODEL_SCHEMA_2026] < 0)
		return false;
	*out = (struct model_condition){.field_key = *field->key};
	out->value = random_value(r, a, field->type);
	if (field->type == MODEL_UINT16 && rng_below(r, 2)) {
		out->match = MODEL_MATCH_RANGE;
		out->value = random_value(r, a, MODEL_RANGE_TYPE);
	}
	return true;
}

static inline UNUSED struct model_filter *random_filter(struct rng *r, struct arena *a)
{
	static const uint32_t actions[] = {MODEL_ACTION_BLOCK, MODEL_ACTION_PERMIT,
					   MODEL_ACTION_CALLOUT_TERMINATING};
	struct model_filter *f = arena_zalloc(a, 1, sizeof(*f));
	struct model_condition *conditions = arena_zalloc(a, 8, sizeof(*conditions));
	const struct model_layer *layer = model_layer_at(rng_below(r, model_layer_count()));

	BUG_ON(!f || !conditions);
	f->key = random_key(r);
	f->id = rng_u64(r) >> rng_below(r, 63);
	f->layer = layer->id;
	f->sublayer = random_key(r);
	f->weight = rng_u64(r);
	if (rng_below(r, 2))
		f->requested_weight =
			(struct model_value){.type = MODEL_UINT8, .u8 = (uint8_t)rng_below(r, 16)};
	f->flags = rng_below(r, 2) ? MODEL_FILTER_PERSISTENT : MODEL_FILTER_CLEAR_ACTION_RIGHT;
	f->action = actions[rng_below(r, 3)];
	if (MODEL_ACTION_IS_CALLOUT(f->action))
		f->callout = random_key(r);
	else if (rng_below(r, 2))
		f->filter_type = random_key(r);
	if (rng_below(r, 3) == 0) {
		f->flags |= MODEL_FILTER_HAS_PROVIDER_CONTEXT;
		f->context_key = random_key(r);
	} else {
		f->context = rng_u64(r) >> rng_below(r, 63);
	}
	f->name = random_text(r, a);
	f->description = rng_below(r, 2) ? random_text(r, a) : NULL;
	f->data = random_blob(r, a);
	f->conditions = conditions;
	while (layer->n_fields && f->n_conditions < 8 && rng_below(r, 4))
		f->n_conditions += random_condition(r, a, layer, &conditions[f->n_conditions]);
	return f;
}

/* A draft, in the arena.  A context has a general buffer as its policy. */
static inline UNUSED struct model_object random_draft(struct rng *r, struct arena *a)
{
	struct model_object o = {.kind = (enum model_kind)rng_below(r, MODEL_KINDS)};

	o.key = random_key(r);
	o.name = random_text(r, a);
	o.description = rng_below(r, 2) ? random_text(r, a) : NULL;
	o.flags = rng_below(r, 2);
	o.data = random_blob(r, a);
	if (o.kind != MODEL_PROVIDER && rng_below(r, 2))
		o.provider = random_key(r);
	switch (o.kind) {
	case MODEL_PROVIDER:
		o.service = rng_below(r, 2) ? random_text(r, a) : NULL;
		break;
	case MODEL_PROVIDER_CONTEXT:
		o.context_type = MODEL_CONTEXT_GENERAL;
		o.id = rng_u64(r);
		if (rng_below(r, 2)) /* field 8, four bytes */
			o.policy = (struct model_blob){6, arena_dup(a, "\x42\x04wfp!", 6)};
		break;
	case MODEL_SUBLAYER:
		o.weight = (uint16_t)rng_u32(r);
		break;
	case MODEL_CALLOUT:
		o.layer = model_layer_at(rng_below(r, model_layer_count()))->id;
		o.id = rng_u32(r);
		break;
	default:
		o.filter = random_filter(r, a);
		o.filter->provider = o.provider;
		o.key = o.filter->key;
		o.id = o.filter->id;
	}
	return o;
}
