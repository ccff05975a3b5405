/* SPDX-License-Identifier: MIT */
/*
 * replay - captures through the platform and its drivers, under control: one thread at a time, on a
 * virtual clock, every choice from the seed. The same input gives the same bytes.
 *
 * Everything between sim_run's beginning and end happens in its world, the drivers' threads
 * included.
 */
#include "wfp/command.h"

#include "base/clock.h"
#include "base/sim.h"
#include "base/thread.h"
#include "common/engine_options.h"
#include "common/names.h"
#include "model/catalogue.h"
#include "path/replay.h"

#include <stdio.h>
#include <string.h>

#define LOCAL_MAX   64
#define RELOADS_MAX 64

struct replay {
	struct engine_options common; /* first: the shared rows store here */
	uint64_t seed;
	const char *out;
	const char *local[LOCAL_MAX];
	unsigned n_local;
	uint64_t reload[RELOADS_MAX]; /* ns after the first packet */
	unsigned n_reload;
	const char *const *captures;
	size_t n_captures;

	/* The run's. */
	struct platform *platform;
	json_t *packets, *injected; /* rows */
	uint64_t frames;
	uint64_t blocked;
	json_t *summary;
	struct buf why;
	enum exit_status status;
};

static bool store_seed(void *into, const char *value)
{
	struct replay *r = into;

	return options_u64(value, 0, UINT64_MAX, &r->seed);
}

static bool store_out(void *into, const char *value)
{
	struct replay *r = into;

	r->out = value;
	return true;
}

static bool store_local(void *into, const char *value)
{
	struct replay *r = into;

	if (r->n_local == LOCAL_MAX)
		return false;
	r->local[r->n_local++] = value;
	return true;
}

static bool store_reload(void *into, const char *value)
{
	struct replay *r = into;
	uint64_t ms;

	if (r->n_reload == RELOADS_MAX || !options_u64(value, 0, 86400000, &ms))
		return false;
	r->reload[r->n_reload++] = ms * 1000000;
	return true;
}

static const struct option_row rows[] = {
	{"seed", "NUMBER", "the seed of every choice (default 0)", store_seed},
	{"local", "ADDRESS", "an address of the host (may be repeated; default: guessed)",
	 store_local},
	{"out", "FILE.pcapng", "write the packets, each with its verdict as a comment", store_out},
	{"reload", "MILLISECONDS", "unload each driver then and load it again (may be repeated)",
	 store_reload},
	ENGINE_OPTION_ROWS,
};

/* ---- one row per packet ----------------------------------------------------------------- */

static const char *const fates[] = {
	[REPLAY_PERMIT] = "permit",
	[REPLAY_BLOCK] = "block",
	[REPLAY_NOT_IP] = "passed",
	[REPLAY_INJECTED] = "injected",
};

static void add_decider(json_t *o, const struct replay *r, const struct port_reason *why)
{
	const struct model_layer *layer = model_layer_by_id(why->layer);
	struct bfe_filter_info info;

	if (why->what && why->what[0])
		json_object_set_new(o, "why", json_string(why->what));
	if (!why->verdict.filter_id)
		return;
	json_object_set_new(o, "layer", json_string(layer ? layer->name : "?"));
	json_object_set_new(o, "filter", json_integer((json_int_t)why->verdict.filter_id));
	if (why->verdict.callout_id)
		json_object_set_new(o, "callout", json_integer(why->verdict.callout_id));
	if (bfe_filter_describe(platform_bfe(r->platform), why->verdict.filter_id, &info)) {
		json_object_set_new(o, "filter_name", json_string(info.name));
		json_object_set_new(o, "sublayer", json_string(info.sublayer));
	}
}

static void show_row(void *ctx, const struct replay_row *row)
{
	struct replay *r = ctx;
	json_t *o;

	if (row->fate != REPLAY_INJECTED)
		r->frames++;
	r->blocked += row->fate == REPLAY_BLOCK;
	if (!r->common.json) {
		if (row->fate == REPLAY_BLOCK || r->common.verbose)
			printf("%6llu %s\n", (unsigned long long)row->number,
			       row->comment ? row->comment : fates[row->fate]);
		return;
	}
	o = json_object();
	if (row->fate != REPLAY_INJECTED)
		json_object_set_new(o, "n", json_integer((json_int_t)r->frames));
	json_object_set_new(o, "verdict", json_string(fates[row->fate]));
	json_object_set_new(o, "modified", json_boolean(row->modified));
	if (row->reason)
		add_decider(o, r, row->reason);
	json_array_append_new(row->fate == REPLAY_INJECTED ? r->injected : r->packets, o);
}

/* ---- the run, in the simulator's world ---------------------------------------------------- */

/* A thread of its own, so that packets go on meanwhile. */
static void reload_drivers(void *arg)
{
	struct replay *r = arg;
	uint64_t start = clock_now();

	for (unsigned i = 0; i < r->n_reload; i++) {
		clock_sleep_until(start + r->reload[i]);
		for (unsigned d = 0; d < platform_driver_count(r->platform); d++) {
			if (platform_reload(r->platform, d, &r->why) == ERR_OK)
				continue;
			r->status = EXIT_INPUT;
			return;
		}
	}
}

static wfp_err run_path(struct replay *r)
{
	struct reason_names names = names_of(platform_bfe(r->platform));
	struct replay_options options = {
		.captures = r->captures + 1,
		.n_captures = r->n_captures - 1,
		.local = r->local,
		.n_local = r->n_local,
		.out = r->out,
		.keep_time = true,
		.engine = platform_engine(r->platform),
		.names = &names,
		.row = show_row,
		.ctx = r,
	};
	struct thread *reloader = NULL;
	struct path *path;
	wfp_err err = replay_path.open(&path, r->captures[0], &options, platform_stack(r->platform),
				       &r->why);

	if (err)
		return err;
	if (r->n_reload)
		err = thread_start(&reloader, "reload", reload_drivers, r);
	if (!err)
		err = replay_path.run(path, &r->why);
	/* A reload may be waiting for injections, and no worker runs any more. */
	stack_end(platform_stack(r->platform));
	if (reloader)
		thread_join(reloader);
	replay_path.close(path);
	return err;
}

static void run(void *arg)
{
	struct replay *r = arg;
	wfp_err err = platform_open(&r->platform, &r->common.platform, &r->why);

	if (!err) {
		err = platform_load(r->platform, &r->why);
		if (!err)
			err = run_path(r);
		platform_unload(r->platform);
		r->summary = platform_summary(r->platform);
		platform_close(r->platform);
	}
	if (err)
		r->status = exit_from_err(err);
}

/* ---- what is printed ---------------------------------------------------------------------- */

static void print_text(const struct replay *r)
{
	const char *key;
	json_t *value;

	printf("%llu packets, %llu blocked\n", (unsigned long long)r->frames,
	       (unsigned long long)r->blocked);
	json_object_foreach (r->summary, key, value)
		if (json_is_integer(value) && json_integer_value(value))
			printf("  %-32s %lld\n", key, (long long)json_integer_value(value));
	json_object_foreach (json_object_get(r->summary, "rules"), key, value)
		printf("  broken rule: %-20s %lld times\n", key,
		       (long long)json_integer_value(value));
}

static enum exit_status print_result(struct replay *r)
{
	json_t *all;
	int failed;

	if (r->status) {
		fprintf(stderr, "wfp replay: %s\n", buf_str(&r->why));
		return r->status;
	}
	if (!r->common.json) {
		print_text(r);
		return EXIT_DONE;
	}
	all = json_pack("{s:O, s:O, s:O}", "packets", r->packets, "injected", r->injected,
			"summary", r->summary);
	failed = !all || json_dumpf(all, stdout, JSON_COMPACT) != 0;
	json_decref(all);
	putchar('\n');
	if (failed)
		fprintf(stderr, "wfp replay: the result could not be written\n");
	return failed ? EXIT_MACHINE : EXIT_DONE;
}

static enum exit_status usage(enum exit_status status)
{
	printf("usage: wfp replay CAPTURE... [options]\n\n");
	options_print(rows, ARRAY_LEN(rows));
	return status;
}

enum exit_status replay_command(int argc, char **argv)
{
	struct replay r = {.status = EXIT_DONE};
	enum exit_status status;
	int n;

	engine_options_init(&r.common);
	if (!options_parse(rows, ARRAY_LEN(rows), "wfp replay", argc, argv, &r, &n))
		return EXIT_INPUT;
	if (r.common.help)
		return usage(EXIT_DONE);
	if (n == 0) {
		fprintf(stderr, "wfp replay: no capture named (see wfp replay --help)\n");
		return EXIT_INPUT;
	}
	r.captures = (const char *const *)argv + 1;
	r.n_captures = (size_t)n;
	r.packets = json_array();
	r.injected = json_array();
	buf_init(&r.why);
	if (sim_run(r.seed, run, &r) != SIM_DONE) {
		fprintf(stderr,
			"wfp replay: a driver left threads that wait for ever (see above)\n");
		status = EXIT_FOUND;
	} else {
		status = print_result(&r);
	}
	buf_free(&r.why);
	json_decref(r.packets);
	json_decref(r.injected);
	json_decref(r.summary);
	return status;
}
