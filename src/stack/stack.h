/* SPDX-License-Identifier: MIT */
/*
 * stack - packets become layer indications, in the documented order, and verdicts become answers.
 *
 * The stack has one worker per queue; a flow belongs to one of them (by a keyed, symmetric hash of
 * its addresses and ports) and everything about the flow happens there.  The stack owns no threads:
 * a datapath drives each worker from a thread of its own, which gives it packets
 * (stack_worker_input) and turns (stack_worker_poll).  Everything that other threads want
 * (completions, injections, closed endpoints) arrives as mail.
 */
#pragma once

#include "stack/port.h"

struct stack;
struct stack_sink;

struct stack_config {
	struct engine *engine;
	unsigned workers;			  /* 1 to 64 */
	uint64_t udp_idle, icmp_idle, other_idle; /* ns; 0: 60 s */
	uint64_t tcp_idle, tcp_half_open_idle;	  /* ns; 0: 2 h, 60 s */
	uint32_t max_flows;			  /* per worker; 0: 1 048 576 */
	uint32_t max_held;	      /* packets queued behind one held operation; 0: 64 */
	uint64_t hold_timeout;	      /* ns until absorbed packets are reclaimed; 0: 60 s */
	uint32_t max_fragments_bytes; /* per worker; 0: 4 MiB */
	uint32_t cache_entries;	      /* of each worker's flow cache; 0: it has none */
	struct stack_sink *sink;      /* sink.h; outlives the stack; NULL: nobody wants to know */
};

MUST_CHECK wfp_err stack_create(struct stack **out, const struct stack_config *config);
/*
 * No thread will take a worker's turns any more: injections are refused from here on, and those
 * under way are completed on the calling thread.  Before drivers are unloaded, or one that waits
 * for its injections (FwpsInjectionHandleDestroy) waits for ever.  Every worker must be left.
 */
void stack_end(struct stack *s);
/* Every worker must be quiet (stack_worker_quiet) and left. */
void stack_destroy(struct stack *s);
struct stack_worker *stack_worker(struct stack *s, unsigned i);

/* ---- the datapath's side; the worker's thread only ---------------------------------------- */

/* Binds the calling thread to the worker until leave.  mailbox_fd for poll loops: -1 in the sim. */
void stack_worker_enter(struct stack_worker *w);
void stack_worker_leave(struct stack_worker *w);
struct mailbox *stack_worker_mailbox(struct stack_worker *w);
/* Where the worker sends what answers nothing; NULL: such packets are refused.  Before the first
 * input. */
void stack_worker_set_port(struct stack_worker *w, struct stack_port *port);

/* Takes the references given.  Answers come through each packet's port, some before it returns. */
void stack_worker_input(struct stack_worker *w, struct packet **packets, unsigned n);
/* Mail and timers.  Returns when the worker next wants a turn, UINT64_MAX: only for mail. */
uint64_t stack_worker_poll(struct stack_worker *w, uint64_t now);
/* Nothing is held, queued, reassembled or on its way. */
bool stack_worker_quiet(struct stack_worker *w);
/*
 * No worker has a letter under way or anything held.  Any thread; final only when nobody gives
 * packets any more, and fragments (stack_worker_flush) do not count.  A worker must go on with its
 * turns until this holds: others may still send it answers.
 */
bool stack_quiet(struct stack *s);
/*
 * Takes back every packet that callouts still have: they are dropped in the workers' next turns and
 * reported.  For the end, after engine_stop.  Any thread.
 */
void stack_reclaim(struct stack *s);
/* Fragments are dropped, streams flushed; held operations are the engine's to stop. */
void stack_worker_flush(struct stack_worker *w);

/* ---- events from elsewhere; any thread ---------------------------------------------------- */

struct flow_key; /* stack/flow.h */
/* A local endpoint is gone: what it has pended is cancelled, its flow ends. */
void stack_endpoint_closed(struct stack *s, const struct flow_key *key);

/* ---- injection; any thread; the driver border's side --------------------------------------- */

struct stack_injection {
	struct packet *packet; /* complete IP packet; the reference is taken on success */
	enum packet_entry entry;
	uint64_t handle, context; /* who injects */
	uint32_t driver;
	bool modified; /* bytes differ from the origin's */
	/* Once, on the owning worker, after the packet went on, was merged, or was dropped. */
	void (*done)(void *ctx, wfp_err status);
	void *ctx;
};
/*
 * An error: nothing was taken, done will not be called.  ERR_TCPIP_NOT_READY: stack_end was called.
 */
MUST_CHECK wfp_err stack_inject(struct stack *s, const struct stack_injection *in);

struct stack_counters {
	uint64_t packets, malformed, permitted, blocked, absorbed, held, dropped_full;
	uint64_t flows_opened, flows_closed, flows_now, reauthorizations;
	uint64_t fragments, reassembled, injected, injected_merged, injected_void;
	uint64_t pended, aborted, closed_while_pended;
	uint64_t tcp, udp, icmp, v4, v6, in, out, forward;
};
void stack_counters_get(struct stack *s, struct stack_counters *out);
