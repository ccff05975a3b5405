/* SPDX-License-Identifier: MIT */
/*
 * nt - starting and stopping the kernel: its parts in the order in which they need each other.
 */
#include "ntshim/shim.h"

#include "base/crash.h"
#include "engine/report.h"
#include "ntshim/ob.h"
#include "ntshim/thread.h"

/* Called in a signal handler: it only looks. */
static bool note_crash(struct crash_note *out)
{
	const struct nt_frame *f = nt_frame_current();

	if (!f)
		return false;
	out->who = f->driver ? f->driver->file : "";
	out->what = f->what;
	return true;
}

static const char *driver_on_thread(void)
{
	const struct nt_driver *d = nt_driver_current();

	return d ? d->name : NULL;
}

/* What cannot fail; undone by parts_stop. */
static void parts_start(void)
{
	nt_drivers_start();
	nt_handles_start();
	nt_threads_start();
	nt_callouts_start();
	nt_inject_start();
	nt_spin_start();
	nt_wait_start();
}

static void parts_stop(void)
{
	nt_wait_stop();
	nt_spin_stop();
	nt_inject_stop();
	nt_callouts_stop();
	nt_threads_stop();
	nt_handles_stop();
	nt_drivers_stop();
}

static wfp_err tables_start(void)
{
	wfp_err err = nt_pool_start();

	if (err)
		return err;
	err = nt_nbl_start();
	if (err)
		nt_pool_stop();
	return err;
}

static void tables_stop(void)
{
	nt_nbl_stop();
	nt_pool_stop();
}

static wfp_err threads_start(unsigned processors)
{
	wfp_err err = nt_dpc_start(processors);

	if (err)
		return err;
	err = nt_work_start();
	if (err)
		nt_dpc_stop();
	return err;
}

static void threads_stop(void)
{
	nt_work_stop();
	nt_dpc_stop();
}

wfp_err nt_start(const struct nt_config *config)
{
	wfp_err err;

	BUG_ON(nt.running);
	err = crash_watch(note_crash);
	if (err)
		return err;
	parts_start();
	err = tables_start();
	if (err)
		goto undo_parts;
	err = threads_start(config->processors);
	if (err)
		goto undo_tables;
	nt = (struct nt_kernel){
		.engine = config->engine,
		.stack = config->stack,
		.bfe = config->bfe,
		.clones_may_fail = config->clones_may_fail,
		.running = true,
	};
	engine_report_ask(nt.engine, driver_on_thread);
	return ERR_OK;
undo_tables:
	tables_stop();
undo_parts:
	parts_stop();
	return err;
}

void nt_stop(void)
{
	BUG_ON(!nt.running);
	threads_stop();
	tables_stop();
	parts_stop();
	nt = (struct nt_kernel){0};
}
