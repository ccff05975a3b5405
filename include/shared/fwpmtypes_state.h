/* SPDX-License-Identifier: MIT */
/*
 * What the engine tells of the host besides net events, a part of fwpmtypes.h: include that. System
 * ports, connections that IPsec protects, virtual switches, counters.
 */
#pragma once

#include "fwpmtypes.h"

EXTERN_C_START

typedef struct FWPM_SYSTEM_PORTS_BY_TYPE0_ {
	FWPM_SYSTEM_PORT_TYPE type;
	UINT32 numPorts;
	UINT16 *ports;
} FWPM_SYSTEM_PORTS_BY_TYPE0;

typedef struct FWPM_SYSTEM_PORTS0_ {
	UINT32 numTypes;
	FWPM_SYSTEM_PORTS_BY_TYPE0 *types;
} FWPM_SYSTEM_PORTS0;

/* The bytes are counted only with FWPM_CONNECTION_ENUM_FLAG_QUERY_BYTES_TRANSFERRED. */
typedef struct FWPM_CONNECTION0_ {
	UINT64 connectionId;
	FWP_IP_VERSION ipVersion;
	union {
		UINT32 localV4Address;
		UINT8 localV6Address[16];
	};
	union {
		UINT32 remoteV4Address;
		UINT8 remoteV6Address[16];
	};
	GUID *providerKey;
	IPSEC_TRAFFIC_TYPE ipsecTrafficModeType;
	IKEEXT_KEY_MODULE_TYPE keyModuleType;
	IKEEXT_PROPOSAL0 mmCrypto;
	IKEEXT_CREDENTIAL2 mmPeer;
	IKEEXT_CREDENTIAL2 emPeer;
	UINT64 bytesTransferredIn;
	UINT64 bytesTransferredOut;
	UINT64 bytesTransferredTotal;
	FILETIME startSysTime;
} FWPM_CONNECTION0;

/* connectionId zero means any. */
typedef struct FWPM_CONNECTION_ENUM_TEMPLATE0_ {
	UINT64 connectionId;
	UINT32 flags;
} FWPM_CONNECTION_ENUM_TEMPLATE0;

typedef struct FWPM_CONNECTION_SUBSCRIPTION0_ {
	FWPM_CONNECTION_ENUM_TEMPLATE0 *enumTemplate;
	UINT32 flags;
	GUID sessionKey;
} FWPM_CONNECTION_SUBSCRIPTION0;

typedef struct FWPM_VSWITCH_EVENT0_ {
	FWPM_VSWITCH_EVENT_TYPE eventType;
	WCHAR *vSwitchId;
	union {
		struct {
			ULONG numvSwitchFilterExtensions;
			LPWSTR *vSwitchFilterExtensions;
		} positionInfo;
		struct {
			BOOL inRequiredPosition;
			ULONG numvSwitchFilterExtensions;
			LPWSTR *vSwitchFilterExtensions;
		} reorderInfo;
	};
} FWPM_VSWITCH_EVENT0;

typedef struct FWPM_VSWITCH_EVENT_SUBSCRIPTION0_ {
	UINT32 flags;
	GUID sessionKey;
} FWPM_VSWITCH_EVENT_SUBSCRIPTION0;

/* Counters of the engine; no public function returns them. */
typedef struct FWPM_LAYER_STATISTICS0_ {
	GUID layerId;
	UINT32 classifyPermitCount;
	UINT32 classifyBlockCount;
	UINT32 classifyVetoCount;
	UINT32 numCacheEntries;
} FWPM_LAYER_STATISTICS0;

typedef struct FWPM_STATISTICS0_ {
	UINT32 numLayerStatistics;
	FWPM_LAYER_STATISTICS0 *layerStatistics;
	UINT32 inboundAllowedConnectionsV4;
	UINT32 inboundBlockedConnectionsV4;
	UINT32 outboundAllowedConnectionsV4;
	UINT32 outboundBlockedConnectionsV4;
	UINT32 inboundAllowedConnectionsV6;
	UINT32 inboundBlockedConnectionsV6;
	UINT32 outboundAllowedConnectionsV6;
	UINT32 outboundBlockedConnectionsV6;
	UINT32 inboundActiveConnectionsV4;
	UINT32 outboundActiveConnectionsV4;
	UINT32 inboundActiveConnectionsV6;
	UINT32 outboundActiveConnectionsV6;
	UINT64 reauthDirInbound;
	UINT64 reauthDirOutbound;
	UINT64 reauthFamilyV4;
	UINT64 reauthFamilyV6;
	UINT64 reauthProtoOther;
	UINT64 reauthProtoIPv4;
	UINT64 reauthProtoIPv6;
	UINT64 reauthProtoICMP;
	UINT64 reauthProtoICMP6;
	UINT64 reauthProtoUDP;
	UINT64 reauthProtoTCP;
	UINT64 reauthReasonPolicyChange;
	UINT64 reauthReasonNewArrivalInterface;
	UINT64 reauthReasonNewNextHopInterface;
	UINT64 reauthReasonProfileCrossing;
	UINT64 reauthReasonClassifyCompletion;
	UINT64 reauthReasonIPSecPropertiesChanged;
	UINT64 reauthReasonMidStreamInspection;
	UINT64 reauthReasonSocketPropertyChanged;
	UINT64 reauthReasonNewInboundMCastBCastPacket;
	UINT64 reauthReasonEDPPolicyChanged;
	UINT64 reauthReasonProxyHandleChanged;
} FWPM_STATISTICS0;

#define FWPM_SYSTEM_PORTS_BY_TYPE	FWPM_SYSTEM_PORTS_BY_TYPE0
#define FWPM_SYSTEM_PORTS		FWPM_SYSTEM_PORTS0
#define FWPM_CONNECTION			FWPM_CONNECTION0
#define FWPM_CONNECTION_ENUM_TEMPLATE	FWPM_CONNECTION_ENUM_TEMPLATE0
#define FWPM_CONNECTION_SUBSCRIPTION	FWPM_CONNECTION_SUBSCRIPTION0
#define FWPM_VSWITCH_EVENT		FWPM_VSWITCH_EVENT0
#define FWPM_VSWITCH_EVENT_SUBSCRIPTION FWPM_VSWITCH_EVENT_SUBSCRIPTION0
#define FWPM_LAYER_STATISTICS		FWPM_LAYER_STATISTICS0
#define FWPM_STATISTICS			FWPM_STATISTICS0

EXTERN_C_END
