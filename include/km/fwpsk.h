/* SPDX-License-Identifier: MIT */
/*
 * The callout side of the platform: register functions for a callout, be asked for a verdict,
 * give it at once or later, and put packets back.
 *
 * A classifyFn runs at DISPATCH_LEVEL or below on the thread that carries the packet. No lock of
 * the platform is held over it. What it is given lives until it returns; to decide later it pends
 * (endpoints) or absorbs and reinjects (packets), and each of these can be refused.
 */
#pragma once

#include "fwpstypes.h"
#include "ndis.h"
#include "ws2ipdef.h"

#include "fwpsk_discard.h"
#include "generated/fwps_fields.h"
#include "generated/fwps_layers.h"

EXTERN_C_START

/* ---- metadata: what a classify knows beside the fields; a bit tells which members are valid ----
 */

#define FWPS_METADATA_FIELD_DISCARD_REASON		     0x00000001
#define FWPS_METADATA_FIELD_FLOW_HANDLE			     0x00000002
#define FWPS_METADATA_FIELD_IP_HEADER_SIZE		     0x00000004
#define FWPS_METADATA_FIELD_PROCESS_PATH		     0x00000008
#define FWPS_METADATA_FIELD_TOKEN			     0x00000010
#define FWPS_METADATA_FIELD_PROCESS_ID			     0x00000020
#define FWPS_METADATA_FIELD_SYSTEM_FLAGS		     0x00000040
#define FWPS_METADATA_FIELD_RESERVED			     0x00000080
#define FWPS_METADATA_FIELD_SOURCE_INTERFACE_INDEX	     0x00000100
#define FWPS_METADATA_FIELD_DESTINATION_INTERFACE_INDEX	     0x00000200
#define FWPS_METADATA_FIELD_TRANSPORT_HEADER_SIZE	     0x00000400
#define FWPS_METADATA_FIELD_COMPARTMENT_ID		     0x00000800
#define FWPS_METADATA_FIELD_FRAGMENT_DATA		     0x00001000
#define FWPS_METADATA_FIELD_PATH_MTU			     0x00002000
#define FWPS_METADATA_FIELD_COMPLETION_HANDLE		     0x00004000
#define FWPS_METADATA_FIELD_TRANSPORT_ENDPOINT_HANDLE	     0x00008000
#define FWPS_METADATA_FIELD_TRANSPORT_CONTROL_DATA	     0x00010000
#define FWPS_METADATA_FIELD_REMOTE_SCOPE_ID		     0x00020000
#define FWPS_METADATA_FIELD_PACKET_DIRECTION		     0x00040000
#define FWPS_METADATA_FIELD_PACKET_SYSTEM_CRITICAL	     0x00080000
#define FWPS_METADATA_FIELD_FORWARD_LAYER_OUTBOUND_PASS_THRU 0x00100000
#define FWPS_METADATA_FIELD_FORWARD_LAYER_INBOUND_PASS_THRU  0x00200000
#define FWPS_METADATA_FIELD_ALE_CLASSIFY_REQUIRED	     0x00400000
#define FWPS_METADATA_FIELD_TRANSPORT_HEADER_INCLUDE_HEADER  0x00800000
#define FWPS_METADATA_FIELD_DESTINATION_PREFIX		     0x01000000
#define FWPS_METADATA_FIELD_ETHER_FRAME_LENGTH		     0x02000000
#define FWPS_METADATA_FIELD_PARENT_ENDPOINT_HANDLE	     0x04000000
#define FWPS_METADATA_FIELD_ICMP_ID_AND_SEQUENCE	     0x08000000
#define FWPS_METADATA_FIELD_LOCAL_REDIRECT_TARGET_PID	     0x10000000
#define FWPS_METADATA_FIELD_ORIGINAL_DESTINATION	     0x20000000
#define FWPS_METADATA_FIELD_REDIRECT_RECORD_HANDLE	     0x40000000
#define FWPS_METADATA_FIELD_SUB_PROCESS_TAG		     0x80000000

#define FWPS_L2_METADATA_FIELD_ETHERNET_MAC_HEADER_SIZE	     0x00000001
#define FWPS_L2_METADATA_FIELD_WIFI_OPERATION_MODE	     0x00000002
#define FWPS_L2_METADATA_FIELD_VSWITCH_SOURCE_PORT_ID	     0x00000004
#define FWPS_L2_METADATA_FIELD_VSWITCH_SOURCE_NIC_INDEX	     0x00000008
#define FWPS_L2_METADATA_FIELD_VSWITCH_PACKET_CONTEXT	     0x00000010
#define FWPS_L2_METADATA_FIELD_VSWITCH_DESTINATION_PORT_ID   0x00000020
#define FWPS_L2_METADATA_FIELD_RESERVED			     0x80000000

/* ipHeaderSize and transportHeaderSize: inbound they are how far to retreat to reach the headers,
 * outbound how far to advance to leave them. completionHandle is what FwpsPendOperation0 wants. */
typedef struct FWPS_INCOMING_METADATA_VALUES0_ {
	UINT32 currentMetadataValues;
	UINT32 flags;
	UINT64 reserved;
	FWPS_DISCARD_METADATA0 discardMetadata;
	UINT64 flowHandle;
	UINT32 ipHeaderSize;
	UINT32 transportHeaderSize;
	FWP_BYTE_BLOB *processPath;
	UINT64 token;
	UINT64 processId;
	UINT32 sourceInterfaceIndex;
	UINT32 destinationInterfaceIndex;
	ULONG compartmentId;
	FWPS_INBOUND_FRAGMENT_METADATA0 fragmentMetadata;
	ULONG pathMtu;
	HANDLE completionHandle;
	UINT64 transportEndpointHandle;
	SCOPE_ID remoteScopeId;
	WSACMSGHDR *controlData;
	ULONG controlDataLength;
	FWP_DIRECTION packetDirection;
	PVOID headerIncludeHeader;
	ULONG headerIncludeHeaderLength;
	IP_ADDRESS_PREFIX destinationPrefix;
	UINT16 frameLength;
	UINT64 parentEndpointHandle;
	UINT32 icmpIdAndSequence;
	DWORD localRedirectTargetPID;
	SOCKADDR *originalDestination;
	HANDLE redirectRecords;
	UINT32 currentL2MetadataValues;
	UINT32 l2Flags;
	UINT32 ethernetMacHeaderSize;
	UINT32 wiFiOperationMode;
	NDIS_SWITCH_PORT_ID vSwitchSourcePortId;
	NDIS_SWITCH_NIC_INDEX vSwitchSourceNicIndex;
	NDIS_SWITCH_PORT_ID vSwitchDestinationPortId;
	HANDLE vSwitchPacketContext;
	PVOID subProcessTag;
	UINT64 reserved1;
} FWPS_INCOMING_METADATA_VALUES0;

#define FWPS_IS_METADATA_FIELD_PRESENT(metadataValues, metadataField)                              \
	(((metadataValues)->currentMetadataValues & (metadataField)) == (metadataField))
#define FWPS_IS_L2_METADATA_FIELD_PRESENT(metadataValues, l2MetadataField)                         \
	(((metadataValues)->currentL2MetadataValues & (l2MetadataField)) == (l2MetadataField))

/* ---- the callout ---- */

/* layerData is a NET_BUFFER_LIST at packet layers, a FWPS_STREAM_CALLOUT_IO_PACKET0 at stream
 * layers, and NULL where an endpoint is asked about without a packet. */
typedef void(NTAPI *FWPS_CALLOUT_CLASSIFY_FN0)(const FWPS_INCOMING_VALUES0 *inFixedValues,
					       const FWPS_INCOMING_METADATA_VALUES0 *inMetaValues,
					       void *layerData, const FWPS_FILTER0 *filter,
					       UINT64 flowContext, FWPS_CLASSIFY_OUT0 *classifyOut);
/* classifyContext is what FwpsAcquireClassifyHandle0 wants; NULL where a classify cannot pend. */
typedef void(NTAPI *FWPS_CALLOUT_CLASSIFY_FN1)(const FWPS_INCOMING_VALUES0 *inFixedValues,
					       const FWPS_INCOMING_METADATA_VALUES0 *inMetaValues,
					       void *layerData, const void *classifyContext,
					       const FWPS_FILTER1 *filter, UINT64 flowContext,
					       FWPS_CLASSIFY_OUT0 *classifyOut);
typedef void(NTAPI *FWPS_CALLOUT_CLASSIFY_FN2)(const FWPS_INCOMING_VALUES0 *inFixedValues,
					       const FWPS_INCOMING_METADATA_VALUES0 *inMetaValues,
					       void *layerData, const void *classifyContext,
					       const FWPS_FILTER2 *filter, UINT64 flowContext,
					       FWPS_CLASSIFY_OUT0 *classifyOut);
typedef void(NTAPI *FWPS_CALLOUT_CLASSIFY_FN3)(const FWPS_INCOMING_VALUES0 *inFixedValues,
					       const FWPS_INCOMING_METADATA_VALUES0 *inMetaValues,
					       void *layerData, const void *classifyContext,
					       const FWPS_FILTER3 *filter, UINT64 flowContext,
					       FWPS_CLASSIFY_OUT0 *classifyOut);

/* An error on add refuses the filter; on delete the value is ignored. filterKey is NULL on delete.
 */
typedef NTSTATUS(NTAPI *FWPS_CALLOUT_NOTIFY_FN0)(FWPS_CALLOUT_NOTIFY_TYPE notifyType,
						 const GUID *filterKey, FWPS_FILTER0 *filter);
typedef NTSTATUS(NTAPI *FWPS_CALLOUT_NOTIFY_FN1)(FWPS_CALLOUT_NOTIFY_TYPE notifyType,
						 const GUID *filterKey, FWPS_FILTER1 *filter);
typedef NTSTATUS(NTAPI *FWPS_CALLOUT_NOTIFY_FN2)(FWPS_CALLOUT_NOTIFY_TYPE notifyType,
						 const GUID *filterKey, FWPS_FILTER2 *filter);
typedef NTSTATUS(NTAPI *FWPS_CALLOUT_NOTIFY_FN3)(FWPS_CALLOUT_NOTIFY_TYPE notifyType,
						 const GUID *filterKey, FWPS_FILTER3 *filter);

/* Called once for each context that was associated, when its flow ends or it is removed. */
typedef void(NTAPI *FWPS_CALLOUT_FLOW_DELETE_NOTIFY_FN0)(UINT16 layerId, UINT32 calloutId,
							 UINT64 flowContext);

/* The generation is chosen by the register function and fixes those of classifyFn and notifyFn.
 * flowDeleteFn may be NULL in a callout that associates no contexts. */
typedef struct FWPS_CALLOUT0_ {
	GUID calloutKey;
	UINT32 flags;
	FWPS_CALLOUT_CLASSIFY_FN0 classifyFn;
	FWPS_CALLOUT_NOTIFY_FN0 notifyFn;
	FWPS_CALLOUT_FLOW_DELETE_NOTIFY_FN0 flowDeleteFn;
} FWPS_CALLOUT0;

typedef struct FWPS_CALLOUT1_ {
	GUID calloutKey;
	UINT32 flags;
	FWPS_CALLOUT_CLASSIFY_FN1 classifyFn;
	FWPS_CALLOUT_NOTIFY_FN1 notifyFn;
	FWPS_CALLOUT_FLOW_DELETE_NOTIFY_FN0 flowDeleteFn;
} FWPS_CALLOUT1;

typedef struct FWPS_CALLOUT2_ {
	GUID calloutKey;
	UINT32 flags;
	FWPS_CALLOUT_CLASSIFY_FN2 classifyFn;
	FWPS_CALLOUT_NOTIFY_FN2 notifyFn;
	FWPS_CALLOUT_FLOW_DELETE_NOTIFY_FN0 flowDeleteFn;
} FWPS_CALLOUT2;

typedef struct FWPS_CALLOUT3_ {
	GUID calloutKey;
	UINT32 flags;
	FWPS_CALLOUT_CLASSIFY_FN3 classifyFn;
	FWPS_CALLOUT_NOTIFY_FN3 notifyFn;
	FWPS_CALLOUT_FLOW_DELETE_NOTIFY_FN0 flowDeleteFn;
} FWPS_CALLOUT3;

/* classifyFn may be called before the register function has returned. */
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsCalloutRegister0(void *deviceObject, const FWPS_CALLOUT0 *callout,
						   UINT32 *calloutId);
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsCalloutRegister1(void *deviceObject, const FWPS_CALLOUT1 *callout,
						   UINT32 *calloutId);
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsCalloutRegister2(void *deviceObject, const FWPS_CALLOUT2 *callout,
						   UINT32 *calloutId);
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsCalloutRegister3(void *deviceObject, const FWPS_CALLOUT3 *callout,
						   UINT32 *calloutId);
/* STATUS_DEVICE_BUSY: flow contexts remain. Remove them (FwpsFlowRemoveContext0) and call again;
 * until success the functions may still be called, and the driver must not be unloaded.
 * STATUS_FWP_IN_USE: another thread is registering or unregistering it. */
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsCalloutUnregisterById0(const UINT32 calloutId);
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsCalloutUnregisterByKey0(const GUID *calloutKey);

/* ---- flows ---- */

/* flowContext must not be 0, which is how classifyFn is told that there is none, and the callout
 * must have a flowDeleteFn. One context per flow, layer and callout: STATUS_OBJECT_NAME_EXISTS says
 * that there is one, and NT_SUCCESS takes that for a success. */
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsFlowAssociateContext0(UINT64 flowId, UINT16 layerId,
							UINT32 calloutId, UINT64 flowContext);
/* STATUS_SUCCESS: flowDeleteFn was called, by this very thread. STATUS_PENDING: a classify is under
 * way and it will be called after that. STATUS_UNSUCCESSFUL: there was none. */
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsFlowRemoveContext0(UINT64 flowId, UINT16 layerId,
						     UINT32 calloutId);

/* ---- deciding later: an ALE authorization ---- */

/* Only inside the classifyFn of an initial authorization, which then returns FWP_ACTION_BLOCK with
 * FWPS_CLASSIFY_OUT_FLAG_ABSORB. STATUS_FWP_CANNOT_PEND anywhere else. */
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsPendOperation0(HANDLE completionHandle,
						 HANDLE *completionContext);
/* Once for each context; it may come before the classifyFn has returned. The endpoint is asked
 * again, and the verdict is given there; at RECV_ACCEPT it is not, and the callout reinjects its
 * clone of the packet instead. netBufferList is the packet that was held meanwhile, or NULL. */
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT void NTAPI FwpsCompleteOperation0(HANDLE completionContext,
						 PNET_BUFFER_LIST netBufferList);

/* ---- deciding later: a redirect or closure classify ---- */

#define FWPS_CLASSIFY_FLAG_REAUTHORIZE_IF_MODIFIED_BY_OTHERS 0x00000001

/* Each acquire needs its release, pended or not. */
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsAcquireClassifyHandle0(void *classifyContext, UINT32 flags,
							 UINT64 *classifyHandle);
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT void NTAPI FwpsReleaseClassifyHandle0(UINT64 classifyHandle);
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsPendClassify0(UINT64 classifyHandle, UINT64 filterId,
						UINT32 flags, FWPS_CLASSIFY_OUT0 *classifyOut);
/* A classifyOut is final; NULL has the classify run again. */
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT void NTAPI FwpsCompleteClassify0(UINT64 classifyHandle, UINT32 flags,
						const FWPS_CLASSIFY_OUT0 *classifyOut);

#include "fwpsk_inject.h"
#include "fwpsk_stream.h"

/* ---- the names without a version, for the Windows that NTDDI_VERSION names ---- */

#if NTDDI_VERSION >= NTDDI_WIN10_RS3
#define FWPS_CALLOUT		 FWPS_CALLOUT3
#define FWPS_CALLOUT_CLASSIFY_FN FWPS_CALLOUT_CLASSIFY_FN3
#define FWPS_CALLOUT_NOTIFY_FN	 FWPS_CALLOUT_NOTIFY_FN3
#define FwpsCalloutRegister	 FwpsCalloutRegister3
#elif NTDDI_VERSION >= NTDDI_WIN8
#define FWPS_CALLOUT		 FWPS_CALLOUT2
#define FWPS_CALLOUT_CLASSIFY_FN FWPS_CALLOUT_CLASSIFY_FN2
#define FWPS_CALLOUT_NOTIFY_FN	 FWPS_CALLOUT_NOTIFY_FN2
#define FwpsCalloutRegister	 FwpsCalloutRegister2
#elif NTDDI_VERSION >= NTDDI_WIN7
#define FWPS_CALLOUT		 FWPS_CALLOUT1
#define FWPS_CALLOUT_CLASSIFY_FN FWPS_CALLOUT_CLASSIFY_FN1
#define FWPS_CALLOUT_NOTIFY_FN	 FWPS_CALLOUT_NOTIFY_FN1
#define FwpsCalloutRegister	 FwpsCalloutRegister1
#else
#define FWPS_CALLOUT		 FWPS_CALLOUT0
#define FWPS_CALLOUT_CLASSIFY_FN FWPS_CALLOUT_CLASSIFY_FN0
#define FWPS_CALLOUT_NOTIFY_FN	 FWPS_CALLOUT_NOTIFY_FN0
#define FwpsCalloutRegister	 FwpsCalloutRegister0
#endif
#define FWPS_INCOMING_METADATA_VALUES	   FWPS_INCOMING_METADATA_VALUES0
#define FWPS_CALLOUT_FLOW_DELETE_NOTIFY_FN FWPS_CALLOUT_FLOW_DELETE_NOTIFY_FN0
#define FwpsCalloutUnregisterById	   FwpsCalloutUnregisterById0
#define FwpsCalloutUnregisterByKey	   FwpsCalloutUnregisterByKey0
#define FwpsFlowAssociateContext	   FwpsFlowAssociateContext0
#define FwpsFlowRemoveContext		   FwpsFlowRemoveContext0
#define FwpsPendOperation		   FwpsPendOperation0
#define FwpsCompleteOperation		   FwpsCompleteOperation0
#define FwpsAcquireClassifyHandle	   FwpsAcquireClassifyHandle0
#define FwpsReleaseClassifyHandle	   FwpsReleaseClassifyHandle0
#define FwpsPendClassify		   FwpsPendClassify0
#define FwpsCompleteClassify		   FwpsCompleteClassify0

EXTERN_C_END
