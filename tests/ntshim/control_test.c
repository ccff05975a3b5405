/* SPDX-License-Identifier: MIT */
/*
 * The whole platform in the controlled world: prepared once with drivers loaded, run on many
 * schedules from there, unloaded and stopped in each run as if it were the only one.
 */
#include "kernel.h"

#include "base/rng.h"
#include "base/sim_control.h"
#include "stack/craft.h"

#include <ntddk.h>
#include <signal.h>

#define RUNS 60u

static struct rng *rng;		/* the explorer's */
static struct atom32 *answered; /* of all runs */

static struct traffic {
	struct stack_port port;
	struct atom32 verdicts;
	uint64_t live;
} traffic;

/* ---- the program: one packet through two drivers -------------------------------------------- */

static void on_verdict(UNUSED struct stack_port *port, UNUSED struct packet *p, enum port_verdict v,
		       UNUSED bool modified, UNUSED const struct port_reason *why)
{
	CHECK_EQ_U(v, PORT_ACCEPT);
	atom32_add(&traffic.verdicts, 1);
}

static wfp_err on_send(UNUSED struct stack_port *port, UNUSED struct packet *p)
{
	return ERR_NOT_SUPPORTED;
}

static enum port_endpoint on_endpoint(UNUSED struct stack_port *port, UNUSED const struct packet *p)
{
	return PORT_ENDPOINT_EXISTS;
}

static const struct stack_port_ops port_ops = {
	.verdict = on_verdict, .send = on_send, .endpoint = on_endpoint};

static bool is_over(void)
{
	return atom32_load(&traffic.verdicts) == 1 && stack_worker_quiet(k.worker);
}

static void work(UNUSED void *arg)
{
	const struct craft way = {.src = "10.97.0.1",
				  .dst = "10.97.0.2",
				  .src_port = 1000,
				  .dst_port = 5001,
				  .hook = PACKET_OUT};
	struct packet *p = craft_udp(&way, "hello", 5);
	uint64_t next;

	p->port = &traffic.port;
	p->uid = PACKET_UID_UNKNOWN;
	stack_worker_enter(k.worker);
	stack_worker_input(k.worker, &p, 1);
	for (;;) {
		next = stack_worker_poll(k.worker, clock_now());
		if (is_over())
			break;
		(void)!mailbox_wait_until(stack_worker_mailbox(k.worker), next);
	}
	stack_worker_flush(k.worker);
	stack_worker_leave(k.worker);
}

static void platform(UNUSED void *arg)
{
	struct nt_driver *firewall, *antivirus;
	uint64_t live = mem_live();
	struct thread *worker;

	kernel_start();
	firewall = kernel_load("firewall");
	antivirus = kernel_load("antivirus");
	traffic.port = (struct stack_port){.ops = &port_ops, .worker = k.worker};
	sim_ready();
	CHECK_OK(thread_start(&worker, "worker", work, NULL));
	thread_join(worker);
	kernel_unload(antivirus);
	kernel_unload(firewall);
	for (unsigned i = 0; i < ENGINE_RULES; i++)
		CHECK_EQ_U(broken((enum engine_rule)i), 0);
	kernel_stop();
	CHECK_EQ_U(mem_live(), live);
	atom32_add(answered, 1);
}

/* ---- the explorer --------------------------------------------------------------------------- */

static uint32_t pick(UNUSED void *ctx, const struct sim_view *v)
{
	uint32_t from = rng_below(rng, v->n);

	for (uint32_t i = 0; i < v->n; i++)
		if (v->threads[(from + i) % v->n].enabled)
			return v->threads[(from + i) % v->n].id;
	return SIM_TIME;
}

static void check_end(enum sim_end end, unsigned run)
{
	struct sim_crash crash = sim_control_crash();

	if (end != SIM_END_DONE)
		CHECK_SAY("run %u: end %d, signal %d at %p, %s", run, (int)end, crash.signal,
			  crash.address, crash.text);
}

static void touch_freed_pages(UNUSED void *arg)
{
	volatile char *pages;

	kernel_start();
	sim_ready();
	pages = ExAllocatePoolWithTag(NonPagedPool, 8192, 0x65676150);
	CHECK_EQ_U((uintptr_t)pages % 4096, 0);
	pages[8191] = 1;
	ExFreePoolWithTag((void *)pages, 0x65676150);
	pages[5000] = 1;
}

TEST(touching_whole_pages_of_pool_that_were_freed_ends_the_run)
{
	const struct sim_controller c = {.pick = pick, .processors = 2};
	wfp_err err;

	rng = sim_control_alloc(sizeof(*rng));
	rng_seed(rng, test_seed());
	err = sim_control_open(&c, touch_freed_pages, NULL);
	if (err != ERR_NOT_SUPPORTED) {
		CHECK_OK(err);
		CHECK_EQ_U(sim_control_run(), SIM_END_CRASHED);
		CHECK_EQ_U(sim_control_crash().signal, SIGSEGV);
		sim_control_close();
	}
	sim_control_free(rng);
}

/* Twice, because a world must leave nothing for the next. */
TEST(the_platform_runs_on_many_schedules_from_one_preparation)
{
	const struct sim_controller c = {.pick = pick, .processors = 2};

	rng = sim_control_alloc(sizeof(*rng));
	answered = sim_control_alloc(sizeof(*answered));
	rng_seed(rng, test_seed());
	for (unsigned world = 0; world < 2; world++) {
		wfp_err err = sim_control_open(&c, platform, NULL);

		if (err == ERR_NOT_SUPPORTED) {
			printf("ok - controlled platform # SKIP a sanitizer's state would be put "
			       "back\n");
			return;
		}
		CHECK_OK(err);
		for (unsigned i = 0; i < RUNS; i++) {
			check_end(sim_control_run(), i);
			sim_control_rewind();
		}
		sim_control_close();
	}
	CHECK_EQ_U(atom32_load(answered), 2 * RUNS);
	sim_control_free(answered);
	sim_control_free(rng);
}
