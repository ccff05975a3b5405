/* SPDX-License-Identifier: MIT */
/*
 * scenario - the text file that says what is explored: who, which packets, which disturbances.
 *
 * One statement a line, '#' begins a comment; docs/reference/scenario.md describes it.  The file is
 * hostile input: everything is bounded, and an error names line and word.  Thread: any, outside a
 * run.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "explore/finding.h"

#define SCENARIO_DRIVERS      8u
#define SCENARIO_PACKETS      32u
#define SCENARIO_DISTURBANCES 16u
#define SCENARIO_FILTERS      32u
#define SCENARIO_TEXT	      (256u * 1024) /* bytes of a file */
#define SCENARIO_LINE	      8192u	    /* bytes of a line */
#define SCENARIO_PAYLOAD      1400u	    /* bytes of a packet's */

enum scenario_disturb {
	SCENARIO_CLOSE,		/* the endpoint of packet N's flow goes away */
	SCENARIO_UNREGISTER,	/* the engine takes driver D's callouts out, by force */
	SCENARIO_UNLOAD,	/* driver D's DriverUnload is called */
	SCENARIO_FILTER_ADD,	/* a filter that permits all is added at the layer */
	SCENARIO_FILTER_DELETE, /* driver D's filters are deleted */
	SCENARIO_STOP,		/* the engine stops */
	SCENARIO_TIMEOUT,	/* the watchdog's time is over at any moment */
	SCENARIO_DISTURBS
};

struct scenario_packet {
	bool out, v6;
	uint8_t protocol;	     /* 6, 17, 1, 58 */
	uint8_t src[16], dst[16];    /* network order; IPv4: the first four bytes */
	uint16_t src_port, dst_port; /* ICMP: 0 */
	uint8_t tcp_flags;	     /* enum headers_tcp_flag, ORed */
	bool reply;		     /* ICMP: the echo, not the request */
	uint32_t seq, ack;	     /* ICMP: the sequence number, and 0 */
	uint32_t len;		     /* of the payload */
	char *payload;		     /* any bytes; NULL: none */
	uint32_t after;		     /* fed once packet `after` was answered; 0: at once */
	uint32_t chain; /* handed over in one call with so many that follow, itself included */
	uint32_t line;
};

struct scenario_disturbance {
	enum scenario_disturb kind;
	uint32_t packet;   /* CLOSE; from 1 */
	uint32_t driver;   /* UNREGISTER, UNLOAD, FILTER_DELETE; from 0 */
	const char *layer; /* FILTER_ADD: its FWPM_LAYER_ name, of the catalogue */
	uint32_t line;
};

struct scenario_filter {   /* in force before the first packet */
	const char *layer; /* as above */
	bool permit;
	bool has_weight, has_sublayer; /* else chosen by the platform */
	uint64_t weight;
	uint16_t sublayer; /* the weight of its sublayer */
	uint32_t line;
};

struct scenario {
	char *name, *about; /* NULL: not said; about: lines */
	const char *layer;  /* that the packets visit when none is named; NULL: not said */
	uint8_t protocol;   /* of these packets; 0: not said */
	char *drivers[SCENARIO_DRIVERS]; /* in the order of loading; files or names */
	uint32_t n_drivers;
	char *capture; /* its packets instead; NULL: none */
	struct scenario_packet packets[SCENARIO_PACKETS];
	uint32_t n_packets;
	struct scenario_disturbance disturbances[SCENARIO_DISTURBANCES];
	uint32_t n_disturbances;
	struct scenario_filter filters[SCENARIO_FILTERS];
	uint32_t n_filters;
	bool choose_memory, choose_clone; /* each may fail: a choice of the search */
	bool strict, freeze;
	bool no_unload; /* the drivers are not unloaded at the end of each run */
	uint32_t time_jumps;
	bool expects;	       /* expect_rules was said */
	uint32_t expect_rules; /* 1 << enum explore_rule, ORed; 0: none */
};
STATIC_ASSERT(EXPLORE_RULES <= 32, "expect_rules has a bit for each");

/* The text need not end in zero.  On failure `why` says line and word, and nothing is left. */
MUST_CHECK wfp_err scenario_parse(struct scenario **out, const char *text, size_t len,
				  struct buf *why);
/* As parse would read it again: the same scenario, for traces and for shrinking. */
MUST_CHECK wfp_err scenario_print(const struct scenario *s, struct buf *out);
MUST_CHECK wfp_err scenario_copy(struct scenario **out, const struct scenario *s);
void scenario_free(struct scenario *s); /* NULL is fine */

/* "firewall", of the driver statement "lib/firewall.so"; cut to fit. */
void scenario_driver_name(const char *driver, char *out, size_t room);
/*
 * The files that the command line names: a driver statement is replaced by the file of its name, or
 * by that of "NAME=FILE"; the other files follow in their order.  Then disturbances are checked:
 * each driver that they name must exist.
 */
MUST_CHECK wfp_err scenario_set_drivers(struct scenario *s, const char *const *files, size_t n,
					struct buf *why);
bool scenario_names_driver(const struct scenario_disturbance *d);
/* Removes one; what speaks of it (disturbances, `after`, `chain`) goes or is renumbered with it. */
void scenario_drop_driver(struct scenario *s, uint32_t driver);
void scenario_drop_packet(struct scenario *s, uint32_t packet); /* from 0 */
void scenario_drop_disturbance(struct scenario *s, uint32_t disturbance);
