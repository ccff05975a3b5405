/* SPDX-License-Identifier: MIT */
/*
 * record - one run, kept: every step and choice in order, with names instead of addresses.
 *
 * A watcher of the search writes it; the event log, the trace file and the picture are made from
 * it. No name depends on where the system has put things, so two processes that run the same
 * schedule make the same record.  Written on the stack of whichever thread runs, into memory of
 * sim_control_alloc; read by the explorer's thread after the run.
 */
#pragma once

#include "base/buf.h"
#include "explore/search.h"

#define RECORD_THREADS                                                                             \
	(SIM_THREADS_MAX + 1) /* with a name, by id; others are called by their number */
#define RECORD_FINDINGS 8u    /* kept; others are counted */
#define RECORD_NAME	96u

enum record_kind {
	RECORD_PICK,  /* somebody was told to go on */
	RECORD_STEP,  /* a thread did something that others could see */
	RECORD_VALUE, /* the program was told a value */
	RECORD_FOUND, /* something is wrong */
};

struct record_event {
	uint8_t kind;
	bool preempts; /* PICK */
	bool chosen;   /* STEP: what the thread was picked for, not what it does without asking */
	bool note;     /* STEP: says what happens, and is otherwise nothing */
	uint8_t access, sync;	  /* STEP */
	uint16_t of;		  /* VALUE */
	uint32_t thread;	  /* PICK: 0 is the clock */
	uint32_t value;		  /* VALUE; FOUND: index into findings */
	const char *what;	  /* of the operation; never freed */
	uint32_t object, object2; /* index into objects; 0: none */
	uint32_t stack, n_frames; /* in frames, innermost first */
};

struct record_object {
	const void *address;
	char name[RECORD_NAME];	   /* name.h says how */
	uint64_t threads, writers; /* who touched it: 1 << id % 64 */
};

struct explore_record {
	struct record_event *events;
	uint32_t n_events, events_room;
	struct record_object *objects; /* [0] stands for none */
	uint32_t n_objects, objects_room;
	uint32_t *index; /* of objects, open addressing by address */
	uint32_t index_size;
	void **frames;
	uint32_t n_frames, frames_room;
	char threads[RECORD_THREADS][32]; /* by id; "" when it was never seen */
	struct explore_finding findings[RECORD_FINDINGS];
	uint32_t n_findings; /* all */
	enum sim_end end;
	bool stacks; /* were asked for */
	bool failed; /* out of memory: it is not complete */
};

/* What is to be recorded besides. */
struct record_options {
	bool stacks;		      /* of every step */
	struct explore_limits limits; /* of the search that found it: clock, processors */
};

/*
 * Runs the subject once by the schedule, or as far as that goes.  `r` is zeroed or freed before.
 * ERR_NO_MEMORY, or the search's error.
 */
MUST_CHECK wfp_err explore_record_run(struct explore_record *r, const struct explore_subject *s,
				      const struct explore_schedule *schedule,
				      const struct record_options *options, struct buf *why);
void explore_record_free(struct explore_record *r);

/* Behind the first finding of this place, as an index into events; 0: there is none. */
uint32_t explore_record_found(const struct explore_record *r, uint64_t place);

/* "worker", or "thread 70"; 0 is "the clock".  The buffer is the caller's, for the second. */
const char *explore_record_thread(const struct explore_record *r, uint32_t id, char room[32]);
