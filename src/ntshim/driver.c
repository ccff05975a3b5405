/* SPDX-License-Identifier: MIT */
/*
 * driver - loading and unloading callout drivers.
 *
 *	LOADED --nt_driver_unload: DriverUnload--> DRAINING --holds nothing, or forced--> (gone)
 *
 * DRAINING ends with an inventory: whatever the driver has left is reported by rule and by name,
 * listed in `why`, and taken back before its code is unmapped.  The same inventory follows a
 * DriverEntry that fails, so nothing of it stays either.
 */
#include <fwpmk.h>
#include <fwpsk.h>

#include "base/clock.h"
#include "base/dl.h"
#include "base/sched.h"
#include "engine/ledger.h"
#include "engine/pend.h"
#include "ntshim/thread.h"

#include <string.h>

#define DRAIN_TIME (10 * CLOCK_S) /* for threads, DPCs and work items to end by themselves */
#define DRAIN_STEP (CLOCK_MS)
#define BUSY_TRIES 100u /* flow contexts vanish as their classifies return */

static struct {
	struct lock lock;
	struct list all;  /* [L] */
	uint32_t last_id; /* [L] */
} drivers;

void nt_drivers_start(void)
{
	lock_init(&drivers.lock, "nt drivers", NT_RANK_DRIVERS);
	list_init(&drivers.all);
}

void nt_drivers_stop(void)
{
	BUG_ON(!list_empty(&drivers.all));
	lock_destroy(&drivers.lock);
}

bool nt_has_drivers(void)
{
	bool any;

	lock_take(&drivers.lock);
	any = !list_empty(&drivers.all);
	lock_drop(&drivers.lock);
	return any;
}

const char *nt_driver_name(const struct nt_driver *d)
{
	return d->name;
}

uint32_t nt_driver_id(const struct nt_driver *d)
{
	return d->id;
}

/* ---- what a driver still holds -------------------------------------------------------------- */

struct holds {
	const struct nt_driver *driver;
	struct buf *why;
	unsigned n;
};

static void note_hold(void *ctx, const struct pend_info *info)
{
	struct holds *h = ctx;

	if (strcmp(info->driver, h->driver->name) != 0)
		return;
	h->n++;
	buf_printf(h->why, "%s: callout %u holds an operation at layer %u\n", h->driver->file,
		   info->callout_id, info->layer);
}

static unsigned driver_holds(const struct nt_driver *d, struct buf *why)
{
	struct holds h = {.driver = d, .why = why};

	pend_list(nt.engine, note_hold, &h);
	return h.n;
}

static void note_left(const struct nt_driver *d, enum engine_rule rule, size_t n, const char *what,
		      struct buf *why)
{
	if (n == 0)
		return;
	nt_report(d, rule, "DriverUnload");
	buf_printf(why, "%s: left %zu %s\n", d->file, n, what);
}

/* ---- the inventory -------------------------------------------------------------------------- */

static unsigned close_all(const struct nt_driver *d, enum nt_kind kind, NTSTATUS (*close)(HANDLE h))
{
	unsigned n = 0;
	HANDLE h;

	while ((h = nt_handle_of_driver(d, kind))) {
		sched_note("left at unload", h, SIM_SYNC_NONE);
		close(h);
		n++;
	}
	return n;
}

/* Sessions first: their filters would block without the callouts.  Calls into notifyFn. */
static void reclaim_sessions(struct nt_driver *d, struct buf *why)
{
	note_left(d, ENGINE_RULE_HandleLeak, close_all(d, NT_KIND_ENGINE, FwpmEngineClose0),
		  "engine sessions open", why);
}

static wfp_err reclaim_callouts(struct nt_driver *d, enum nt_unload how, struct buf *why)
{
	enum engine_unregister mode =
		how == NT_UNLOAD_FORCED ? ENGINE_UNREGISTER_FORCED : ENGINE_UNREGISTER_POLITE;
	unsigned left = 0;
	wfp_err err;

	err = nt_callouts_reclaim(d, mode, &left);
	for (unsigned i = 0; err == ERR_IN_USE && i < BUSY_TRIES; i++) {
		clock_sleep_until(clock_now() + DRAIN_STEP);
		err = nt_callouts_reclaim(d, mode, &left);
	}
	note_left(d, ENGINE_RULE_HandleLeak, left, "callouts registered", why);
	if (err)
		buf_printf(why, "%s: a callout is in use\n", d->file);
	return err;
}

/*
 * Nothing of the driver runs any more, or ever will, when this succeeds.  A thread may set a timer
 * as its last act, a DPC or a work item may start the next: so all must be gone in two looks, one
 * after the other.
 */
static wfp_err wait_for_code(struct nt_driver *d, struct buf *why)
{
	uint64_t deadline = clock_now() + DRAIN_TIME;
	unsigned found, left = 0, clean = 0;
	bool ended, idle;

	left = nt_dpc_reclaim(d, &idle);
	do {
		ended = nt_threads_join(d, deadline);
		found = nt_dpc_reclaim(d, &idle);
		left += found;
		clean = ended && idle && found == 0 ? clean + 1 : 0;
		if (!idle)
			clock_sleep_until(clock_now() + DRAIN_STEP);
	} while (clean < 2 && clock_now() < deadline);
	note_left(d, ENGINE_RULE_HandleLeak, left, "DPCs or timers queued", why);
	if (clean == 2)
		return ERR_OK;
	buf_printf(why, "%s: its code still runs in a thread, a DPC or a work item\n", d->file);
	return ERR_TIMEOUT;
}

static void reclaim_memory(struct nt_driver *d, struct buf *why)
{
	note_left(d, ENGINE_RULE_HandleLeak,
		  close_all(d, NT_KIND_INJECTION, FwpsInjectionHandleDestroy0),
		  "injection handles open", why);
	note_left(d, ENGINE_RULE_HandleLeak, close_all(d, NT_KIND_THREAD, ZwClose),
		  "thread handles open", why);
	note_left(d, ENGINE_RULE_HandleLeak, nt_threads_reclaim(d), "thread objects referenced",
		  why);
	note_left(d, ENGINE_RULE_NblRefBalance, nt_nbl_reclaim(d), "net buffer lists", why);
	ledger_reclaim(nt.engine, d->id, clock_now());
	note_left(d, ENGINE_RULE_PoolLeak, nt_pool_reclaim(d, why), "bytes of pool", why);
}

static wfp_err driver_reclaim(struct nt_driver *d, enum nt_unload how, struct buf *why)
{
	wfp_err err;

	reclaim_sessions(d, why);
	err = reclaim_callouts(d, how, why);
	if (err)
		return err;
	err = wait_for_code(d, why);
	if (err)
		return err;
	reclaim_memory(d, why);
	return ERR_OK;
}

/* ---- loading -------------------------------------------------------------------------------- */

static const char *file_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void driver_free(struct nt_driver *d)
{
	mem_free(d->file);
	mem_free(d->name);
	mem_free(d);
}

static void cut_suffix(char *name)
{
	char *dot = strrchr(name, '.');

	if (dot && dot != name)
		*dot = '\0';
}

static wfp_err driver_create(struct nt_driver **out, const char *file)
{
	struct nt_driver *d = mem_zalloc(sizeof(*d));

	if (!d)
		return ERR_NO_MEMORY;
	d->file = mem_strdup(file);
	d->name = mem_strdup(file);
	if (!d->file || !d->name) {
		driver_free(d);
		return ERR_NO_MEMORY;
	}
	cut_suffix(d->name);
	d->object.Size = sizeof(d->object);
	lock_take(&drivers.lock);
	d->id = ++drivers.last_id;
	list_add_tail(&drivers.all, &d->link);
	lock_drop(&drivers.lock);
	*out = d;
	return ERR_OK;
}

static void driver_destroy(struct nt_driver *d)
{
	lock_take(&drivers.lock);
	list_del(&d->link);
	lock_drop(&drivers.lock);
	if (d->dl)
		dl_close(d->dl);
	driver_free(d);
}

static wfp_err driver_enter(struct nt_driver *d, struct buf *why)
{
	struct nt_frame f;
	NTSTATUS status;

	nt_enter(&f, d, "DriverEntry", PASSIVE_LEVEL);
	status = d->entry(&d->object, &d->registry);
	nt_leave(&f);
	if (NT_SUCCESS(status))
		return ERR_OK;
	buf_printf(why, "%s: DriverEntry failed with status 0x%08X\n", d->file, (unsigned)status);
	return ERR_DLL_INIT_FAILED;
}

/* Takes the driver over: it is destroyed when DriverEntry fails. */
static wfp_err driver_begin(struct nt_driver *d, struct buf *why)
{
	wfp_err err = driver_enter(d, why);

	if (!err)
		return ERR_OK;
	if (driver_reclaim(d, NT_UNLOAD_FORCED, why) == ERR_OK)
		driver_destroy(d);
	return err;
}

static wfp_err driver_open(struct nt_driver *d, const char *path, struct buf *why)
{
	void *entry;
	wfp_err err = dl_open(&d->dl, path, why);

	if (err)
		return err;
	entry = dl_sym(d->dl, "DriverEntry");
	if (!entry) {
		buf_printf(why, "%s: it has no DriverEntry, so it is not a driver\n", path);
		return ERR_PROC_NOT_FOUND;
	}
	memcpy(&d->entry, &entry, sizeof(d->entry));
	return ERR_OK;
}

wfp_err nt_driver_load(struct nt_driver **out, const char *path, struct buf *why)
{
	struct nt_driver *d;
	wfp_err err;

	err = driver_create(&d, file_of(path));
	if (err)
		return err;
	err = driver_open(d, path, why);
	if (err) {
		driver_destroy(d);
		return err;
	}
	err = driver_begin(d, why);
	if (!err)
		*out = d;
	return err;
}

wfp_err nt_driver_start(struct nt_driver **out, const char *name, nt_driver_entry entry,
			struct buf *why)
{
	struct nt_driver *d;
	wfp_err err;

	err = driver_create(&d, name);
	if (err)
		return err;
	d->entry = entry;
	err = driver_begin(d, why);
	if (!err)
		*out = d;
	return err;
}

/* ---- unloading ------------------------------------------------------------------------------ */

/* A driver without DriverUnload cannot be asked to go, only made to. */
static wfp_err call_unload(struct nt_driver *d, enum nt_unload how, struct buf *why)
{
	struct nt_frame f;

	if (!d->object.DriverUnload) {
		buf_printf(why, "%s: it has no DriverUnload\n", d->file);
		return how == NT_UNLOAD_FORCED ? ERR_OK : ERR_NOT_SUPPORTED;
	}
	if (d->unload_called)
		return ERR_OK;
	d->unload_called = true;
	nt_enter(&f, d, "DriverUnload", PASSIVE_LEVEL);
	d->object.DriverUnload(&d->object);
	nt_leave(&f);
	if (nt_threads_run(d) || nt_dpc_runs(d)) {
		nt_report(d, ENGINE_RULE_UnloadRunning, "DriverUnload");
		buf_printf(why, "%s: a thread or a DPC of it still runs\n", d->file);
	}
	return ERR_OK;
}

void nt_driver_unregister(struct nt_driver *d)
{
	unsigned left;

	(void)!nt_callouts_reclaim(d, ENGINE_UNREGISTER_FORCED, &left);
}

wfp_err nt_driver_unload(struct nt_driver *d, enum nt_unload how, struct buf *why)
{
	wfp_err err;

	err = call_unload(d, how, why);
	if (err)
		return err;
	if (driver_holds(d, why) > 0) {
		nt_report(d, ENGINE_RULE_UnloadWithHolds, "DriverUnload");
		if (how == NT_UNLOAD_POLITE)
			return ERR_IN_USE;
	}
	err = driver_reclaim(d, how, why);
	if (err)
		return err;
	driver_destroy(d);
	return ERR_OK;
}
