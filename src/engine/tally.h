/* SPDX-License-Identifier: MIT */
/*
 * tally - what each driver has done so far, by its name; for the files of src/engine only.
 *
 * A driver that is unloaded and loaded again registers anew, with new ids; its tally goes on. There
 * are as many as names ever seen, and they stay until the engine goes.
 */
#pragma once

#include "base/list.h"
#include "base/lock.h"
#include "engine/state.h"

/* [I] immutable   [A] atomic */
struct engine_tally {
	struct list link;    /* lock of the tallies */
	char *driver;	     /* [I] owned */
	struct atom64 pends; /* [A] holds ever taken */
};

/* The tally of a driver, made if need be.  Thread: the turn. */
MUST_CHECK wfp_err engine_tally_get(struct engine *e, const char *driver,
				    struct engine_tally **out);
