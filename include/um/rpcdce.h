/* SPDX-License-Identifier: MIT */
/*
 * The little of the remote procedure calls that a management client names: who authenticates to the
 * engine, and how a key is made and written. Nothing is called remotely.
 */
#pragma once

#include "guiddef.h"
#include "ntdef.h"

EXTERN_C_START

typedef LONG RPC_STATUS;
typedef USHORT *RPC_WSTR;
typedef UCHAR *RPC_CSTR;

#define RPC_ENTRY			WINAPI

#define RPC_C_AUTHN_NONE		0
#define RPC_C_AUTHN_WINNT		10
#define RPC_C_AUTHN_DEFAULT		0xffffffffU

#define SEC_WINNT_AUTH_IDENTITY_ANSI	0x1
#define SEC_WINNT_AUTH_IDENTITY_UNICODE 0x2

/* Lengths count characters, without a terminator. The engine takes NULL in its place. */
typedef struct _SEC_WINNT_AUTH_IDENTITY_W {
	USHORT *User;
	ULONG UserLength;
	USHORT *Domain;
	ULONG DomainLength;
	USHORT *Password;
	ULONG PasswordLength;
	ULONG Flags;
} SEC_WINNT_AUTH_IDENTITY_W, *PSEC_WINNT_AUTH_IDENTITY_W;

/* A random key of version 4. */
OPENWFP_EXPORT RPC_STATUS WINAPI UuidCreate(UUID *Uuid);
/* Lower case, without braces; RpcStringFreeW frees it and writes NULL. */
OPENWFP_EXPORT RPC_STATUS WINAPI UuidToStringW(const UUID *Uuid, RPC_WSTR *StringUuid);
/* The same form; anything else is RPC_S_INVALID_STRING_UUID. NULL makes the zero key. */
OPENWFP_EXPORT RPC_STATUS WINAPI UuidFromStringW(RPC_WSTR StringUuid, UUID *Uuid);
OPENWFP_EXPORT RPC_STATUS WINAPI RpcStringFreeW(RPC_WSTR *String);

#define UuidToString   UuidToStringW
#define UuidFromString UuidFromStringW
#define RpcStringFree  RpcStringFreeW

EXTERN_C_END
