/* SPDX-License-Identifier: MIT */
/*
 * An address of either IP version, and the identifiers of compartments and interfaces.
 */
#pragma once

#include "ws2def.h"

typedef union _SOCKADDR_INET {
	SOCKADDR_IN Ipv4;
	SOCKADDR_IN6 Ipv6;
	ADDRESS_FAMILY si_family;
} SOCKADDR_INET, *PSOCKADDR_INET;

typedef struct _IP_ADDRESS_PREFIX {
	SOCKADDR_INET Prefix;
	UINT8 PrefixLength;
} IP_ADDRESS_PREFIX, *PIP_ADDRESS_PREFIX;

typedef ULONG NET_IFINDEX, IF_INDEX, *PNET_IFINDEX, *PIF_INDEX;
typedef UINT32 NET_IF_COMPARTMENT_ID, COMPARTMENT_ID, *PCOMPARTMENT_ID;

#define UNSPECIFIED_COMPARTMENT_ID 0
#define DEFAULT_COMPARTMENT_ID	   1
#define IFI_UNSPECIFIED		   0
