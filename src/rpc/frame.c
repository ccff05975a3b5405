/* SPDX-License-Identifier: MIT */
/*
 * frame - putting frames together from pieces, and making them.
 *
 * Used by the thread that owns the connection, on either side.
 */
#include "rpc/frame.h"

#include "rpc/codec.h"

#include <protobuf-c/protobuf-c.h>

#define ROOM_MIN ((size_t)4 << 10)  /* of the first piece of a message */
#define KEEP_MAX ((size_t)64 << 10) /* a larger buffer is not kept for the next frame */

void rpc_frame_init(struct rpc_frame *f, size_t max)
{
	*f = (struct rpc_frame){.max = max};
}

void rpc_frame_free(struct rpc_frame *f)
{
	buf_free(&f->body);
}

bool rpc_frame_announced(const struct rpc_frame *f)
{
	return f->header == RPC_FRAME_HEADER;
}

bool rpc_frame_complete(const struct rpc_frame *f)
{
	return rpc_frame_announced(f) && f->body.len == f->len;
}

/* As much again as there is, so that a peer who announces much and sends little costs little. */
static size_t body_room(const struct rpc_frame *f)
{
	size_t left = f->len - f->body.len;
	size_t room = f->body.len > ROOM_MIN ? f->body.len : ROOM_MIN;

	return room < left ? room : left;
}

wfp_err rpc_frame_room(struct rpc_frame *f, uint8_t **to, size_t *room)
{
	if (!rpc_frame_announced(f)) {
		*to = f->head + f->header;
		*room = RPC_FRAME_HEADER - f->header;
		return ERR_OK;
	}
	*room = body_room(f);
	*to = buf_reserve(&f->body, *room);
	return *to ? ERR_OK : ERR_NO_MEMORY;
}

wfp_err rpc_frame_put(struct rpc_frame *f, size_t n)
{
	if (rpc_frame_announced(f)) {
		BUG_ON(n > f->len - f->body.len);
		f->body.len += n;
		return ERR_OK;
	}
	BUG_ON(n > RPC_FRAME_HEADER - f->header);
	f->header += (uint32_t)n;
	if (!rpc_frame_announced(f))
		return ERR_OK;
	f->len = f->head[0] | (uint32_t)f->head[1] << 8 | (uint32_t)f->head[2] << 16 |
		 (uint32_t)f->head[3] << 24;
	return f->len > f->max ? ERR_RPC_X_BAD_STUB_DATA : ERR_OK;
}

void rpc_frame_reset(struct rpc_frame *f)
{
	f->header = 0;
	f->len = 0;
	if (f->body.cap > KEEP_MAX)
		buf_free(&f->body);
	else
		buf_reset(&f->body);
}

wfp_err rpc_frame_append(struct buf *out, const struct ProtobufCMessage *m, size_t max)
{
	size_t len = protobuf_c_message_get_packed_size(m);

	if (len > max || len > UINT32_MAX)
		return ERR_RPC_X_BAD_STUB_DATA;
	if (!buf_reserve(out, len + RPC_FRAME_HEADER))
		return ERR_NO_MEMORY;
	for (unsigned shift = 0; shift < 32; shift += 8)
		buf_append_byte(out, (uint8_t)(len >> shift));
	rpc_message_pack(m, out);
	return buf_err(out);
}
