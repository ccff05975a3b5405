/* SPDX-License-Identifier: MIT */
/*
 * replay - the path over captures, see replay.h.
 *
 * One thread does everything: it feeds a packet, gives the stack its turn, puts out the rows that
 * are answered, and lets time pass until the next frame is due.  In the simulator that thread is a
 * fiber and the wait is a jump of the clock, so a replay is a function of captures, policy and
 * seed.
 */
#include "path/replay.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "path/local.h"
#include "path/prescan.h"
#include "path/replay_rows.h"

#include <string.h>

#define GAP_MAX	      (24 * 3600 * CLOCK_S)
#define DRAIN_DEFAULT (70 * CLOCK_S)
#define STOP_TIME     (5 * CLOCK_S) /* for what engine_stop has revoked */
#define REST_TIME     CLOCK_S /* while nothing is held the stop flag is looked at this often */
#define ROWS_MAX      16384u

/* [I] after open   [A] atomic   [T] the replay's thread */
struct replay {
	struct path path; /* first */
	struct stack_port port;
	struct stack *stack;	       /* [I] */
	struct stack_worker *worker;   /* [I] */
	struct replay_options options; /* [I] */
	char **captures;	       /* [I] */
	size_t n_captures;	       /* [I] */
	struct local *local;	       /* [I] */
	struct prescan *prescan;       /* [I] */
	struct replay_rows rows;       /* [T] */
	struct list second;	       /* [T] rows to be shown to their receiving end */
	uint32_t interface;	       /* [T] of the capture being read */
	uint64_t start, elapsed; /* [T] the clock at the first frame, and capture time since */
	uint64_t last_time;	 /* [T] of a frame */
	struct buf *why;	 /* [T] */
	wfp_err err;		 /* [T] what run returns */
	struct atom32 stop;	 /* [A] */
	struct atom64 received, accepted, dropped, modified, sent; /* [A] */
};

static struct replay *replay_of_port(struct stack_port *port)
{
	return CONTAINER_OF(port, struct replay, port);
}

/* ---- what the stack says ------------------------------------------------------------------ */

static wfp_err keep_changed_bytes(struct row *row, const struct packet *p)
{
	uint8_t *copy = mem_dup(p->data, p->len);

	if (!copy)
		return ERR_NO_MEMORY;
	mem_free(row->changed);
	row->changed = copy;
	row->changed_len = p->len;
	row->modified = true;
	return ERR_OK;
}

static void settle(struct replay *r, struct row *row, enum port_verdict v,
		   const struct port_reason *why)
{
	if (v == PORT_ACCEPT && row->two_ends) {
		list_add_tail(&r->second, &row->second);
		return;
	}
	atom64_add_relaxed(v == PORT_ACCEPT ? &r->accepted : &r->dropped, 1);
	if (row->modified)
		atom64_add_relaxed(&r->modified, 1);
	replay_rows_answer(&r->rows, row, v, why);
}

static void on_verdict(struct stack_port *port, struct packet *p, enum port_verdict v,
		       bool modified, const struct port_reason *why)
{
	const struct port_reason no_memory = {.layer = why->layer, .what = "no memory"};
	struct row *row = (void *)(uintptr_t)p->token;

	if (row->abandoned)
		return;
	if (v == PORT_ACCEPT && modified && keep_changed_bytes(row, p) != ERR_OK)
		settle(replay_of_port(port), row, PORT_DROP, &no_memory);
	else
		settle(replay_of_port(port), row, v, why);
}

static wfp_err on_send(struct stack_port *port, struct packet *p)
{
	struct replay *r = replay_of_port(port);

	atom64_add_relaxed(&r->sent, 1);
	return replay_rows_add_injected(&r->rows, p, r->last_time);
}

static enum port_endpoint on_endpoint(struct stack_port *port, const struct packet *p)
{
	return prescan_endpoint(replay_of_port(port)->prescan, &p->h);
}

static const struct stack_port_ops port_ops = {
	.verdict = on_verdict,
	.send = on_send,
	.endpoint = on_endpoint,
};

/* ---- what the stack is shown -------------------------------------------------------------- */

static void refuse(struct replay *r, struct row *row, const char *what)
{
	const struct port_reason why = {.what = what};

	settle(r, row, PORT_DROP, &why);
}

static void indicate(struct replay *r, struct row *row, enum packet_hook hook)
{
	uint32_t len;
	const uint8_t *bytes = replay_row_packet(row, &len);
	struct packet *p;
	wfp_err err = packet_create(&p, bytes, len);

	if (err) {
		refuse(r, row, err == ERR_NO_MEMORY ? "no memory" : "too long");
		return;
	}
	capture_complete_length(p->data, p->len);
	p->port = &r->port;
	p->token = (uintptr_t)row;
	p->hook = hook;
	p->uid = PACKET_UID_UNKNOWN;
	p->time = clock_now();
	p->loopback = row->loopback;
	stack_worker_input(r->worker, &p, 1);
}

static void indicate_second_ends(struct replay *r)
{
	struct list *link;

	while ((link = list_pop_head(&r->second)) != NULL) {
		struct row *row = LIST_ENTRY(link, struct row, second);

		row->two_ends = false;
		indicate(r, row, PACKET_IN);
	}
}

static void pass_through(struct replay *r, struct row *row)
{
	row->fate = REPLAY_NOT_IP;
	row->answered = true;
	r->rows.unanswered--;
}

static wfp_err feed(struct replay *r, const struct capture_frame *frame, const char *capture)
{
	struct row *row;
	enum headers_fault fault;
	wfp_err err = replay_rows_add(&r->rows, frame, 0, &row);

	if (err)
		return err;
	row->capture = capture;
	row->interface = r->interface;
	if (!frame->ip) {
		pass_through(r, row);
		return ERR_OK;
	}
	fault = headers_parse(&row->h, frame->ip, frame->ip_len);
	row->hook = local_hook(r->local, &row->h, frame->direction, &row->loopback);
	row->two_ends = row->loopback && !fault && frame->direction == LINK_DIRECTION_UNKNOWN;
	atom64_add_relaxed(&r->received, 1);
	indicate(r, row, row->hook);
	return ERR_OK;
}

/* ---- time --------------------------------------------------------------------------------- */

static bool stopped(struct replay *r)
{
	return atom32_load_acquire(&r->stop) != 0;
}

static bool at_rest(struct replay *r)
{
	return r->rows.unanswered == 0 && stack_worker_quiet(r->worker);
}

/* One turn of the stack; returns when it wants the next. */
static uint64_t take_turn(struct replay *r)
{
	uint64_t next = stack_worker_poll(r->worker, clock_now());

	indicate_second_ends(r);
	replay_rows_flush(&r->rows);
	return next;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* At rest the stack's own wishes can wait: a gap of hours is a few steps. */
static void sleep_until(struct replay *r, uint64_t until, uint64_t next)
{
	const uint64_t limit = at_rest(r) ? clock_now() + REST_TIME : next;
	bool mail = mailbox_wait_until(stack_worker_mailbox(r->worker), least(until, limit));

	(void)mail; /* the next turn finds out */
}

/* Lets the stack and the drivers go on until the frame is due. */
static void pass_time(struct replay *r, uint64_t due)
{
	uint64_t next = take_turn(r);

	while (clock_now() < due && !stopped(r)) {
		sleep_until(r, due, next);
		next = take_turn(r);
	}
}

/* Until at most `rows` rows wait and, for 0, nothing is held either. */
static void wait_for_answers(struct replay *r, size_t rows, uint64_t time)
{
	const uint64_t deadline = clock_now() + time;
	uint64_t next = take_turn(r);

	while ((rows ? r->rows.count > rows : !at_rest(r)) && clock_now() < deadline) {
		sleep_until(r, deadline, next);
		next = take_turn(r);
	}
}

static void advance_to(struct replay *r, uint64_t time)
{
	uint64_t gap = time > r->last_time && r->last_time ? time - r->last_time : 0;

	r->elapsed += least(gap, GAP_MAX);
	if (time > r->last_time)
		r->last_time = time;
	pass_time(r, r->options.keep_time ? r->start + r->elapsed : 0);
	if (r->rows.count > ROWS_MAX)
		wait_for_answers(r, ROWS_MAX, r->options.drain);
}

/* ---- run ---------------------------------------------------------------------------------- */

static wfp_err play_frames(struct replay *r, struct capture *c, const char *name)
{
	struct capture_frame frame;
	wfp_err err = ERR_OK;
	bool first = true;

	while (!err && !r->rows.err && !stopped(r)) {
		err = capture_next(c, &frame, r->why);
		if (err)
			break;
		/* A capture that is older than the one before it begins where that one ended. */
		if (first && frame.time < r->last_time)
			r->last_time = frame.time;
		first = false;
		advance_to(r, frame.time);
		err = feed(r, &frame, name);
	}
	return err == ERR_NO_MORE_ITEMS ? ERR_OK : err;
}

static wfp_err play_capture(struct replay *r, const char *name)
{
	struct capture *c;
	wfp_err err = capture_open(&c, name, r->why);

	if (err)
		return err;
	if (r->rows.out)
		err = pcapng_interface(r->rows.out, capture_link_type(c)->number, name,
				       &r->interface);
	if (!err)
		err = play_frames(r, c, name);
	capture_close(c);
	return err;
}

/* Every row gets its answer, whatever drivers have forgotten. */
static void finish(struct replay *r)
{
	stack_worker_flush(r->worker);
	wait_for_answers(r, 0, stopped(r) ? 0 : r->options.drain);
	if (!at_rest(r) && r->options.engine) {
		engine_stop(r->options.engine);
		wait_for_answers(r, 0, STOP_TIME);
	}
	if (!at_rest(r)) {
		stack_reclaim(r->stack);
		wait_for_answers(r, 0, STOP_TIME);
	}
	replay_rows_give_up(&r->rows);
}

static wfp_err close_output(struct replay *r)
{
	wfp_err err = pcapng_close(r->rows.out);

	r->rows.out = NULL;
	if (!r->rows.err)
		r->rows.err = err;
	if (r->rows.err)
		buf_printf(r->why, "%s: %s", r->options.out, err_text(r->rows.err));
	return r->rows.err;
}

static void replay_thread(void *arg)
{
	struct replay *r = arg;
	wfp_err err;

	stack_worker_enter(r->worker);
	stack_worker_set_port(r->worker, &r->port);
	r->start = clock_now();
	for (size_t i = 0; i < r->n_captures && !r->err && !stopped(r); i++)
		r->err = play_capture(r, r->captures[i]);
	finish(r);
	err = close_output(r);
	if (!r->err)
		r->err = err;
	stack_worker_set_port(r->worker, NULL);
	stack_worker_leave(r->worker);
}

static wfp_err replay_run(struct path *p, struct buf *why)
{
	struct replay *r = CONTAINER_OF(p, struct replay, path);
	struct thread *t;
	wfp_err err;

	r->why = why;
	err = thread_start(&t, "replay", replay_thread, r);
	if (err)
		return err;
	thread_join(t);
	return r->err;
}

static void replay_stop(struct path *p)
{
	atom32_store_release(&CONTAINER_OF(p, struct replay, path)->stop, 1);
}

static void replay_counters(struct path *p, struct path_counters *out)
{
	struct replay *r = CONTAINER_OF(p, struct replay, path);

	*out = (struct path_counters){
		.received = atom64_load_relaxed(&r->received),
		.accepted = atom64_load_relaxed(&r->accepted),
		.dropped = atom64_load_relaxed(&r->dropped),
		.modified = atom64_load_relaxed(&r->modified),
		.sent = atom64_load_relaxed(&r->sent),
	};
}

void replay_totals(const struct path *p, struct replay_totals *out)
{
	*out = CONTAINER_OF(p, struct replay, path)->rows.totals;
}

/* ---- open and close ----------------------------------------------------------------------- */

static wfp_err scan_frames(struct replay *r, struct capture *c)
{
	struct capture_frame frame;
	struct buf ignored = {0};
	struct headers h;
	wfp_err err = ERR_OK;

	while (!err) {
		err = capture_next(c, &frame, &ignored);
		if (err || !frame.ip || headers_parse(&h, frame.ip, frame.ip_len) != HEADERS_OK)
			continue;
		err = local_observe(r->local, &h, frame.direction);
		if (!err)
			err = prescan_observe(r->prescan, &h, frame.ip);
	}
	buf_free(&ignored);
	/* A file that breaks off is replayed as far as it goes; run says where it broke. */
	return err == ERR_NO_MORE_ITEMS || err == ERR_INVALID_DATA ? ERR_OK : err;
}

static wfp_err scan_captures(struct replay *r, struct buf *why)
{
	wfp_err err = ERR_OK;

	for (size_t i = 0; i < r->n_captures && !err; i++) {
		struct capture *c;

		err = capture_open(&c, r->captures[i], why);
		if (err)
			return err;
		err = scan_frames(r, c);
		capture_close(c);
	}
	return err;
}

static wfp_err take_names(struct replay *r, const char *arg)
{
	const struct replay_options *o = &r->options;

	r->captures = mem_zalloc_array(o->n_captures + 1, sizeof(char *));
	if (!r->captures)
		return ERR_NO_MEMORY;
	for (size_t i = 0; i <= o->n_captures; i++) {
		const char *name = i == 0 ? arg : o->captures[i - 1];

		if (!name[0])
			continue;
		r->captures[r->n_captures] = mem_strdup(name);
		if (!r->captures[r->n_captures++])
			return ERR_NO_MEMORY;
	}
	return ERR_OK;
}

static wfp_err find_locals(struct replay *r, struct buf *why)
{
	wfp_err err = local_create(&r->local);

	if (!err)
		err = prescan_create(&r->prescan);
	for (size_t i = 0; i < r->options.n_local && !err; i++)
		err = local_add(r->local, r->options.local[i], why);
	if (!err)
		err = scan_captures(r, why);
	if (!err)
		local_guess(r->local);
	return err;
}

static wfp_err open_output(struct replay *r, struct buf *why)
{
	wfp_err err;

	if (!r->options.out)
		return ERR_OK;
	err = pcapng_create(&r->rows.out, r->options.out);
	if (err)
		buf_printf(why, "%s: %s", r->options.out, err_text(err));
	return err;
}

static void replay_close(struct path *p)
{
	struct replay *r = CONTAINER_OF(p, struct replay, path);
	wfp_err ignored = pcapng_close(r->rows.out);

	(void)ignored;
	replay_rows_destroy(&r->rows);
	prescan_destroy(r->prescan);
	local_destroy(r->local);
	for (size_t i = 0; i < r->n_captures; i++)
		mem_free(r->captures[i]);
	mem_free(r->captures);
	mem_free(r);
}

static wfp_err replay_open(struct path **out, const char *arg, const void *opts,
			   struct stack *stack, struct buf *why)
{
	struct replay *r = mem_zalloc(sizeof(*r));
	wfp_err err;

	if (!r)
		return ERR_NO_MEMORY;
	r->path.ops = &replay_path;
	r->port.ops = &port_ops;
	r->stack = stack;
	r->worker = stack_worker(stack, 0);
	r->port.worker = r->worker;
	if (opts)
		r->options = *(const struct replay_options *)opts;
	if (!r->options.drain)
		r->options.drain = DRAIN_DEFAULT;
	list_init(&r->second);
	replay_rows_init(&r->rows, &r->options);
	err = take_names(r, arg);
	if (!err && r->n_captures == 0) {
		buf_append_str(why, "no capture is named: replay:FILE");
		err = ERR_INVALID_PARAMETER;
	}
	if (!err)
		err = find_locals(r, why);
	if (!err)
		err = open_output(r, why);
	if (err) {
		replay_close(&r->path);
		return err;
	}
	*out = &r->path;
	return ERR_OK;
}

const struct path_ops replay_path = {
	.name = "replay",
	.open = replay_open,
	.run = replay_run,
	.stop = replay_stop,
	.counters = replay_counters,
	.close = replay_close,
};
