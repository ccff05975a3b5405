/* SPDX-License-Identifier: MIT */
/*
 * replay - every frame gets one row, in order, with the verdict of the whole stack behind it.
 */
#include "harness.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "engine/callout.h"
#include "engine/pend.h"
#include "replay_world.h"

#define START (UINT64_C(1700000000) * CLOCK_S)

static struct world w;

SIM_TEST(every_packet_gets_one_row_in_order)
{
	world_begin(&w);
	for (unsigned i = 0; i < 20; i++)
		world_add_udp(&w, START + i, i % 2 ? THERE : HERE, i % 2 ? HERE : THERE, "x");
	CHECK_OK(world_replay(&w));
	CHECK_EQ_U(w.n_rows, 20);
	for (unsigned i = 0; i < 20; i++) {
		CHECK_EQ_U(w.rows[i].frame, i + 1);
		CHECK_EQ_U(w.rows[i].time, START + i);
		CHECK_EQ_U(w.rows[i].fate, REPLAY_PERMIT);
		CHECK_EQ_U(w.rows[i].hook, i % 2 ? PACKET_IN : PACKET_OUT);
	}
	CHECK_EQ_U(w.totals.frames, 20);
	CHECK_EQ_U(w.totals.permitted, 20);
	world_end(&w);
}

SIM_TEST(a_filter_blocks_and_is_named)
{
	world_begin(&w);
	world_block(&w, MODEL_LAYER_ALE_AUTH_CONNECT_V4);
	world_add_udp(&w, START, HERE, THERE, "x");
	CHECK_OK(world_replay(&w));
	CHECK_EQ_U(w.n_rows, 1);
	CHECK_EQ_U(w.rows[0].fate, REPLAY_BLOCK);
	CHECK(strstr(w.rows[0].comment,
		     "BLOCK by filter 65537 in sublayer FWPM_SUBLAYER_UNIVERSAL"));
	CHECK(strstr(w.rows[0].comment, "at FWPM_LAYER_ALE_AUTH_CONNECT_V4"));
	CHECK_EQ_U(w.totals.blocked, 1);
	world_end(&w);
}

SIM_TEST(said_addresses_beat_the_guess)
{
	const char *const local[] = {"10.0.0.2"};

	world_begin(&w);
	w.options.local = local;
	w.options.n_local = 1;
	world_add_udp(&w, START, HERE, THERE, "x");
	world_add_udp(&w, START, 0x0a000003, 0x0a000004, "x");
	CHECK_OK(world_replay(&w));
	CHECK_EQ_U(w.rows[0].hook, PACKET_IN);
	CHECK_EQ_U(w.rows[1].hook, PACKET_FORWARD);
	world_end(&w);
}

SIM_TEST(a_wrong_address_is_refused_by_name)
{
	const char *const local[] = {"10.0.0.256"};

	world_begin(&w);
	w.options.local = local;
	w.options.n_local = 1;
	CHECK_ERR(world_replay(&w), ERR_INVALID_PARAMETER);
	CHECK(strstr(buf_str(&w.why), "10.0.0.256"));
	world_end(&w);
}

SIM_TEST(a_loopback_packet_is_seen_at_both_ends)
{
	world_begin(&w);
	world_block(&w, MODEL_LAYER_INBOUND_TRANSPORT_V4);
	world_add_udp(&w, START, 0x7f000001, 0x7f000001, "x");
	CHECK_OK(world_replay(&w));
	CHECK_EQ_U(w.n_rows, 1);
	CHECK(w.rows[0].loopback);
	CHECK_EQ_U(w.rows[0].fate, REPLAY_BLOCK);
	CHECK(strstr(w.rows[0].comment, "INBOUND_TRANSPORT_V4"));
	world_end(&w);
}

SIM_TEST(a_malformed_packet_is_blocked_and_no_more)
{
	struct buf packet = {0};

	world_begin(&w);
	put_udp4(&packet, HERE, 1, THERE, 2, "cut");
	packet.len -= 4;
	world_add(&w, START, &packet);
	buf_free(&packet);
	world_add_udp(&w, START, HERE, THERE, "whole");
	CHECK_OK(world_replay(&w));
	CHECK_EQ_U(w.rows[0].fate, REPLAY_BLOCK);
	CHECK(strstr(w.rows[0].comment, "BLOCK: malformed"));
	CHECK_EQ_U(w.rows[1].fate, REPLAY_PERMIT);
	world_end(&w);
}

SIM_TEST(a_frame_without_ip_passes_unseen)
{
	const uint8_t other[4] = {0x50, 1, 2, 3};

	world_begin(&w);
	put_pcap_frame(&w.file, START, other, 4, 4);
	CHECK_OK(world_replay(&w));
	CHECK_EQ_U(w.rows[0].fate, REPLAY_NOT_IP);
	CHECK_EQ_U(w.totals.not_ip, 1);
	world_end(&w);
}

SIM_TEST(a_capture_that_breaks_off_is_replayed_as_far_as_it_goes)
{
	world_begin(&w);
	world_add_udp(&w, START, HERE, THERE, "x");
	world_add_udp(&w, START, HERE, THERE, "x");
	w.file.len -= 3;
	CHECK_ERR(world_replay(&w), ERR_INVALID_DATA);
	CHECK(strstr(buf_str(&w.why), "frame 2"));
	CHECK_EQ_U(w.n_rows, 1);
	CHECK_EQ_U(w.rows[0].fate, REPLAY_PERMIT);
	world_end(&w);
}

SIM_TEST(an_output_that_cannot_be_written_is_refused)
{
	world_begin(&w);
	w.options.out = "/nonexistent/out.pcapng";
	world_add_udp(&w, START, HERE, THERE, "x");
	CHECK_ERR(world_replay(&w), ERR_FILE_NOT_FOUND);
	CHECK(strstr(buf_str(&w.why), "/nonexistent/out.pcapng"));
	world_end(&w);
}

SIM_TEST(the_output_reads_back_with_as_many_frames)
{
	char out[256];

	world_begin(&w);
	snprintf(out, sizeof(out), "%s", temp_path("out.pcapng"));
	w.options.out = out;
	for (unsigned i = 0; i < 5; i++)
		world_add_udp(&w, START + i, HERE, THERE, "text");
	CHECK_OK(world_replay(&w));
	w.options.out = NULL;
	w.options.captures = (const char *const[]){out};
	w.options.n_captures = 1;
	CHECK_EQ_U(w.n_rows, 5);
	w.n_rows = 0;
	CHECK_OK(world_replay(&w)); /* the capture, then what was written of it */
	CHECK_EQ_U(w.n_rows, 10);
	CHECK_EQ_U(w.rows[9].time, START + 4);
	unlink(out);
	world_end(&w);
}

/* A callout that pends what it sees first and completes it on a thread of its own. */
struct slow {
	struct engine *engine;
	uint32_t id;
	uint64_t context;
	struct thread *thread;
	uint64_t delay;
};

static void complete_late(void *arg)
{
	struct slow *s = arg;

	clock_sleep_until(clock_now() + s->delay);
	(void)pend_complete(s->engine,
			    s->context); /* too late in one test: an error, and no harm */
}

static void slow_classify(void *ctx, const struct engine_call *call,
			  struct engine_classify_out *out)
{
	struct slow *s = ctx;

	out->action = MODEL_ACTION_PERMIT;
	if (call->ind->reauthorize || s->thread)
		return;
	CHECK_OK(pend_operation(s->engine, call->ind->meta->completion_handle, &s->context));
	CHECK_OK(thread_start(&s->thread, "slow", complete_late, s));
	out->action = MODEL_ACTION_BLOCK;
	out->flags |= ENGINE_OUT_ABSORB;
	out->rights &= ~ENGINE_RIGHT_ACTION_WRITE;
}

static const struct engine_callout_ops slow_ops = {.classify = slow_classify};

static void slow_begin(struct slow *s, struct world *world, uint64_t delay)
{
	const struct engine_callout_desc desc = {
		.key = WORLD_CALLOUT, .driver = 1, .name = "slow", .ops = &slow_ops, .ctx = s};

	*s = (struct slow){.engine = world->engine, .delay = delay};
	CHECK_OK(engine_callout_register(s->engine, &desc, &s->id));
	world_call(world, MODEL_LAYER_ALE_AUTH_CONNECT_V4, s->id);
}

static void slow_end(struct slow *s)
{
	thread_join(s->thread);
	CHECK_OK(engine_callout_unregister(s->engine, s->id, ENGINE_UNREGISTER_POLITE));
}

SIM_TEST(a_late_verdict_keeps_the_order_of_rows)
{
	struct slow slow;

	world_begin(&w);
	slow_begin(&slow, &w, 10 * CLOCK_MS);
	for (unsigned i = 0; i < 8; i++)
		world_add_udp(&w, START + i * CLOCK_MS, HERE, THERE + i, "x");
	CHECK_OK(world_replay(&w));
	slow_end(&slow);
	CHECK_EQ_U(w.n_rows, 8);
	for (unsigned i = 0; i < 8; i++) {
		CHECK_EQ_U(w.rows[i].frame, i + 1);
		CHECK_EQ_U(w.rows[i].fate, REPLAY_PERMIT);
		CHECK(strstr(w.rows[i].comment, "PERMIT by callout"));
		CHECK(strstr(w.rows[i].comment, "ALE_AUTH_CONNECT_V4"));
	}
	CHECK_EQ_U(w.totals.unanswered, 0);
	world_end(&w);
}

SIM_TEST(what_is_held_for_too_long_is_shown_as_blocked)
{
	struct slow slow;

	world_begin(&w);
	slow_begin(&slow, &w, CLOCK_S);
	w.options.drain = 10 * CLOCK_MS;
	w.options.engine = w.engine;
	world_add_udp(&w, START, HERE, THERE, "x");
	CHECK_OK(world_replay(&w));
	thread_join(slow.thread);
	CHECK_EQ_U(w.n_rows, 1);
	CHECK_EQ_U(w.rows[0].fate, REPLAY_BLOCK);
	CHECK_OK(engine_callout_unregister(slow.engine, slow.id, ENGINE_UNREGISTER_POLITE));
	world_end(&w);
}

#ifdef BASE_SIM
SIM_TEST(the_clock_follows_the_capture)
{
	world_begin(&w);
	world_add_udp(&w, START, HERE, THERE, "a");
	world_add_udp(&w, START + 3600 * CLOCK_S, HERE, THERE, "b");
	world_add_udp(&w, START + 3600 * CLOCK_S - 5, HERE, THERE, "c"); /* back: no time passes */
	CHECK_OK(world_replay(&w));
	CHECK_EQ_U(w.rows[1].clock - w.rows[0].clock, 3600 * CLOCK_S);
	CHECK_EQ_U(w.rows[2].clock, w.rows[1].clock);
	world_end(&w);
}

SIM_TEST(a_leap_of_years_is_a_day)
{
	world_begin(&w);
	world_add_udp(&w, START, HERE, THERE, "a");
	world_add_udp(&w, START * 2, HERE, THERE, "b");
	CHECK_OK(world_replay(&w));
	CHECK_EQ_U(w.rows[1].clock - w.rows[0].clock, 24 * 3600 * CLOCK_S);
	world_end(&w);
}

/* Eight flows, one of them pended and completed on a thread of its own; into *arg. */
static void replay_into(void *arg)
{
	struct buf *out = arg;
	struct slow slow;
	char path[256];

	world_begin(&w);
	snprintf(path, sizeof(path), "%s", temp_path("out.pcapng"));
	w.options.out = path;
	slow_begin(&slow, &w, 3 * CLOCK_MS);
	for (unsigned i = 0; i < 8; i++)
		world_add_udp(&w, START + i * CLOCK_MS, HERE, THERE + i, "x");
	CHECK_OK(world_replay(&w));
	slow_end(&slow);
	CHECK_OK(file_read_all(path, 1 << 20, out));
	unlink(path);
	world_end(&w);
}

TEST(the_same_seed_gives_the_same_bytes)
{
	static struct buf first, second;

	for (uint64_t seed = test_seed(), end = seed + 5; seed < end; seed++) {
		buf_reset(&first);
		buf_reset(&second);
		CHECK_EQ_U(sim_run(seed, replay_into, &first), SIM_DONE);
		CHECK_EQ_U(sim_run(seed, replay_into, &second), SIM_DONE);
		CHECK_EQ_U(first.len, second.len);
		CHECK(memcmp(first.data, second.data, first.len) == 0);
	}
}
#endif

/* Each allocation of a replay fails once; in the end there is one that needs no more. */
TEST(without_memory_it_fails_cleanly)
{
	wfp_err err = ERR_NO_MEMORY;
	unsigned n, failed = 0;

	world_begin(&w);
	for (unsigned i = 0; i < 4; i++)
		world_add_udp(&w, START + i, HERE, THERE + i, "x");
	w.capture = temp_path("capture.pcap");
	CHECK_OK(file_write_all(w.capture, w.file.data, w.file.len));
	for (n = 1; n < 1000 && !(err == ERR_OK && w.totals.blocked == 0); n++) {
		struct path *p;
		uint64_t before = mem_live();

		w.n_rows = 0;
		memset(&w.totals, 0, sizeof(w.totals));
		buf_free(&w.why);
		mem_fail_at(n);
		err = replay_path.open(&p, w.capture, &w.options, w.stack, &w.why);
		if (err) {
			mem_fail_at(0);
			buf_free(&w.why);
			CHECK_EQ_U(mem_live(), before);
			CHECK_ERR(err, ERR_NO_MEMORY);
			failed++;
			continue;
		}
		err = replay_path.run(p, &w.why);
		mem_fail_at(0);
		replay_totals(p, &w.totals);
		CHECK(err == ERR_OK || err == ERR_NO_MEMORY);
		replay_path.close(p);
	}
	CHECK(n < 1000 && failed > 5);
	CHECK_EQ_U(w.totals.permitted, 4);
	world_end(&w);
}
