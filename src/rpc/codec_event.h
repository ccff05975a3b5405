/* SPDX-License-Identifier: MIT */
/*
 * codec_event - net events and connections as messages, towards programs only.
 *
 * A message borrows from what it shows.  Any thread; no state.
 */
#pragma once

#include "rpc/codec.h"

struct Openwfp__Connection;
struct Openwfp__NetEvent;
struct model_connection;
struct model_netevent;

/* Nanoseconds since 1970 to 100 ns since 1601, as FILETIME counts, and back (before 1970: 0). */
uint64_t rpc_filetime(uint64_t ns);
uint64_t rpc_unix_ns(uint64_t filetime);

MUST_CHECK wfp_err rpc_netevent_encode(struct arena *a, const struct model_netevent *e,
				       struct Openwfp__NetEvent *out);
void rpc_connection_encode(const struct model_connection *c, struct Openwfp__Connection *out);
