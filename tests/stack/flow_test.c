/* SPDX-License-Identifier: MIT */
/*
 * flow - keys that both directions share, shards that agree, and a table that forgets in time.
 */
#include "harness.h"

#include "craft.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "stack/flow.h"

static const struct craft out4 = {.src = "10.0.0.1",
				  .dst = "10.0.0.2",
				  .src_port = 40000,
				  .dst_port = 80,
				  .hook = PACKET_OUT};
static const uint8_t hash_key[16] = "a key for tests";

struct world {
	struct flow_table *table;
	unsigned closed[FLOW_END_FLUSHED + 1];
	uint16_t last_port;
};

static void on_closed(void *ctx, struct flow *f, enum flow_end why)
{
	struct world *w = ctx;

	w->closed[why]++;
	w->last_port = f->key.local_port;
}

static void start(struct world *w, uint32_t max_flows)
{
	struct flow_config config = {
		.max_flows = max_flows,
		.udp_idle = 60 * CLOCK_S,
		.icmp_idle = 60 * CLOCK_S,
		.other_idle = 60 * CLOCK_S,
		.tcp_idle = 7200 * CLOCK_S,
		.tcp_half_open_idle = 30 * CLOCK_S,
		.closed = on_closed,
		.ctx = w,
	};

	memcpy(config.hash_key, hash_key, sizeof(hash_key));
	*w = (struct world){0};
	CHECK_OK(flow_table_create(&w->table, &config));
}

static void stop(struct world *w)
{
	flow_table_flush(w->table);
	CHECK_EQ_U(flow_table_count(w->table), 0);
	flow_table_destroy(w->table);
}

static struct flow *open_flow(struct world *w, struct packet *first, uint64_t now)
{
	struct flow_key key = flow_key_from(&first->h, first->hook);
	struct flow *f = NULL;

	CHECK(!flow_table_find(w->table, &key));
	CHECK_OK(flow_table_open(w->table, &f, &key, first, now));
	CHECK(flow_table_find(w->table, &key) == f);
	packet_put(first);
	return f;
}

static struct flow *open_port(struct world *w, uint16_t port, uint64_t now)
{
	struct craft c = out4;

	c.src_port = port;
	return open_flow(w, craft_udp(&c, "x", 1), now);
}

TEST(both_directions_have_one_key)
{
	struct craft in4 = craft_reply(&out4, PACKET_IN);
	struct packet *a = craft_udp(&out4, "x", 1), *b = craft_udp(&in4, "x", 1);
	struct flow_key ka = flow_key_from(&a->h, a->hook), kb = flow_key_from(&b->h, b->hook);

	CHECK(flow_key_equal(&ka, &kb));
	CHECK_EQ_U(ka.local.v4, 0x0a000001);
	CHECK_EQ_U(ka.local_port, 40000);
	CHECK_EQ_U(ka.remote_port, 80);
	packet_put(a);
	packet_put(b);
}

TEST(a_forwarded_flow_has_one_key_and_is_not_a_local_one)
{
	struct craft there = out4, back = craft_reply(&out4, PACKET_FORWARD);
	struct packet *a, *b, *c = craft_udp(&out4, "x", 1);
	struct flow_key ka, kb, kc;

	there.hook = PACKET_FORWARD;
	a = craft_udp(&there, "x", 1);
	b = craft_udp(&back, "x", 1);
	ka = flow_key_from(&a->h, a->hook);
	kb = flow_key_from(&b->h, b->hook);
	kc = flow_key_from(&c->h, c->hook);
	CHECK(flow_key_equal(&ka, &kb));
	CHECK(!flow_key_equal(&ka, &kc));
	CHECK(flow_key_sent_by_local(&ka, &a->h, a->hook) !=
	      flow_key_sent_by_local(&ka, &b->h, b->hook));
	packet_put(a);
	packet_put(b);
	packet_put(c);
}

TEST(over_loopback_the_two_ends_are_two_flows_of_one_worker)
{
	struct craft sent = {.src = "127.0.0.1",
			     .dst = "127.0.0.1",
			     .src_port = 4000,
			     .dst_port = 80,
			     .hook = PACKET_OUT};
	struct craft received = sent;
	struct packet *a = craft_udp(&sent, "x", 1), *b;
	struct flow_key ka = flow_key_from(&a->h, a->hook), kb;

	received.hook = PACKET_IN;
	b = craft_udp(&received, "x", 1);
	kb = flow_key_from(&b->h, b->hook);
	CHECK(!flow_key_equal(&ka, &kb));
	CHECK_EQ_U(flow_shard(hash_key, &ka, 64), flow_shard(hash_key, &kb, 64));
	packet_put(a);
	packet_put(b);
}

static void check_one_worker(const struct craft *out, unsigned workers)
{
	struct craft in = craft_reply(out, PACKET_IN),
		     router = {.src = "10.9.9.9", .dst = out->src, .hook = PACKET_IN};
	struct packet *p[3] = {craft_udp(out, "x", 1), craft_udp(&in, "x", 1), NULL};
	unsigned shard = flow_shard_packet(hash_key, p[0], workers);

	p[2] = craft_unreachable(&router, p[0], 28);
	CHECK(shard < workers);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ_U(flow_shard_packet(hash_key, p[i], workers), shard);
		packet_put(p[i]);
	}
}

TEST(a_flow_its_replies_and_errors_about_it_have_one_worker)
{
	struct craft c = out4;

	for (unsigned i = 0; i < 500; i++) {
		c.src_port = (uint16_t)(1024 + i);
		check_one_worker(&c, 1 + i % 64);
	}
}

TEST(fragments_of_one_datagram_meet_at_one_worker)
{
	struct packet *whole = craft_udp(&out4, "0123456789abcdef", 16), *piece[3];
	unsigned n = craft_train(whole, 9, 8, piece, 3);

	for (unsigned i = 0; i < n; i++) {
		CHECK_EQ_U(flow_shard_packet(hash_key, piece[i], 64),
			   flow_shard_packet(hash_key, piece[0], 64));
	}
	for (unsigned i = 0; i < n; i++)
		packet_put(piece[i]);
	packet_put(whole);
}

TEST(shards_are_even)
{
	unsigned count[8] = {0};
	struct flow_key k = {.version = 4, .protocol = HEADERS_UDP, .local = {.v4 = 1}};

	for (unsigned i = 0; i < 8000; i++) {
		k.remote.v4 = i;
		count[flow_shard(hash_key, &k, 8)]++;
	}
	for (unsigned i = 0; i < 8; i++)
		CHECK(count[i] > 800 && count[i] < 1200);
}

TEST(directions_are_counted_apart)
{
	struct craft in4 = craft_reply(&out4, PACKET_IN);
	struct packet *a = craft_udp(&out4, "x", 1), *b = craft_udp(&in4, "abc", 3);
	struct world w;
	struct flow *f;

	start(&w, 10);
	f = open_flow(&w, packet_get(a), 0);
	CHECK_EQ_U(flow_table_use(w.table, f, a, 1), FLOW_ORIGINAL);
	CHECK_EQ_U(flow_table_use(w.table, f, b, 2), FLOW_REPLY);
	CHECK_EQ_U(flow_table_use(w.table, f, b, 3), FLOW_REPLY);
	CHECK_EQ_U(f->count[FLOW_ORIGINAL].packets, 1);
	CHECK_EQ_U(f->count[FLOW_REPLY].bytes, 62);
	packet_put(a);
	packet_put(b);
	stop(&w);
}

TEST(an_idle_flow_ends_after_its_time)
{
	struct packet *p = craft_udp(&out4, "x", 1);
	struct world w;
	struct flow *f;

	start(&w, 10);
	f = open_flow(&w, packet_get(p), 0);
	flow_table_use(w.table, f, p, 50 * CLOCK_S);
	CHECK_EQ_U(flow_table_next_deadline(w.table), 60 * CLOCK_S);
	flow_table_tick(w.table, 60 * CLOCK_S);
	CHECK_EQ_U(flow_table_count(w.table), 1);
	CHECK_EQ_U(flow_table_next_deadline(w.table), 110 * CLOCK_S);
	flow_table_tick(w.table, 110 * CLOCK_S);
	CHECK_EQ_U(flow_table_count(w.table), 0);
	CHECK_EQ_U(w.closed[FLOW_END_IDLE], 1);
	CHECK_EQ_U(flow_table_next_deadline(w.table), CLOCK_NEVER);
	packet_put(p);
	stop(&w);
}

TEST(an_established_connection_may_be_silent_for_longer)
{
	struct world w;
	struct flow *f;

	start(&w, 10);
	f = open_flow(&w, craft_tcp(&out4, 1, 0, HEADERS_SYN, NULL, 0), 0);
	CHECK_EQ_U(flow_table_next_deadline(w.table), 30 * CLOCK_S);
	f->tcp.state = TCP_ESTABLISHED;
	flow_table_retime(w.table, f, 10 * CLOCK_S);
	CHECK_EQ_U(flow_table_next_deadline(w.table), 7210 * CLOCK_S);
	f->tcp.state = TCP_CLOSED;
	flow_table_retime(w.table, f, 20 * CLOCK_S);
	flow_table_tick(w.table, 50 * CLOCK_S);
	CHECK_EQ_U(w.closed[FLOW_END_IDLE], 1);
	stop(&w);
}

TEST(at_the_cap_the_idlest_flow_makes_room)
{
	struct packet *p;
	struct craft c = out4;
	struct world w;
	struct flow *f;

	start(&w, 3);
	f = open_port(&w, 1, 0);
	open_port(&w, 2, 1);
	open_port(&w, 3, 2);
	c.src_port = 1;
	p = craft_udp(&c, "x", 1);
	flow_table_use(w.table, f, p, 3);
	open_port(&w, 4, 4);
	CHECK_EQ_U(w.closed[FLOW_END_EVICTED], 1);
	CHECK_EQ_U(w.last_port, 2);
	CHECK_EQ_U(flow_table_count(w.table), 3);
	packet_put(p);
	stop(&w);
}

TEST(a_held_flow_is_neither_evicted_nor_timed_out)
{
	struct packet *p = craft_udp(&out4, "x", 1);
	struct flow_key key = flow_key_from(&p->h, p->hook);
	struct flow *f, *none = NULL;
	struct world w;

	start(&w, 1);
	f = open_port(&w, 1, 0);
	flow_table_hold(w.table, f);
	flow_table_hold(w.table, f);
	flow_table_tick(w.table, 1000 * CLOCK_S);
	CHECK_ERR(flow_table_open(w.table, &none, &key, p, 1000 * CLOCK_S), ERR_NO_MEMORY);
	CHECK_EQ_U(flow_table_next_deadline(w.table), CLOCK_NEVER);
	flow_table_release(w.table, f, 1000 * CLOCK_S);
	CHECK_EQ_U(flow_table_next_deadline(w.table), CLOCK_NEVER);
	flow_table_release(w.table, f, 1000 * CLOCK_S);
	flow_table_tick(w.table, 1060 * CLOCK_S);
	CHECK_EQ_U(w.closed[FLOW_END_IDLE], 1);
	packet_put(p);
	stop(&w);
}

TEST(flush_closes_held_flows_too)
{
	struct world w;

	start(&w, 10);
	flow_table_hold(w.table, open_port(&w, 1, 0));
	open_port(&w, 2, 0);
	flow_table_flush(w.table);
	CHECK_EQ_U(w.closed[FLOW_END_FLUSHED], 2);
	stop(&w);
}

TEST(no_memory_opens_no_flow)
{
	struct packet *p = craft_udp(&out4, "x", 1);
	struct flow_key key = flow_key_from(&p->h, p->hook);
	struct flow *f = NULL;
	struct world w;

	start(&w, 10);
	mem_fail_at(1);
	CHECK_ERR(flow_table_open(w.table, &f, &key, p, 0), ERR_NO_MEMORY);
	CHECK(!f);
	packet_put(p);
	stop(&w);
}

/* A list of ports with their last use: what the table must do at the cap of 16. */
TEST(agrees_with_a_stupid_table)
{
	uint16_t ports[16];
	unsigned n = 0;
	struct world w;
	struct rng rng;

	rng_seed(&rng, test_seed());
	start(&w, 16);
	for (unsigned i = 0; i < 5000; i++) {
		struct craft c = out4;
		struct packet *p;
		struct flow_key key;
		struct flow *f;
		unsigned at = 0;

		c.src_port = (uint16_t)(1 + rng_below(&rng, 24));
		p = craft_udp(&c, "x", 1);
		key = flow_key_from(&p->h, p->hook);
		f = flow_table_find(w.table, &key);
		while (at < n && ports[at] != c.src_port)
			at++;
		CHECK_EQ_U(f != NULL, at < n);
		if (f)
			flow_table_use(w.table, f, p, i);
		else
			CHECK_OK(flow_table_open(w.table, &f, &key, p, i));
		if (at == n && n == 16)
			at = 0;
		if (at < n)
			memmove(ports + at, ports + at + 1, (n - at - 1) * sizeof(ports[0]));
		else
			n++;
		ports[n - 1] = c.src_port;
		packet_put(p);
	}
	stop(&w);
}
