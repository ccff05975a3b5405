/* SPDX-License-Identifier: MIT */
/*
 * policy_json - looking into the JSON of a policy, with sentences for what is wrong.
 *
 * A place is a chain from the object at hand up to the document, on the stack of whoever looks; it
 * is only put into words when something is wrong there.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>

/* One step: ".key", or "[index]" when key is NULL.  The root has neither: up is NULL. */
struct policy_place {
	const struct policy_place *up;
	const char *key;
	size_t index;
	const char *file; /* of the root */
	struct buf *why;  /* of the root */
};

struct policy_place policy_at(const struct policy_place *up, const char *key);
struct policy_place policy_at_index(const struct policy_place *up, size_t index);

/* "policy.json: filters[2].name: " and the sentence; returns err. */
MUST_CHECK wfp_err policy_wrong(const struct policy_place *p, wfp_err err, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* An object with no other keys than these; keys ends with NULL. */
MUST_CHECK wfp_err policy_object(const struct policy_place *p, const json_t *v,
				 const char *const *keys);
/* A member that is a string; *out stays when it is absent. */
MUST_CHECK wfp_err policy_string(const struct policy_place *p, const json_t *object,
				 const char *key, const char **out);
/* The same, but it must be there. */
MUST_CHECK wfp_err policy_need_string(const struct policy_place *p, const json_t *object,
				      const char *key, const char **out);
/* A number from 0 to max: an integer, or a string as C writes integers, for those above 2^63. */
MUST_CHECK wfp_err policy_number(const struct policy_place *p, const json_t *v, uint64_t max,
				 uint64_t *out);
/* The same as text, which ends at `end`. */
bool policy_parse_number(const char *text, const char *end, uint64_t *out);
/* A member that is a number; *out stays when it is absent. */
MUST_CHECK wfp_err policy_member_number(const struct policy_place *p, const json_t *object,
					const char *key, uint64_t max, uint64_t *out);
