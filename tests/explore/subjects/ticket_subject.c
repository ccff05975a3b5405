/* SPDX-License-Identifier: MIT */
/*
 * ticket_subject - a classify handle that is completed, released and taken away at the same time.
 *
 * The operation is resumed once with the verdict that was given, and no ticket is left.
 */
#include "subject_kit.h"

#include "engine/pend.h"

enum {
	DOUBLE = 1, /* two threads complete with it */
	STALE = 2,  /* a third uses the handle when it may be over */
	FORCED = 4, /* the callout is taken out by force */
	KEEP = 8,   /* nobody releases it; with FORCED */
};

static struct {
	uint32_t settings;
	struct pend_op *op;
	uint64_t handle;
	unsigned posts;
	bool warming;
	struct thread *threads[3];
	unsigned n_threads;
	struct mailbox mail;
} w;

static void complete(UNUSED void *arg)
{
	const struct engine_classify_out out = {.action = MODEL_ACTION_BLOCK,
						.rights = ENGINE_RIGHT_ACTION_WRITE};

	pend_complete_classify(subject_engine, w.handle, &out);
}

static void release(UNUSED void *arg)
{
	pend_release(subject_engine, w.handle);
}

static void complete_late(UNUSED void *arg)
{
	pend_complete_classify(subject_engine, w.handle, NULL);
}

static void unregister(UNUSED void *arg)
{
	SUBJECT_OK(subject_unregister(0, ENGINE_UNREGISTER_FORCED));
}

static void start(void (*fn)(void *), const char *name)
{
	subject_start(&w.threads[w.n_threads++], name, fn, NULL);
}

static void classify_fn(UNUSED void *ctx, const struct engine_call *call,
			struct engine_classify_out *out)
{
	SUBJECT_OK(pend_acquire(subject_engine, &w.handle));
	if (w.warming) {
		pend_release(subject_engine, w.handle);
		out->action = MODEL_ACTION_PERMIT;
		return;
	}
	SUBJECT_OK(pend_classify(subject_engine, w.handle, call->filter->id, out));
	start(complete, "completer");
	if (w.settings & DOUBLE)
		start(complete, "completer 2");
	if (w.settings & STALE)
		start(complete_late, "late");
	if (!(w.settings & KEEP))
		start(release, "releaser");
}

static const struct engine_callout_ops callout_ops = {.classify = classify_fn};

static void post(UNUSED void *owner, struct pend_op *op)
{
	SUBJECT_CHECK(++w.posts == 1);
	mailbox_push(&w.mail, pend_mail(op));
}

static const struct pend_owner_ops owner_ops = {post};

static void resume(void)
{
	struct pend_result r;

	SUBJECT_CHECK(mailbox_wait_until(&w.mail, CLOCK_NEVER));
	SUBJECT_CHECK(mailbox_take_all(&w.mail));
	pend_resume(w.op, &r);
	SUBJECT_CHECK(r.holders == 1);
	if (!(w.settings & (STALE | FORCED)))
		SUBJECT_CHECK(r.final && r.outcome == ENGINE_BLOCK);
}

static void run(uint32_t settings)
{
	struct engine_metadata meta = {.present = ENGINE_META_COMPLETION_HANDLE};
	struct engine_indication ind = subject_indication();
	struct thread *unregisterer = NULL;
	struct engine_verdict verdict;

	SUBJECT_OK(pend_begin(subject_engine, PEND_CLASSIFY, SUBJECT_LAYER, false, &owner_ops, NULL,
			      &w.op));
	meta.completion_handle = pend_handle(w.op);
	ind.op = w.op;
	ind.meta = &meta;
	if (settings & FORCED)
		subject_start(&unregisterer, "unregister", unregister, NULL);
	engine_classify(subject_engine, &ind, &verdict);
	if (verdict.outcome == ENGINE_PENDED)
		resume();
	pend_end(w.op);
	for (unsigned i = 0; i < w.n_threads; i++)
		thread_join(w.threads[i]);
	if (unregisterer)
		thread_join(unregisterer);
	else
		SUBJECT_OK(subject_unregister(0, ENGINE_UNREGISTER_POLITE));
	mailbox_destroy(&w.mail);
	subject_engine_end();
}

/* The tables of operations and tickets are there before the first run. */
static void warm_up(void)
{
	struct engine_indication ind = subject_indication();
	struct engine_verdict verdict;

	w.warming = true;
	SUBJECT_OK(pend_begin(subject_engine, PEND_CLASSIFY, SUBJECT_LAYER, false, &owner_ops, NULL,
			      &w.op));
	engine_classify(subject_engine, &ind, &verdict);
	pend_end(w.op);
	w.warming = false;
}

static void prepare(uint32_t settings)
{
	w.settings = settings;
	subject_engine_open(&(struct engine_config){.max_ops = 1});
	subject_register(0, &callout_ops, NULL);
	subject_filter(0);
	SUBJECT_OK(mailbox_init(&w.mail, "owner"));
	warm_up();
	subject_engine_ready();
}

#define ROW(name, about, settings)                                                                 \
	{                                                                                          \
		name, about, settings, prepare, run                                                \
	}
const struct subject ticket_subjects[] = {
	ROW("ticket", "completed and released", 0),
	ROW("ticket-double", "completed twice", DOUBLE),
	ROW("ticket-stale", "used when it is over", STALE),
	ROW("ticket-forced", "the callout is taken out by force", FORCED),
	ROW("ticket-kept", "the same, and it was never released", FORCED | KEEP),
	{0},
};
