/* SPDX-License-Identifier: MIT */
/*
 * handle - what the API calls a HANDLE: a number that is looked up, never a pointer.
 *
 * A handle of the wrong kind, a closed one, a number that was never given out: all are answered
 * with ERROR_INVALID_HANDLE.  While a call uses a handle its object stays; closing waits for that.
 * Numbers are not used twice before a slot has been reused four billion times.  Any thread.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"

enum handle_kind {
	HANDLE_SESSION = 1,  /* struct session: what FwpmEngineOpen0 opens */
	HANDLE_ENUM,	     /* struct session_enum */
	HANDLE_SUBSCRIPTION, /* struct subscription */
};

/* A slot whose handle is good once handle_publish has given it an object.  Or handle_cancel. */
MUST_CHECK wfp_err handle_reserve(enum handle_kind kind, void **handle);
void handle_publish(void *handle, void *object);
void handle_cancel(void *handle);

/* The object, until handle_release; NULL: no such handle of that kind. */
MUST_CHECK void *handle_use(void *handle, enum handle_kind kind);
void handle_release(void *handle);

/*
 * No call can use it from here on; waits for those that do.  The object is the caller's then.
 * NULL: no such handle of that kind, or somebody else is closing it.
 */
MUST_CHECK void *handle_close(void *handle, enum handle_kind kind);
