/* SPDX-License-Identifier: MIT */
/*
 * oracle_filters - random filters: all types and match types, sets of values on one field, ties in
 * weight, filters that share fields.
 *
 * What is made is valid, so model_filter_create must take it.
 */
#pragma once

#include "engine/callout.h"
#include "model/catalogue.h"
#include "oracle_values.h"
#include "reference.c"

#define ORACLE_SUBLAYERS      5u
#define ORACLE_CALLOUTS	      6u
#define ORACLE_FAVOURITES     3u
#define ORACLE_CONDITIONS_MAX 64u

/* What most filters of a policy are like, apart from the shape of their values. */
enum oracle_kind {
	KIND_ANY,
	KIND_RANGES,   /* ranges, which no table takes, and they come a few at a time */
	KIND_PREFIXES, /* prefixes of addresses, in one sublayer: several tables */
	ORACLE_KINDS
};

/* What the filters of one policy have in common. */
struct style {
	unsigned shape;
	bool tame;     /* mostly EQUAL, masks and ranges, as people write them */
	bool ports;    /* mostly about addresses and ports */
	unsigned kind; /* enum oracle_kind */
	unsigned favourites[ORACLE_FAVOURITES]; /* numbers of fields, modulo how many there are */
	unsigned weights;			/* how many different ones; 0: any */
};

static bool is_unsigned(uint32_t type)
{
	return type >= MODEL_UINT8 && type <= MODEL_UINT64;
}

static bool is_sortable(uint32_t type)
{
	return (type >= MODEL_UINT8 && type <= MODEL_INT64) || type == MODEL_BYTE_ARRAY16_TYPE ||
	       type == MODEL_BYTE_BLOB_TYPE || type == MODEL_UNICODE_STRING_TYPE;
}

static bool is_text(uint32_t type)
{
	return type == MODEL_BYTE_BLOB_TYPE || type == MODEL_UNICODE_STRING_TYPE;
}

static bool is_token(uint32_t type)
{
	return type == MODEL_TOKEN_ACCESS_INFORMATION_TYPE || type == MODEL_TOKEN_INFORMATION_TYPE;
}

/* ---- conditions ---------------------------------------------------------------------------- */

static void any_range(struct dice *d, struct slot *s, unsigned shape, uint32_t type)
{
	struct model_range *r = &s->range;
	struct sort_key low, high;

	r->low = any_value(d, shape, type, &s->low);
	r->high = dice_one_in(d, 8) ? r->low : any_value(d, shape, type, &s->high);
	key_of(&low, &r->low);
	key_of(&high, &r->high);
	if (key_order(&low, &high) > 0) {
		struct model_value swap = r->low;

		r->low = r->high;
		r->high = swap;
	}
	s->value = (struct model_value){.type = MODEL_RANGE_TYPE, .range = r};
}

/* A length of a prefix: often one of few, so that masks are shared, or one beside it. */
static unsigned any_length(struct dice *d, unsigned shape, unsigned bits)
{
	if (shape == SHAPE_SPREAD || dice_one_in(d, 4))
		return dice_below(d, bits + 1);
	if (shape == SHAPE_BORDERS)
		return dice_one_in(d, 2) ? dice_below(d, 2) : bits - dice_below(d, 2);
	return bits - bits / 8 * dice_below(d, 4) - dice_below(d, 2);
}

static void any_mask(struct dice *d, struct slot *s, unsigned lengths, unsigned shape,
		     uint32_t type)
{
	unsigned n = any_length(d, lengths, type == MODEL_UINT32 ? 32 : 128);
	struct model_value v = any_value(d, shape, type, &s->low);

	if (type == MODEL_UINT32) {
		s->room.mask4 = (struct model_v4_mask){v.u32, n ? UINT32_MAX << (32 - n) : 0};
		s->value =
			(struct model_value){.type = MODEL_V4_ADDR_MASK, .v4mask = &s->room.mask4};
		return;
	}
	memcpy(s->room.mask6.addr, v.bytes16->b, 16);
	s->room.mask6.prefix = (uint8_t)n;
	s->value = (struct model_value){.type = MODEL_V6_ADDR_MASK, .v6mask = &s->room.mask6};
}

static bool match_suits(unsigned m, uint32_t type)
{
	switch (m) {
	case MODEL_MATCH_EQUAL:
		return true;
	case MODEL_MATCH_NOT_EQUAL:
		return type == MODEL_SID || type == MODEL_BYTE_ARRAY6_TYPE || is_sortable(type);
	case MODEL_MATCH_FLAGS_ALL_SET:
	case MODEL_MATCH_FLAGS_ANY_SET:
	case MODEL_MATCH_FLAGS_NONE_SET:
		return is_unsigned(type);
	case MODEL_MATCH_EQUAL_CASE_INSENSITIVE:
		return type == MODEL_UNICODE_STRING_TYPE;
	case MODEL_MATCH_PREFIX:
	case MODEL_MATCH_NOT_PREFIX:
		return is_text(type);
	case MODEL_MATCH_RANGE:
		return false; /* any_range makes these */
	default:
		return is_sortable(type);
	}
}

/* A match type that this type of condition allows. */
static uint8_t any_match(struct dice *d, bool tame, uint32_t type)
{
	unsigned m = tame && !dice_one_in(d, 8) ? MODEL_MATCH_EQUAL : dice_below(d, MODEL_MATCHES);

	while (!match_suits(m, type))
		m = (m + 1) % MODEL_MATCHES;
	return (uint8_t)m;
}

/* One of a set of values, as a rule of a firewall lists them. */
static void any_member(struct dice *d, unsigned shape, uint32_t type, struct slot *s,
		       struct model_condition *c)
{
	slot_fill(d, s, shape, is_token(type) ? MODEL_SECURITY_DESCRIPTOR_TYPE : type);
	*c = (struct model_condition){.match = MODEL_MATCH_EQUAL, .value = s->value};
}

static void any_condition(struct dice *d, const struct style *style, uint32_t type, bool address,
			  struct slot *s, struct model_condition *c)
{
	unsigned shape = dice_one_in(d, 8) ? dice_below(d, ORACLE_SHAPES) : style->shape;

	*c = (struct model_condition){.match = MODEL_MATCH_EQUAL};
	if (dice_one_in(d, 24))
		return; /* EMPTY */
	if (is_token(type)) {
		slot_fill(d, s, shape, MODEL_SECURITY_DESCRIPTOR_TYPE);
	} else if (style->kind == KIND_RANGES && is_sortable(type)) {
		any_range(d, s, shape, type);
		c->match = MODEL_MATCH_RANGE;
	} else if (address && (style->kind == KIND_PREFIXES || dice_one_in(d, 2))) {
		any_mask(d, s,
			 style->kind == KIND_PREFIXES && dice_one_in(d, 2) ? SHAPE_NESTED
									   : style->shape,
			 shape, type);
		c->match = dice_one_in(d, style->tame || style->kind == KIND_PREFIXES ? 16 : 3)
				   ? MODEL_MATCH_NOT_EQUAL
				   : MODEL_MATCH_EQUAL;
	} else if (is_sortable(type) && dice_one_in(d, shape == SHAPE_NESTED ? 2 : 4)) {
		any_range(d, s, shape, type);
		c->match = MODEL_MATCH_RANGE;
	} else {
		slot_fill(d, s, shape, type);
		c->match = any_match(d, style->tame, type);
	}
	c->value = s->value;
}

/* ---- filters ------------------------------------------------------------------------------- */

/* Conditions and what they point to, while a filter is made of them. */
struct draft {
	struct model_filter filter;
	struct model_condition conditions[ORACLE_CONDITIONS_MAX];
	struct slot slots[ORACLE_CONDITIONS_MAX];
};

static bool is_address(const struct model_field *f)
{
	return f->field_type == MODEL_FIELD_IP_ADDRESS;
}

/* How many conditions on one field: seldom a set, and sometimes a large one. */
static unsigned any_repeats(struct dice *d, const struct style *style)
{
	if (style->kind != KIND_ANY || !dice_one_in(d, 6))
		return 1;
	return dice_one_in(d, 2) ? 2 + dice_below(d, 3) : 4 + dice_below(d, 36);
}

/* The first address of the layer or, as often, its last one; its first field if it has none. */
static const struct model_field *any_address(struct dice *d, const struct model_layer *layer)
{
	const struct model_field *found = NULL;
	const bool last = dice_one_in(d, 2);

	for (unsigned i = 0; i < layer->n_fields; i++)
		if (is_address(&layer->fields[i]) && (!found || last))
			found = &layer->fields[i];
	return found ? found : &layer->fields[0];
}

static const struct model_field *any_field(struct dice *d, const struct style *style,
					   const struct model_layer *layer)
{
	unsigned which = dice_one_in(d, 4) ? dice_below(d, layer->n_fields)
					   : style->favourites[dice_below(d, ORACLE_FAVOURITES)];
	const struct model_field *f = &layer->fields[which % layer->n_fields];

	if (style->kind == KIND_PREFIXES && !dice_one_in(d, 8))
		return any_address(d, layer);
	for (unsigned i = 0; style->ports && i < 6; i++) {
		if (is_address(f) || f->type == MODEL_UINT16)
			break;
		f = &layer->fields[dice_below(d, layer->n_fields)];
	}
	return f;
}

static void any_conditions(struct dice *d, const struct style *style,
			   const struct model_layer *layer, struct draft *out)
{
	uint32_t *n = &out->filter.n_conditions;
	const bool seldom_none = style->tame || style->kind != KIND_ANY;
	const unsigned most = style->kind == KIND_PREFIXES ? 1 : 4;
	unsigned n_fields = dice_one_in(d, seldom_none ? 64 : 6) ? 0 : 1 + dice_below(d, most);

	for (unsigned i = 0; i < n_fields && layer->n_fields; i++) {
		const struct model_field *f = any_field(d, style, layer);
		unsigned repeats = any_repeats(d, style);
		bool members = repeats > 1 && !dice_one_in(d, 4);

		if (f->index[MODEL_SCHEMA_2026] < 0)
			continue;
		for (; repeats > 0 && *n < ORACLE_CONDITIONS_MAX; repeats--) {
			struct model_condition *c = &out->conditions[*n];

			if (members)
				any_member(d, style->shape, f->type, &out->slots[*n], c);
			else
				any_condition(d, style, f->type, is_address(f), &out->slots[*n], c);
			c->field_key = *f->key;
			(*n)++;
		}
	}
}

static uint64_t any_weight(struct dice *d, const struct style *style)
{
	if (style->weights == 0)
		return any_number(d, dice_one_in(d, 2) ? SHAPE_BORDERS : SHAPE_SPREAD, 64);
	return dice_below(d, style->weights);
}

static struct guid oracle_sublayer_key(unsigned i)
{
	return (struct guid){.a = 0x5b1a7e00, .b = (uint16_t)i};
}

static struct guid oracle_callout_key(unsigned i)
{
	return (struct guid){.a = 0xca110072, .b = (uint16_t)i};
}

static struct model_filter *any_filter(struct dice *d, const struct style *style,
				       const struct model_layer *layer, unsigned sublayer,
				       uint64_t id)
{
	static const uint32_t actions[] = {
		MODEL_ACTION_PERMIT,
		MODEL_ACTION_BLOCK,
		MODEL_ACTION_CONTINUE,
		MODEL_ACTION_CONTINUE,
		MODEL_ACTION_CALLOUT_TERMINATING,
		MODEL_ACTION_CALLOUT_INSPECTION,
		MODEL_ACTION_CALLOUT_UNKNOWN,
		MODEL_ACTION_CALLOUT_UNKNOWN,
	};
	static struct draft draft;
	struct model_filter *made, *f = &draft.filter;

	*f = (struct model_filter){
		.id = id,
		.layer = layer->id,
		.sublayer = oracle_sublayer_key(sublayer),
		.weight = any_weight(d, style),
		.action = actions[dice_below(d, ARRAY_LEN(actions))],
		.flags = dice_one_in(d, 3) ? MODEL_FILTER_CLEAR_ACTION_RIGHT : 0,
		.name = (char *)(uintptr_t) "random",
		.conditions = draft.conditions,
	};
	if (MODEL_ACTION_IS_CALLOUT(f->action))
		f->callout = oracle_callout_key(dice_below(d, ORACLE_CALLOUTS));
	if ((f->action == MODEL_ACTION_CALLOUT_TERMINATING ||
	     f->action == MODEL_ACTION_CALLOUT_UNKNOWN) &&
	    dice_one_in(d, 2))
		f->flags |= MODEL_FILTER_PERMIT_IF_CALLOUT_UNREGISTERED;
	any_conditions(d, style, layer, &draft);
	BUG_ON(model_filter_create(&made, f));
	return made;
}
