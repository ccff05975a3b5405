/* SPDX-License-Identifier: MIT */
/*
 * ob - objects of the kernel and the handles that name them.
 *
 * A handle is a slot and a generation, never a pointer: a stale one, one of another kind and a
 * made-up one are all told apart from a good one.  An object lives as long as it has references;
 * its handle holds one.  Any thread.
 */
#pragma once

#include "ntshim/shim.h"

enum nt_kind { NT_KIND_THREAD = 1, NT_KIND_ENGINE, NT_KIND_INJECTION };

/* [I] immutable   [L] the handle table's lock */
struct nt_object {
	enum nt_kind kind;		       /* [I] */
	struct nt_driver *driver;	       /* [I] who made it */
	uint32_t refs;			       /* [L] */
	void (*destroy)(struct nt_object *ob); /* [I] the last reference is gone */
};

void nt_handles_start(void);
void nt_handles_stop(void);

/* One reference, the caller's; owned by the current driver. */
void nt_object_init(struct nt_object *ob, enum nt_kind kind, void (*destroy)(struct nt_object *ob));
void nt_object_get(struct nt_object *ob);
void nt_object_put(struct nt_object *ob);

/* Takes a reference of its own.  ERR_NO_MEMORY: too many handles. */
MUST_CHECK wfp_err nt_handle_open(struct nt_object *ob, HANDLE *out);
/* A new reference; NULL: no handle of this kind. */
struct nt_object *nt_handle_ref(HANDLE h, enum nt_kind kind);
/* Kills the handle and hands its reference over; NULL: there is none to kill. */
struct nt_object *nt_handle_take(HANDLE h, enum nt_kind kind);
/* The first handle of this kind that `d` has open; NULL: none. */
HANDLE nt_handle_of_driver(const struct nt_driver *d, enum nt_kind kind);
