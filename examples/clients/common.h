/* SPDX-License-Identifier: MIT */
/*
 * common - what the example clients share: codes explained (codes.c), text and addresses (text.c),
 * sessions, transactions and one's own objects (engine.c).
 */
#pragma once

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN /* sockets are included by who wants them */
#endif
#include <windows.h>
#include <fwpmu.h>

/* ---- codes ----------------------------------------------------------------------------------- */

/* Returns code; if it is an error, says on stderr what failed, the code's name and what to do. */
DWORD check(const char *what, DWORD code);
/* The name of a code, or "unknown"; advice may be NULL. */
const char *code_name(DWORD code, const char **advice);
/* The FWP_E codes are typed HRESULT and the functions return DWORD. */
#define IS_CODE(result, code) ((result) == (DWORD)(code))

/* ---- text and addresses ---------------------------------------------------------------------- */

/* FALSE: no UTF-8, or longer than n - 1 characters. */
BOOL widen(const char *utf8, WCHAR *out, size_t n);
/* Cut where n bytes are full. NULL is "(none)". Returns out. */
const char *narrow(const WCHAR *text, char *out, size_t n);
#define NARROW_MAX 256

/* In the order that conditions want: v4 and port as numbers of the host, v6 as on the wire. */
struct address {
	BOOL is_v6;
	UINT32 v4;
	FWP_BYTE_ARRAY16 v6;
	UINT16 port;
};
BOOL parse_address(const char *text, struct address *out);
/* 192.0.2.1:443 or [2001:db8::1]:443 */
BOOL parse_endpoint(const char *text, struct address *out);
/* Returns out. */
const char *format_address(const struct address *a, char *out, size_t n);
#define ADDRESS_MAX 64

/* Returns after Ctrl-C (or SIGTERM). */
void wait_for_ctrl_c(void);

/* ---- the engine ------------------------------------------------------------------------------ */

/* flags: 0 or FWPM_SESSION_FLAG_DYNAMIC. Says what went wrong. */
DWORD open_engine(const WCHAR *name, UINT32 flags, HANDLE *engine);

typedef DWORD change_fn(HANDLE engine, void *ctx);
/* All that change does, or, when it returns an error, nothing. The error is said by change. */
DWORD in_transaction(HANDLE engine, change_fn *change, void *ctx);

typedef DWORD filter_fn(HANDLE engine, const FWPM_FILTER0 *filter, void *ctx);
/* Each filter of a provider at any layer, boot-time and disabled ones included. Ends at the first
 * error of visit. Filters may be deleted meanwhile: an enumeration is a snapshot. */
DWORD each_filter_of(HANDLE engine, const GUID *provider, filter_fn *visit, void *ctx);
/* For each_filter_of; ctx: a UINT32 that counts, or NULL. */
DWORD delete_filter(HANDLE engine, const FWPM_FILTER0 *filter, void *ctx);

/* What marks all that a program adds as its own. The keys are its own for ever: by them a later
 * version finds what an earlier one has left. */
struct owner {
	const GUID *provider, *sublayer;
	const WCHAR *name;
	UINT16 weight; /* of the sublayer: a higher one is asked earlier */
	BOOL persistent;
	BOOL may_exist; /* then it stays as it is */
};
DWORD add_owner(HANDLE engine, const struct owner *o);
/* After everything that refers to them. What is missing may be missing. */
DWORD remove_owner(HANDLE engine, const struct owner *o);

#define CONDITIONS_MAX 8u
struct conditions {
	UINT32 n;
	FWPM_FILTER_CONDITION0 all[CONDITIONS_MAX];
};
/* Adds "field equals"; the caller puts the value in. Of several conditions on one field one must
 * hold, of conditions on different fields all. */
FWPM_FILTER_CONDITION0 *where(struct conditions *c, const GUID *field, FWP_DATA_TYPE type);
void where_protocol(struct conditions *c, UINT8 protocol);
void where_port(struct conditions *c, const GUID *field, UINT16 port);
/* a must stay where it is until the filter was added. */
void where_address(struct conditions *c, const GUID *field, struct address *a);
#define PROTOCOL_ICMPV6 58u
#define PROTOCOL_TCP	6u
#define PROTOCOL_UDP	17u
