/* SPDX-License-Identifier: MIT */
/*
 * xml_read - filling a message's fields from the elements that are called like them.
 *
 * An empty element is an absent field.  Called while a document is imported, on one thread.
 */
#include "import/xml_read.h"

#include "import/text.h"

#include <ctype.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32u /* the API nests far less */

struct walk {
	const struct xml_reader *r;
	unsigned depth;
};

static bool read_fields(const struct walk *w, const xmlNode *element, ProtobufCMessage *m);

/* "filterKey: not understood: {x}" */
static void problem(const struct walk *w, const xmlNode *at, const char *what, const char *which)
{
	char text[256];

	snprintf(text, sizeof(text), "%s: %s%.120s", (const char *)at->name, what, which);
	w->r->problem(w->r->ctx, xmlGetLineNo(at), text);
}

const char *xml_text(const struct xml_reader *r, const xmlNode *element)
{
	xmlChar *content = xmlNodeGetContent(element);
	const char *begin = (const char *)content, *end;
	char *kept;

	if (!content)
		return NULL;
	while (isspace((unsigned char)*begin))
		begin++;
	end = begin + strlen(begin);
	while (end > begin && isspace((unsigned char)end[-1]))
		end--;
	kept = arena_alloc(r->arena, (size_t)(end - begin) + 1);
	if (kept) {
		memcpy(kept, begin, (size_t)(end - begin));
		kept[end - begin] = '\0';
	}
	xmlFree(content);
	return kept;
}

const xmlNode *xml_next_element(const xmlNode *n)
{
	while (n && n->type != XML_ELEMENT_NODE)
		n = n->next;
	return n;
}

static bool is_named(const xmlNode *n, const char *name)
{
	return strcmp((const char *)n->name, name) == 0;
}

/* ---- values -----------------------------------------------------------------------------------
 */

/* Eight digits without 0x are hexadecimal; whatever begins otherwise is a name or a number. */
static bool read_flag(enum names_group group, const char *text, uint32_t *out)
{
	char *end;

	if (names_value(group, text, out))
		return true;
	if (!isxdigit((unsigned char)*text) || strlen(text) > 10)
		return false;
	*out = (uint32_t)strtoul(text, &end, strlen(text) == 8 ? 16 : 0);
	return *end == '\0';
}

static bool read_flags(const struct walk *w, const xmlNode *element, enum names_group group,
		       uint32_t *out)
{
	const xmlNode *item = xml_next_element(element->children);
	const char *text;
	uint32_t flag;

	*out = 0;
	if (!item) {
		text = xml_text(w->r, element);
		if (text && *text && !read_flag(group, text, out))
			problem(w, element, "no such flag: ", text);
		return text != NULL;
	}
	for (; item; item = xml_next_element(item->next)) {
		text = xml_text(w->r, item);
		if (!text)
			return false;
		if (read_flag(group, text, &flag))
			*out |= flag;
		else
			problem(w, item, "no such flag: ", text);
	}
	return true;
}

static bool read_blob(const struct walk *w, const xmlNode *element, ProtobufCBinaryData *out)
{
	const xmlNode *child = xml_next_element(element->children);
	const char *text;

	while (child && !is_named(child, "data"))
		child = xml_next_element(child->next);
	text = xml_text(w->r, child ? child : element);
	if (!text)
		return false;
	if (!text_bytes(w->r->arena, text, out)) {
		problem(w, element, "not hexadecimal: ", text);
		*out = (ProtobufCBinaryData){0};
	}
	return true;
}

/* Reads one value into the member; *kept: it was understood.  False: no memory. */
static bool read_value(const struct walk *w, const xmlNode *element,
		       const ProtobufCFieldDescriptor *f, const struct schema_row *row,
		       void *member, bool *kept)
{
	struct walk inner = {w->r, w->depth + 1};
	const char *text;

	*kept = true;
	if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
		ProtobufCMessage *m = NULL;

		*kept = inner.depth < DEPTH_MAX;
		if (!*kept) {
			problem(w, element, "nested too deeply", "");
			return true;
		}
		m = arena_zalloc(
			w->r->arena, 1,
			((const ProtobufCMessageDescriptor *)f->descriptor)->sizeof_message);
		if (!m)
			return false;
		protobuf_c_message_init(f->descriptor, m);
		*(ProtobufCMessage **)member = m;
		return read_fields(&inner, element, m);
	}
	if (row->form == SCHEMA_FLAGS)
		return read_flags(w, element, row->names, member);
	if (row->form == SCHEMA_BLOB)
		return read_blob(w, element, member);
	text = xml_text(w->r, element);
	if (!text)
		return false;
	*kept = text_read(w->r->arena, f, row, text, member);
	if (!*kept && arena_err(w->r->arena) == ERR_OK)
		problem(w, element, "not understood: ", text);
	return arena_err(w->r->arena) == ERR_OK;
}

static bool read_list(const struct walk *w, const xmlNode *element, ProtobufCMessage *m,
		      const ProtobufCFieldDescriptor *f, const struct schema_row *row)
{
	size_t *count = (size_t *)(void *)((uint8_t *)m + f->quantifier_offset), n = 0;
	const xmlNode *item;
	uint8_t *elements;

	for (item = xml_next_element(element->children); item; item = xml_next_element(item->next))
		n++;
	elements = arena_zalloc(w->r->arena, n ? n : 1, schema_size(f));
	if (!elements)
		return false;
	*(void **)schema_member(m, f) = elements;
	*count = 0;
	for (item = xml_next_element(element->children); item;
	     item = xml_next_element(item->next)) {
		bool kept;

		if (!read_value(w, item, f, row, elements + *count * schema_size(f), &kept))
			return false;
		*count += kept;
	}
	return true;
}

static void set_present(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	uint8_t *quantifier = (uint8_t *)m + f->quantifier_offset;

	if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		*(uint32_t *)(void *)quantifier = f->id;
	else if (f->type != PROTOBUF_C_TYPE_STRING && f->type != PROTOBUF_C_TYPE_MESSAGE)
		*(protobuf_c_boolean *)(void *)quantifier = 1;
}

/* An element without anything inside says that the field is absent. */
static bool is_empty(const xmlNode *element)
{
	const xmlNode *n;

	for (n = element->children; n; n = n->next)
		if (!xmlIsBlankNode(n))
			return false;
	return true;
}

static bool read_field(const struct walk *w, const xmlNode *element, ProtobufCMessage *m,
		       const ProtobufCFieldDescriptor *f)
{
	const struct schema_row *row = schema_find(m->descriptor, f);
	union {
		ProtobufCBinaryData bytes;
		void *pointer;
		uint64_t number;
	} value = {0};
	bool kept;

	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		return read_list(w, element, m, f, row);
	if (is_empty(element) && !(f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
		return true;
	if (schema_is_set(m, f)) {
		problem(w, element, "there twice", "");
		return true;
	}
	if (!read_value(w, element, f, row, &value, &kept))
		return false;
	if (!kept)
		return true;
	memcpy(schema_member(m, f), &value, schema_size(f));
	set_present(m, f);
	return true;
}

/* The inline message of which this element may be a field; made when it is first needed. */
static const ProtobufCFieldDescriptor *find_inline(const struct walk *w, ProtobufCMessage **m,
						   const char *name)
{
	for (unsigned i = 0; i < (*m)->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &(*m)->descriptor->fields[i], *in;
		ProtobufCMessage **inner = schema_member(*m, f);

		if (schema_find((*m)->descriptor, f)->form != SCHEMA_INLINE)
			continue;
		in = protobuf_c_message_descriptor_get_field_by_name(f->descriptor, name);
		if (!in)
			continue;
		if (!*inner) {
			*inner = arena_zalloc(w->r->arena, 1,
					      ((const ProtobufCMessageDescriptor *)f->descriptor)
						      ->sizeof_message);
			if (!*inner)
				return NULL;
			protobuf_c_message_init(f->descriptor, *inner);
		}
		*m = *inner;
		return in;
	}
	return NULL;
}

static bool read_fields(const struct walk *w, const xmlNode *element, ProtobufCMessage *m)
{
	const xmlNode *child;

	for (child = xml_next_element(element->children); child;
	     child = xml_next_element(child->next)) {
		const char *name = (const char *)child->name;
		const ProtobufCFieldDescriptor *f =
			protobuf_c_message_descriptor_get_field_by_name(m->descriptor, name);
		ProtobufCMessage *into = m;

		if (!f || schema_find(m->descriptor, f)->form == SCHEMA_HIDDEN)
			f = find_inline(w, &into, name);
		if (arena_err(w->r->arena))
			return false;
		if (!f)
			problem(w, child, "not known in ", m->descriptor->short_name);
		else if (!read_field(w, child, into, f))
			return false;
	}
	return true;
}

ProtobufCMessage *xml_read_message(const struct xml_reader *r, const xmlNode *element,
				   const ProtobufCMessageDescriptor *type)
{
	struct walk w = {r, 0};
	ProtobufCMessage *m = arena_zalloc(r->arena, 1, type->sizeof_message);

	if (!m)
		return NULL;
	protobuf_c_message_init(type, m);
	return read_fields(&w, element, m) ? m : NULL;
}
