/* SPDX-License-Identifier: MIT */
/*
 * stream - each byte once and in order, however it was cut; against a stupid reassembler.
 */
#include "harness.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/rng.h"
#include "stack/stream.h"

struct heard {
	struct buf bytes;
	uint64_t at, lost;
	unsigned gaps, ends, resets;
};

static void on_data(void *ctx, const uint8_t *bytes, uint32_t len, uint64_t at)
{
	struct heard *h = ctx;

	CHECK(len > 0);
	CHECK_EQ_U(at, h->at);
	CHECK_EQ_U(h->ends, 0);
	h->at += len;
	buf_append(&h->bytes, bytes, len);
}

static void on_gap(void *ctx, uint64_t len, uint64_t at)
{
	struct heard *h = ctx;

	CHECK(len > 0);
	CHECK_EQ_U(at, h->at);
	h->at += len;
	h->lost += len;
	h->gaps++;
}

static void on_end(void *ctx, bool reset)
{
	struct heard *h = ctx;

	h->ends++;
	h->resets += reset;
}

struct world {
	struct stream s;
	struct heard h;
	struct stream_sink sink;
	uint32_t isn;
};

static void start(struct world *w, uint32_t isn, uint32_t max_bytes)
{
	*w = (struct world){.isn = isn};
	w->sink = (struct stream_sink){on_data, on_gap, on_end, &w->h};
	buf_init(&w->h.bytes);
	stream_init(&w->s, max_bytes);
	stream_open(&w->s, isn);
}

static void stop(struct world *w)
{
	stream_clear(&w->s);
	CHECK_EQ_U(w->s.early_bytes, 0);
	buf_free(&w->h.bytes);
}

static enum stream_result put(struct world *w, uint32_t at, const char *text, bool fin)
{
	return stream_segment(&w->s, w->isn + at, (const uint8_t *)text, (uint32_t)strlen(text),
			      fin, &w->sink);
}

TEST(in_order_data_pass_through)
{
	struct world w;

	start(&w, 100, 65536);
	CHECK_EQ_U(put(&w, 0, "hello ", false), STREAM_DELIVERED);
	CHECK_EQ_U(put(&w, 6, "world", false), STREAM_DELIVERED);
	CHECK_EQ_S(buf_str(&w.h.bytes), "hello world");
	stop(&w);
}

TEST(early_data_wait_for_what_is_before_them)
{
	struct world w;

	start(&w, UINT32_MAX - 2, 65536);
	CHECK_EQ_U(put(&w, 6, "c", false), STREAM_EARLY);
	CHECK_EQ_U(put(&w, 3, "bbb", false), STREAM_EARLY);
	CHECK_EQ_U(w.h.at, 0);
	CHECK_EQ_U(put(&w, 0, "aaa", false), STREAM_DELIVERED);
	CHECK_EQ_S(buf_str(&w.h.bytes), "aaabbbc");
	stop(&w);
}

TEST(what_was_given_is_not_given_again)
{
	struct world w;

	start(&w, 0, 65536);
	put(&w, 0, "abc", false);
	CHECK_EQ_U(put(&w, 0, "xyz", false), STREAM_OLD);
	CHECK_EQ_U(put(&w, 1, "yyde", false), STREAM_DELIVERED);
	CHECK_EQ_S(buf_str(&w.h.bytes), "abcde");
	stop(&w);
}

TEST(of_bytes_sent_twice_the_first_to_arrive_count)
{
	struct world w;

	start(&w, 0, 65536);
	put(&w, 2, "22", false);
	put(&w, 6, "66", false);
	put(&w, 1, "xxxxxxxx", false);
	put(&w, 0, "zzzzzzzzzzz", false);
	CHECK_EQ_S(buf_str(&w.h.bytes), "zx22xx66xzz");
	stop(&w);
}

TEST(fin_ends_the_stream_when_all_before_it_was_given)
{
	struct world w;

	start(&w, 0, 65536);
	put(&w, 3, "def", true);
	CHECK_EQ_U(w.h.ends, 0);
	put(&w, 0, "abc", false);
	CHECK_EQ_U(w.h.ends, 1);
	CHECK_EQ_U(w.h.resets, 0);
	CHECK_EQ_U(put(&w, 6, "more", false), STREAM_OUTSIDE);
	CHECK_EQ_S(buf_str(&w.h.bytes), "abcdef");
	stop(&w);
}

TEST(a_bare_fin_ends_the_stream)
{
	struct world w;

	start(&w, 0, 65536);
	put(&w, 0, "abc", false);
	CHECK_EQ_U(put(&w, 3, "", true), STREAM_DELIVERED);
	CHECK_EQ_U(w.h.ends, 1);
	stop(&w);
}

TEST(data_beyond_the_fin_do_not_exist)
{
	struct world w;

	start(&w, 0, 65536);
	put(&w, 2, "cdEVIL", false);
	put(&w, 4, "", true);
	put(&w, 1, "bcdEVIL", false);
	put(&w, 0, "a", false);
	CHECK_EQ_S(buf_str(&w.h.bytes), "abcd");
	CHECK_EQ_U(w.h.ends, 1);
	stop(&w);
}

TEST(a_fin_in_the_past_is_no_end)
{
	struct world w;

	start(&w, 0, 65536);
	put(&w, 0, "abcdef", false);
	put(&w, 0, "abc", true);
	CHECK_EQ_U(w.h.ends, 0);
	put(&w, 6, "g", false);
	CHECK_EQ_S(buf_str(&w.h.bytes), "abcdefg");
	stop(&w);
}

TEST(reset_ends_at_once_and_once)
{
	struct world w;

	start(&w, 0, 65536);
	put(&w, 4, "late", false);
	stream_reset(&w.s, &w.sink);
	stream_reset(&w.s, &w.sink);
	CHECK_EQ_U(w.h.ends, 1);
	CHECK_EQ_U(w.h.resets, 1);
	CHECK_EQ_U(w.h.at, 0);
	stop(&w);
}

TEST(over_the_cap_the_missing_bytes_are_lost_and_inspection_goes_on)
{
	static char block[1001];
	struct world w;

	memset(block, 'b', 1000);
	start(&w, 0, 4000);
	for (uint32_t i = 0; i < 6; i++)
		put(&w, 10 + 2000 * i, block, false);
	CHECK(w.h.gaps > 0);
	CHECK(w.s.early_bytes <= 4000);
	CHECK(w.h.at > 0);
	stream_flush(&w.s, &w.sink);
	CHECK_EQ_U(w.h.bytes.len, 6000);
	CHECK_EQ_U(w.h.at, 11010);
	stop(&w);
}

TEST(a_piece_above_the_cap_is_given_without_waiting)
{
	struct world w;

	start(&w, 0, 100);
	CHECK_EQ_U(put(&w, 10, "early", false), STREAM_DELIVERED);
	CHECK_EQ_U(w.h.lost, 10);
	CHECK_EQ_S(buf_str(&w.h.bytes), "early");
	stop(&w);
}

TEST(no_memory_is_a_gap)
{
	struct world w;

	start(&w, 0, 65536);
	mem_fail_at(1);
	CHECK_EQ_U(put(&w, 10, "early", false), STREAM_DELIVERED);
	CHECK_EQ_U(w.h.lost, 10);
	stop(&w);
}

TEST(what_is_outside_any_window_is_ignored)
{
	struct world w;

	start(&w, 0, 65536);
	CHECK_EQ_U(put(&w, STREAM_MAX_WINDOW + 1, "x", false), STREAM_OUTSIDE);
	CHECK_EQ_U(put(&w, (uint32_t)-1 - STREAM_MAX_WINDOW, "x", false), STREAM_OUTSIDE);
	stop(&w);
}

TEST(a_stream_seen_from_the_middle_begins_there)
{
	struct world w;

	start(&w, 5000, 65536);
	stream_init(&w.s, 65536);
	put(&w, 0, "middle", false);
	CHECK_EQ_S(buf_str(&w.h.bytes), "middle");
	stop(&w);
}

TEST(a_second_syn_does_not_begin_the_stream_anew)
{
	struct world w;

	start(&w, 0, 65536);
	put(&w, 0, "abc", false);
	stream_open(&w.s, 77);
	put(&w, 3, "def", false);
	CHECK_EQ_S(buf_str(&w.h.bytes), "abcdef");
	stop(&w);
}

TEST(flush_gives_up_and_reaches_the_fin)
{
	struct world w;

	start(&w, 0, 65536);
	put(&w, 5, "fgh", false);
	put(&w, 10, "", true);
	stream_flush(&w.s, &w.sink);
	CHECK_EQ_S(buf_str(&w.h.bytes), "fgh");
	CHECK_EQ_U(w.h.lost, 7);
	CHECK_EQ_U(w.h.ends, 1);
	stop(&w);
}

/*
 * The stupid reassembler: one byte per sequence number, written by whoever comes first; what is
 * contiguous from the start is what the stream must have given.
 */
#define SPAN 600

static void compare_once(struct rng *rng)
{
	uint8_t byte[SPAN], seg[64];
	bool there[SPAN] = {false};
	uint32_t fin = rng_below(rng, SPAN - 100) + 50, contiguous = 0;
	struct world w;

	start(&w, rng_u32(rng), 1u << 20);
	for (unsigned i = 0; i < 400; i++) {
		uint32_t at = rng_below(rng, fin), len = rng_below(rng, 60);
		bool is_fin;

		if (rng_below(rng, 4) == 0)
			at = contiguous; /* so that it gets on */
		if (len > fin - at)
			len = fin - at;
		is_fin = at + len == fin;
		for (uint32_t k = 0; k < len; k++)
			seg[k] = (uint8_t)(rng_u32(rng) | 1);
		for (uint32_t k = 0; k < len; k++) {
			if (!there[at + k])
				byte[at + k] = seg[k];
			there[at + k] = true;
		}
		while (contiguous < fin && there[contiguous])
			contiguous++;
		stream_segment(&w.s, w.isn + at, seg, len, is_fin, &w.sink);
		CHECK_EQ_U(w.h.at, contiguous);
	}
	CHECK_EQ_U(w.h.gaps, 0);
	CHECK_EQ_U(w.h.bytes.len, contiguous);
	CHECK(memcmp(w.h.bytes.data, byte, contiguous) == 0);
	CHECK_EQ_U(w.h.ends, contiguous == fin);
	stop(&w);
}

TEST(agrees_with_a_stupid_reassembler)
{
	struct rng rng;

	rng_seed(&rng, test_seed());
	for (unsigned i = 0; i < 500; i++)
		compare_once(&rng);
}
