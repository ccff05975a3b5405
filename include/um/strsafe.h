/* SPDX-License-Identifier: MIT */
/*
 * Copying of wide strings that cannot run over, as far as clients fill in display names. The result
 * is always terminated; one that was cut is STRSAFE_E_INSUFFICIENT_BUFFER. Sizes count characters.
 */
#pragma once

#include "ntdef.h"
#include "winerror.h"

EXTERN_C_START

#define STRSAFE_MAX_CCH		      2147483647
#define STRSAFE_E_INSUFFICIENT_BUFFER ((HRESULT)0x8007007A)
#define STRSAFE_E_INVALID_PARAMETER   ((HRESULT)0x80070057)

FORCEINLINE HRESULT StringCchLengthW(LPCWSTR s, SIZE_T max, SIZE_T *length)
{
	SIZE_T n = 0;

	while (s && n < max && s[n])
		n++;
	if (length)
		*length = s && n < max ? n : 0;
	return s && n < max && max <= STRSAFE_MAX_CCH ? S_OK : STRSAFE_E_INVALID_PARAMETER;
}

FORCEINLINE HRESULT StringCchCopyW(LPWSTR to, SIZE_T size, LPCWSTR from)
{
	SIZE_T n = 0;

	if (size == 0 || size > STRSAFE_MAX_CCH)
		return STRSAFE_E_INVALID_PARAMETER;
	for (; from[n] && n + 1 < size; n++)
		to[n] = from[n];
	to[n] = 0;
	return from[n] ? STRSAFE_E_INSUFFICIENT_BUFFER : S_OK;
}

FORCEINLINE HRESULT StringCchCatW(LPWSTR to, SIZE_T size, LPCWSTR from)
{
	SIZE_T n;

	if (StringCchLengthW(to, size, &n) != S_OK)
		return STRSAFE_E_INVALID_PARAMETER;
	return StringCchCopyW(to + n, size - n, from);
}

#define StringCchLength StringCchLengthW
#define StringCchCopy	StringCchCopyW
#define StringCchCat	StringCchCatW

EXTERN_C_END
