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
