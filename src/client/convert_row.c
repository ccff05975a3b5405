/* SPDX-License-Identifier: MIT */
/*
 * convert_row - what each kind of row does, in both directions.
 *
 * Called by convert.c, which has found the field.  An API member is read and written with memcpy,
 * because a row knows nothing but its offset.
 */
#include "client/convert_row.h"

#include "client/text.h"
#include "model/sid.h"

#include <string.h>

#define GUID_SIZE 16u
/* More elements than any message could carry. */
#define LIST_MAX (1u << 20)

/* ---- fields: presence ------------------------------------------------------------------------ */

static bool is_oneof(const struct convert_step *s)
{
	return s->field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
}

static uint32_t *quantifier(const struct convert_step *s)
{
	return (uint32_t *)((uint8_t *)s->message + s->field->quantifier_offset);
}

/* Pointers say by themselves whether they are there. */
static void mark_present(struct convert_step *s)
{
	if (is_oneof(s))
		*quantifier(s) = s->field->id;
	else if (s->field->quantifier_offset)
		*quantifier(s) = 1;
}

static bool is_present(const struct convert_step *s)
{
	void *pointer;

	if (is_oneof(s) && *quantifier(s) != s->field->id)
		return false;
	if (s->field->type == PROTOBUF_C_TYPE_STRING || s->field->type == PROTOBUF_C_TYPE_MESSAGE ||
	    s->field->label == PROTOBUF_C_LABEL_REPEATED) {
		memcpy(&pointer, s->value, sizeof(pointer));
		return pointer != NULL;
	}
	return is_oneof(s) || *quantifier(s);
}

/* ---- pointers -------------------------------------------------------------------------------- */

static void *pointer_at(const void *at)
{
	void *p;

	memcpy(&p, at, sizeof(p));
	return p;
}

static void set_pointer(void *at, const void *p)
{
	memcpy(at, &p, sizeof(p));
}

/* The answer to a pointer that is NULL: absent, unless it must be there. */
static wfp_err absent(const struct convert_step *s)
{
	return s->row->required ? ERR_NULL_POINTER : ERR_OK;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static const struct number {
	uint8_t size; /* of the member or what it points to */
	bool is_signed, pointed;
} numbers[] = {
	[CONVERT_U8] = {1},
	[CONVERT_U16] = {2},
	[CONVERT_U32] = {4},
	[CONVERT_U64] = {8},
	[CONVERT_I8] = {1, .is_signed = true},
	[CONVERT_I16] = {2, .is_signed = true},
	[CONVERT_I32] = {4, .is_signed = true},
	[CONVERT_FLOAT] = {4},
	[CONVERT_FILETIME] = {8},
	[CONVERT_BOOL] = {4},
	[CONVERT_ENUM] = {4},
	[CONVERT_DATA_TYPE] = {4},
	[CONVERT_U64_PTR] = {8, .pointed = true},
	[CONVERT_I64_PTR] = {8, .pointed = true},
	[CONVERT_DOUBLE_PTR] = {8, .pointed = true},
};

static size_t field_size(const ProtobufCFieldDescriptor *f)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	default:
		return 4;
	}
}

/* The lower bytes of a little-endian number, with its sign. */
static uint64_t number_at(const void *at, size_t size, bool is_signed)
{
	uint64_t v = 0;
	unsigned shift = 64 - 8 * (unsigned)size;

	memcpy(&v, at, size);
	return is_signed ? (uint64_t)((int64_t)(v << shift) >> shift) : v;
}

bool convert_data_type_exists(uint32_t type)
{
	return type <= 18 || (type >= 256 && type <= 258);
}

static wfp_err check_number(const struct convert_row *row, uint64_t v)
{
	if (row->kind == CONVERT_ENUM && v >= row->limit)
		return ERR_INVALID_ENUMERATOR;
	if (row->kind == CONVERT_DATA_TYPE && !convert_data_type_exists((uint32_t)v))
		return ERR_INVALID_ENUMERATOR;
	return ERR_OK;
}

static wfp_err number_to(struct convert_step *s)
{
	const struct number *n = &numbers[s->row->kind];
	const void *at = n->pointed ? pointer_at(s->api) : s->api;
	uint64_t v;
	wfp_err err;

	if (!at)
		return absent(s);
	v = number_at(at, n->size, n->is_signed);
	err = check_number(s->row, v);
	if (err)
		return err;
	if (s->row->kind == CONVERT_BOOL)
		v = v != 0;
	memcpy(s->value, &v, field_size(s->field));
	mark_present(s);
	return ERR_OK;
}

static wfp_err number_from(struct convert_step *s)
{
	const struct number *n = &numbers[s->row->kind];
	uint64_t v = number_at(s->value, field_size(s->field), n->is_signed);
	void *at = s->api;

	if (n->pointed) {
		at = arena_zalloc(s->arena, 1, n->size);
		if (!at)
			return ERR_NO_MEMORY;
		set_pointer(s->api, at);
	}
	memcpy(at, &v, n->size);
	return ERR_OK;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* As FWP_BYTE_BLOB lies in memory. */
struct blob {
	uint32_t size;
	uint8_t *data;
};

static void *copy(struct arena *a, const void *data, size_t size)
{
	void *p = arena_zalloc(a, 1, size);

	if (p && size)
		memcpy(p, data, size);
	return p;
}

static wfp_err put_bytes(struct convert_step *s, const void *data, size_t size)
{
	ProtobufCBinaryData *out = (ProtobufCBinaryData *)s->value;

	out->data = copy(s->arena, data, size);
	out->len = size;
	mark_present(s);
	return out->data ? ERR_OK : ERR_NO_MEMORY;
}

static wfp_err guid_to(struct convert_step *s)
{
	static const uint8_t zero[GUID_SIZE];

	return memcmp(s->api, zero, GUID_SIZE) == 0 ? ERR_OK : put_bytes(s, s->api, GUID_SIZE);
}

static size_t bytes_size(const struct convert_row *row)
{
	return row->kind == CONVERT_GUID || row->kind == CONVERT_GUID_PTR ? GUID_SIZE : row->limit;
}

static wfp_err bytes_to(struct convert_step *s)
{
	return put_bytes(s, s->api, bytes_size(s->row));
}

static wfp_err bytes_from(struct convert_step *s)
{
	const ProtobufCBinaryData *in = (const ProtobufCBinaryData *)s->value;

	if (in->len != bytes_size(s->row))
		return ERR_INVALID_DATA;
	memcpy(s->api, in->data, in->len);
	return ERR_OK;
}

static wfp_err bytes_ptr_to(struct convert_step *s)
{
	const void *p = pointer_at(s->api);

	return p ? put_bytes(s, p, bytes_size(s->row)) : absent(s);
}

static wfp_err bytes_ptr_from(struct convert_step *s)
{
	const ProtobufCBinaryData *in = (const ProtobufCBinaryData *)s->value;
	void *p;

	if (in->len != bytes_size(s->row))
		return ERR_INVALID_DATA;
	p = copy(s->arena, in->data, in->len);
	set_pointer(s->api, p);
	return p ? ERR_OK : ERR_NO_MEMORY;
}

static wfp_err put_blob(struct convert_step *s, const struct blob *blob)
{
	if (blob->size && !blob->data)
		return ERR_NULL_POINTER;
	return put_bytes(s, blob->data, blob->size);
}

static wfp_err blob_to(struct convert_step *s)
{
	struct blob blob;

	memcpy(&blob, s->api, sizeof(blob));
	return blob.size ? put_blob(s, &blob) : ERR_OK;
}

static wfp_err fill_blob(struct convert_step *s, void *at)
{
	const ProtobufCBinaryData *in = (const ProtobufCBinaryData *)s->value;
	struct blob blob = {.size = (uint32_t)in->len};

	if (in->len > UINT32_MAX)
		return ERR_INVALID_DATA;
	blob.data = copy(s->arena, in->data, in->len);
	memcpy(at, &blob, sizeof(blob));
	return blob.data ? ERR_OK : ERR_NO_MEMORY;
}

static wfp_err blob_from(struct convert_step *s)
{
	return fill_blob(s, s->api);
}

static wfp_err blob_ptr_to(struct convert_step *s)
{
	const struct blob *p = pointer_at(s->api);

	return p ? put_blob(s, p) : absent(s);
}

static wfp_err blob_ptr_from(struct convert_step *s)
{
	struct blob *p = arena_zalloc(s->arena, 1, sizeof(*p));

	if (!p)
		return ERR_NO_MEMORY;
	set_pointer(s->api, p);
	return fill_blob(s, p);
}

static wfp_err sid_to(struct convert_step *s)
{
	const void *sid = pointer_at(s->api);
	size_t size;

	if (!sid)
		return absent(s);
	size = sid_size(sid, SID_MAX);
	return size ? put_bytes(s, sid, size) : ERR_INVALID_PARAMETER;
}

static wfp_err sid_from(struct convert_step *s)
{
	const ProtobufCBinaryData *in = (const ProtobufCBinaryData *)s->value;
	void *p;

	if (!in->len || sid_size(in->data, in->len) != in->len)
		return ERR_INVALID_DATA;
	p = copy(s->arena, in->data, in->len);
	set_pointer(s->api, p);
	return p ? ERR_OK : ERR_NO_MEMORY;
}

static wfp_err text_to(struct convert_step *s)
{
	const uint16_t *text = pointer_at(s->api);
	char *utf8;

	if (!text)
		return absent(s);
	utf8 = text_to_utf8(s->arena, text);
	set_pointer(s->value, utf8);
	mark_present(s);
	return utf8 ? ERR_OK : ERR_NO_MEMORY;
}

static wfp_err text_from(struct convert_step *s)
{
	uint16_t *text = text_to_utf16(s->arena, pointer_at(s->value));

	set_pointer(s->api, text);
	return text ? ERR_OK : ERR_NO_MEMORY;
}

/* ---- structs --------------------------------------------------------------------------------- */

static wfp_err put_struct(struct convert_step *s, const void *api)
{
	ProtobufCMessage *message;
	wfp_err err = convert_to_message(s->row->sub, api, s->arena, &message);

	if (err)
		return err;
	set_pointer(s->value, message);
	mark_present(s);
	return ERR_OK;
}

static wfp_err struct_to(struct convert_step *s)
{
	return put_struct(s, s->api);
}

static wfp_err struct_from(struct convert_step *s)
{
	return convert_fill_from_message(s->row->sub, pointer_at(s->value), s->arena, s->api);
}

static wfp_err struct_ptr_to(struct convert_step *s)
{
	const void *p = pointer_at(s->api);

	return p ? put_struct(s, p) : absent(s);
}

static wfp_err point_to_struct(struct convert_step *s, const void *message)
{
	void *p = arena_zalloc(s->arena, 1, s->row->sub->size);

	if (!p)
		return ERR_NO_MEMORY;
	set_pointer(s->api, p);
	return convert_from_message(s->row->sub, message, s->arena, p);
}

static wfp_err struct_ptr_from(struct convert_step *s)
{
	return point_to_struct(s, pointer_at(s->value));
}

/* ---- lists ----------------------------------------------------------------------------------- */

static size_t *list_length(struct convert_step *s)
{
	return (size_t *)((uint8_t *)s->message + s->field->quantifier_offset);
}

static wfp_err put_structs(struct convert_step *s, const uint8_t *elements, uint32_t n)
{
	ProtobufCMessage **list = arena_zalloc(s->arena, n, sizeof(ProtobufCMessage *));

	if (!list)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < n; i++) {
		wfp_err err = convert_to_message(s->row->sub, elements + i * s->row->sub->size,
						 s->arena, &list[i]);

		if (err)
			return err;
	}
	set_pointer(s->value, list);
	*list_length(s) = n;
	return ERR_OK;
}

static wfp_err struct_one_to(struct convert_step *s)
{
	const void *p = pointer_at(s->api);

	return p ? put_structs(s, p, 1) : absent(s);
}

static wfp_err struct_one_from(struct convert_step *s)
{
	void **list = pointer_at(s->value);

	return *list_length(s) ? point_to_struct(s, list[0]) : ERR_OK;
}

/* The program's list: NULL elements and ERR_OK when it is empty. */
static wfp_err program_list(struct convert_step *s, const void **elements, uint32_t *n)
{
	memcpy(n, s->count, sizeof(*n));
	*elements = *n ? pointer_at(s->api) : NULL;
	if (*n && !*elements)
		return ERR_NULL_POINTER;
	return *n > LIST_MAX ? ERR_INVALID_PARAMETER : ERR_OK;
}

static wfp_err structs_to(struct convert_step *s)
{
	const void *elements;
	uint32_t n;
	wfp_err err = program_list(s, &elements, &n);

	return err || !n ? err : put_structs(s, elements, n);
}

/* Room for the message's list in the struct, NULL when it has none or there is no memory. */
static wfp_err take_list(struct convert_step *s, size_t size, uint8_t **elements, uint32_t *n)
{
	size_t length = *list_length(s);

	*n = (uint32_t)length;
	*elements = NULL;
	if (length > LIST_MAX)
		return ERR_INVALID_DATA;
	if (!length)
		return ERR_OK;
	*elements = arena_zalloc(s->arena, length, size);
	set_pointer(s->api, *elements);
	memcpy(s->count, n, sizeof(*n));
	return *elements ? ERR_OK : ERR_NO_MEMORY;
}

static wfp_err structs_from(struct convert_step *s)
{
	size_t size = s->row->sub->size;
	void **list = pointer_at(s->value);
	uint8_t *elements;
	uint32_t n;
	wfp_err err = take_list(s, size, &elements, &n);

	for (uint32_t i = 0; !err && i < n; i++)
		err = convert_from_message(s->row->sub, list[i], s->arena, elements + i * size);
	return err;
}

static wfp_err guids_to(struct convert_step *s)
{
	ProtobufCBinaryData *list;
	const void *elements;
	uint32_t n;
	wfp_err err = program_list(s, &elements, &n);

	if (err || !n)
		return err;
	list = arena_zalloc(s->arena, n, sizeof(*list));
	if (!list)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < n; i++) {
		list[i].len = GUID_SIZE;
		list[i].data = copy(s->arena, (const uint8_t *)elements + i * GUID_SIZE, GUID_SIZE);
		if (!list[i].data)
			return ERR_NO_MEMORY;
	}
	set_pointer(s->value, list);
	*list_length(s) = n;
	return ERR_OK;
}

static wfp_err guids_from(struct convert_step *s)
{
	const ProtobufCBinaryData *list = pointer_at(s->value);
	uint8_t *elements;
	uint32_t n;
	wfp_err err = take_list(s, GUID_SIZE, &elements, &n);

	for (uint32_t i = 0; !err && i < n; i++) {
		if (list[i].len != GUID_SIZE)
			return ERR_INVALID_DATA;
		memcpy(elements + i * GUID_SIZE, list[i].data, GUID_SIZE);
	}
	return err;
}

static size_t element_size(const struct convert_row *row)
{
	return row->kind == CONVERT_U16S ? 2 : 8;
}

static wfp_err numbers_to(struct convert_step *s)
{
	size_t from = element_size(s->row), to = field_size(s->field);
	const void *elements;
	uint8_t *list;
	uint32_t n;
	wfp_err err = program_list(s, &elements, &n);

	if (err || !n)
		return err;
	list = arena_zalloc(s->arena, n, to);
	if (!list)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < n; i++)
		memcpy(list + i * to, (const uint8_t *)elements + i * from, from);
	set_pointer(s->value, list);
	*list_length(s) = n;
	return ERR_OK;
}

static wfp_err numbers_from(struct convert_step *s)
{
	size_t to = element_size(s->row), from = field_size(s->field);
	const uint8_t *list = pointer_at(s->value);
	uint8_t *elements;
	uint32_t n;
	wfp_err err = take_list(s, to, &elements, &n);

	for (uint32_t i = 0; !err && i < n; i++)
		memcpy(elements + i * to, list + i * from, to);
	return err;
}

static wfp_err strings_to(struct convert_step *s)
{
	const void *elements;
	char **list;
	uint32_t n;
	wfp_err err = program_list(s, &elements, &n);

	if (err || !n)
		return err;
	list = copy(s->arena, elements, n * sizeof(char *));
	if (!list)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < n; i++)
		if (!list[i])
			return ERR_NULL_POINTER;
	set_pointer(s->value, list);
	*list_length(s) = n;
	return ERR_OK;
}

static wfp_err strings_from(struct convert_step *s)
{
	char **list = pointer_at(s->value);
	uint8_t *elements;
	uint32_t n;
	wfp_err err = take_list(s, sizeof(char *), &elements, &n);

	for (uint32_t i = 0; !err && i < n; i++) {
		char *text = copy(s->arena, list[i], strlen(list[i]) + 1);

		set_pointer(elements + i * sizeof(char *), text);
		err = text ? ERR_OK : ERR_NO_MEMORY;
	}
	return err;
}

/* ---- the kinds ------------------------------------------------------------------------------- */

static const struct {
	wfp_err (*to)(struct convert_step *s);
	wfp_err (*from)(struct convert_step *s);
} kinds[] = {
	[CONVERT_U8... CONVERT_DOUBLE_PTR] = {number_to, number_from},
	[CONVERT_GUID] = {guid_to, bytes_from},
	[CONVERT_GUID_PTR] = {bytes_ptr_to, bytes_ptr_from},
	[CONVERT_BYTES] = {bytes_to, bytes_from},
	[CONVERT_BYTES_PTR] = {bytes_ptr_to, bytes_ptr_from},
	[CONVERT_BLOB] = {blob_to, blob_from},
	[CONVERT_BLOB_PTR] = {blob_ptr_to, blob_ptr_from},
	[CONVERT_SID] = {sid_to, sid_from},
	[CONVERT_TEXT] = {text_to, text_from},
	[CONVERT_STRUCT] = {struct_to, struct_from},
	[CONVERT_STRUCT_PTR] = {struct_ptr_to, struct_ptr_from},
	[CONVERT_STRUCT_ONE] = {struct_one_to, struct_one_from},
	[CONVERT_STRUCTS] = {structs_to, structs_from},
	[CONVERT_GUIDS] = {guids_to, guids_from},
	[CONVERT_U16S] = {numbers_to, numbers_from},
	[CONVERT_U64S] = {numbers_to, numbers_from},
	[CONVERT_STRINGS] = {strings_to, strings_from},
};

wfp_err convert_step_to(struct convert_step *s)
{
	return kinds[s->row->kind].to(s);
}

wfp_err convert_step_from(struct convert_step *s)
{
	return is_present(s) ? kinds[s->row->kind].from(s) : ERR_OK;
}
