/* SPDX-License-Identifier: MIT */
/*
 * pend_subject - operations that two callouts hold and complete on threads of their own, with one
 * disturbance at any moment.
 *
 * Each operation is posted once, when no callout is asked any more; resumed with the right result;
 * and at the end nothing is held, pinned or left in memory.
 */
#include "subject_kit.h"

#include "engine/pend_op.h"

#define OPS	2u
#define TIMEOUT (10 * CLOCK_S)

enum {
	DOUBLE = 1,	/* each completes twice */
	CLOSE = 2,	/* the endpoint closes */
	FORCED = 4,	/* the victim is taken out by force */
	WATCHDOG = 8,	/* the holds' time is over */
	STOP = 16,	/* the engine stops */
	NO_ABSORB = 32, /* the victim does not return what it must */
	FORGET = 64,	/* nobody completes */
	TWICE = 128,	/* a second operation follows, in the same slot */
	ALONE = 256,	/* one callout */
	POLITE = 512,	/* the victim is unregistered politely, until it goes */
	LAST = 1024,	/* the victim is the last callout; else the first */
	PERMIT = 2048,	/* nobody pends */
	THREE = 4096,	/* three callouts */
};

/* One operation. */
struct life {
	struct pend_op *op;
	bool walking;	 /* callouts are being asked */
	bool cancelled;	 /* the closer is done with it */
	unsigned pended; /* callouts whose pend stood */
	unsigned posts;
	struct thread *closer;
};

struct completer {
	uint32_t settings;
	unsigned callout;
	uint64_t context;
	struct thread *thread; /* NULL: never started */
};

static struct {
	uint32_t settings;
	unsigned callouts, victim;
	unsigned last_sure; /* the last one that is asked whoever is unregistered */
	unsigned indices[SUBJECT_CALLOUTS];
	uint32_t ids[SUBJECT_CALLOUTS];
	struct life lives[OPS];
	struct completer completers[OPS][SUBJECT_CALLOUTS];
	struct thread *disturber;
	struct mailbox mail;
} w;

/* Something may take this callout's hold away. */
static bool revocable(unsigned callout)
{
	return (w.settings & (CLOSE | WATCHDOG | STOP)) ||
	       (callout == w.victim && (w.settings & (FORCED | NO_ABSORB)));
}

static void complete(void *arg)
{
	struct completer *c = arg;
	wfp_err err = pend_complete(subject_engine, c->context);

	if (!revocable(c->callout))
		SUBJECT_OK(err);
	if (c->settings & DOUBLE)
		SUBJECT_CHECK(pend_complete(subject_engine, c->context) != ERR_OK);
}

static void post(void *owner, struct pend_op *op)
{
	struct life *l = owner;

	SUBJECT_CHECK(!l->walking);
	SUBJECT_CHECK(++l->posts == 1);
	mailbox_push(&w.mail, pend_mail(op));
}

static const struct pend_owner_ops owner_ops = {post};

static void classify_fn(void *ctx, const struct engine_call *call, struct engine_classify_out *out)
{
	unsigned callout = *(const unsigned *)ctx;
	struct life *l = call->ind->layer_data;
	struct completer *c = &w.completers[l - w.lives][callout];
	const bool cancelled = l->cancelled;
	wfp_err err;

	l->walking = true;
	*c = (struct completer){.settings = w.settings, .callout = callout};
	if (w.settings & PERMIT)
		err = ERR_CANNOT_PEND;
	else
		err = pend_operation(subject_engine, call->ind->meta->completion_handle,
				     &c->context);
	SUBJECT_CHECK(!cancelled || err);
	out->action = MODEL_ACTION_PERMIT;
	if (!err) {
		if (!(w.settings & FORGET))
			subject_start(&c->thread, "completer", complete, c);
		if (callout != w.victim || !(w.settings & NO_ABSORB)) {
			out->action = MODEL_ACTION_BLOCK;
			out->flags |= ENGINE_OUT_ABSORB;
		}
		l->pended++;
	}
	l->walking = callout < w.last_sure;
}

static const struct engine_callout_ops callout_ops = {.classify = classify_fn};

/* ---- disturbances --------------------------------------------------------------------------- */

static void close_endpoint(void *arg)
{
	struct life *l = arg;

	pend_cancel(l->op, PEND_REASON_CLOSED);
	l->cancelled = true;
}

static void check_holder(UNUSED void *ctx, const struct pend_info *info)
{
	SUBJECT_CHECK(info->callout_id != w.ids[w.victim]);
}

/* Until its hold is gone, if it has one. */
static void unregister_politely(void)
{
	wfp_err err;

	while ((err = subject_unregister(w.victim, ENGINE_UNREGISTER_POLITE)) == ERR_IN_USE)
		clock_sleep_until(clock_now() + CLOCK_MS);
	SUBJECT_OK(err);
	pend_list(subject_engine, check_holder, NULL);
}

static void disturb(UNUSED void *arg)
{
	if (w.settings & POLITE)
		unregister_politely();
	if (w.settings & FORCED)
		SUBJECT_OK(subject_unregister(w.victim, ENGINE_UNREGISTER_FORCED));
	if (w.settings & WATCHDOG)
		engine_tick(subject_engine, clock_now() + 2 * TIMEOUT);
	if (w.settings & STOP)
		engine_stop(subject_engine);
}

/* ---- the owner ------------------------------------------------------------------------------ */

static void check_result(const struct life *l, const struct pend_result *r, bool cancelled)
{
	SUBJECT_CHECK(r->holders == l->pended);
	SUBJECT_CHECK(!cancelled || r->cancelled == PEND_REASON_CLOSED);
	if (!(w.settings & CLOSE))
		SUBJECT_CHECK(r->cancelled == PEND_REASON_NONE);
	/* Nobody gave a verdict: a block that stands was revoked. */
	if (!(w.settings & (CLOSE | FORCED | WATCHDOG | STOP | NO_ABSORB)))
		SUBJECT_CHECK(!r->revoked && !r->final && r->outcome == ENGINE_PERMIT);
	if (w.settings & NO_ABSORB)
		SUBJECT_CHECK(r->outcome == ENGINE_BLOCK);
}

static void resume(struct life *l)
{
	struct pend_result result;
	struct mail *m;
	bool cancelled;

	/* Nobody posts it: a deadlock. */
	SUBJECT_CHECK(mailbox_wait_until(&w.mail, CLOCK_NEVER));
	m = mailbox_take_all(&w.mail);
	SUBJECT_CHECK(m && !m->next && pend_of_mail(m) == l->op && l->posts == 1);
	cancelled = l->cancelled;
	pend_resume(l->op, &result);
	check_result(l, &result, cancelled);
}

static void join_disturber(void)
{
	if (w.disturber)
		thread_join(w.disturber);
	w.disturber = NULL;
}

/* Holds that were taken after the first tick; one thread at a time ticks. */
static void tick_again(void)
{
	join_disturber();
	engine_tick(subject_engine, clock_now() + 2 * TIMEOUT);
}

static void classify(struct life *l)
{
	struct engine_metadata meta = {.present = ENGINE_META_COMPLETION_HANDLE};
	struct engine_indication ind = subject_indication();
	struct engine_verdict verdict;
	uint64_t word;

	SUBJECT_OK(
		pend_begin(subject_engine, PEND_ALE, SUBJECT_LAYER, false, &owner_ops, l, &l->op));
	if (w.settings & CLOSE)
		subject_start(&l->closer, "closer", close_endpoint, l);
	meta.completion_handle = pend_handle(l->op);
	ind.op = l->op;
	ind.meta = &meta;
	ind.layer_data = l;
	l->walking = true;
	engine_classify(subject_engine, &ind, &verdict);
	l->walking = false;
	if ((w.settings & WATCHDOG) && (w.settings & FORGET))
		tick_again();
	if (verdict.outcome == ENGINE_PENDED || l->posts)
		resume(l);
	else
		SUBJECT_CHECK(l->pended == 0 || (w.settings & NO_ABSORB));
	word = atom64_load(&l->op->word);
	if (l->closer)
		thread_join(l->closer);
	/* What was read as the result stays. */
	if (l->posts)
		SUBJECT_CHECK(atom64_load(&l->op->word) == word);
	pend_end(l->op);
}

static void join_completers(void)
{
	for (unsigned i = 0; i < OPS; i++)
		for (unsigned c = 0; c < w.callouts; c++)
			if (w.completers[i][c].thread)
				thread_join(w.completers[i][c].thread);
}

static void run(uint32_t settings)
{
	struct engine_counters n;

	if (settings & (FORCED | POLITE | WATCHDOG | STOP))
		subject_start(&w.disturber, "disturber", disturb, NULL);
	for (unsigned i = 0; i < (settings & TWICE ? OPS : 1); i++)
		classify(&w.lives[i]);
	join_completers();
	join_disturber();
	engine_counters_get(subject_engine, &n);
	SUBJECT_CHECK(n.pended_now == 0);
	for (unsigned c = 0; c < w.callouts; c++)
		if (c != w.victim || !(settings & (FORCED | POLITE)))
			SUBJECT_OK(subject_unregister(c, ENGINE_UNREGISTER_POLITE));
	mailbox_destroy(&w.mail);
	subject_engine_end();
}

/* The table of operations is there before the first run: each would allocate it anew. */
static void warm_up(void)
{
	struct pend_op *op;

	SUBJECT_OK(
		pend_begin(subject_engine, PEND_ALE, SUBJECT_LAYER, false, &owner_ops, NULL, &op));
	SUBJECT_CHECK(pend_classified(op) == PEND_LEFT_INLINE);
	pend_end(op);
}

static void prepare(uint32_t settings)
{
	const struct engine_config config = {.pend_timeout = TIMEOUT, .max_ops = 1};

	w.settings = settings;
	w.callouts = settings & ALONE ? 1 : settings & THREE ? 3 : 2;
	w.victim = settings & LAST ? w.callouts - 1 : 0;
	w.last_sure = w.callouts - ((settings & (FORCED | POLITE)) && (settings & LAST) ? 2 : 1);
	subject_engine_open(&config);
	for (unsigned c = 0; c < w.callouts; c++) {
		w.indices[c] = c;
		w.ids[c] = subject_register(c, &callout_ops, &w.indices[c]);
		subject_filter(c);
	}
	SUBJECT_OK(mailbox_init(&w.mail, "owner"));
	warm_up();
	subject_engine_ready();
}

/* ---- slots alone ---------------------------------------------------------------------------- */

/* There is one slot: whoever comes second gets none, until it is given back. */
static void take_and_give(UNUSED void *arg)
{
	struct pend_op *op;
	wfp_err err;

	for (unsigned i = 0; i < OPS; i++) {
		err = pend_begin(subject_engine, PEND_ALE, SUBJECT_LAYER, false, &owner_ops, NULL,
				 &op);
		SUBJECT_CHECK(err == ERR_OK || err == ERR_NO_MEMORY);
		if (err)
			continue;
		SUBJECT_CHECK(pend_classified(op) == PEND_LEFT_INLINE);
		pend_end(op);
	}
}

static void run_slots(UNUSED uint32_t settings)
{
	struct thread *other;

	subject_start(&other, "taker", take_and_give, NULL);
	take_and_give(NULL);
	thread_join(other);
	for (unsigned c = 0; c < w.callouts; c++)
		SUBJECT_OK(subject_unregister(c, ENGINE_UNREGISTER_POLITE));
	subject_engine_end();
}

#define ROW(name, about, settings)                                                                 \
	{                                                                                          \
		name, about, settings, prepare, run                                                \
	}
const struct subject pend_subjects[] = {
	ROW("pend", "two callouts", 0),
	ROW("pend-double", "both complete twice", DOUBLE),
	ROW("pend-double-twice", "one completes twice, an operation follows",
	    DOUBLE | TWICE | ALONE),
	ROW("pend-close", "the endpoint closes", CLOSE),
	ROW("pend-close-forget", "the same, nobody completes", CLOSE | FORGET),
	ROW("pend-forced", "one callout is taken out by force", FORCED),
	ROW("pend-watchdog", "the watchdog fires", WATCHDOG),
	ROW("pend-stop", "the engine stops", STOP),
	ROW("pend-stop-forget", "the same, nobody completes", STOP | FORGET),
	ROW("pend-no-absorb", "one returns Permit", NO_ABSORB),
	ROW("pend-close-alone", "one callout, the endpoint closes", CLOSE | ALONE),
	ROW("pend-forced-forget", "taken out by force, nobody completes", FORCED | FORGET | ALONE),
	ROW("pend-polite", "one callout is unregistered politely", POLITE | ALONE),
	ROW("pend-watchdog-forget", "nobody completes, the watchdog fires", WATCHDOG | FORGET),
	ROW("pend-no-absorb-last", "the second returns Permit", NO_ABSORB | LAST),
	ROW("pend-no-absorb-alone", "one callout returns Permit", NO_ABSORB | ALONE),
	ROW("pend-close-permit", "nobody pends, the endpoint closes", CLOSE | PERMIT | ALONE),
	ROW("pend-forced-last", "the second is taken out by force", FORCED | LAST),
	ROW("pend-polite-last", "the second of two is unregistered politely", POLITE | LAST),
	ROW("pend-polite-first", "the first of two is unregistered politely", POLITE),
	ROW("pend-stop-alone", "one callout, the engine stops", STOP | ALONE),
	ROW("pend-watchdog-alone", "one callout, the watchdog fires", WATCHDOG | ALONE),
	ROW("pend-3", "three callouts", THREE),
	ROW("pend-3-double", "three callouts complete twice", DOUBLE | THREE),
	ROW("pend-3-close", "three callouts, the endpoint closes", CLOSE | THREE),
	ROW("pend-3-forced", "three callouts, one is taken out by force", FORCED | THREE),
	ROW("pend-3-polite", "three callouts, one is unregistered politely", POLITE | THREE),
	ROW("pend-3-watchdog", "three callouts, the watchdog fires", WATCHDOG | THREE),
	ROW("pend-3-stop", "three callouts, the engine stops", STOP | THREE),
	ROW("pend-3-no-absorb", "three callouts, one returns Permit", NO_ABSORB | THREE),
	{"pend-slots", "two owners and one slot", 0, prepare, run_slots},
	ROW("pend-watchdog-close", "the watchdog fires, the endpoint closes",
	    CLOSE | WATCHDOG | ALONE),
	{0},
};
