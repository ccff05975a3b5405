/* SPDX-License-Identifier: MIT */
/*
 * text - single values as listings write them, both ways; shared by XML and JSON.
 *
 * Reading takes what a person or another system wrote: false means that it is not understood.
 * Memory for what is read comes from the arena.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "import/schema.h"

/* Appends the member's value without any markup; of repeated fields element i.  Not for messages,
 * flags and blobs. */
void text_write(struct buf *out, const ProtobufCFieldDescriptor *f, const struct schema_row *row,
		const void *member, bool address);
/* The same backwards, into a member that is no message, no flags and no blob. */
bool text_read(struct arena *a, const ProtobufCFieldDescriptor *f, const struct schema_row *row,
	       const char *text, void *member);

bool text_bytes(struct arena *a, const char *hex, ProtobufCBinaryData *out);
/* Bytes as letters, dots for the rest; UTF-16 that is all letters as these. */
void text_as_string(struct buf *out, const ProtobufCBinaryData *data);
/* "2024-10-22T20:48:53.891Z" of 100 ns since 1601. */
void text_write_time(struct buf *out, uint64_t filetime);
