/* SPDX-License-Identifier: MIT */
/*
 * From the names and indices of interfaces to the identifiers that filters compare with, and back.
 * Names are those of the host (eth0, tun0); the index is the host's too. libfwpuclnt exports these.
 */
#pragma once

#include "ifdef.h"
#include "winerror.h"
#include "ws2ipdef.h"

EXTERN_C_START

typedef DWORD NETIO_STATUS;

#define IF_MAX_STRING_SIZE 256

/* ERROR_FILE_NOT_FOUND when there is no such interface, ERROR_INVALID_PARAMETER for a NULL
 * pointer or the index 0. */
OPENWFP_EXPORT NETIO_STATUS WINAPI ConvertInterfaceIndexToLuid(NET_IFINDEX InterfaceIndex,
							       PNET_LUID InterfaceLuid);
OPENWFP_EXPORT NETIO_STATUS WINAPI ConvertInterfaceLuidToIndex(const NET_LUID *InterfaceLuid,
							       PNET_IFINDEX InterfaceIndex);
/* ERROR_INVALID_PARAMETER also when there is no such interface. */
OPENWFP_EXPORT NETIO_STATUS WINAPI ConvertInterfaceAliasToLuid(const WCHAR *InterfaceAlias,
							       PNET_LUID InterfaceLuid);

EXTERN_C_END
