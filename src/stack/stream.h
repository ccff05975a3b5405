/* SPDX-License-Identifier: MIT */
/*
 * stream - one direction of a TCP connection as its receiver reads it: bytes in order, each once.
 *
 * Segments come in any order, repeated and overlapping; of bytes sent twice the first to arrive
 * count.  In-order data are passed through without a copy; what arrived early is copied and waits.
 * If more waits than the cap allows, the missing bytes are declared lost (gap) and inspection goes
 * on behind them.  Owned by the flow; worker's thread only.
 */
#pragma once

#include "base/err.h"
#include "base/list.h"

/* A segment further than this beyond the next byte is outside any window. */
#define STREAM_MAX_WINDOW (1u << 30)

struct stream_sink {
	/* The next len bytes, valid during the call.  `at`: bytes before them in the stream. */
	void (*data)(void *ctx, const uint8_t *bytes, uint32_t len, uint64_t at);
	void (*gap)(void *ctx, uint64_t len, uint64_t at); /* these are lost */
	void (*end)(void *ctx, bool reset);		   /* once; FIN reached, or RST */
	void *ctx;
};

/* [W] all */
struct stream {
	struct list early;    /* struct stream_piece, by sequence number, without overlap */
	uint32_t early_bytes; /* waiting, bookkeeping included */
	uint32_t max_bytes;
	uint32_t next; /* sequence number */
	uint64_t at;   /* bytes delivered or lost so far */
	uint32_t fin;  /* sequence number of the FIN; meaningful if fin_seen */
	bool open, fin_seen, ended;
};

void stream_init(struct stream *s, uint32_t max_bytes);
void stream_clear(struct stream *s); /* frees what waits; usable again after stream_init */

/*
 * The SYN's sequence number + 1.  Without it the first segment that comes opens the stream. Ignored
 * when the stream is open: a stray SYN must not make it begin anew.
 */
void stream_open(struct stream *s, uint32_t next);

enum stream_result {
	STREAM_DELIVERED, /* the sink was called, for this segment and perhaps for others */
	STREAM_EARLY,	  /* waits for what is before it */
	STREAM_OLD,	  /* nothing new in it */
	STREAM_OUTSIDE,	  /* outside any window, or after the end: ignored */
};
/* `seq` is the sequence number of bytes[0]; the sink may be called several times. */
enum stream_result stream_segment(struct stream *s, uint32_t seq, const uint8_t *bytes,
				  uint32_t len, bool fin, const struct stream_sink *sink);
void stream_reset(struct stream *s, const struct stream_sink *sink);
/* Gives up on what is missing: gaps, then everything that waits, and the FIN if it was seen. */
void stream_flush(struct stream *s, const struct stream_sink *sink);
