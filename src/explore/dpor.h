/* SPDX-License-Identifier: MIT */
/*
 * dpor - one run for each Mazurkiewicz trace, or little more; how its parts hang together.
 *
 * dpor.c walks the tree and is the strategy; dpor_race.c orders the events of the run at hand and
 * finds the pairs of them that could have come the other way round; dpor_object.c numbers what they
 * touch.  docs/design/explore.md has the rules.
 */
#pragma once

#include "explore/strategy.h"

#define DPOR_SLOTS 3u /* an object and a second one, or the words of a plain access */

/*
 * A choice of the run at hand, by its position.  Positions are kept as numbers from 1, so that 0
 * says: none.
 */
struct dpor_event {
	uint64_t options; /* who could be picked here */
	uint64_t wanted;  /* of them: must be, some time ("backtrack") */
	uint64_t asleep;  /* of them: need not be, or not again; with whom has been explored */
	struct sim_op op; /* what the one that was picked did */
	uint32_t objects[DPOR_SLOTS];
	uint32_t earlier[DPOR_SLOTS]; /* position of the event before it at that object */
	uint32_t before;	      /* position of the event before it of the same thread */
	uint32_t value;		      /* of a value */
	uint16_t of;		      /* 0: this is a pick */
	uint8_t thread;
	uint8_t n_objects;
	uint8_t writes;	 /* bit i: objects[i] is written */
	bool everything; /* depends on all others: time, or an access too wide to be followed */
	bool ordered;	 /* by dpor_order */
};

/* By thread: the position of its last event that came before, in every equivalent run. */
struct dpor_clock {
	uint16_t at[SEARCH_THREADS];
};

/* A thread as far as the run at hand has come. */
struct dpor_thread {
	uint32_t last; /* position of its last event */
	uint32_t born; /* of the event that created it; 0: older than the run */
	struct sim_op next;
};

struct dpor_objects {
	uint32_t shift; /* of an address, to the word that stands for an object */
	struct dpor_object {
		uintptr_t word; /* 0: a free place */
		uint32_t number;
	} * places;
	uint32_t room, n; /* room: a power of two */
	uint32_t *last;	  /* by number: position of the last event at that object */
	uint32_t last_room;
};

struct dpor {
	struct dpor_event *events;
	struct dpor_clock *clocks; /* by position, from 0 */
	uint32_t n, room, clock_room;
	uint32_t replayed; /* events of this run that are those of the run before */
	struct dpor_thread threads[SEARCH_THREADS];
	uint64_t known;	     /* threads seen in the run at hand */
	uint64_t standing;   /* of them: before `next`, as the last view showed */
	uint64_t enabled;    /* of them */
	uint32_t n_threads;  /* ids below it have been seen in any run */
	uint32_t everything; /* position of the last event that depends on all */
	struct dpor_objects objects;
	bool begun, complete;
	bool again; /* from the beginning: objects are not what they were taken for */
};

/* ---- dpor_object.c */

wfp_err dpor_objects_open(struct search *s, struct dpor_objects *o);
void dpor_objects_close(struct search *s, struct dpor_objects *o);
/* The objects that op touches, by number; false: no memory, the search has been stopped. */
bool dpor_objects_of(struct search *s, struct dpor_objects *o, struct dpor_event *e);
bool dpor_dependent(const struct dpor_objects *o, const struct sim_op *a, const struct sim_op *b);
/* Words are wide enough for plain accesses from here on; nothing has a number any more. */
void dpor_objects_widen(struct dpor_objects *o);
bool dpor_objects_wide(const struct dpor_objects *o);

/* ---- dpor_race.c */

/* The events from position `from` on have not happened. */
void dpor_forget(struct dpor *d, uint32_t from);
/*
 * The last event has been picked: puts it into order, and wants what should have come before.
 * False: no memory, the search has been stopped.
 */
bool dpor_order(struct search *s, struct dpor *d);
/* A value was chosen by the thread of the event before. */
void dpor_order_value(struct dpor *d);
/* What thread id stands before may never happen in this run: wants what it could have overtaken. */
void dpor_pending(struct search *s, struct dpor *d, uint32_t id);
