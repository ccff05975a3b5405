/* SPDX-License-Identifier: MIT */
/*
 * codec_wire - bytes to messages and back, for any message type.
 *
 * protobuf-c believes more than a daemon may: it nests as deep as the bytes say, merges members
 * that come twice, and looks at no text.  So the bytes are walked first, by the same descriptors;
 * what passes is decoded into the caller's arena.  Called by both ends of a connection and by the
 * store, on any thread.
 */
#include "rpc/codec.h"

#include "base/utf.h"

#include <protobuf-c/protobuf-c.h>

#define FIELDS_MAX  64u /* of one message type: a bit each */
#define TAG_MAX	    ((UINT32_C(1) << 29) - 1)
#define VARINT_BITS 64u

enum wire_type { WIRE_VARINT, WIRE_64, WIRE_BYTES, WIRE_32 = 5 };

struct reader {
	const uint8_t *at, *end;
};

/* One member as it lies there. */
struct item {
	uint32_t tag;
	uint32_t wire; /* enum wire_type, or one that has no place here */
	const uint8_t *data;
	size_t len;
};

static bool read_varint(struct reader *r, uint64_t *out)
{
	*out = 0;
	for (unsigned shift = 0; shift < VARINT_BITS && r->at < r->end; shift += 7) {
		uint8_t byte = *r->at++;

		*out |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

/* The bytes behind the tag. */
static bool read_payload(struct reader *r, struct item *item)
{
	uint64_t len = 0;

	item->data = r->at;
	switch (item->wire) {
	case WIRE_VARINT:
		return read_varint(r, &len);
	case WIRE_64:
		len = 8;
		break;
	case WIRE_BYTES:
		if (!read_varint(r, &len))
			return false;
		item->data = r->at;
		break;
	case WIRE_32:
		len = 4;
		break;
	default:
		return false;
	}
	if (len > (uint64_t)(r->end - r->at))
		return false;
	item->len = (size_t)len;
	r->at += len;
	return true;
}

static bool read_item(struct reader *r, struct item *item)
{
	uint64_t head;

	if (!read_varint(r, &head) || head >> 3 == 0 || head >> 3 > TAG_MAX)
		return false;
	item->tag = (uint32_t)(head >> 3);
	item->wire = head & 7;
	item->len = 0;
	return read_payload(r, item);
}

static uint32_t wire_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return WIRE_BYTES;
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return WIRE_32;
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return WIRE_64;
	default:
		return WIRE_VARINT;
	}
}

static bool same_choice(const ProtobufCFieldDescriptor *x, const ProtobufCFieldDescriptor *y)
{
	return x == y || (x->flags & y->flags & PROTOBUF_C_FIELD_FLAG_ONEOF &&
			  x->quantifier_offset == y->quantifier_offset);
}

/* Is this the only one so far, of itself and of its alternatives?  *seen: a bit for each field. */
static bool first_of_its_kind(const ProtobufCMessageDescriptor *type,
			      const ProtobufCFieldDescriptor *field, uint64_t *seen)
{
	uint64_t left = *seen;

	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return true;
	for (; left; left &= left - 1)
		if (same_choice(&type->fields[__builtin_ctzll(left)], field))
			return false;
	*seen |= UINT64_C(1) << (field - type->fields);
	return true;
}

static bool message_is_good(const ProtobufCMessageDescriptor *type, struct reader r,
			    unsigned nesting);

static bool field_is_good(const ProtobufCFieldDescriptor *field, const struct item *item,
			  unsigned nesting)
{
	struct reader inner = {item->data, item->data + item->len};

	if (item->wire != wire_of(field->type)) /* several numbers in one member are fine */
		return field->label == PROTOBUF_C_LABEL_REPEATED && item->wire == WIRE_BYTES;
	if (field->type == PROTOBUF_C_TYPE_STRING)
		return utf8_valid(item->data, item->len);
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return message_is_good(field->descriptor, inner, nesting - 1);
	return true;
}

static bool message_is_good(const ProtobufCMessageDescriptor *type, struct reader r,
			    unsigned nesting)
{
	uint64_t seen = 0;
	struct item item;

	BUG_ON(type->n_fields > FIELDS_MAX);
	if (nesting == 0)
		return false;
	while (r.at < r.end) {
		const ProtobufCFieldDescriptor *field;

		if (!read_item(&r, &item))
			return false;
		field = protobuf_c_message_descriptor_get_field(type, item.tag);
		if (field && (!first_of_its_kind(type, field, &seen) ||
			      !field_is_good(field, &item, nesting)))
			return false;
	}
	return true;
}

static void *alloc_in_arena(void *arena, size_t size)
{
	return arena_alloc(arena, size);
}

static void leave_to_arena(void *arena, void *p)
{
	(void)arena;
	(void)p;
}

wfp_err rpc_message_unpack(struct arena *a, const struct ProtobufCMessageDescriptor *type,
			   const void *data, size_t len, struct ProtobufCMessage **out)
{
	ProtobufCAllocator allocator = {alloc_in_arena, leave_to_arena, a};
	const uint8_t *bytes =
		len > 0 ? data : (const uint8_t *)""; /* of nothing, data may be NULL */
	struct reader all = {bytes, bytes + len};
	ProtobufCMessage *m;
	wfp_err err;

	if (!message_is_good(type, all, RPC_NESTING_MAX))
		return ERR_RPC_X_BAD_STUB_DATA;
	m = protobuf_c_message_unpack(type, &allocator, len, bytes);
	if (!m) {
		err = arena_err(a);
		return err ? err : ERR_RPC_X_BAD_STUB_DATA;
	}
	*out = m;
	return ERR_OK;
}

void rpc_message_pack(const struct ProtobufCMessage *m, struct buf *out)
{
	size_t len = protobuf_c_message_get_packed_size(m);
	uint8_t *to = buf_reserve(out, len);

	if (to)
		out->len += protobuf_c_message_pack(m, to);
}
