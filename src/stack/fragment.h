/* SPDX-License-Identifier: MIT */
/*
 * fragment - pieces become datagrams before anything above IPPACKET looks at them.
 *
 * One table per worker, called on its thread.  Pieces of one datagram (addresses, protocol for v4,
 * id, hook) are kept until they are complete, 60 s have passed, they contradict each other, or
 * memory runs out; then all of them leave together, because each still owes an answer to its port.
 *
 * Overlap: IPv6 drops the datagram (RFC 5722); so does IPv4, unless the piece repeats another one
 * exactly, which is then answered with the rest.  The first fragment must carry the whole chain of
 * headers (RFC 7112), so that no filter is fooled by ports in a later piece.
 *
 *	(none) --first piece--> GATHERING --last hole filled--> complete (fragment_add says so)
 *	                        GATHERING --overlap, lie, 60 s, memory, flush--> dropped(...)
 */
#pragma once

#include "base/list.h"
#include "stack/packet.h"

#define FRAGMENT_TIMEOUT_S  60u
#define FRAGMENT_MAX_PIECES 2048u /* of one datagram; 65 535 bytes in pieces of 32 */

struct fragment_table;

enum fragment_fault {
	FRAGMENT_NONE,
	FRAGMENT_OVERLAP,
	FRAGMENT_LENGTH,  /* pieces disagree about the end, or the whole is too long */
	FRAGMENT_TINY,	  /* the first piece hides the transport header */
	FRAGMENT_HEADERS, /* the whole does not parse */
	FRAGMENT_TIMEOUT,
	FRAGMENT_MEMORY,   /* over the limit, the source's share or out of memory */
	FRAGMENT_TOO_MANY, /* pieces */
	FRAGMENT_FLUSHED,
	FRAGMENT_FAULTS
};
const char *fragment_fault_name(enum fragment_fault why);

struct fragment_config {
	uint32_t max_bytes; /* data and bookkeeping; one source may use a quarter of it */
	uint8_t hash_key[16];
	/*
	 * The packets in `originals` (linked by packet.queued) are the callee's now: to be answered
	 * and put.  Called from add, tick and flush; it must not call back into the table.
	 */
	void (*dropped)(void *ctx, struct list *originals, enum fragment_fault why);
	void *ctx;
};

MUST_CHECK wfp_err fragment_table_create(struct fragment_table **out,
					 const struct fragment_config *config);
void fragment_table_destroy(struct fragment_table *t); /* must be empty: flush first */

/*
 * Takes the reference to p, a packet with h.is_fragment.  True: the datagram is complete; *whole is
 * a new packet without a port (facts of the first piece, headers parsed, fragment header removed,
 * checksums as sent) and `originals` becomes the list of the pieces by offset.  False: p is kept
 * or was handed to `dropped`, with its fellows if any.
 */
MUST_CHECK bool fragment_add(struct fragment_table *t, struct packet *p, uint64_t now,
			     struct packet **whole, struct list *originals);

void fragment_table_tick(struct fragment_table *t, uint64_t now);
uint64_t fragment_table_next_deadline(const struct fragment_table *t); /* CLOCK_NEVER: none */
void fragment_table_flush(struct fragment_table *t);
uint32_t fragment_table_bytes(const struct fragment_table *t);
bool fragment_table_empty(const struct fragment_table *t);

/*
 * An atomic fragment is a whole datagram: its fragment header is cut out in place (RFC 6946) and
 * p->h is parsed anew.
 */
enum headers_fault fragment_make_whole(struct packet *p);
