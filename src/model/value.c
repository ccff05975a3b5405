/* SPDX-License-Identifier: MIT */
/*
 * value - deep copies of values, and the names of types.
 *
 * What a value points to is copied into one block behind the pointer, so clearing is one mem_free;
 * a range is a block of its own and the blocks of its two ends.  Any thread.
 */
#include "model/value.h"

#include "base/mem.h"
#include "model/sid.h"
#include "model/token.h"

#include <string.h>

/* How the eight bytes of a value are to be understood. */
enum kind {
	KIND_NONE,
	KIND_INLINE,
	KIND_FIXED,
	KIND_BLOB,
	KIND_SID,
	KIND_TOKEN,
	KIND_WSTR,
	KIND_RANGE
};

struct type_info {
	uint32_t type;
	enum kind kind;
	uint16_t size; /* KIND_FIXED: bytes pointed to */
};

static const struct type_info types[] = {
	{MODEL_EMPTY, KIND_INLINE, 0},
	{MODEL_UINT8, KIND_INLINE, 0},
	{MODEL_UINT16, KIND_INLINE, 0},
	{MODEL_UINT32, KIND_INLINE, 0},
	{MODEL_UINT64, KIND_FIXED, 8},
	{MODEL_INT8, KIND_INLINE, 0},
	{MODEL_INT16, KIND_INLINE, 0},
	{MODEL_INT32, KIND_INLINE, 0},
	{MODEL_INT64, KIND_FIXED, 8},
	{MODEL_FLOAT, KIND_INLINE, 0},
	{MODEL_DOUBLE, KIND_FIXED, 8},
	{MODEL_BYTE_ARRAY16_TYPE, KIND_FIXED, sizeof(struct model_bytes16)},
	{MODEL_BYTE_ARRAY6_TYPE, KIND_FIXED, sizeof(struct model_bytes6)},
	{MODEL_BYTE_BLOB_TYPE, KIND_BLOB, 0},
	{MODEL_SID, KIND_SID, 0},
	{MODEL_SECURITY_DESCRIPTOR_TYPE, KIND_BLOB, 0},
	{MODEL_TOKEN_INFORMATION_TYPE, KIND_TOKEN, 0},
	{MODEL_TOKEN_ACCESS_INFORMATION_TYPE, KIND_BLOB, 0},
	{MODEL_UNICODE_STRING_TYPE, KIND_WSTR, 0},
	{MODEL_V4_ADDR_MASK, KIND_FIXED, sizeof(struct model_v4_mask)},
	{MODEL_V6_ADDR_MASK, KIND_FIXED, sizeof(struct model_v6_mask)},
	{MODEL_RANGE_TYPE, KIND_RANGE, 0},
};

static struct type_info type_info(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].type == type)
			return types[i];
	return (struct type_info){.kind = KIND_NONE};
}

/* The block becomes the value's; NULL: no memory. */
static wfp_err take_block(struct model_value *out, uint32_t type, void *block)
{
	if (!block)
		return ERR_NO_MEMORY;
	*out = (struct model_value){.type = type};
	out->blob = block;
	return ERR_OK;
}

static wfp_err copy_blob(struct model_value *out, const struct model_value *in)
{
	struct model_blob *blob;

	if (in->blob->size && !in->blob->data)
		return ERR_NULL_POINTER;
	blob = mem_alloc(sizeof(*blob) + in->blob->size);
	if (blob) {
		blob->size = in->blob->size;
		blob->data = (uint8_t *)(blob + 1);
		if (blob->size)
			memcpy(blob->data, in->blob->data, blob->size);
	}
	return take_block(out, in->type, blob);
}

static wfp_err copy_sid(struct model_value *out, const struct model_value *in)
{
	size_t size = sid_size(in->sid, SID_MAX);

	if (size == 0)
		return ERR_INVALID_DATA;
	return take_block(out, in->type, mem_dup(in->sid, size));
}

static wfp_err copy_wstr(struct model_value *out, const struct model_value *in)
{
	size_t n = 0;

	while (in->wstr[n] != 0)
		n++;
	return take_block(out, in->type, mem_dup(in->wstr, (n + 1) * sizeof(*in->wstr)));
}

static bool sids_size(const struct model_token_sid *sids, uint32_t n, size_t *size)
{
	if (n && !sids)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		size_t one = sids[i].sid ? sid_size(sids[i].sid, SID_MAX) : 0;

		if (one == 0)
			return false;
		*size += sizeof(*sids) + one;
	}
	return true;
}

/* Entries at *list, SIDs at *bytes; both move on. */
static void put_sids(struct model_token_sid **list, uint8_t **bytes,
		     const struct model_token_sid *sids, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		size_t size = sid_size(sids[i].sid, SID_MAX);

		memcpy(*bytes, sids[i].sid, size);
		*(*list)++ = (struct model_token_sid){*bytes, sids[i].attributes};
		*bytes += size;
	}
}

static wfp_err copy_token(struct model_value *out, const struct model_value *in)
{
	const struct model_token_info *from = in->token;
	size_t size = sizeof(*from);
	struct model_token_info *to;
	struct model_token_sid *list;
	uint8_t *bytes;

	if (!sids_size(from->sids, from->n_sids, &size) ||
	    !sids_size(from->restricted, from->n_restricted, &size))
		return ERR_INVALID_DATA;
	to = mem_alloc(size);
	if (!to)
		return ERR_NO_MEMORY;
	list = (struct model_token_sid *)(to + 1);
	bytes = (uint8_t *)(list + from->n_sids + from->n_restricted);
	*to = (struct model_token_info){from->n_sids, list, from->n_restricted,
					list + from->n_sids};
	put_sids(&list, &bytes, from->sids, from->n_sids);
	put_sids(&list, &bytes, from->restricted, from->n_restricted);
	return take_block(out, in->type, to);
}

static wfp_err copy_range(struct model_value *out, const struct model_value *in)
{
	struct model_range *range;
	wfp_err err;

	if (in->range->low.type == MODEL_RANGE_TYPE || in->range->high.type == MODEL_RANGE_TYPE)
		return ERR_TYPE_MISMATCH;
	range = mem_zalloc(sizeof(*range));
	if (!range)
		return ERR_NO_MEMORY;
	err = model_value_copy(&range->low, &in->range->low);
	if (err)
		goto undo_range;
	err = model_value_copy(&range->high, &in->range->high);
	if (err)
		goto undo_low;
	return take_block(out, in->type, range);
undo_low:
	model_value_clear(&range->low);
undo_range:
	mem_free(range);
	return err;
}

static wfp_err copy_kind(struct model_value *out, const struct model_value *in,
			 struct type_info info)
{
	switch (info.kind) {
	case KIND_FIXED:
		return take_block(out, in->type, mem_dup(in->blob, info.size));
	case KIND_BLOB:
		return copy_blob(out, in);
	case KIND_SID:
		return copy_sid(out, in);
	case KIND_TOKEN:
		return copy_token(out, in);
	case KIND_WSTR:
		return copy_wstr(out, in);
	case KIND_RANGE:
		return copy_range(out, in);
	case KIND_INLINE:
		*out = *in;
		return ERR_OK;
	case KIND_NONE:
		break;
	}
	return ERR_TYPE_MISMATCH;
}

wfp_err model_value_copy(struct model_value *out, const struct model_value *in)
{
	struct type_info info = type_info(in->type);

	*out = (struct model_value){.type = MODEL_EMPTY};
	if (info.kind > KIND_INLINE && !in->blob)
		return ERR_NULL_POINTER;
	return copy_kind(out, in, info);
}

void model_value_clear(struct model_value *v)
{
	struct type_info info = type_info(v->type);

	if (info.kind == KIND_RANGE) {
		struct model_range range = *v->range;

		model_value_clear(&range.low);
		model_value_clear(&range.high);
	}
	if (info.kind > KIND_INLINE)
		mem_free((void *)(uintptr_t)v->blob);
	*v = (struct model_value){.type = MODEL_EMPTY};
}

const char *model_type_name(enum model_type type)
{
	switch ((uint32_t)type) {
#define DATA_TYPE(name, value)                                                                     \
	case (value):                                                                              \
		return "FWP_" #name;
#include "model/tables/types.def"
#undef DATA_TYPE
	}
	return NULL;
}

const char *model_match_name(enum model_match match)
{
	switch ((uint32_t)match) {
#define MATCH(name, value)                                                                         \
	case (value):                                                                              \
		return "FWP_MATCH_" #name;
#include "model/tables/matches.def"
#undef MATCH
	}
	return NULL;
}
