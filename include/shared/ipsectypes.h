/* SPDX-License-Identifier: MIT */
/*
 * The policy of IPsec as provider contexts hold it: proposals, transport and tunnel policy, keying
 * policy, and the protection against denial of service. Security associations and statistics are in
 * ipsectypes_sa.h, which this includes.
 *
 * A name that ends in 1, 2 or 3 is what a later Windows added to. Policy is stored and given back;
 * no traffic is protected by it here.
 */
#pragma once

#include "fwptypes.h"
#include "iketypes.h"

#include "generated/ipsectypes_values.h"

EXTERN_C_START

typedef struct FWPM_FILTER0_ FWPM_FILTER0;

/* A small number, one of IPSEC_AUTH_CONFIG_ or IPSEC_CIPHER_CONFIG_. */
typedef UINT8 IPSEC_AUTH_CONFIG;
typedef UINT8 IPSEC_CIPHER_CONFIG;
typedef GUID IPSEC_CRYPTO_MODULE_ID;

typedef struct IPSEC_SA_LIFETIME0_ {
	UINT32 lifetimeSeconds;
	UINT32 lifetimeKilobytes;
	UINT32 lifetimePackets;
} IPSEC_SA_LIFETIME0;

typedef struct IPSEC_AUTH_TRANSFORM_ID0_ {
	IPSEC_AUTH_TYPE authType;
	IPSEC_AUTH_CONFIG authConfig;
} IPSEC_AUTH_TRANSFORM_ID0;

/* cryptoModuleId is NULL: there are no others than the built-in one. */
typedef struct IPSEC_AUTH_TRANSFORM0_ {
	IPSEC_AUTH_TRANSFORM_ID0 authTransformId;
	IPSEC_CRYPTO_MODULE_ID *cryptoModuleId;
} IPSEC_AUTH_TRANSFORM0;

typedef struct IPSEC_CIPHER_TRANSFORM_ID0_ {
	IPSEC_CIPHER_TYPE cipherType;
	IPSEC_CIPHER_CONFIG cipherConfig;
} IPSEC_CIPHER_TRANSFORM_ID0;

typedef struct IPSEC_CIPHER_TRANSFORM0_ {
	IPSEC_CIPHER_TRANSFORM_ID0 cipherTransformId;
	IPSEC_CRYPTO_MODULE_ID *cryptoModuleId;
} IPSEC_CIPHER_TRANSFORM0;

typedef struct IPSEC_AUTH_AND_CIPHER_TRANSFORM0_ {
	IPSEC_AUTH_TRANSFORM0 authTransform;
	IPSEC_CIPHER_TRANSFORM0 cipherTransform;
} IPSEC_AUTH_AND_CIPHER_TRANSFORM0;

typedef struct IPSEC_SA_TRANSFORM0_ {
	IPSEC_TRANSFORM_TYPE ipsecTransformType;
	union {
		IPSEC_AUTH_TRANSFORM0 *ahTransform;
		IPSEC_AUTH_TRANSFORM0 *espAuthTransform;
		IPSEC_CIPHER_TRANSFORM0 *espCipherTransform;
		IPSEC_AUTH_AND_CIPHER_TRANSFORM0 *espAuthAndCipherTransform;
		IPSEC_AUTH_TRANSFORM0 *espAuthFwTransform;
	};
} IPSEC_SA_TRANSFORM0;

typedef struct IPSEC_PROPOSAL0_ {
	IPSEC_SA_LIFETIME0 lifetime;
	UINT32 numSaTransforms;
	IPSEC_SA_TRANSFORM0 *saTransforms;
	IPSEC_PFS_GROUP pfsGroup;
} IPSEC_PROPOSAL0;

typedef struct IPSEC_SA_IDLE_TIMEOUT0_ {
	UINT32 idleTimeoutSeconds;
	UINT32 idleTimeoutSecondsFailOver;
} IPSEC_SA_IDLE_TIMEOUT0;

/* Both ends of the ranges belong to them. */
typedef struct IPSEC_TRAFFIC_SELECTOR0_ {
	UINT8 protocolId;
	UINT16 portStart;
	UINT16 portEnd;
	FWP_IP_VERSION ipVersion;
	union {
		UINT32 startV4Address;
		UINT8 startV6Address[16];
	};
	union {
		UINT32 endV4Address;
		UINT8 endV6Address[16];
	};
} IPSEC_TRAFFIC_SELECTOR0;

typedef struct IPSEC_TRAFFIC_SELECTOR_POLICY0_ {
	UINT32 flags;
	UINT32 numLocalTrafficSelectors;
	IPSEC_TRAFFIC_SELECTOR0 *localTrafficSelectors;
	UINT32 numRemoteTrafficSelectors;
	IPSEC_TRAFFIC_SELECTOR0 *remoteTrafficSelectors;
} IPSEC_TRAFFIC_SELECTOR_POLICY0;

/* emPolicy may be NULL; the generations differ in what it points at. */
typedef struct IPSEC_TRANSPORT_POLICY0_ {
	UINT32 numIpsecProposals;
	IPSEC_PROPOSAL0 *ipsecProposals;
	UINT32 flags;
	UINT32 ndAllowClearTimeoutSeconds;
	IPSEC_SA_IDLE_TIMEOUT0 saIdleTimeout;
	IKEEXT_EM_POLICY0 *emPolicy;
} IPSEC_TRANSPORT_POLICY0;

typedef struct IPSEC_TRANSPORT_POLICY1_ {
	UINT32 numIpsecProposals;
	IPSEC_PROPOSAL0 *ipsecProposals;
	UINT32 flags;
	UINT32 ndAllowClearTimeoutSeconds;
	IPSEC_SA_IDLE_TIMEOUT0 saIdleTimeout;
	IKEEXT_EM_POLICY1 *emPolicy;
} IPSEC_TRANSPORT_POLICY1;

typedef struct IPSEC_TRANSPORT_POLICY2_ {
	UINT32 numIpsecProposals;
	IPSEC_PROPOSAL0 *ipsecProposals;
	UINT32 flags;
	UINT32 ndAllowClearTimeoutSeconds;
	IPSEC_SA_IDLE_TIMEOUT0 saIdleTimeout;
	IKEEXT_EM_POLICY2 *emPolicy;
} IPSEC_TRANSPORT_POLICY2;

typedef struct IPSEC_TUNNEL_ENDPOINTS0_ {
	FWP_IP_VERSION ipVersion;
	union {
		UINT32 localV4Address;
		UINT8 localV6Address[16];
	};
	union {
		UINT32 remoteV4Address;
		UINT8 remoteV6Address[16];
	};
} IPSEC_TUNNEL_ENDPOINTS0;

typedef struct IPSEC_TUNNEL_ENDPOINTS1_ {
	FWP_IP_VERSION ipVersion;
	union {
		UINT32 localV4Address;
		UINT8 localV6Address[16];
	};
	union {
		UINT32 remoteV4Address;
		UINT8 remoteV6Address[16];
	};
	UINT64 localIfLuid;
} IPSEC_TUNNEL_ENDPOINTS1;

typedef struct IPSEC_TUNNEL_ENDPOINT0_ {
	FWP_IP_VERSION ipVersion;
	union {
		UINT32 v4Address;
		UINT8 v6Address[16];
	};
} IPSEC_TUNNEL_ENDPOINT0;

/* A remote end that has several addresses, or a name: remoteFqdn may be NULL. */
typedef struct IPSEC_TUNNEL_ENDPOINTS2_ {
	FWP_IP_VERSION ipVersion;
	union {
		UINT32 localV4Address;
		UINT8 localV6Address[16];
	};
	union {
		UINT32 remoteV4Address;
		UINT8 remoteV6Address[16];
	};
	UINT64 localIfLuid;
	WCHAR *remoteFqdn;
	UINT32 numAddresses;
	IPSEC_TUNNEL_ENDPOINT0 *remoteAddresses;
} IPSEC_TUNNEL_ENDPOINTS2;

typedef struct IPSEC_TUNNEL_POLICY0_ {
	UINT32 flags;
	UINT32 numIpsecProposals;
	IPSEC_PROPOSAL0 *ipsecProposals;
	IPSEC_TUNNEL_ENDPOINTS0 tunnelEndpoints;
	IPSEC_SA_IDLE_TIMEOUT0 saIdleTimeout;
	IKEEXT_EM_POLICY0 *emPolicy;
} IPSEC_TUNNEL_POLICY0;

typedef struct IPSEC_TUNNEL_POLICY1_ {
	UINT32 flags;
	UINT32 numIpsecProposals;
	IPSEC_PROPOSAL0 *ipsecProposals;
	IPSEC_TUNNEL_ENDPOINTS1 tunnelEndpoints;
	IPSEC_SA_IDLE_TIMEOUT0 saIdleTimeout;
	IKEEXT_EM_POLICY1 *emPolicy;
} IPSEC_TUNNEL_POLICY1;

typedef struct IPSEC_TUNNEL_POLICY2_ {
	UINT32 flags;
	UINT32 numIpsecProposals;
	IPSEC_PROPOSAL0 *ipsecProposals;
	IPSEC_TUNNEL_ENDPOINTS2 tunnelEndpoints;
	IPSEC_SA_IDLE_TIMEOUT0 saIdleTimeout;
	IKEEXT_EM_POLICY2 *emPolicy;
	UINT32 fwdPathSaLifetime;
} IPSEC_TUNNEL_POLICY2;

typedef struct IPSEC_TUNNEL_POLICY3_ {
	UINT32 flags;
	UINT32 numIpsecProposals;
	IPSEC_PROPOSAL0 *ipsecProposals;
	IPSEC_TUNNEL_ENDPOINTS2 tunnelEndpoints;
	IPSEC_SA_IDLE_TIMEOUT0 saIdleTimeout;
	IKEEXT_EM_POLICY2 *emPolicy;
	UINT32 fwdPathSaLifetime;
	UINT32 compartmentId;
	UINT32 numTrafficSelectorPolicy;
	IPSEC_TRAFFIC_SELECTOR_POLICY0 *trafficSelectorPolicies;
} IPSEC_TUNNEL_POLICY3;

/* The keying modules to try, in this order. */
typedef struct IPSEC_KEYING_POLICY0_ {
	UINT32 numKeyMods;
	GUID *keyModKeys;
} IPSEC_KEYING_POLICY0;

typedef struct IPSEC_KEYING_POLICY1_ {
	UINT32 numKeyMods;
	GUID *keyModKeys;
	UINT32 flags;
} IPSEC_KEYING_POLICY1;

/* IPSEC_DOSP_DSCP_DISABLE_VALUE and IPSEC_DOSP_RATE_LIMIT_DISABLE_VALUE turn a mark or a limit
 * off; zero is a mark. */
typedef struct IPSEC_DOSP_OPTIONS0_ {
	UINT32 stateIdleTimeoutSeconds;
	UINT32 perIPRateLimitQueueIdleTimeoutSeconds;
	UINT8 ipV6IPsecUnauthDscp;
	UINT32 ipV6IPsecUnauthRateLimitBytesPerSec;
	UINT32 ipV6IPsecUnauthPerIPRateLimitBytesPerSec;
	UINT8 ipV6IPsecAuthDscp;
	UINT32 ipV6IPsecAuthRateLimitBytesPerSec;
	UINT8 icmpV6Dscp;
	UINT32 icmpV6RateLimitBytesPerSec;
	UINT8 ipV6FilterExemptDscp;
	UINT32 ipV6FilterExemptRateLimitBytesPerSec;
	UINT8 defBlockExemptDscp;
	UINT32 defBlockExemptRateLimitBytesPerSec;
	UINT32 maxStateEntries;
	UINT32 maxPerIPRateLimitQueues;
	UINT32 flags;
	UINT32 numPublicIFLuids;
	UINT64 *publicIFLuids;
	UINT32 numInternalIFLuids;
	UINT64 *internalIFLuids;
	FWP_V6_ADDR_AND_MASK publicV6AddrMask;
	FWP_V6_ADDR_AND_MASK internalV6AddrMask;
} IPSEC_DOSP_OPTIONS0;

typedef struct IPSEC_DOSP_STATISTICS0_ {
	UINT64 totalStateEntriesCreated;
	UINT64 currentStateEntries;
	UINT64 totalInboundAllowedIPv6IPsecUnauthPkts;
	UINT64 totalInboundRatelimitDiscardedIPv6IPsecUnauthPkts;
	UINT64 totalInboundPerIPRatelimitDiscardedIPv6IPsecUnauthPkts;
	UINT64 totalInboundOtherDiscardedIPv6IPsecUnauthPkts;
	UINT64 totalInboundAllowedIPv6IPsecAuthPkts;
	UINT64 totalInboundRatelimitDiscardedIPv6IPsecAuthPkts;
	UINT64 totalInboundOtherDiscardedIPv6IPsecAuthPkts;
	UINT64 totalInboundAllowedICMPv6Pkts;
	UINT64 totalInboundRatelimitDiscardedICMPv6Pkts;
	UINT64 totalInboundAllowedIPv6FilterExemptPkts;
	UINT64 totalInboundRatelimitDiscardedIPv6FilterExemptPkts;
	UINT64 totalInboundDiscardedIPv6FilterBlockPkts;
	UINT64 totalInboundAllowedDefBlockExemptPkts;
	UINT64 totalInboundRatelimitDiscardedDefBlockExemptPkts;
	UINT64 totalInboundDiscardedDefBlockPkts;
	UINT64 currentInboundIPv6IPsecUnauthPerIPRateLimitQueues;
} IPSEC_DOSP_STATISTICS0;

typedef struct IPSEC_DOSP_STATE0_ {
	UINT8 publicHostV6Addr[16];
	UINT8 internalHostV6Addr[16];
	UINT64 totalInboundIPv6IPsecAuthPackets;
	UINT64 totalOutboundIPv6IPsecAuthPackets;
	UINT32 durationSecs;
} IPSEC_DOSP_STATE0;

typedef struct IPSEC_DOSP_STATE_ENUM_TEMPLATE0_ {
	FWP_V6_ADDR_AND_MASK publicV6AddrMask;
	FWP_V6_ADDR_AND_MASK internalV6AddrMask;
} IPSEC_DOSP_STATE_ENUM_TEMPLATE0;

/* One that may dictate keys, or only be told of them: flags say which. */
typedef struct IPSEC_KEY_MANAGER0_ {
	GUID keyManagerKey;
	FWPM_DISPLAY_DATA0 displayData;
	UINT32 flags;
	UINT8 keyDictationTimeoutHint;
} IPSEC_KEY_MANAGER0;

/* The names without a version, for the Windows that NTDDI_VERSION names. */
#define IPSEC_SA_LIFETIME		IPSEC_SA_LIFETIME0
#define IPSEC_AUTH_TRANSFORM_ID		IPSEC_AUTH_TRANSFORM_ID0
#define IPSEC_AUTH_TRANSFORM		IPSEC_AUTH_TRANSFORM0
#define IPSEC_CIPHER_TRANSFORM_ID	IPSEC_CIPHER_TRANSFORM_ID0
#define IPSEC_CIPHER_TRANSFORM		IPSEC_CIPHER_TRANSFORM0
#define IPSEC_AUTH_AND_CIPHER_TRANSFORM IPSEC_AUTH_AND_CIPHER_TRANSFORM0
#define IPSEC_SA_TRANSFORM		IPSEC_SA_TRANSFORM0
#define IPSEC_PROPOSAL			IPSEC_PROPOSAL0
#define IPSEC_SA_IDLE_TIMEOUT		IPSEC_SA_IDLE_TIMEOUT0
#define IPSEC_TRAFFIC_SELECTOR		IPSEC_TRAFFIC_SELECTOR0
#define IPSEC_TRAFFIC_SELECTOR_POLICY	IPSEC_TRAFFIC_SELECTOR_POLICY0
#define IPSEC_TUNNEL_ENDPOINT		IPSEC_TUNNEL_ENDPOINT0
#define IPSEC_DOSP_OPTIONS		IPSEC_DOSP_OPTIONS0
#define IPSEC_DOSP_STATISTICS		IPSEC_DOSP_STATISTICS0
#define IPSEC_DOSP_STATE		IPSEC_DOSP_STATE0
#define IPSEC_DOSP_STATE_ENUM_TEMPLATE	IPSEC_DOSP_STATE_ENUM_TEMPLATE0
#define IPSEC_KEY_MANAGER		IPSEC_KEY_MANAGER0
#if NTDDI_VERSION >= NTDDI_WIN8
#define IPSEC_KEYING_POLICY IPSEC_KEYING_POLICY1
#else
#define IPSEC_KEYING_POLICY IPSEC_KEYING_POLICY0
#endif
#if NTDDI_VERSION >= NTDDI_WIN8
#define IPSEC_TRANSPORT_POLICY IPSEC_TRANSPORT_POLICY2
#define IPSEC_TUNNEL_ENDPOINTS IPSEC_TUNNEL_ENDPOINTS2
#elif NTDDI_VERSION >= NTDDI_WIN7
#define IPSEC_TRANSPORT_POLICY IPSEC_TRANSPORT_POLICY1
#define IPSEC_TUNNEL_ENDPOINTS IPSEC_TUNNEL_ENDPOINTS1
#else
#define IPSEC_TRANSPORT_POLICY IPSEC_TRANSPORT_POLICY0
#define IPSEC_TUNNEL_ENDPOINTS IPSEC_TUNNEL_ENDPOINTS0
#endif
#if NTDDI_VERSION >= NTDDI_WIN10_RS3
#define IPSEC_TUNNEL_POLICY IPSEC_TUNNEL_POLICY3
#elif NTDDI_VERSION >= NTDDI_WIN8
#define IPSEC_TUNNEL_POLICY IPSEC_TUNNEL_POLICY2
#elif NTDDI_VERSION >= NTDDI_WIN7
#define IPSEC_TUNNEL_POLICY IPSEC_TUNNEL_POLICY1
#else
#define IPSEC_TUNNEL_POLICY IPSEC_TUNNEL_POLICY0
#endif

EXTERN_C_END

#include "ipsectypes_sa.h"
