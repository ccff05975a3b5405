/* SPDX-License-Identifier: MIT */
/*
 * call_enum - enumerations: a handle, and arrays of structs until there are no more.
 *
 * As call.h.  A call for n entries returns n of them unless the end is reached, however many
 * replies of the engine that takes.
 */
#pragma once

#include "client/call.h"

/*
 * Objects that do not exist here and are enumerated all the same: security associations and the
 * like.  Their enumerations are at the end from the start.  Beyond the kinds of the protocol.
 */
enum call_enum_absent {
	CALL_ENUM_ABSENT = 1000,
	CALL_ENUM_IPSEC_SA = CALL_ENUM_ABSENT,
	CALL_ENUM_IPSEC_SA_CONTEXT,
	CALL_ENUM_IPSEC_DOSP_STATE,
	CALL_ENUM_IKEEXT_SA,
};

/* wish: the template's descriptor; wanted: the template, or NULL for all. */
MUST_CHECK wfp_err call_enum_create(HANDLE session, uint32_t kind, const struct convert_desc *wish,
				    const void *wanted, HANDLE *handle);

/* A generation of a struct; types: of net events, those below are in it (0: all). */
struct call_enum_what {
	uint32_t kind;
	const struct convert_desc *desc; /* NULL: of absent kinds */
	uint32_t types;
};

MUST_CHECK wfp_err call_enum_next(HANDLE session, HANDLE handle, const struct call_enum_what *what,
				  UINT32 wanted, void *entries, UINT32 *n);
MUST_CHECK wfp_err call_enum_destroy(HANDLE session, HANDLE handle, uint32_t kind);
