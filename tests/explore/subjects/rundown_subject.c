/* SPDX-License-Identifier: MIT */
/*
 * rundown_subject - a callout that is called while it is unregistered, and registered again.
 *
 * No call begins or runs when `released` has been called for what it belongs to; a registration is
 * released once; the end waits for every call.
 */
#include "subject_kit.h"

#define LIVES 2u

enum {
	FORCED = 1, /* unregistered by force */
	AGAIN = 2,  /* registered a second time with the same key */
	TWO = 4,    /* two threads unregister */
	TWICE = 8,  /* two threads classify */
};

/* A registration. */
struct life {
	unsigned calls; /* under way */
	unsigned released;
	void *memory; /* the driver's; freed when it is released */
};

static struct {
	uint32_t settings;
	struct life lives[LIVES];
	unsigned unregistered;
	bool gone; /* unregistering the first has returned */
} w;

static void classify_fn(void *ctx, UNUSED const struct engine_call *call,
			struct engine_classify_out *out)
{
	struct life *l = ctx;

	SUBJECT_CHECK(!l->released && *(const uint8_t *)l->memory == 1);
	l->calls++;
	sched_point("classifyFn");
	(void)engine_callout_is_registered(subject_engine, call->callout_id);
	l->calls--;
	SUBJECT_CHECK(!l->released);
	out->action = MODEL_ACTION_BLOCK;
}

static void on_released(void *ctx)
{
	struct life *l = ctx;

	SUBJECT_CHECK(!l->calls && !l->released);
	l->released++;
	mem_free(l->memory);
}

static const struct engine_callout_ops callout_ops = {.classify = classify_fn,
						      .released = on_released};

/* Makes the places that the policy keeps, before memory is counted. */
static const struct engine_callout_ops no_ops = {.classify = classify_fn};

static void do_register(unsigned i)
{
	struct life *l = &w.lives[i];
	uint8_t *memory = mem_alloc(8);

	SUBJECT_CHECK(memory);
	*memory = 1;
	l->memory = memory;
	subject_register(0, &callout_ops, l);
}

static void classify(UNUSED void *arg)
{
	struct engine_indication ind = subject_indication();
	struct engine_verdict verdict;

	engine_classify(subject_engine, &ind, &verdict);
	SUBJECT_CHECK(verdict.outcome == ENGINE_BLOCK); /* by the callout, or for want of it */
}

static void unregister(UNUSED void *arg)
{
	wfp_err err = subject_unregister(0, w.settings & FORCED ? ENGINE_UNREGISTER_FORCED
								: ENGINE_UNREGISTER_POLITE);

	SUBJECT_CHECK(err == ERR_OK || ((w.settings & TWO) && err == ERR_CALLOUT_NOT_FOUND));
	if (!err) {
		w.unregistered++;
		SUBJECT_CHECK(w.lives[0].released && !w.lives[0].calls);
	}
}

static void run(uint32_t settings)
{
	struct thread *caller, *second = NULL;

	subject_start(&caller, "caller", classify, NULL);
	if (settings & TWO)
		subject_start(&second, "unregister 2", unregister, NULL);
	if (settings & TWICE)
		subject_start(&second, "caller 2", classify, NULL);
	unregister(NULL);
	if (settings & AGAIN) {
		do_register(1);
		SUBJECT_OK(subject_unregister(0, ENGINE_UNREGISTER_POLITE));
		SUBJECT_CHECK(w.lives[1].released && !w.lives[1].calls);
	}
	thread_join(caller);
	if (second)
		thread_join(second);
	SUBJECT_CHECK(w.unregistered == 1 && w.lives[0].released == 1);
	subject_engine_end();
}

static void prepare(uint32_t settings)
{
	w.settings = settings;
	subject_engine_open(&(struct engine_config){.max_ops = 1});
	subject_register(0, &no_ops, NULL);
	subject_filter(0);
	subject_engine_ready();
	SUBJECT_OK(subject_unregister(0, ENGINE_UNREGISTER_POLITE));
	do_register(0);
}

#define ROW(name, about, settings)                                                                 \
	{                                                                                          \
		name, about, settings, prepare, run                                                \
	}
const struct subject rundown_subjects[] = {
	ROW("rundown", "called while it is unregistered", 0),
	ROW("rundown-forced", "the same by force", FORCED),
	ROW("rundown-again", "and registered again", AGAIN),
	ROW("rundown-two", "two unregister it", TWO),
	ROW("rundown-twice", "two call it", TWICE),
	{0},
};
