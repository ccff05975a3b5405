/* SPDX-License-Identifier: MIT */
/*
 * security - security descriptors at the API: absolute or self-relative on the way in, one block
 * and pointers into it on the way out.
 *
 * Lengths inside a program's descriptor are the program's word; nothing but the protocol's limits
 * can check them.  What comes from the engine is checked.
 */
#pragma once

#include "client/session.h"

/* *out is a self-relative copy in the arena.  ERR_INVALID_PARAMETER: no descriptor. */
MUST_CHECK wfp_err security_flatten(const void *sd, struct arena *a, ProtobufCBinaryData *out);

/* Of the parts that `which` names alone. */
MUST_CHECK wfp_err security_flatten_named(const void *sd, SECURITY_INFORMATION which,
					  struct arena *a, ProtobufCBinaryData *out);

/* The addresses of the caller's pointers, NULL where not asked for; sd must be asked for. */
struct security_out {
	PSID *owner, *group;
	PACL *dacl, *sacl;
	PSECURITY_DESCRIPTOR *sd;
};

/* key: NULL or zero is the container of the kind. */
MUST_CHECK wfp_err security_get(HANDLE session, Openwfp__Kind kind, const GUID *key,
				SECURITY_INFORMATION which, const struct security_out *out);

struct security_in {
	const SID *owner, *group;
	const ACL *dacl, *sacl;
};

/* Only the parts that `which` names are looked at. */
MUST_CHECK wfp_err security_set(HANDLE session, Openwfp__Kind kind, const GUID *key,
				SECURITY_INFORMATION which, const struct security_in *in);
