/* SPDX-License-Identifier: MIT */
/*
 * stream - reassembly of one direction of TCP.
 *
 * Early data are kept as pieces that never overlap: a new segment is cut into what no piece holds
 * yet.  Sequence numbers are compared by their distance from `next`, so that they may wrap.  Each
 * piece is charged at least PIECE_COST, which also bounds how many there can be.
 */
#include "stack/stream.h"

#include "base/mem.h"

#include <string.h>

#define PIECE_COST 256u

struct stream_piece {
	struct list link;
	uint32_t seq, len;
	uint8_t bytes[];
};

struct segment {
	uint32_t seq, len;
	const uint8_t *bytes;
};

/* How far `seq` is behind the next byte; negative: before it. */
static int32_t distance(const struct stream *s, uint32_t seq)
{
	return (int32_t)(seq - s->next);
}

static struct stream_piece *first_piece(const struct stream *s)
{
	struct list *link = list_first(&s->early);

	return link ? LIST_ENTRY(link, struct stream_piece, link) : NULL;
}

static uint32_t piece_cost(uint32_t len)
{
	return len + (uint32_t)sizeof(struct stream_piece) + PIECE_COST;
}

static void piece_free(struct stream *s, struct stream_piece *piece)
{
	s->early_bytes -= piece_cost(piece->len);
	list_del(&piece->link);
	mem_free(piece);
}

void stream_init(struct stream *s, uint32_t max_bytes)
{
	*s = (struct stream){.max_bytes = max_bytes};
	list_init(&s->early);
}

void stream_clear(struct stream *s)
{
	struct stream_piece *piece;

	while ((piece = first_piece(s)))
		piece_free(s, piece);
}

void stream_open(struct stream *s, uint32_t next)
{
	if (s->open)
		return;
	s->next = next;
	s->open = true;
}

/* ---- giving ------------------------------------------------------------------------------- */

static void end(struct stream *s, bool reset, const struct stream_sink *sink)
{
	s->ended = true;
	stream_clear(s);
	sink->end(sink->ctx, reset);
}

static void deliver(struct stream *s, const uint8_t *bytes, uint32_t len,
		    const struct stream_sink *sink)
{
	if (s->fin_seen && len > s->fin - s->next)
		len = s->fin - s->next;
	if (len == 0)
		return;
	s->next += len;
	s->at += len;
	sink->data(sink->ctx, bytes, len, s->at - len);
}

static void skip(struct stream *s, uint32_t len, const struct stream_sink *sink)
{
	s->next += len;
	s->at += len;
	sink->gap(sink->ctx, len, s->at - len);
}

/* Gives every piece that has become next. */
static void deliver_pieces(struct stream *s, const struct stream_sink *sink)
{
	struct stream_piece *piece;

	while ((piece = first_piece(s)) && piece->seq == s->next) {
		deliver(s, piece->bytes, piece->len, sink);
		piece_free(s, piece);
		if (s->fin_seen && s->next == s->fin)
			break;
	}
	if (s->fin_seen && s->next == s->fin)
		end(s, false, sink);
}

/* Cuts off what lies before the next byte; false: nothing is left. */
static bool trim_old(const struct stream *s, struct segment *seg)
{
	int32_t d = distance(s, seg->seq);
	uint32_t old = d < 0 ? (uint32_t)-d : 0;

	if (old >= seg->len)
		return false;
	seg->seq += old;
	seg->bytes += old;
	seg->len -= old;
	return true;
}

/* A segment that holds the next byte, in turns with the pieces that lie within it. */
static void deliver_segment(struct stream *s, struct segment seg, const struct stream_sink *sink)
{
	while (!s->ended && trim_old(s, &seg)) {
		struct stream_piece *piece = first_piece(s);
		uint32_t n = seg.len;

		if (piece && (uint32_t)distance(s, piece->seq) < n)
			n = (uint32_t)distance(s, piece->seq);
		deliver(s, seg.bytes, n, sink);
		deliver_pieces(s, sink);
	}
}

/* ---- keeping ------------------------------------------------------------------------------ */

/* False: over the cap, or no memory. */
static bool piece_add(struct stream *s, struct list *before, uint32_t seq, const uint8_t *bytes,
		      uint32_t len)
{
	uint32_t cost = piece_cost(len);
	struct stream_piece *piece;

	if (cost > s->max_bytes || s->early_bytes > s->max_bytes - cost)
		return false;
	piece = mem_alloc(sizeof(*piece) + len);
	if (!piece)
		return false;
	piece->seq = seq;
	piece->len = len;
	memcpy(piece->bytes, bytes, len);
	list_add_tail(before, &piece->link);
	s->early_bytes += cost;
	return true;
}

/* Keeps what no piece holds yet of a segment ahead of the next byte.  False: piece_add failed. */
static bool keep(struct stream *s, struct segment seg)
{
	struct list *pos;

	LIST_FOR_EACH (pos, &s->early) {
		const struct stream_piece *piece = LIST_ENTRY(pos, struct stream_piece, link);
		int32_t hole = (int32_t)(piece->seq - seg.seq);
		uint32_t taken;

		if (hole >= (int32_t)seg.len)
			break;
		if (hole > 0 && !piece_add(s, pos, seg.seq, seg.bytes, (uint32_t)hole))
			return false;
		if (hole + (int32_t)piece->len <= 0)
			continue;
		taken = (uint32_t)(hole + (int32_t)piece->len);
		if (taken >= seg.len)
			return true;
		seg.seq += taken;
		seg.bytes += taken;
		seg.len -= taken;
	}
	return piece_add(s, pos, seg.seq, seg.bytes, seg.len);
}

/* Over the cap: what is missing before the first byte that is here counts as lost. */
static void give_up_hole(struct stream *s, uint32_t seq, const struct stream_sink *sink)
{
	const struct stream_piece *piece = first_piece(s);
	uint32_t to = seq;

	if (piece && distance(s, piece->seq) < distance(s, seq))
		to = piece->seq;
	if (s->fin_seen && distance(s, s->fin) < distance(s, to))
		to = s->fin;
	skip(s, to - s->next, sink);
	deliver_pieces(s, sink);
}

static enum stream_result take_early(struct stream *s, struct segment seg,
				     const struct stream_sink *sink)
{
	if (keep(s, seg))
		return STREAM_EARLY;
	while (!s->ended && distance(s, seg.seq) > 0)
		give_up_hole(s, seg.seq, sink);
	if (!s->ended)
		deliver_segment(s, seg, sink);
	return STREAM_DELIVERED;
}

/* The first FIN counts; one before what was already given does not. */
static void take_fin(struct stream *s, uint32_t fin)
{
	if (s->fin_seen || distance(s, fin) < 0)
		return;
	s->fin = fin;
	s->fin_seen = true;
}

/* ---- the interface ------------------------------------------------------------------------ */

enum stream_result stream_segment(struct stream *s, uint32_t seq, const uint8_t *bytes,
				  uint32_t len, bool fin, const struct stream_sink *sink)
{
	struct segment seg = {seq, len, bytes};
	int32_t d;

	if (!s->open)
		stream_open(s, seq);
	d = distance(s, seq);
	if (s->ended || d > (int32_t)STREAM_MAX_WINDOW || d < -(int32_t)STREAM_MAX_WINDOW)
		return STREAM_OUTSIDE;
	if (fin)
		take_fin(s, seq + len);
	if (s->fin_seen && (int32_t)(seq + len - s->fin) > 0) {
		if ((int32_t)(seq - s->fin) >= 0)
			return STREAM_OUTSIDE;
		seg.len = s->fin - seq;
	}
	if (s->fin_seen && s->next == s->fin) {
		end(s, false, sink);
		return STREAM_DELIVERED;
	}
	if (!trim_old(s, &seg))
		return seg.len == 0 && d > 0 ? STREAM_EARLY : STREAM_OLD;
	if (distance(s, seg.seq) > 0)
		return take_early(s, seg, sink);
	deliver_segment(s, seg, sink);
	return STREAM_DELIVERED;
}

void stream_reset(struct stream *s, const struct stream_sink *sink)
{
	if (!s->ended)
		end(s, true, sink);
}

void stream_flush(struct stream *s, const struct stream_sink *sink)
{
	const struct stream_piece *piece;

	while (!s->ended && ((piece = first_piece(s)) || s->fin_seen))
		give_up_hole(s, piece ? piece->seq : s->fin, sink);
}
