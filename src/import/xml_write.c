/* SPDX-License-Identifier: MIT */
/*
 * xml_write - walking a message's descriptor and writing each field as its schema row says.
 *
 * Every field of a message is written, in the order of the protocol, whether it is set or not; only
 * the members of a oneof stand for each other.  Called when a listing is made, on one thread.
 */
#include "import/xml_write.h"

#include "import/text.h"

#include <inttypes.h>
#include <string.h>

/* What the walk knows besides the message. */
struct place {
	unsigned depth;
	struct schema_place in;
};

static void write_fields(struct buf *out, const ProtobufCMessage *m, struct place at);

void xml_indent(struct buf *out, unsigned depth)
{
	while (depth-- > 0)
		buf_append_byte(out, '\t');
}

static const char *escape_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\r':
		return "&#13;";
	default:
		return NULL;
	}
}

void xml_write_text(struct buf *out, const char *text)
{
	for (; *text; text++) {
		const char *escape = escape_of(*text);

		if (escape)
			buf_append_str(out, escape);
		else if ((uint8_t)*text >= 0x20 || *text == '\t' || *text == '\n')
			buf_append_byte(out, (uint8_t)*text);
		else
			buf_append_byte(out, '?'); /* XML has no way to write it */
	}
}

/* ---- elements ---------------------------------------------------------------------------------
 */

static void write_empty(struct buf *out, const char *name, unsigned depth)
{
	xml_indent(out, depth);
	buf_printf(out, "<%s/>\n", name);
}

static void write_text_element(struct buf *out, const char *name, const char *text, unsigned depth)
{
	if (!*text) {
		write_empty(out, name, depth);
		return;
	}
	xml_indent(out, depth);
	buf_printf(out, "<%s>", name);
	xml_write_text(out, text);
	buf_printf(out, "</%s>\n", name);
}

static void write_begin(struct buf *out, const char *name, size_t items, unsigned depth)
{
	xml_indent(out, depth);
	if (items)
		buf_printf(out, "<%s numItems=\"%zu\">\n", name, items);
	else
		buf_printf(out, "<%s>\n", name);
}

static void write_end(struct buf *out, const char *name, unsigned depth)
{
	xml_indent(out, depth);
	buf_printf(out, "</%s>\n", name);
}

static void write_flags(struct buf *out, const char *name, enum names_group group, uint32_t flags,
			unsigned depth)
{
	uint32_t rest = flags, bit;
	const char *text;
	size_t items = 0;

	for (unsigned i = 0; (text = names_at(group, i, &bit)) != NULL; i++)
		if (bit && flags & bit) {
			items++;
			rest &= ~bit;
		}
	items += rest != 0;
	if (!items) {
		write_empty(out, name, depth);
		return;
	}
	write_begin(out, name, items, depth);
	for (unsigned i = 0; (text = names_at(group, i, &bit)) != NULL; i++)
		if (bit && flags & bit)
			write_text_element(out, "item", text, depth + 1);
	if (rest) {
		xml_indent(out, depth + 1);
		buf_printf(out, "<item>%08" PRIX32 "</item>\n", rest);
	}
	write_end(out, name, depth);
}

static void write_blob(struct buf *out, const char *name, const ProtobufCBinaryData *data,
		       unsigned depth)
{
	struct buf text = {0};

	if (!data->len) {
		write_empty(out, name, depth);
		return;
	}
	write_begin(out, name, 0, depth);
	xml_indent(out, depth + 1);
	buf_append_str(out, "<data>");
	for (size_t i = 0; i < data->len; i++)
		buf_printf(out, "%02x", data->data[i]);
	buf_append_str(out, "</data>\n");
	text_as_string(&text, data);
	write_text_element(out, "asString", buf_str(&text), depth + 1);
	out->failed |= text.failed;
	buf_free(&text);
	write_end(out, name, depth);
}

/* ---- fields -----------------------------------------------------------------------------------
 */

static void write_value(struct buf *out, const ProtobufCFieldDescriptor *f,
			const struct schema_row *row, const char *name, const void *member,
			struct place at)
{
	struct buf text = {0};

	if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
		write_begin(out, name, 0, at.depth);
		at.depth++;
		write_fields(out, *(ProtobufCMessage *const *)member, at);
		write_end(out, name, at.depth - 1);
	} else if (row->form == SCHEMA_FLAGS) {
		write_flags(out, name, row->names, *(const uint32_t *)member, at.depth);
	} else if (row->form == SCHEMA_BLOB) {
		write_blob(out, name, member, at.depth);
	} else {
		text_write(&text, f, row, member, at.in.address);
		write_text_element(out, name, buf_str(&text), at.depth);
		out->failed |= text.failed;
		buf_free(&text);
	}
}

static void write_list(struct buf *out, const ProtobufCMessage *m,
		       const ProtobufCFieldDescriptor *f, const struct schema_row *row,
		       struct place at)
{
	size_t n = schema_count(m, f);
	const uint8_t *elements = *(uint8_t *const *)schema_member(m, f);

	if (!n) {
		write_empty(out, f->name, at.depth);
		return;
	}
	write_begin(out, f->name, n, at.depth);
	at.depth++;
	for (size_t i = 0; i < n; i++)
		write_value(out, f, row, "item", elements + i * schema_size(f), at);
	write_end(out, f->name, at.depth - 1);
}

/* The name and description of an object stand there even when they are empty. */
static void write_field(struct buf *out, const ProtobufCMessage *m,
			const ProtobufCFieldDescriptor *f, struct place at)
{
	const struct schema_row *row = schema_find(m->descriptor, f);

	if (!schema_shown(at.in, m, f))
		return;
	if (f->label == PROTOBUF_C_LABEL_REPEATED) {
		write_list(out, m, f, row, at);
		return;
	}
	if (!schema_is_set(m, f)) {
		if (!(f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) && row->form != SCHEMA_INLINE)
			write_empty(out, f->name, at.depth);
		return;
	}
	if (row->form == SCHEMA_INLINE)
		write_fields(out, *(ProtobufCMessage *const *)schema_member(m, f), at);
	else
		write_value(out, f, row, f->name, schema_member(m, f), at);
}

static void write_fields(struct buf *out, const ProtobufCMessage *m, struct place at)
{
	at.in = schema_enter(at.in, m);
	for (unsigned i = 0; i < m->descriptor->n_fields; i++)
		write_field(out, m, &m->descriptor->fields[i], at);
}

void xml_write_message(struct buf *out, const ProtobufCMessage *m, unsigned depth)
{
	write_fields(out, m, (struct place){.depth = depth});
}
