/* SPDX-License-Identifier: MIT */
/*
 * nfqueue - the path over the kernel's queues, see nfqueue.h.
 *
 * The thread that calls run only watches: it reports closed endpoints to the stack and waits for
 * stop.
 */
#include "path/nfqueue.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/poll.h"
#include "base/proc.h"
#include "path/nfqueue_rules.h"
#include "path/nfqueue_worker.h"
#include "path/sockets.h"

#include <string.h>

#define WATCH_TIME (100 * CLOCK_MS)
#define STOP_TIME  (3 * CLOCK_S)
#define REST_TIME  (5 * CLOCK_MS)

/* [I] after open   [A] atomic   [R] the thread that calls run */
struct nfqueue {
	struct path path;				    /* first */
	struct nfqueue_options options;			    /* [I] */
	char *table;					    /* [I] */
	struct stack *stack;				    /* [I] */
	struct nfqueue_worker *workers[NFQUEUE_QUEUES_MAX]; /* [I] n_queues of them */
	struct sockets *sockets; /* [R] NULL: closed endpoints are not reported */
	bool rules;		 /* [R] installed */
	struct atom32 stop;	 /* [A] */
};

static struct nfqueue *nfqueue_of(struct path *p)
{
	return CONTAINER_OF(p, struct nfqueue, path);
}

/* ---- run ---------------------------------------------------------------------------------- */

static void report_closed(void *ctx, const struct flow_key *key)
{
	stack_endpoint_closed(ctx, key);
}

static void watch(struct nfqueue *q)
{
	const int fd = q->sockets ? sockets_fd(q->sockets) : -1;

	while (atom32_load_acquire(&q->stop) == 0) {
		if (poll_wait(&fd, 1, clock_now() + WATCH_TIME))
			sockets_closed(q->sockets, report_closed, q->stack);
	}
}

static wfp_err remove_rules(struct nfqueue *q, struct buf *why)
{
	wfp_err err = ERR_OK;

	if (q->rules)
		err = nfqueue_rules_clean(q->table, why);
	q->rules = false;
	return err;
}

/* All of them, and nothing is on its way between them. */
static bool all_rest(struct nfqueue *q)
{
	for (unsigned i = 0; i < q->options.n_queues; i++)
		if (!nfqueue_worker_rests(q->workers[i]))
			return false;
	return stack_quiet(q->stack);
}

static void wait_for_rest(struct nfqueue *q, uint64_t time)
{
	const uint64_t deadline = clock_now() + time;

	while (!all_rest(q) && clock_now() < deadline)
		clock_sleep_until(clock_now() + REST_TIME);
}

/* What callouts have not given back by then is taken back. */
static void stop_workers(struct nfqueue *q)
{
	if (q->options.engine)
		engine_stop(q->options.engine);
	for (unsigned i = 0; i < q->options.n_queues; i++)
		nfqueue_worker_drain(q->workers[i]);
	wait_for_rest(q, STOP_TIME);
	if (!all_rest(q)) {
		stack_reclaim(q->stack);
		wait_for_rest(q, STOP_TIME);
	}
	for (unsigned i = 0; i < q->options.n_queues; i++)
		nfqueue_worker_leave(q->workers[i]);
	for (unsigned i = 0; i < q->options.n_queues; i++)
		nfqueue_worker_join(q->workers[i]);
}

static wfp_err nfqueue_run(struct path *p, struct buf *why)
{
	struct nfqueue *q = nfqueue_of(p);
	wfp_err err = ERR_OK, removed;

	for (unsigned i = 0; i < q->options.n_queues && !err; i++)
		err = nfqueue_worker_start(q->workers[i]);
	if (err)
		buf_printf(why, "a thread could not be started: %s", err_text(err));
	else
		watch(q);
	/* Without rules nothing new comes; then what is under way is answered. */
	removed = remove_rules(q, why);
	stop_workers(q);
	return err ? err : removed;
}

static void nfqueue_stop(struct path *p)
{
	atom32_store_release(&nfqueue_of(p)->stop, 1);
}

static void nfqueue_counters(struct path *p, struct path_counters *out)
{
	struct nfqueue *q = nfqueue_of(p);

	*out = (struct path_counters){0};
	for (unsigned i = 0; i < q->options.n_queues; i++)
		nfqueue_worker_counters(q->workers[i], out);
}

/* ---- open and close ----------------------------------------------------------------------- */

static wfp_err create_workers(struct nfqueue *q, struct buf *why)
{
	wfp_err err = ERR_OK;

	for (unsigned i = 0; i < q->options.n_queues && !err; i++)
		err = nfqueue_worker_create(&q->workers[i], &q->options, i, q->stack, why);
	return err;
}

/* Without it an operation that is pended for a dead endpoint ends by the watchdog. */
static void watch_sockets(struct nfqueue *q)
{
	wfp_err err = sockets_open(&q->sockets);

	if (!err)
		err = sockets_watch(q->sockets);
	if (!err)
		return;
	log_warn("closed endpoints are not reported: %s", err_text(err));
	sockets_close(q->sockets);
	q->sockets = NULL;
}

static void nfqueue_close(struct path *p)
{
	struct nfqueue *q = nfqueue_of(p);
	struct buf why = {0};

	if (remove_rules(q, &why) != ERR_OK)
		log_error("table %s was not removed: %s", q->table, buf_str(&why));
	buf_free(&why);
	sockets_close(q->sockets);
	for (unsigned i = 0; i < q->options.n_queues; i++)
		nfqueue_worker_destroy(q->workers[i]);
	mem_free(q->table);
	mem_free(q);
}

static wfp_err open_parts(struct nfqueue *q, struct buf *why)
{
	wfp_err err;

	if (!proc_can_net_admin()) {
		buf_append_str(why,
			       "the path nfqueue needs root, or CAP_NET_ADMIN and CAP_NET_RAW");
		return ERR_ACCESS_DENIED;
	}
	err = create_workers(q, why);
	if (err)
		return err;
	watch_sockets(q);
	err = nfqueue_rules_install(&q->options, why);
	q->rules = !err;
	return err;
}

static wfp_err nfqueue_open(struct path **out, const char *arg, const void *opts,
			    struct stack *stack, struct buf *why)
{
	const struct nfqueue_options defaults = nfqueue_options_default();
	const struct nfqueue_options *options = opts ? opts : &defaults;
	wfp_err err = nfqueue_options_check(options, arg, why);
	struct nfqueue *q;

	if (err)
		return err;
	q = mem_zalloc(sizeof(*q));
	if (!q)
		return ERR_NO_MEMORY;
	q->path.ops = &nfqueue_path;
	q->stack = stack;
	q->options = *options;
	q->table = mem_strdup(options->table);
	q->options.table = q->table;
	err = q->table ? open_parts(q, why) : ERR_NO_MEMORY;
	if (err) {
		nfqueue_close(&q->path);
		return err;
	}
	*out = &q->path;
	return ERR_OK;
}

const struct path_ops nfqueue_path = {
	.name = "nfqueue",
	.open = nfqueue_open,
	.run = nfqueue_run,
	.stop = nfqueue_stop,
	.counters = nfqueue_counters,
	.close = nfqueue_close,
};
