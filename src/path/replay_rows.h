/* SPDX-License-Identifier: MIT */
/*
 * replay_rows - the frames of a replay in their order, waiting for their answers.
 *
 * A frame enters at the end; the head leaves when it is answered, into the pcapng file and to the
 * caller.  So verdicts may come in any order and rows never do.  Owned by the replay's thread.
 */
#pragma once

#include "base/list.h"
#include "path/capture.h"
#include "path/pcapng.h"
#include "path/replay.h"

/* One frame, or one injected packet. */
struct row {
	struct list link;   /* among the rows, in order */
	struct list second; /* among those to be shown to the receiving end, too */
	enum replay_fate fate;
	const char *capture;
	uint64_t frame, time;
	enum packet_hook hook;
	bool answered, loopback, truncated, modified;
	bool abandoned; /* shown as blocked; the answer that still comes is ignored */
	bool two_ends;	/* accepted on its way out, it arrives here again */
	struct headers h;
	struct port_reason reason;
	uint32_t interface;
	uint32_t head_len, packet_len; /* in bytes: the link header, the packet, then padding */
	uint32_t len, wire_len;
	uint8_t *changed; /* the packet's new bytes; NULL: as captured */
	uint32_t changed_len;
	uint8_t bytes[];
};

struct replay_rows {
	struct list waiting;   /* not yet put out, in order */
	struct list abandoned; /* put out, an answer may still come */
	size_t count, unanswered;
	struct pcapng *out; /* NULL: none */
	uint32_t raw_interface;
	bool has_raw_interface;
	const struct replay_options *options;
	struct replay_totals totals;
	struct buf comment;
	uint64_t numbers;
	wfp_err err; /* the first one of writing */
};

void replay_rows_init(struct replay_rows *r, const struct replay_options *options);
/* Nothing waits any more, and no answer will come. */
void replay_rows_destroy(struct replay_rows *r);

/* A new row at the end, unanswered; frame NULL: an empty one with room for len bytes. */
MUST_CHECK wfp_err replay_rows_add(struct replay_rows *r, const struct capture_frame *frame,
				   uint32_t len, struct row **out);
/* A packet of a driver's own, answered already. */
MUST_CHECK wfp_err replay_rows_add_injected(struct replay_rows *r, const struct packet *p,
					    uint64_t time);
void replay_rows_answer(struct replay_rows *r, struct row *row, enum port_verdict v,
			const struct port_reason *why);
/* The packet's bytes as they are now. */
const uint8_t *replay_row_packet(const struct row *row, uint32_t *len);
/* Puts out what is answered at the head. */
void replay_rows_flush(struct replay_rows *r);
/* Puts out everything; what has no answer is shown as blocked. */
void replay_rows_give_up(struct replay_rows *r);
