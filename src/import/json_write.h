/* SPDX-License-Identifier: MIT */
/*
 * json_write - messages as JSON, with the names and forms of the XML listings.
 *
 * One object with stable keys: absent fields are null, lists are arrays, keys and enumerations are
 * names, flags an array of names, bytes hexadecimal, numbers above 2^63 strings.
 */
#pragma once

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

/* A new reference; NULL: no memory. */
json_t *json_write_message(const ProtobufCMessage *m);
