/* SPDX-License-Identifier: MIT */
/*
 * json_write - walking a message's descriptor, as xml_write does.
 *
 * Called when a listing is made with --json, on one thread.  The tree is libjansson's memory.
 */
#include "import/json_write.h"

#include "import/text.h"

#include <inttypes.h>
#include <stdio.h>

static json_t *write_message(const ProtobufCMessage *m, struct schema_place at);

static json_t *number(uint64_t x)
{
	char text[24];

	if (x <= INT64_MAX)
		return json_integer((json_int_t)x);
	snprintf(text, sizeof(text), "%" PRIu64, x);
	return json_string(text);
}

static json_t *flags(enum names_group group, uint32_t x)
{
	json_t *out = json_array();
	const char *name;
	uint32_t bit;
	char text[12];

	for (unsigned i = 0; (name = names_at(group, i, &bit)) != NULL; i++)
		if (bit && x & bit) {
			json_array_append_new(out, json_string(name));
			x &= ~bit;
		}
	if (x) {
		snprintf(text, sizeof(text), "%08" PRIX32, x);
		json_array_append_new(out, json_string(text));
	}
	return out;
}

static json_t *text(const ProtobufCFieldDescriptor *f, const struct schema_row *row,
		    const void *member, struct schema_place at)
{
	struct buf b = {0};
	json_t *out;

	text_write(&b, f, row, member, at.address);
	out = b.failed ? NULL : json_string(buf_str(&b));
	buf_free(&b);
	return out;
}

/* An absent key is null, as an absent field is. */
static json_t *key(const ProtobufCFieldDescriptor *f, const struct schema_row *row,
		   const void *member, struct schema_place at)
{
	json_t *out = text(f, row, member, at);

	if (out && *json_string_value(out) == '\0') {
		json_decref(out);
		return json_null();
	}
	return out;
}

static json_t *value(const ProtobufCFieldDescriptor *f, const struct schema_row *row,
		     const void *member, struct schema_place at)
{
	bool plain = row->form == SCHEMA_PLAIN || (row->form == SCHEMA_ADDRESS && !at.address);

	if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		return write_message(*(ProtobufCMessage *const *)member, at);
	if (row->form == SCHEMA_FLAGS)
		return flags(row->names, *(const uint32_t *)member);
	if (row->form == SCHEMA_KEY)
		return key(f, row, member, at);
	if (plain && f->type == PROTOBUF_C_TYPE_UINT32)
		return number(*(const uint32_t *)member);
	if (plain && f->type == PROTOBUF_C_TYPE_UINT64)
		return number(*(const uint64_t *)member);
	if (plain && f->type == PROTOBUF_C_TYPE_SINT32)
		return json_integer(*(const int32_t *)member);
	if (plain && f->type == PROTOBUF_C_TYPE_SINT64)
		return json_integer(*(const int64_t *)member);
	if (f->type == PROTOBUF_C_TYPE_BOOL)
		return json_boolean(*(const protobuf_c_boolean *)member);
	return text(f, row, member, at);
}

static json_t *list(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
		    const struct schema_row *row, struct schema_place at)
{
	const uint8_t *elements = *(uint8_t *const *)schema_member(m, f);
	json_t *out = json_array();

	for (size_t i = 0; i < schema_count(m, f); i++)
		json_array_append_new(out, value(f, row, elements + i * schema_size(f), at));
	return out;
}

static void write_field(json_t *out, const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
			struct schema_place at)
{
	const struct schema_row *row = schema_find(m->descriptor, f);

	if (!schema_shown(at, m, f))
		return;
	if (f->label == PROTOBUF_C_LABEL_REPEATED) {
		json_object_set_new(out, f->name, list(m, f, row, at));
	} else if (!schema_is_set(m, f)) {
		if (!(f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) && row->form != SCHEMA_INLINE)
			json_object_set_new(out, f->name, json_null());
	} else if (row->form == SCHEMA_INLINE) {
		json_t *inner = write_message(*(ProtobufCMessage *const *)schema_member(m, f), at);

		json_object_update(out, inner);
		json_decref(inner);
	} else {
		json_object_set_new(out, f->name, value(f, row, schema_member(m, f), at));
	}
}

static json_t *write_message(const ProtobufCMessage *m, struct schema_place at)
{
	json_t *out = json_object();

	at = schema_enter(at, m);
	for (unsigned i = 0; out && i < m->descriptor->n_fields; i++)
		write_field(out, m, &m->descriptor->fields[i], at);
	return out;
}

json_t *json_write_message(const ProtobufCMessage *m)
{
	return write_message(m, (struct schema_place){0});
}
