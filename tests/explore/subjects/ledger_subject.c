/* SPDX-License-Identifier: MIT */
/*
 * ledger_subject - one packet that two drivers have cloned; each injects its clone, or throws it
 * away, on a thread of its own, while the classify ends.
 *
 * Decided once, by a clone or by a message; never gone when somebody discarded; released once,
 * after the decision and the last claim.
 */
#include "subject_kit.h"

#include "engine/ledger.h"

#define DRIVERS 2u

enum {
	MODIFIED = 1, /* driver 1's clone differs, if it is injected */
	OP = 2,	      /* a pended operation holds the packet, too, and ends */
	RECLAIM = 4,  /* a watchdog takes the holds back */
	EARLY = 8,    /* a driver may let go of a clone, and of its last one, before the end */
};

struct letter {
	struct mail mail;
	uint32_t driver; /* from 1 */
	bool injects;
	struct thread *thread;
};

static struct {
	uint32_t settings;
	struct ledger_entry *l;
	struct letter letters[DRIVERS];
	struct mailbox mail;
	unsigned decided, replaced, released, discarded;
	bool by_go;
	unsigned claims; /* as the drivers count them */
} w;

static void decided(UNUSED void *packet, enum ledger_decision decision, UNUSED uint32_t by)
{
	SUBJECT_CHECK(!w.released);
	SUBJECT_CHECK(++w.decided + w.replaced == 1);
	w.by_go = decision == LEDGER_GO;
}

static void released(UNUSED void *packet)
{
	SUBJECT_CHECK(w.claims == 0);
	SUBJECT_CHECK(++w.released == 1);
}

static const struct ledger_owner_ops ops = {decided, released};

static void unclaim(uint32_t driver)
{
	w.claims--;
	ledger_unclaim(w.l, driver);
}

/* A clone that is injected lives until the owner has taken it; the letter says which it is. */
static void drive(void *arg)
{
	struct letter *l = arg;

	if (w.settings & EARLY) {
		w.claims++;
		ledger_claim(w.l, l->driver);
		unclaim(l->driver);
	}
	l->injects = sim_choose(2) == 0;
	if (!l->injects) {
		w.discarded++;
		unclaim(l->driver);
	}
	mailbox_push(&w.mail, &l->mail);
}

static void reclaim(UNUSED void *arg)
{
	ledger_reclaim(subject_engine, 0, UINT64_MAX);
}

static void inject(const struct letter *l)
{
	bool modified = (w.settings & MODIFIED) && l->driver == 1;
	struct engine_seen seen = {0};
	enum ledger_inject how = ledger_inject(w.l, l->driver, modified, &seen);

	if (how == LEDGER_INJECT_LAST) {
		SUBJECT_CHECK(++w.replaced + w.decided == 1);
		if (!modified && !(w.settings & RECLAIM))
			SUBJECT_CHECK(w.discarded == 0 || (w.settings & OP));
	}
	unclaim(l->driver);
}

static void take_mail(void)
{
	struct mail *m;

	SUBJECT_CHECK(mailbox_wait_until(&w.mail, CLOCK_NEVER));
	for (m = mailbox_take_all(&w.mail); m;) {
		struct letter *l = CONTAINER_OF(m, struct letter, mail);

		m = m->next;
		if (l->injects)
			inject(l);
		l->driver = 0; /* done with */
	}
}

static void classify(void)
{
	SUBJECT_OK(ledger_open(subject_engine,
			       w.settings & OP ? LEDGER_VERDICT_BY_OP : LEDGER_DISCARD_BLOCKS, &ops,
			       NULL, &w.l));
	for (uint32_t d = 0; d < DRIVERS; d++) {
		struct letter *l = &w.letters[d];

		l->driver = d + 1;
		SUBJECT_OK(ledger_hold(w.l, d + 1, d + 1));
		w.claims++;
		ledger_claim(w.l, d + 1);
		subject_start(&l->thread, "driver", drive, l);
	}
	if (w.settings & OP)
		ledger_hold_op(w.l);
	ledger_settle(w.l, w.settings & OP);
}

static bool letters_left(void)
{
	for (unsigned d = 0; d < DRIVERS; d++)
		if (w.letters[d].driver)
			return true;
	return false;
}

static void run(uint32_t settings)
{
	struct thread *reclaimer = NULL;
	bool late = false; /* the operation ends after the drivers have let go */

	if (settings & RECLAIM)
		subject_start(&reclaimer, "reclaim", reclaim, NULL);
	classify();
	if (settings & OP)
		late = sim_choose(2);
	if ((settings & OP) && !late)
		ledger_op_done(w.l, true);
	while (letters_left())
		take_mail();
	if (late)
		ledger_op_done(w.l, true);
	for (unsigned d = 0; d < DRIVERS; d++)
		thread_join(w.letters[d].thread);
	if (reclaimer)
		thread_join(reclaimer);
	SUBJECT_CHECK(w.decided + w.replaced == 1);
	SUBJECT_CHECK(w.released == 1);
	if (w.discarded && !(settings & OP))
		SUBJECT_CHECK(!w.by_go);
	mailbox_destroy(&w.mail);
	subject_engine_end();
}

static void prepare(uint32_t settings)
{
	w.settings = settings;
	subject_engine_open(&(struct engine_config){0});
	SUBJECT_OK(mailbox_init(&w.mail, "owner"));
	subject_engine_ready();
}

#define ROW(name, about, settings)                                                                 \
	{                                                                                          \
		name, about, settings, prepare, run                                                \
	}
const struct subject ledger_subjects[] = {
	ROW("ledger", "two reinjecting drivers", 0),
	ROW("ledger-modified", "one of them has changed its clone", MODIFIED),
	ROW("ledger-op", "an operation holds it, too", OP),
	ROW("ledger-op-modified", "and one has changed its clone", OP | MODIFIED),
	ROW("ledger-reclaim", "a watchdog takes back what they hold", RECLAIM),
	ROW("ledger-early", "they have a second clone for a while", EARLY),
	{0},
};
