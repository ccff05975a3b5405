/* SPDX-License-Identifier: MIT */
/*
 * search - runs a subject under many schedules, and says what it has covered.
 *
 *	all    dynamic partial-order reduction with sleep sets: one run for each Mazurkiewicz trace
 *	bound  every schedule with at most b preemptions, for b = 0, 1, 2, ... up to the bound
 *	pct    random priorities with d - 1 change points: each run finds a bug of depth d with
 *	       probability at least 1 / (n k^(d-1)), n threads, k steps
 *	random every choice from the seed
 *	replay one schedule
 *
 * A search goes on after a finding until `findings_max` different ones are there, the space is
 * explored, or a limit is reached; it says which.  Thread: the explorer's.
 */
#pragma once

#include "base/buf.h"
#include "explore/schedule.h"
#include "explore/subject.h"

enum explore_strategy {
	/*
	 * bound 0, 1, 2, ..., then pct until the time is over, or until nothing new was found for
	 * 5 s after something was: for suspicions.
	 */
	EXPLORE_DEFAULT,
	EXPLORE_ALL,
	EXPLORE_BOUND,
	EXPLORE_PCT,
	EXPLORE_RANDOM,
	EXPLORE_REPLAY,
	EXPLORE_FAULTS, /* for explore_faults (faults.h) alone */
	EXPLORE_GUIDE,	/* for shrinking alone: a schedule of nearly the same subject (guide.h) */
};

/* 0: the default in brackets. */
struct explore_guide;

struct explore_limits {
	uint64_t runs;	     /* [no limit] */
	uint64_t seconds;    /* [no limit; EXPLORE_DEFAULT 60] */
	uint32_t bound;	     /* preemptions [3] */
	uint32_t depth;	     /* of pct: d [3] */
	uint32_t steps;	     /* of one run: more is a livelock [20 000] */
	uint32_t findings;   /* different ones [1] */
	uint64_t memory;     /* bytes of the search itself [1 GiB] */
	uint32_t time_jumps; /* how often the clock may jump while somebody could run [0] */
	uint32_t processors; /* [bound, pct: 2; all: any number] */
	uint32_t jobs;	     /* processes of the system [1]; all and replay take one in any case */
	uint64_t seed;
	uint64_t until;			   /* a finding of this place ends the search as well */
	const struct explore_guide *guide; /* of EXPLORE_GUIDE */
	bool breaks; /* findings and crashes stop for a debugger first, on the stack where they are
		      */
};

enum explore_claim {
	EXPLORE_CLAIM_NONE,   /* stopped before it could say anything */
	EXPLORE_CLAIM_ALL,    /* "all traces" */
	EXPLORE_CLAIM_BOUND,  /* "all schedules up to b preemptions" */
	EXPLORE_CLAIM_RANDOM, /* "n random schedules, floor p" */
	EXPLORE_CLAIM_ONE,    /* "one schedule, replayed" */
};

struct explore_found_item {
	struct explore_finding finding;
	struct explore_schedule schedule;
	uint64_t run; /* which run found it, from 1 */
	uint64_t times;
	struct explore_found_item *next;
};

struct explore_result {
	enum explore_claim claim;
	uint32_t bound;	 /* of CLAIM_BOUND */
	uint64_t random; /* random schedules: all, or those after CLAIM_BOUND */
	double floor;	 /* of them, for the depth asked for; 0: not by pct */
	uint64_t runs;	 /* executed, complete or cut, also those that were seen before */
	uint64_t cut;	 /* of them: ended early because their rest is explored elsewhere */
	uint64_t spared; /* of them: their ends, which another run had gone through already */
	uint64_t ended;	 /* of them: ended by a finding, so what follows was not seen */
	uint64_t steps;
	uint64_t nanoseconds;
	uint64_t memory; /* the search's own, at most */
	uint32_t threads_max, steps_max;
	bool exhausted;	       /* CLAIM_BOUND: there is no schedule with more preemptions */
	uint32_t followed;     /* EXPLORE_REPLAY: choices that could be made as they were written */
	uint64_t at_bound[16]; /* complete runs with that many preemptions, each counted once */
	struct explore_found_item *found; /* in the order found */
	uint32_t n_found;
	/* "runs", "seconds", "memory", "findings", "nothing new for 5 s", ...; NULL: nothing */
	const char *stopped_by;
};

/*
 * An error: the subject could not be prepared, or no memory; `why` says what.  A finding is no
 * error. `replay` is for EXPLORE_REPLAY alone.
 */
MUST_CHECK wfp_err explore_search(const struct explore_subject *s, enum explore_strategy strategy,
				  const struct explore_limits *limits,
				  const struct explore_schedule *replay, struct explore_result *out,
				  struct buf *why);
void explore_result_free(struct explore_result *r);
/* "all traces", "all schedules up to 2 preemptions", "5 000 random schedules (floor 0.0004)". */
void explore_claim_print(const struct explore_result *r, struct buf *out);

/* ---- what watches each run; set by the modules beside the search ------------------------------
 */

/*
 * Watchers see every run of every strategy: the race detector, the event log, the coverage of the
 * protocol.  All on the stack of the running thread; state in memory of sim_control_alloc.
 */
struct explore_watcher {
	void *ctx;
	void (*begin)(void *ctx);
	void (*step)(void *ctx, uint32_t thread, const struct sim_op *op);
	void (*choice)(void *ctx, const struct explore_choice *c,
		       const struct sim_view *v); /* v NULL: a value */
	/* As explore_found, with its place: in the run, or after it and before the rewind. */
	void (*found)(void *ctx, const struct explore_finding *f);
	void (*end)(void *ctx, enum sim_end end);
	struct explore_watcher *next; /* the search's */
};
void explore_watch(struct explore_watcher *w);
void explore_unwatch(struct explore_watcher *w);
/*
 * A run has come to rest in a state with this fingerprint (sim_fingerprint), and what follows is
 * explored no further.  True: another run went on from the same state to its end and nothing was
 * wrong, so this one need not (sim_done).  Never true in a replay, where a run is executed twice,
 * or after a finding.
 */
bool explore_rest_known(uint64_t fingerprint);
/* What the value is for that is being chosen, or was chosen last: "memory". */
const char *explore_asks(void);

/* ---- one run after another -------------------------------------------------------------------
 */

/* A subject that is prepared once and replayed as often as wanted: for shrinking. */
struct explore_session;

MUST_CHECK wfp_err explore_session_open(struct explore_session **out,
					const struct explore_subject *s,
					const struct explore_limits *limits, struct buf *why);
/* As EXPLORE_REPLAY; the run is not repeated to see whether it goes the same way. */
void explore_session_replay(struct explore_session *session,
			    const struct explore_schedule *schedule, struct explore_result *out);
void explore_session_close(struct explore_session *session);
