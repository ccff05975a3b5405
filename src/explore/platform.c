/* SPDX-License-Identifier: MIT */
/*
 * platform - preparing, running and ending a scenario over the whole platform.
 *
 * prepare stops where the first packet would be fed.  run is what is explored, up to the moment
 * when everything is quiet; the end behind it (the engine stops, drivers are unloaded) goes one way
 * only.  What a run leaves is not taken down: the rewind puts back the world as prepare left it.
 */
#include "explore/platform.h"

#include "explore/platform_world.h"
#include "explore/quiet.h"
#include "explore/search.h"
#include "explore/tsan.h"
#include "explore/verdict.h"

#include "base/mem.h"

#include <string.h>

/* [I] but for world, which prepare sets. */
struct platform_subject {
	const struct scenario *scenario;
	uint32_t processors;
	struct platform_world *world;
	bool watched; /* instrumented code was there in a run; written between runs */
};

/* ---- preparing ---------------------------------------------------------------------------- */

static bool has_disturbance(const struct scenario *s, enum scenario_disturb kind)
{
	for (uint32_t i = 0; i < s->n_disturbances; i++)
		if (s->disturbances[i].kind == kind)
			return true;
	return false;
}

/* Operations that can be held at once: two for each packet are enough, and a small table is fast.
 */
static uint32_t ops_of(const struct scenario *s)
{
	return 2 * (s->capture ? SCENARIO_PACKETS : s->n_packets) + 2;
}

static wfp_err create_engine(struct platform_world *w)
{
	const struct scenario *s = w->scenario;
	const struct engine_config config = {
		.join = s->freeze ? ENGINE_JOIN_FREEZE : ENGINE_JOIN_PARALLEL,
		.strict_rights = s->strict,
		.pend_timeout = has_disturbance(s, SCENARIO_TIMEOUT) ? PLATFORM_PEND_TIMEOUT : 0,
		.max_ops = ops_of(s),
		.report = verdict_report,
		.report_ctx = w,
	};
	wfp_err err = engine_create(&w->engine, &config);

	if (!err)
		engine_witness(w->engine, platform_fate_heard, w);
	return err;
}

static wfp_err create_parts(struct platform_world *w, uint32_t processors)
{
	wfp_err err = create_engine(w);

	if (!err)
		err = bfe_create(&w->bfe, &(struct bfe_config){.engine = w->engine});
	if (!err)
		err = stack_create(&w->stack,
				   &(struct stack_config){.engine = w->engine, .workers = 1});
	if (!err)
		err = nt_start(&(struct nt_config){.engine = w->engine,
						   .stack = w->stack,
						   .bfe = w->bfe,
						   .processors = processors,
						   .clones_may_fail = w->scenario->choose_clone});
	if (!err)
		err = bfe_session_open(
			w->bfe, &(struct bfe_session_config){.kernel = true, .any_owner = true},
			&w->session);
	if (err)
		return err;
	w->worker = stack_worker(w->stack, 0);
	platform_port_set(w);
	stack_worker_set_port(w->worker, &w->port);
	return ERR_OK;
}

static wfp_err load_driver(struct platform_world *w, uint32_t i, struct buf *why)
{
	wfp_err err = nt_driver_load(&w->drivers[i], w->scenario->drivers[i], why);

	return err ? err : platform_filters_note(w, i);
}

static wfp_err prepare(void *ctx, struct buf *why)
{
	struct platform_subject *subject = ctx;
	struct platform_world *w = mem_zalloc(sizeof(*w));
	wfp_err err;

	if (!w)
		return ERR_NO_MEMORY;
	subject->world = w;
	w->scenario = subject->scenario;
	err = create_parts(w, subject->processors);
	if (err)
		buf_printf(why, "the platform could not be set up: %s", err_text(err));
	if (!err)
		err = platform_filters_add(w, why);
	if (!err)
		err = platform_filters_note(w, SCENARIO_DRIVERS);
	for (uint32_t i = 0; !err && i < w->scenario->n_drivers; i++)
		err = load_driver(w, i, why);
	return err ? err : platform_packets_make(w, why);
}

/* ---- running ------------------------------------------------------------------------------ */

/* The drivers go in the opposite order, when no worker takes turns any more. */
static void end(struct platform_world *w)
{
	engine_stop(w->engine);
	stack_end(w->stack);
	for (uint32_t i = w->scenario->n_drivers; !w->scenario->no_unload && i-- > 0;)
		platform_unload(w, i);
}

/* What the race detector knows of the past is no state of the world. */
static bool end_is_known(void)
{
	return !tsan_is_used() && explore_rest_known(sim_fingerprint());
}

static void run(void *ctx)
{
	struct platform_world *w = ((struct platform_subject *)ctx)->world;

	if (w->scenario->choose_memory)
		sim_choose_failures(SIM_FAIL_IN_DRIVERS);
	if (platform_disturb_start(w) == ERR_OK)
		platform_feed(w);
	platform_disturb_join(w);
	sim_settled();
	if (end_is_known())
		sim_done();
	end(w);
}

static void check(void *ctx, enum sim_end how)
{
	struct platform_subject *subject = ctx;

	subject->watched = subject->watched || tsan_is_used();
	verdict_end(subject->scenario, how);
}

bool explore_platform_watched(const struct explore_subject *s)
{
	return ((const struct platform_subject *)s->ctx)->watched;
}

wfp_err explore_platform_create(struct explore_subject *out, const struct scenario *s,
				uint32_t processors)
{
	struct platform_subject *subject = sim_control_alloc(sizeof(*subject));

	if (!subject)
		return ERR_NO_MEMORY;
	subject->scenario = s;
	subject->processors = processors < 2 ? processors : 2;
	*out = (struct explore_subject){.ctx = subject,
					.prepare = prepare,
					.run = run,
					.check = check,
					.quiet = quiet_lock};
	return ERR_OK;
}

void explore_platform_free(struct explore_subject *s)
{
	sim_control_free(s->ctx);
	*s = (struct explore_subject){0};
}
