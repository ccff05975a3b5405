/* SPDX-License-Identifier: MIT */
/*
 * The objects that the base filtering engine manages, as its callers pass and receive them:
 * session, provider, provider context, sublayer, layer, callout, filter. What the engine reports is
 * in fwpmtypes_events.h and fwpmtypes_state.h, which this includes.
 *
 * Every object has a key (a GUID; zero on add means: make one), most have a run-time id that the
 * engine assigns, and all have a display name, which is mandatory. Pointers inside an object belong
 * to the caller on the way in and to the callee on the way out.
 */
#pragma once

#include "fwptypes.h"
#include "iketypes.h"
#include "ipsectypes.h"

#include "generated/fwpmtypes_values.h"

EXTERN_C_START

/* What a callback of a change subscription is told. */
typedef struct FWPM_PROVIDER_CHANGE0_ {
	FWPM_CHANGE_TYPE changeType;
	GUID providerKey;
} FWPM_PROVIDER_CHANGE0;

typedef struct FWPM_PROVIDER_CONTEXT_CHANGE0_ {
	FWPM_CHANGE_TYPE changeType;
	GUID providerContextKey;
	UINT64 providerContextId;
} FWPM_PROVIDER_CONTEXT_CHANGE0;

typedef struct FWPM_SUBLAYER_CHANGE0_ {
	FWPM_CHANGE_TYPE changeType;
	GUID subLayerKey;
} FWPM_SUBLAYER_CHANGE0;

typedef struct FWPM_CALLOUT_CHANGE0_ {
	FWPM_CHANGE_TYPE changeType;
	GUID calloutKey;
	UINT32 calloutId;
} FWPM_CALLOUT_CHANGE0;

typedef struct FWPM_FILTER_CHANGE0_ {
	FWPM_CHANGE_TYPE changeType;
	GUID filterKey;
	UINT64 filterId;
} FWPM_FILTER_CHANGE0;

/* A session; processId, sid, username and kernelMode are filled by the engine. */
typedef struct FWPM_SESSION0_ {
	GUID sessionKey;
	FWPM_DISPLAY_DATA0 displayData;
	UINT32 flags;
	UINT32 txnWaitTimeoutInMSec;
	DWORD processId;
	SID *sid;
	WCHAR *username;
	BOOL kernelMode;
} FWPM_SESSION0;

typedef struct FWPM_SESSION_ENUM_TEMPLATE0_ {
	UINT64 reserved;
} FWPM_SESSION_ENUM_TEMPLATE0;

typedef struct FWPM_PROVIDER0_ {
	GUID providerKey;
	FWPM_DISPLAY_DATA0 displayData;
	UINT32 flags;
	FWP_BYTE_BLOB providerData;
	WCHAR *serviceName;
} FWPM_PROVIDER0;

typedef struct FWPM_PROVIDER_ENUM_TEMPLATE0_ {
	UINT64 reserved;
} FWPM_PROVIDER_ENUM_TEMPLATE0;

typedef struct FWPM_PROVIDER_SUBSCRIPTION0_ {
	FWPM_PROVIDER_ENUM_TEMPLATE0 *enumTemplate;
	UINT32 flags;
	GUID sessionKey;
} FWPM_PROVIDER_SUBSCRIPTION0;

typedef struct FWPM_CLASSIFY_OPTION0_ {
	FWP_CLASSIFY_OPTION_TYPE type;
	FWP_VALUE0 value;
} FWPM_CLASSIFY_OPTION0;

typedef struct FWPM_CLASSIFY_OPTIONS0_ {
	UINT32 numOptions;
	FWPM_CLASSIFY_OPTION0 *options;
} FWPM_CLASSIFY_OPTIONS0;

typedef struct FWPM_NETWORK_CONNECTION_POLICY_SETTING0_ {
	FWP_NETWORK_CONNECTION_POLICY_SETTING_TYPE type;
	FWP_VALUE0 value;
} FWPM_NETWORK_CONNECTION_POLICY_SETTING0;

typedef struct FWPM_NETWORK_CONNECTION_POLICY_SETTINGS0_ {
	UINT32 numSettings;
	FWPM_NETWORK_CONNECTION_POLICY_SETTING0 *settings;
} FWPM_NETWORK_CONNECTION_POLICY_SETTINGS0;

/* The four generations of the provider context differ in what the pointers of the union point at;
 * dataBuffer and classifyOptions are what a callout's own context uses. */
typedef struct FWPM_PROVIDER_CONTEXT0_ {
	GUID providerContextKey;
	FWPM_DISPLAY_DATA0 displayData;
	UINT32 flags;
	GUID *providerKey;
	FWP_BYTE_BLOB providerData;
	FWPM_PROVIDER_CONTEXT_TYPE type;
	union {
		IPSEC_KEYING_POLICY0 *keyingPolicy;
		IPSEC_TRANSPORT_POLICY0 *ikeQmTransportPolicy;
		IPSEC_TUNNEL_POLICY0 *ikeQmTunnelPolicy;
		IPSEC_TRANSPORT_POLICY0 *authipQmTransportPolicy;
		IPSEC_TUNNEL_POLICY0 *authipQmTunnelPolicy;
		IKEEXT_POLICY0 *ikeMmPolicy;
		IKEEXT_POLICY0 *authIpMmPolicy;
		FWP_BYTE_BLOB *dataBuffer;
		FWPM_CLASSIFY_OPTIONS0 *classifyOptions;
	};
	UINT64 providerContextId;
} FWPM_PROVIDER_CONTEXT0;

typedef struct FWPM_PROVIDER_CONTEXT1_ {
	GUID providerContextKey;
	FWPM_DISPLAY_DATA0 displayData;
	UINT32 flags;
	GUID *providerKey;
	FWP_BYTE_BLOB providerData;
	FWPM_PROVIDER_CONTEXT_TYPE type;
	union {
		IPSEC_KEYING_POLICY0 *keyingPolicy;
		IPSEC_TRANSPORT_POLICY1 *ikeQmTransportPolicy;
		IPSEC_TUNNEL_POLICY1 *ikeQmTunnelPolicy;
		IPSEC_TRANSPORT_POLICY1 *authipQmTransportPolicy;
		IPSEC_TUNNEL_POLICY1 *authipQmTunnelPolicy;
		IKEEXT_POLICY1 *ikeMmPolicy;
		IKEEXT_POLICY1 *authIpMmPolicy;
		FWP_BYTE_BLOB *dataBuffer;
		FWPM_CLASSIFY_OPTIONS0 *classifyOptions;
		IPSEC_TUNNEL_POLICY1 *ikeV2QmTunnelPolicy;
		IKEEXT_POLICY1 *ikeV2MmPolicy;
		IPSEC_DOSP_OPTIONS0 *idpOptions;
	};
	UINT64 providerContextId;
} FWPM_PROVIDER_CONTEXT1;

typedef struct FWPM_PROVIDER_CONTEXT2_ {
	GUID providerContextKey;
	FWPM_DISPLAY_DATA0 displayData;
	UINT32 flags;
	GUID *providerKey;
	FWP_BYTE_BLOB providerData;
	FWPM_PROVIDER_CONTEXT_TYPE type;
	union {
		IPSEC_KEYING_POLICY1 *keyingPolicy;
		IPSEC_TRANSPORT_POLICY2 *ikeQmTransportPolicy;
		IPSEC_TUNNEL_POLICY2 *ikeQmTunnelPolicy;
		IPSEC_TRANSPORT_POLICY2 *authipQmTransportPolicy;
		IPSEC_TUNNEL_POLICY2 *authipQmTunnelPolicy;
		IKEEXT_POLICY2 *ikeMmPolicy;
		IKEEXT_POLICY2 *authIpMmPolicy;
		FWP_BYTE_BLOB *dataBuffer;
		FWPM_CLASSIFY_OPTIONS0 *classifyOptions;
		IPSEC_TUNNEL_POLICY2 *ikeV2QmTunnelPolicy;
		IPSEC_TRANSPORT_POLICY2 *ikeV2QmTransportPolicy;
		IKEEXT_POLICY2 *ikeV2MmPolicy;
		IPSEC_DOSP_OPTIONS0 *idpOptions;
	};
	UINT64 providerContextId;
} FWPM_PROVIDER_CONTEXT2;

typedef struct FWPM_PROVIDER_CONTEXT3_ {
	GUID providerContextKey;
	FWPM_DISPLAY_DATA0 displayData;
	UINT32 flags;
	GUID *providerKey;
	FWP_BYTE_BLOB providerData;
	FWPM_PROVIDER_CONTEXT_TYPE type;
	union {
		IPSEC_KEYING_POLICY1 *keyingPolicy;
		IPSEC_TRANSPORT_POLICY2 *ikeQmTransportPolicy;
		IPSEC_TUNNEL_POLICY3 *ikeQmTunnelPolicy;
		IPSEC_TRANSPORT_POLICY2 *authipQmTransportPolicy;
		IPSEC_TUNNEL_POLICY3 *authipQmTunnelPolicy;
		IKEEXT_POLICY2 *ikeMmPolicy;
		IKEEXT_POLICY2 *authIpMmPolicy;
		FWP_BYTE_BLOB *dataBuffer;
		FWPM_CLASSIFY_OPTIONS0 *classifyOptions;
		IPSEC_TUNNEL_POLICY3 *ikeV2QmTunnelPolicy;
		IPSEC_TRANSPORT_POLICY2 *ikeV2QmTransportPolicy;
		IKEEXT_POLICY2 *ikeV2MmPolicy;
		IPSEC_DOSP_OPTIONS0 *idpOptions;
		FWPM_NETWORK_CONNECTION_POLICY_SETTINGS0 *networkConnectionPolicy;
	};
	UINT64 providerContextId;
} FWPM_PROVIDER_CONTEXT3;

typedef struct FWPM_PROVIDER_CONTEXT_ENUM_TEMPLATE0_ {
	GUID *providerKey;
	FWPM_PROVIDER_CONTEXT_TYPE providerContextType;
} FWPM_PROVIDER_CONTEXT_ENUM_TEMPLATE0;

typedef struct FWPM_PROVIDER_CONTEXT_SUBSCRIPTION0_ {
	FWPM_PROVIDER_CONTEXT_ENUM_TEMPLATE0 *enumTemplate;
	UINT32 flags;
	GUID sessionKey;
} FWPM_PROVIDER_CONTEXT_SUBSCRIPTION0;

/* A heavier sublayer is asked earlier; weights are unique, a taken one is moved. */
typedef struct FWPM_SUBLAYER0_ {
	GUID subLayerKey;
	FWPM_DISPLAY_DATA0 displayData;
	UINT32 flags;
	GUID *providerKey;
	FWP_BYTE_BLOB providerData;
	UINT16 weight;
} FWPM_SUBLAYER0;

typedef struct FWPM_SUBLAYER_ENUM_TEMPLATE0_ {
	GUID *providerKey;
} FWPM_SUBLAYER_ENUM_TEMPLATE0;

typedef struct FWPM_SUBLAYER_SUBSCRIPTION0_ {
	FWPM_SUBLAYER_ENUM_TEMPLATE0 *enumTemplate;
	UINT32 flags;
	GUID sessionKey;
} FWPM_SUBLAYER_SUBSCRIPTION0;

typedef struct FWPM_FIELD0_ {
	GUID *fieldKey;
	FWPM_FIELD_TYPE type;
	FWP_DATA_TYPE dataType;
} FWPM_FIELD0;

typedef struct FWPM_LAYER0_ {
	GUID layerKey;
	FWPM_DISPLAY_DATA0 displayData;
	UINT32 flags;
	UINT32 numFields;
	FWPM_FIELD0 *field;
	GUID defaultSubLayerKey;
	UINT16 layerId;
} FWPM_LAYER0;

typedef struct FWPM_LAYER_ENUM_TEMPLATE0_ {
	UINT64 reserved;
} FWPM_LAYER_ENUM_TEMPLATE0;

/* The managed half of a callout: what filters refer to. The functions are registered apart, with
 * the same key, and either half may come first. */
typedef struct FWPM_CALLOUT0_ {
	GUID calloutKey;
	FWPM_DISPLAY_DATA0 displayData;
	UINT32 flags;
	GUID *providerKey;
	FWP_BYTE_BLOB providerData;
	GUID applicableLayer;
	UINT32 calloutId;
} FWPM_CALLOUT0;

typedef struct FWPM_CALLOUT_ENUM_TEMPLATE0_ {
	GUID *providerKey;
	GUID layerKey;
} FWPM_CALLOUT_ENUM_TEMPLATE0;

typedef struct FWPM_CALLOUT_SUBSCRIPTION0_ {
	FWPM_CALLOUT_ENUM_TEMPLATE0 *enumTemplate;
	UINT32 flags;
	GUID sessionKey;
} FWPM_CALLOUT_SUBSCRIPTION0;

typedef struct FWPM_ACTION0_ {
	FWP_ACTION_TYPE type;
	union {
		GUID filterType;
		GUID calloutKey;
	};
} FWPM_ACTION0;

/* Conditions on different fields are joined by AND, several on one field by OR. */
typedef struct FWPM_FILTER_CONDITION0_ {
	GUID fieldKey;
	FWP_MATCH_TYPE matchType;
	FWP_CONDITION_VALUE0 conditionValue;
} FWPM_FILTER_CONDITION0;

/* rawContext is what a callout gets, unless FWPM_FILTER_FLAG_HAS_PROVIDER_CONTEXT says that the
 * union holds the key of a provider context. filterId and effectiveWeight come from the engine. */
typedef struct FWPM_FILTER0_ {
	GUID filterKey;
	FWPM_DISPLAY_DATA0 displayData;
	UINT32 flags;
	GUID *providerKey;
	FWP_BYTE_BLOB providerData;
	GUID layerKey;
	GUID subLayerKey;
	FWP_VALUE0 weight;
	UINT32 numFilterConditions;
	FWPM_FILTER_CONDITION0 *filterCondition;
	FWPM_ACTION0 action;
	union {
		UINT64 rawContext;
		GUID providerContextKey;
	};
	GUID *reserved;
	UINT64 filterId;
	FWP_VALUE0 effectiveWeight;
} FWPM_FILTER0;

typedef struct FWPM_FILTER_ENUM_TEMPLATE0_ {
	GUID *providerKey;
	GUID layerKey;
	FWP_FILTER_ENUM_TYPE enumType;
	UINT32 flags;
	FWPM_PROVIDER_CONTEXT_ENUM_TEMPLATE0 *providerContextTemplate;
	UINT32 numFilterConditions;
	FWPM_FILTER_CONDITION0 *filterCondition;
	UINT32 actionMask;
	GUID *calloutKey;
} FWPM_FILTER_ENUM_TEMPLATE0;

typedef struct FWPM_FILTER_SUBSCRIPTION0_ {
	FWPM_FILTER_ENUM_TEMPLATE0 *enumTemplate;
	UINT32 flags;
	GUID sessionKey;
} FWPM_FILTER_SUBSCRIPTION0;

/* The names without a version, for the Windows that NTDDI_VERSION names. */
#define FWPM_SESSION				FWPM_SESSION0
#define FWPM_SESSION_ENUM_TEMPLATE		FWPM_SESSION_ENUM_TEMPLATE0
#define FWPM_PROVIDER				FWPM_PROVIDER0
#define FWPM_PROVIDER_ENUM_TEMPLATE		FWPM_PROVIDER_ENUM_TEMPLATE0
#define FWPM_PROVIDER_CHANGE			FWPM_PROVIDER_CHANGE0
#define FWPM_PROVIDER_SUBSCRIPTION		FWPM_PROVIDER_SUBSCRIPTION0
#define FWPM_CLASSIFY_OPTION			FWPM_CLASSIFY_OPTION0
#define FWPM_CLASSIFY_OPTIONS			FWPM_CLASSIFY_OPTIONS0
#define FWPM_NETWORK_CONNECTION_POLICY_SETTING	FWPM_NETWORK_CONNECTION_POLICY_SETTING0
#define FWPM_NETWORK_CONNECTION_POLICY_SETTINGS FWPM_NETWORK_CONNECTION_POLICY_SETTINGS0
#if NTDDI_VERSION >= NTDDI_WIN10_RS3
#define FWPM_PROVIDER_CONTEXT FWPM_PROVIDER_CONTEXT3
#elif NTDDI_VERSION >= NTDDI_WIN8
#define FWPM_PROVIDER_CONTEXT FWPM_PROVIDER_CONTEXT2
#elif NTDDI_VERSION >= NTDDI_WIN7
#define FWPM_PROVIDER_CONTEXT FWPM_PROVIDER_CONTEXT1
#else
#define FWPM_PROVIDER_CONTEXT FWPM_PROVIDER_CONTEXT0
#endif
#define FWPM_PROVIDER_CONTEXT_ENUM_TEMPLATE FWPM_PROVIDER_CONTEXT_ENUM_TEMPLATE0
#define FWPM_PROVIDER_CONTEXT_CHANGE	    FWPM_PROVIDER_CONTEXT_CHANGE0
#define FWPM_PROVIDER_CONTEXT_SUBSCRIPTION  FWPM_PROVIDER_CONTEXT_SUBSCRIPTION0
#define FWPM_SUBLAYER			    FWPM_SUBLAYER0
#define FWPM_SUBLAYER_ENUM_TEMPLATE	    FWPM_SUBLAYER_ENUM_TEMPLATE0
#define FWPM_SUBLAYER_CHANGE		    FWPM_SUBLAYER_CHANGE0
#define FWPM_SUBLAYER_SUBSCRIPTION	    FWPM_SUBLAYER_SUBSCRIPTION0
#define FWPM_FIELD			    FWPM_FIELD0
#define FWPM_LAYER			    FWPM_LAYER0
#define FWPM_LAYER_ENUM_TEMPLATE	    FWPM_LAYER_ENUM_TEMPLATE0
#define FWPM_CALLOUT			    FWPM_CALLOUT0
#define FWPM_CALLOUT_ENUM_TEMPLATE	    FWPM_CALLOUT_ENUM_TEMPLATE0
#define FWPM_CALLOUT_CHANGE		    FWPM_CALLOUT_CHANGE0
#define FWPM_CALLOUT_SUBSCRIPTION	    FWPM_CALLOUT_SUBSCRIPTION0
#define FWPM_ACTION			    FWPM_ACTION0
#define FWPM_FILTER_CONDITION		    FWPM_FILTER_CONDITION0
#define FWPM_FILTER			    FWPM_FILTER0
#define FWPM_FILTER_ENUM_TEMPLATE	    FWPM_FILTER_ENUM_TEMPLATE0
#define FWPM_FILTER_CHANGE		    FWPM_FILTER_CHANGE0
#define FWPM_FILTER_SUBSCRIPTION	    FWPM_FILTER_SUBSCRIPTION0

EXTERN_C_END

#include "fwpmtypes_events.h"
#include "fwpmtypes_state.h"
