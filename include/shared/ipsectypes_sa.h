/* SPDX-License-Identifier: MIT */
/*
 * Security associations and the counters of IPsec, a part of ipsectypes.h: include that.
 *
 * An SA context is a pair, one bundle of associations per direction. Addresses and ports are in
 * host order. Where a union is for FWP_IP_VERSION_V4 only, its bytes are not defined for IPv6.
 */
#pragma once

#include "ipsectypes.h"

EXTERN_C_START

typedef struct IPSEC_AGGREGATE_SA_STATISTICS0_ {
	UINT32 activeSas;
	UINT32 pendingSaNegotiations;
	UINT32 totalSasAdded;
	UINT32 totalSasDeleted;
	UINT32 successfulRekeys;
	UINT32 activeTunnels;
	UINT32 offloadedSas;
} IPSEC_AGGREGATE_SA_STATISTICS0;

typedef struct IPSEC_ESP_DROP_PACKET_STATISTICS0_ {
	UINT32 invalidSpisOnInbound;
	UINT32 decryptionFailuresOnInbound;
	UINT32 authenticationFailuresOnInbound;
	UINT32 replayCheckFailuresOnInbound;
	UINT32 saNotInitializedOnInbound;
} IPSEC_ESP_DROP_PACKET_STATISTICS0;

typedef struct IPSEC_AH_DROP_PACKET_STATISTICS0_ {
	UINT32 invalidSpisOnInbound;
	UINT32 authenticationFailuresOnInbound;
	UINT32 replayCheckFailuresOnInbound;
	UINT32 saNotInitializedOnInbound;
} IPSEC_AH_DROP_PACKET_STATISTICS0;

typedef struct IPSEC_AGGREGATE_DROP_PACKET_STATISTICS0_ {
	UINT32 invalidSpisOnInbound;
	UINT32 decryptionFailuresOnInbound;
	UINT32 authenticationFailuresOnInbound;
	UINT32 udpEspValidationFailuresOnInbound;
	UINT32 replayCheckFailuresOnInbound;
	UINT32 invalidClearTextInbound;
	UINT32 saNotInitializedOnInbound;
	UINT32 receiveOverIncorrectSaInbound;
	UINT32 secureReceivesNotMatchingFilters;
} IPSEC_AGGREGATE_DROP_PACKET_STATISTICS0;

typedef struct IPSEC_AGGREGATE_DROP_PACKET_STATISTICS1_ {
	UINT32 invalidSpisOnInbound;
	UINT32 decryptionFailuresOnInbound;
	UINT32 authenticationFailuresOnInbound;
	UINT32 udpEspValidationFailuresOnInbound;
	UINT32 replayCheckFailuresOnInbound;
	UINT32 invalidClearTextInbound;
	UINT32 saNotInitializedOnInbound;
	UINT32 receiveOverIncorrectSaInbound;
	UINT32 secureReceivesNotMatchingFilters;
	UINT32 totalDropPacketsInbound;
} IPSEC_AGGREGATE_DROP_PACKET_STATISTICS1;

typedef struct IPSEC_TRAFFIC_STATISTICS0_ {
	UINT64 encryptedByteCount;
	UINT64 authenticatedAHByteCount;
	UINT64 authenticatedESPByteCount;
	UINT64 transportByteCount;
	UINT64 tunnelByteCount;
	UINT64 offloadByteCount;
} IPSEC_TRAFFIC_STATISTICS0;

typedef struct IPSEC_TRAFFIC_STATISTICS1_ {
	UINT64 encryptedByteCount;
	UINT64 authenticatedAHByteCount;
	UINT64 authenticatedESPByteCount;
	UINT64 transportByteCount;
	UINT64 tunnelByteCount;
	UINT64 offloadByteCount;
	UINT64 totalSuccessfulPackets;
} IPSEC_TRAFFIC_STATISTICS1;

typedef struct IPSEC_STATISTICS0_ {
	IPSEC_AGGREGATE_SA_STATISTICS0 aggregateSaStatistics;
	IPSEC_ESP_DROP_PACKET_STATISTICS0 espDropPacketStatistics;
	IPSEC_AH_DROP_PACKET_STATISTICS0 ahDropPacketStatistics;
	IPSEC_AGGREGATE_DROP_PACKET_STATISTICS0 aggregateDropPacketStatistics;
	IPSEC_TRAFFIC_STATISTICS0 inboundTrafficStatistics;
	IPSEC_TRAFFIC_STATISTICS0 outboundTrafficStatistics;
} IPSEC_STATISTICS0;

typedef struct IPSEC_STATISTICS1_ {
	IPSEC_AGGREGATE_SA_STATISTICS0 aggregateSaStatistics;
	IPSEC_ESP_DROP_PACKET_STATISTICS0 espDropPacketStatistics;
	IPSEC_AH_DROP_PACKET_STATISTICS0 ahDropPacketStatistics;
	IPSEC_AGGREGATE_DROP_PACKET_STATISTICS1 aggregateDropPacketStatistics;
	IPSEC_TRAFFIC_STATISTICS1 inboundTrafficStatistics;
	IPSEC_TRAFFIC_STATISTICS1 outboundTrafficStatistics;
} IPSEC_STATISTICS1;

typedef UINT32 IPSEC_SA_SPI;
typedef UINT64 IPSEC_TOKEN_HANDLE;

typedef struct IPSEC_SA_AUTH_INFORMATION0_ {
	IPSEC_AUTH_TRANSFORM0 authTransform;
	FWP_BYTE_BLOB authKey;
} IPSEC_SA_AUTH_INFORMATION0;

typedef struct IPSEC_SA_CIPHER_INFORMATION0_ {
	IPSEC_CIPHER_TRANSFORM0 cipherTransform;
	FWP_BYTE_BLOB cipherKey;
} IPSEC_SA_CIPHER_INFORMATION0;

typedef struct IPSEC_SA_AUTH_AND_CIPHER_INFORMATION0_ {
	IPSEC_SA_CIPHER_INFORMATION0 saCipherInformation;
	IPSEC_SA_AUTH_INFORMATION0 saAuthInformation;
} IPSEC_SA_AUTH_AND_CIPHER_INFORMATION0;

typedef struct IPSEC_SA0_ {
	IPSEC_SA_SPI spi;
	IPSEC_TRANSFORM_TYPE saTransformType;
	union {
		IPSEC_SA_AUTH_INFORMATION0 *ahInformation;
		IPSEC_SA_AUTH_INFORMATION0 *espAuthInformation;
		IPSEC_SA_CIPHER_INFORMATION0 *espCipherInformation;
		IPSEC_SA_AUTH_AND_CIPHER_INFORMATION0 *espAuthAndCipherInformation;
		IPSEC_SA_AUTH_INFORMATION0 *espAuthFwInformation;
	};
} IPSEC_SA0;

typedef struct IPSEC_KEYMODULE_STATE0_ {
	GUID keyModuleKey;
	FWP_BYTE_BLOB stateBlob;
} IPSEC_KEYMODULE_STATE0;

typedef struct IPSEC_TOKEN0_ {
	IPSEC_TOKEN_TYPE type;
	IPSEC_TOKEN_PRINCIPAL principal;
	IPSEC_TOKEN_MODE mode;
	IPSEC_TOKEN_HANDLE token;
} IPSEC_TOKEN0;

typedef struct IPSEC_ID0_ {
	WCHAR *mmTargetName;
	WCHAR *emTargetName;
	UINT32 numTokens;
	IPSEC_TOKEN0 *tokens;
	UINT64 explicitCredentials;
	UINT64 logonId;
} IPSEC_ID0;

typedef struct IPSEC_SA_BUNDLE0_ {
	UINT32 flags;
	IPSEC_SA_LIFETIME0 lifetime;
	UINT32 idleTimeoutSeconds;
	UINT32 ndAllowClearTimeoutSeconds;
	IPSEC_ID0 *ipsecId;
	UINT32 napContext;
	UINT32 qmSaId;
	UINT32 numSAs;
	IPSEC_SA0 *saList;
	IPSEC_KEYMODULE_STATE0 *keyModuleState;
	FWP_IP_VERSION ipVersion;
	union {
		UINT32 peerV4PrivateAddress;
	};
	UINT64 mmSaId;
	IPSEC_PFS_GROUP pfsGroup;
} IPSEC_SA_BUNDLE0;

typedef struct IPSEC_SA_BUNDLE1_ {
	UINT32 flags;
	IPSEC_SA_LIFETIME0 lifetime;
	UINT32 idleTimeoutSeconds;
	UINT32 ndAllowClearTimeoutSeconds;
	IPSEC_ID0 *ipsecId;
	UINT32 napContext;
	UINT32 qmSaId;
	UINT32 numSAs;
	IPSEC_SA0 *saList;
	IPSEC_KEYMODULE_STATE0 *keyModuleState;
	FWP_IP_VERSION ipVersion;
	union {
		UINT32 peerV4PrivateAddress;
	};
	UINT64 mmSaId;
	IPSEC_PFS_GROUP pfsGroup;
	GUID saLookupContext;
	UINT64 qmFilterId;
} IPSEC_SA_BUNDLE1;

/* trafficType says whether an IPsec filter or a tunnel policy is meant. */
typedef struct IPSEC_TRAFFIC0_ {
	FWP_IP_VERSION ipVersion;
	union {
		UINT32 localV4Address;
		UINT8 localV6Address[16];
	};
	union {
		UINT32 remoteV4Address;
		UINT8 remoteV6Address[16];
	};
	IPSEC_TRAFFIC_TYPE trafficType;
	union {
		UINT64 ipsecFilterId;
		UINT64 tunnelPolicyId;
	};
	UINT16 remotePort;
} IPSEC_TRAFFIC0;

typedef struct IPSEC_TRAFFIC1_ {
	FWP_IP_VERSION ipVersion;
	union {
		UINT32 localV4Address;
		UINT8 localV6Address[16];
	};
	union {
		UINT32 remoteV4Address;
		UINT8 remoteV6Address[16];
	};
	IPSEC_TRAFFIC_TYPE trafficType;
	union {
		UINT64 ipsecFilterId;
		UINT64 tunnelPolicyId;
	};
	UINT16 remotePort;
	UINT16 localPort;
	UINT8 ipProtocol;
	UINT64 localIfLuid;
	UINT32 realIfProfileId;
} IPSEC_TRAFFIC1;

struct IPSEC_V4_UDP_ENCAPSULATION0_ {
	UINT16 localUdpEncapPort;
	UINT16 remoteUdpEncapPort;
};

typedef struct IPSEC_GETSPI0_ {
	IPSEC_TRAFFIC0 inboundIpsecTraffic;
	FWP_IP_VERSION ipVersion;
	union {
		IPSEC_V4_UDP_ENCAPSULATION0 *inboundUdpEncapsulation;
	};
	IPSEC_CRYPTO_MODULE_ID *rngCryptoModuleID;
} IPSEC_GETSPI0;

typedef struct IPSEC_GETSPI1_ {
	IPSEC_TRAFFIC1 inboundIpsecTraffic;
	FWP_IP_VERSION ipVersion;
	union {
		IPSEC_V4_UDP_ENCAPSULATION0 *inboundUdpEncapsulation;
	};
	IPSEC_CRYPTO_MODULE_ID *rngCryptoModuleID;
} IPSEC_GETSPI1;

/* transportFilter, which may be NULL, is what the association was made for. */
typedef struct IPSEC_SA_DETAILS0_ {
	FWP_IP_VERSION ipVersion;
	FWP_DIRECTION saDirection;
	IPSEC_TRAFFIC0 traffic;
	IPSEC_SA_BUNDLE0 saBundle;
	union {
		IPSEC_V4_UDP_ENCAPSULATION0 *udpEncapsulation;
	};
	FWPM_FILTER0 *transportFilter;
} IPSEC_SA_DETAILS0;

typedef struct IPSEC_SA_DETAILS1_ {
	FWP_IP_VERSION ipVersion;
	FWP_DIRECTION saDirection;
	IPSEC_TRAFFIC1 traffic;
	IPSEC_SA_BUNDLE1 saBundle;
	union {
		IPSEC_V4_UDP_ENCAPSULATION0 *udpEncapsulation;
	};
	FWPM_FILTER0 *transportFilter;
	IPSEC_VIRTUAL_IF_TUNNEL_INFO0 virtualIfTunnelInfo;
} IPSEC_SA_DETAILS1;

typedef struct IPSEC_SA_CONTEXT0_ {
	UINT64 saContextId;
	IPSEC_SA_DETAILS0 *inboundSa;
	IPSEC_SA_DETAILS0 *outboundSa;
} IPSEC_SA_CONTEXT0;

typedef struct IPSEC_SA_CONTEXT1_ {
	UINT64 saContextId;
	IPSEC_SA_DETAILS1 *inboundSa;
	IPSEC_SA_DETAILS1 *outboundSa;
} IPSEC_SA_CONTEXT1;

/* FWP_EMPTY in a subnet leaves it out of the comparison. */
typedef struct IPSEC_SA_CONTEXT_ENUM_TEMPLATE0_ {
	FWP_CONDITION_VALUE0 localSubNet;
	FWP_CONDITION_VALUE0 remoteSubNet;
} IPSEC_SA_CONTEXT_ENUM_TEMPLATE0;

typedef struct IPSEC_SA_ENUM_TEMPLATE0_ {
	FWP_DIRECTION saDirection;
} IPSEC_SA_ENUM_TEMPLATE0;

typedef struct IPSEC_SA_CONTEXT_SUBSCRIPTION0_ {
	IPSEC_SA_CONTEXT_ENUM_TEMPLATE0 *enumTemplate;
	UINT32 flags;
	GUID sessionKey;
} IPSEC_SA_CONTEXT_SUBSCRIPTION0;

typedef struct IPSEC_SA_CONTEXT_CHANGE0_ {
	IPSEC_SA_CONTEXT_EVENT_TYPE0 changeType;
	UINT64 saContextId;
} IPSEC_SA_CONTEXT_CHANGE0;

typedef struct IPSEC_ADDRESS_INFO0_ {
	UINT32 numV4Addresses;
	UINT32 *v4Addresses;
	UINT32 numV6Addresses;
	FWP_BYTE_ARRAY16 *v6Addresses;
} IPSEC_ADDRESS_INFO0;

/* The names without a version, for the Windows that NTDDI_VERSION names. */
#define IPSEC_AGGREGATE_SA_STATISTICS	     IPSEC_AGGREGATE_SA_STATISTICS0
#define IPSEC_ESP_DROP_PACKET_STATISTICS     IPSEC_ESP_DROP_PACKET_STATISTICS0
#define IPSEC_AH_DROP_PACKET_STATISTICS	     IPSEC_AH_DROP_PACKET_STATISTICS0
#define IPSEC_SA_AUTH_INFORMATION	     IPSEC_SA_AUTH_INFORMATION0
#define IPSEC_SA_CIPHER_INFORMATION	     IPSEC_SA_CIPHER_INFORMATION0
#define IPSEC_SA_AUTH_AND_CIPHER_INFORMATION IPSEC_SA_AUTH_AND_CIPHER_INFORMATION0
#define IPSEC_SA			     IPSEC_SA0
#define IPSEC_KEYMODULE_STATE		     IPSEC_KEYMODULE_STATE0
#define IPSEC_TOKEN			     IPSEC_TOKEN0
#define IPSEC_ID			     IPSEC_ID0
#define IPSEC_V4_UDP_ENCAPSULATION	     IPSEC_V4_UDP_ENCAPSULATION0
#define IPSEC_SA_CONTEXT_ENUM_TEMPLATE	     IPSEC_SA_CONTEXT_ENUM_TEMPLATE0
#define IPSEC_SA_ENUM_TEMPLATE		     IPSEC_SA_ENUM_TEMPLATE0
#define IPSEC_SA_CONTEXT_SUBSCRIPTION	     IPSEC_SA_CONTEXT_SUBSCRIPTION0
#define IPSEC_SA_CONTEXT_CHANGE		     IPSEC_SA_CONTEXT_CHANGE0
#define IPSEC_ADDRESS_INFO		     IPSEC_ADDRESS_INFO0
#if NTDDI_VERSION >= NTDDI_WIN7
#define IPSEC_AGGREGATE_DROP_PACKET_STATISTICS IPSEC_AGGREGATE_DROP_PACKET_STATISTICS1
#define IPSEC_TRAFFIC_STATISTICS	       IPSEC_TRAFFIC_STATISTICS1
#define IPSEC_STATISTICS		       IPSEC_STATISTICS1
#define IPSEC_SA_BUNDLE			       IPSEC_SA_BUNDLE1
#define IPSEC_TRAFFIC			       IPSEC_TRAFFIC1
#define IPSEC_GETSPI			       IPSEC_GETSPI1
#define IPSEC_SA_DETAILS		       IPSEC_SA_DETAILS1
#define IPSEC_SA_CONTEXT		       IPSEC_SA_CONTEXT1
#else
#define IPSEC_AGGREGATE_DROP_PACKET_STATISTICS IPSEC_AGGREGATE_DROP_PACKET_STATISTICS0
#define IPSEC_TRAFFIC_STATISTICS	       IPSEC_TRAFFIC_STATISTICS0
#define IPSEC_STATISTICS		       IPSEC_STATISTICS0
#define IPSEC_SA_BUNDLE			       IPSEC_SA_BUNDLE0
#define IPSEC_TRAFFIC			       IPSEC_TRAFFIC0
#define IPSEC_GETSPI			       IPSEC_GETSPI0
#define IPSEC_SA_DETAILS		       IPSEC_SA_DETAILS0
#define IPSEC_SA_CONTEXT		       IPSEC_SA_CONTEXT0
#endif

EXTERN_C_END
