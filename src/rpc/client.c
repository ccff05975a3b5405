/* SPDX-License-Identifier: MIT */
/*
 * client - calls over one connection, and who reads it.
 *
 * There is no reading thread: whoever waits for something reads, one at a time.  A caller reads
 * until its reply is there; the worker, which exists once something was subscribed to, reads while
 * nobody calls, and runs the callbacks.  Whatever a reader finds that is not his goes where it
 * belongs (the reply, the queue of notes) and everybody is told.
 */
#include "rpc/client.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/thread.h"
#include "base/usock.h"
#include "rpc/codec.h"
#include "rpc/frame.h"
#include "rpc/wfp.pb-c.h"

#define RANK_CLIENT 420u
#define QUEUE_MAX   ((size_t)4 << 20) /* bytes of notes that callbacks have not seen */
#define HANDLES_MAX 64u		      /* subscriptions: as many as a server grants */
#define KEEP_MAX    ((size_t)64 << 10)

/* One notification in the queue.  Owned by the queue, then by the worker. */
struct note {
	struct list link;
	size_t size; /* counted in notes_size */
	const Openwfp__Notification *msg;
	Openwfp__Notification own; /* when it is one that the client made itself */
	struct arena arena;
};

/* A subscription that the engine granted, or one that was given up here. */
struct handle {
	uint64_t handle;
	bool ended; /* its notes are thrown away */
};

/* [I] after opening   [L] lock   [R] who reads (`reading`)   [C] who calls (`busy`) */
struct rpc_client {
	struct rpc_client_config config; /* [I] */
	struct usock *sock;		 /* [I] */
	struct usock_wake *wake;	 /* [I] for the reader */
	struct lock lock;
	struct cond changed;		    /* anything below */
	bool reading;			    /* [L] somebody reads the socket */
	bool busy;			    /* [L] a call is under way */
	bool broken;			    /* [L] no call can succeed any more */
	bool closing;			    /* [L] */
	bool told;			    /* [L] the subscriptions know that it is broken */
	uint32_t users;			    /* [L] threads inside rpc_client_call */
	uint64_t waiting_id;		    /* [L] of the reply that is waited for; 0: none */
	struct rpc_reply *reply;	    /* [L] it has come */
	struct list notes;		    /* [L] */
	size_t notes_size;		    /* [L] */
	struct handle handles[HANDLES_MAX]; /* [L] */
	uint32_t n_handles;		    /* [L] */
	struct thread *worker;		    /* [L] until closing; NULL: nothing was subscribed to */
	struct rpc_frame frame;		    /* [R] */
	struct buf request;		    /* [C] */
	uint64_t last_id;		    /* [C] */
};

/* ---- notes -------------------------------------------------------------------------------------
 */

static void note_free(struct note *n)
{
	arena_free(&n->arena);
	mem_free(n);
}

static void add_note(struct rpc_client *c, struct note *n, size_t size) REQUIRES(c->lock)
{
	n->size = size;
	c->notes_size += size;
	list_add_tail(&c->notes, &n->link);
}

static struct handle *find_handle(struct rpc_client *c, uint64_t handle) REQUIRES(c->lock)
{
	for (uint32_t i = 0; i < c->n_handles; i++)
		if (c->handles[i].handle == handle)
			return &c->handles[i];
	return NULL;
}

/* NULL: more than a server grants; then nothing is known about it. */
static struct handle *need_handle(struct rpc_client *c, uint64_t handle) REQUIRES(c->lock)
{
	struct handle *h = find_handle(c, handle);

	if (h || c->n_handles == HANDLES_MAX)
		return h;
	h = &c->handles[c->n_handles++];
	*h = (struct handle){.handle = handle};
	return h;
}

static void forget_handle(struct rpc_client *c, uint64_t handle) REQUIRES(c->lock)
{
	struct handle *h = find_handle(c, handle);

	if (h)
		*h = c->handles[--c->n_handles];
}

/* A last note of our own making.  No memory: the subscriber is not told. */
static void end_handle(struct rpc_client *c, struct handle *h, wfp_err why) REQUIRES(c->lock)
{
	struct note *n = mem_zalloc(sizeof(*n));

	h->ended = true;
	if (!n)
		return;
	n->own = (Openwfp__Notification)OPENWFP__NOTIFICATION__INIT;
	n->own.has_handle = n->own.has_error = true;
	n->own.handle = h->handle;
	n->own.error = why;
	n->msg = &n->own;
	add_note(c, n, sizeof(*n));
}

/* The note becomes the queue's or is freed. */
static void take_note(struct rpc_client *c, struct note *n, size_t size) REQUIRES(c->lock)
{
	struct handle *h = find_handle(c, n->msg->handle);
	bool full = c->notes_size + size > QUEUE_MAX;

	if (full && !h)
		h = need_handle(c, n->msg->handle);
	if (h && full && !h->ended)
		end_handle(c, h, ERR_NOTIFICATION_DROPPED);
	if (full || (h && h->ended)) {
		note_free(n);
		return;
	}
	if (h && n->msg->error)
		h->ended = true;
	add_note(c, n, size);
}

/* ---- reading -----------------------------------------------------------------------------------
 */

static void set_broken(struct rpc_client *c) REQUIRES(c->lock)
{
	c->broken = true;
	cond_broadcast(&c->changed);
}

/* One complete frame in c->frame.  By the reader, no lock held. */
static wfp_err read_frame(struct rpc_client *c)
{
	wfp_err err = ERR_OK;

	while (!err && !rpc_frame_complete(&c->frame)) {
		uint8_t *to;
		size_t n;

		err = rpc_frame_room(&c->frame, &to, &n);
		if (!err)
			err = usock_read(c->sock, to, n, &n);
		if (!err && n > 0)
			err = rpc_frame_put(&c->frame, n);
		else if (!err && usock_wait(c->sock, c->wake, USOCK_IN, CLOCK_NEVER) & USOCK_WOKE)
			err = ERR_OPERATION_ABORTED;
	}
	return err;
}

/* What a frame holds: a reply in *reply or a note in *note. */
static wfp_err open_reply(struct arena *a, Openwfp__Reply *m, struct rpc_reply **out)
{
	struct rpc_reply *r = mem_alloc(sizeof(*r));

	if (!r)
		return ERR_NO_MEMORY;
	*r = (struct rpc_reply){m, *a};
	*out = r;
	return ERR_OK;
}

static wfp_err open_note(struct arena *a, const Openwfp__Notification *m, struct note **out)
{
	struct note *n = mem_alloc(sizeof(*n));

	if (!n)
		return ERR_NO_MEMORY;
	*n = (struct note){.msg = m, .arena = *a};
	*out = n;
	return ERR_OK;
}

static wfp_err open_frame(struct rpc_client *c, struct rpc_reply **reply, struct note **note)
{
	ProtobufCMessage *m;
	const Openwfp__FromEngine *from;
	struct arena a;
	wfp_err err;

	arena_init(&a, RPC_TRUSTED_MAX);
	err = rpc_message_unpack(&a, &openwfp__from_engine__descriptor, c->frame.body.data,
				 c->frame.len, &m);
	if (!err) {
		from = (const Openwfp__FromEngine *)m;
		if (from->reply)
			err = open_reply(&a, from->reply, reply);
		else if (from->notification)
			err = open_note(&a, from->notification, note);
		else
			err = ERR_RPC_X_BAD_STUB_DATA;
	}
	if (err)
		arena_free(&a);
	return err;
}

static void deliver(struct rpc_client *c, struct rpc_reply *reply, struct note *note, size_t size)
	REQUIRES(c->lock)
{
	if (note) {
		take_note(c, note, size);
		return;
	}
	/* Without an id: the engine has given up on this connection, and says why. */
	if (reply->msg->id != c->waiting_id)
		c->broken = true;
	if (c->waiting_id != 0 && !c->reply &&
	    (reply->msg->id == c->waiting_id || (reply->msg->id == 0 && reply->msg->error)))
		c->reply = reply;
	else
		rpc_reply_free(reply);
}

/* Reads one frame and puts it where it belongs.  The lock is dropped meanwhile. */
static void read_one(struct rpc_client *c) REQUIRES(c->lock)
{
	struct rpc_reply *reply = NULL;
	struct note *note = NULL;
	size_t size;
	wfp_err err;

	c->reading = true;
	lock_drop(&c->lock);
	err = read_frame(c);
	size = c->frame.len;
	if (!err)
		err = open_frame(c, &reply, &note);
	if (!err)
		rpc_frame_reset(&c->frame);
	lock_take(&c->lock);
	c->reading = false;
	if (err)
		c->broken = true;
	else
		deliver(c, reply, note, sizeof(struct note) + RPC_FRAME_HEADER + size);
	cond_broadcast(&c->changed);
}

/* ---- the worker --------------------------------------------------------------------------------
 */

static void run_callback(struct rpc_client *c, struct note *n) REQUIRES(c->lock)
{
	list_del(&n->link);
	c->notes_size -= n->size;
	lock_drop(&c->lock);
	if (c->config.notify)
		c->config.notify(c->config.ctx, n->msg);
	note_free(n);
	lock_take(&c->lock);
}

static void tell_broken(struct rpc_client *c) REQUIRES(c->lock)
{
	c->told = true;
	for (uint32_t i = 0; i < c->n_handles; i++)
		if (!c->handles[i].ended)
			end_handle(c, &c->handles[i], ERR_RPC_S_CALL_FAILED);
}

static void work(void *arg)
{
	struct rpc_client *c = arg;

	lock_take(&c->lock);
	while (!c->closing) {
		struct list *link = list_first(&c->notes);

		if (link)
			run_callback(c, LIST_ENTRY(link, struct note, link));
		else if (c->broken && !c->told)
			tell_broken(c);
		else if (!c->broken && !c->reading)
			read_one(c);
		else
			cond_wait(&c->changed, &c->lock);
	}
	lock_drop(&c->lock);
}

/* Before the request is sent: what the engine says then finds a reader. */
static wfp_err need_worker(struct rpc_client *c) REQUIRES(c->lock)
{
	return c->worker ? ERR_OK : thread_start(&c->worker, "wfp-notify", work, c);
}

/* ---- calls -------------------------------------------------------------------------------------
 */

void rpc_reply_free(struct rpc_reply *r)
{
	if (!r)
		return;
	arena_free(&r->arena);
	mem_free(r);
}

/* By the caller, no lock held. */
static wfp_err send_request(struct rpc_client *c)
{
	size_t done = 0;

	while (done < c->request.len) {
		size_t n;
		wfp_err err =
			usock_write(c->sock, c->request.data + done, c->request.len - done, &n);

		if (err)
			return err;
		done += n;
		if (n == 0 && usock_wait(c->sock, NULL, USOCK_OUT, CLOCK_NEVER) & USOCK_GONE)
			return ERR_CONNECTION_ABORTED;
	}
	return ERR_OK;
}

static void await_reply(struct rpc_client *c) REQUIRES(c->lock)
{
	while (!c->reply && !c->broken) {
		if (!c->reading)
			read_one(c);
		else
			cond_wait(&c->changed, &c->lock);
	}
}

/* The request is in c->request. */
static wfp_err exchange(struct rpc_client *c, uint64_t id, struct rpc_reply **out) REQUIRES(c->lock)
{
	c->waiting_id = id;
	lock_drop(&c->lock);
	/* An engine that does not listen any more may have said why: its end is found by reading.
	 */
	(void)!send_request(c);
	lock_take(&c->lock);
	await_reply(c);
	*out = c->reply;
	c->reply = NULL;
	c->waiting_id = 0;
	return *out ? ERR_OK : ERR_RPC_S_CALL_FAILED;
}

static void note_subscriptions(struct rpc_client *c, const Openwfp__Request *request,
			       const Openwfp__Reply *reply) REQUIRES(c->lock)
{
	if (reply->error)
		return;
	if (request->op_case == OPENWFP__REQUEST__OP_SUBSCRIBE &&
	    reply->result_case == OPENWFP__REPLY__RESULT_HANDLE)
		need_handle(c, reply->handle->handle);
	if (request->op_case == OPENWFP__REQUEST__OP_UNSUBSCRIBE)
		forget_handle(c, request->unsubscribe->handle);
}

static wfp_err encode_request(struct rpc_client *c, Openwfp__Request *request)
{
	if (c->request.cap > KEEP_MAX)
		buf_free(&c->request);
	buf_reset(&c->request);
	request->has_id = true;
	request->id = ++c->last_id;
	return rpc_frame_append(&c->request, &request->base, RPC_REQUEST_MAX);
}

/* One at a time; busy while the lock is dropped. */
static wfp_err call_alone(struct rpc_client *c, Openwfp__Request *request, struct rpc_reply **reply)
	REQUIRES(c->lock)
{
	wfp_err err = encode_request(c, request);

	if (!err && request->op_case == OPENWFP__REQUEST__OP_SUBSCRIBE)
		err = need_worker(c);
	if (!err)
		err = exchange(c, request->id, reply);
	if (!err) {
		note_subscriptions(c, request, (*reply)->msg);
		err = (*reply)->msg->error;
	}
	return err;
}

wfp_err rpc_client_call(struct rpc_client *c, struct Openwfp__Request *request,
			struct rpc_reply **out)
{
	struct rpc_reply *reply = NULL;
	wfp_err err = ERR_RPC_S_CALL_FAILED;

	lock_take(&c->lock);
	c->users++;
	while (c->busy && !c->broken)
		cond_wait(&c->changed, &c->lock);
	if (!c->broken) {
		c->busy = true;
		err = call_alone(c, request, &reply);
		c->busy = false;
	}
	c->users--;
	cond_broadcast(&c->changed);
	lock_drop(&c->lock);
	if (err || !out)
		rpc_reply_free(reply);
	else
		*out = reply;
	return err;
}

/* ---- opening and closing -----------------------------------------------------------------------
 */

static wfp_err connect_error(wfp_err err)
{
	switch (err) {
	case ERR_FILE_NOT_FOUND:
		return ERR_EPT_S_NOT_REGISTERED;
	case ERR_WIN32_TIMEOUT:
		return ERR_RPC_S_SERVER_UNAVAILABLE;
	default:
		return err;
	}
}

static wfp_err reach(struct rpc_client *c)
{
	const char *path = c->config.path ? c->config.path : proc_env(RPC_SOCKET_ENV);
	wfp_err err = usock_wake_create(&c->wake);

	return err ? err : connect_error(usock_connect(&c->sock, path ? path : RPC_SOCKET_DEFAULT));
}

static void client_free(struct rpc_client *c)
{
	struct list *link;

	while ((link = list_pop_head(&c->notes)))
		note_free(LIST_ENTRY(link, struct note, link));
	buf_free(&c->request);
	rpc_frame_free(&c->frame);
	usock_close(c->sock);
	usock_wake_destroy(c->wake);
	cond_destroy(&c->changed);
	lock_destroy(&c->lock);
	mem_free(c);
}

wfp_err rpc_client_open(struct rpc_client **out, const struct rpc_client_config *config)
{
	struct rpc_client *c = mem_zalloc(sizeof(*c));
	wfp_err err;

	if (!c)
		return ERR_NO_MEMORY;
	c->config = *config;
	lock_init(&c->lock, "rpc client", RANK_CLIENT);
	cond_init(&c->changed, "rpc client");
	list_init(&c->notes);
	rpc_frame_init(&c->frame, RPC_ANSWER_MAX);
	err = reach(c);
	c->config.path = NULL; /* the caller's, and not needed any more */
	if (err) {
		client_free(c);
		return err;
	}
	*out = c;
	return ERR_OK;
}

void rpc_client_close(struct rpc_client *c)
{
	struct thread *worker;

	if (!c)
		return;
	lock_take(&c->lock);
	c->closing = true;
	set_broken(c);
	worker = c->worker;
	lock_drop(&c->lock);
	BUG_ON(worker && thread_is_current(worker));
	usock_shutdown(c->sock, true);
	usock_wake_up(c->wake);
	if (worker)
		thread_join(worker);
	lock_take(&c->lock);
	while (c->users > 0)
		cond_wait(&c->changed, &c->lock);
	lock_drop(&c->lock);
	client_free(c);
}
