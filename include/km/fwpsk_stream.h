/* SPDX-License-Identifier: MIT */
/*
 * Data of a TCP stream, a part of fwpsk.h: include that. A stream callout is shown data in order,
 * once, in pieces whose borders mean nothing.
 *
 * What an inspecting callout returns is FWP_ACTION_CONTINUE; it may read or copy, and leaves
 * streamAction and countBytesEnforced as they were.
 */
#pragma once

#include "fwpstypes.h"
#include "ndis.h"

EXTERN_C_START

typedef struct FWPS_STREAM_DATA_OFFSET0_ {
	NET_BUFFER_LIST *netBufferList;
	NET_BUFFER *netBuffer;
	MDL *mdl;
	UINT32 mdlOffset;
	UINT32 netBufferOffset;
	SIZE_T streamDataOffset;
} FWPS_STREAM_DATA_OFFSET0;

#define FWPS_STREAM_FLAG_RECEIVE	    0x00000001
#define FWPS_STREAM_FLAG_RECEIVE_EXPEDITED  0x00000002
#define FWPS_STREAM_FLAG_RECEIVE_DISCONNECT 0x00000004
#define FWPS_STREAM_FLAG_RECEIVE_ABORT	    0x00000008
#define FWPS_STREAM_FLAG_RECEIVE_PUSH	    0x00000010
#define FWPS_STREAM_FLAG_SEND		    0x00010000
#define FWPS_STREAM_FLAG_SEND_EXPEDITED	    0x00020000
#define FWPS_STREAM_FLAG_SEND_NODELAY	    0x00040000
#define FWPS_STREAM_FLAG_SEND_DISCONNECT    0x00080000
#define FWPS_STREAM_FLAG_SEND_ABORT	    0x00100000

typedef struct FWPS_STREAM_DATA0_ {
	UINT32 flags;
	FWPS_STREAM_DATA_OFFSET0 dataOffset;
	SIZE_T dataLength;
	NET_BUFFER_LIST *netBufferListChain;
} FWPS_STREAM_DATA0;

typedef enum FWPS_STREAM_ACTION_TYPE_ {
	FWPS_STREAM_ACTION_NONE = 0,
	FWPS_STREAM_ACTION_NEED_MORE_DATA = 1,
	FWPS_STREAM_ACTION_DROP_CONNECTION = 2,
	FWPS_STREAM_ACTION_DEFER = 3,
	FWPS_STREAM_ACTION_ALLOW_CONNECTION = 4,
	FWPS_STREAM_ACTION_TYPE_MAX = 5,
} FWPS_STREAM_ACTION_TYPE;

/* missedBytes: data this callout was not shown because another one dealt with it. */
typedef struct FWPS_STREAM_CALLOUT_IO_PACKET0_ {
	FWPS_STREAM_DATA0 *streamData;
	SIZE_T missedBytes;
	UINT32 countBytesRequired;
	SIZE_T countBytesEnforced;
	FWPS_STREAM_ACTION_TYPE streamAction;
} FWPS_STREAM_CALLOUT_IO_PACKET0;

/* Copies from the start of what is indicated; bytesCopied may be less than asked. */
_IRQL_requires_max_(DISPATCH_LEVEL)
OPENWFP_EXPORT void NTAPI FwpsCopyStreamDataToBuffer0(const FWPS_STREAM_DATA0 *calloutStreamData,
						      PVOID buffer, SIZE_T bytesToCopy,
						      SIZE_T *bytesCopied);

#define FWPS_STREAM_DATA_OFFSET	      FWPS_STREAM_DATA_OFFSET0
#define FWPS_STREAM_DATA	      FWPS_STREAM_DATA0
#define FWPS_STREAM_CALLOUT_IO_PACKET FWPS_STREAM_CALLOUT_IO_PACKET0
#define FwpsCopyStreamDataToBuffer    FwpsCopyStreamDataToBuffer0

EXTERN_C_END
