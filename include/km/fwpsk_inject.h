/* SPDX-License-Identifier: MIT */
/*
 * Packets of a callout's own, a part of fwpsk.h: include that. Clone, reference, build headers,
 * inject, and tell on the next classify whether a packet is one's own.
 *
 * An injection that returns success calls its completion function exactly once per list, maybe
 * before it returns, and only then may the list be freed. One that fails calls nothing.
 */
#pragma once

#include "fwpstypes.h"
#include "ndis.h"

EXTERN_C_START

#define FWPS_INJECTION_TYPE_STREAM	      0x00000001
#define FWPS_INJECTION_TYPE_TRANSPORT	      0x00000002
#define FWPS_INJECTION_TYPE_NETWORK	      0x00000004
#define FWPS_INJECTION_TYPE_FORWARD	      0x00000008
#define FWPS_INJECTION_TYPE_L2		      0x00000010
#define FWPS_INJECTION_TYPE_VSWITCH_TRANSPORT 0x00000020

#define FWPS_SEND_INJECT_PRESERVE_IPID	      0x00000001

typedef struct FWPS_TRANSPORT_SEND_PARAMS0_ {
	UCHAR *remoteAddress;
	SCOPE_ID remoteScopeId;
	WSACMSGHDR *controlData;
	ULONG controlDataLength;
} FWPS_TRANSPORT_SEND_PARAMS0;

typedef struct FWPS_TRANSPORT_SEND_PARAMS1_ {
	UCHAR *remoteAddress;
	SCOPE_ID remoteScopeId;
	WSACMSGHDR *controlData;
	ULONG controlDataLength;
	UCHAR *headerIncludeHeader;
	ULONG headerIncludeHeaderLength;
} FWPS_TRANSPORT_SEND_PARAMS1;

typedef void(NTAPI *FWPS_INJECT_COMPLETE0)(void *context, NET_BUFFER_LIST *netBufferList,
					   BOOLEAN dispatchLevel);

/* AF_UNSPEC will do for transport, stream and forward injection, which flags 0 stands for. Network
 * injection needs a handle for each IP version. */
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsInjectionHandleCreate0(ADDRESS_FAMILY addressFamily, UINT32 flags,
							 HANDLE *injectionHandle);
/* Waits for the injections under way. */
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsInjectionHandleDestroy0(HANDLE injectionHandle);

typedef enum FWPS_PACKET_INJECTION_STATE_ {
	FWPS_PACKET_NOT_INJECTED = 0,
	FWPS_PACKET_INJECTED_BY_SELF = 1,
	FWPS_PACKET_INJECTED_BY_OTHER = 2,
	FWPS_PACKET_PREVIOUSLY_INJECTED_BY_SELF = 3,
	FWPS_PACKET_INJECTION_STATE_MAX = 4,
} FWPS_PACKET_INJECTION_STATE;

/* The question every callout that reinjects asks first: without it packets go round for ever. */
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT FWPS_PACKET_INJECTION_STATE NTAPI FwpsQueryPacketInjectionState0(
	HANDLE injectionHandle, const NET_BUFFER_LIST *netBufferList, HANDLE *injectionContext);

/* The window starts at the IP header in all network and forward injections. */
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsInjectNetworkSendAsync0(HANDLE injectionHandle,
							  HANDLE injectionContext, UINT32 flags,
							  COMPARTMENT_ID compartmentId,
							  NET_BUFFER_LIST *netBufferList,
							  FWPS_INJECT_COMPLETE0 completionFn,
							  HANDLE completionContext);
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsInjectNetworkReceiveAsync0(
	HANDLE injectionHandle, HANDLE injectionContext, UINT32 flags, COMPARTMENT_ID compartmentId,
	IF_INDEX interfaceIndex, IF_INDEX subInterfaceIndex, NET_BUFFER_LIST *netBufferList,
	FWPS_INJECT_COMPLETE0 completionFn, HANDLE completionContext);
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsInjectForwardAsync0(
	HANDLE injectionHandle, HANDLE injectionContext, UINT32 flags, ADDRESS_FAMILY addressFamily,
	COMPARTMENT_ID compartmentId, IF_INDEX interfaceIndex, NET_BUFFER_LIST *netBufferList,
	FWPS_INJECT_COMPLETE0 completionFn, HANDLE completionContext);

/* Sending, the window starts at the transport header and the IP header is made here. sendArgs and
 * what it points at must live until the completion. */
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsInjectTransportSendAsync0(
	HANDLE injectionHandle, HANDLE injectionContext, UINT64 endpointHandle, UINT32 flags,
	FWPS_TRANSPORT_SEND_PARAMS0 *sendArgs, ADDRESS_FAMILY addressFamily,
	COMPARTMENT_ID compartmentId, NET_BUFFER_LIST *netBufferList,
	FWPS_INJECT_COMPLETE0 completionFn, HANDLE completionContext);
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsInjectTransportSendAsync1(
	HANDLE injectionHandle, HANDLE injectionContext, UINT64 endpointHandle, UINT32 flags,
	FWPS_TRANSPORT_SEND_PARAMS1 *sendArgs, ADDRESS_FAMILY addressFamily,
	COMPARTMENT_ID compartmentId, NET_BUFFER_LIST *netBufferList,
	FWPS_INJECT_COMPLETE0 completionFn, HANDLE completionContext);
/* Receiving, the window starts at the IP header. */
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsInjectTransportReceiveAsync0(
	HANDLE injectionHandle, HANDLE injectionContext, PVOID reserved, UINT32 flags,
	ADDRESS_FAMILY addressFamily, COMPARTMENT_ID compartmentId, IF_INDEX interfaceIndex,
	IF_INDEX subInterfaceIndex, NET_BUFFER_LIST *netBufferList,
	FWPS_INJECT_COMPLETE0 completionFn, HANDLE completionContext);

/* ---- lists to inject ---- */

_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsAllocateNetBufferAndNetBufferList0(
	NDIS_HANDLE poolHandle, USHORT contextSize, USHORT contextBackFill, MDL *mdlChain,
	ULONG dataOffset, SIZE_T dataLength, NET_BUFFER_LIST **netBufferList);
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT void NTAPI FwpsFreeNetBufferList0(NET_BUFFER_LIST *netBufferList);
/* The clone shares the bytes of the original, which therefore must stay as long as the clone: to
 * change them, replace descriptors, and put those back before freeing the clone. */
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsAllocateCloneNetBufferList0(
	NET_BUFFER_LIST *originalNetBufferList, NDIS_HANDLE netBufferListPoolHandle,
	NDIS_HANDLE netBufferPoolHandle, ULONG allocateCloneFlags, NET_BUFFER_LIST **netBufferList);
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT void NTAPI FwpsFreeCloneNetBufferList0(NET_BUFFER_LIST *netBufferList,
						      ULONG freeCloneFlags);
/* Keeps an indicated list beyond the classify; never for long. intendToModify: a clone of it will
 * be modified after classifyFn has returned. */
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT void NTAPI FwpsReferenceNetBufferList0(NET_BUFFER_LIST *netBufferList,
						      BOOLEAN intendToModify);
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT void NTAPI FwpsDereferenceNetBufferList0(NET_BUFFER_LIST *netBufferList,
							BOOLEAN dispatchLevel);
/* Puts an IP header in front of a transport packet, or replaces the one that is there. */
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpsConstructIpHeaderForTransportPacket0(
	NET_BUFFER_LIST *netBufferList, ULONG headerIncludeHeaderLength,
	ADDRESS_FAMILY addressFamily, const UCHAR *sourceAddress, const UCHAR *remoteAddress,
	IPPROTO nextProtocol, UINT64 endpointHandle, const WSACMSGHDR *controlData,
	ULONG controlDataLength, UINT32 flags, PVOID reserved, IF_INDEX interfaceIndex,
	IF_INDEX subInterfaceIndex);

#if NTDDI_VERSION >= NTDDI_WIN7
#define FWPS_TRANSPORT_SEND_PARAMS   FWPS_TRANSPORT_SEND_PARAMS1
#define FwpsInjectTransportSendAsync FwpsInjectTransportSendAsync1
#else
#define FWPS_TRANSPORT_SEND_PARAMS   FWPS_TRANSPORT_SEND_PARAMS0
#define FwpsInjectTransportSendAsync FwpsInjectTransportSendAsync0
#endif
#define FWPS_INJECT_COMPLETE			FWPS_INJECT_COMPLETE0
#define FwpsInjectionHandleCreate		FwpsInjectionHandleCreate0
#define FwpsInjectionHandleDestroy		FwpsInjectionHandleDestroy0
#define FwpsQueryPacketInjectionState		FwpsQueryPacketInjectionState0
#define FwpsInjectNetworkSendAsync		FwpsInjectNetworkSendAsync0
#define FwpsInjectNetworkReceiveAsync		FwpsInjectNetworkReceiveAsync0
#define FwpsInjectForwardAsync			FwpsInjectForwardAsync0
#define FwpsInjectTransportReceiveAsync		FwpsInjectTransportReceiveAsync0
#define FwpsAllocateNetBufferAndNetBufferList	FwpsAllocateNetBufferAndNetBufferList0
#define FwpsFreeNetBufferList			FwpsFreeNetBufferList0
#define FwpsAllocateCloneNetBufferList		FwpsAllocateCloneNetBufferList0
#define FwpsFreeCloneNetBufferList		FwpsFreeCloneNetBufferList0
#define FwpsReferenceNetBufferList		FwpsReferenceNetBufferList0
#define FwpsDereferenceNetBufferList		FwpsDereferenceNetBufferList0
#define FwpsConstructIpHeaderForTransportPacket FwpsConstructIpHeaderForTransportPacket0

EXTERN_C_END
