/* SPDX-License-Identifier: MIT */
/*
 * strategy - who goes on next, run after run: what the searches have in common.
 *
 * search.c owns the loop, the limits, the findings and the schedule of the run at hand; a strategy
 * owns what it has learned.  Everything here lies in memory of sim_control_alloc.  `pick` and
 * `choose` are called on the stack of the thread that runs, the rest on the explorer's.
 */
#pragma once

#include "base/team.h"
#include "explore/search.h"

#define SEARCH_THREADS	 64u	/* a set of threads is one word; bit 0 is SIM_TIME */
#define SEARCH_STEPS_MAX 65000u /* positions in a run take 16 bits */
#define SEARCH_ANY	 UINT32_MAX
#define SEARCH_CUT	 UINT32_MAX /* picked: the rest of this run is explored elsewhere */

STATIC_ASSERT(SIM_THREADS_MAX < SEARCH_THREADS, "every thread has a bit");

struct search;

struct strategy {
	/* May be NULL where there is nothing to do. */
	wfp_err (*open)(struct search *s);
	/* Makes up the next run; false: the space is explored. */
	bool (*next)(struct search *s);
	uint32_t (*pick)(struct search *s, const struct sim_view *v);
	uint32_t (*choose)(struct search *s, uint32_t n);
	/* Nobody can go on, and nobody waits for time: the run ends here. */
	void (*stuck)(struct search *s, const struct sim_view *v);
	/* The run that was made up is over, and was not thrown away. */
	void (*ended)(struct search *s, enum sim_end end);
	void (*claim)(const struct search *s, struct explore_result *out);
	void (*close)(struct search *s);
};

extern const struct strategy strategy_all, strategy_bound, strategy_pct, strategy_random,
	strategy_replay, strategy_faults, strategy_guide;

/* Where runs happen: the controlled world of base/sim, or in tests a world of toys. */
struct search_world {
	wfp_err (*open)(const struct sim_controller *c, void (*main)(void *), void *arg);
	void (*ready)(void);
	enum sim_end (*run)(void);
	void (*rewind)(void);
	void (*close)(void);
	void (*stop)(void); /* does not come back */
};

/* What all members of a team see. */
struct search_team {
	volatile uint32_t stop; /* somebody has found enough */
	volatile uint64_t news; /* as search.news: of whoever was last */
};

/* What a member of a team and its leader both see, so that a member that dies leaves its schedule.
 */
struct search_shared {
	struct search_team *team;
	volatile uint32_t n;
	struct explore_choice choices[];
};

struct search {
	const struct explore_subject *subject;
	const struct search_world *world;
	struct explore_limits limits; /* no zero left but where zero means no limit */
	const struct strategy *strategy;
	void *state; /* the strategy's */
	const struct explore_schedule *replay;
	const struct explore_guide *guide;
	enum explore_strategy asked;
	struct explore_result result, *out; /* out: always &result */
	struct sim_controller controller;
	uint64_t deadline; /* of team_clock; UINT64_MAX: none */
	uint64_t news;	   /* team_clock when something new was found last; 0: never */
	uint64_t memory;   /* held now */
	wfp_err prepared;
	char why[256];		      /* of prepared */
	uint32_t member;	      /* 0 to limits.jobs - 1 */
	struct search_shared *shared; /* of this member; NULL: alone */

	/* The run at hand. */
	struct explore_schedule current;
	uint64_t hash;	  /* over its steps, if hashing */
	uint32_t jumps;	  /* SIM_TIME picked while somebody could run */
	uint32_t running; /* who was picked last */
	uint32_t threads; /* seen */
	uint32_t preemptions;
	bool cut;   /* by the strategy */
	bool found; /* something, in this run */
	bool met;   /* what limits.until names */

	/* What it counts for; set by the strategy. */
	uint32_t round; /* complete runs with that many preemptions; SEARCH_ANY: with any number */
	bool uncounted; /* another member counts it */

	/* A run is executed twice, to see whether it goes the same way. */
	struct explore_schedule follow;
	const char *asks; /* what the value is for that is being chosen */
	bool hashing, following, astray;
	bool check_due, once; /* once: none is */

	/* Where runs came to rest that ended well: a set of fingerprints, open addressing; 0: free.
	 */
	uint64_t *rests; /* NULL: no memory, so all go through their ends */
	uint32_t n_rests;
	uint64_t rest;	  /* of the run at hand; 0: it has not come to rest, or cannot tell */
	uint32_t rest_at; /* after so many choices */
};

#define SEARCH_RESTS (1u << 16) /* at most half of them are used */

/* ---- for strategies */

/* Ends the search after this run; the first reason stays. */
void search_stop(struct search *s, const char *reason);

/*
 * Room for `need` items of `size` bytes, twice as much when it has to grow; what grows is zeroed.
 * NULL: the search has been stopped, p stays.
 */
MUST_CHECK void *search_grow(struct search *s, void *p, uint32_t *room, uint32_t need, size_t size);
void search_free(struct search *s, void *p, uint32_t room, size_t size);

static inline uint64_t search_bit(uint32_t id)
{
	return UINT64_C(1) << id;
}

/* The thread of that id, or NULL. */
const struct sim_thread *search_thread(const struct sim_view *v, uint32_t id);
/* Who may be picked: enabled threads, and SIM_TIME where the clock may jump. */
uint64_t search_options(const struct search *s, const struct sim_view *v);
/* The one of `options` that preempts nobody: the running thread if it can go on; never empty. */
uint32_t search_plain(uint64_t options, uint32_t running);

/* ---- for search.c and team.c */

/* NULL: no memory. */
struct search *search_new(const struct search_world *world, const struct explore_subject *subject,
			  enum explore_strategy strategy, const struct explore_limits *limits);
void search_delete(struct search *s);
/* Prepares the subject; from then until search_leave, runs can be made, and found to be wrong. */
MUST_CHECK wfp_err search_enter(struct search *s, struct buf *why);
void search_leave(struct search *s);
void search_run(struct search *s);
wfp_err search_run_team(struct search *s);
void search_tell_found(const struct explore_finding *f); /* the watchers */
struct explore_found_item *search_found_add(struct search *s, const struct explore_finding *f);
void search_found_keep(struct search *s); /* the schedule, in what this run has found */
bool search_rest_known(struct search *s, uint64_t fingerprint);
/* The run at hand went from its rest to its end, and nothing was wrong. */
void search_rest_keep(struct search *s);
void search_found_hold(struct search *s); /* explore_found speaks to this search from now on */

extern const struct search_world search_controlled;

/* As explore_search, in another world. */
MUST_CHECK wfp_err search_in_world(const struct search_world *world,
				   const struct explore_subject *subject,
				   enum explore_strategy strategy,
				   const struct explore_limits *limits,
				   const struct explore_schedule *replay,
				   struct explore_result *out, struct buf *why);
