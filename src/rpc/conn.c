/* SPDX-License-Identifier: MIT */
/*
 * conn - one connection: its requests one after the other, and what is sent to it.
 *
 * Runs on the connection's thread, but for notifications: these are queued by whoever has something
 * to tell, and sent at once as far as the socket takes them without blocking.  The thread sends the
 * rest as soon as it is not inside a request.
 */
#include "rpc/server_state.h"

#include "base/clock.h"
#include "base/mem.h"
#include "rpc/codec.h"
#include "rpc/wfp.pb-c.h"

#include <string.h>

#define KEEP_MAX      ((size_t)64 << 10)
#define LAST_NOTE_MAX 32u /* bytes of a last notification: a handle and an error */
#define SMALL_REPLY   64u

static bool is_stopping(struct rpc_session_conn *c)
{
	return atom32_load(&c->server->stopping) != 0;
}

/* ---- sending -----------------------------------------------------------------------------------
 */

static size_t unsent(const struct rpc_session_conn *c) REQUIRES(c->out_lock)
{
	return c->out.len - c->sent;
}

/* What is sent already makes room, before the buffer grows. */
static void forget_sent(struct rpc_session_conn *c) REQUIRES(c->out_lock)
{
	size_t left = unsent(c);

	if (left == 0) {
		c->last_notes = 0;
		if (c->out.cap > KEEP_MAX)
			buf_free(&c->out);
		else
			buf_reset(&c->out);
	} else if (c->sent >= left) {
		memcpy(c->out.data, c->out.data + c->sent, left);
		c->out.len = left;
	} else {
		return;
	}
	c->sent = 0;
}

/* As much as the socket takes now. */
static void send_some(struct rpc_session_conn *c) REQUIRES(c->out_lock)
{
	while (!c->broken && unsent(c) > 0) {
		size_t n;

		if (usock_write(c->sock, c->out.data + c->sent, unsent(c), &n)) {
			c->broken = true;
			break;
		}
		if (n == 0)
			break;
		c->sent += n;
		c->gone += n;
	}
	if (c->gone >= c->reply_end)
		c->reply_len = 0;
	forget_sent(c);
}

/* No memory: nothing is queued. */
static bool queue(struct rpc_session_conn *c, const uint8_t *frame, size_t len)
	REQUIRES(c->out_lock)
{
	if (!buf_reserve(&c->out, len)) {
		c->out.failed = false; /* what is there is whole */
		return false;
	}
	buf_append(&c->out, frame, len);
	c->queued += len;
	return true;
}

static bool note_fits(const struct rpc_session_conn *c, size_t len, bool last) REQUIRES(c->out_lock)
{
	size_t notes = unsent(c) > c->reply_len ? unsent(c) - c->reply_len : 0;

	if (last)
		return len <= LAST_NOTE_MAX && c->last_notes < RPC_LAST_NOTES;
	return notes + len <= c->server->config.max_notes;
}

static bool queue_note(struct rpc_session_conn *c, const struct buf *frame, bool last)
{
	bool fits, left;

	lock_take(&c->out_lock);
	fits = !c->broken && note_fits(c, frame->len, last) && queue(c, frame->data, frame->len);
	if (fits && last)
		c->last_notes++;
	if (last && !fits)
		c->broken = true; /* it would never know */
	send_some(c);
	left = unsent(c) > 0 || c->broken;
	lock_drop(&c->out_lock);
	if (left)
		usock_wake_up(c->wake);
	return fits;
}

static bool conn_notify(struct rpc_conn *conn, const struct Openwfp__Notification *n, bool last)
{
	struct rpc_session_conn *c = CONTAINER_OF(conn, struct rpc_session_conn, base);
	Openwfp__FromEngine m = OPENWFP__FROM_ENGINE__INIT;
	struct buf frame = {0};
	bool fits;

	m.notification = (Openwfp__Notification *)(uintptr_t)n;
	fits = rpc_frame_append(&frame, &m.base, RPC_ANSWER_MAX) == ERR_OK &&
	       queue_note(c, &frame, last);
	buf_free(&frame);
	if (!fits)
		atom64_add_relaxed(&c->server->dropped, 1);
	return fits;
}

static bool conn_alive(struct rpc_conn *conn)
{
	struct rpc_session_conn *c = CONTAINER_OF(conn, struct rpc_session_conn, base);

	return !is_stopping(c) && !usock_hung_up(c->sock);
}

static const struct rpc_conn_ops conn_ops = {conn_alive, conn_notify};

/* Until the newest reply has left; only this client waits for its reading. */
static bool send_reply(struct rpc_session_conn *c, const uint8_t *frame, size_t len)
{
	bool queued, done, broken;

	lock_take(&c->out_lock);
	queued = queue(c, frame, len);
	if (queued) {
		c->reply_end = c->queued;
		c->reply_len = len;
	}
	for (;;) {
		send_some(c);
		done = c->gone >= c->reply_end;
		broken = c->broken;
		lock_drop(&c->out_lock);
		if (!queued || done || broken)
			return queued && !broken;
		if (usock_wait(c->sock, NULL, USOCK_OUT, CLOCK_NEVER) & USOCK_GONE)
			return false;
		lock_take(&c->out_lock);
	}
}

/* The reply that holds an error alone needs no memory but that of the queue. */
struct small_frame {
	uint8_t bytes[RPC_FRAME_HEADER + SMALL_REPLY];
	size_t len;
};

static void make_error(struct small_frame *f, uint64_t id, wfp_err err)
{
	Openwfp__FromEngine m = OPENWFP__FROM_ENGINE__INIT;
	Openwfp__Reply reply = OPENWFP__REPLY__INIT;
	size_t len;

	m.reply = &reply;
	reply.has_id = reply.has_error = true;
	reply.id = id;
	reply.error = err;
	len = openwfp__from_engine__pack(&m, f->bytes + RPC_FRAME_HEADER);
	f->bytes[0] = (uint8_t)len;
	f->bytes[1] = f->bytes[2] = f->bytes[3] = 0;
	f->len = RPC_FRAME_HEADER + len;
}

static bool send_error(struct rpc_session_conn *c, uint64_t id, wfp_err err)
{
	struct small_frame f;

	make_error(&f, id, err);
	return send_reply(c, f.bytes, f.len);
}

void rpc_conn_refuse(struct rpc_session_conn *c, wfp_err why)
{
	struct small_frame f;
	size_t n;

	make_error(&f, 0, why);
	/* It fits an empty socket. */
	(void)!usock_write(c->sock, f.bytes, f.len, &n);
}

/* ---- receiving ---------------------------------------------------------------------------------
 */

/* What was queued meanwhile.  False: the connection is broken. */
static bool send_queued(struct rpc_session_conn *c, bool *left)
{
	bool broken;

	lock_take(&c->out_lock);
	send_some(c);
	*left = unsent(c) > 0;
	broken = c->broken;
	lock_drop(&c->out_lock);
	return !broken;
}

static bool await_bytes(struct rpc_session_conn *c)
{
	uint32_t mask;
	bool left;

	do {
		if (is_stopping(c) || !send_queued(c, &left))
			return false;
		mask = usock_wait(c->sock, c->wake, USOCK_IN | (left ? USOCK_OUT : 0), CLOCK_NEVER);
	} while (!(mask & USOCK_IN));
	return true;
}

/* Memory for a large request is the user's; where there is none, the client must go. */
static wfp_err begin_body(struct rpc_session_conn *c)
{
	if (!rpc_frame_announced(&c->frame) || c->frame.len <= RPC_SMALL_MAX || c->large > 0)
		return ERR_OK;
	return rpc_server_reserve(c, c->frame.len + RPC_UNPACKED_MAX(c->frame.len)) ? ERR_OK
										    : ERR_NO_MEMORY;
}

/* One complete request in c->frame.  ERR_HANDLE_EOF: the client, or the server, ends it. */
static wfp_err read_request(struct rpc_session_conn *c)
{
	wfp_err err = ERR_OK;

	while (!err && !rpc_frame_complete(&c->frame)) {
		uint8_t *to;
		size_t n;

		err = rpc_frame_room(&c->frame, &to, &n);
		if (!err)
			err = usock_read(c->sock, to, n, &n);
		if (err)
			break;
		if (n == 0 && !await_bytes(c))
			return ERR_HANDLE_EOF;
		err = rpc_frame_put(&c->frame, n);
		if (!err)
			err = begin_body(c);
	}
	return err;
}

/* ---- serving -----------------------------------------------------------------------------------
 */

static bool answer(struct rpc_session_conn *c, const Openwfp__Request *request)
{
	wfp_err err;
	bool sent;

	buf_reset(&c->answer);
	err = c->server->config.handler->request(c->client, request, &c->answer);
	if (!err)
		err = buf_err(&c->answer);
	sent = !err && send_reply(c, c->answer.data, c->answer.len);
	if (err)
		sent = send_error(c, request->id, err);
	if (c->answer.cap > KEEP_MAX)
		buf_free(&c->answer);
	return sent;
}

/* False: the connection ends. */
static bool serve_request(struct rpc_session_conn *c)
{
	ProtobufCMessage *m;
	struct arena a;
	wfp_err err;
	bool go_on;

	arena_init(&a, RPC_UNPACKED_MAX(c->frame.len));
	err = rpc_message_unpack(&a, &openwfp__request__descriptor, c->frame.body.data,
				 c->frame.len, &m);
	rpc_frame_reset(&c->frame);
	if (!err) {
		go_on = answer(c, (const Openwfp__Request *)m);
	} else { /* which request it was is not known, so the client cannot go on */
		send_error(c, 0, err);
		atom64_add_relaxed(&c->server->broken, 1);
		go_on = false;
	}
	arena_free(&a);
	rpc_server_release(c);
	atom64_add_relaxed(&c->server->requests, 1);
	return go_on && !is_stopping(c);
}

static void serve_all(struct rpc_session_conn *c)
{
	wfp_err err;

	do
		err = read_request(c);
	while (!err && serve_request(c));
	if (err && err != ERR_HANDLE_EOF) {
		send_error(c, 0, err);
		atom64_add_relaxed(&c->server->broken, 1);
	}
}

void rpc_conn_serve(struct rpc_session_conn *c)
{
	const struct rpc_handler *handler = c->server->config.handler;
	const struct rpc_peer peer = {c->peer.pid, c->peer.uid, c->peer.n_gids, c->peer.gids};
	wfp_err err = handler->opened(handler->ctx, &c->base, &peer, &c->client);

	if (err) {
		send_error(c, 0, err);
		return;
	}
	serve_all(c);
	handler->closed(c->client);
}

/* ---- making ------------------------------------------------------------------------------------
 */

wfp_err rpc_conn_create(struct rpc_session_conn **out, struct rpc_server *s, struct usock *sock)
{
	struct rpc_session_conn *c = mem_zalloc(sizeof(*c));
	wfp_err err;

	if (!c)
		return ERR_NO_MEMORY;
	c->base.ops = &conn_ops;
	c->server = s;
	list_init(&c->link);
	lock_init(&c->out_lock, "rpc out", RANK_OUT);
	rpc_frame_init(&c->frame, RPC_REQUEST_MAX);
	err = usock_wake_create(&c->wake);
	if (!err)
		err = usock_peer_get(sock, &c->peer);
	if (err) {
		rpc_conn_free(c);
		return err;
	}
	c->sock = sock;
	*out = c;
	return ERR_OK;
}

void rpc_conn_free(struct rpc_session_conn *c)
{
	usock_close(c->sock);
	usock_wake_destroy(c->wake);
	usock_peer_free(&c->peer);
	rpc_frame_free(&c->frame);
	buf_free(&c->answer);
	buf_free(&c->out);
	lock_destroy(&c->out_lock);
	mem_free(c);
}
