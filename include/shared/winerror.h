/* SPDX-License-Identifier: MIT */
/*
 * Win32 and FWP_E codes, which user-mode functions return as DWORD. 0 alone is success. FWP_E codes
 * are typed HRESULT as on Windows, so they are negative numbers: compare, do not order.
 */
#pragma once

#include "ntdef.h"

#include "generated/winerror_values.h"

#define NO_ERROR      ERROR_SUCCESS
#define S_OK	      ((HRESULT)0)
#define SUCCEEDED(hr) ((HRESULT)(hr) >= 0)
#define FAILED(hr)    ((HRESULT)(hr) < 0)

/* What the functions beside the platform's own return: text forms of descriptors and keys. */
#define ERROR_PATH_NOT_FOUND   3U
#define ERROR_OUTOFMEMORY      14U
#define ERROR_INVALID_NAME     123U
#define ERROR_UNKNOWN_REVISION 1305U
#define ERROR_NONE_MAPPED      1332U
#define ERROR_INVALID_ACL      1336U
#define ERROR_INVALID_SID      1337U

/* The engine is not there, or went away in the middle of a call. */
#define RPC_S_OK		    ERROR_SUCCESS
#define RPC_S_INVALID_STRING_UUID   1705
#define RPC_S_UNKNOWN_AUTHN_SERVICE 1747
#define RPC_S_UUID_LOCAL_ONLY	    1824

#define HRESULT_CODE(hr)	    ((hr)&0xFFFF)
#define FACILITY_WIN32		    7
#define HRESULT_FROM_WIN32(x)                                                                      \
	((HRESULT)(x) <= 0 ? (HRESULT)(x)                                                          \
			   : (HRESULT)(((x)&0xFFFFU) | FACILITY_WIN32 << 16 | 0x80000000U))
