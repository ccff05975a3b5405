/* SPDX-License-Identifier: MIT */
/*
 * server - accepting connections, counting what their users take, and stopping.
 *
 * The acceptor's thread starts a thread for each connection and joins it when it has ended.  The
 * lock guards lists and counts alone; it is never held while a client is served.
 */
#include "rpc/server.h"

#include "base/clock.h"
#include "base/mem.h"
#include "rpc/server_state.h"

#include <string.h>

#define ACCEPT_PAUSE (100 * CLOCK_MS) /* when the system has no descriptors or memory left */

/* ---- users -------------------------------------------------------------------------------------
 */

static struct rpc_user *find_user(struct rpc_server *s, uint32_t uid) REQUIRES(s->lock)
{
	struct list *pos;

	LIST_FOR_EACH (pos, &s->users) {
		struct rpc_user *u = LIST_ENTRY(pos, struct rpc_user, link);

		if (u->uid == uid)
			return u;
	}
	return NULL;
}

static struct rpc_user *need_user(struct rpc_server *s, uint32_t uid) REQUIRES(s->lock)
{
	struct rpc_user *u = find_user(s, uid);

	if (u)
		return u;
	u = mem_zalloc(sizeof(*u));
	if (u) {
		u->uid = uid;
		list_add_tail(&s->users, &u->link);
	}
	return u;
}

/* The last ones are root's: whatever others do, an administrator gets in. */
static uint32_t room_for(const struct rpc_server *s, uint32_t uid)
{
	uint32_t max = s->config.max_clients;

	return uid == 0 ? max : max - (max + RPC_CLIENTS_ROOT - 1) / RPC_CLIENTS_ROOT;
}

static wfp_err enter_user(struct rpc_server *s, uint32_t uid, struct rpc_user **out)
	REQUIRES(s->lock)
{
	struct rpc_user *u;

	if (s->clients >= room_for(s, uid))
		return ERR_RPC_S_SERVER_TOO_BUSY;
	u = need_user(s, uid);
	if (!u)
		return ERR_NO_MEMORY;
	if (uid != 0 && u->clients >= s->config.max_clients_per_user)
		return ERR_RPC_S_SERVER_TOO_BUSY;
	u->clients++;
	*out = u;
	return ERR_OK;
}

static void leave_user(struct rpc_user *u)
{
	if (--u->clients > 0)
		return;
	list_del(&u->link);
	mem_free(u);
}

bool rpc_server_reserve(struct rpc_session_conn *c, size_t bytes)
{
	struct rpc_server *s = c->server;
	bool fits;

	lock_take(&s->lock);
	fits = s->large + bytes <= RPC_LARGE_ALL && c->user->large + bytes <= RPC_LARGE_PER_USER;
	if (fits) {
		s->large += bytes;
		c->user->large += bytes;
		c->large = bytes;
	}
	lock_drop(&s->lock);
	return fits;
}

void rpc_server_release(struct rpc_session_conn *c)
{
	if (c->large == 0)
		return;
	lock_take(&c->server->lock);
	c->server->large -= c->large;
	c->user->large -= c->large;
	c->large = 0;
	lock_drop(&c->server->lock);
}

/* ---- connections -------------------------------------------------------------------------------
 */

static void conn_main(void *arg)
{
	struct rpc_session_conn *c = arg;
	struct rpc_server *s = c->server;

	rpc_conn_serve(c);
	rpc_server_release(c);
	usock_shutdown(c->sock, true);
	lock_take(&s->lock);
	list_del(&c->link);
	list_add_tail(&s->finished, &c->link);
	s->clients--;
	leave_user(c->user);
	cond_broadcast(&s->left);
	lock_drop(&s->lock);
	usock_wake_up(s->wake);
}

static wfp_err start_conn(struct rpc_server *s, struct rpc_session_conn *c) REQUIRES(s->lock)
{
	wfp_err err = enter_user(s, c->peer.uid, &c->user);

	if (err)
		return err;
	list_add_tail(&s->conns, &c->link);
	s->clients++;
	err = thread_start(&c->thread, "wfp-client", conn_main, c);
	if (!err)
		return ERR_OK;
	list_del(&c->link);
	s->clients--;
	leave_user(c->user);
	return err;
}

/* The socket is the connection's or closed afterwards. */
static void take_client(struct rpc_server *s, struct usock *sock)
{
	struct rpc_session_conn *c;
	wfp_err err = rpc_conn_create(&c, s, sock);

	if (err) {
		usock_close(sock);
		return;
	}
	lock_take(&s->lock);
	err = start_conn(s, c);
	if (err)
		s->counters.refused++;
	else
		s->counters.accepted++;
	lock_drop(&s->lock);
	if (err) {
		rpc_conn_refuse(c, err);
		rpc_conn_free(c);
	}
}

/* Joins what has ended. */
static void reap(struct rpc_server *s)
{
	struct list done, *link;

	list_init(&done);
	lock_take(&s->lock);
	list_splice_tail(&done, &s->finished);
	lock_drop(&s->lock);
	while ((link = list_pop_head(&done))) {
		struct rpc_session_conn *c = LIST_ENTRY(link, struct rpc_session_conn, link);

		thread_join(c->thread);
		rpc_conn_free(c);
	}
}

static void accept_main(void *arg)
{
	struct rpc_server *s = arg;

	while (!atom32_load(&s->stopping)) {
		struct usock *sock;
		wfp_err err = usock_accept(s->listener, &sock);

		if (!err)
			take_client(s, sock);
		else if (err == ERR_NOT_READY)
			usock_wait(s->listener, s->wake, USOCK_IN, CLOCK_NEVER);
		else
			usock_wait(s->listener, s->wake, 0, clock_now() + ACCEPT_PAUSE);
		reap(s);
	}
}

/* ---- start and stop ----------------------------------------------------------------------------
 */

static void server_free(struct rpc_server *s)
{
	usock_close(s->listener);
	usock_wake_destroy(s->wake);
	cond_destroy(&s->left);
	lock_destroy(&s->lock);
	mem_free(s);
}

static void set_config(struct rpc_server *s, const struct rpc_server_config *config)
{
	s->config = *config;
	if (!s->config.max_clients)
		s->config.max_clients = RPC_CLIENTS_MAX;
	if (!s->config.max_clients_per_user)
		s->config.max_clients_per_user = RPC_CLIENTS_PER_USER;
	if (!s->config.max_notes)
		s->config.max_notes = RPC_NOTES_MAX;
}

wfp_err rpc_server_start(struct rpc_server **out, struct usock *listener,
			 const struct rpc_server_config *config)
{
	struct rpc_server *s = mem_zalloc(sizeof(*s));
	wfp_err err;

	if (!s) {
		usock_close(listener);
		return ERR_NO_MEMORY;
	}
	s->listener = listener;
	set_config(s, config);
	lock_init(&s->lock, "rpc server", RANK_SERVER);
	cond_init(&s->left, "rpc server");
	list_init(&s->conns);
	list_init(&s->finished);
	list_init(&s->users);
	err = usock_wake_create(&s->wake);
	if (!err)
		err = thread_start(&s->acceptor, "wfp-accept", accept_main, s);
	if (err) {
		server_free(s);
		return err;
	}
	*out = s;
	return ERR_OK;
}

static void shut_all(struct rpc_server *s, bool writing_too) REQUIRES(s->lock)
{
	struct list *pos;

	LIST_FOR_EACH (pos, &s->conns)
		usock_shutdown(LIST_ENTRY(pos, struct rpc_session_conn, link)->sock, writing_too);
}

/* Replies that somebody reads are sent; the others are given up after a while. */
static void end_conns(struct rpc_server *s)
{
	uint64_t deadline = clock_now() + RPC_STOP_GRACE;

	lock_take(&s->lock);
	shut_all(s, false);
	while (!list_empty(&s->conns) && cond_wait_until(&s->left, &s->lock, deadline))
		;
	shut_all(s, true);
	while (!list_empty(&s->conns))
		cond_wait(&s->left, &s->lock);
	lock_drop(&s->lock);
}

void rpc_server_stop(struct rpc_server *s)
{
	if (!s)
		return;
	atom32_store(&s->stopping, 1);
	usock_wake_up(s->wake);
	thread_join(s->acceptor);
	end_conns(s);
	reap(s);
	server_free(s);
}

void rpc_server_counters_get(struct rpc_server *s, struct rpc_server_counters *out)
{
	lock_take(&s->lock);
	*out = s->counters;
	out->clients = s->clients;
	lock_drop(&s->lock);
	out->requests = atom64_load_relaxed(&s->requests);
	out->broken = atom64_load_relaxed(&s->broken);
	out->dropped = atom64_load_relaxed(&s->dropped);
}
