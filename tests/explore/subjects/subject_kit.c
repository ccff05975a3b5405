/* SPDX-License-Identifier: MIT */
/*
 * subject_kit - an engine, callouts and filters in a few calls.
 */
#include "subject_kit.h"

#include "engine/ledger_entry.h"
#include "engine/pend_op.h"
#include "engine/state.h"
#include "explore/finding.h"

#include <stdio.h>

#define VALUES 64u

struct engine *subject_engine;
unsigned subject_broken[ENGINE_RULES];

static struct model_value values[VALUES];
static uint64_t live;

/* Those that were registered, by number; ops NULL: none. */
static struct callout {
	uint32_t id;
	const struct engine_callout_ops *ops;
	void *ctx;
} callouts[SUBJECT_CALLOUTS];

void subject_fail(const char *sentence)
{
	struct explore_finding f = {.rule = EXPLORE_PlatformBug};

	snprintf(f.sentence, sizeof(f.sentence), "%s", sentence);
	explore_found(&f, false);
	BUG_ON(true); /* the search was to end the run */
}

static void report(UNUSED void *ctx, const struct engine_report *r)
{
	subject_broken[r->rule]++;
}

static struct guid sublayer_key(unsigned n)
{
	return (struct guid){.a = 0x5b1a7e00, .b = (uint16_t)n};
}

static struct guid callout_key(unsigned n)
{
	return (struct guid){.a = 0xca110072, .b = (uint16_t)(n + 1)};
}

static void add_sublayer(unsigned n)
{
	const struct model_sublayer s = {sublayer_key(n), (uint16_t)(100 - n)};

	SUBJECT_OK(engine_commit(
		subject_engine, &(struct engine_delta){.add_sublayers = &s, .n_add_sublayers = 1}));
}

void subject_engine_open(const struct engine_config *config)
{
	struct engine_config own = *config;

	own.report = report;
	SUBJECT_OK(engine_create(&subject_engine, &own));
	for (unsigned n = 0; n <= SUBJECT_CALLOUTS; n++)
		add_sublayer(n);
}

void subject_engine_ready(void)
{
	for (unsigned n = 0; n < SUBJECT_CALLOUTS; n++)
		if (callouts[n].ops)
			SUBJECT_OK(subject_unregister(n, ENGINE_UNREGISTER_POLITE));
	live = mem_live();
	for (unsigned n = 0; n < SUBJECT_CALLOUTS; n++)
		if (callouts[n].ops)
			subject_register(n, callouts[n].ops, callouts[n].ctx);
}

void subject_engine_end(void)
{
	const struct pend_pool *pool = engine_pend_pool(subject_engine);

	SUBJECT_CHECK(pool->ops.used == 0);
	SUBJECT_CHECK(pool->tickets.used == 0);
	SUBJECT_CHECK(list_empty(&engine_ledger_book(subject_engine)->entries));
	SUBJECT_CHECK(mem_live() == live);
}

uint32_t subject_register(unsigned n, const struct engine_callout_ops *ops, void *ctx)
{
	const struct engine_callout_desc desc = {
		.key = callout_key(n), .driver = n + 1, .name = "subject", .ops = ops, .ctx = ctx};

	callouts[n] = (struct callout){.ops = ops, .ctx = ctx};
	SUBJECT_OK(engine_callout_register(subject_engine, &desc, &callouts[n].id));
	return callouts[n].id;
}

static struct model_filter draft(uint64_t id, unsigned sublayer, uint32_t action)
{
	return (struct model_filter){.id = id,
				     .layer = SUBJECT_LAYER,
				     .sublayer = sublayer_key(sublayer),
				     .weight = 1,
				     .action = action,
				     .name = (char *)(uintptr_t) "subject"};
}

void subject_filter(unsigned n)
{
	struct model_filter f = draft(n + 1, n + 1, MODEL_ACTION_CALLOUT_UNKNOWN);
	struct model_filter *made;

	f.callout = callout_key(n);
	SUBJECT_OK(model_filter_create(&made, &f));
	SUBJECT_OK(engine_commit(subject_engine,
				 &(struct engine_delta){.add_filters = &made, .n_add_filters = 1}));
	model_filter_put(made);
}

wfp_err subject_unregister(unsigned n, enum engine_unregister how)
{
	return engine_callout_unregister(subject_engine, callouts[n].id, how);
}

void subject_replace_filter(uint64_t old_id, uint64_t new_id, unsigned n, uint32_t action)
{
	const struct model_filter f = draft(new_id, n, action);
	struct model_filter *made;

	SUBJECT_OK(model_filter_create(&made, &f));
	SUBJECT_OK(engine_commit(subject_engine,
				 &(struct engine_delta){.add_filters = &made,
							.n_add_filters = 1,
							.remove_filters = &old_id,
							.n_remove_filters = old_id ? 1 : 0}));
	model_filter_put(made);
}

struct engine_indication subject_indication(void)
{
	return (struct engine_indication){
		.layer = SUBJECT_LAYER, .n_values = VALUES, .values = values};
}

void subject_start(struct thread **out, const char *name, void (*fn)(void *), void *arg)
{
	SUBJECT_OK(thread_start(out, name, fn, arg));
}
