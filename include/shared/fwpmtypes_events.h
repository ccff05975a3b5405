/* SPDX-License-Identifier: MIT */
/*
 * Net events, a part of fwpmtypes.h: include that.
 *
 * An event of generation N is the same event in the words of the Windows that brought N: a newer
 * header, more kinds. Its pointer in the union is the one that type names; a kind that the
 * generation does not have is not reported to it. Addresses and ports are in host order.
 */
#pragma once

#include "fwpmtypes.h"

EXTERN_C_START

/* flags say which members are known (FWPM_NET_EVENT_FLAG_); the others are zero. */
typedef struct FWPM_NET_EVENT_HEADER0_ {
	FILETIME timeStamp;
	UINT32 flags;
	FWP_IP_VERSION ipVersion;
	UINT8 ipProtocol;
	union {
		UINT32 localAddrV4;
		FWP_BYTE_ARRAY16 localAddrV6;
	};
	union {
		UINT32 remoteAddrV4;
		FWP_BYTE_ARRAY16 remoteAddrV6;
	};
	UINT16 localPort;
	UINT16 remotePort;
	UINT32 scopeId;
	FWP_BYTE_BLOB appId;
	SID *userId;
} FWPM_NET_EVENT_HEADER0;

typedef struct FWPM_NET_EVENT_HEADER1_ {
	FILETIME timeStamp;
	UINT32 flags;
	FWP_IP_VERSION ipVersion;
	UINT8 ipProtocol;
	union {
		UINT32 localAddrV4;
		FWP_BYTE_ARRAY16 localAddrV6;
	};
	union {
		UINT32 remoteAddrV4;
		FWP_BYTE_ARRAY16 remoteAddrV6;
	};
	UINT16 localPort;
	UINT16 remotePort;
	UINT32 scopeId;
	FWP_BYTE_BLOB appId;
	SID *userId;
	union {
		struct {
			FWP_AF reserved1;
			union {
				struct {
					FWP_BYTE_ARRAY6 reserved2;
					FWP_BYTE_ARRAY6 reserved3;
					UINT32 reserved4;
					UINT32 reserved5;
					UINT16 reserved6;
					UINT32 reserved7;
					UINT32 reserved8;
					UINT16 reserved9;
					UINT64 reserved10;
				};
			};
		};
	};
} FWPM_NET_EVENT_HEADER1;

typedef struct FWPM_NET_EVENT_HEADER2_ {
	FILETIME timeStamp;
	UINT32 flags;
	FWP_IP_VERSION ipVersion;
	UINT8 ipProtocol;
	union {
		UINT32 localAddrV4;
		FWP_BYTE_ARRAY16 localAddrV6;
	};
	union {
		UINT32 remoteAddrV4;
		FWP_BYTE_ARRAY16 remoteAddrV6;
	};
	UINT16 localPort;
	UINT16 remotePort;
	UINT32 scopeId;
	FWP_BYTE_BLOB appId;
	SID *userId;
	FWP_AF addressFamily;
	SID *packageSid;
} FWPM_NET_EVENT_HEADER2;

typedef struct FWPM_NET_EVENT_HEADER3_ {
	FILETIME timeStamp;
	UINT32 flags;
	FWP_IP_VERSION ipVersion;
	UINT8 ipProtocol;
	union {
		UINT32 localAddrV4;
		FWP_BYTE_ARRAY16 localAddrV6;
	};
	union {
		UINT32 remoteAddrV4;
		FWP_BYTE_ARRAY16 remoteAddrV6;
	};
	UINT16 localPort;
	UINT16 remotePort;
	UINT32 scopeId;
	FWP_BYTE_BLOB appId;
	SID *userId;
	FWP_AF addressFamily;
	SID *packageSid;
	WCHAR *enterpriseId;
	UINT64 policyFlags;
	FWP_BYTE_BLOB effectiveName;
} FWPM_NET_EVENT_HEADER3;

/* Failures of key negotiation: main, quick and extended mode. endCertHash is zero when no
 * certificate took part. */
typedef struct FWPM_NET_EVENT_IKEEXT_MM_FAILURE0_ {
	UINT32 failureErrorCode;
	IPSEC_FAILURE_POINT failurePoint;
	UINT32 flags;
	IKEEXT_KEY_MODULE_TYPE keyingModuleType;
	IKEEXT_MM_SA_STATE mmState;
	IKEEXT_SA_ROLE saRole;
	IKEEXT_AUTHENTICATION_METHOD_TYPE mmAuthMethod;
	UINT8 endCertHash[IKEEXT_CERT_HASH_LEN];
	UINT64 mmId;
	UINT64 mmFilterId;
} FWPM_NET_EVENT_IKEEXT_MM_FAILURE0;

typedef struct FWPM_NET_EVENT_IKEEXT_MM_FAILURE1_ {
	UINT32 failureErrorCode;
	IPSEC_FAILURE_POINT failurePoint;
	UINT32 flags;
	IKEEXT_KEY_MODULE_TYPE keyingModuleType;
	IKEEXT_MM_SA_STATE mmState;
	IKEEXT_SA_ROLE saRole;
	IKEEXT_AUTHENTICATION_METHOD_TYPE mmAuthMethod;
	UINT8 endCertHash[IKEEXT_CERT_HASH_LEN];
	UINT64 mmId;
	UINT64 mmFilterId;
	WCHAR *localPrincipalNameForAuth;
	WCHAR *remotePrincipalNameForAuth;
	UINT32 numLocalPrincipalGroupSids;
	LPWSTR *localPrincipalGroupSids;
	UINT32 numRemotePrincipalGroupSids;
	LPWSTR *remotePrincipalGroupSids;
} FWPM_NET_EVENT_IKEEXT_MM_FAILURE1;

typedef struct FWPM_NET_EVENT_IKEEXT_MM_FAILURE2_ {
	UINT32 failureErrorCode;
	IPSEC_FAILURE_POINT failurePoint;
	UINT32 flags;
	IKEEXT_KEY_MODULE_TYPE keyingModuleType;
	IKEEXT_MM_SA_STATE mmState;
	IKEEXT_SA_ROLE saRole;
	IKEEXT_AUTHENTICATION_METHOD_TYPE mmAuthMethod;
	UINT8 endCertHash[IKEEXT_CERT_HASH_LEN];
	UINT64 mmId;
	UINT64 mmFilterId;
	WCHAR *localPrincipalNameForAuth;
	WCHAR *remotePrincipalNameForAuth;
	UINT32 numLocalPrincipalGroupSids;
	LPWSTR *localPrincipalGroupSids;
	UINT32 numRemotePrincipalGroupSids;
	LPWSTR *remotePrincipalGroupSids;
	GUID *providerContextKey;
} FWPM_NET_EVENT_IKEEXT_MM_FAILURE2;

/* The subnets are there in a tunnel only (saTrafficType). */
typedef struct FWPM_NET_EVENT_IKEEXT_QM_FAILURE0_ {
	UINT32 failureErrorCode;
	IPSEC_FAILURE_POINT failurePoint;
	IKEEXT_KEY_MODULE_TYPE keyingModuleType;
	IKEEXT_QM_SA_STATE qmState;
	IKEEXT_SA_ROLE saRole;
	IPSEC_TRAFFIC_TYPE saTrafficType;
	union {
		FWP_CONDITION_VALUE0 localSubNet;
	};
	union {
		FWP_CONDITION_VALUE0 remoteSubNet;
	};
	UINT64 qmFilterId;
} FWPM_NET_EVENT_IKEEXT_QM_FAILURE0;

typedef struct FWPM_NET_EVENT_IKEEXT_QM_FAILURE1_ {
	UINT32 failureErrorCode;
	IPSEC_FAILURE_POINT failurePoint;
	IKEEXT_KEY_MODULE_TYPE keyingModuleType;
	IKEEXT_QM_SA_STATE qmState;
	IKEEXT_SA_ROLE saRole;
	IPSEC_TRAFFIC_TYPE saTrafficType;
	union {
		FWP_CONDITION_VALUE0 localSubNet;
	};
	union {
		FWP_CONDITION_VALUE0 remoteSubNet;
	};
	UINT64 qmFilterId;
	UINT64 mmSaLuid;
	GUID mmProviderContextKey;
} FWPM_NET_EVENT_IKEEXT_QM_FAILURE1;

typedef struct FWPM_NET_EVENT_IKEEXT_EM_FAILURE0_ {
	UINT32 failureErrorCode;
	IPSEC_FAILURE_POINT failurePoint;
	UINT32 flags;
	IKEEXT_EM_SA_STATE emState;
	IKEEXT_SA_ROLE saRole;
	IKEEXT_AUTHENTICATION_METHOD_TYPE emAuthMethod;
	UINT8 endCertHash[IKEEXT_CERT_HASH_LEN];
	UINT64 mmId;
	UINT64 qmFilterId;
} FWPM_NET_EVENT_IKEEXT_EM_FAILURE0;

typedef struct FWPM_NET_EVENT_IKEEXT_EM_FAILURE1_ {
	UINT32 failureErrorCode;
	IPSEC_FAILURE_POINT failurePoint;
	UINT32 flags;
	IKEEXT_EM_SA_STATE emState;
	IKEEXT_SA_ROLE saRole;
	IKEEXT_AUTHENTICATION_METHOD_TYPE emAuthMethod;
	UINT8 endCertHash[IKEEXT_CERT_HASH_LEN];
	UINT64 mmId;
	UINT64 qmFilterId;
	WCHAR *localPrincipalNameForAuth;
	WCHAR *remotePrincipalNameForAuth;
	UINT32 numLocalPrincipalGroupSids;
	LPWSTR *localPrincipalGroupSids;
	UINT32 numRemotePrincipalGroupSids;
	LPWSTR *remotePrincipalGroupSids;
	IPSEC_TRAFFIC_TYPE saTrafficType;
} FWPM_NET_EVENT_IKEEXT_EM_FAILURE1;

/* What a filter dropped. filterId may be gone by the time the event is read. */
typedef struct FWPM_NET_EVENT_CLASSIFY_DROP0_ {
	UINT64 filterId;
	UINT16 layerId;
} FWPM_NET_EVENT_CLASSIFY_DROP0;

typedef struct FWPM_NET_EVENT_CLASSIFY_DROP1_ {
	UINT64 filterId;
	UINT16 layerId;
	UINT32 reauthReason;
	UINT32 originalProfile;
	UINT32 currentProfile;
	UINT32 msFwpDirection;
	BOOL isLoopback;
} FWPM_NET_EVENT_CLASSIFY_DROP1;

typedef struct FWPM_NET_EVENT_CLASSIFY_DROP2_ {
	UINT64 filterId;
	UINT16 layerId;
	UINT32 reauthReason;
	UINT32 originalProfile;
	UINT32 currentProfile;
	UINT32 msFwpDirection;
	BOOL isLoopback;
	FWP_BYTE_BLOB vSwitchId;
	UINT32 vSwitchSourcePort;
	UINT32 vSwitchDestinationPort;
} FWPM_NET_EVENT_CLASSIFY_DROP2;

typedef struct FWPM_NET_EVENT_CLASSIFY_DROP_MAC0_ {
	FWP_BYTE_ARRAY6 localMacAddr;
	FWP_BYTE_ARRAY6 remoteMacAddr;
	UINT32 mediaType;
	UINT32 ifType;
	UINT16 etherType;
	UINT32 ndisPortNumber;
	UINT32 reserved;
	UINT16 vlanTag;
	UINT64 ifLuid;
	UINT64 filterId;
	UINT16 layerId;
	UINT32 reauthReason;
	UINT32 originalProfile;
	UINT32 currentProfile;
	UINT32 msFwpDirection;
	BOOL isLoopback;
	FWP_BYTE_BLOB vSwitchId;
	UINT32 vSwitchSourcePort;
	UINT32 vSwitchDestinationPort;
} FWPM_NET_EVENT_CLASSIFY_DROP_MAC0;

/* Reported only with FWPM_NET_EVENT_KEYWORD_CLASSIFY_ALLOW. */
typedef struct FWPM_NET_EVENT_CLASSIFY_ALLOW0_ {
	UINT64 filterId;
	UINT16 layerId;
	UINT32 reauthReason;
	UINT32 originalProfile;
	UINT32 currentProfile;
	UINT32 msFwpDirection;
	BOOL isLoopback;
} FWPM_NET_EVENT_CLASSIFY_ALLOW0;

typedef struct FWPM_NET_EVENT_IPSEC_KERNEL_DROP0_ {
	INT32 failureStatus;
	FWP_DIRECTION direction;
	IPSEC_SA_SPI spi;
	UINT64 filterId;
	UINT16 layerId;
} FWPM_NET_EVENT_IPSEC_KERNEL_DROP0;

typedef struct FWPM_NET_EVENT_IPSEC_DOSP_DROP0_ {
	FWP_IP_VERSION ipVersion;
	union {
		UINT32 publicHostV4Addr;
		UINT8 publicHostV6Addr[16];
	};
	union {
		UINT32 internalHostV4Addr;
		UINT8 internalHostV6Addr[16];
	};
	INT32 failureStatus;
	FWP_DIRECTION direction;
} FWPM_NET_EVENT_IPSEC_DOSP_DROP0;

typedef struct FWPM_NET_EVENT_CAPABILITY_DROP0_ {
	FWPM_APPC_NETWORK_CAPABILITY_TYPE networkCapabilityId;
	UINT64 filterId;
	BOOL isLoopback;
} FWPM_NET_EVENT_CAPABILITY_DROP0;

typedef struct FWPM_NET_EVENT_CAPABILITY_ALLOW0_ {
	FWPM_APPC_NETWORK_CAPABILITY_TYPE networkCapabilityId;
	UINT64 filterId;
	BOOL isLoopback;
} FWPM_NET_EVENT_CAPABILITY_ALLOW0;

typedef struct FWPM_NET_EVENT_LPM_PACKET_ARRIVAL0_ {
	IPSEC_SA_SPI spi;
} FWPM_NET_EVENT_LPM_PACKET_ARRIVAL0;

typedef struct FWPM_NET_EVENT0_ {
	FWPM_NET_EVENT_HEADER0 header;
	FWPM_NET_EVENT_TYPE type;
	union {
		FWPM_NET_EVENT_IKEEXT_MM_FAILURE0 *ikeMmFailure;
		FWPM_NET_EVENT_IKEEXT_QM_FAILURE0 *ikeQmFailure;
		FWPM_NET_EVENT_IKEEXT_EM_FAILURE0 *ikeEmFailure;
		FWPM_NET_EVENT_CLASSIFY_DROP0 *classifyDrop;
		FWPM_NET_EVENT_IPSEC_KERNEL_DROP0 *ipsecDrop;
		FWPM_NET_EVENT_IPSEC_DOSP_DROP0 *idpDrop;
	};
} FWPM_NET_EVENT0;

typedef struct FWPM_NET_EVENT1_ {
	FWPM_NET_EVENT_HEADER1 header;
	FWPM_NET_EVENT_TYPE type;
	union {
		FWPM_NET_EVENT_IKEEXT_MM_FAILURE1 *ikeMmFailure;
		FWPM_NET_EVENT_IKEEXT_QM_FAILURE0 *ikeQmFailure;
		FWPM_NET_EVENT_IKEEXT_EM_FAILURE1 *ikeEmFailure;
		FWPM_NET_EVENT_CLASSIFY_DROP1 *classifyDrop;
		FWPM_NET_EVENT_IPSEC_KERNEL_DROP0 *ipsecDrop;
		FWPM_NET_EVENT_IPSEC_DOSP_DROP0 *idpDrop;
	};
} FWPM_NET_EVENT1;

typedef struct FWPM_NET_EVENT2_ {
	FWPM_NET_EVENT_HEADER2 header;
	FWPM_NET_EVENT_TYPE type;
	union {
		FWPM_NET_EVENT_IKEEXT_MM_FAILURE1 *ikeMmFailure;
		FWPM_NET_EVENT_IKEEXT_QM_FAILURE0 *ikeQmFailure;
		FWPM_NET_EVENT_IKEEXT_EM_FAILURE1 *ikeEmFailure;
		FWPM_NET_EVENT_CLASSIFY_DROP2 *classifyDrop;
		FWPM_NET_EVENT_IPSEC_KERNEL_DROP0 *ipsecDrop;
		FWPM_NET_EVENT_IPSEC_DOSP_DROP0 *idpDrop;
		FWPM_NET_EVENT_CLASSIFY_ALLOW0 *classifyAllow;
		FWPM_NET_EVENT_CAPABILITY_DROP0 *capabilityDrop;
		FWPM_NET_EVENT_CAPABILITY_ALLOW0 *capabilityAllow;
		FWPM_NET_EVENT_CLASSIFY_DROP_MAC0 *classifyDropMac;
	};
} FWPM_NET_EVENT2;

typedef struct FWPM_NET_EVENT3_ {
	FWPM_NET_EVENT_HEADER3 header;
	FWPM_NET_EVENT_TYPE type;
	union {
		FWPM_NET_EVENT_IKEEXT_MM_FAILURE1 *ikeMmFailure;
		FWPM_NET_EVENT_IKEEXT_QM_FAILURE0 *ikeQmFailure;
		FWPM_NET_EVENT_IKEEXT_EM_FAILURE1 *ikeEmFailure;
		FWPM_NET_EVENT_CLASSIFY_DROP2 *classifyDrop;
		FWPM_NET_EVENT_IPSEC_KERNEL_DROP0 *ipsecDrop;
		FWPM_NET_EVENT_IPSEC_DOSP_DROP0 *idpDrop;
		FWPM_NET_EVENT_CLASSIFY_ALLOW0 *classifyAllow;
		FWPM_NET_EVENT_CAPABILITY_DROP0 *capabilityDrop;
		FWPM_NET_EVENT_CAPABILITY_ALLOW0 *capabilityAllow;
		FWPM_NET_EVENT_CLASSIFY_DROP_MAC0 *classifyDropMac;
	};
} FWPM_NET_EVENT3;

typedef struct FWPM_NET_EVENT4_ {
	FWPM_NET_EVENT_HEADER3 header;
	FWPM_NET_EVENT_TYPE type;
	union {
		FWPM_NET_EVENT_IKEEXT_MM_FAILURE2 *ikeMmFailure;
		FWPM_NET_EVENT_IKEEXT_QM_FAILURE1 *ikeQmFailure;
		FWPM_NET_EVENT_IKEEXT_EM_FAILURE1 *ikeEmFailure;
		FWPM_NET_EVENT_CLASSIFY_DROP2 *classifyDrop;
		FWPM_NET_EVENT_IPSEC_KERNEL_DROP0 *ipsecDrop;
		FWPM_NET_EVENT_IPSEC_DOSP_DROP0 *idpDrop;
		FWPM_NET_EVENT_CLASSIFY_ALLOW0 *classifyAllow;
		FWPM_NET_EVENT_CAPABILITY_DROP0 *capabilityDrop;
		FWPM_NET_EVENT_CAPABILITY_ALLOW0 *capabilityAllow;
		FWPM_NET_EVENT_CLASSIFY_DROP_MAC0 *classifyDropMac;
	};
} FWPM_NET_EVENT4;

typedef struct FWPM_NET_EVENT5_ {
	FWPM_NET_EVENT_HEADER3 header;
	FWPM_NET_EVENT_TYPE type;
	union {
		FWPM_NET_EVENT_IKEEXT_MM_FAILURE2 *ikeMmFailure;
		FWPM_NET_EVENT_IKEEXT_QM_FAILURE1 *ikeQmFailure;
		FWPM_NET_EVENT_IKEEXT_EM_FAILURE1 *ikeEmFailure;
		FWPM_NET_EVENT_CLASSIFY_DROP2 *classifyDrop;
		FWPM_NET_EVENT_IPSEC_KERNEL_DROP0 *ipsecDrop;
		FWPM_NET_EVENT_IPSEC_DOSP_DROP0 *idpDrop;
		FWPM_NET_EVENT_CLASSIFY_ALLOW0 *classifyAllow;
		FWPM_NET_EVENT_CAPABILITY_DROP0 *capabilityDrop;
		FWPM_NET_EVENT_CAPABILITY_ALLOW0 *capabilityAllow;
		FWPM_NET_EVENT_CLASSIFY_DROP_MAC0 *classifyDropMac;
		FWPM_NET_EVENT_LPM_PACKET_ARRIVAL0 *lpmPacketArrival;
	};
} FWPM_NET_EVENT5;

/* endTime is not before startTime, both belong to the range; both zero mean any time. Conditions
 * are joined by AND, one per field (FWP_E_DUPLICATE_CONDITION): protocol, addresses, ports, scope,
 * application, user, event type. */
typedef struct FWPM_NET_EVENT_ENUM_TEMPLATE0_ {
	FILETIME startTime;
	FILETIME endTime;
	UINT32 numFilterConditions;
	FWPM_FILTER_CONDITION0 *filterCondition;
} FWPM_NET_EVENT_ENUM_TEMPLATE0;

typedef struct FWPM_NET_EVENT_SUBSCRIPTION0_ {
	FWPM_NET_EVENT_ENUM_TEMPLATE0 *enumTemplate;
	UINT32 flags;
	GUID sessionKey;
} FWPM_NET_EVENT_SUBSCRIPTION0;

/* The names without a version, for the Windows that NTDDI_VERSION names. */
#define FWPM_NET_EVENT_CLASSIFY_DROP_MAC  FWPM_NET_EVENT_CLASSIFY_DROP_MAC0
#define FWPM_NET_EVENT_CLASSIFY_ALLOW	  FWPM_NET_EVENT_CLASSIFY_ALLOW0
#define FWPM_NET_EVENT_IPSEC_KERNEL_DROP  FWPM_NET_EVENT_IPSEC_KERNEL_DROP0
#define FWPM_NET_EVENT_IPSEC_DOSP_DROP	  FWPM_NET_EVENT_IPSEC_DOSP_DROP0
#define FWPM_NET_EVENT_CAPABILITY_DROP	  FWPM_NET_EVENT_CAPABILITY_DROP0
#define FWPM_NET_EVENT_CAPABILITY_ALLOW	  FWPM_NET_EVENT_CAPABILITY_ALLOW0
#define FWPM_NET_EVENT_LPM_PACKET_ARRIVAL FWPM_NET_EVENT_LPM_PACKET_ARRIVAL0
#define FWPM_NET_EVENT_ENUM_TEMPLATE	  FWPM_NET_EVENT_ENUM_TEMPLATE0
#define FWPM_NET_EVENT_SUBSCRIPTION	  FWPM_NET_EVENT_SUBSCRIPTION0
#if NTDDI_VERSION >= NTDDI_WIN10_RS5
#define FWPM_NET_EVENT FWPM_NET_EVENT5
#elif NTDDI_VERSION >= NTDDI_WIN10_RS4
#define FWPM_NET_EVENT FWPM_NET_EVENT4
#elif NTDDI_VERSION >= NTDDI_WIN10
#define FWPM_NET_EVENT FWPM_NET_EVENT3
#elif NTDDI_VERSION >= NTDDI_WIN8
#define FWPM_NET_EVENT FWPM_NET_EVENT2
#elif NTDDI_VERSION >= NTDDI_WIN7
#define FWPM_NET_EVENT FWPM_NET_EVENT1
#else
#define FWPM_NET_EVENT FWPM_NET_EVENT0
#endif
#if NTDDI_VERSION >= NTDDI_WIN10
#define FWPM_NET_EVENT_HEADER FWPM_NET_EVENT_HEADER3
#elif NTDDI_VERSION >= NTDDI_WIN8
#define FWPM_NET_EVENT_HEADER FWPM_NET_EVENT_HEADER2
#elif NTDDI_VERSION >= NTDDI_WIN7
#define FWPM_NET_EVENT_HEADER FWPM_NET_EVENT_HEADER1
#else
#define FWPM_NET_EVENT_HEADER FWPM_NET_EVENT_HEADER0
#endif
#if NTDDI_VERSION >= NTDDI_WIN8
#define FWPM_NET_EVENT_CLASSIFY_DROP FWPM_NET_EVENT_CLASSIFY_DROP2
#elif NTDDI_VERSION >= NTDDI_WIN7
#define FWPM_NET_EVENT_CLASSIFY_DROP FWPM_NET_EVENT_CLASSIFY_DROP1
#else
#define FWPM_NET_EVENT_CLASSIFY_DROP FWPM_NET_EVENT_CLASSIFY_DROP0
#endif
#if NTDDI_VERSION >= NTDDI_WIN10_RS4
#define FWPM_NET_EVENT_IKEEXT_MM_FAILURE FWPM_NET_EVENT_IKEEXT_MM_FAILURE2
#elif NTDDI_VERSION >= NTDDI_WIN7
#define FWPM_NET_EVENT_IKEEXT_MM_FAILURE FWPM_NET_EVENT_IKEEXT_MM_FAILURE1
#else
#define FWPM_NET_EVENT_IKEEXT_MM_FAILURE FWPM_NET_EVENT_IKEEXT_MM_FAILURE0
#endif
#if NTDDI_VERSION >= NTDDI_WIN10_RS4
#define FWPM_NET_EVENT_IKEEXT_QM_FAILURE FWPM_NET_EVENT_IKEEXT_QM_FAILURE1
#else
#define FWPM_NET_EVENT_IKEEXT_QM_FAILURE FWPM_NET_EVENT_IKEEXT_QM_FAILURE0
#endif
#if NTDDI_VERSION >= NTDDI_WIN7
#define FWPM_NET_EVENT_IKEEXT_EM_FAILURE FWPM_NET_EVENT_IKEEXT_EM_FAILURE1
#else
#define FWPM_NET_EVENT_IKEEXT_EM_FAILURE FWPM_NET_EVENT_IKEEXT_EM_FAILURE0
#endif

EXTERN_C_END
