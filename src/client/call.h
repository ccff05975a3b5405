/* SPDX-License-Identifier: MIT */
/*
 * call - what the public functions have in common, once for all kinds of objects.
 *
 * Each takes the handles and pointers of the API as they come, checks them, and answers with the
 * API's codes.  Results are sealed blocks for FwpmFreeMemory0; nothing is written on failure.
 */
#pragma once

#include "client/convert.h"
#include "client/session.h"

/* A kind of object and its struct in one generation. */
struct call_object {
	Openwfp__Kind kind;
	const struct convert_desc *desc;
};

/* A request without fields, such as a commit. */
MUST_CHECK wfp_err call_plain(HANDLE session, Openwfp__Request__OpCase op);

/* id: NULL, or where the id of the new object goes. */
MUST_CHECK wfp_err call_add(HANDLE session, const struct call_object *what, const void *object,
			    const void *sd, uint64_t *id);

MUST_CHECK wfp_err call_delete_key(HANDLE session, Openwfp__Kind kind, const GUID *key);
MUST_CHECK wfp_err call_delete_id(HANDLE session, Openwfp__Kind kind, uint64_t id);

/* out: the address of the caller's pointer to the struct. */
MUST_CHECK wfp_err call_get_key(HANDLE session, const struct call_object *what, const GUID *key,
				void *out);
MUST_CHECK wfp_err call_get_id(HANDLE session, const struct call_object *what, uint64_t id,
			       void *out);

/* entries: the address of the caller's pointer to an array of pointers. */
MUST_CHECK wfp_err call_subscriptions_get(HANDLE session, const struct call_object *what,
					  void *entries, UINT32 *n);

/* Converts a message into a struct of its own and seals it. */
MUST_CHECK wfp_err call_result(const struct convert_desc *desc, const void *message, void *out);

/* The message in an Object, of that kind; NULL: another one, or none. */
const void *call_object_message(const Openwfp__Object *object, uint32_t kind);
