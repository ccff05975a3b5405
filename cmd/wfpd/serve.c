/* SPDX-License-Identifier: MIT */
/*
 * serve - see serve.h.
 *
 *	client --socket--> rpc_server --> bfe_service --> bfe
 *	workers --ring--> caretaker: bfe_monitor_drain --> subscribers
 */
#include "wfpd/serve.h"

#include "base/atomic.h"
#include "base/clock.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "base/poll.h"
#include "base/thread.h"
#include "base/usock.h"
#include "bfe/monitor.h"
#include "bfe/service.h"
#include "rpc/server.h"

#define TICK CLOCK_S /* how exactly transactions that last too long are ended */

/* [I] after serve_start, unless marked   [A] atomic: clients ask for numbers from the start on */
struct serve {
	struct platform *platform;
	struct bfe_service *service;
	struct atomptr server; /* [A] struct rpc_server; NULL: not yet */
	struct thread *caretaker;
	struct mailbox quit; /* any mail ends the caretaker */
	struct mail quit_mail;
};

/* ---- the caretaker ---------------------------------------------------------------------- */

static void take_care(void *arg)
{
	struct serve *s = arg;
	struct bfe_monitor *m = platform_monitor(s->platform);
	const int fds[] = {mailbox_fd(&s->quit), bfe_monitor_fd(m)};

	while (!mailbox_take_all(&s->quit)) {
		poll_wait(fds, ARRAY_LEN(fds), clock_now() + TICK);
		bfe_monitor_drain(m);
		bfe_tick(platform_bfe(s->platform));
	}
}

/* ---- numbers for people ------------------------------------------------------------------ */

static void put_stats(void *ctx, bfe_service_stat_fn *put, void *to)
{
	struct serve *s = ctx;
	struct bfe_monitor *m = platform_monitor(s->platform);
	struct bfe_netevents_counters events;
	struct bfe_connections_counters connections;
	struct rpc_server_counters counters = {0};
	struct rpc_server *server = atomptr_load(&s->server);

	platform_stats(s->platform, put, to);
	bfe_netevents_counters_get(bfe_monitor_netevents(m), &events);
	bfe_connections_counters_get(bfe_monitor_connections(m), &connections);
	if (server)
		rpc_server_counters_get(server, &counters);
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{"net_events", events.collected},
		{"net_events_dropped", bfe_monitor_dropped(m) + events.lost},
		{"net_events_forgotten", events.forgotten},
		{"connections", connections.now},
		{"connections_unwatched", connections.unwatched},
		{"clients", counters.clients},
		{"clients_refused", counters.refused},
		{"clients_broken", counters.broken},
		{"requests", counters.requests},
		{"notifications_dropped", counters.dropped},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		put(to, rows[i].name, rows[i].value);
}

/* ---- starting and stopping --------------------------------------------------------------- */

static wfp_err listen_at(struct usock **out, const char *path, struct buf *why)
{
	wfp_err err = path ? ERR_FILE_NOT_FOUND : usock_listen_inherited(out);

	if (err != ERR_FILE_NOT_FOUND)
		return err;
	if (!path)
		path = SERVE_SOCKET;
	err = usock_listen(out, path);
	if (err)
		buf_printf(why, "%s: %s", path,
			   err == ERR_BUSY ? "another daemon listens there (see --socket)"
					   : err_text(err));
	return err;
}

static wfp_err start_server(struct serve *s, const char *path, struct buf *why)
{
	const struct rpc_server_config config = {.handler = bfe_service_handler(s->service)};
	struct rpc_server *server;
	struct usock *listener;
	wfp_err err = listen_at(&listener, path, why);

	if (!err)
		err = rpc_server_start(&server, listener, &config);
	if (!err)
		atomptr_store(&s->server, server);
	return err;
}

static wfp_err start_parts(struct serve *s, const char *path, struct buf *why)
{
	const struct bfe_service_config config = {.bfe = platform_bfe(s->platform),
						  .monitor = platform_monitor(s->platform),
						  .stats = put_stats,
						  .ctx = s};
	wfp_err err = bfe_service_create(&s->service, &config);

	if (err)
		return err;
	err = thread_start(&s->caretaker, "caretaker", take_care, s);
	return err ? err : start_server(s, path, why);
}

wfp_err serve_start(struct serve **out, struct platform *p, const char *path, struct buf *why)
{
	struct serve *s = mem_zalloc(sizeof(*s));
	wfp_err err;

	if (!s)
		return ERR_NO_MEMORY;
	s->platform = p;
	err = mailbox_init(&s->quit, "caretaker");
	if (err) {
		mem_free(s);
		return err;
	}
	err = start_parts(s, path, why);
	if (err) {
		if (why->len == 0)
			buf_printf(why, "clients cannot be served: %s", err_text(err));
		serve_stop(s);
		return err;
	}
	*out = s;
	return ERR_OK;
}

/* The server first: its clients' subscriptions end with it, and then nobody is called any more. */
void serve_stop(struct serve *s)
{
	if (!s)
		return;
	rpc_server_stop(atomptr_load(&s->server));
	if (s->caretaker) {
		mailbox_push(&s->quit, &s->quit_mail);
		thread_join(s->caretaker);
	}
	bfe_service_destroy(s->service);
	mailbox_destroy(&s->quit);
	mem_free(s);
}
