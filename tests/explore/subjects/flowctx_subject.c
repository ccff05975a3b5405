/* SPDX-License-Identifier: MIT */
/*
 * flowctx_subject - contexts on a flow that is classified and closed, while others associate,
 * remove and unregister.
 *
 * Each context is deleted once, after the last classify that was shown it has returned, and none is
 * left.
 */
#include "subject_kit.h"

#include "engine/flowctx.h"

#define CONTEXTS 3u

enum {
	REMOVE = 1,	/* a thread removes */
	ASSOCIATE = 2,	/* a thread removes and associates another */
	UNREGISTER = 4, /* the callout is taken out by force */
	POLITE = 8,	/* the same, politely, until it goes */
	CLASSIFY = 16,	/* the owner classifies */
	TWO = 32,	/* two threads do what one does */
};

static struct {
	uint32_t settings, callout;
	uint64_t id;
	struct engine_flow *flow;
	unsigned associated[CONTEXTS], deleted[CONTEXTS],
		in_use[CONTEXTS]; /* [n - 1] of context n */
	struct thread *threads[3];
	unsigned n_threads;
	bool released;
	bool doomed; /* a removal has left the deletion to a classify */
} w;

static void classify_fn(UNUSED void *ctx, const struct engine_call *call,
			struct engine_classify_out *out)
{
	uint64_t context = call->flow_context;

	out->action = MODEL_ACTION_PERMIT;
	SUBJECT_CHECK(!w.released);
	if (!context)
		return;
	SUBJECT_CHECK(context <= CONTEXTS && !w.deleted[context - 1]);
	w.in_use[context - 1]++;
	sched_point("classifyFn");
	(void)engine_flow_context(w.flow, SUBJECT_LAYER, w.callout); /* a driver may look */
	w.in_use[context - 1]--;
	SUBJECT_CHECK(!w.deleted[context - 1]);
}

static void flow_delete(UNUSED void *ctx, UNUSED uint16_t layer, UNUSED uint32_t callout,
			uint64_t context)
{
	SUBJECT_CHECK(context > 0 && context <= CONTEXTS && !w.released);
	SUBJECT_CHECK(!w.in_use[context - 1]);
	SUBJECT_CHECK(++w.deleted[context - 1] <= w.associated[context - 1]);
}

static void on_released(UNUSED void *ctx)
{
	w.released = true;
}

static const struct engine_callout_ops callout_ops = {
	.classify = classify_fn, .flow_delete = flow_delete, .released = on_released};

/* Counted before: it may be deleted before the call returns. */
static void associate(uint64_t context)
{
	w.associated[context - 1]++;
	if (engine_flow_associate(subject_engine, w.id, SUBJECT_LAYER, w.callout, context) !=
	    ERR_OK)
		w.associated[context - 1]--;
}

static void disturb(void *arg)
{
	uint64_t context = (uintptr_t)arg;
	wfp_err err;

	err = engine_flow_remove(subject_engine, w.id, SUBJECT_LAYER, w.callout);
	SUBJECT_CHECK(err == ERR_OK || err == ERR_IO_PENDING || err == ERR_NOT_FOUND);
	w.doomed |= err == ERR_IO_PENDING;
	if (w.settings & ASSOCIATE)
		associate(context);
}

static void unregister(UNUSED void *arg)
{
	enum engine_unregister how =
		w.settings & POLITE ? ENGINE_UNREGISTER_POLITE : ENGINE_UNREGISTER_FORCED;
	wfp_err err = subject_unregister(0, how);

	/* What remains is deleted by others: soon there is nothing. */
	while (err == ERR_IN_USE) {
		clock_sleep_until(clock_now() + CLOCK_MS);
		err = subject_unregister(0, how);
	}
	SUBJECT_OK(err);
}

static void start(void (*fn)(void *), const char *name, uintptr_t arg)
{
	subject_start(&w.threads[w.n_threads++], name, fn, (void *)arg);
}

static void join_all(void)
{
	while (w.n_threads > 0)
		thread_join(w.threads[--w.n_threads]);
}

static void run(uint32_t settings)
{
	struct engine_indication ind = subject_indication();
	struct engine_verdict verdict;

	associate(1);
	if (settings & (REMOVE | ASSOCIATE))
		start(disturb, "remover", 2);
	if (settings & TWO)
		start(disturb, "remover 2", 3);
	if (settings & UNREGISTER)
		start(unregister, "unregister", 0);
	if (settings & CLASSIFY) {
		ind.flow = w.flow;
		engine_classify(subject_engine, &ind, &verdict);
		if (!(settings & UNREGISTER))
			join_all();
		/* It has returned: whoever removed meanwhile had to wait no longer. */
		SUBJECT_CHECK(!w.doomed || w.deleted[0]);
	}
	engine_flow_close(w.flow);
	join_all();
	if (!(settings & UNREGISTER))
		SUBJECT_OK(subject_unregister(0, ENGINE_UNREGISTER_POLITE));
	SUBJECT_CHECK(w.released);
	for (unsigned i = 0; i < CONTEXTS; i++)
		SUBJECT_CHECK(w.deleted[i] == w.associated[i]);
	subject_engine_end();
}

static void prepare(uint32_t settings)
{
	w.settings = settings;
	subject_engine_open(&(struct engine_config){.max_ops = 1});
	w.callout = subject_register(0, &callout_ops, NULL);
	subject_filter(0);
	SUBJECT_OK(engine_flow_open(subject_engine, &w.flow)); /* the table of flows is made */
	engine_flow_close(w.flow);
	subject_engine_ready();
	w.released = false;
	SUBJECT_OK(engine_flow_open(subject_engine, &w.flow));
	w.id = engine_flow_id(w.flow);
}

#define ROW(name, about, settings)                                                                 \
	{                                                                                          \
		name, about, settings, prepare, run                                                \
	}
const struct subject flowctx_subjects[] = {
	ROW("flowctx", "classified and removed", CLASSIFY | REMOVE),
	ROW("flowctx-close", "removed twice while the flow closes", REMOVE | TWO),
	ROW("flowctx-associate", "classified, replaced by another", CLASSIFY | ASSOCIATE),
	ROW("flowctx-associate-2", "two replace it while the flow closes", ASSOCIATE | TWO),
	ROW("flowctx-forced", "the callout is taken out by force", CLASSIFY | UNREGISTER),
	ROW("flowctx-forced-associate", "the same while another context is associated",
	    ASSOCIATE | UNREGISTER),
	ROW("flowctx-forced-remove", "the same while the context is removed", REMOVE | UNREGISTER),
	ROW("flowctx-polite", "the callout is unregistered politely",
	    CLASSIFY | UNREGISTER | POLITE),
	{0},
};
