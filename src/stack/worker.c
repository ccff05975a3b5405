/* SPDX-License-Identifier: MIT */
/*
 * worker - packets and letters in, one turn at a time.
 *
 * The datapath's half of stack.h.  Time stands still between two polls: whatever a worker does with
 * the packets of one turn happens at the `now` of the last poll, so that a capture is replayed on
 * the capture's own clock.  The engine's watchdogs run on the system's clock.
 */
#include "stack/worker.h"

#include "base/clock.h"
#include "base/thread.h"
#include "engine/flow_cache.h"
#include "engine/ledger.h"
#include "stack/authorize.h"
#include "stack/event.h"
#include "stack/way.h"

#include <string.h>

#define TICK_PERIOD    (250 * CLOCK_MS)
#define PUBLISHED_RANK 900u

/* ---- letters -------------------------------------------------------------------------------- */

static void announce(struct stack_worker *w)
{
	atom32_add(&w->stack->busy, 1);
	atom32_add(&w->in_flight, 1);
}

static void letter_is_over(struct stack_worker *w)
{
	atom32_sub(&w->in_flight, 1);
	atom32_sub(&w->stack->busy, 1);
}

void worker_send(struct stack_worker *w, struct letter *l)
{
	announce(w);
	mailbox_push(&w->mailbox, &l->mail);
}

/* Announced before looking: stack_end marks first and waits for what is announced then. */
bool worker_try_send(struct stack_worker *w, struct letter *l)
{
	announce(w);
	if (atom32_load(&w->stack->ended)) {
		letter_is_over(w);
		return false;
	}
	mailbox_push(&w->mailbox, &l->mail);
	return true;
}

static void open_moved(struct stack_worker *w, struct letter *l)
{
	struct packet *p = CONTAINER_OF(l, struct packet, letter);

	way_run(w, p, (enum way_step)p->hold.step);
}

void worker_move(struct stack_worker *to, struct packet *p, uint8_t step)
{
	p->hold.step = step;
	p->letter.open = open_moved;
	worker_send(to, &p->letter);
}

struct stack_worker *worker_for_packet(struct stack *s, const struct packet *p)
{
	return &s->workers[flow_shard_packet(s->hash_key, p, s->n_workers)];
}

bool worker_open_letters(struct stack_worker *w)
{
	struct mail *mail = mailbox_take_all(&w->mailbox);
	const bool any = mail != NULL;

	while (mail) {
		struct letter *l = CONTAINER_OF(mail, struct letter, mail);

		mail = mail->next;
		event_forget_trail(w);
		l->open(w, l);
		letter_is_over(w);
	}
	return any;
}

/* ---- packets -------------------------------------------------------------------------------- */

static void count_packet(struct stack_counters *c, const struct packet *p)
{
	static const struct {
		uint8_t protocol;
		size_t counter;
	} protocols[] = {
		{HEADERS_TCP, offsetof(struct stack_counters, tcp)},
		{HEADERS_UDP, offsetof(struct stack_counters, udp)},
		{HEADERS_ICMP, offsetof(struct stack_counters, icmp)},
		{HEADERS_ICMPV6, offsetof(struct stack_counters, icmp)},
	};
	uint64_t *const hooks[PACKET_HOOKS] = {&c->in, &c->out, &c->forward};

	c->packets++;
	++*hooks[p->hook];
	++*(p->h.version == 6 ? &c->v6 : &c->v4);
	for (size_t i = 0; i < ARRAY_LEN(protocols); i++) {
		if (p->h.protocol == protocols[i].protocol)
			++*(uint64_t *)(void *)((char *)c + protocols[i].counter);
	}
}

static void drop_malformed(struct stack_worker *w, struct packet *p)
{
	struct journey j = {.w = w, .p = p, .why = {.what = "malformed"}};

	w->count.packets++;
	w->count.malformed++;
	way_drop(&j);
}

static void take_packet(struct stack_worker *w, struct packet *p)
{
	struct stack_worker *owner;

	if (headers_parse(&p->h, p->data, p->len) != HEADERS_OK) {
		drop_malformed(w, p);
		return;
	}
	if (p->h.is_atomic && fragment_make_whole(p) != HEADERS_OK) {
		drop_malformed(w, p);
		return;
	}
	count_packet(&w->count, p);
	owner = worker_for_packet(w->stack, p);
	if (owner == w)
		way_run(w, p, way_entry(p));
	else
		worker_move(owner, p, way_entry(p));
}

static void publish(struct stack_worker *w)
{
	w->count.flows_now = flow_table_count(w->flows);
	spin_take(&w->published_lock);
	w->published = w->count;
	spin_drop(&w->published_lock);
}

void stack_worker_input(struct stack_worker *w, struct packet **packets, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (packets[i]->port)
			w->port = packets[i]->port;
		take_packet(w, packets[i]);
	}
	publish(w);
}

/* ---- turns ---------------------------------------------------------------------------------- */

/* One worker looks after what belongs to all: the engine's watchdog and forgotten packets. */
static void tick_engine(struct stack_worker *w)
{
	const uint64_t now = clock_now();
	const uint64_t timeout = w->stack->config.hold_timeout;

	if (now < w->next_tick)
		return;
	w->next_tick = now + TICK_PERIOD;
	engine_tick(w->stack->engine, now);
	if (now > timeout)
		ledger_reclaim(w->stack->engine, 0, now - timeout);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t stack_worker_poll(struct stack_worker *w, uint64_t now)
{
	uint64_t next;

	w->now = now;
	worker_open_letters(w);
	flow_table_tick(w->flows, now);
	fragment_table_tick(w->fragments, now);
	next = earlier(flow_table_next_deadline(w->flows),
		       fragment_table_next_deadline(w->fragments));
	if (w->index == 0) {
		tick_engine(w);
		next = earlier(next, now + TICK_PERIOD);
	}
	publish(w);
	return next;
}

bool stack_worker_quiet(struct stack_worker *w)
{
	return atom32_load(&w->in_flight) == 0 && atom32_load(&w->held) == 0 &&
	       fragment_table_empty(w->fragments);
}

void stack_worker_flush(struct stack_worker *w)
{
	fragment_table_flush(w->fragments);
	publish(w);
}

void stack_worker_set_port(struct stack_worker *w, struct stack_port *port)
{
	w->port = port;
}

void stack_worker_enter(struct stack_worker *w)
{
	BUG_ON(thread_slot_get(THREAD_SLOT_WORKER));
	thread_slot_set(THREAD_SLOT_WORKER, w);
}

void stack_worker_leave(struct stack_worker *w)
{
	BUG_ON(thread_slot_get(THREAD_SLOT_WORKER) != w);
	publish(w);
	thread_slot_set(THREAD_SLOT_WORKER, NULL);
}

struct mailbox *stack_worker_mailbox(struct stack_worker *w)
{
	return &w->mailbox;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void fragments_dropped(void *ctx, struct list *originals, enum fragment_fault why)
{
	struct journey j = {.w = ctx, .why = {.what = fragment_fault_name(why)}};
	struct list *link;

	while ((link = list_pop_head(originals))) {
		j.p = LIST_ENTRY(link, struct packet, queued);
		way_drop(&j);
	}
}

static wfp_err create_flows(struct stack_worker *w)
{
	const struct stack_config *c = &w->stack->config;
	struct flow_config config = {
		.max_flows = c->max_flows,
		.udp_idle = c->udp_idle,
		.icmp_idle = c->icmp_idle,
		.other_idle = c->other_idle,
		.tcp_idle = c->tcp_idle,
		.tcp_half_open_idle = c->tcp_half_open_idle,
		.closed = authorize_flow_closed,
		.ctx = w,
	};

	memcpy(config.hash_key, w->stack->hash_key, sizeof(config.hash_key));
	return flow_table_create(&w->flows, &config);
}

static wfp_err create_fragments(struct stack_worker *w)
{
	struct fragment_config config = {
		.max_bytes = w->stack->config.max_fragments_bytes,
		.dropped = fragments_dropped,
		.ctx = w,
	};

	memcpy(config.hash_key, w->stack->hash_key, sizeof(config.hash_key));
	return fragment_table_create(&w->fragments, &config);
}

static wfp_err create_cache(struct stack_worker *w)
{
	const uint32_t entries = w->stack->config.cache_entries;

	return entries ? engine_flow_cache_create(&w->cache, w->stack->engine, entries) : ERR_OK;
}

wfp_err worker_init(struct stack_worker *w, struct stack *s, unsigned index)
{
	wfp_err err = mailbox_init(&w->mailbox, "stack worker");

	if (err)
		return err;
	w->stack = s;
	w->index = index;
	atom32_init(&w->in_flight, 0);
	atom32_init(&w->held, 0);
	spin_init(&w->published_lock, "stack counters", PUBLISHED_RANK);
	err = create_flows(w);
	if (err)
		goto undo_mailbox;
	err = create_fragments(w);
	if (err)
		goto undo_flows;
	err = create_cache(w);
	if (err)
		goto undo_fragments;
	return ERR_OK;
undo_fragments:
	fragment_table_destroy(w->fragments);
undo_flows:
	flow_table_destroy(w->flows);
undo_mailbox:
	spin_destroy(&w->published_lock);
	mailbox_destroy(&w->mailbox);
	w->stack = NULL;
	return err;
}

void worker_fini(struct stack_worker *w)
{
	if (!w->stack)
		return;
	BUG_ON(!stack_worker_quiet(w));
	flow_table_flush(w->flows);
	flow_table_destroy(w->flows);
	fragment_table_destroy(w->fragments);
	engine_flow_cache_destroy(w->cache);
	spin_destroy(&w->published_lock);
	mailbox_destroy(&w->mailbox);
}
