/* SPDX-License-Identifier: MIT */
/*
 * String copies that never overrun and always terminate: Cch counts characters, Cb bytes, both of
 * the whole destination with its terminator. STATUS_BUFFER_OVERFLOW means that the result is cut.
 */
#pragma once

#include "ntdef.h"
#include "ntstatus.h"

#define NTSTRSAFE_MAX_CCH 2147483647

FORCEINLINE NTSTATUS RtlStringCchCopyW(PWSTR pszDest, SIZE_T cchDest, PCWSTR pszSrc)
{
	SIZE_T i = 0;

	if (cchDest == 0 || cchDest > NTSTRSAFE_MAX_CCH)
		return STATUS_INVALID_PARAMETER;
	for (; i < cchDest - 1 && pszSrc[i] != 0; i++)
		pszDest[i] = pszSrc[i];
	pszDest[i] = 0;
	return pszSrc[i] == 0 ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

FORCEINLINE NTSTATUS RtlStringCbCopyW(PWSTR pszDest, SIZE_T cbDest, PCWSTR pszSrc)
{
	return RtlStringCchCopyW(pszDest, cbDest / sizeof(*pszDest), pszSrc);
}
