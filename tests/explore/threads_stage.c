/* SPDX-License-Identifier: MIT */
/*
 * threads_stage - creation in dependency order, and the events that may befall the drivers.
 *
 * Which filters are whose is found out by looking at the policy before and after a driver is
 * loaded.
 */
#include "threads_stage.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEND_TIMEOUT (600 * CLOCK_S) /* only a disturbance makes it pass */
#define OPS	     64u	     /* a small table is a fast one */
#define UNLOAD_TRIES 2000u
#define RANK_STAGE   1u

void stage_fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

static void must(wfp_err err, const char *what)
{
	if (err)
		stage_fail("%s: %s", what, err_text(err));
}

/* ---- broken rules --------------------------------------------------------------------------- */

/* A holder cannot know that its hold was taken away: that it completes once, later, is right. */
static bool is_first(struct stage *s, uint64_t context)
{
	bool known = false;

	lock_take(&s->lock);
	for (unsigned i = 0; i < s->n_late && !known; i++)
		known = s->late[i] == context;
	if (!known && s->n_late < STAGE_OBJECTS)
		s->late[s->n_late++] = context;
	lock_drop(&s->lock);
	return !known;
}

static void report(void *ctx, const struct engine_report *r)
{
	struct stage *s = ctx;

	if (r->rule == ENGINE_RULE_LateComplete && is_first(s, r->op))
		return;
	atom32_add(&s->broken[r->rule], 1);
}

/* ---- what is in the policy ------------------------------------------------------------------ */

/* A session serves one thread; what it adds stays. */
static struct bfe_session *session_open(struct stage *s)
{
	struct bfe_session *session;

	must(bfe_session_open(s->bfe,
			      &(struct bfe_session_config){.kernel = true, .any_owner = true},
			      &session),
	     "session");
	return session;
}

static void look(struct stage *s, struct stage_objects *found)
{
	const struct bfe_template all = {.kind = MODEL_FILTER,
					 .any_layer = true,
					 .enum_type = BFE_ENUM_OVERLAPPING,
					 .flags = BFE_ENUM_INCLUDE_DISABLED,
					 .action_mask = BFE_ENUM_ANY_ACTION};
	struct bfe_session *session = session_open(s);
	struct model_object *o;
	struct bfe_enum *e;

	found->n = 0;
	must(bfe_enum_create(session, &all, &e), "listing the policy");
	while ((o = bfe_enum_next(e))) {
		if (found->n == STAGE_OBJECTS)
			stage_fail("more than %u filters", STAGE_OBJECTS);
		found->ids[found->n++] = o->id;
		model_object_put(o);
	}
	bfe_enum_destroy(e);
	bfe_session_close(session);
}

static bool has(const struct stage_objects *o, uint64_t id)
{
	for (unsigned i = 0; i < o->n; i++)
		if (o->ids[i] == id)
			return true;
	return false;
}

/* Keeps of `now` what was not there before. */
static void keep_new(struct stage_objects *now, const struct stage_objects *before)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < now->n; i++)
		if (!has(before, now->ids[i]))
			now->ids[kept++] = now->ids[i];
	now->n = kept;
}

/* ---- opening and closing -------------------------------------------------------------------- */

static void load(struct stage *s, unsigned i)
{
	struct stage_objects before;
	struct buf why = {0};

	look(s, &before);
	if (nt_driver_load(&s->drivers[i], s->scenario->drivers[i], &why))
		stage_fail("%s: %s", s->scenario->drivers[i], buf_str(&why));
	buf_free(&why);
	look(s, &s->filters[i]);
	keep_new(&s->filters[i], &before);
}

static struct guid sublayer_key(uint16_t weight)
{
	return (struct guid){.a = 0x73636e00, .b = weight};
}

static void add_sublayer(struct bfe_session *session, uint16_t weight)
{
	const struct model_object o = {.kind = MODEL_SUBLAYER,
				       .key = sublayer_key(weight),
				       .name = (char *)(uintptr_t) "scenario",
				       .weight = weight};
	wfp_err err = bfe_object_add(session, &o, NULL, NULL);

	if (err != ERR_ALREADY_EXISTS)
		must(err, "adding a sublayer");
}

static void add_filter(struct stage *s, const struct scenario_filter *f)
{
	struct model_filter filter = {
		.layer = model_layer_by_name(f->layer)->id,
		.name = (char *)(uintptr_t) "scenario",
		.action = f->permit ? MODEL_ACTION_PERMIT : MODEL_ACTION_BLOCK,
	};
	const struct model_object o = {.kind = MODEL_FILTER, .filter = &filter};
	struct bfe_session *session = session_open(s);

	if (f->has_weight) {
		filter.requested_weight.type = MODEL_UINT64;
		filter.requested_weight.u64 = &f->weight;
	}
	if (f->has_sublayer) {
		add_sublayer(session, f->sublayer);
		filter.sublayer = sublayer_key(f->sublayer);
	}
	must(bfe_object_add(session, &o, NULL, NULL), "adding a filter");
	bfe_session_close(session);
}

void stage_open(struct stage *s, const struct scenario *scenario)
{
	const struct engine_config config = {
		.join = scenario->freeze ? ENGINE_JOIN_FREEZE : ENGINE_JOIN_PARALLEL,
		.strict_rights = scenario->strict,
		.pend_timeout = PEND_TIMEOUT,
		.max_ops = OPS,
		.report = report,
		.report_ctx = s,
	};

	memset(s, 0, sizeof(*s));
	s->scenario = scenario;
	lock_init(&s->lock, "stage", RANK_STAGE);
	must(engine_create(&s->engine, &config), "engine");
	must(bfe_create(&s->bfe, &(struct bfe_config){.engine = s->engine}), "bfe");
	must(stack_create(&s->stack,
			  &(struct stack_config){.engine = s->engine, .workers = STAGE_WORKERS}),
	     "stack");
	must(nt_start(&(struct nt_config){.engine = s->engine, .stack = s->stack, .bfe = s->bfe}),
	     "kernel");
	for (unsigned i = 0; i < scenario->n_filters; i++)
		add_filter(s, &scenario->filters[i]);
	for (unsigned i = 0; i < scenario->n_drivers; i++)
		load(s, i);
}

/* In the opposite order of loading. */
void stage_unload_all(struct stage *s)
{
	for (unsigned i = s->scenario->n_drivers; i-- > 0;)
		stage_unload(s, i);
}

void stage_close(struct stage *s)
{
	nt_stop();
	stack_destroy(s->stack);
	bfe_destroy(s->bfe);
	engine_destroy(s->engine);
	lock_destroy(&s->lock);
}

/* ---- disturbances --------------------------------------------------------------------------- */

/* False: another event befalls the driver now. */
static bool take(struct stage *s, unsigned driver)
{
	return atom32_exchange(&s->taken[driver], 1) == 0;
}

/* A driver that still holds something is asked again. */
void stage_unload(struct stage *s, unsigned driver)
{
	struct buf why = {0};
	wfp_err err = ERR_IN_USE;

	if (!take(s, driver))
		return;
	for (unsigned i = 0; !s->unloaded[driver] && err == ERR_IN_USE && i < UNLOAD_TRIES; i++) {
		if (i > 0)
			clock_sleep_until(clock_now() + CLOCK_MS);
		buf_reset(&why);
		err = nt_driver_unload(s->drivers[driver], NT_UNLOAD_POLITE, &why);
	}
	if (!s->unloaded[driver] && err)
		stage_fail("%s is not unloaded: %s", s->scenario->drivers[driver], buf_str(&why));
	s->unloaded[driver] = true;
	buf_free(&why);
	atom32_store(&s->taken[driver], 0);
}

void stage_unregister(struct stage *s, unsigned driver)
{
	if (!take(s, driver))
		return;
	if (!s->unloaded[driver])
		nt_driver_unregister(s->drivers[driver]);
	atom32_store(&s->taken[driver], 0);
}

void stage_add_filter(struct stage *s, const char *layer)
{
	add_filter(s, &(struct scenario_filter){.layer = layer, .permit = true});
}

/* The driver may have gone, and its filters with it. */
void stage_delete_filters(struct stage *s, unsigned driver)
{
	const struct stage_objects *o = &s->filters[driver];
	struct bfe_session *session = session_open(s);

	for (unsigned i = 0; i < o->n; i++) {
		wfp_err err = bfe_object_delete_by_id(session, MODEL_FILTER, o->ids[i]);

		if (err != ERR_FILTER_NOT_FOUND)
			must(err, "deleting a filter");
	}
	bfe_session_close(session);
}

void stage_time_out(struct stage *s)
{
	engine_tick(s->engine, clock_now() + 2 * PEND_TIMEOUT);
}
