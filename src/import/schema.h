/* SPDX-License-Identifier: MIT */
/*
 * schema - how a field of a protocol message looks in a listing.
 *
 * The messages carry the API's names, so most of a listing follows from their descriptors; a table
 * says what a number or a string of bytes means.  XML and JSON are written, and XML is read, from
 * the same rows.
 */
#pragma once

#include "base/compiler.h"
#include "import/names.h"

#include <protobuf-c/protobuf-c.h>

enum schema_form {
	SCHEMA_PLAIN, /* as its type says: number, text, boolean, message */
	SCHEMA_KEY,   /* 16 bytes: a well-known name or {guid} */
	SCHEMA_ENUM,
	SCHEMA_FLAGS,
	SCHEMA_V4,     /* a number: 10.0.0.1 */
	SCHEMA_V6,     /* 16 bytes */
	SCHEMA_BLOB,   /* bytes: data and asString */
	SCHEMA_SID,    /* S-1-5-18 */
	SCHEMA_SD,     /* SDDL */
	SCHEMA_TIME,   /* FILETIME: 2024-10-22T20:48:53.891Z */
	SCHEMA_INLINE, /* a message whose fields stand in the outer one */
	SCHEMA_HIDDEN, /* not part of listings */
	SCHEMA_ADDRESS /* a value's number: as V4 when the condition is about an address */
};

struct schema_row {
	const char *message; /* NULL: any */
	const char *field;
	enum schema_form form;
	enum names_group names; /* of ENUM and FLAGS */
};

/* Never NULL. */
const struct schema_row *schema_find(const ProtobufCMessageDescriptor *message,
				     const ProtobufCFieldDescriptor *field);

/* Where the member is, and where its count, presence or oneof case is. */
void *schema_member(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f);
/* Is there anything to show: present, not an unset member of a oneof? */
bool schema_is_set(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f);
size_t schema_count(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f);
/* Of one element of a repeated field, or of the member. */
size_t schema_size(const ProtobufCFieldDescriptor *f);

/* What a walk over a message knows from further out. */
struct schema_place {
	bool address;  /* inside the value of a condition on an address */
	unsigned kind; /* inside a subscription: of what, Openwfp__Kind; 0: elsewhere */
};
struct schema_place schema_enter(struct schema_place at, const ProtobufCMessage *m);
/* Does the field belong into the listing of this message, here? */
bool schema_shown(struct schema_place at, const ProtobufCMessage *m,
		  const ProtobufCFieldDescriptor *f);
