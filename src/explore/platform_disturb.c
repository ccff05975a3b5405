/* SPDX-License-Identifier: MIT */
/*
 * platform_disturb - what disturbs a run: each on a thread of its own, once, at any moment.
 *
 * One row per kind.  Whatever the platform answers is fine: what must not happen is found
 * elsewhere.
 */
#include "explore/platform_world.h"
#include "explore/verdict.h"

#include "base/clock.h"
#include "base/thread.h"

static void disturb_close(struct platform_disturber *d)
{
	if (d->what->packet <= d->w->n_packets)
		stack_endpoint_closed(d->w->stack, &d->w->packets[d->what->packet - 1].flow);
}

static void disturb_unregister(struct platform_disturber *d)
{
	struct platform_world *w = d->w;
	const uint32_t i = d->what->driver;

	/* While somebody unloads it, the driver unregisters by itself. */
	if (atom32_exchange(&w->taken[i], 1) != 0)
		return;
	nt_driver_unregister(w->drivers[i]);
	atom32_store(&w->taken[i], 0);
}

static void disturb_unload(struct platform_disturber *d)
{
	platform_unload(d->w, d->what->driver);
}

static void disturb_filter_add(struct platform_disturber *d)
{
	platform_filters_add_permit(d->w, d->what->layer);
}

static void disturb_filter_delete(struct platform_disturber *d)
{
	platform_filters_delete(d->w, d->what->driver);
}

static void disturb_stop(struct platform_disturber *d)
{
	engine_stop(d->w->engine);
}

static void disturb_timeout(struct platform_disturber *d)
{
	engine_tick(d->w->engine, clock_now() + 2 * PLATFORM_PEND_TIMEOUT);
}

static const struct {
	const char *name; /* of its column in pictures */
	void (*disturb)(struct platform_disturber *d);
} kinds[SCENARIO_DISTURBS] = {
	[SCENARIO_CLOSE] = {"close", disturb_close},
	[SCENARIO_UNREGISTER] = {"unregister", disturb_unregister},
	[SCENARIO_UNLOAD] = {"unload", disturb_unload},
	[SCENARIO_FILTER_ADD] = {"filter add", disturb_filter_add},
	[SCENARIO_FILTER_DELETE] = {"filter delete", disturb_filter_delete},
	[SCENARIO_STOP] = {"stop", disturb_stop},
	[SCENARIO_TIMEOUT] = {"timeout", disturb_timeout},
};

static void disturb(void *arg)
{
	struct platform_disturber *d = arg;

	kinds[d->what->kind].disturb(d);
}

wfp_err platform_disturb_start(struct platform_world *w)
{
	wfp_err err = ERR_OK;

	for (uint32_t i = 0; !err && i < w->scenario->n_disturbances; i++) {
		struct platform_disturber *d = &w->disturbers[i];

		d->w = w;
		d->what = &w->scenario->disturbances[i];
		err = thread_start(&d->thread, kinds[d->what->kind].name, disturb, d);
	}
	return err;
}

void platform_disturb_join(struct platform_world *w)
{
	for (uint32_t i = 0; i < w->scenario->n_disturbances; i++)
		if (w->disturbers[i].thread)
			thread_join(w->disturbers[i].thread);
}

void platform_unload(struct platform_world *w, uint32_t i)
{
	struct nt_driver *d = w->drivers[i];
	struct buf why = {0};
	wfp_err err;

	if (atom32_exchange(&w->taken[i], 1) != 0)
		return;
	w->unloading[i] = true;
	err = nt_driver_unload(d, NT_UNLOAD_POLITE, &why);
	if (err && err != ERR_TIMEOUT)
		err = nt_driver_unload(d, NT_UNLOAD_FORCED, &why);
	verdict_unloaded(w, i, err, &why);
	buf_free(&why);
}
