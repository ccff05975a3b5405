/* SPDX-License-Identifier: MIT */
/*
 * xml_read - an element of a listing back into a message.
 *
 * The elements are hostile: a document from another system, or one that somebody wrote by hand.
 * What is not understood is told and left out, the rest is kept, so that nothing is lost silently.
 */
#pragma once

#include "base/arena.h"

#include <protobuf-c/protobuf-c.h>

struct _xmlNode; /* libxml2's xmlNode */

struct xml_reader {
	struct arena *arena;
	/* Of something that cannot be kept: the line, and a sentence. */
	void (*problem)(void *ctx, long line, const char *what);
	void *ctx;
};

/* NULL: no memory, as arena_err says. */
MUST_CHECK ProtobufCMessage *xml_read_message(const struct xml_reader *r,
					      const struct _xmlNode *element,
					      const ProtobufCMessageDescriptor *type);
/* The text inside an element, without the white space around it; NULL: no memory. */
MUST_CHECK const char *xml_text(const struct xml_reader *r, const struct _xmlNode *element);
/* n, or the first element after it; NULL: none. */
const struct _xmlNode *xml_next_element(const struct _xmlNode *n);
