/* SPDX-License-Identifier: MIT */
/*
 * filter - checking a filter's draft and making the immutable copy of it.
 *
 * Which match types a data type allows is one table; everything else a condition must obey (ranges,
 * masks, descriptors) is checked after it, so that the matcher may rely on every condition it sees.
 */
#include "model/filter.h"

#include "base/mem.h"
#include "model/catalogue.h"
#include "model/compare.h"
#include "model/sd.h"

#include <stdlib.h>
#include <string.h>

#define FLAGS_ALL                                                                                  \
	(MODEL_FILTER_PERSISTENT | MODEL_FILTER_BOOTTIME | MODEL_FILTER_HAS_PROVIDER_CONTEXT |     \
	 MODEL_FILTER_CLEAR_ACTION_RIGHT | MODEL_FILTER_PERMIT_IF_CALLOUT_UNREGISTERED |           \
	 MODEL_FILTER_DISABLED | MODEL_FILTER_INDEXED | MODEL_FILTER_OTHER)
#define WEIGHT_RANGE_MAX 15u

#define M(name)		 (1u << MODEL_MATCH_##name)
#define M_EQUAL		 M(EQUAL)
#define M_SORTED                                                                                   \
	(M(EQUAL) | M(NOT_EQUAL) | M(GREATER) | M(LESS) | M(GREATER_OR_EQUAL) | M(LESS_OR_EQUAL))
#define M_FLAGS (M(FLAGS_ALL_SET) | M(FLAGS_ANY_SET) | M(FLAGS_NONE_SET))
#define M_AFFIX (M(PREFIX) | M(NOT_PREFIX))

/* The match types that a condition of this data type allows.  SID with NOT_EQUAL is undocumented,
 * but the firewall of Windows uses it. */
static const struct {
	uint32_t type, matches;
} allowed[] = {
	{MODEL_EMPTY, M_EQUAL},
	{MODEL_UINT8, M_SORTED | M_FLAGS},
	{MODEL_UINT16, M_SORTED | M_FLAGS},
	{MODEL_UINT32, M_SORTED | M_FLAGS},
	{MODEL_UINT64, M_SORTED | M_FLAGS},
	{MODEL_INT8, M_SORTED},
	{MODEL_INT16, M_SORTED},
	{MODEL_INT32, M_SORTED},
	{MODEL_INT64, M_SORTED},
	{MODEL_FLOAT, M_EQUAL},
	{MODEL_DOUBLE, M_EQUAL},
	{MODEL_BYTE_ARRAY16_TYPE, M_SORTED},
	{MODEL_BYTE_ARRAY6_TYPE, M_EQUAL | M(NOT_EQUAL)},
	{MODEL_BYTE_BLOB_TYPE, M_SORTED | M_AFFIX},
	{MODEL_SID, M_EQUAL | M(NOT_EQUAL)},
	{MODEL_SECURITY_DESCRIPTOR_TYPE, M_EQUAL},
	{MODEL_UNICODE_STRING_TYPE, M_SORTED | M_AFFIX | M(EQUAL_CASE_INSENSITIVE)},
	{MODEL_V4_ADDR_MASK, M_EQUAL | M(NOT_EQUAL)},
	{MODEL_V6_ADDR_MASK, M_EQUAL | M(NOT_EQUAL)},
	{MODEL_RANGE_TYPE, M(RANGE)},
};

static uint32_t allowed_matches(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
		if (allowed[i].type == type)
			return allowed[i].matches;
	return 0;
}

/* May a condition of this type be put to a field of that one? */
static bool types_agree(const struct model_field *field, uint32_t condition)
{
	bool address = field->field_type == MODEL_FIELD_IP_ADDRESS;

	switch (condition) {
	case MODEL_EMPTY:
		return true;
	case MODEL_V4_ADDR_MASK:
		return address && field->type == MODEL_UINT32;
	case MODEL_V6_ADDR_MASK:
		return address && field->type == MODEL_BYTE_ARRAY16_TYPE;
	case MODEL_SECURITY_DESCRIPTOR_TYPE:
		return field->type == MODEL_TOKEN_ACCESS_INFORMATION_TYPE ||
		       field->type == MODEL_TOKEN_INFORMATION_TYPE;
	default:
		return condition == (uint32_t)field->type;
	}
}

static wfp_err check_range(const struct model_field *field, const struct model_range *range)
{
	uint32_t type = range->low.type;

	if (range->high.type != type || !types_agree(field, type))
		return ERR_TYPE_MISMATCH;
	if (!(allowed_matches(type) & M(GREATER)))
		return ERR_MATCH_TYPE_MISMATCH;
	return model_value_compare(&range->low, &range->high) > 0 ? ERR_INVALID_RANGE : ERR_OK;
}

static wfp_err check_sd(const struct model_blob *blob)
{
	struct model_sd sd;

	return model_sd_parse(&sd, blob->data, blob->size);
}

/* The condition owns a copy already, so its pointers are good. */
static wfp_err check_value(const struct model_field *field, const struct model_value *v)
{
	uint32_t hole;

	switch (v->type) {
	case MODEL_RANGE_TYPE:
		return check_range(field, v->range);
	case MODEL_V4_ADDR_MASK:
		hole = ~v->v4mask->mask;
		return hole & (hole + 1) ? ERR_INVALID_NET_MASK : ERR_OK;
	case MODEL_V6_ADDR_MASK:
		return v->v6mask->prefix > 128 ? ERR_INVALID_NET_MASK : ERR_OK;
	case MODEL_SECURITY_DESCRIPTOR_TYPE:
		return check_sd(v->blob);
	default:
		return ERR_OK;
	}
}

wfp_err model_condition_check(const struct model_field *field, const struct model_condition *c)
{
	if (c->match >= MODEL_MATCHES)
		return ERR_INVALID_ENUMERATOR;
	if (c->value.type != MODEL_RANGE_TYPE && !types_agree(field, c->value.type))
		return ERR_TYPE_MISMATCH;
	if (!(allowed_matches(c->value.type) & 1u << c->match))
		return ERR_MATCH_TYPE_MISMATCH;
	return check_value(field, &c->value);
}

static wfp_err check_flags(const struct model_filter *f)
{
	const uint32_t both = MODEL_FILTER_PERSISTENT | MODEL_FILTER_BOOTTIME;

	if (f->flags & ~(uint32_t)FLAGS_ALL || (f->flags & both) == both)
		return ERR_INVALID_FLAGS;
	if (f->flags & MODEL_FILTER_PERMIT_IF_CALLOUT_UNREGISTERED &&
	    f->action != MODEL_ACTION_CALLOUT_TERMINATING &&
	    f->action != MODEL_ACTION_CALLOUT_UNKNOWN)
		return ERR_INVALID_FLAGS;
	return ERR_OK;
}

static wfp_err check_weight(const struct model_value *w)
{
	switch (w->type) {
	case MODEL_EMPTY:
		return ERR_OK;
	case MODEL_UINT8:
		return w->u8 <= WEIGHT_RANGE_MAX ? ERR_OK : ERR_INVALID_WEIGHT;
	case MODEL_UINT64:
		return w->u64 ? ERR_OK : ERR_NULL_POINTER;
	default:
		return ERR_INVALID_WEIGHT;
	}
}

static bool is_inspection_sublayer(const struct guid *key)
{
	const struct model_builtin *b;

	for (unsigned i = 0; (b = model_sublayer_builtin(i)) != NULL; i++)
		if (strcmp(b->name, "FWPM_SUBLAYER_INSPECTION") == 0)
			return guid_equal(&b->key, key);
	return false;
}

static wfp_err check_action(const struct model_filter *f)
{
	switch (f->action) {
	case MODEL_ACTION_BLOCK:
	case MODEL_ACTION_PERMIT:
	case MODEL_ACTION_CONTINUE:
	case MODEL_ACTION_CALLOUT_TERMINATING:
	case MODEL_ACTION_CALLOUT_INSPECTION:
	case MODEL_ACTION_CALLOUT_UNKNOWN:
		break;
	default:
		return ERR_INVALID_ACTION_TYPE;
	}
	if (MODEL_ACTION_IS_CALLOUT(f->action) && guid_is_zero(&f->callout))
		return ERR_CALLOUT_NOT_FOUND;
	if (f->action != MODEL_ACTION_CALLOUT_INSPECTION && is_inspection_sublayer(&f->sublayer))
		return ERR_ACTION_INCOMPATIBLE_WITH_SUBLAYER;
	return ERR_OK;
}

static wfp_err check_draft(const struct model_filter *draft)
{
	wfp_err err;

	if (!draft->name || !*draft->name)
		return ERR_NULL_DISPLAY_NAME;
	if (!model_layer_by_id(draft->layer))
		return ERR_LAYER_NOT_FOUND;
	if (draft->n_conditions && !draft->conditions)
		return ERR_NULL_POINTER;
	err = check_action(draft);
	if (!err)
		err = check_flags(draft);
	return err ? err : check_weight(&draft->requested_weight);
}

static void filter_free(struct model_filter *f)
{
	for (uint32_t i = 0; i < f->n_conditions; i++)
		model_value_clear(&f->conditions[i].value);
	mem_free(f->conditions);
	model_value_clear(&f->requested_weight);
	mem_free(f->data.data);
	mem_free(f->description);
	mem_free(f->name);
	mem_free(f);
}

/* f->n_conditions grows with what is owned, so that filter_free is right at any time. */
static wfp_err copy_conditions(struct model_filter *f, const struct model_filter *draft)
{
	const struct model_layer *layer = model_layer_by_id(f->layer);

	if (draft->n_conditions == 0)
		return ERR_OK;
	f->conditions = mem_zalloc_array(draft->n_conditions, sizeof(*f->conditions));
	if (!f->conditions)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < draft->n_conditions; i++) {
		const struct model_condition *from = &draft->conditions[i];
		const struct model_field *field = model_field_find(layer, &from->field_key);
		struct model_condition *c = &f->conditions[i];
		wfp_err err;

		if (!field)
			return ERR_CONDITION_NOT_FOUND;
		err = model_value_copy(&c->value, &from->value);
		if (err)
			return err;
		f->n_conditions++;
		c->field_key = from->field_key;
		c->field = field->index[MODEL_SCHEMA_2026];
		c->match = from->match;
		/* A filter made from a filter keeps what was asked for once. */
		c->place = from->place ? from->place : i + 1;
		err = model_condition_check(field, c);
		if (err)
			return err;
	}
	return ERR_OK;
}

/*
 * Brings the conditions of a field together, each field's in their order.  A layer has few fields,
 * so a pass for each of them stays linear in the conditions, however many there are.
 */
static void copy_grouped(struct model_condition *to, const struct model_condition *from, uint32_t n,
			 int n_fields)
{
	for (int field = 0; field < n_fields; field++)
		for (uint32_t i = 0; i < n; i++)
			if (from[i].field == field)
				*to++ = from[i];
}

static wfp_err group_conditions(struct model_filter *f)
{
	const struct model_layer *layer = model_layer_by_id(f->layer);
	struct model_condition *grouped;

	if (f->n_conditions < 2)
		return ERR_OK;
	grouped = mem_zalloc_array(f->n_conditions, sizeof(*grouped));
	if (!grouped)
		return ERR_NO_MEMORY;
	copy_grouped(grouped, f->conditions, f->n_conditions, layer->n_fields);
	mem_free(f->conditions);
	f->conditions = grouped;
	return ERR_OK;
}

static wfp_err copy_texts(struct model_filter *f, const struct model_filter *draft)
{
	f->name = mem_strdup(draft->name);
	if (!f->name)
		return ERR_NO_MEMORY;
	if (draft->description) {
		f->description = mem_strdup(draft->description);
		if (!f->description)
			return ERR_NO_MEMORY;
	}
	if (draft->data.size) {
		f->data.data = mem_dup(draft->data.data, draft->data.size);
		if (!f->data.data)
			return ERR_NO_MEMORY;
		f->data.size = draft->data.size;
	}
	return model_value_copy(&f->requested_weight, &draft->requested_weight);
}

wfp_err model_filter_create(struct model_filter **out, const struct model_filter *draft)
{
	struct model_filter *f;
	wfp_err err = check_draft(draft);

	if (err)
		return err;
	f = mem_alloc(sizeof(*f));
	if (!f)
		return ERR_NO_MEMORY;
	*f = *draft;
	atom32_init(&f->refs, 1);
	f->name = NULL;
	f->description = NULL;
	f->data = (struct model_blob){0};
	f->requested_weight = (struct model_value){.type = MODEL_EMPTY};
	f->conditions = NULL;
	f->n_conditions = 0;
	err = copy_texts(f, draft);
	if (!err)
		err = copy_conditions(f, draft);
	if (!err)
		err = group_conditions(f);
	if (err) {
		filter_free(f);
		return err;
	}
	*out = f;
	return ERR_OK;
}

struct model_filter model_filter_draft(const struct model_filter *f)
{
	struct model_filter draft = {.id = f->id};
	const size_t rest = offsetof(struct model_filter, key);

	memcpy((uint8_t *)&draft + rest, (const uint8_t *)f + rest, sizeof(draft) - rest);
	return draft;
}

struct model_filter *model_filter_get(struct model_filter *f)
{
	atom32_add(&f->refs, 1);
	return f;
}

void model_filter_put(struct model_filter *f)
{
	if (f && atom32_sub(&f->refs, 1) == 0)
		filter_free(f);
}
