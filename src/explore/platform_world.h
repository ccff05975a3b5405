/* SPDX-License-Identifier: MIT */
/*
 * platform_world - what a scenario is made of once it is prepared; for the files of the platform as
 * a subject only.
 *
 * All of it lies in the world's memory, so each run begins with it as prepare left it.  Thread:
 * main, but for what is marked.
 */
#pragma once

#include "base/atomic.h"
#include "base/clock.h"
#include "bfe/bfe.h"
#include "engine/engine.h"
#include "explore/scenario.h"
#include "ntshim/nt.h"
#include "stack/flow.h"
#include "stack/stack.h"

struct engine_trail;
struct thread;

/* One packet of the scenario. */
struct platform_packet {
	struct packet *packet; /* the reference that is fed */
	struct flow_key flow;
	uint32_t after, chain;
	bool answered, accepted;
};

#define PLATFORM_PEND_TIMEOUT (60 * CLOCK_S) /* of the watchdog, where one is asked for */

/* What one classify came to. */
#define PLATFORM_WORDS 128u
struct platform_word {
	const struct packet *packet; /* an address, not to be followed */
	uint64_t op;		     /* pend_handle; 0: it could not be pended */
	uint16_t layer;
	uint8_t outcome; /* enum engine_outcome */
};

/* A filter that a driver added while it was loaded. */
#define PLATFORM_FILTERS 256u
struct platform_filter {
	uint64_t id;
	uint32_t driver;
};

/* One thread that does one thing. */
struct platform_disturber {
	struct platform_world *w;
	const struct scenario_disturbance *what;
	struct thread *thread;
};

/* [M] main   [A] atomic, any thread   [I] since prepare */
struct platform_world {
	const struct scenario *scenario; /* [I] */
	struct engine *engine;		 /* [I] */
	struct bfe *bfe;		 /* [I] */
	struct stack *stack;		 /* [I] */
	struct stack_worker *worker;	 /* [I] */
	struct bfe_session *session;	 /* [I] of static filters and disturbances */
	struct stack_port port;		 /* [I] */

	struct nt_driver *drivers[SCENARIO_DRIVERS];
	struct atom32 taken[SCENARIO_DRIVERS]; /* [A] somebody unloads it, or has */
	bool unloading[SCENARIO_DRIVERS];      /* whoever has taken it */
	uint32_t left[SCENARIO_DRIVERS]; /* the same: 1 + the first rule that it broke in going */
	struct platform_filter filters[PLATFORM_FILTERS]; /* [I] of the drivers */
	uint32_t n_filters;				  /* [I] */
	uint64_t last_filter;				  /* [I] the highest id that was noted */

	struct platform_packet packets[SCENARIO_PACKETS];
	uint32_t n_packets, fed, answered; /* [M] but n_packets [I] */

	struct platform_disturber disturbers[SCENARIO_DISTURBANCES];
	struct platform_word words[PLATFORM_WORDS]; /* [M] the latest, in a circle */
	uint32_t n_words;			    /* [M] since the run began */
	uint64_t late[64]; /* contexts that were completed when they named nothing any more */
	uint32_t n_late;
};

/* ---- platform_feed.c: packets ------------------------------------------------------------- */

/* Before any packet is made. */
void platform_port_set(struct platform_world *w);
MUST_CHECK wfp_err platform_packets_make(struct platform_world *w, struct buf *why);
/* Feeds packets and gives the worker its turns until all is quiet. */
void platform_feed(struct platform_world *w);

/* ---- platform_disturb.c ------------------------------------------------------------------- */

MUST_CHECK wfp_err platform_disturb_start(struct platform_world *w);
void platform_disturb_join(struct platform_world *w);
/* Unloads driver i unless somebody else does. */
void platform_unload(struct platform_world *w, uint32_t i);

/* ---- platform_filters.c ------------------------------------------------------------------- */

MUST_CHECK wfp_err platform_filters_add(struct platform_world *w, struct buf *why);
/* Those that are new since the last call are the driver's. */
MUST_CHECK wfp_err platform_filters_note(struct platform_world *w, uint32_t driver);
void platform_filters_add_permit(struct platform_world *w, const char *layer);
void platform_filters_delete(struct platform_world *w, uint32_t driver);

/* ---- platform_fate.c: verdicts, once more --------------------------------------------------- */

/* As engine_witness: on the worker. */
void platform_fate_heard(void *world, const struct engine_indication *ind,
			 const struct engine_trail *trail, const struct engine_verdict *v);
void platform_fate_answered(struct platform_world *w, const struct packet *p, enum port_verdict v,
			    const struct port_reason *why);
