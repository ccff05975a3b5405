/* SPDX-License-Identifier: MIT */
/*
 * ledger with everybody at once: drivers that clone, inject and throw away at random
 * moments, an operation that ends, and a watchdog.  Under the simulator once per seed; on the host
 * with real threads, for the sanitizers.
 *
 * Whatever the order: each packet is decided at most once and never both ways, no two clones take
 * its place, it goes only if nobody discarded it, and it is released after the last claim, once.
 */
#include "pend_world.h"

#include "base/mailbox.h"
#include "engine/ledger.h"

#define DRIVERS 3u
#define PACKETS 3u

#ifdef BASE_SIM
#define ROUNDS 1u
static uint32_t choose(uint32_t n)
{
	return sim_choose(n);
}
#else
#define ROUNDS 300u
static uint32_t choose(uint32_t n)
{
	return (uint32_t)(entropy_u64() % n);
}
#endif

struct run;

struct held {
	struct run *run;
	struct ledger_entry *l;
	bool by_op;
	struct atom32 decided, decision, released, claims; /* claims as the drivers count them */
	struct atom32 discards;
};

/* An injection on its way to the owner. */
struct injection {
	struct mail mail;
	struct held *h;
	uint32_t driver;
	bool modified;
	struct atom32 done;
};

struct driver {
	struct run *run;
	struct thread *thread;
	uint32_t id;
	struct injection injections[PACKETS];
};

struct run {
	struct engine e;
	enum ledger_mode mode;
	struct held packets[PACKETS];
	struct driver drivers[DRIVERS];
	struct mailbox mail;
	struct atom32 ready, injecting;
	unsigned replaced[PACKETS], sent[PACKETS];
};

static void decided(void *packet, enum ledger_decision decision, uint32_t by)
{
	struct held *h = packet;

	(void)by;
	CHECK_EQ_U(atom32_load(&h->released), 0);
	CHECK_EQ_U(atom32_add(&h->decided, 1), 1);
	CHECK(decision != LEDGER_SUPERSEDED);
	atom32_store(&h->decision, decision);
}

static void released(void *packet)
{
	struct held *h = packet;

	CHECK_EQ_U(atom32_load(&h->claims), 0);
	CHECK_EQ_U(atom32_add(&h->released, 1), 1);
}

static const struct ledger_owner_ops ops = {decided, released};

static void unclaim(struct held *h, uint32_t driver)
{
	atom32_sub(&h->claims, 1);
	ledger_unclaim(h->l, driver);
}

static void inject(struct driver *d, unsigned i)
{
	struct injection *in = &d->injections[i];

	*in = (struct injection){.h = &d->run->packets[i], .driver = d->id};
	in->modified = choose(6) == 0;
	mailbox_push(&d->run->mail, &in->mail);
	while (!atom32_load(&in->done))
		thread_yield();
}

/* The driver has one claim on each packet when it starts; the clone lives until it is unclaimed. */
static void drive(void *arg)
{
	struct driver *d = arg;

	for (unsigned i = 0; i < PACKETS; i++) {
		struct held *h = &d->run->packets[i];

		while (atom32_load(&d->run->ready) <= i)
			thread_yield();
		if (choose(3) == 0) {
			atom32_add(&h->claims, 1);
			ledger_claim(h->l, d->id);
			unclaim(h, d->id);
		}
		if (choose(3) != 0)
			inject(d, i);
		else
			atom32_add(&h->discards, 1);
		unclaim(h, d->id);
	}
	atom32_sub(&d->run->injecting, 1);
}

static void open_injection(struct run *run, struct injection *in)
{
	struct engine_seen seen = {0};
	unsigned i = (unsigned)(in->h - run->packets);

	switch (ledger_inject(in->h->l, in->driver, in->modified, &seen)) {
	case LEDGER_INJECT_LAST:
		run->replaced[i]++;
		break;
	case LEDGER_INJECT_SEND:
		run->sent[i]++;
		break;
	default:
		break;
	}
	atom32_store(&in->done, 1);
}

static void take_mail(struct run *run)
{
	struct mail *m = mailbox_take_all(&run->mail);

	while (m) {
		struct injection *in = CONTAINER_OF(m, struct injection, mail);

		m = m->next;
		open_injection(run, in);
	}
}

static void classify(struct run *run, unsigned i)
{
	struct held *h = &run->packets[i];

	h->run = run;
	h->by_op = choose(2);
	CHECK_OK(ledger_open(&run->e, run->mode, &ops, h, &h->l));
	for (unsigned d = 0; d < DRIVERS; d++) {
		CHECK_OK(ledger_hold(h->l, 10 + run->drivers[d].id, run->drivers[d].id));
		atom32_add(&h->claims, 1);
		ledger_claim(h->l, run->drivers[d].id);
	}
	if (h->by_op)
		ledger_hold_op(h->l);
	atom32_store(&run->ready, i + 1);
	sched_point("classify returns");
	ledger_settle(h->l, h->by_op);
}

static void check_packet(struct run *run, unsigned i)
{
	struct held *h = &run->packets[i];
	bool blocks = run->mode == LEDGER_DISCARD_BLOCKS || !h->by_op;

	CHECK_EQ_U(atom32_load(&h->released), 1);
	/* Decided once: by a clone that took its place, or by a message, never both. */
	CHECK_EQ_U(run->replaced[i] + atom32_load(&h->decided), 1);
	CHECK_EQ_U(run->sent[i], 0);
	if (atom32_load(&h->decided) && atom32_load(&h->decision) == LEDGER_GO && blocks)
		CHECK_EQ_U(atom32_load(&h->discards), 0);
}

static void play_once(enum ledger_mode mode, bool watchdog)
{
	const struct engine_config config = {0};
	struct run run = {.mode = mode};
	uint64_t live = mem_live();

	world_open(&run.e, &config);
	CHECK_OK(mailbox_init(&run.mail, "owner"));
	atom32_store(&run.injecting, DRIVERS);
	for (uint32_t d = 0; d < DRIVERS; d++) {
		run.drivers[d].run = &run;
		run.drivers[d].id = d + 1;
		CHECK_OK(thread_start(&run.drivers[d].thread, "driver", drive, &run.drivers[d]));
	}
	for (unsigned i = 0; i < PACKETS; i++) {
		classify(&run, i);
		take_mail(&run);
		if (watchdog && choose(2))
			ledger_reclaim(&run.e, choose(4), UINT64_MAX);
		if (run.packets[i].by_op)
			ledger_op_done(run.packets[i].l, true);
	}
	while (atom32_load(&run.injecting) > 0) {
		take_mail(&run);
		thread_yield();
	}
	for (unsigned d = 0; d < DRIVERS; d++)
		thread_join(run.drivers[d].thread);
	for (unsigned i = 0; i < PACKETS; i++)
		check_packet(&run, i);
	CHECK_EQ_U(world_counters(&run.e).absorbed_now, 0);
	mailbox_destroy(&run.mail);
	world_close(&run.e);
	CHECK_EQ_U(mem_live(), live);
}

static void play(enum ledger_mode mode, bool watchdog)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		play_once(mode, watchdog);
}

SIM_TEST(absorbed_packets_are_decided_once_and_released_after_the_last_claim)
{
	play(LEDGER_DISCARD_BLOCKS, false);
}

SIM_TEST(packets_of_pended_operations_are_decided_once_and_released_after_the_last_claim)
{
	play(LEDGER_VERDICT_BY_OP, false);
}

SIM_TEST(reclaimed_packets_are_decided_once_and_released_after_the_last_claim)
{
	play(LEDGER_DISCARD_BLOCKS, true);
}
