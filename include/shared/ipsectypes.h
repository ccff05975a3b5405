/* SPDX-License-Identifier: MIT */
/*
 * The constants and enumerations of IPsec policy and security associations. The structures that
 * they appear in are declared only: nothing here reads or writes IPsec policy yet.
 */
#pragma once

#include "fwptypes.h"

#include "generated/ipsectypes_values.h"

typedef struct IPSEC_KEYING_POLICY0_ IPSEC_KEYING_POLICY0;
typedef struct IPSEC_KEYING_POLICY1_ IPSEC_KEYING_POLICY1;
typedef struct IPSEC_TRANSPORT_POLICY0_ IPSEC_TRANSPORT_POLICY0;
typedef struct IPSEC_TRANSPORT_POLICY1_ IPSEC_TRANSPORT_POLICY1;
typedef struct IPSEC_TRANSPORT_POLICY2_ IPSEC_TRANSPORT_POLICY2;
typedef struct IPSEC_TUNNEL_POLICY0_ IPSEC_TUNNEL_POLICY0;
typedef struct IPSEC_TUNNEL_POLICY1_ IPSEC_TUNNEL_POLICY1;
typedef struct IPSEC_TUNNEL_POLICY2_ IPSEC_TUNNEL_POLICY2;
typedef struct IPSEC_TUNNEL_POLICY3_ IPSEC_TUNNEL_POLICY3;
typedef struct IPSEC_DOSP_OPTIONS0_ IPSEC_DOSP_OPTIONS0;

typedef UINT32 IPSEC_SA_SPI;
