/* SPDX-License-Identifier: MIT */
/*
 * convert - between the structs of the API and the messages of the protocol, driven by tables.
 *
 * A struct has one descriptor and each of its members one row; the field of the message is found by
 * the row's name, which is the member's.  A version of a struct (FWPM_PROVIDER_CONTEXT0 to 3) is
 * one more table over the same message, so what one version wrote another reads as far as it can
 * say it.
 *
 * What comes from the program is checked as far as it can be: a missing pointer is
 * FWP_E_NULL_POINTER, an unknown enumerator FWP_E_INVALID_ENUMERATOR, a SID that is none
 * ERROR_INVALID_PARAMETER.  What comes from the engine and does not fit is ERROR_INVALID_DATA.
 * No state: any thread.
 */
#pragma once

#include "base/arena.h"

#include <protobuf-c/protobuf-c.h>

enum convert_kind {
	/* Numbers; the message may have a wider type.  _PTR: the member points to it. */
	CONVERT_U8,
	CONVERT_U16,
	CONVERT_U32,
	CONVERT_U64,
	CONVERT_I8,
	CONVERT_I16,
	CONVERT_I32,
	CONVERT_FLOAT,
	CONVERT_FILETIME,
	CONVERT_BOOL,
	CONVERT_ENUM,	   /* 32 bits, below row.limit */
	CONVERT_DATA_TYPE, /* FWP_DATA_TYPE, which has a gap */
	CONVERT_U64_PTR,
	CONVERT_I64_PTR,
	CONVERT_DOUBLE_PTR,
	/* Bytes */
	CONVERT_GUID, /* in place; all zero is absent */
	CONVERT_GUID_PTR,
	CONVERT_BYTES,	   /* row.limit bytes in place */
	CONVERT_BYTES_PTR, /* a pointer to row.limit bytes */
	CONVERT_BLOB,	   /* FWP_BYTE_BLOB in place; empty is absent */
	CONVERT_BLOB_PTR,
	CONVERT_SID,
	CONVERT_TEXT, /* UTF-16 */
	/* Structs, by row.sub */
	CONVERT_STRUCT, /* in place; at offset 0 a part of the message that is none of the API */
	CONVERT_STRUCT_PTR,
	CONVERT_STRUCT_ONE, /* a pointer to one, where the message has a list */
	/* Lists: a pointer, and a 32-bit count at row.count */
	CONVERT_STRUCTS,
	CONVERT_GUIDS,
	CONVERT_U16S,
	CONVERT_U64S,
	CONVERT_STRINGS, /* of char *, passed on as they are */
};

struct convert_desc;

struct convert_row {
	const char *field;
	uint8_t kind;  /* enum convert_kind */
	bool required; /* NULL is an error */
	bool selected; /* the row counts while (selector & select_mask) == select */
	uint16_t offset;
	uint16_t count;
	uint16_t selector; /* offset of a 32-bit member that comes earlier */
	uint32_t select_mask, select;
	union {
		const struct convert_desc *sub;
		uint32_t limit;
	};
};

struct convert_desc {
	const char *name; /* of the struct */
	size_t size;
	const ProtobufCMessageDescriptor *message;
	const struct convert_row *rows;
	size_t n_rows;
};

/* The message and all it refers to are in the arena.  On failure *out is untouched. */
MUST_CHECK wfp_err convert_to_message(const struct convert_desc *desc, const void *api,
				      struct arena *a, ProtobufCMessage **out);

/* api: desc->size bytes, overwritten; what it points to is in the arena and copied. */
MUST_CHECK wfp_err convert_from_message(const struct convert_desc *desc, const void *message,
					struct arena *a, void *api);

/* The row's turn: not selected means that another member of a union is meant. */
bool convert_row_selected(const struct convert_row *row, const void *api);

/* FWP_EMPTY to FWP_BYTE_ARRAY6_TYPE, and the three shapes of a set. */
bool convert_data_type_exists(uint32_t type);
