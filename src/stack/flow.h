/* SPDX-License-Identifier: MIT */
/*
 * flow - one conversation of this host, or of two hosts through it, and the worker's table of them.
 *
 * A key names local and remote, whichever way a packet goes, so that both directions find the same
 * flow; a forwarded packet has no local end, there the smaller end comes first.  Over loopback the
 * two ends are two flows.  ICMP queries are told apart by id and kind (a 6-tuple), other ICMP
 * by type.
 *
 * A flow has one owning worker and one writer.  flow_shard says which worker: both directions of a
 * flow, both flows of a loopback conversation and ICMP errors about a flow get the same answer.
 * Hashes are keyed, so that nobody can aim packets at one bucket or one worker.
 *
 *	(none) --flow_table_open--> IDLE <--hold/release--> HELD
 *	IDLE --timeout, cap, flow_table_close--> closed(...), freed
 */
#pragma once

#include "base/hash.h"
#include "base/heap.h"
#include "base/list.h"
#include "stack/ale.h"
#include "stack/packet.h"
#include "stack/stream.h"
#include "stack/tcp.h"

struct engine_flow;
struct stack_connection;

enum flow_kind { FLOW_LOCAL, FLOW_FORWARDED };

/* No padding: hashed and compared as bytes.  Make one with flow_key_from or from zero. */
struct flow_key {
	uint8_t version, protocol;
	uint8_t kind;			  /* enum flow_kind */
	uint8_t icmp_class;		  /* icmp_class(); 0 for other protocols */
	uint16_t local_port, remote_port; /* ICMP: the id, in both */
	uint64_t icmp_code;		  /* 0 for other protocols; this wide for want of padding */
	union headers_addr local, remote;
};
STATIC_ASSERT(sizeof(struct flow_key) == 48, "hashed as bytes");

bool flow_key_equal(const struct flow_key *a, const struct flow_key *b);
/* The flow of a whole packet (not a fragment) that passes this hook. */
struct flow_key flow_key_from(const struct headers *h, enum packet_hook hook);
/* The packet's sender is the key's local end. */
bool flow_key_sent_by_local(const struct flow_key *k, const struct headers *h,
			    enum packet_hook hook);

unsigned flow_shard(const uint8_t hash_key[16], const struct flow_key *k, unsigned workers);
/*
 * The worker for any packet: a fragment's by its addresses (after reassembly ask again), an ICMP
 * error's by the flow that it is about, else by the flow.
 */
unsigned flow_shard_packet(const uint8_t hash_key[16], const struct packet *p, unsigned workers);

struct flow_count {
	uint64_t packets, bytes;
};

/* [W] all, except [I] key, first and sent_by_local */
struct flow {
	struct hnode node;
	struct list idle; /* the table's, least recently used first; alone while held */
	struct timer_node timer;
	struct flow_key key;	    /* [I] */
	enum packet_hook first;	    /* [I] where the first packet was seen */
	bool sent_by_local;	    /* [I] the key's local end sent it */
	uint32_t holds;		    /* not evicted, not timed out while above 0 */
	uint64_t opened, last_seen; /* ns */
	uint64_t idle_time;	    /* ns without a packet until the flow is over */
	struct flow_count count[FLOW_DIRS];
	struct engine_flow *contexts; /* the stack's: set after open, closed by it in `closed` */
	struct stack_connection *watched; /* the stack's: event.h; NULL: nobody watches */
	bool told;			  /* the stack's: the sink was asked to watch it */
	struct ale ale;			  /* the stack's: it calls ale_init after open */
	struct tcp_tracker tcp;
	struct stream stream[FLOW_DIRS];
};

enum flow_end { FLOW_END_IDLE, FLOW_END_EVICTED, FLOW_END_CLOSED, FLOW_END_FLUSHED };

struct flow_config {
	uint32_t max_flows;
	uint32_t max_stream_bytes; /* per direction that wait in reassembly; 0: 256 KiB */
	uint64_t udp_idle, icmp_idle, other_idle, tcp_idle, tcp_half_open_idle; /* ns, none 0 */
	uint8_t hash_key[16];
	/* The flow is out of the table and freed on return.  It must not call into the table. */
	void (*closed)(void *ctx, struct flow *f, enum flow_end why);
	void *ctx;
};

/* One per worker, called on its thread. */
struct flow_table;
MUST_CHECK wfp_err flow_table_create(struct flow_table **out, const struct flow_config *config);
void flow_table_destroy(struct flow_table *t); /* must be empty: flush first */

/* NULL: none.  Does not count as use. */
struct flow *flow_table_find(const struct flow_table *t, const struct flow_key *k);
/*
 * A new flow for the packet, which must have none; at the cap the idlest that is not held is closed
 * for it.  ERR_NO_MEMORY also when all are held.
 */
MUST_CHECK wfp_err flow_table_open(struct flow_table *t, struct flow **out,
				   const struct flow_key *k, const struct packet *first,
				   uint64_t now);
/* A packet of the flow went by: counts it and puts the timeout off.  The direction is returned. */
enum flow_dir flow_table_use(struct flow_table *t, struct flow *f, const struct packet *p,
			     uint64_t now);
/* Chooses the idle timeout anew: after the TCP state changed. */
void flow_table_retime(struct flow_table *t, struct flow *f, uint64_t now);
void flow_table_close(struct flow_table *t, struct flow *f, enum flow_end why);

void flow_table_hold(struct flow_table *t, struct flow *f);
void flow_table_release(struct flow_table *t, struct flow *f, uint64_t now);

/* Closes what has been idle for too long. */
void flow_table_tick(struct flow_table *t, uint64_t now);
uint64_t flow_table_next_deadline(const struct flow_table *t); /* CLOCK_NEVER: none */
/* Closes every flow, held or not. */
void flow_table_flush(struct flow_table *t);

uint32_t flow_table_count(const struct flow_table *t);

enum flow_dir flow_dir_of(const struct flow *f, const struct packet *p);
