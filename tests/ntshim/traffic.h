/* SPDX-License-Identifier: MIT */
/*
 * traffic - crafted conversations over the kernel of kernel.h, fed by a thread that is the stack's
 * worker: the seed chooses protocols, directions and the order in which they go on.
 *
 * Every packet must be answered once; with check_verdicts also as the examples' documented rules
 * say.
 */
#pragma once

#include "kernel.h"

#include "base/rng.h"
#include "stack/craft.h"

#define FLOWS	     24u
#define MAX_PACKETS  6u
#define BLOCKED_PORT 4444
#define PATTERN	     "OPENWFP-ANTIVIRUS-TEST-PATTERN"
#define DEADLINE     (300 * CLOCK_S)

enum proto { PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTOS };

/* [W] the worker's thread */
struct conversation {
	struct craft out, back; /* first packet's way, and the other */
	enum proto proto;
	bool blocked; /* by the firewall's rule */
	bool infected[MAX_PACKETS];
	unsigned n, next; /* packets in all, and fed */
	bool waiting;	  /* the last one is not answered */
	bool over;
};

static struct {
	struct stack_port port;
	struct conversation flows[FLOWS];
	struct rng rng;
	bool check_verdicts;
	unsigned unanswered;
	struct thread *thread;
	struct atom32 fed;  /* how many packets; main looks at it to unload in mid-traffic */
	struct atom32 over; /* conversations */
	struct atom32 stop;
} traffic;

/* ---- the traffic ---------------------------------------------------------------------------- */

static inline UNUSED void conversation_make(struct conversation *c, unsigned i)
{
	bool v6 = rng_below(&traffic.rng, 2), inbound = rng_below(&traffic.rng, 2);
	const char *here = v6 ? "fd97::1" : "10.97.0.1", *there = v6 ? "fd97::2" : "10.97.0.2";

	memset(c, 0, sizeof(*c));
	c->proto = (enum proto)rng_below(&traffic.rng, PROTOS);
	c->blocked = c->proto != PROTO_ICMP && rng_below(&traffic.rng, 5) == 0;
	c->n = 2 + rng_below(&traffic.rng, MAX_PACKETS - 1);
	c->out = (struct craft){
		.src = inbound ? there : here,
		.dst = inbound ? here : there,
		.src_port = (uint16_t)(10000 + i),
		.dst_port = c->blocked ? BLOCKED_PORT : 5001,
		.hook = inbound ? PACKET_IN : PACKET_OUT,
	};
	c->back = craft_reply(&c->out, inbound ? PACKET_OUT : PACKET_IN);
	/* An infected packet that opens a conversation blocks it: not here. */
	for (unsigned at = c->proto == PROTO_TCP ? 3 : 1; at < c->n; at++)
		c->infected[at] = rng_below(&traffic.rng, 8) == 0;
}

/* TCP: the handshake, then data to and fro. */
static inline UNUSED struct packet *segment(const struct conversation *c, unsigned i,
					    const char *data)
{
	static const uint8_t handshake[] = {HEADERS_SYN, HEADERS_SYN | HEADERS_ACK, HEADERS_ACK};
	const struct craft *way = i % 2 ? &c->back : &c->out;
	uint32_t mine = i % 2 ? 900 : 100, other = i % 2 ? 100 : 900;

	if (i < ARRAY_LEN(handshake))
		return craft_tcp(way, i < 2 ? mine : mine + 1, i ? other + 1 : 0, handshake[i],
				 NULL, 0);
	return craft_tcp(way, mine + 1 + (i - 3) / 2 * (uint32_t)strlen(data), other + 1,
			 HEADERS_ACK | HEADERS_PSH, data, (uint32_t)strlen(data));
}

static inline UNUSED struct packet *packet_make(const struct conversation *c, unsigned i)
{
	const char *data =
		c->infected[i] ? "hello " PATTERN " world" : "nothing to be seen in here.....";
	static const uint8_t echo[2][2] = {{8, 0}, {128, 129}}; /* request, reply */
	const struct craft *way = i % 2 ? &c->back : &c->out;
	bool v6 = craft_version(way) == 6;

	if (c->proto == PROTO_TCP)
		return segment(c, i, data);
	if (c->proto == PROTO_UDP)
		return craft_udp(way, data, (uint32_t)strlen(data));
	return craft_icmp(way, echo[v6][i % 2], 0, (uint32_t)c->out.src_port << 16 | i / 2, data,
			  (uint32_t)strlen(data));
}

static inline UNUSED void feed(struct conversation *c)
{
	struct packet *p = packet_make(c, c->next);

	p->port = &traffic.port;
	p->token = (uintptr_t)c;
	p->uid = PACKET_UID_UNKNOWN;
	c->waiting = true;
	c->next++;
	traffic.unanswered++;
	atom32_add(&traffic.fed, 1);
	stack_worker_input(k.worker, &p, 1);
}

static inline UNUSED void check_verdict(const struct conversation *c, enum port_verdict v,
					const char *what)
{
	bool drop = c->blocked || c->infected[c->next - 1];

	if (v != (drop ? PORT_DROP : PORT_ACCEPT))
		CHECK_SAY("packet %u of port %u, protocol %d, first %s, %s: %s (%s)", c->next - 1,
			  c->out.src_port, (int)c->proto, c->out.hook == PACKET_IN ? "in" : "out",
			  drop ? "must be dropped" : "must go on",
			  v == PORT_DROP ? "dropped" : "accepted", what);
}

static inline UNUSED void on_verdict(UNUSED struct stack_port *port, struct packet *p,
				     enum port_verdict v, UNUSED bool modified,
				     const struct port_reason *why)
{
	struct conversation *c = (void *)(uintptr_t)p->token;

	CHECK(c->waiting);
	c->waiting = false;
	traffic.unanswered--;
	if (traffic.check_verdicts)
		check_verdict(c, v, why->what);
	c->over = c->next == c->n || (v == PORT_DROP && (c->blocked || c->proto == PROTO_TCP));
	if (c->over)
		atom32_add(&traffic.over, 1);
}

static inline UNUSED wfp_err on_send(UNUSED struct stack_port *port, UNUSED struct packet *p)
{
	CHECK_SAY("%s", "a packet was sent that answers nothing");
	return ERR_NOT_SUPPORTED;
}

static inline UNUSED enum port_endpoint on_endpoint(UNUSED struct stack_port *port,
						    UNUSED const struct packet *p)
{
	return PORT_ENDPOINT_EXISTS;
}

static const struct stack_port_ops port_ops = {
	.verdict = on_verdict, .send = on_send, .endpoint = on_endpoint};

/* Any conversation that may go on; NULL: all wait or are over. */
static inline UNUSED struct conversation *choose(void)
{
	unsigned at = rng_below(&traffic.rng, FLOWS);

	for (unsigned i = 0; i < FLOWS; i++) {
		struct conversation *c = &traffic.flows[(at + i) % FLOWS];

		if (!c->waiting && !c->over)
			return c;
	}
	return NULL;
}

static inline UNUSED bool all_over(void)
{
	return atom32_load(&traffic.over) == FLOWS;
}

static inline UNUSED void turn(void)
{
	uint64_t now = clock_now(), next = stack_worker_poll(k.worker, now);
	uint64_t wait = now + rng_below(&traffic.rng, 2) * CLOCK_MS + CLOCK_MS;

	if (!mailbox_wait_until(stack_worker_mailbox(k.worker), wait < next ? wait : next))
		return; /* nobody wrote */
}

static inline UNUSED void work(UNUSED void *unused)
{
	uint64_t end = clock_now() + DEADLINE;
	struct conversation *c;

	stack_worker_enter(k.worker);
	while (!all_over() || traffic.unanswered || !stack_worker_quiet(k.worker) ||
	       !atom32_load(&traffic.stop)) {
		CHECK(clock_now() < end);
		c = choose();
		if (c)
			feed(c);
		turn();
	}
	stack_worker_flush(k.worker);
	stack_worker_leave(k.worker);
}

static inline UNUSED void traffic_make(void)
{
	memset(&traffic, 0, sizeof(traffic));
	rng_seed(&traffic.rng, test_seed());
	traffic.port = (struct stack_port){.ops = &port_ops, .worker = k.worker};
	traffic.check_verdicts = true;
	for (unsigned i = 0; i < FLOWS; i++)
		conversation_make(&traffic.flows[i], i);
}

static inline UNUSED void traffic_start(void)
{
	CHECK_OK(thread_start(&traffic.thread, "worker", work, NULL));
}

/* Until so many packets were fed. */
static inline UNUSED void traffic_wait(unsigned n)
{
	while (atom32_load(&traffic.fed) < n)
		clock_sleep_until(clock_now() + CLOCK_MS);
}

/* The worker goes on turning until the drivers are gone: their unloading needs it. */
static inline UNUSED void traffic_drain(void)
{
	uint64_t end = clock_now() + DEADLINE;

	while (!all_over() && clock_now() < end)
		clock_sleep_until(clock_now() + 10 * CLOCK_MS);
}

static inline UNUSED void traffic_stop(void)
{
	struct engine_counters counters;

	atom32_store(&traffic.stop, 1);
	thread_join(traffic.thread);
	engine_counters_get(k.engine, &counters);
	CHECK_EQ_U(counters.pended_now, 0);
	CHECK_EQ_U(counters.absorbed_now, 0);
}

static inline UNUSED void no_rule_was_broken(void)
{
	for (unsigned i = 0; i < ENGINE_RULES; i++)
		if (broken((enum engine_rule)i))
			CHECK_SAY("%s: %u times", engine_rule_name((enum engine_rule)i),
				  broken((enum engine_rule)i));
}
