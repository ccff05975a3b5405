/* SPDX-License-Identifier: MIT */
/* Frames that arrive in pieces of any size. */
#include "harness.h"

#include "base/mem.h"
#include "base/rng.h"
#include "rpc/frame.h"
#include "rpc/wfp.pb-c.h"

static void put_frame(struct buf *out, uint32_t n)
{
	Openwfp__Stat m = OPENWFP__STAT__INIT;
	char name[300];

	memset(name, 'x', sizeof(name));
	name[n % sizeof(name)] = 0;
	m.name = name;
	m.has_value = true;
	m.value = n;
	CHECK_OK(rpc_frame_append(out, &m.base, RPC_ANSWER_MAX));
}

/* As a socket would: at most `chunk` bytes of what is left. */
static void feed(struct rpc_frame *f, const struct buf *in, size_t *at, size_t chunk)
{
	uint8_t *to;
	size_t room;

	CHECK_OK(rpc_frame_room(f, &to, &room));
	CHECK(room > 0);
	if (room > chunk)
		room = chunk;
	if (room > in->len - *at)
		room = in->len - *at;
	memcpy(to, in->data + *at, room);
	*at += room;
	CHECK_OK(rpc_frame_put(f, room));
}

static void check_frame(const struct rpc_frame *f, uint32_t n)
{
	Openwfp__Stat *m = openwfp__stat__unpack(NULL, f->len, f->body.data);

	CHECK(m);
	CHECK_EQ_U(m->value, n);
	openwfp__stat__free_unpacked(m, NULL);
}

TEST(frames_split_anywhere_come_out_whole_and_in_order)
{
	uint64_t live = mem_live();
	struct rpc_frame f;
	struct buf in = {0};
	size_t at = 0;
	struct rng r;

	rng_seed(&r, test_seed());
	rpc_frame_init(&f, RPC_REQUEST_MAX);
	for (uint32_t n = 0; n < 500; n++)
		put_frame(&in, n);
	for (uint32_t n = 0; n < 500; n++) {
		while (!rpc_frame_complete(&f))
			feed(&f, &in, &at, 1 + rng_below(&r, 7));
		check_frame(&f, n);
		rpc_frame_reset(&f);
	}
	CHECK_EQ_U(at, in.len);
	rpc_frame_free(&f);
	buf_free(&in);
	CHECK_EQ_U(mem_live(), live);
}

TEST(a_frame_never_asks_for_bytes_of_the_next_one)
{
	struct rpc_frame f;
	struct buf in = {0};
	size_t at = 0;

	rpc_frame_init(&f, RPC_REQUEST_MAX);
	put_frame(&in, 7);
	put_frame(&in, 8);
	while (!rpc_frame_complete(&f))
		feed(&f, &in, &at, SIZE_MAX);
	CHECK_EQ_U(at, f.len + RPC_FRAME_HEADER);
	rpc_frame_free(&f);
	buf_free(&in);
}

TEST(a_frame_longer_than_allowed_is_refused_at_its_header)
{
	struct rpc_frame f;
	uint8_t *to;
	size_t room;

	rpc_frame_init(&f, 1000);
	CHECK_OK(rpc_frame_room(&f, &to, &room));
	memcpy(to, "\xe9\x03\x00\x00", 4); /* 1001 */
	CHECK_ERR(rpc_frame_put(&f, 4), ERR_RPC_X_BAD_STUB_DATA);
	rpc_frame_free(&f);
}

TEST(who_announces_much_and_sends_little_costs_little)
{
	struct rpc_frame f;
	uint8_t *to;
	size_t room;

	rpc_frame_init(&f, RPC_REQUEST_MAX);
	CHECK_OK(rpc_frame_room(&f, &to, &room));
	memcpy(to, "\x00\x00\x40\x00", 4); /* 4 MiB */
	CHECK_OK(rpc_frame_put(&f, 4));
	CHECK_OK(rpc_frame_room(&f, &to, &room));
	CHECK_OK(rpc_frame_put(&f, 1));
	CHECK(f.body.cap < 16384);
	rpc_frame_free(&f);
}

TEST(an_empty_frame_is_complete_with_its_header)
{
	struct rpc_frame f;
	uint8_t *to;
	size_t room;

	rpc_frame_init(&f, RPC_REQUEST_MAX);
	CHECK_OK(rpc_frame_room(&f, &to, &room));
	memset(to, 0, 4);
	CHECK_OK(rpc_frame_put(&f, 4));
	CHECK(rpc_frame_complete(&f));
	rpc_frame_free(&f);
}

TEST(a_message_that_is_too_long_is_not_appended)
{
	Openwfp__Stat m = OPENWFP__STAT__INIT;
	struct buf out = {0};

	m.name = (char *)(uintptr_t) "a name of some length";
	CHECK_ERR(rpc_frame_append(&out, &m.base, 10), ERR_RPC_X_BAD_STUB_DATA);
	CHECK_EQ_U(out.len, 0);
	buf_free(&out);
}
