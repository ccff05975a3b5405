/* SPDX-License-Identifier: MIT */
/*
 * xml_write - messages as XML in the form that `netsh wfp show` writes.
 *
 * Follows the listings of real systems: tabs, <x numItems="N"><item>...</item></x> for lists, <x/>
 * for what is empty or absent, flags by name and the rest of their bits as one number of eight
 * hexadecimal digits.
 */
#pragma once

#include "base/buf.h"

#include <protobuf-c/protobuf-c.h>

#define XML_HEAD "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"

/* The children of <item>, one a line, indented by depth tabs. */
void xml_write_message(struct buf *out, const ProtobufCMessage *m, unsigned depth);
void xml_write_text(struct buf *out, const char *text); /* escaped */
void xml_indent(struct buf *out, unsigned depth);
