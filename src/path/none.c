/* SPDX-License-Identifier: MIT */
/*
 * none - see none.h.
 */
#include "path/none.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

#define TURN_TIME (100 * CLOCK_MS)

struct none {
	struct path path; /* first */
	struct stack_worker *worker;
	struct atom32 stop;
};

static struct none *none_of(struct path *p)
{
	return CONTAINER_OF(p, struct none, path);
}

static void none_thread(void *arg)
{
	struct none *n = arg;
	uint64_t next, now;
	bool mail;

	stack_worker_enter(n->worker);
	while (atom32_load_acquire(&n->stop) == 0) {
		now = clock_now();
		next = stack_worker_poll(n->worker, now);
		mail = mailbox_wait_until(stack_worker_mailbox(n->worker),
					  next < now + TURN_TIME ? next : now + TURN_TIME);
		(void)mail; /* the next turn finds out */
	}
	stack_worker_leave(n->worker);
}

static wfp_err none_run(struct path *p, struct buf *why)
{
	struct thread *t;
	wfp_err err = thread_start(&t, "none", none_thread, none_of(p));

	if (!err)
		thread_join(t);
	return err;
}

static void none_stop(struct path *p)
{
	atom32_store_release(&none_of(p)->stop, 1);
}

static void none_counters(struct path *p, struct path_counters *out)
{
	*out = (struct path_counters){0};
}

static void none_close(struct path *p)
{
	mem_free(none_of(p));
}

static wfp_err none_open(struct path **out, const char *arg, const void *opts, struct stack *stack,
			 struct buf *why)
{
	struct none *n;

	if (arg[0]) {
		buf_printf(why, "the path none takes no argument, not '%s'", arg);
		return ERR_INVALID_PARAMETER;
	}
	n = mem_zalloc(sizeof(*n));
	if (!n)
		return ERR_NO_MEMORY;
	n->path.ops = &none_path;
	n->worker = stack_worker(stack, 0);
	*out = &n->path;
	return ERR_OK;
}

const struct path_ops none_path = {
	.name = "none",
	.open = none_open,
	.run = none_run,
	.stop = none_stop,
	.counters = none_counters,
	.close = none_close,
};
