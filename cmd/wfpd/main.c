/* SPDX-License-Identifier: MIT */
/*
 * wfpd - the platform on a live machine.
 *
 * The main thread opens everything, starts the control thread and runs the path, whose own threads
 * are the workers. The control thread waits for signals: it reloads drivers, prints counters, and
 * stops the path. When the path's run has returned, every packet is answered and every rule
 * removed; then the drivers are unloaded and the last counters printed.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/poll.h"
#include "base/sig.h"
#include "base/thread.h"
#include "common/engine_options.h"
#include "common/exit.h"
#include "wfpd/daemon.h"
#include "wfpd/serve.h"

#include <stdio.h>
#include <string.h>

static bool store_path(void *into, const char *value)
{
	struct daemon_options *o = into;

	o->path = value;
	return true;
}

static bool store_queues(void *into, const char *value)
{
	struct daemon_options *o = into;
	uint64_t n;

	if (!options_u64(value, 1, 64, &n))
		return false;
	o->nfqueue.n_queues = (uint16_t)n;
	return true;
}

static bool store_first_queue(void *into, const char *value)
{
	struct daemon_options *o = into;
	uint64_t n;

	if (!options_u64(value, 0, 65535, &n))
		return false;
	o->nfqueue.first_queue = (uint16_t)n;
	return true;
}

static bool store_hooks(void *into, const char *value)
{
	static const struct {
		const char *name;
		unsigned hook;
	} hooks[] = {{"input", 1u << PACKET_IN},
		     {"output", 1u << PACKET_OUT},
		     {"forward", 1u << PACKET_FORWARD}};
	struct daemon_options *o = into;
	unsigned mask = 0;

	while (*value) {
		size_t len = strcspn(value, ","), i;

		for (i = 0; i < ARRAY_LEN(hooks); i++)
			if (strlen(hooks[i].name) == len && strncmp(hooks[i].name, value, len) == 0)
				break;
		if (i == ARRAY_LEN(hooks))
			return false;
		mask |= hooks[i].hook;
		value += len + (value[len] == ',');
	}
	o->nfqueue.hooks = mask;
	return mask != 0;
}

static bool store_fail_open(void *into, const char *value)
{
	struct daemon_options *o = into;

	o->nfqueue.fail_open = true;
	return value == NULL;
}

static bool store_mark(void *into, const char *value)
{
	struct daemon_options *o = into;
	uint64_t mark;

	if (!options_u64(value, 1, UINT32_MAX, &mark) || (mark & (mark - 1)))
		return false;
	o->nfqueue.mark = (uint32_t)mark;
	return true;
}

static bool store_probe(void *into, const char *value)
{
	struct daemon_options *o = into;

	o->probe = true;
	return value == NULL;
}

static bool store_out(void *into, const char *value)
{
	struct daemon_options *o = into;

	o->out = value;
	return true;
}

static bool store_local(void *into, const char *value)
{
	struct daemon_options *o = into;

	if (o->n_local == DAEMON_LOCAL_MAX)
		return false;
	o->local[o->n_local++] = value;
	return true;
}

static bool store_socket(void *into, const char *value)
{
	struct daemon_options *o = into;

	o->socket = value;
	return *value != '\0';
}

static bool store_no_socket(void *into, const char *value)
{
	struct daemon_options *o = into;

	o->no_socket = true;
	return value == NULL;
}

static bool store_store(void *into, const char *value)
{
	struct daemon_options *o = into;

	o->common.platform.store = value;
	return *value != '\0';
}

static const struct option_row rows[] = {
	{"path", "nfqueue|replay:FILE|none", "where packets come from", store_path},
	{"queues", "N", "nfqueue: how many queues, one worker each (default 1)", store_queues},
	{"first-queue", "N", "nfqueue: the number of the first (default 0)", store_first_queue},
	{"hooks", "input,output,forward", "nfqueue: which packets (default all)", store_hooks},
	{"fail-open", NULL, "nfqueue: packets pass when wfpd is not there", store_fail_open},
	{"mark", "BIT", "nfqueue: the mark bit of our own packets", store_mark},
	{"probe", NULL, "only say whether the path could be opened here", store_probe},
	{"local", "ADDRESS", "replay: an address of the host (may be repeated)", store_local},
	{"out", "FILE.pcapng", "replay: write the packets, each with its verdict", store_out},
	{"store", "FILE.db", "keep persistent and boot-time objects here", store_store},
	{"socket", "PATH", "where management programs reach us (default " SERVE_SOCKET ")",
	 store_socket},
	{"no-socket", NULL, "serve no management programs (a capture does not unless asked)",
	 store_no_socket},
	ENGINE_OPTION_ROWS,
};

static enum exit_status usage(void)
{
	printf("usage: wfpd --path nfqueue|replay:FILE|none [options]\n\n");
	options_print(rows, ARRAY_LEN(rows));
	return EXIT_DONE;
}

int main(int argc, char **argv)
{
	struct daemon_options o;
	int n;

	daemon_options_init(&o);
	if (!options_parse(rows, ARRAY_LEN(rows), "wfpd", argc, argv, &o, &n))
		return EXIT_INPUT;
	if (o.common.help)
		return (int)usage();
	if (n || !o.path) {
		fprintf(stderr,
			n ? "wfpd: what is '%s'? (see --help)\n"
			  : "wfpd: no --path given%s (see --help)\n",
			n ? argv[1] : "");
		return EXIT_INPUT;
	}
	/* A capture is over before anybody could ask; who wants it served says where. */
	if (strncmp(o.path, "replay", 6) == 0 && !o.socket)
		o.no_socket = true;
	return (int)daemon_run(&o);
}
