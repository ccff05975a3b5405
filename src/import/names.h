/* SPDX-License-Identifier: MIT */
/*
 * names - what values are called in listings, both ways: enumerations, flags and keys.
 *
 * Constant tables; any thread.  A value without a name is shown as a number, and a number is
 * always taken where a name is expected.
 */
#pragma once

#include "model/guid.h"

enum names_group {
#define NAMES_BEGIN(group) NAMES_##group,
#define NAME(value, name)
#define NAMES_END(group)
#include "import/tables/names.def"
#undef NAMES_BEGIN
#undef NAME
#undef NAMES_END
	NAMES_GROUPS
};

/* NULL: it has none. */
const char *names_of_value(enum names_group group, uint32_t value);
/* Also without what all names of the group begin with, and in any case of letters. */
bool names_value(enum names_group group, const char *text, uint32_t *out);
/* The rows of a group in order; NULL past the end. */
const char *names_at(enum names_group group, unsigned i, uint32_t *value);

/* "FWPM_LAYER_STREAM_V4"; NULL: no well-known key. */
const char *names_of_key(const struct guid *key);
/* A well-known name or a GUID with or without braces. */
bool names_key(const char *text, struct guid *out);
