/* SPDX-License-Identifier: MIT */
/*
 * platform - the whole platform in one process: engine, stack, base filtering engine, the kernel
 * for drivers, a policy file and the drivers named on the command line.
 *
 * Made by the programs' main thread before any path runs, taken down after the last path has ended.
 * Drivers may be reloaded meanwhile, from one thread at a time.
 */
#pragma once

#include "base/buf.h"
#include "bfe/bfe.h"
#include "engine/engine.h"
#include "stack/stack.h"

#include <jansson.h>

#define PLATFORM_DRIVERS_MAX 16

struct platform_options {
	struct engine_config engine; /* report and report_ctx are the platform's own */
	unsigned workers;
	uint64_t hold_timeout; /* ns; 0: the stack's default */
	const char *policy;    /* file; NULL: none */
	const char *store;     /* file that keeps persistent objects; NULL: none are */
	bool monitor;	       /* collect net events and connections */
	const char *drivers[PLATFORM_DRIVERS_MAX];
	unsigned n_drivers;
};

struct platform;
struct bfe_monitor;

/*
 * Everything but what is loaded: packets may be shown to it and meet the boot-time filters of the
 * store, if there are any.  On failure `why` is a sentence that names the file concerned, and
 * nothing is left behind.
 */
MUST_CHECK wfp_err platform_open(struct platform **out, const struct platform_options *options,
				 struct buf *why);
/*
 * The rest of a start, once, also while packets run already: what the store keeps takes the place
 * of the boot-time filters in one commit; then the policy file and the drivers.  After a failure,
 * which `why` says, the platform can only be closed.
 */
MUST_CHECK wfp_err platform_load(struct platform *p, struct buf *why);
/*
 * Takes everything down; drivers that still hold something are unloaded by force, and said so. What
 * a driver whose thread does not end could still call stays until the process ends.
 */
void platform_close(struct platform *p);

struct engine *platform_engine(struct platform *p);
struct stack *platform_stack(struct platform *p);
struct bfe *platform_bfe(struct platform *p);
struct bfe_monitor *platform_monitor(struct platform *p); /* NULL: none was asked for */

/*
 * Unloads a driver and loads it again, with packets running.  A driver that holds operations when
 * its DriverUnload has returned is refused; it is asked again a few times, then forced.
 */
MUST_CHECK wfp_err platform_reload(struct platform *p, unsigned driver, struct buf *why);
unsigned platform_driver_count(const struct platform *p);
const char *platform_driver_name(const struct platform *p, unsigned driver);

/* Unloads every driver; the counters that follow are final. */
void platform_unload(struct platform *p);

/* Calls put for each counter that is a number.  Any thread. */
void platform_stats(struct platform *p, void (*put)(void *to, const char *name, uint64_t value),
		    void *to);
/* The counters under the names of the summary; a new reference. NULL: no memory. */
json_t *platform_summary(struct platform *p);
