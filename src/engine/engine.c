/* SPDX-License-Identifier: MIT */
/*
 * engine - its beginning and end, turns, counters and reports.
 *
 * What happens to a packet is in classify.c, how policy changes in commit.c.
 */
#include "engine/engine.h"

#include <string.h>

#include "base/mem.h"
#include "base/thread.h"
#include "engine/classify.h"
#include "engine/report.h"
#include "engine/registry.h"

static wfp_err create_parts(struct engine *e)
{
	wfp_err err = engine_registry_create(e);

	if (err)
		return err;
	err = engine_tallies_create(e);
	if (err)
		goto undo_registry;
	err = engine_flows_create(e);
	if (err)
		goto undo_tallies;
	err = pend_pool_create(&e->pends, e, &e->config);
	if (err)
		goto undo_flows;
	err = ledger_book_create(&e->ledger, e);
	if (err)
		goto undo_pends;
	err = engine_policy_create(e);
	if (err)
		goto undo_ledger;
	return ERR_OK;
undo_ledger:
	ledger_book_destroy(e->ledger);
undo_pends:
	pend_pool_destroy(e->pends);
undo_flows:
	engine_flows_destroy(e);
undo_tallies:
	engine_tallies_destroy(e);
undo_registry:
	engine_registry_destroy(e);
	return err;
}

wfp_err engine_create(struct engine **out, const struct engine_config *config)
{
	struct engine *e = mem_zalloc_aligned(CACHELINE, sizeof(*e));
	wfp_err err;

	if (!e)
		return ERR_NO_MEMORY;
	e->config = *config;
	lock_init(&e->turn_lock, "turn", ENGINE_RANK_TURN);
	cond_init(&e->turn_free, "turn");
	lock_init(&e->caches_lock, "flow caches", ENGINE_RANK_CACHES);
	list_init(&e->caches);
	err = create_parts(e);
	if (err) {
		lock_destroy(&e->caches_lock);
		cond_destroy(&e->turn_free);
		lock_destroy(&e->turn_lock);
		mem_free(e);
		return err;
	}
	*out = e;
	return ERR_OK;
}

void engine_destroy(struct engine *e)
{
	engine_policy_destroy(e);
	ledger_book_destroy(e->ledger);
	pend_pool_destroy(e->pends);
	engine_flows_destroy(e);
	engine_tallies_destroy(e);
	engine_registry_destroy(e);
	BUG_ON(!list_empty(&e->caches));
	lock_destroy(&e->caches_lock);
	cond_destroy(&e->turn_free);
	lock_destroy(&e->turn_lock);
	mem_free(e);
}

void engine_stop(struct engine *e)
{
	pend_pool_stop(e->pends);
}

void engine_tick(struct engine *e, uint64_t now)
{
	pend_pool_tick(e->pends, now);
}

struct pend_pool *engine_pend_pool(const struct engine *e)
{
	return e->pends;
}

struct ledger_book *engine_ledger_book(const struct engine *e)
{
	return e->ledger;
}

/* ---- turns -------------------------------------------------------------------------------- */

wfp_err engine_turn_begin(struct engine *e)
{
	wfp_err err = ERR_OK;
	uint32_t self = thread_id();

	if (engine_frame_current())
		return ERR_NOT_SUPPORTED;
	lock_take(&e->turn_lock);
	if (e->turn_owner == self) {
		err = ERR_TXN_IN_PROGRESS;
	} else {
		while (e->turn_owner != 0)
			cond_wait(&e->turn_free, &e->turn_lock);
		e->turn_owner = self;
	}
	lock_drop(&e->turn_lock);
	return err;
}

void engine_turn_end(struct engine *e)
{
	lock_take(&e->turn_lock);
	e->turn_owner = 0;
	cond_signal(&e->turn_free);
	lock_drop(&e->turn_lock);
}

/* ---- counters ------------------------------------------------------------------------------ */

void engine_count(struct engine *e, size_t counter, int64_t delta)
{
	struct engine_shard *shard = &e->shards[thread_id() % ENGINE_COUNTER_SHARDS];

	atom64_add_relaxed(&shard->words[counter], (uint64_t)delta);
}

void engine_counters_get(struct engine *e, struct engine_counters *out)
{
	uint64_t words[ENGINE_COUNTER_WORDS] = {0};

	lock_take(&e->caches_lock);
	for (unsigned i = 0; i < ENGINE_COUNTER_SHARDS; i++)
		for (size_t w = 0; w < ENGINE_COUNTER_WORDS; w++)
			words[w] += atom64_load_relaxed(&e->shards[i].words[w]);
	flow_caches_count(e, words);
	lock_drop(&e->caches_lock);
	memcpy(out, words, sizeof(*out));
	pend_pool_count(e->pends, out);
	ledger_book_count(e->ledger, out);
}

/* ---- reports ------------------------------------------------------------------------------- */

static const struct {
	const char *name, *text;
} rules[ENGINE_RULES] = {
#define RULE(name, text) {"Wfp" #name, text},
#include "engine/rules.def"
#undef RULE
};

const char *engine_rule_name(enum engine_rule rule)
{
	return rules[rule].name;
}

const char *engine_rule_text(enum engine_rule rule)
{
	return rules[rule].text;
}

void engine_report(struct engine *e, enum engine_rule rule, uint32_t callout_id, const char *driver,
		   uint64_t op)
{
	struct engine_report report = {rule, callout_id, driver ? driver : "", op};
	struct engine_callout *c = NULL;

	engine_count(e, ENGINE_COUNTER(rules) + rule, 1);
	if (!e->config.report)
		return;
	if (!driver && callout_id != 0)
		c = engine_callout_find(e, callout_id);
	if (c)
		report.driver = c->name;
	else if (!driver && e->driver_on_thread && e->driver_on_thread())
		report.driver = e->driver_on_thread();
	e->config.report(e->config.report_ctx, &report);
	if (c)
		engine_callout_unpin(c);
}

void engine_report_ask(struct engine *e, const char *(*driver_on_thread)(void))
{
	e->driver_on_thread = driver_on_thread;
}

void engine_report_callout(struct engine *e, enum engine_rule rule, const struct engine_callout *c,
			   uint64_t op)
{
	engine_report(e, rule, c ? c->id : 0, c ? c->name : NULL, op);
}

/* ---- the seen-by set ------------------------------------------------------------------------ */

bool engine_seen_has(const struct engine_seen *s, uint32_t callout)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->callout[i] == callout)
			return true;
	return false;
}

bool engine_seen_add(struct engine_seen *s, uint32_t callout)
{
	if (engine_seen_has(s, callout))
		return true;
	if (s->n == ENGINE_SEEN_MAX)
		return false;
	s->callout[s->n++] = callout;
	return true;
}
