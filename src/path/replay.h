/* SPDX-License-Identifier: MIT */
/*
 * replay - captures as a source of packets: the platform plays the host that took them.
 *
 * The whole of every capture is read twice: once to find out which addresses are this host's
 * (local.h) and which attempts found no listener (prescan.h), then to indicate each IP packet.
 * Every frame becomes one row, in the order of the captures; packets that drivers sent of their own
 * follow the frame after which they were sent.  Rows are written as pcapng and shown to the caller
 * on the path's own thread, in order, as soon as they and all before them are answered.
 *
 * The stack must have been created with one worker.  Close the path after the stack is quiet.
 */
#pragma once

#include "path/path.h"
#include "path/reason.h"

enum replay_fate {
	REPLAY_PERMIT,
	REPLAY_BLOCK,
	REPLAY_NOT_IP,	 /* passed through unseen */
	REPLAY_INJECTED, /* in no capture: a driver sent it */
};

/* Valid during the call that shows it. */
struct replay_row {
	uint64_t number; /* from 1, over everything that is put out */
	enum replay_fate fate;
	const char *capture; /* of a frame: its file, and its number in it */
	uint64_t frame;
	uint64_t time;	       /* ns since 1970 */
	const uint8_t *packet; /* as it went on, or as it was if it did not; NULL: not IP */
	uint32_t packet_len;
	const struct headers *headers; /* as captured; see fault; NULL: not IP */
	enum packet_hook hook;
	bool loopback, truncated, modified;
	const struct port_reason *reason; /* NULL: not IP, or injected */
	const char *comment;		  /* what the pcapng says */
};

struct replay_options {
	const char *const *captures; /* replayed one after the other, after the argument of open */
	size_t n_captures;
	const char *const *local; /* addresses of this host in text; none: they are guessed */
	size_t n_local;
	const char *out; /* a pcapng file; NULL: none */
	/*
	 * Packets come at the distances they were captured at; under the simulator that takes no
	 * time. Else as fast as the stack takes them.  A gap of more than a day is a day.
	 */
	bool keep_time;
	uint64_t drain; /* ns to wait for held packets at the end; 0: 70 s */
	struct engine
		*engine; /* stopped when drain is over and something is still held; may be NULL */
	const struct reason_names *names;		      /* may be NULL */
	void (*row)(void *ctx, const struct replay_row *row); /* may be NULL */
	void *ctx;
};

struct replay_totals {
	uint64_t frames, not_ip, truncated;
	uint64_t permitted, blocked, modified, injected;
	uint64_t unanswered; /* given up at the end; among the blocked */
};

extern const struct path_ops replay_path;

/* After run. */
void replay_totals(const struct path *p, struct replay_totals *out);
