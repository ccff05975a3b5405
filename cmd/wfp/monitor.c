/* SPDX-License-Identifier: MIT */
/*
 * monitor - net events, or changes of objects, one line each as they happen, until a signal.
 *
 * The main thread subscribes and waits for the signal; lines are printed on the client's thread,
 * one at a time, from the moment `ready` is set: what comes during the subscribing waits.  Whoever
 * prints too slowly loses notifications, which are counted, and is subscribed anew.
 */
#include "wfp/command.h"

#include "base/clock.h"
#include "base/lock.h"
#include "base/poll.h"
#include "base/sig.h"
#include "import/json_write.h"
#include "wfp/show.h"
#include "wfp/template.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PROGRAM	       "wfp monitor"
#define ARENA_LIMIT    ((size_t)16 << 20)
#define RANK_MONITOR   430u
#define KINDS	       5u
#define ADD_AND_DELETE 3u

struct monitor_options {
	struct template_options template; /* first: its rows store here */
	const char *socket;
	bool drops, allows, json, help;
};

/* One subscription. */
struct watch {
	const struct remote_kind *kind; /* NULL: net events */
	uint64_t handle;
};

/* [I] after subscribing   [L] lock   [N] the client's thread once ready, before it the main one */
struct monitor {
	struct monitor_options o; /* [I] */
	struct remote remote;	  /* [I] */
	struct arena arena;	  /* [I] what the template borrows */
	struct template_set set;  /* [I] */
	struct buf why;		  /* main thread */
	struct show_names names;  /* [N] */
	struct watch watches[KINDS];
	unsigned n_watches;  /* both [N] */
	uint64_t n, dropped; /* [N] */
	wfp_err end;	     /* [L] why the engine ended it */
	bool ready;	     /* [L] */
	struct lock lock;
	struct cond changed; /* ready */
};

static const struct option_row event_rows[] = {
	OPTION_TRUE(struct monitor_options, drops, "drops", "only what was dropped"),
	OPTION_TRUE(struct monitor_options, allows, "allows", "only what was allowed"),
	TYPED_FIELD_ROWS,
	COMMAND_SOCKET_ROWS(struct monitor_options),
};
static const struct option_row change_rows[] = {COMMAND_SOCKET_ROWS(struct monitor_options)};

static const struct command_object objects[] = {
	{"events", "packets and connections (also without this word)", event_rows,
	 ARRAY_LEN(event_rows)},
	{"changes", "objects that are added and deleted", change_rows, ARRAY_LEN(change_rows)},
};

const struct command_object *monitor_object(size_t i)
{
	return i < ARRAY_LEN(objects) ? &objects[i] : NULL;
}

/* ---- lines ------------------------------------------------------------------------------------
 */

/* One line, at once, for whoever reads the pipe. */
static void put_line(json_t *json, struct buf *line)
{
	if (json)
		(void)command_print(PROGRAM, json);
	else
		command_line(stdout, buf_str(line));
	fflush(stdout);
}

static bool is_wanted(const struct monitor *m, const Openwfp__NetEvent *e)
{
	if (m->o.drops == m->o.allows)
		return true;
	return m->o.drops ? e->classifydrop != NULL : e->classifyallow != NULL;
}

static void put_names(struct monitor *m, const Openwfp__Object *o, json_t *json)
{
	static const struct {
		const char *title, *key;
	} shown[] = {{"LAYER", "layer"},
		     {"FILTER", "filter"},
		     {"SUBLAYER", "subLayer"},
		     {"APP", "app"},
		     {"USER", "user"}};
	struct buf text = {0};
	unsigned n;
	const struct show_column *columns = show_columns(o->object_case, &n);

	for (size_t i = 0; i < ARRAY_LEN(shown); i++)
		for (unsigned c = 0; c < n; c++) {
			if (strcmp(columns[c].title, shown[i].title) != 0)
				continue;
			buf_reset(&text);
			columns[c].put(&m->names, o, &text);
			json_object_set_new(json, shown[i].key, json_string(buf_str(&text)));
		}
	buf_free(&text);
}

static void print_event(struct monitor *m, Openwfp__NetEvent *e)
{
	Openwfp__Object o = OPENWFP__OBJECT__INIT;
	struct buf line = {0};
	unsigned n;
	const struct show_column *columns;
	json_t *json = NULL;

	o.object_case = OPENWFP__OBJECT__OBJECT_NET_EVENT;
	o.netevent = e;
	if (!is_wanted(m, e))
		return;
	m->n++;
	columns = show_columns(o.object_case, &n);
	if (m->o.json) {
		json = json_write_message(&e->base);
		put_names(m, &o, json);
	}
	for (unsigned i = 0; !m->o.json && i < n; i++) {
		size_t start = line.len;

		columns[i].put(&m->names, &o, &line);
		buf_append_str(&line, line.len > start ? "  " : "-  ");
	}
	put_line(json, &line);
	buf_free(&line);
}

/* The name of an object that was added, if it is still there. */
static void put_object_name(struct monitor *m, const struct watch *w, const struct guid *key,
			    struct buf *out)
{
	Openwfp__Which which = OPENWFP__WHICH__INIT;
	struct rpc_reply *reply;

	which.has_kind = true;
	which.kind = w->kind->kind;
	which.which_case = OPENWFP__WHICH__WHICH_KEY;
	which.key = (ProtobufCBinaryData){sizeof(*key), (uint8_t *)(uintptr_t)key};
	if (remote_get(&m->remote, &which, &reply) != ERR_OK)
		return;
	if (reply->msg->result_case == OPENWFP__REPLY__RESULT_OBJECT)
		buf_append_str(out, remote_name_of(reply->msg->object));
	rpc_reply_free(reply);
}

static void print_change(struct monitor *m, const struct watch *w, const Openwfp__Notification *n)
{
	const char *what = names_of_value(NAMES_FWPM_CHANGE_TYPE, n->changetype);
	struct guid key = remote_guid(&n->key);
	struct buf line = {0}, name = {0};
	char text[GUID_TEXT];
	json_t *json = NULL;

	m->n++;
	put_object_name(m, w, &key, &name);
	guid_format(&key, text);
	if (m->o.json)
		json = json_pack("{s:s, s:s, s:s, s:o, s:s}", "change", what ? what : "?", "object",
				 w->kind->one, "key", text, "id", command_number(n->id), "name",
				 buf_str(&name));
	buf_printf(&line, "%s %s %s", n->changetype == 1 ? "add   " : "delete", w->kind->one, text);
	if (w->kind->has_id)
		buf_printf(&line, " id %" PRIu64, n->id);
	if (name.len)
		buf_printf(&line, " %s", buf_str(&name));
	put_line(json, &line);
	buf_free(&line);
	buf_free(&name);
}

/* ---- subscribing ------------------------------------------------------------------------------
 */

static wfp_err subscribe(struct monitor *m, struct watch *w)
{
	Openwfp__Subscription subscription = OPENWFP__SUBSCRIPTION__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	struct rpc_reply *reply;
	wfp_err err;

	subscription.has_kind = subscription.has_flags = true;
	subscription.kind = w->kind ? w->kind->kind : OPENWFP__KIND__NET_EVENT;
	subscription.flags = w->kind ? ADD_AND_DELETE : 0;
	if (!w->kind && m->set.t[0].n_filtercondition)
		subscription.enumtemplate = &m->set.t[0];
	request.op_case = OPENWFP__REQUEST__OP_SUBSCRIBE;
	request.subscribe = &subscription;
	err = remote_call(&m->remote, &request, &reply);
	if (err)
		return err;
	if (reply->msg->result_case == OPENWFP__REPLY__RESULT_HANDLE)
		w->handle = reply->msg->handle->handle;
	rpc_reply_free(reply);
	return ERR_OK;
}

static void stop(struct monitor *m, wfp_err why)
{
	lock_take(&m->lock);
	m->end = why;
	lock_drop(&m->lock);
	sig_post(SIG_EVENT_STOP);
}

static void handle_end(struct monitor *m, struct watch *w, wfp_err why)
{
	wfp_err err = why;

	if (why == ERR_NOTIFICATION_DROPPED) {
		m->dropped++;
		fprintf(stderr, PROGRAM ": notifications were dropped: this reader is too slow\n");
		err = subscribe(m, w);
	}
	if (err)
		stop(m, err);
}

static void await_ready(struct monitor *m)
{
	lock_take(&m->lock);
	while (!m->ready)
		cond_wait(&m->changed, &m->lock);
	lock_drop(&m->lock);
}

static void set_ready(struct monitor *m)
{
	lock_take(&m->lock);
	m->ready = true;
	cond_broadcast(&m->changed);
	lock_drop(&m->lock);
}

static void notified(void *ctx, const Openwfp__Notification *n)
{
	struct monitor *m = ctx;

	await_ready(m);
	for (unsigned i = 0; i < m->n_watches; i++) {
		struct watch *w = &m->watches[i];

		if (w->handle != n->handle)
			continue;
		if (n->error)
			handle_end(m, w, n->error);
		else if (w->kind)
			print_change(m, w, n);
		else if (n->netevent)
			print_event(m, n->netevent);
		return;
	}
}

/* ---- the command ------------------------------------------------------------------------------
 */

static wfp_err watch_events(struct monitor *m)
{
	wfp_err err = template_make(&m->remote, &m->arena, &m->o.template, OPENWFP__KIND__NET_EVENT,
				    &m->set, &m->why);

	m->n_watches = 1;
	if (!err)
		err = show_names_load(&m->names, true);
	return err ? err : subscribe(m, &m->watches[0]);
}

static wfp_err watch_changes(struct monitor *m)
{
	wfp_err err = ERR_OK;

	while (!err && remote_kind_at(m->n_watches)) {
		struct watch *w = &m->watches[m->n_watches];

		w->kind = remote_kind_at(m->n_watches++);
		err = subscribe(m, w);
	}
	return err;
}

static void wait_for_signal(void)
{
	const int fd = sig_fd();

	while (!(sig_take() & SIG_EVENT_STOP))
		poll_wait(&fd, 1, CLOCK_NEVER);
}

/* After the last line: the client is closed. */
static enum exit_status finish(const struct monitor *m)
{
	if (m->dropped)
		fprintf(stderr,
			PROGRAM ": %" PRIu64 " lines, and notifications were dropped %" PRIu64
				" times\n",
			m->n, m->dropped);
	return m->end ? remote_failed(&m->remote, "the engine has ended it", m->end) : EXIT_DONE;
}

static enum exit_status watch(struct monitor *m, bool changes)
{
	wfp_err err = sig_watch();

	if (!err)
		err = changes ? watch_changes(m) : watch_events(m);
	set_ready(m);
	if (!err)
		wait_for_signal();
	remote_close(&m->remote);
	if (err && m->why.len)
		return command_wrong(PROGRAM, buf_str(&m->why));
	return err ? remote_failed(&m->remote, NULL, err) : finish(m);
}

static enum exit_status run(struct monitor *m, bool changes)
{
	enum exit_status status;

	lock_init(&m->lock, "monitor", RANK_MONITOR);
	cond_init(&m->changed, "monitor");
	arena_init(&m->arena, ARENA_LIMIT);
	show_names_init(&m->names, &m->remote);
	if (remote_open(&m->remote, notified, m, &status))
		status = watch(m, changes);
	show_names_free(&m->names);
	arena_free(&m->arena);
	buf_free(&m->why);
	cond_destroy(&m->changed);
	lock_destroy(&m->lock);
	return status;
}

enum exit_status monitor_command(int argc, char **argv)
{
	const struct command c = {.object = monitor_object};
	const struct command_object *object = &objects[0];
	struct monitor m = {.remote = {.program = PROGRAM}};
	int n;

	if (argc > 1 && argv[1][0] != '-') {
		object = command_choose(&c, PROGRAM, argc, argv);
		argc--;
		argv++;
	}
	if (!object || !options_parse(object->rows, object->n_rows, PROGRAM, argc, argv, &m.o, &n))
		return EXIT_INPUT;
	if (n > 0) {
		fprintf(stderr, PROGRAM ": what is '%s'? (see wfp monitor --help)\n", argv[1]);
		return EXIT_INPUT;
	}
	m.remote.socket = m.o.socket;
	return run(&m, object == &objects[1]);
}
