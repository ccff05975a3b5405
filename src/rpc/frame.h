/* SPDX-License-Identifier: MIT */
/*
 * frame - messages on a byte stream: a 32-bit little-endian length, then the message.
 *
 * Bytes may come in pieces of any size.  A reader holds one frame at a time and asks for no byte
 * beyond it, so what a peer sends ahead stays in the socket; memory grows with what has arrived,
 * not with what was announced.  One thread at a time.
 */
#pragma once

#include "base/buf.h"

struct ProtobufCMessage;

#define RPC_FRAME_HEADER 4u
#define RPC_REQUEST_MAX	 ((size_t)4 << 20)
#define RPC_ANSWER_MAX	 ((size_t)16 << 20)
/* What a decoded message may take of memory, for one of len bytes. */
#define RPC_UNPACKED_MAX(len) ((size_t)(len)*16 + ((size_t)64 << 10))
/* The same for what comes from the engine or the store: each object was let in once, in a request
 * whose other members, known or not, can have made room for it.  So this only stops nonsense. */
#define RPC_TRUSTED_MAX ((size_t)1 << 30)

struct rpc_frame {
	size_t max;	 /* longest message */
	uint32_t header; /* bytes of the header that are there */
	uint8_t head[RPC_FRAME_HEADER];
	uint32_t len; /* of the message, once the header is complete */
	struct buf body;
};

void rpc_frame_init(struct rpc_frame *f, size_t max);
void rpc_frame_free(struct rpc_frame *f);

/* Where the next bytes go, and how many at most: never 0, unless the frame is complete. */
MUST_CHECK wfp_err rpc_frame_room(struct rpc_frame *f, uint8_t **to, size_t *room);
/* n bytes were put there.  RPC_X_BAD_STUB_DATA: a longer message than max is announced. */
MUST_CHECK wfp_err rpc_frame_put(struct rpc_frame *f, size_t n);
/* The length is known. */
bool rpc_frame_announced(const struct rpc_frame *f);
/* The message is in body. */
bool rpc_frame_complete(const struct rpc_frame *f);
/* Ready for the next one; a large buffer is given back. */
void rpc_frame_reset(struct rpc_frame *f);

/* Appends a frame.  RPC_X_BAD_STUB_DATA: longer than max, nothing was appended; no memory. */
MUST_CHECK wfp_err rpc_frame_append(struct buf *out, const struct ProtobufCMessage *m, size_t max);
