/* SPDX-License-Identifier: MIT */
/*
 * codec_value - values, conditions and keys between model/ and messages.
 *
 * One row for each data type: which member of the message carries it, and how it goes there and
 * back.  A value that came out of here points into the message and the arena.  Any thread.
 */
#include "rpc/codec.h"

#include "base/utf.h"
#include "model/sid.h"
#include "model/token.h"
#include "rpc/wfp.pb-c.h"

#include <string.h>

/* Keys lie in memory as on Windows. */
STATIC_ASSERT(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rpc sends struct guid as it is");
STATIC_ASSERT(sizeof(struct guid) == 16, "a key has 16 bytes");

#define V6_PREFIX_MAX 128u
#define REPLACEMENT   0xfffdu
#define MEMBER(name)  OPENWFP__VALUE__VALUE_##name
#define NO_MEMBER     OPENWFP__VALUE__VALUE__NOT_SET

typedef wfp_err encode_fn(struct arena *a, const struct model_value *v, Openwfp__Value *out);
typedef wfp_err decode_fn(struct arena *a, const Openwfp__Value *m, struct model_value *out);

/* ---- keys --------------------------------------------------------------------------------------
 */

void rpc_key_encode(const struct guid *key, int *has, struct ProtobufCBinaryData *out)
{
	*has = !guid_is_zero(key);
	if (*has)
		*out = (ProtobufCBinaryData){sizeof(*key), (uint8_t *)(uintptr_t)key};
}

wfp_err rpc_key_decode(int has, const struct ProtobufCBinaryData *in, struct guid *out)
{
	*out = (struct guid){0};
	if (!has)
		return ERR_OK;
	if (in->len != sizeof(*out))
		return ERR_RPC_X_BAD_STUB_DATA;
	memcpy(out, in->data, sizeof(*out));
	return ERR_OK;
}

wfp_err rpc_layer_decode(int has, const struct ProtobufCBinaryData *in, uint16_t *out)
{
	const struct model_layer *layer;
	struct guid key;
	wfp_err err = rpc_key_decode(has, in, &key);

	if (err)
		return err;
	layer = model_layer_by_key(&key);
	if (!layer)
		return ERR_LAYER_NOT_FOUND;
	*out = layer->id;
	return ERR_OK;
}

/* ---- numbers -----------------------------------------------------------------------------------
 */

static wfp_err encode_empty(struct arena *a, const struct model_value *v, Openwfp__Value *out)
{
	return ERR_OK;
}

static wfp_err decode_empty(struct arena *a, const Openwfp__Value *m, struct model_value *out)
{
	return ERR_OK;
}

#define INLINE_NUMBER(name, member, field, min, max)                                               \
	static wfp_err encode_##name(struct arena *a, const struct model_value *v,                 \
				     Openwfp__Value *out)                                          \
	{                                                                                          \
		out->member = v->field;                                                            \
		return ERR_OK;                                                                     \
	}                                                                                          \
	static wfp_err decode_##name(struct arena *a, const Openwfp__Value *m,                     \
				     struct model_value *out)                                      \
	{                                                                                          \
		if ((int64_t)m->member < (min) || (int64_t)m->member > (max))                      \
			return ERR_OUT_OF_BOUNDS;                                                  \
		out->field = (__typeof__(out->field))m->member;                                    \
		return ERR_OK;                                                                     \
	}

INLINE_NUMBER(u8, uint8, u8, 0, UINT8_MAX)
INLINE_NUMBER(u16, uint16, u16, 0, UINT16_MAX)
INLINE_NUMBER(u32, uint32, u32, 0, UINT32_MAX)
INLINE_NUMBER(i8, int8, i8, INT8_MIN, INT8_MAX)
INLINE_NUMBER(i16, int16, i16, INT16_MIN, INT16_MAX)
INLINE_NUMBER(i32, int32, i32, INT32_MIN, INT32_MAX)

static wfp_err encode_f32(struct arena *a, const struct model_value *v, Openwfp__Value *out)
{
	out->float32 = v->f32;
	return ERR_OK;
}

static wfp_err decode_f32(struct arena *a, const Openwfp__Value *m, struct model_value *out)
{
	out->f32 = m->float32;
	return ERR_OK;
}

/* Numbers of 64 bits stay where they are in the message. */
#define POINTED_NUMBER(name, member, field)                                                        \
	static wfp_err encode_##name(struct arena *a, const struct model_value *v,                 \
				     Openwfp__Value *out)                                          \
	{                                                                                          \
		out->member = *v->field;                                                           \
		return ERR_OK;                                                                     \
	}                                                                                          \
	static wfp_err decode_##name(struct arena *a, const Openwfp__Value *m,                     \
				     struct model_value *out)                                      \
	{                                                                                          \
		out->field = &m->member;                                                           \
		return ERR_OK;                                                                     \
	}

POINTED_NUMBER(u64, uint64, u64)
POINTED_NUMBER(i64, int64, i64)
POINTED_NUMBER(f64, double64, f64)

/* ---- bytes -------------------------------------------------------------------------------------
 */

static ProtobufCBinaryData bytes(const void *data, size_t len)
{
	return (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)data};
}

#define FIXED_BYTES(name, member, field)                                                           \
	static wfp_err encode_##name(struct arena *a, const struct model_value *v,                 \
				     Openwfp__Value *out)                                          \
	{                                                                                          \
		out->member = bytes(v->field->b, sizeof(v->field->b));                             \
		return ERR_OK;                                                                     \
	}                                                                                          \
	static wfp_err decode_##name(struct arena *a, const Openwfp__Value *m,                     \
				     struct model_value *out)                                      \
	{                                                                                          \
		if (m->member.len != sizeof(out->field->b))                                        \
			return ERR_RPC_X_BAD_STUB_DATA;                                            \
		out->field = (const void *)m->member.data;                                         \
		return ERR_OK;                                                                     \
	}

FIXED_BYTES(bytes16, bytearray16, bytes16)
FIXED_BYTES(bytes6, bytearray6, bytes6)

static wfp_err blob_in_arena(struct arena *a, const ProtobufCBinaryData *in,
			     struct model_value *out)
{
	struct model_blob *blob = arena_alloc(a, sizeof(*blob));

	if (!blob)
		return ERR_NO_MEMORY;
	*blob = (struct model_blob){(uint32_t)in->len, in->data};
	out->blob = blob;
	return ERR_OK;
}

#define BLOB(name, member)                                                                         \
	static wfp_err encode_##name(struct arena *a, const struct model_value *v,                 \
				     Openwfp__Value *out)                                          \
	{                                                                                          \
		out->member = bytes(v->blob->data, v->blob->size);                                 \
		return ERR_OK;                                                                     \
	}                                                                                          \
	static wfp_err decode_##name(struct arena *a, const Openwfp__Value *m,                     \
				     struct model_value *out)                                      \
	{                                                                                          \
		return blob_in_arena(a, &m->member, out);                                          \
	}

BLOB(blob, byteblob)
BLOB(sd, sd)
BLOB(access, tokenaccessinformation)

/* ---- identities --------------------------------------------------------------------------------
 */

static bool is_sid(const ProtobufCBinaryData *data)
{
	return data->len > 0 && sid_size(data->data, data->len) == data->len;
}

static wfp_err encode_sid(struct arena *a, const struct model_value *v, Openwfp__Value *out)
{
	out->sid = bytes(v->sid, sid_size(v->sid, SID_MAX));
	return ERR_OK;
}

static wfp_err decode_sid(struct arena *a, const Openwfp__Value *m, struct model_value *out)
{
	if (!is_sid(&m->sid))
		return ERR_RPC_X_BAD_STUB_DATA;
	out->sid = m->sid.data;
	return ERR_OK;
}

static wfp_err encode_sids(struct arena *a, const struct model_token_sid *sids, size_t n,
			   Openwfp__SidAndAttributes ***out)
{
	Openwfp__SidAndAttributes *m = arena_alloc(a, n * sizeof(*m));
	Openwfp__SidAndAttributes **list = arena_alloc(a, n * sizeof(*list));

	if (!m || !list)
		return ERR_NO_MEMORY;
	for (size_t i = 0; i < n; i++) {
		m[i] = (Openwfp__SidAndAttributes)OPENWFP__SID_AND_ATTRIBUTES__INIT;
		m[i].has_sid = true;
		m[i].sid = bytes(sids[i].sid, sid_size(sids[i].sid, SID_MAX));
		m[i].has_attributes = true;
		m[i].attributes = sids[i].attributes;
		list[i] = &m[i];
	}
	*out = list;
	return ERR_OK;
}

static wfp_err encode_token(struct arena *a, const struct model_value *v, Openwfp__Value *out)
{
	const struct model_token_info *token = v->token;
	Openwfp__TokenInformation *m = arena_alloc(a, sizeof(*m));
	wfp_err err;

	if (!m)
		return ERR_NO_MEMORY;
	*m = (Openwfp__TokenInformation)OPENWFP__TOKEN_INFORMATION__INIT;
	m->n_sids = token->n_sids;
	m->n_restrictedsids = token->n_restricted;
	err = encode_sids(a, token->sids, m->n_sids, &m->sids);
	if (!err)
		err = encode_sids(a, token->restricted, m->n_restrictedsids, &m->restrictedsids);
	out->tokeninformation = m;
	return err;
}

static wfp_err decode_sids(struct arena *a, Openwfp__SidAndAttributes *const *list, size_t n,
			   const struct model_token_sid **out)
{
	struct model_token_sid *sids = arena_alloc(a, n * sizeof(*sids));

	if (!sids)
		return ERR_NO_MEMORY;
	for (size_t i = 0; i < n; i++) {
		if (!list[i]->has_sid)
			return ERR_NULL_POINTER;
		if (!is_sid(&list[i]->sid))
			return ERR_RPC_X_BAD_STUB_DATA;
		sids[i] = (struct model_token_sid){list[i]->sid.data, list[i]->attributes};
	}
	*out = sids;
	return ERR_OK;
}

static wfp_err decode_token(struct arena *a, const Openwfp__Value *m, struct model_value *out)
{
	const Openwfp__TokenInformation *from = m->tokeninformation;
	struct model_token_info *token = arena_zalloc(a, 1, sizeof(*token));
	wfp_err err;

	if (!token)
		return ERR_NO_MEMORY;
	token->n_sids = (uint32_t)from->n_sids;
	token->n_restricted = (uint32_t)from->n_restrictedsids;
	err = decode_sids(a, from->sids, from->n_sids, &token->sids);
	if (!err)
		err = decode_sids(a, from->restrictedsids, from->n_restrictedsids,
				  &token->restricted);
	out->token = token;
	return err;
}

/* ---- text --------------------------------------------------------------------------------------
 */

static wfp_err encode_text(struct arena *a, const struct model_value *v, Openwfp__Value *out)
{
	const uint16_t *p = v->wstr, *end = p;
	uint8_t *text, *to;

	while (*end)
		end++;
	/* A unit alone needs at most three bytes, two that belong together four. */
	text = to = arena_alloc(a, (size_t)(end - p) * 3 + 1);
	if (!text)
		return ERR_NO_MEMORY;
	while (p < end) {
		uint32_t c = utf16_next(&p, end);

		to += utf8_put(to, c == UTF_BAD ? REPLACEMENT : c);
	}
	*to = 0;
	out->unicodestring = (char *)text;
	return ERR_OK;
}

static wfp_err decode_text(struct arena *a, const Openwfp__Value *m, struct model_value *out)
{
	const uint8_t *p = (const uint8_t *)m->unicodestring;
	size_t len = strlen(m->unicodestring);
	const uint8_t *end = p + len;
	uint16_t *text = arena_alloc(a, (len + 1) * sizeof(*text)), *to = text;

	if (!text)
		return ERR_NO_MEMORY;
	while (p < end) {
		uint32_t c = utf8_next(&p, end);

		if (c == UTF_BAD)
			return ERR_RPC_X_BAD_STUB_DATA;
		to += utf16_put(to, c);
	}
	*to = 0;
	out->wstr = text;
	return ERR_OK;
}

/* ---- networks and ranges -----------------------------------------------------------------------
 */

static wfp_err encode_v4mask(struct arena *a, const struct model_value *v, Openwfp__Value *out)
{
	Openwfp__V4AddrAndMask *m = arena_alloc(a, sizeof(*m));

	if (!m)
		return ERR_NO_MEMORY;
	*m = (Openwfp__V4AddrAndMask)OPENWFP__V4_ADDR_AND_MASK__INIT;
	m->has_addr = m->has_mask = true;
	m->addr = v->v4mask->addr;
	m->mask = v->v4mask->mask;
	out->v4addrmask = m;
	return ERR_OK;
}

static wfp_err decode_v4mask(struct arena *a, const Openwfp__Value *m, struct model_value *out)
{
	struct model_v4_mask *mask = arena_alloc(a, sizeof(*mask));

	if (!mask)
		return ERR_NO_MEMORY;
	*mask = (struct model_v4_mask){m->v4addrmask->addr, m->v4addrmask->mask};
	out->v4mask = mask;
	return ERR_OK;
}

static wfp_err encode_v6mask(struct arena *a, const struct model_value *v, Openwfp__Value *out)
{
	Openwfp__V6AddrAndMask *m = arena_alloc(a, sizeof(*m));

	if (!m)
		return ERR_NO_MEMORY;
	*m = (Openwfp__V6AddrAndMask)OPENWFP__V6_ADDR_AND_MASK__INIT;
	m->has_addr = m->has_prefixlength = true;
	m->addr = bytes(v->v6mask->addr, sizeof(v->v6mask->addr));
	m->prefixlength = v->v6mask->prefix;
	out->v6addrmask = m;
	return ERR_OK;
}

static wfp_err decode_v6mask(struct arena *a, const Openwfp__Value *m, struct model_value *out)
{
	const Openwfp__V6AddrAndMask *from = m->v6addrmask;
	struct model_v6_mask *mask = arena_alloc(a, sizeof(*mask));

	if (!mask)
		return ERR_NO_MEMORY;
	if (!from->has_addr || from->addr.len != sizeof(mask->addr))
		return ERR_RPC_X_BAD_STUB_DATA;
	if (from->prefixlength > V6_PREFIX_MAX)
		return ERR_INVALID_NET_MASK;
	memcpy(mask->addr, from->addr.data, sizeof(mask->addr));
	mask->prefix = (uint8_t)from->prefixlength;
	out->v6mask = mask;
	return ERR_OK;
}

static wfp_err encode_range(struct arena *a, const struct model_value *v, Openwfp__Value *out)
{
	struct {
		Openwfp__Range range;
		Openwfp__Value low, high;
	} *m = arena_alloc(a, sizeof(*m));
	wfp_err err;

	if (!m)
		return ERR_NO_MEMORY;
	m->range = (Openwfp__Range)OPENWFP__RANGE__INIT;
	m->range.valuelow = &m->low;
	m->range.valuehigh = &m->high;
	err = rpc_value_encode(a, &v->range->low, &m->low);
	if (!err)
		err = rpc_value_encode(a, &v->range->high, &m->high);
	out->rangevalue = &m->range;
	return err;
}

static wfp_err decode_end(struct arena *a, const Openwfp__Value *m, struct model_value *out)
{
	if (!m)
		return ERR_NULL_POINTER;
	return m->type == MODEL_RANGE_TYPE ? ERR_TYPE_MISMATCH : rpc_value_decode(a, m, out);
}

static wfp_err decode_range(struct arena *a, const Openwfp__Value *m, struct model_value *out)
{
	struct model_range *range = arena_alloc(a, sizeof(*range));
	wfp_err err;

	if (!range)
		return ERR_NO_MEMORY;
	err = decode_end(a, m->rangevalue->valuelow, &range->low);
	if (!err)
		err = decode_end(a, m->rangevalue->valuehigh, &range->high);
	out->range = range;
	return err;
}

/* ---- values ------------------------------------------------------------------------------------
 */

static const struct row {
	uint32_t type;
	Openwfp__Value__ValueCase member;
	encode_fn *encode;
	decode_fn *decode;
} rows[] = {
	{MODEL_EMPTY, NO_MEMBER, encode_empty, decode_empty},
	{MODEL_UINT8, MEMBER(UINT8), encode_u8, decode_u8},
	{MODEL_UINT16, MEMBER(UINT16), encode_u16, decode_u16},
	{MODEL_UINT32, MEMBER(UINT32), encode_u32, decode_u32},
	{MODEL_UINT64, MEMBER(UINT64), encode_u64, decode_u64},
	{MODEL_INT8, MEMBER(INT8), encode_i8, decode_i8},
	{MODEL_INT16, MEMBER(INT16), encode_i16, decode_i16},
	{MODEL_INT32, MEMBER(INT32), encode_i32, decode_i32},
	{MODEL_INT64, MEMBER(INT64), encode_i64, decode_i64},
	{MODEL_FLOAT, MEMBER(FLOAT32), encode_f32, decode_f32},
	{MODEL_DOUBLE, MEMBER(DOUBLE64), encode_f64, decode_f64},
	{MODEL_BYTE_ARRAY16_TYPE, MEMBER(BYTE_ARRAY16), encode_bytes16, decode_bytes16},
	{MODEL_BYTE_ARRAY6_TYPE, MEMBER(BYTE_ARRAY6), encode_bytes6, decode_bytes6},
	{MODEL_BYTE_BLOB_TYPE, MEMBER(BYTE_BLOB), encode_blob, decode_blob},
	{MODEL_SID, MEMBER(SID), encode_sid, decode_sid},
	{MODEL_SECURITY_DESCRIPTOR_TYPE, MEMBER(SD), encode_sd, decode_sd},
	{MODEL_TOKEN_INFORMATION_TYPE, MEMBER(TOKEN_INFORMATION), encode_token, decode_token},
	{MODEL_TOKEN_ACCESS_INFORMATION_TYPE, MEMBER(TOKEN_ACCESS_INFORMATION), encode_access,
	 decode_access},
	{MODEL_UNICODE_STRING_TYPE, MEMBER(UNICODE_STRING), encode_text, decode_text},
	{MODEL_V4_ADDR_MASK, MEMBER(V4_ADDR_MASK), encode_v4mask, decode_v4mask},
	{MODEL_V6_ADDR_MASK, MEMBER(V6_ADDR_MASK), encode_v6mask, decode_v6mask},
	{MODEL_RANGE_TYPE, MEMBER(RANGE_VALUE), encode_range, decode_range},
};

static const struct row *row_of(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

wfp_err rpc_value_encode(struct arena *a, const struct model_value *v, struct Openwfp__Value *out)
{
	const struct row *row = row_of(v->type);

	if (!row)
		return ERR_TYPE_MISMATCH;
	*out = (Openwfp__Value)OPENWFP__VALUE__INIT;
	out->has_type = true;
	out->type = v->type;
	out->value_case = row->member;
	return row->encode(a, v, out);
}

wfp_err rpc_value_decode(struct arena *a, const struct Openwfp__Value *m, struct model_value *out)
{
	const struct row *row;

	*out = (struct model_value){.type = MODEL_EMPTY};
	if (!m)
		return ERR_OK;
	row = row_of(m->type);
	if (!row)
		return ERR_INVALID_ENUMERATOR;
	if (m->value_case != row->member)
		return m->value_case == NO_MEMBER ? ERR_NULL_POINTER : ERR_TYPE_MISMATCH;
	out->type = m->type;
	return row->decode(a, m, out);
}

/* ---- conditions --------------------------------------------------------------------------------
 */

struct condition_message {
	Openwfp__FilterCondition condition;
	Openwfp__Value value;
};

/* A filter has them by field; it is shown with them as they were asked for. */
static size_t place_of(const struct model_condition *c, size_t i, size_t n)
{
	return c->place && c->place <= n ? c->place - 1 : i;
}

wfp_err rpc_conditions_encode(struct arena *a, const struct model_condition *conditions, size_t n,
			      struct Openwfp__FilterCondition ***out)
{
	struct condition_message *m = arena_alloc(a, n * sizeof(*m));
	Openwfp__FilterCondition **list = arena_alloc(a, n * sizeof(*list));
	wfp_err err = m && list ? ERR_OK : ERR_NO_MEMORY;

	for (size_t i = 0; i < n && !err; i++) {
		const struct model_condition *c = &conditions[i];

		m[i].condition = (Openwfp__FilterCondition)OPENWFP__FILTER_CONDITION__INIT;
		rpc_key_encode(&c->field_key, &m[i].condition.has_fieldkey,
			       &m[i].condition.fieldkey);
		m[i].condition.has_matchtype = true;
		m[i].condition.matchtype = c->match;
		m[i].condition.conditionvalue = &m[i].value;
		list[place_of(c, i, n)] = &m[i].condition;
		err = rpc_value_encode(a, &c->value, &m[i].value);
	}
	if (!err)
		*out = list;
	return err;
}

static wfp_err decode_condition(struct arena *a, const Openwfp__FilterCondition *m,
				struct model_condition *out)
{
	wfp_err err = rpc_key_decode(m->has_fieldkey, &m->fieldkey, &out->field_key);

	if (err)
		return err;
	if (m->matchtype >= MODEL_MATCHES)
		return ERR_INVALID_ENUMERATOR;
	out->field = -1;
	out->place = 0;
	out->match = (uint8_t)m->matchtype;
	return rpc_value_decode(a, m->conditionvalue, &out->value);
}

wfp_err rpc_conditions_decode(struct arena *a, struct Openwfp__FilterCondition *const *messages,
			      size_t n, struct model_condition **out)
{
	struct model_condition *conditions = arena_alloc(a, n * sizeof(*conditions));
	wfp_err err = conditions ? ERR_OK : ERR_NO_MEMORY;

	for (size_t i = 0; i < n && !err; i++)
		err = decode_condition(a, messages[i], &conditions[i]);
	if (!err)
		*out = conditions;
	return err;
}
