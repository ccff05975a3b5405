/* SPDX-License-Identifier: MIT */
/*
 * GUID and DEFINE_GUID. As on Windows, one line in a header both declares and defines a key:
 * DEFINE_GUID declares it, or defines it in a file that included initguid.h (or defined INITGUID)
 * before. Definitions are weak, so that several files of one driver may do so.
 *
 * There is no #pragma once, and the macro part is outside the guard, on purpose: initguid.h may
 * include this header a second time.
 */
#ifndef OPENWFP_GUID_TYPE
#define OPENWFP_GUID_TYPE

#include <stdint.h>
#include <string.h>

#include "openwfp_abi.h"

typedef struct _GUID {
	uint32_t Data1;
	uint16_t Data2;
	uint16_t Data3;
	uint8_t Data4[8];
} GUID;

typedef GUID *LPGUID;
typedef const GUID *LPCGUID;
typedef GUID IID;
typedef GUID CLSID;
typedef GUID UUID;
#ifdef __cplusplus
#define REFGUID const GUID &
#define REFIID	const IID &
#else
#define REFGUID const GUID *
#define REFIID	const IID *
#endif

static inline int InlineIsEqualGUID(const GUID *a, const GUID *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Takes REFGUID: addresses in C, the keys themselves in C++. */
#ifdef __cplusplus
#define IsEqualGUID(a, b) InlineIsEqualGUID(&(a), &(b))
inline bool operator==(const GUID &a, const GUID &b)
{
	return InlineIsEqualGUID(&a, &b) != 0;
}
inline bool operator!=(const GUID &a, const GUID &b)
{
	return !(a == b);
}
#else
#define IsEqualGUID(a, b) InlineIsEqualGUID(a, b)
#endif

#endif

#undef DEFINE_GUID
#ifdef INITGUID
#define DEFINE_GUID(name, a, b, c, d0, d1, d2, d3, d4, d5, d6, d7)                                 \
	EXTERN_C const GUID DECLSPEC_SELECTANY name;                                               \
	const GUID name = {a, b, c, {d0, d1, d2, d3, d4, d5, d6, d7}}
#else
#define DEFINE_GUID(name, a, b, c, d0, d1, d2, d3, d4, d5, d6, d7) EXTERN_C const GUID name
#endif
