/* SPDX-License-Identifier: MIT */
/*
 * Packets as drivers see them. A net buffer list (NBL) is what a classify, a clone or an injection
 * is about; it holds net buffers (one packet each), and a net buffer describes a window of bytes
 * in a chain of memory descriptors: it starts DataOffset bytes into the chain, DataLength long.
 *
 * Retreat and advance move the start of that window, to reach a header in front of it and back.
 * Whoever moves it for a look moves it back by as much before anyone else sees the list.
 */
#pragma once

#include "wdm.h"
#include "ws2ipdef.h"

EXTERN_C_START

typedef PVOID NDIS_HANDLE, *PNDIS_HANDLE;
typedef int NDIS_STATUS, *PNDIS_STATUS;
typedef ULONG NDIS_PORT_NUMBER;
typedef UINT32 NDIS_SWITCH_PORT_ID;
typedef USHORT NDIS_SWITCH_NIC_INDEX;

#define NDIS_STATUS_SUCCESS	 ((NDIS_STATUS)STATUS_SUCCESS)
#define NDIS_STATUS_PENDING	 ((NDIS_STATUS)STATUS_PENDING)
#define NDIS_STATUS_FAILURE	 ((NDIS_STATUS)STATUS_UNSUCCESSFUL)
#define NDIS_STATUS_RESOURCES	 ((NDIS_STATUS)STATUS_INSUFFICIENT_RESOURCES)
#define NDIS_DEFAULT_PORT_NUMBER ((NDIS_PORT_NUMBER)0)

typedef struct _NDIS_OBJECT_HEADER {
	UCHAR Type;
	UCHAR Revision;
	USHORT Size;
} NDIS_OBJECT_HEADER, *PNDIS_OBJECT_HEADER;
#define NDIS_OBJECT_TYPE_DEFAULT 0x80

/* The slots of NET_BUFFER_LIST.NetBufferListInfo, out-of-band data of a list. */
typedef enum _NDIS_NET_BUFFER_LIST_INFO {
	TcpIpChecksumNetBufferListInfo = 0,
	TcpOffloadBytesTransferred = TcpIpChecksumNetBufferListInfo,
	IPsecOffloadV1NetBufferListInfo = 1,
	IPsecOffloadV2NetBufferListInfo = IPsecOffloadV1NetBufferListInfo,
	TcpLargeSendNetBufferListInfo = 2,
	TcpReceiveNoPush = TcpLargeSendNetBufferListInfo,
	ClassificationHandleNetBufferListInfo = 3,
	Ieee8021QNetBufferListInfo = 4,
	NetBufferListCancelId = 5,
	MediaSpecificInformation = 6,
	NetBufferListFrameType = 7,
	NetBufferListProtocolId = NetBufferListFrameType,
	NetBufferListHashValue = 8,
	NetBufferListHashInfo = 9,
	WfpNetBufferListInfo = 10,
	IPsecOffloadV2TunnelNetBufferListInfo = 11,
	IPsecOffloadV2HeaderNetBufferListInfo = 12,
	NetBufferListCorrelationId = 13,
	NetBufferListFilteringInfo = 14,
	MediaSpecificInformationEx = 15,
	NblOriginalInterfaceIfIndex = 16,
	NblReAuthWfpFlowContext = NblOriginalInterfaceIfIndex,
	TcpReceiveBytesTransferred = 17,
	NrtNameResolutionId = TcpReceiveBytesTransferred,
	UdpRecvSegCoalesceOffloadInfo = TcpReceiveBytesTransferred,
	SwitchForwardingReserved = 18,
	SwitchForwardingDetail = 19,
	VirtualSubnetInfo = 20,
	IMReserved = 21,
	TcpRecvSegCoalesceInfo = 22,
	UdpSegmentationOffloadInfo = TcpRecvSegCoalesceInfo,
	RscTcpTimestampDelta = 23,
	TcpSendOffloadsSupplementalNetBufferListInfo = RscTcpTimestampDelta,
	GftOffloadInformation = 24,
	GftFlowEntryId = 25,
	NetBufferListInfoReserved3 = 26,
	MaxNetBufferListInfo = 27,
} NDIS_NET_BUFFER_LIST_INFO,
	*PNDIS_NET_BUFFER_LIST_INFO;

typedef struct _NET_BUFFER NET_BUFFER, *PNET_BUFFER;
typedef struct _NET_BUFFER_LIST NET_BUFFER_LIST, *PNET_BUFFER_LIST;
typedef struct _NET_BUFFER_LIST_CONTEXT NET_BUFFER_LIST_CONTEXT, *PNET_BUFFER_LIST_CONTEXT;

/* CurrentMdl and CurrentMdlOffset are where the window starts, so that nobody walks the chain. */
struct _NET_BUFFER {
	union {
		struct {
			NET_BUFFER *Next;
			MDL *CurrentMdl;
			ULONG CurrentMdlOffset;
			union {
				ULONG DataLength;
				SIZE_T stDataLength;
			};
			MDL *MdlChain;
			ULONG DataOffset;
		};
		SLIST_HEADER Link;
	};
	USHORT ChecksumBias;
	USHORT Reserved;
	NDIS_HANDLE NdisPoolHandle;
	DECLSPEC_ALIGN(16) PVOID NdisReserved[2];
	DECLSPEC_ALIGN(16) PVOID ProtocolReserved[6];
	DECLSPEC_ALIGN(16) PVOID MiniportReserved[4];
	PHYSICAL_ADDRESS DataPhysicalAddress;
	union {
		PVOID SharedMemoryInfo;
		PVOID ScatterGatherList;
	};
};

struct _NET_BUFFER_LIST_CONTEXT {
	NET_BUFFER_LIST_CONTEXT *Next;
	USHORT Size;
	USHORT Offset;
	DECLSPEC_ALIGN(16) UCHAR ContextData[];
};

/* Status is how an injection ended, read by the completion function. */
struct _NET_BUFFER_LIST {
	union {
		struct {
			NET_BUFFER_LIST *Next;
			NET_BUFFER *FirstNetBuffer;
		};
		SLIST_HEADER Link;
	};
	NET_BUFFER_LIST_CONTEXT *Context;
	NET_BUFFER_LIST *ParentNetBufferList;
	NDIS_HANDLE NdisPoolHandle;
	DECLSPEC_ALIGN(16) PVOID NdisReserved[2];
	DECLSPEC_ALIGN(16) PVOID ProtocolReserved[4];
	DECLSPEC_ALIGN(16) PVOID MiniportReserved[2];
	PVOID Scratch;
	NDIS_HANDLE SourceHandle;
	ULONG NblFlags;
	LONG ChildRefCount;
	ULONG Flags;
	union {
		NDIS_STATUS Status;
		ULONG NdisReserved2;
	};
	PVOID NetBufferListInfo[MaxNetBufferListInfo];
};

#define NDIS_NBL_FLAGS_SEND_READ_ONLY	       0x00000001
#define NDIS_NBL_FLAGS_RECV_READ_ONLY	       0x00000002
#define NDIS_NBL_FLAGS_IS_IPV4		       0x00000200
#define NDIS_NBL_FLAGS_IS_IPV6		       0x00000400
#define NDIS_NBL_FLAGS_IS_TCP		       0x00000800
#define NDIS_NBL_FLAGS_IS_UDP		       0x00001000
#define NDIS_NBL_FLAGS_IS_LOOPBACK_PACKET      0x00008000

#define NET_BUFFER_NEXT_NB(nb)		       ((nb)->Next)
#define NET_BUFFER_FIRST_MDL(nb)	       ((nb)->MdlChain)
#define NET_BUFFER_DATA_LENGTH(nb)	       ((nb)->DataLength)
#define NET_BUFFER_DATA_OFFSET(nb)	       ((nb)->DataOffset)
#define NET_BUFFER_CURRENT_MDL(nb)	       ((nb)->CurrentMdl)
#define NET_BUFFER_CURRENT_MDL_OFFSET(nb)      ((nb)->CurrentMdlOffset)
#define NET_BUFFER_PROTOCOL_RESERVED(nb)       ((nb)->ProtocolReserved)
#define NET_BUFFER_MINIPORT_RESERVED(nb)       ((nb)->MiniportReserved)
#define NET_BUFFER_CHECKSUM_BIAS(nb)	       ((nb)->ChecksumBias)

#define NET_BUFFER_LIST_NEXT_NBL(nbl)	       ((nbl)->Next)
#define NET_BUFFER_LIST_FIRST_NB(nbl)	       ((nbl)->FirstNetBuffer)
#define NET_BUFFER_LIST_FLAGS(nbl)	       ((nbl)->Flags)
#define NET_BUFFER_LIST_NBL_FLAGS(nbl)	       ((nbl)->NblFlags)
#define NET_BUFFER_LIST_STATUS(nbl)	       ((nbl)->Status)
#define NET_BUFFER_LIST_INFO(nbl, id)	       ((nbl)->NetBufferListInfo[(id)])
#define NET_BUFFER_LIST_PROTOCOL_RESERVED(nbl) ((nbl)->ProtocolReserved)
#define NET_BUFFER_LIST_MINIPORT_RESERVED(nbl) ((nbl)->MiniportReserved)
#define NET_BUFFER_LIST_PARENT(nbl)	       ((nbl)->ParentNetBufferList)

#define NdisTestNblFlag(nbl, f)		       (((nbl)->NblFlags & (f)) != 0)
#define NdisSetNblFlag(nbl, f)		       ((nbl)->NblFlags |= (f))
#define NdisClearNblFlag(nbl, f)	       ((nbl)->NblFlags &= ~(f))

/* ---- the parts of a packet ---- */

typedef PMDL(NTAPI NET_BUFFER_ALLOCATE_MDL)(ULONG *BufferSize);
typedef NET_BUFFER_ALLOCATE_MDL *NET_BUFFER_ALLOCATE_MDL_HANDLER;
typedef VOID(NTAPI NET_BUFFER_FREE_MDL)(MDL *Mdl);
typedef NET_BUFFER_FREE_MDL *NET_BUFFER_FREE_MDL_HANDLER;

/* BytesNeeded bytes from the start of the window in one piece: a pointer into the packet when they
 * lie together, else a copy in Storage, and NULL when they do not and Storage is NULL or when the
 * window is shorter. What is written into a copy does not reach the packet. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NDIS_EXPORTED_ROUTINE PVOID NTAPI NdisGetDataBuffer(NET_BUFFER *NetBuffer, ULONG BytesNeeded,
						    PVOID Storage, ULONG AlignMultiple,
						    ULONG AlignOffset);
/* May fail where no room is left in front of the data and memory is short. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NDIS_EXPORTED_ROUTINE NDIS_STATUS NTAPI
NdisRetreatNetBufferDataStart(NET_BUFFER *NetBuffer, ULONG DataOffsetDelta, ULONG DataBackFill,
			      NET_BUFFER_ALLOCATE_MDL_HANDLER AllocateMdlHandler);
_IRQL_requires_max_(DISPATCH_LEVEL)
NDIS_EXPORTED_ROUTINE VOID NTAPI
NdisAdvanceNetBufferDataStart(NET_BUFFER *NetBuffer, ULONG DataOffsetDelta, BOOLEAN FreeMdl,
			      NET_BUFFER_FREE_MDL_HANDLER FreeMdlHandler);
/* The same for every net buffer of the list: all or none. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NDIS_EXPORTED_ROUTINE NDIS_STATUS NTAPI NdisRetreatNetBufferListDataStart(
	NET_BUFFER_LIST *NetBufferList, ULONG DataOffsetDelta, ULONG DataBackFill,
	NET_BUFFER_ALLOCATE_MDL_HANDLER AllocateMdlHandler,
	NET_BUFFER_FREE_MDL_HANDLER FreeMdlHandler);
_IRQL_requires_max_(DISPATCH_LEVEL)
NDIS_EXPORTED_ROUTINE VOID NTAPI
NdisAdvanceNetBufferListDataStart(NET_BUFFER_LIST *NetBufferList, ULONG DataOffsetDelta,
				  BOOLEAN FreeMdl, NET_BUFFER_FREE_MDL_HANDLER FreeMdlHandler);
/* Copies between windows; BytesCopied may be less than asked, with success. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NDIS_EXPORTED_ROUTINE NDIS_STATUS NTAPI NdisCopyFromNetBufferToNetBuffer(
	NET_BUFFER *Destination, ULONG DestinationOffset, ULONG BytesToCopy,
	const NET_BUFFER *Source, ULONG SourceOffset, ULONG *BytesCopied);

/* ---- pools and lists of the driver's own ---- */

#define NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1 1

typedef struct _NET_BUFFER_LIST_POOL_PARAMETERS {
	NDIS_OBJECT_HEADER Header;
	UCHAR ProtocolId;
	BOOLEAN fAllocateNetBuffer;
	USHORT ContextSize;
	ULONG PoolTag;
	ULONG DataSize;
} NET_BUFFER_LIST_POOL_PARAMETERS, *PNET_BUFFER_LIST_POOL_PARAMETERS;
#define NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1                                     \
	RTL_SIZEOF_THROUGH_FIELD(NET_BUFFER_LIST_POOL_PARAMETERS, DataSize)
#define NDIS_PROTOCOL_ID_DEFAULT 0x00

typedef struct _NDIS_GENERIC_OBJECT {
	NDIS_OBJECT_HEADER Header;
	PVOID Caller;
	PVOID CallersCaller;
	PDRIVER_OBJECT DriverObject;
} NDIS_GENERIC_OBJECT, *PNDIS_GENERIC_OBJECT;

/* What a driver that is no network driver names as owner of its pools. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NDIS_EXPORTED_ROUTINE PNDIS_GENERIC_OBJECT NTAPI
NdisAllocateGenericObject(PDRIVER_OBJECT DriverObject, ULONG Tag, USHORT Size);
_IRQL_requires_max_(DISPATCH_LEVEL)
NDIS_EXPORTED_ROUTINE VOID NTAPI NdisFreeGenericObject(PNDIS_GENERIC_OBJECT NdisObject);

_IRQL_requires_max_(DISPATCH_LEVEL)
NDIS_EXPORTED_ROUTINE NDIS_HANDLE NTAPI NdisAllocateNetBufferListPool(
	NDIS_HANDLE NdisHandle, const NET_BUFFER_LIST_POOL_PARAMETERS *Parameters);
/* When all its lists have been freed. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NDIS_EXPORTED_ROUTINE VOID NTAPI NdisFreeNetBufferListPool(NDIS_HANDLE PoolHandle);
_IRQL_requires_max_(DISPATCH_LEVEL)
NDIS_EXPORTED_ROUTINE PNET_BUFFER_LIST NTAPI NdisAllocateNetBufferAndNetBufferList(
	NDIS_HANDLE PoolHandle, USHORT ContextSize, USHORT ContextBackFill, MDL *MdlChain,
	ULONG DataOffset, SIZE_T DataLength);
/* The list and its net buffers, neither descriptors nor memory. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NDIS_EXPORTED_ROUTINE VOID NTAPI NdisFreeNetBufferList(NET_BUFFER_LIST *NetBufferList);
_IRQL_requires_max_(DISPATCH_LEVEL)
NDIS_EXPORTED_ROUTINE PMDL NTAPI NdisAllocateMdl(NDIS_HANDLE NdisHandle, PVOID VirtualAddress,
						 ULONG Length);
_IRQL_requires_max_(DISPATCH_LEVEL)
NDIS_EXPORTED_ROUTINE VOID NTAPI NdisFreeMdl(MDL *Mdl);

EXTERN_C_END
