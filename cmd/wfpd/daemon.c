/* SPDX-License-Identifier: MIT */
/*
 * daemon - opens the platform and the path, runs, and takes down in the opposite order.
 *
 *	opening --> loading --ready--> running --stop signal, end of the source--> stopping
 *
 * A live path runs while the rest is loaded, so that the boot-time filters are in force from the
 * first packet on; a capture waits until everything is there.  The control thread loads, serves and
 * reloads; it has ended before anything is unloaded.
 */
#include "wfpd/daemon.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/poll.h"
#include "base/proc.h"
#include "base/rcu.h"
#include "base/sig.h"
#include "base/thread.h"
#include "common/names.h"
#include "path/replay.h"
#include "wfpd/maintainer.h"
#include "wfpd/serve.h"

#include <stdio.h>
#include <string.h>

/* [I] after opening, unless marked   [C] the control thread's */
struct daemon {
	const struct daemon_options *options;
	const struct path_ops *kind;
	const char *arg; /* what stood behind the colon of --path */
	struct platform *platform;
	struct path *path;
	bool live;	     /* packets come by themselves: they do not wait for us */
	bool stopping;	     /* [C] */
	struct serve *serve; /* [C] */
	wfp_err load_err;    /* [C] until it has ended */
	struct buf load_why; /* [C] likewise */
	uint64_t started;
};

void daemon_options_init(struct daemon_options *o)
{
	*o = (struct daemon_options){.nfqueue = nfqueue_options_default()};
	engine_options_init(&o->common);
}

/* ---- what it says --------------------------------------------------------------------------- */

static void print_event(const struct daemon *d, const char *event, json_t *more)
{
	json_t *o = json_pack("{s:s}", "event", event);

	json_object_update(o, more);
	if (d->options->common.json) {
		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
		fflush(stdout);
	}
	json_decref(o);
	json_decref(more);
}

static json_t *path_counters(struct daemon *d)
{
	struct path_counters c;

	d->kind->counters(d->path, &c);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "received", (json_int_t)c.received,
			 "accepted", (json_int_t)c.accepted, "dropped", (json_int_t)c.dropped,
			 "modified", (json_int_t)c.modified, "sent", (json_int_t)c.sent, "lost",
			 (json_int_t)c.lost, "seconds", (double)(clock_now() - d->started) / 1e9);
}

static void print_counters(struct daemon *d, const char *event, json_t *path)
{
	json_t *summary = platform_summary(d->platform);
	const char *key;
	json_t *value;

	json_object_set_new(summary, "path", path);
	if (!d->options->common.json)
		json_object_foreach (summary, key, value)
			if (json_is_integer(value))
				printf("%-32s %lld\n", key, (long long)json_integer_value(value));
	print_event(d, event, summary);
}

/* ---- the control thread --------------------------------------------------------------------- */

static void reload_drivers(struct daemon *d)
{
	for (unsigned i = 0; i < platform_driver_count(d->platform); i++) {
		struct buf why;

		buf_init(&why);
		if (platform_reload(d->platform, i, &why) == ERR_OK)
			print_event(
				d, "driver_reloaded",
				json_pack("{s:s}", "driver", platform_driver_name(d->platform, i)));
		else
			log_error("%s was not loaded again: %s",
				  platform_driver_name(d->platform, i), buf_str(&why));
		buf_free(&why);
	}
}

static void stop(struct daemon *d)
{
	d->stopping = true;
	d->kind->stop(d->path);
}

/* What is there from the moment on that "ready" is said. */
static wfp_err get_ready(struct daemon *d, struct buf *why)
{
	wfp_err err = d->live ? platform_load(d->platform, why) : ERR_OK;

	if (!err && !d->options->no_socket)
		err = serve_start(&d->serve, d->platform, d->options->socket, why);
	if (err)
		return err;
	print_event(d, "ready", NULL);
	proc_notify("READY=1");
	return ERR_OK;
}

static void obey_signals(struct daemon *d)
{
	int fd = sig_fd();

	while (!d->stopping) {
		uint32_t events;

		poll_wait(&fd, 1, CLOCK_NEVER);
		events = sig_take();
		if (events & SIG_EVENT_STOP)
			stop(d);
		else if (events & SIG_EVENT_RELOAD)
			reload_drivers(d);
		if (events & SIG_EVENT_REPORT)
			print_counters(d, "counters", path_counters(d));
	}
}

static void control(void *arg)
{
	struct daemon *d = arg;

	d->load_err = get_ready(d, &d->load_why);
	if (d->load_err)
		stop(d);
	obey_signals(d);
	proc_notify("STOPPING=1");
	serve_stop(d->serve);
}

/* ---- opening and running -------------------------------------------------------------------- */

static enum exit_status fail(enum exit_status status, struct buf *why)
{
	fprintf(stderr, "wfpd: %s\n", buf_str(why));
	buf_free(why);
	return status;
}

static bool find_kind(struct daemon *d, struct buf *why)
{
	const char *path = d->options->path;
	const char *colon = strchr(path, ':');
	char name[32];

	snprintf(name, sizeof(name), "%.*s", (int)(colon ? colon - path : (ptrdiff_t)strlen(path)),
		 path);
	d->kind = path_find(name);
	d->arg = colon ? colon + 1 : "";
	if (!d->kind)
		buf_printf(why, "no such path: %s (there are nfqueue, replay:FILE and none)", path);
	return d->kind != NULL;
}

static wfp_err open_path(struct daemon *d, struct buf *why)
{
	const struct daemon_options *o = d->options;
	struct stack *stack = platform_stack(d->platform);
	struct engine *engine = platform_engine(d->platform);
	const struct replay_options replay = {
		.local = o->local, .n_local = o->n_local, .out = o->out, .engine = engine};
	struct nfqueue_options nfqueue = o->nfqueue;
	const void *of_kind = d->kind == &replay_path ? (const void *)&replay : &nfqueue;

	nfqueue.engine = engine;
	return d->kind->open(&d->path, d->arg, of_kind, stack, why);
}

static wfp_err run(struct daemon *d, struct buf *why)
{
	struct maintainer *maintainer;
	struct thread *controller;
	wfp_err err;

	d->started = clock_now();
	err = maintainer_start(&maintainer, platform_engine(d->platform));
	if (err)
		return err;
	err = thread_start(&controller, "control", control, d);
	if (err) {
		maintainer_stop(maintainer);
		return err;
	}
	err = d->kind->run(d->path, why);
	/* A reload may be waiting for injections, and no worker runs any more. */
	stack_end(platform_stack(d->platform));
	sig_post(SIG_EVENT_STOP); /* the source may have ended by itself */
	thread_join(controller);
	maintainer_stop(maintainer);
	if (d->load_err) {
		buf_reset(why);
		buf_append_str(why, buf_str(&d->load_why));
		err = d->load_err;
	}
	buf_free(&d->load_why);
	return err;
}

static enum exit_status run_open(struct daemon *d, struct buf *why)
{
	wfp_err err = d->options->probe ? ERR_OK : run(d, why);
	json_t *path = path_counters(d);

	d->kind->close(d->path);
	platform_unload(d->platform);
	if (!d->options->probe)
		print_counters(d, "summary", path);
	else
		json_decref(path);
	platform_close(d->platform);
	if (err)
		return fail(exit_from_err(err), why);
	buf_free(why);
	return EXIT_DONE;
}

/* With the platform open: engine and workers are in place, the path is next. */
static enum exit_status run_platform(struct daemon *d, struct buf *why)
{
	wfp_err err = open_path(d, why);

	if (!err && !d->live) {
		err = platform_load(d->platform, why);
		if (err)
			d->kind->close(d->path);
	}
	if (!err)
		return run_open(d, why);
	platform_close(d->platform);
	return fail(exit_from_err(err), why);
}

enum exit_status daemon_run(const struct daemon_options *o)
{
	struct daemon d = {.options = o, .started = clock_now()};
	struct platform_options platform = o->common.platform;
	enum exit_status status;
	struct buf why;
	wfp_err err;

	buf_init(&why);
	if (!find_kind(&d, &why))
		return fail(EXIT_INPUT, &why);
	err = sig_watch();
	if (err) {
		buf_append_str(&why, err_text(err));
		return fail(EXIT_MACHINE, &why);
	}
	d.live = d.kind != &replay_path && !o->probe;
	platform.monitor = !o->no_socket; /* nobody else reads what it collects */
	platform.workers = d.kind == path_find("nfqueue") ? o->nfqueue.n_queues : 1;
	rcu_thread_enter();
	err = platform_open(&d.platform, &platform, &why);
	status = err ? fail(exit_from_err(err), &why) : run_platform(&d, &why);
	rcu_thread_leave();
	return status;
}
