/* SPDX-License-Identifier: MIT */
/*
 * Out of memory, at every allocation that the stack makes: packets may be dropped, never lost.
 */
#include "world.h"

#define MAX_TRIES 120u /* more than the allocations of one play */

static const struct craft out = {
	.src = "10.0.0.1", .dst = "10.0.0.2", .src_port = 1111, .dst_port = 80, .hook = PACKET_OUT};

static void absorb(struct world_callout *c, const struct engine_call *call,
		   struct engine_classify_out *o)
{
	struct packet *p = call->ind->layer_data;

	if (engine_seen_has(call->ind->seen, c->id) || c->taken || !p->ledger)
		return;
	world_take(c, call);
	world_absorb(o);
}

static void pend_with_packet(struct world_callout *c, const struct engine_call *call,
			     struct engine_classify_out *o)
{
	const struct packet *p = call->ind->layer_data;

	if (c->taken || !p->ledger || engine_seen_has(call->ind->seen, c->id))
		return;
	c->take = true;
	world_pend(c, call, o);
}

/* Injects what was taken, or, without memory for that, throws it away. */
static void give_back(struct world_callout *c)
{
	struct stack_injection in = {.entry = PACKET_ENTRY_TRANSPORT,
				     .handle = 1,
				     .driver = c->driver,
				     .done = world_done,
				     .ctx = c};

	if (c->context)
		(void)pend_complete(c->world->engine, c->context);
	c->context = 0;
	if (!c->taken)
		return;
	if (packet_create(&in.packet, c->taken->data, c->taken->len) == ERR_OK) {
		packet_copy_facts(in.packet, c->taken);
		in.packet->origin = packet_get(c->taken);
		if (stack_inject(c->world->stack, &in) == ERR_OK)
			return;
		packet_put(in.packet);
	}
	world_let_go(c);
}

/* Everything that happens to a few packets of one flow. */
static void play(struct world *w, struct packet **packets, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		world_give_and_turn(w, packets[i]);
		/* What one gives back another may take. */
		for (unsigned k = 0; k < 3 * w->n_callouts; k++) {
			give_back(&w->callouts[k % w->n_callouts]);
			world_turn(w);
		}
	}
}

static void survive(uint64_t nth)
{
	static uint8_t data[100];
	const struct craft in = craft_reply(&out, PACKET_IN);
	struct world *w = world_create();
	struct packet *whole = craft_udp(&in, data, sizeof(data));
	struct packet *p[8] = {craft_udp(&out, "a", 1), craft_udp(&in, "b", 1)};
	const unsigned n = 2 + craft_train(whole, 7, 56, p + 2, ARRAY_LEN(p) - 2);

	world_callout(w, MODEL_LAYER_ALE_AUTH_CONNECT_V4, MODEL_ACTION_CALLOUT_UNKNOWN, 1,
		      pend_with_packet);
	world_callout(w, MODEL_LAYER_DATAGRAM_DATA_V4, MODEL_ACTION_CALLOUT_UNKNOWN, 1, absorb);
	world_callout(w, MODEL_LAYER_INBOUND_IPPACKET_V4, MODEL_ACTION_CALLOUT_UNKNOWN, 1, absorb);
	mem_fail_at(nth);
	play(w, p, n);
	mem_fail_at(0);
	packet_put(whole);
	world_destroy(w);
}

TEST(without_memory_packets_are_dropped_and_never_lost)
{
	for (uint64_t nth = 1; nth <= MAX_TRIES; nth++)
		survive(nth);
}
