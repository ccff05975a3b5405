/* SPDX-License-Identifier: MIT */
/*
 * threads_run - a scenario of the explorer with threads of the system, again and again.
 *
 *	threads_run SCENARIO [--driver FILE]... [--rounds N] [--seed S] [--delays ONE_IN]
 *		[--despite] [--plant]
 *
 * Nobody chooses who runs: the machine does, helped by delays at the scheduling points.  What that
 * may find is found by whoever watches: ThreadSanitizer, valgrind, or the checks at the end of each
 * round, which are the explorer's (every packet answered once, nothing held, no rule broken but
 * those that a disturbance excuses, drivers unloaded, no memory left).  Two workers share the
 * packets, each disturbance is a thread of its own.  A scenario that expects a finding is left out,
 * for its drivers have races, unless --despite says to play it all the same.  --plant makes the
 * workers race with each other, so that it can be seen that whoever watches sees it.
 */
#include "threads_stage.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/rcu.h"
#include "base/rng.h"
#include "base/thread.h"
#include "explore/scenario_packet.h"
#include "stack/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUND_TIME (120 * CLOCK_S) /* longer is no end: valgrind and one processor are slow */
#define TURN	   CLOCK_MS
#define LATE_MAX   400 /* microseconds until a disturbance comes */

static struct {
	const char *file;
	const char *drivers[SCENARIO_DRIVERS];
	unsigned n_drivers;
	uint64_t rounds, seed;
	uint32_t delays; /* one in so many points; 0: none */
	bool despite;	 /* play it although it expects a finding */
	bool plant;	 /* a race */
} options = {.rounds = 100, .seed = 1, .delays = 8};

struct worker {
	struct stack_port port; /* first */
	struct stack_worker *worker;
	struct thread *thread;
};

/* A disturbance on its way. */
struct event {
	const struct scenario_disturbance *d;
	struct thread *thread;
	uint64_t late; /* ns */
};

/* [A] atomic   [I] while threads run */
static struct {
	const struct scenario *scenario; /* [I] */
	uint64_t round;			 /* [I] */
	uint64_t deadline;		 /* [I] */
	struct stage stage;
	struct worker workers[STAGE_WORKERS];
	struct event events[SCENARIO_DISTURBANCES];
	struct packet *packets[SCENARIO_PACKETS];  /* its worker's, once threads run */
	struct flow_key keys[SCENARIO_PACKETS];	   /* [I] */
	struct atom32 answered[SCENARIO_PACKETS];  /* [A] */
	struct atom32 fed, n_answered, sent, stop; /* [A] */
	unsigned planted;			   /* nobody's */
} run;

/* ---- packets -------------------------------------------------------------------------------- */

static void on_verdict(UNUSED struct stack_port *port, struct packet *p, UNUSED enum port_verdict v,
		       UNUSED bool modified, UNUSED const struct port_reason *why)
{
	if (atom32_add(&run.answered[p->token], 1) != 1)
		stage_fail("packet %u was answered twice", (unsigned)p->token + 1);
	atom32_add(&run.n_answered, 1);
}

static wfp_err on_send(UNUSED struct stack_port *port, UNUSED struct packet *p)
{
	atom32_add_relaxed(&run.sent, 1);
	return ERR_OK;
}

static enum port_endpoint on_endpoint(UNUSED struct stack_port *port, UNUSED const struct packet *p)
{
	return PORT_ENDPOINT_EXISTS;
}

static const struct stack_port_ops port_ops = {
	.verdict = on_verdict, .send = on_send, .endpoint = on_endpoint};

/* The same for all packets of a conversation, so that they come in order. */
static struct worker *worker_of(const struct scenario_packet *p)
{
	return &run.workers[((unsigned)p->src_port + p->dst_port) % STAGE_WORKERS];
}

static bool all_answered(void)
{
	return atom32_load(&run.n_answered) == run.scenario->n_packets;
}

/*
 * In the order of the scenario; whose turn it is gives what it has to, while the other may still be
 * at work on the one before.  The stack moves a packet to the worker it belongs to.
 */
static void feed(const struct worker *w)
{
	uint32_t first = atom32_load(&run.fed);
	const struct scenario_packet *p = &run.scenario->packets[first];

	if (first == run.scenario->n_packets || worker_of(p) != w)
		return;
	if (p->after && !atom32_load(&run.answered[p->after - 1]))
		return;
	atom32_add(&run.fed, p->chain);
	stack_worker_input(w->worker, &run.packets[first], p->chain);
}

static void give_up(void)
{
	for (unsigned i = 0; i < run.scenario->n_packets; i++)
		if (!atom32_load(&run.answered[i]))
			fprintf(stderr, "packet %u has no answer\n", i + 1);
	stage_fail("round %llu does not end", (unsigned long long)run.round);
}

static void work(void *arg)
{
	struct worker *w = arg;
	uint64_t now, next;

	if (options.plant)
		run.planted++;
	stack_worker_enter(w->worker);
	while (!atom32_load(&run.stop) || !stack_quiet(run.stage.stack)) {
		now = clock_now();
		if (now > run.deadline)
			give_up();
		feed(w);
		next = stack_worker_poll(w->worker, now);
		if (!mailbox_wait_until(stack_worker_mailbox(w->worker),
					next < now + TURN ? next : now + TURN))
			continue; /* nobody wrote */
	}
	stack_worker_flush(w->worker);
	stack_worker_leave(w->worker);
}

/* ---- disturbances --------------------------------------------------------------------------- */

#define EXCUSE(rule) (UINT32_C(1) << ENGINE_RULE_##rule)
STATIC_ASSERT(ENGINE_RULES <= 32, "a bit for each rule");

static void do_close(const struct scenario_disturbance *d)
{
	stack_endpoint_closed(run.stage.stack, &run.keys[d->packet - 1]);
}

static void do_unregister(const struct scenario_disturbance *d)
{
	stage_unregister(&run.stage, d->driver);
}

static void do_unload(const struct scenario_disturbance *d)
{
	stage_unload(&run.stage, d->driver);
}

static void do_filter_add(const struct scenario_disturbance *d)
{
	stage_add_filter(&run.stage, d->layer);
}

static void do_filter_delete(const struct scenario_disturbance *d)
{
	stage_delete_filters(&run.stage, d->driver);
}

static void do_stop(UNUSED const struct scenario_disturbance *d)
{
	engine_stop(run.stage.engine);
}

static void do_timeout(UNUSED const struct scenario_disturbance *d)
{
	stage_time_out(&run.stage);
}

/* `excuses`: what no driver can help when this happens, and the platform reports all the same. */
static const struct {
	void (*act)(const struct scenario_disturbance *d);
	uint32_t excuses;
} disturbances[SCENARIO_DISTURBS] = {
	[SCENARIO_CLOSE] = {do_close, EXCUSE(StaleContext)},
	[SCENARIO_UNREGISTER] = {do_unregister, EXCUSE(StaleContext) | EXCUSE(UnloadWithHolds) |
							EXCUSE(FlowContextLeak)},
	[SCENARIO_UNLOAD] = {do_unload, 0},
	[SCENARIO_FILTER_ADD] = {do_filter_add, 0},
	[SCENARIO_FILTER_DELETE] = {do_filter_delete, 0},
	[SCENARIO_STOP] = {do_stop, EXCUSE(StaleContext)},
	[SCENARIO_TIMEOUT] = {do_timeout, EXCUSE(StaleContext) | EXCUSE(PendLost)},
};

static void happen(void *arg)
{
	const struct event *e = arg;

	clock_sleep_until(clock_now() + e->late);
	disturbances[e->d->kind].act(e->d);
}

static uint32_t excused(void)
{
	uint32_t rules = 0;

	for (unsigned i = 0; i < run.scenario->n_disturbances; i++)
		rules |= disturbances[run.scenario->disturbances[i].kind].excuses;
	return rules;
}

/* ---- a round -------------------------------------------------------------------------------- */

static void start(struct rng *rng)
{
	for (unsigned i = 0; i < run.scenario->n_packets; i++) {
		const struct scenario_packet *s = &run.scenario->packets[i];
		struct packet *p;

		if (scenario_packet_make(s, &p))
			stage_fail("no packet");
		p->hook = s->out ? PACKET_OUT : PACKET_IN;
		p->in_ifindex = s->out ? 0 : 1;
		p->out_ifindex = s->out ? 2 : 0;
		p->port = &worker_of(&run.scenario->packets[i])->port;
		p->token = i;
		p->uid = PACKET_UID_UNKNOWN;
		run.packets[i] = p;
		run.keys[i] = flow_key_from(&p->h, p->hook);
		atom32_store(&run.answered[i], 0);
	}
	atom32_store(&run.fed, 0);
	atom32_store(&run.fed, 0);
	atom32_store(&run.n_answered, 0);
	atom32_store(&run.stop, 0);
	for (unsigned i = 0; i < STAGE_WORKERS; i++) {
		struct worker *w = &run.workers[i];

		w->worker = stack_worker(run.stage.stack, i);
		w->port = (struct stack_port){.ops = &port_ops, .worker = w->worker};
		stack_worker_set_port(w->worker, &w->port);
		if (thread_start(&w->thread, "worker", work, w))
			stage_fail("no thread");
	}
	for (unsigned i = 0; i < run.scenario->n_disturbances; i++) {
		struct event *e = &run.events[i];

		e->d = &run.scenario->disturbances[i];
		e->late = rng_below(rng, LATE_MAX) * CLOCK_US;
		if (thread_start(&e->thread, "disturbance", happen, e))
			stage_fail("no thread");
	}
}

static void finish(void)
{
	while (!all_answered())
		clock_sleep_until(clock_now() + CLOCK_MS / 4);
	for (unsigned i = 0; i < run.scenario->n_disturbances; i++)
		thread_join(run.events[i].thread);
	stage_unload_all(&run.stage); /* needs the workers' turns */
	atom32_store(&run.stop, 1);
	for (unsigned i = 0; i < STAGE_WORKERS; i++)
		thread_join(run.workers[i].thread);
}

static void check(void)
{
	struct engine_counters n;
	uint32_t excuses = excused();

	engine_counters_get(run.stage.engine, &n);
	if (n.pended_now || n.absorbed_now)
		stage_fail("%llu operations and %llu packets are still held",
			   (unsigned long long)n.pended_now, (unsigned long long)n.absorbed_now);
	for (unsigned i = 0; i < ENGINE_RULES; i++)
		if (atom32_load(&run.stage.broken[i]) && !(excuses >> i & 1))
			stage_fail("%s: a driver %s", engine_rule_name((enum engine_rule)i),
				   engine_rule_text((enum engine_rule)i));
}

static void play(uint64_t round)
{
	uint64_t live = mem_live();
	struct rng rng;

	rng_seed(&rng, options.seed + round);
	run.round = round;
	run.deadline = clock_now() + ROUND_TIME;
	thread_delays(options.seed + round, options.delays);
	stage_open(&run.stage, run.scenario);
	start(&rng);
	finish();
	check();
	stage_close(&run.stage);
	if (mem_live() != live)
		stage_fail("%llu blocks of memory were left",
			   (unsigned long long)(mem_live() - live));
}

/* ---- the command line ----------------------------------------------------------------------- */

static void usage(void)
{
	stage_fail("usage: threads_run SCENARIO [--driver FILE]... [--rounds N] [--seed S] "
		   "[--delays ONE_IN] [--despite] [--plant]");
}

static bool parse_option(const char *name, const char *value)
{
	if (strcmp(name, "--driver") == 0 && options.n_drivers < SCENARIO_DRIVERS)
		options.drivers[options.n_drivers++] = value;
	else if (strcmp(name, "--rounds") == 0)
		options.rounds = strtoull(value, NULL, 0);
	else if (strcmp(name, "--seed") == 0)
		options.seed = strtoull(value, NULL, 0);
	else if (strcmp(name, "--delays") == 0)
		options.delays = (uint32_t)strtoul(value, NULL, 0);
	else
		return false;
	return true;
}

static void parse_arguments(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-' && !options.file)
			options.file = argv[i];
		else if (strcmp(argv[i], "--despite") == 0)
			options.despite = true;
		else if (strcmp(argv[i], "--plant") == 0)
			options.plant = true;
		else if (i + 1 == argc || !parse_option(argv[i], argv[i + 1]))
			usage();
		else
			i++;
	}
	if (!options.file)
		usage();
}

static struct scenario *read_scenario(void)
{
	struct buf text = {0}, why = {0};
	struct scenario *s;

	if (file_read_all(options.file, SCENARIO_TEXT, &text))
		stage_fail("%s cannot be read", options.file);
	if (scenario_parse(&s, buf_str(&text), text.len, &why) ||
	    scenario_set_drivers(s, options.drivers, options.n_drivers, &why))
		stage_fail("%s: %s", options.file, buf_str(&why));
	buf_free(&text);
	buf_free(&why);
	return s;
}

int main(int argc, char **argv)
{
	struct scenario *s;

	parse_arguments(argc, argv);
	s = read_scenario();
	run.scenario = s;
	if ((s->expect_rules && !options.despite) || s->capture) {
		printf("skip: %s\n",
		       s->capture ? "a capture needs a path" : "it expects a finding");
		scenario_free(s);
		return EXIT_SUCCESS;
	}
	rcu_thread_enter();
	for (uint64_t round = 0; round < options.rounds; round++)
		play(round);
	rcu_thread_leave();
	scenario_free(s);
	printf("%llu rounds\n", (unsigned long long)options.rounds);
	return EXIT_SUCCESS;
}
