/* SPDX-License-Identifier: MIT */
/*
 * Addresses with the numbers of Windows, and the order of their bytes: conditions of filters want
 * host order, socket addresses network order. There are no sockets here; those are the host's, in
 * files of their own, because AF_INET6 differs.
 */
#pragma once

#include "ws2def.h"
#include "ws2ipdef.h"

EXTERN_C_START

FORCEINLINE USHORT htons(USHORT host)
{
	return __builtin_bswap16(host);
}
FORCEINLINE USHORT ntohs(USHORT network)
{
	return __builtin_bswap16(network);
}
FORCEINLINE ULONG htonl(ULONG host)
{
	return __builtin_bswap32(host);
}
FORCEINLINE ULONG ntohl(ULONG network)
{
	return __builtin_bswap32(network);
}

EXTERN_C_END
