/* SPDX-License-Identifier: MIT */
/*
 * The values that everything in WFP is made of: what a packet field holds, what a filter condition
 * compares it with, and the small structures they point at.
 *
 * A value is a type and a union. Up to 32 bits it is in the union, above that the union holds a
 * pointer whose target the caller keeps alive for the call. Addresses and ports are in host order,
 * IPv6 addresses are 16 bytes in network order.
 */
#pragma once

#include "ntdef.h"

#include "generated/fwptypes_values.h"

EXTERN_C_START

/* One of the FWP_ACTION_ values: a small number and FWP_ACTION_FLAG_ bits. */
typedef UINT32 FWP_ACTION_TYPE;

typedef struct FWP_BYTE_ARRAY6_ {
	UINT8 byteArray6[6];
} FWP_BYTE_ARRAY6;

typedef struct FWP_BYTE_ARRAY16_ {
	UINT8 byteArray16[16];
} FWP_BYTE_ARRAY16;

typedef struct FWP_BYTE_BLOB_ {
	UINT32 size;
	UINT8 *data;
} FWP_BYTE_BLOB;

typedef struct FWP_TOKEN_INFORMATION_ {
	ULONG sidCount;
	PSID_AND_ATTRIBUTES sids;
	ULONG restrictedSidCount;
	PSID_AND_ATTRIBUTES restrictedSids;
} FWP_TOKEN_INFORMATION;

/* What a classifiable field holds, and a filter's weight. FWP_EMPTY: not known, matches nothing
 * but a condition that asks for FWP_EMPTY. */
typedef struct FWP_VALUE0_ {
	FWP_DATA_TYPE type;
	union {
		UINT8 uint8;
		UINT16 uint16;
		UINT32 uint32;
		UINT64 *uint64;
		INT8 int8;
		INT16 int16;
		INT32 int32;
		INT64 *int64;
		float float32;
		double *double64;
		FWP_BYTE_ARRAY16 *byteArray16;
		FWP_BYTE_BLOB *byteBlob;
		SID *sid;
		FWP_BYTE_BLOB *sd;
		FWP_TOKEN_INFORMATION *tokenInformation;
		FWP_BYTE_BLOB *tokenAccessInformation;
		LPWSTR unicodeString;
		FWP_BYTE_ARRAY6 *byteArray6;
	};
} FWP_VALUE0;

/* Both in host order. */
typedef struct FWP_V4_ADDR_AND_MASK_ {
	UINT32 addr;
	UINT32 mask;
} FWP_V4_ADDR_AND_MASK;

typedef struct FWP_V6_ADDR_AND_MASK_ {
	UINT8 addr[FWP_V6_ADDR_SIZE];
	UINT8 prefixLength;
} FWP_V6_ADDR_AND_MASK;

/* Both ends belong to the range and have the same type. */
typedef struct FWP_RANGE0_ {
	FWP_VALUE0 valueLow;
	FWP_VALUE0 valueHigh;
} FWP_RANGE0;

/* What a condition compares a field with: a value, or one of the three shapes of a set. */
typedef struct FWP_CONDITION_VALUE0_ {
	FWP_DATA_TYPE type;
	union {
		UINT8 uint8;
		UINT16 uint16;
		UINT32 uint32;
		UINT64 *uint64;
		INT8 int8;
		INT16 int16;
		INT32 int32;
		INT64 *int64;
		float float32;
		double *double64;
		FWP_BYTE_ARRAY16 *byteArray16;
		FWP_BYTE_BLOB *byteBlob;
		SID *sid;
		FWP_BYTE_BLOB *sd;
		FWP_TOKEN_INFORMATION *tokenInformation;
		FWP_BYTE_BLOB *tokenAccessInformation;
		LPWSTR unicodeString;
		FWP_BYTE_ARRAY6 *byteArray6;
		FWP_V4_ADDR_AND_MASK *v4AddrMask;
		FWP_V6_ADDR_AND_MASK *v6AddrMask;
		FWP_RANGE0 *rangeValue;
	};
} FWP_CONDITION_VALUE0;

/* name must not be NULL in anything that is added. */
typedef struct FWPM_DISPLAY_DATA0_ {
	WCHAR *name;
	WCHAR *description;
} FWPM_DISPLAY_DATA0;

typedef struct IPSEC_VIRTUAL_IF_TUNNEL_INFO0_ {
	UINT64 virtualIfTunnelId;
	UINT64 trafficSelectorId;
} IPSEC_VIRTUAL_IF_TUNNEL_INFO0;

#define FWP_VALUE		     FWP_VALUE0
#define FWP_RANGE		     FWP_RANGE0
#define FWP_CONDITION_VALUE	     FWP_CONDITION_VALUE0
#define FWPM_DISPLAY_DATA	     FWPM_DISPLAY_DATA0
#define IPSEC_VIRTUAL_IF_TUNNEL_INFO IPSEC_VIRTUAL_IF_TUNNEL_INFO0

EXTERN_C_END
