/* SPDX-License-Identifier: MIT */
/*
 * The thin windows.h that a management client includes: base types, codes, keys, descriptors, and
 * the few functions of Windows itself that clients of the platform cannot do without. libfwpuclnt
 * exports those that are not inline. Everything else a program takes from its host.
 *
 * The host's functions for wide characters take 32-bit ones: never give them a WCHAR string. A file
 * that wants the host's sockets too defines WIN32_LEAN_AND_MEAN; fwpmu.h brings none.
 */
#pragma once

#include "ntdef.h"
#include "winerror.h"

#include "guiddef.h"
#include "securitybaseapi.h"
#include "winnt.h"
#ifndef WIN32_LEAN_AND_MEAN
#include "winsock2.h"
#endif

EXTERN_C_START

typedef HANDLE HLOCAL;

/* Never the handle of an engine, an enumeration or a subscription; nor is NULL. */
#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)

/* Each thread has its own. Only the functions that say so set it; those of the platform return
 * their code. */
OPENWFP_EXPORT DWORD WINAPI GetLastError(void);
OPENWFP_EXPORT void WINAPI SetLastError(DWORD dwErrCode);
/* Frees what the functions of sddl.h return. NULL is fine; returns NULL. */
OPENWFP_EXPORT HLOCAL WINAPI LocalFree(HLOCAL hMem);

#define ZeroMemory(to, bytes)	    memset((to), 0, (bytes))
#define FillMemory(to, bytes, fill) memset((to), (fill), (bytes))
#define CopyMemory(to, from, bytes) memcpy((to), (from), (bytes))
#define MoveMemory(to, from, bytes) memmove((to), (from), (bytes))

#ifndef _countof
#define _countof(a) RTL_NUMBER_OF(a)
#endif

/* In characters; NULL has none. */
FORCEINLINE int lstrlenW(LPCWSTR s)
{
	int n = 0;

	while (s && s[n])
		n++;
	return n;
}
#define lstrlen lstrlenW

EXTERN_C_END
