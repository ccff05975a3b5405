/* SPDX-License-Identifier: MIT */
/*
 * scenario - the text file that says what is explored: who, which packets, which disturbances.
 *
 * One statement a line, '#' begins a comment; docs/reference/scenario.md describes it.  The file is
 * hostile input: everything is bounded, and an error names line and word.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#define SCENARIO_DRIVERS      8u
#define SCENARIO_PACKETS      32u
#define SCENARIO_DISTURBANCES 16u
#define SCENARIO_FILTERS      32u

enum scenario_disturb {
	SCENARIO_CLOSE,		/* the endpoint of packet N's flow goes away */
	SCENARIO_UNREGISTER,	/* the engine takes driver D's callouts out, by force */
	SCENARIO_UNLOAD,	/* driver D's DriverUnload is called */
	SCENARIO_FILTER_ADD,	/* a filter that permits all is added at the layer, and */
	SCENARIO_FILTER_DELETE, /* driver D's filters are deleted */
	SCENARIO_STOP,		/* the engine stops */
	SCENARIO_TIMEOUT,	/* the watchdog's time is over at any moment */
	SCENARIO_INJECT,	/* reserved word for later kinds: a row each */
	SCENARIO_DISTURBS
};

struct scenario_packet {
	bool out, v6;
	uint8_t protocol; /* 6, 17, 1, 58 */
	uint8_t src[16], dst[16];
	uint16_t src_port, dst_port;
	uint8_t tcp_flags;
	uint32_t seq, ack;
	uint32_t len;	     /* of the payload */
	const char *payload; /* in the scenario's memory; may hold any bytes */
	uint32_t after;	     /* fed once packet `after` was answered; 0: at once */
	uint32_t chain;	     /* how many net buffer lists are indicated together */
	uint32_t line;
};

struct scenario_disturbance {
	enum scenario_disturb kind;
	uint32_t packet; /* CLOSE; from 1 */
	uint32_t driver; /* from 0 */
	uint32_t line;
};

struct scenario_filter { /* static filters, in the words of wfp add filter */
	char layer[64];
	bool permit;
	uint64_t weight;
	uint16_t sublayer_weight;
	uint32_t line;
};

struct scenario {
	char *name, *about;
	char *layer;			 /* NULL: whatever the drivers register at */
	char *drivers[SCENARIO_DRIVERS]; /* in order of weight; files or names */
	uint32_t n_drivers;
	char *capture; /* packets of a pcap file instead; NULL: none */
	struct scenario_packet packets[SCENARIO_PACKETS];
	uint32_t n_packets;
	struct scenario_disturbance disturbances[SCENARIO_DISTURBANCES];
	uint32_t n_disturbances;
	struct scenario_filter filters[SCENARIO_FILTERS];
	uint32_t n_filters;
	bool choose_memory, choose_clone; /* one of them may fail, in each run */
	bool strict, freeze;
	bool no_unload; /* the drivers are not unloaded at the end of each run */
	uint32_t time_jumps;
	char *expect; /* "none", or a rule's name; NULL: not said */
};

/* The text need not end in zero.  On failure `why` says line and word, and nothing is left. */
MUST_CHECK wfp_err scenario_parse(struct scenario **out, const char *text, size_t len,
				  struct buf *why);
/* As parse would read it again: the same scenario, for traces and for shrinking. */
MUST_CHECK wfp_err scenario_print(const struct scenario *s, struct buf *out);
MUST_CHECK wfp_err scenario_copy(struct scenario **out, const struct scenario *s);
void scenario_free(struct scenario *s);
