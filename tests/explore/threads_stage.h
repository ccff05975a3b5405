/* SPDX-License-Identifier: MIT */
/*
 * threads_stage - the whole platform for one round of a scenario with threads of the system.
 *
 * Made and taken down by the main thread, which also unloads the drivers at the end; disturbances
 * come from a thread each.  Whatever goes wrong ends the program with a sentence (stage_fail).
 */
#pragma once

#include "base/atomic.h"
#include "base/compiler.h"
#include "base/lock.h"
#include "bfe/bfe.h"
#include "engine/engine.h"
#include "explore/scenario.h"
#include "ntshim/nt.h"
#include "stack/stack.h"

#define STAGE_WORKERS 2u
#define STAGE_OBJECTS 64u

/* What a driver has put into the policy. */
struct stage_objects {
	uint64_t ids[STAGE_OBJECTS];
	unsigned n;
};

/* [I] while threads run   [A] atomic   [L] lock */
struct stage {
	const struct scenario *scenario;	     /* [I] */
	struct engine *engine;			     /* [I] */
	struct bfe *bfe;			     /* [I] */
	struct stack *stack;			     /* [I] */
	struct nt_driver *drivers[SCENARIO_DRIVERS]; /* whose who has taken it */
	struct atom32 taken[SCENARIO_DRIVERS];	     /* [A] one event befalls a driver at a time */
	bool unloaded[SCENARIO_DRIVERS];	     /* whose who has taken it */
	struct stage_objects filters[SCENARIO_DRIVERS]; /* [I] */
	struct lock lock;
	uint64_t late[STAGE_OBJECTS];	    /* [L] contexts that were completed too late, once */
	unsigned n_late;		    /* [L] */
	struct atom32 broken[ENGINE_RULES]; /* [A] */
};

NORETURN void stage_fail(const char *fmt, ...) PRINTF_LIKE(1, 2);

void stage_open(struct stage *s, const struct scenario *scenario);
void stage_unload_all(struct stage *s);
/* Every worker has been left, every driver unloaded. */
void stage_close(struct stage *s);

/* Disturbances; any thread. */
void stage_unload(struct stage *s, unsigned driver);
void stage_unregister(struct stage *s, unsigned driver);
void stage_add_filter(struct stage *s, const char *layer);
void stage_delete_filters(struct stage *s, unsigned driver);
void stage_time_out(struct stage *s);
