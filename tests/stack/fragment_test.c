/* SPDX-License-Identifier: MIT */
/*
 * fragment - datagrams put together from any order of pieces, and what becomes of those that lie.
 */
#include "harness.h"

#include "craft.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "stack/fragment.h"

#define PIECES 128

static const struct craft in4 = {
	.src = "10.0.0.2", .dst = "10.0.0.1", .src_port = 53, .dst_port = 40000, .hook = PACKET_IN};
static const struct craft in6 = {.src = "2001:db8::2",
				 .dst = "2001:db8::1",
				 .src_port = 53,
				 .dst_port = 40000,
				 .hook = PACKET_IN};

struct world {
	struct fragment_table *table;
	unsigned dropped[FRAGMENT_FAULTS]; /* pieces, by reason */
	struct packet *whole;
	struct list originals;
	uint64_t now;
};

static void on_dropped(void *ctx, struct list *originals, enum fragment_fault why)
{
	struct world *w = ctx;
	struct list *link;

	while ((link = list_pop_head(originals))) {
		packet_put(LIST_ENTRY(link, struct packet, queued));
		w->dropped[why]++;
	}
}

static void start(struct world *w, uint32_t max_bytes)
{
	struct fragment_config config = {.max_bytes = max_bytes,
					 .hash_key = "a key for tests",
					 .dropped = on_dropped,
					 .ctx = w};

	*w = (struct world){0};
	list_init(&w->originals);
	CHECK_OK(fragment_table_create(&w->table, &config));
}

/* Frees the whole and its pieces; their number. */
static unsigned take(struct world *w)
{
	struct list *link;
	unsigned n = 0;

	while ((link = list_pop_head(&w->originals))) {
		packet_put(LIST_ENTRY(link, struct packet, queued));
		n++;
	}
	packet_put(w->whole);
	w->whole = NULL;
	return n;
}

static void stop(struct world *w)
{
	take(w);
	fragment_table_flush(w->table);
	CHECK(fragment_table_empty(w->table));
	CHECK_EQ_U(fragment_table_bytes(w->table), 0);
	CHECK_EQ_U(fragment_table_next_deadline(w->table), CLOCK_NEVER);
	fragment_table_destroy(w->table);
}

static bool add(struct world *w, struct packet *p)
{
	return fragment_add(w->table, p, w->now, &w->whole, &w->originals);
}

static struct packet *datagram(const struct craft *c, uint32_t len)
{
	uint8_t data[8192];

	for (uint32_t i = 0; i < len; i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	return craft_udp(c, data, len);
}

static void check_same(const struct packet *a, const struct packet *b)
{
	CHECK_EQ_U(a->h.fault, HEADERS_OK);
	CHECK_EQ_U(a->h.total_len, b->h.total_len);
	CHECK(!a->h.is_fragment && !a->h.frag_header);
	CHECK_EQ_U(a->h.dst_port, b->h.dst_port);
	CHECK_EQ_U(checksum_transport_verify(&a->h, a->data), CHECKSUM_GOOD);
	CHECK(memcmp(a->data + a->h.payload, b->data + b->h.payload, b->h.payload_len) == 0);
}

static void check_in_order(const struct craft *c)
{
	struct packet *whole = datagram(c, 3000), *piece[PIECES];
	struct world w;
	unsigned n = craft_train(whole, 7, 1024, piece, PIECES);

	start(&w, 1u << 20);
	for (unsigned i = 0; i < n; i++)
		CHECK_EQ_U(add(&w, piece[i]), i == n - 1);
	check_same(w.whole, whole);
	CHECK_EQ_U(w.whole->hook, PACKET_IN);
	CHECK(!w.whole->port);
	CHECK_EQ_U(take(&w), n);
	packet_put(whole);
	stop(&w);
}

TEST(pieces_in_order_become_the_datagram)
{
	check_in_order(&in4);
	check_in_order(&in6);
}

TEST(the_header_of_the_whole_is_valid)
{
	struct packet *whole = datagram(&in4, 100), *piece[PIECES];
	struct world w;
	unsigned n = craft_train(whole, 7, 64, piece, PIECES);

	start(&w, 1u << 20);
	for (unsigned i = 0; i < n; i++)
		add(&w, piece[n - 1 - i]);
	CHECK(w.whole);
	CHECK_EQ_U(checksum_ip_verify(&w.whole->h, w.whole->data), CHECKSUM_GOOD);
	packet_put(whole);
	stop(&w);
}

TEST(extension_headers_before_the_pieces_stay)
{
	static const uint8_t ext[] = {HEADERS_UDP, 0, 1, 4, 0, 0, 0, 0};
	struct craft c = in6;
	struct packet *whole, *piece[PIECES];
	struct world w;
	unsigned n;

	c.options = ext;
	c.options_len = sizeof(ext);
	c.first_extension = HEADERS_DESTINATION;
	whole = datagram(&c, 200);
	n = craft_train(whole, 7, 64, piece, PIECES);
	start(&w, 1u << 20);
	for (unsigned i = 0; i < n; i++)
		add(&w, piece[i]);
	check_same(w.whole, whole);
	CHECK_EQ_U(w.whole->h.n_extensions, 1);
	packet_put(whole);
	stop(&w);
}

static void check_overlap(const struct craft *c)
{
	struct packet *whole = datagram(c, 64);
	struct world w;

	start(&w, 1u << 20);
	CHECK(!add(&w, craft_piece(whole, 7, 0, 32, true)));
	CHECK(!add(&w, craft_piece(whole, 7, 24, 16, true)));
	CHECK_EQ_U(w.dropped[FRAGMENT_OVERLAP], 2);
	/* What comes late shares their fate, until the time is over. */
	CHECK(!add(&w, craft_piece(whole, 7, 40, 32, false)));
	CHECK_EQ_U(w.dropped[FRAGMENT_OVERLAP], 3);
	CHECK(fragment_table_empty(w.table));
	fragment_table_tick(w.table, FRAGMENT_TIMEOUT_S * CLOCK_S);
	CHECK(!add(&w, craft_piece(whole, 7, 0, 32, true)));
	CHECK(add(&w, craft_piece(whole, 7, 32, 40, false)));
	check_same(w.whole, whole);
	packet_put(whole);
	stop(&w);
}

TEST(overlap_drops_the_whole_datagram)
{
	check_overlap(&in4);
	check_overlap(&in6);
}

TEST(an_exact_repeat_is_answered_with_the_rest)
{
	struct packet *whole = datagram(&in4, 64);
	struct world w;

	start(&w, 1u << 20);
	CHECK(!add(&w, craft_piece(whole, 7, 0, 32, true)));
	CHECK(!add(&w, craft_piece(whole, 7, 0, 32, true)));
	CHECK(add(&w, craft_piece(whole, 7, 32, 40, false)));
	check_same(w.whole, whole);
	CHECK_EQ_U(take(&w), 3);
	packet_put(whole);
	stop(&w);
}

TEST(a_repeat_with_other_bytes_is_an_overlap)
{
	struct packet *whole = datagram(&in4, 64), *other = craft_piece(whole, 7, 0, 32, true);
	struct world w;

	other->data[other->len - 1] ^= 1;
	start(&w, 1u << 20);
	CHECK(!add(&w, craft_piece(whole, 7, 0, 32, true)));
	CHECK(!add(&w, other));
	CHECK_EQ_U(w.dropped[FRAGMENT_OVERLAP], 2);
	packet_put(whole);
	stop(&w);
}

TEST(pieces_that_disagree_about_the_end_are_dropped)
{
	struct packet *whole = datagram(&in4, 256);
	struct world w;

	start(&w, 1u << 20);
	add(&w, craft_piece(whole, 7, 64, 32, false));
	add(&w, craft_piece(whole, 7, 128, 32, true));
	CHECK_EQ_U(w.dropped[FRAGMENT_LENGTH], 2);
	add(&w, craft_piece(whole, 8, 64, 32, false));
	add(&w, craft_piece(whole, 8, 128, 32, false));
	CHECK_EQ_U(w.dropped[FRAGMENT_LENGTH], 4);
	packet_put(whole);
	stop(&w);
}

TEST(a_whole_above_the_limit_of_ip_is_dropped)
{
	struct craft c = in4;
	static const uint8_t options[40] = {1};
	struct packet *small = datagram(&in4, 64), *big;
	struct world w;
	uint32_t at;

	c.options = options;
	c.options_len = sizeof(options);
	big = datagram(&c, 64);
	start(&w, 1u << 20);
	/* Each piece fits, but not behind the first one's long header. */
	add(&w, craft_piece(small, 7, 65480, 32, false));
	for (at = 8192 * 7; at > 0; at -= 8192)
		CHECK(!add(&w,
			   craft_piece(small, 7, at, at == 8192 * 7 ? 65480 - at : 8192, true)));
	CHECK(!add(&w, craft_piece(big, 7, 0, 8192, true)));
	CHECK_EQ_U(w.dropped[FRAGMENT_LENGTH], 9);
	packet_put(small);
	packet_put(big);
	stop(&w);
}

TEST(a_first_piece_that_hides_the_ports_is_dropped)
{
	struct packet *whole = craft_tcp(&in4, 1, 0, HEADERS_SYN, "data", 4);
	struct world w;

	start(&w, 1u << 20);
	add(&w, craft_piece(whole, 7, 0, 8, true));
	CHECK(!add(&w, craft_piece(whole, 7, 8, 16, false)));
	CHECK_EQ_U(w.dropped[FRAGMENT_TINY], 2);
	packet_put(whole);
	stop(&w);
}

TEST(a_whole_that_does_not_parse_is_dropped)
{
	struct packet *whole = datagram(&in4, 64);
	struct world w;

	be16_put(whole->data + 24, 4000); /* UDP length */
	start(&w, 1u << 20);
	add(&w, craft_piece(whole, 7, 0, 32, true));
	CHECK(!add(&w, craft_piece(whole, 7, 32, 40, false)));
	CHECK_EQ_U(w.dropped[FRAGMENT_HEADERS], 2);
	packet_put(whole);
	stop(&w);
}

TEST(what_is_not_complete_in_sixty_seconds_is_dropped)
{
	struct packet *whole = datagram(&in4, 64);
	struct world w;

	start(&w, 1u << 20);
	add(&w, craft_piece(whole, 7, 0, 32, true));
	w.now = 59 * CLOCK_S;
	add(&w, craft_piece(whole, 7, 40, 8, true));
	fragment_table_tick(w.table, 59 * CLOCK_S);
	CHECK_EQ_U(w.dropped[FRAGMENT_TIMEOUT], 0);
	CHECK_EQ_U(fragment_table_next_deadline(w.table), 60 * CLOCK_S);
	fragment_table_tick(w.table, 60 * CLOCK_S);
	CHECK_EQ_U(w.dropped[FRAGMENT_TIMEOUT], 2);
	packet_put(whole);
	stop(&w);
}

TEST(ids_hooks_and_protocols_are_kept_apart)
{
	struct packet *whole = datagram(&in4, 64), *p;
	struct world w;

	start(&w, 1u << 20);
	add(&w, craft_piece(whole, 7, 0, 32, true));
	CHECK(!add(&w, craft_piece(whole, 8, 32, 40, false)));
	p = craft_piece(whole, 7, 32, 40, false);
	p->hook = PACKET_FORWARD;
	CHECK(!add(&w, p));
	p = craft_piece(whole, 7, 32, 40, false);
	p->data[9] = HEADERS_UDP_LITE;
	CHECK_EQ_U(headers_parse(&p->h, p->data, p->len), HEADERS_OK);
	CHECK(!add(&w, p));
	CHECK(add(&w, craft_piece(whole, 7, 32, 40, false)));
	packet_put(whole);
	stop(&w);
}

TEST(one_source_cannot_take_all_the_memory)
{
	struct craft other = in4;
	struct packet *greedy = datagram(&in4, 1000), *modest;
	struct world w;

	other.src = "10.0.0.3";
	modest = datagram(&other, 64);
	start(&w, 64 * 1024);
	add(&w, craft_piece(modest, 1, 0, 32, true));
	for (uint32_t id = 0; id < 1000; id++)
		add(&w, craft_piece(greedy, id, 0, 800, true));
	CHECK(fragment_table_bytes(w.table) <= 32 * 1024);
	CHECK(w.dropped[FRAGMENT_MEMORY] > 900);
	CHECK(add(&w, craft_piece(modest, 1, 32, 40, false)));
	packet_put(greedy);
	packet_put(modest);
	stop(&w);
}

TEST(over_the_limit_the_oldest_datagram_goes)
{
	struct world w;

	start(&w, 64 * 1024);
	for (unsigned i = 0; i < 200; i++) {
		char src[16];
		struct craft c = in4;
		struct packet *whole;

		snprintf(src, sizeof(src), "10.1.0.%u", i);
		c.src = src;
		whole = datagram(&c, 1000);
		add(&w, craft_piece(whole, 1, 0, 800, true));
		CHECK(fragment_table_bytes(w.table) <= 64 * 1024);
		if (i == 199)
			CHECK(add(&w, craft_piece(whole, 1, 800, 208, false)));
		packet_put(whole);
	}
	CHECK(w.dropped[FRAGMENT_MEMORY] > 100);
	stop(&w);
}

TEST(too_many_pieces_are_dropped)
{
	struct packet *whole = datagram(&in4, 8);
	struct world w;

	start(&w, 64u << 20);
	for (uint32_t i = 0; i <= FRAGMENT_MAX_PIECES; i++)
		add(&w, craft_piece(whole, 1, i * 16, 8, true));
	CHECK_EQ_U(w.dropped[FRAGMENT_TOO_MANY], FRAGMENT_MAX_PIECES + 1);
	packet_put(whole);
	stop(&w);
}

TEST(no_memory_drops_and_leaks_nothing)
{
	for (uint64_t nth = 1; nth <= 3; nth++) {
		struct packet *whole = datagram(&in4, 64);
		struct packet *a = craft_piece(whole, 7, 0, 32, true);
		struct packet *b = craft_piece(whole, 7, 32, 40, false);
		struct world w;

		start(&w, 1u << 20);
		mem_fail_at(nth);
		add(&w, a);
		CHECK(!add(&w, b));
		mem_fail_at(0);
		CHECK(w.dropped[FRAGMENT_MEMORY] > 0);
		packet_put(whole);
		stop(&w);
	}
}

TEST(flush_gives_everything_back)
{
	struct packet *whole = datagram(&in4, 64);
	struct world w;

	start(&w, 1u << 20);
	add(&w, craft_piece(whole, 7, 0, 32, true));
	add(&w, craft_piece(whole, 8, 0, 32, true));
	fragment_table_flush(w.table);
	CHECK_EQ_U(w.dropped[FRAGMENT_FLUSHED], 2);
	packet_put(whole);
	stop(&w);
}

TEST(an_atomic_fragment_loses_its_header)
{
	struct packet *whole = datagram(&in6, 64);
	struct packet *p = craft_piece(whole, 7, 0, 72, false);

	CHECK(p->h.is_atomic);
	CHECK_EQ_U(fragment_make_whole(p), HEADERS_OK);
	CHECK(!p->h.is_atomic);
	check_same(p, whole);
	CHECK_EQ_U(p->len, whole->len);
	CHECK(memcmp(p->data, whole->data, p->len) == 0);
	packet_put(p);
	packet_put(whole);
}

/* Cut anywhere, shuffled, some repeated: always the same datagram, at the moment it is complete. */
static void check_random(struct world *w, struct rng *rng, const struct craft *c, uint32_t id)
{
	struct packet *whole = datagram(c, 8 + rng_below(rng, 4000)), *piece[2 * PIECES];
	uint32_t size = 64 + 8 * rng_below(rng, 64);
	unsigned n = craft_train(whole, id, size, piece, PIECES);
	unsigned left = n;
	bool given[PIECES] = {false};

	if (n < 2) {
		packet_put(piece[0]);
		packet_put(whole);
		return;
	}
	while (left > 0) {
		unsigned i = rng_below(rng, n);
		struct packet *copy;

		if (given[i] && rng_below(rng, 8))
			continue;
		CHECK_OK(packet_create(&copy, piece[i]->data, piece[i]->len));
		CHECK_EQ_U(headers_parse(&copy->h, copy->data, copy->len), HEADERS_OK);
		copy->hook = c->hook;
		left -= !given[i];
		given[i] = true;
		CHECK_EQ_U(add(w, copy), left == 0);
	}
	check_same(w->whole, whole);
	CHECK(take(w) >= n);
	for (unsigned i = 0; i < n; i++)
		packet_put(piece[i]);
	packet_put(whole);
}

TEST(any_cut_and_any_order_give_the_same_datagram)
{
	struct world w;
	struct rng rng;

	rng_seed(&rng, test_seed());
	start(&w, 4u << 20);
	for (uint32_t i = 0; i < 400; i++)
		check_random(&w, &rng, i % 2 ? &in4 : &in6, i);
	stop(&w);
}
