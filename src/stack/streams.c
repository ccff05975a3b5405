/* SPDX-License-Identifier: MIT */
/*
 * streams - see streams.h; the flow's worker, once per TCP segment of an authorized flow.
 *
 * A segment that comes early passes before it is shown: its receiver cannot use it until the gap is
 * closed, and the segment that closes it is shown with everything behind it.  What the receiver
 * will not heed is not shown: a forged FIN or RST must not end the inspection.  Nothing is gathered
 * while the layer has no filter; a filter that comes later sees the stream from there.
 */
#include "stack/streams.h"

#include "stack/indicate.h"

/* What one segment leads to. */
struct showing {
	struct journey *j;
	uint32_t direction; /* LAYER_STREAM_RECEIVE or _SEND */
	bool blocked;
};

static void show(struct showing *s, const uint8_t *bytes, uint32_t len, uint32_t flags, uint64_t at)
{
	struct layer_stream data = {
		.packet = s->j->p,
		.bytes = bytes,
		.len = len,
		.flags = s->direction | flags,
		.at = at,
	};
	struct engine_verdict v;

	if (s->blocked)
		return;
	indicate_stream(s->j, &data, &v);
	if (v.outcome == ENGINE_PERMIT)
		return;
	s->blocked = true;
	indicate_stream_blocked(s->j, &data, &v);
	s->j->flow->ale.verdict = v;
}

static void on_data(void *ctx, const uint8_t *bytes, uint32_t len, uint64_t at)
{
	show(ctx, bytes, len, 0, at);
}

static void on_gap(void *ctx, uint64_t len, uint64_t at)
{
	show(ctx, NULL, (uint32_t)(len > UINT32_MAX ? UINT32_MAX : len), LAYER_STREAM_GAP, at);
}

static void on_end(void *ctx, bool reset)
{
	show(ctx, NULL, 0, reset ? LAYER_STREAM_ABORT : LAYER_STREAM_DISCONNECT, 0);
}

static bool nobody_looks(const struct journey *j)
{
	return engine_layer_empty(j->w->stack->engine,
				  layer_id(LAYER_STREAM, j->p->h.version, false));
}

enum way_move streams_show(struct journey *j)
{
	const struct headers *h = &j->p->h;
	struct showing s = {
		.j = j,
		.direction = j->p->hook == PACKET_IN ? LAYER_STREAM_RECEIVE : LAYER_STREAM_SEND,
	};
	const struct stream_sink sink = {.data = on_data, .gap = on_gap, .end = on_end, .ctx = &s};
	struct stream *stream;

	if (!j->flow || j->p->stray || nobody_looks(j))
		return WAY_ON;
	stream = &j->flow->stream[flow_dir_of(j->flow, j->p)];
	if (h->tcp_flags & HEADERS_RST) {
		if (j->flow->tcp.state == TCP_CLOSED) /* else its number was not the expected one */
			stream_reset(stream, &sink);
	} else if (h->tcp_flags & HEADERS_SYN) {
		stream_open(stream, h->tcp_seq + 1);
	} else if (h->payload_len || (h->tcp_flags & HEADERS_FIN)) {
		stream_segment(stream, h->tcp_seq, j->p->data + h->payload, h->payload_len,
			       h->tcp_flags & HEADERS_FIN, &sink);
	}
	if (!s.blocked)
		return WAY_ON;
	ale_step(&j->flow->ale, ALE_EV_BLOCK);
	return WAY_DROP;
}
